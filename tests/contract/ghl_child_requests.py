"""Requests about what belongs to contacts, and the statuses the vendor's files name for them."""

from typing import Any

from .ghl_requests import Case, World, contact, fixed, here, place

NOTES, NOTE = "/contacts/{contactId}/notes", "/contacts/{contactId}/notes/{id}"
TASKS, TASK = "/contacts/{contactId}/tasks", "/contacts/{contactId}/tasks/{taskId}"
SEARCH = "/locations/{locationId}/tasks/search"
BOOK = "/calendars/events/appointments"
EVENT, GONE = "/calendars/events/appointments/{eventId}", "/calendars/events/{eventId}"
BUSINESS, MEMBERS = "/businesses/{businessId}", "/contacts/business/{businessId}"
NOTED = {"body": "lorem", "title": "t", "color": "#FFAA00", "pinned": True}
DUE = {"title": "t", "body": "b", "dueDate": "2026-12-01T11:00:00Z", "completed": False}
SLOTS = "/calendars/{calendarId}/free-slots"
SOON = {"startDate": "1795415400000", "endDate": "1795501800000"}  # 23 and 24 November 2026
FREE = "2026-11-23T10:00:00-05:00"


def notes(world: World) -> str:
    return contact(world) + "/notes"


def note(world: World) -> str:
    return f"{notes(world)}/{world.note}"


def tasks(world: World) -> str:
    return contact(world) + "/tasks"


def task(world: World) -> str:
    return f"{tasks(world)}/{world.task}"


def event(world: World) -> str:
    return f"{BOOK}/{world.event}"


def slots(world: World) -> str:
    return f"/calendars/{world.calendar}/free-slots"


def booking(world: World) -> dict[str, Any]:
    wanted = {"calendarId": world.calendar, "contactId": world.contact, "startTime": FREE}
    told = {"assignedUserId": world.user, "title": "t", "description": "d", "address": "a"}
    return here(world) | wanted | told | {"toNotify": False, "ignoreFreeSlotValidation": True}


def window(world: World) -> dict[str, Any]:
    ends = {"startTime": "1680373800000", "endTime": "1980978599999"}
    return here(world) | ends | {"calendarId": world.calendar}


CHILD_CASES = [
    Case("contacts", "GET", NOTES, 200, notes),
    Case("contacts", "GET", NOTES, 400, fixed("/contacts/x/notes")),
    Case("contacts", "POST", NOTES, 201, notes, lambda w: NOTED | {"userId": w.user}),
    Case("contacts", "POST", NOTES, 422, notes, lambda _: {"nope": 1}),
    Case("contacts", "GET", NOTE, 200, note),
    Case("contacts", "PUT", NOTE, 200, note, lambda _: NOTED),
    Case("contacts", "PUT", NOTE, 422, note, lambda _: {"body": ""}),
    Case("contacts", "DELETE", NOTE, 200, note),
    Case("contacts", "GET", TASKS, 200, tasks),
    Case("contacts", "POST", TASKS, 201, tasks, lambda w: DUE | {"assignedTo": w.user}),
    Case("contacts", "POST", TASKS, 400, fixed("/contacts/x/tasks"), lambda _: DUE),
    Case("contacts", "POST", TASKS, 422, tasks, lambda _: {"title": "t"}),
    Case("contacts", "GET", TASK, 200, task),
    Case("contacts", "PUT", TASK, 200, task, lambda _: {"title": "u"}),
    Case("contacts", "PUT", TASK, 422, task, lambda _: {"title": ""}),
    Case("contacts", "DELETE", TASK, 200, task),
    Case(
        "contacts",
        "PUT",
        TASK + "/completed",
        200,
        lambda w: task(w) + "/completed",
        lambda _: {"completed": True},
    ),
    Case(
        "locations",
        "POST",
        SEARCH,
        200,
        lambda w: place(w) + "/tasks/search",
        lambda w: {"contactId": [w.contact], "completed": False, "limit": 5, "skip": 0},
    ),
    Case(
        "locations",
        "POST",
        SEARCH,
        422,
        lambda w: place(w) + "/tasks/search",
        lambda _: {"limit": "x"},
    ),
    Case(
        "contacts",
        "GET",
        "/contacts/{contactId}/appointments",
        200,
        lambda w: contact(w) + "/appointments",
    ),
    Case("calendars", "GET", "/calendars/", 200, fixed("/calendars/"), params=here),
    Case("calendars", "GET", "/calendars/{calendarId}", 200, lambda w: f"/calendars/{w.calendar}"),
    Case("calendars", "GET", "/calendars/{calendarId}", 400, fixed("/calendars/x")),
    Case("calendars", "GET", SLOTS, 200, slots, params=lambda _: SOON),
    Case("calendars", "GET", SLOTS, 400, fixed("/calendars/x/free-slots"), params=lambda _: SOON),
    Case("calendars", "GET", "/calendars/events", 200, fixed("/calendars/events"), params=window),
    Case("calendars", "POST", BOOK, 200, fixed(BOOK), booking),
    Case(
        "calendars",
        "POST",
        BOOK,
        400,
        fixed(BOOK),
        lambda w: booking(w) | {"startTime": "2020-11-23T10:00:00-05:00"},
    ),
    Case("calendars", "GET", EVENT, 200, event),
    Case("calendars", "GET", EVENT, 400, fixed(f"{BOOK}/x")),
    Case("calendars", "PUT", EVENT, 200, event, lambda _: {"appointmentStatus": "showed"}),
    Case("calendars", "PUT", EVENT, 400, fixed(f"{BOOK}/x"), lambda _: {}),
    Case("calendars", "DELETE", GONE, 201, lambda w: f"/calendars/events/{w.event}", lambda _: {}),
    Case("calendars", "DELETE", GONE, 400, fixed("/calendars/events/x"), lambda _: {}),
    Case("businesses", "GET", "/businesses/", 200, fixed("/businesses/"), params=here),
    Case("businesses", "GET", BUSINESS, 200, lambda w: f"/businesses/{w.business}"),
    Case("businesses", "GET", BUSINESS, 400, fixed("/businesses/x")),
    Case(
        "contacts",
        "GET",
        MEMBERS,
        200,
        lambda w: f"/contacts/business/{w.business}",
        params=here,
    ),
    Case("contacts", "GET", MEMBERS, 400, fixed("/contacts/business/x"), params=here),
    Case(
        "contacts",
        "POST",
        "/contacts/bulk/business",
        200,
        fixed("/contacts/bulk/business"),
        lambda w: here(w) | {"ids": [w.other], "businessId": w.business},
    ),
]
