"""The endpoints that list calendars and what is booked in them (4.4)."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from syncd.sandbox.ghl.agency import Location
from syncd.sandbox.ghl.answers import Answer, RefusalError, invalid
from syncd.sandbox.ghl.appointments import event
from syncd.sandbox.ghl.calendars import MINUTE_MS, Calendar, free_slots, last_day
from syncd.sandbox.ghl.call import Call
from syncd.sandbox.ghl.children import Appointment
from syncd.sandbox.incoming import whole
from syncd.sandbox.switches import is_zone

SLOTS_MOST_MS = 31 * 24 * 60 * MINUTE_MS
WHOSE = ("userId", "calendarId", "groupId")


def calendars(call: Call) -> Answer:
    """GET /calendars/ of one location."""
    location = _location(call, "groupId", "showDrafted")
    group = call.query("groupId")
    found = [one for one in location.calendars.values() if group in (None, one.group_id)]
    return Answer({"calendars": [one.wire() for one in found]})


def calendar(call: Call) -> Answer:
    """GET /calendars/{calendarId}."""
    return Answer({"calendar": _calendar(call)[1].wire()})


def free(call: Call) -> Answer:
    """GET /calendars/{calendarId}/free-slots: by day, and `locationId` is a 422 (4.4, T42)."""
    location, one = _calendar(call)
    _only(call, "startDate", "endDate", "timezone", "userId")
    first, last = (whole(call.query(name) or "", 15) for name in ("startDate", "endDate"))
    zone, user = call.query("timezone") or location.timezone, call.query("userId")
    if first is None or last is None:
        raise invalid("startDate and endDate must be numbers")
    if not is_zone(zone):
        raise invalid("timezone must be a valid time zone")
    if last - first > SLOTS_MOST_MS:
        raise RefusalError(400, "Date range cannot be more than 31 days")
    users = [each for each in one.team if user in (None, each)]
    if user is not None and not users:
        return Answer({})
    now = call.agency.now()
    window = (max(first, now), min(last, last_day(now)))
    days: dict[str, Any] = {}
    others = list(location.appointments)
    for start in free_slots(one, users, window, others, location.timezone):
        shown = datetime.fromtimestamp(start / 1000, ZoneInfo(zone)).isoformat(timespec="seconds")
        days.setdefault(shown[:10], {"slots": []})["slots"].append(shown)
    return Answer(days)


def events(call: Call) -> Answer:
    """GET /calendars/events: what starts in a window, and some that starts behind it (T40)."""
    location = _location(call, "startTime", "endTime", *WHOSE)
    window = {name: whole(call.query(name) or "") for name in ("startTime", "endTime")}
    lines = [f"{name} must be a number string" for name, at in window.items() if at is None]
    if not any(call.query(name) for name in WHOSE):
        lines.append(f"one of {', '.join(WHOSE)} should not be empty")
    if lines:
        raise invalid(*lines)
    first, last = window["startTime"] or 0, window["endTime"] or 0
    last += int(call.agency.settings.events_past_end_s * 1000)
    found = [
        one
        for one in location.appointments
        if first <= one.start <= last and _belongs(one, call, location)
    ]
    found.sort(key=lambda one: one.start)
    return Answer({"events": [event(one, location, v3=call.v3) for one in found]})


def of_contact(call: Call) -> Answer:
    """GET /contacts/{contactId}/appointments: times without a zone (4.3)."""
    location, contact = call.parent()
    rows = [_row(call, location, one) for one in location.appointments.of(contact.id)]
    return Answer({call.agency.settings.contact_appointments_key: rows})


def _location(call: Call, *known: str) -> Location:
    location = call.location(call.query("locationId"))
    _only(call, "locationId", *known)
    return location


def _only(call: Call, *known: str) -> None:
    if unknown := [name for name in call.request.args if name not in known]:
        raise invalid(*(f"property {name} should not exist" for name in unknown))


def _calendar(call: Call) -> tuple[Location, Calendar]:
    """The calendar of the path.

    Raises:
        RefusalError: 400 if there is none, 403 if it is elsewhere.
    """
    wanted = call.path["calendarId"]
    for location in call.agency.locations.values():
        if one := location.calendars.get(wanted):
            return call.location(location.id), one
    raise RefusalError(400, "The calendar id is invalid")


def _belongs(one: Appointment, call: Call, location: Location) -> bool:
    user, calendar_id, group = (call.query(name) for name in WHOSE)
    there = location.calendars[one.calendar_id]
    return (
        (not user or user == one.assigned)
        and (not calendar_id or calendar_id == there.id)
        and (not group or group == there.group_id)
    )


def _row(call: Call, location: Location, one: Appointment) -> dict[str, Any]:
    in_utc = call.agency.settings.contact_appointments_in_utc
    shown = event(one, location, timezone="UTC" if in_utc else location.timezone)
    times = ("startTime", "endTime", "dateAdded", "dateUpdated")
    bare = {name: shown[name][:19].replace("T", " ") for name in times}
    rest = ("description", "isRecurring", "createdBy")
    kept = {name: value for name, value in shown.items() if name not in rest}
    return {**kept, **bare, "status": "booked"}
