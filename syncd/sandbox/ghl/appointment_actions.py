"""What people do with appointments on the screens, where every time can be booked (4.4)."""

from syncd.sandbox.ghl import appointments
from syncd.sandbox.ghl.agency import Agency, Location
from syncd.sandbox.ghl.arguments import (
    WHO,
    Action,
    Arguments,
    Result,
    child_of,
    contact_of,
    text_of,
    wire_of,
)
from syncd.sandbox.ghl.calendars import MINUTE_MS, SLOT_MIN, Calendar
from syncd.sandbox.ghl.checks import WHEN
from syncd.sandbox.ghl.children import Appointment

KNOWN = appointments.UPDATE | {"startTime": WHEN, "endTime": WHEN}  # local, without an offset
TOLD = (
    *("startTime", "endTime", "title", "appointmentStatus", "assignedUserId"),
    *("description", "address"),
)


def _book(agency: Agency, arguments: Arguments) -> Result:
    """In the calendar of the team, with its first member, if nothing else is said."""
    location, contact = contact_of(agency, arguments)
    calendar = _calendar(location, arguments)
    text_of(arguments, "startTime")
    owner = {"assignedUserId": calendar.team[0]} if calendar.team else {}
    asked = owner | wire_of(arguments, KNOWN, TOLD)
    now = agency.now()
    bare = Appointment(
        id=agency.new_id(),
        contact_id=contact.id,
        calendar_id=calendar.id,
        start=0,
        end=SLOT_MIN * MINUTE_MS,
        title=contact.name or "",
        added=now,
        updated=now,
        booked_by=location.users[0].id,
        source="calendar_page",
    )
    return _saved(agency, location, appointments.with_changes(bare, asked, agency, location))


def _edit(agency: Agency, arguments: Arguments) -> Result:
    """Also moved: a new `startTime` keeps the length, times without an offset are local."""
    location, one = child_of(agency, arguments, "appointment", lambda there: there.appointments)
    asked = wire_of(arguments, KNOWN, TOLD)
    return _saved(agency, location, appointments.with_changes(one, asked, agency, location))


def _move(agency: Agency, arguments: Arguments) -> Result:
    text_of(arguments, "startTime")
    return _edit(agency, arguments)


def _cancel(agency: Agency, arguments: Arguments) -> Result:
    return _edit(agency, {**arguments, "appointmentStatus": "cancelled"})


def _delete(agency: Agency, arguments: Arguments) -> Result:
    location, one = child_of(agency, arguments, "appointment", lambda there: there.appointments)
    appointments.discard(agency, location, one)
    return {"id": one.id}


def _saved(agency: Agency, location: Location, one: Appointment) -> Result:
    if one.end <= one.start:
        raise ValueError("`endTime` must be after `startTime`")
    return {"appointment": appointments.event(appointments.keep(agency, location, one), location)}


def _calendar(location: Location, arguments: Arguments) -> Calendar:
    wanted = arguments.get("calendar")
    for one in location.calendars.values():
        if wanted in (None, one.id, one.name):
            return one
    names = ", ".join(one.name for one in location.calendars.values())
    raise ValueError(f"no `calendar` of this id or name; there are: {names}")


ACTIONS: dict[str, Action] = {
    "book_appointment": (_book, (*WHO, "calendar", *TOLD)),
    "edit_appointment": (_edit, ("appointment", *TOLD)),
    "move_appointment": (_move, ("appointment", "startTime", "endTime")),
    "cancel_appointment": (_cancel, ("appointment",)),
    "delete_appointment": (_delete, ("appointment",)),
}
