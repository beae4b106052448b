"""The endpoints of single appointments (4.4), and how one is kept and shown."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from syncd.sandbox.core import not_emulated
from syncd.sandbox.ghl.agency import Agency, Location
from syncd.sandbox.ghl.answers import Answer, RefusalError, invalid, not_found
from syncd.sandbox.ghl.calendars import MINUTE_MS, SLOT_MIN, no_free_slot, out_of_range
from syncd.sandbox.ghl.call import Call
from syncd.sandbox.ghl.checks import FILLED, FLAG, OFFSET, TEXT, moment, one_of, violations
from syncd.sandbox.ghl.children import Appointment

STATUSES = ("new", "confirmed", "cancelled", "showed", "noshow", "invalid")
V3_STATUSES = (*STATUSES, "completed", "active")
PLACES = ("custom", "zoom", "gmeet", "phone", "address", "ms_teams", "google")
UPDATE = {
    "calendarId": FILLED,
    "startTime": OFFSET,
    "endTime": OFFSET,
    "title": TEXT,
    "appointmentStatus": one_of(*STATUSES),
    "assignedUserId": TEXT,
    "description": TEXT,
    "address": TEXT,
    "meetingLocationType": one_of(*PLACES),
    "meetingLocationId": TEXT,
    "overrideLocationConfig": FLAG,
    "ignoreDateRange": FLAG,
    "toNotify": FLAG,
    "ignoreFreeSlotValidation": FLAG,
    "rrule": TEXT,
}
CREATE = UPDATE | {"locationId": FILLED, "contactId": FILLED}
REQUIRED = ("calendarId", "locationId", "contactId", "startTime")
NAMES = {
    "calendarId": "calendar_id",
    "title": "title",
    "appointmentStatus": "status",
    "description": "description",
    "address": "address",
    "meetingLocationType": "meeting",
}
TAKEN = "The slot you have selected is no longer available."
NO_USER = "user or assignedUserId is required"  # issue #23


def create(call: Call) -> Answer:
    """POST /calendars/events/appointments: 200, and customers hear of it unless told not to."""
    body = call.body()
    location = call.location_of(body)
    _check(call, body, CREATE, *REQUIRED)
    contact = location.contacts.by_id.get(body["contactId"])
    if contact is None:
        named = call.agency.settings.gone_text == "named"
        raise not_found(body["contactId"], named=named)
    now, start = call.agency.now(), moment(body["startTime"]) or 0
    bare = Appointment(
        id=call.agency.new_id(),
        contact_id=contact.id,
        calendar_id=body["calendarId"],
        start=start,
        end=start + SLOT_MIN * MINUTE_MS,
        title=contact.name or "",
        added=now,
        updated=now,
    )
    made = with_changes(bare, body, call.agency, location)
    _accept(call, location, made, body)
    keep(call.agency, location, made)
    _notify(call, body, "booked")
    return Answer(_flat(made, location, v3=call.v3), wrote=True)


def get(call: Call) -> Answer:
    """GET /calendars/events/appointments/{eventId}."""
    location, one = _event(call)
    return Answer({"event": event(one, location, v3=call.v3)})


def update(call: Call) -> Answer:
    """PUT /calendars/events/appointments/{eventId}: what is left out stays."""
    location, one = _event(call)
    body = call.body()
    _check(call, body, UPDATE)
    changed = with_changes(one, body, call.agency, location)
    if (changed.start, changed.end, changed.calendar_id, changed.assigned) != (
        one.start,
        one.end,
        one.calendar_id,
        one.assigned,
    ):
        _accept(call, location, changed, body)
    kept = keep(call.agency, location, changed)
    _notify(call, body, "changed")
    return Answer(_flat(kept, location, v3=call.v3), wrote=True)


def delete(call: Call) -> Answer:
    """DELETE /calendars/events/{eventId}: 201, and a JSON body must be there (gotchas 23, 24)."""
    location, one = _event(call)
    if not call.request.get_data():
        raise RefusalError(400, "Unexpected end of JSON input")
    if lines := violations(call.body(), {}):
        raise invalid(*lines)
    discard(call.agency, location, one)
    return Answer({"succeeded": True}, 201, wrote=True)


def no_route(_: Call) -> Answer:
    """DELETE /calendars/events/appointments/{eventId} is none, and answers 401 (4.4, T4).

    What it says is not known; it is no matter of the token.
    """
    raise RefusalError(401, "Unauthorized")


def with_changes(
    one: Appointment, asked: Mapping[str, Any], agency: Agency, location: Location
) -> Appointment:
    """`one` with the valid properties that are asked for; a new start keeps the length."""
    changes: dict[str, Any] = {NAMES[name]: asked[name] for name in NAMES if name in asked}
    for name in ("title", "description", "address"):
        if changes.get(name) == "" and agency.settings.empty_string_clears:
            changes[name] = None
    if "assignedUserId" in asked:
        changes["assigned"] = location.user_or_none(asked["assignedUserId"])
    if "startTime" in asked:
        start = moment(asked["startTime"], ZoneInfo(location.timezone)) or 0
        changes |= {"start": start, "end": start + one.end - one.start}
    if "endTime" in asked:
        changes["end"] = moment(asked["endTime"], ZoneInfo(location.timezone))
    return replace(one, **changes, updated=agency.now())


def keep(agency: Agency, location: Location, one: Appointment) -> Appointment:
    location.appointments.put(one)
    agency.child_changed(location, one.contact_id)
    return one


def discard(agency: Agency, location: Location, one: Appointment) -> None:
    location.appointments.remove(one.id)
    agency.child_changed(location, one.contact_id)


def event(
    one: Appointment, location: Location, *, timezone: str | None = None, v3: bool = False
) -> dict[str, Any]:
    """As GET shows it: times with the offset of the location, `description` as `notes` too."""
    zone = ZoneInfo(timezone or location.timezone)
    shown: dict[str, Any] = {
        "id": one.id,
        "address": one.address,
        "title": one.title,
        "calendarId": one.calendar_id,
        "locationId": location.id,
        "contactId": one.contact_id,
        "groupId": location.calendars[one.calendar_id].group_id,
        "appointmentStatus": one.status,
        "assignedUserId": one.assigned,
        "users": [],
        "notes": one.description,
        "description": one.description,
        "isRecurring": False,
        "startTime": _zoned(one.start, zone),
        "endTime": _zoned(one.end, zone),
        "dateAdded": _zoned(one.added, zone),
        "dateUpdated": _zoned(one.updated, zone),
        "assignedResources": [],
        "createdBy": {"userId": one.booked_by, "source": one.source},
    }
    return shown | ({"deleted": False} if v3 else {})


def _flat(one: Appointment, location: Location, *, v3: bool) -> dict[str, Any]:
    """As a write answers: not wrapped, and without its dates unless under v3 (issue #246)."""
    whole = event(one, location)
    names = ("id", "calendarId", "locationId", "contactId", "startTime", "endTime", "title")
    more = ("appointmentStatus", "assignedUserId", "address", "isRecurring")
    dates = ("dateAdded", "dateUpdated") if v3 else ()
    shown = {name: whole[name] for name in (*names, *more, *dates)}
    return {**shown, "meetingLocationType": one.meeting or ("custom" if one.address else "default")}


def _event(call: Call) -> tuple[Location, Appointment]:
    """The appointment of the path, or 400 (T41)."""
    wanted = call.path["eventId"]
    for location in call.agency.locations.values():
        if one := location.appointments.by_id.get(wanted):
            return call.location(location.id), one
    raise RefusalError(400, "The event id is invalid")


def _check(call: Call, body: dict[str, Any], known: Mapping[str, Any], *required: str) -> None:
    if call.v3:
        known = {**known, "appointmentStatus": one_of(*V3_STATUSES)}
    clears = call.agency.settings.clear_not_nullable
    if lines := violations(body, known, required, null_clears=clears):
        raise invalid(*lines)
    if body.get("rrule") and body.get("ignoreFreeSlotValidation"):
        gap = not_emulated(call.request.method, "appointments that repeat (rrule)")
        raise RefusalError(501, gap)


def _accept(call: Call, location: Location, one: Appointment, body: dict[str, Any]) -> None:
    """Refuse what cannot be booked: no such calendar, nobody for it, no such slot (4.4)."""
    calendar = location.calendars.get(one.calendar_id)
    if calendar is None:
        raise RefusalError(400, "The calendar id is invalid")
    if calendar.team and one.assigned is None:
        raise RefusalError(400, NO_USER)
    if one.end <= one.start:
        raise RefusalError(400, "endTime must be after startTime")
    any_slot = body.get("ignoreFreeSlotValidation") is True
    any_day = body.get("ignoreDateRange") is True
    if any_slot and call.agency.settings.free_slot_flag_is_enough:
        any_day = True
    if not any_day and out_of_range(one.start, call.agency.now()):
        raise RefusalError(400, TAKEN)
    if not any_slot and no_free_slot(one, location.appointments, location.timezone):
        raise RefusalError(400, TAKEN)


def _notify(call: Call, body: dict[str, Any], what: str) -> None:
    """`toNotify` is true unless it is sent as false: the automations run (4.4)."""
    if body.get("toNotify") is not False:
        call.agency.world.messages[f"ghl appointment {what}"] += 1


def _zoned(epoch_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(epoch_ms // 1000, zone).isoformat(timespec="seconds")
