"""The endpoints that list calendars and what is booked in them (4.4)."""

from typing import Any

from syncd.sandbox.ghl.agency import Location
from syncd.sandbox.ghl.answers import Answer, RefusalError, invalid
from syncd.sandbox.ghl.appointments import event
from syncd.sandbox.ghl.call import Call
from syncd.sandbox.ghl.children import Appointment
from syncd.sandbox.incoming import whole

WHOSE = ("userId", "calendarId", "groupId")


def calendars(call: Call) -> Answer:
    """GET /calendars/ of one location."""
    location = _location(call, "groupId", "showDrafted")
    group = call.query("groupId")
    found = [one for one in location.calendars.values() if group in (None, one.group_id)]
    return Answer({"calendars": [one.wire() for one in found]})


def calendar(call: Call) -> Answer:
    """GET /calendars/{calendarId}."""
    wanted = call.path["calendarId"]
    for location in call.agency.locations.values():
        if wanted in location.calendars:
            call.location(location.id)
            return Answer({"calendar": location.calendars[wanted].wire()})
    raise RefusalError(400, "The calendar id is invalid")


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
    unknown = [name for name in call.request.args if name not in ("locationId", *known)]
    if unknown:
        raise invalid(*(f"property {name} should not exist" for name in unknown))
    return location


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
