"""The endpoints of a contact's tasks, and the search over all of a location (4.2)."""

from dataclasses import replace
from typing import Any

from syncd.sandbox.ghl.agency import Agency, Location
from syncd.sandbox.ghl.answers import Answer, invalid
from syncd.sandbox.ghl.call import Call
from syncd.sandbox.ghl.checks import (
    COUNT,
    FILLED,
    FLAG,
    TEXT,
    TEXTS,
    WHEN,
    Property,
    moment,
    violations,
)
from syncd.sandbox.ghl.children import Task

KNOWN = {"title": FILLED, "dueDate": WHEN, "completed": FLAG, "body": TEXT, "assignedTo": TEXT}
REQUIRED = ("title", "dueDate", "completed")
TOGETHER = ("title", "dueDate")  # of which one integrator needed both on PUT (T38)
SEARCH = {
    "contactId": TEXTS,
    "completed": FLAG,
    "assignedTo": TEXTS,
    "query": TEXT,
    "limit": COUNT,
    "skip": COUNT,
    "businessId": TEXT,
}
LIMIT = 25


def listed(call: Call) -> Answer:
    """GET /contacts/{contactId}/tasks: all at once."""
    location, contact = call.parent()
    return Answer({"tasks": [one.wire() for one in location.tasks.of(contact.id)]})


def get(call: Call) -> Answer:
    """GET /contacts/{contactId}/tasks/{taskId}."""
    location, contact = call.parent()
    return Answer({"task": call.child(location.tasks, contact, "Task").wire()})


def create(call: Call) -> Answer:
    """POST /contacts/{contactId}/tasks."""
    location, contact = call.parent()
    body = _valid(call, KNOWN, *REQUIRED)
    bare = Task(call.agency.new_id(), contact.id, title="", due=0)
    made = keep(call.agency, location, with_changes(bare, body, call.agency, location))
    return Answer({"task": made.wire()}, 201, wrote=True)


def update(call: Call) -> Answer:
    """PUT /contacts/{contactId}/tasks/{taskId}: what is left out stays (T38 for a switch)."""
    location, contact = call.parent()
    one = call.child(location.tasks, contact, "Task")
    body = call.body()
    pair = call.agency.settings.title_and_due_together and any(name in body for name in TOGETHER)
    return _changed(call, location, one, _valid(call, KNOWN, *(TOGETHER if pair else ())))


def complete(call: Call) -> Answer:
    """PUT /contacts/{contactId}/tasks/{taskId}/completed: true or false, nothing else."""
    location, contact = call.parent()
    one = call.child(location.tasks, contact, "Task")
    return _changed(call, location, one, _valid(call, {"completed": FLAG}, "completed"))


def delete(call: Call) -> Answer:
    """DELETE /contacts/{contactId}/tasks/{taskId}: gone at once here, later in the search."""
    location, contact = call.parent()
    discard(call.agency, location, call.child(location.tasks, contact, "Task"))
    return Answer(call.succeeded(), wrote=True)


def search(call: Call) -> Answer:
    """POST /locations/{locationId}/tasks/search: an index that lags (T39); there is no total."""
    location = call.location(call.path["locationId"])
    call.no_location_in_query()
    wanted = _valid(call, SEARCH)
    location.task_index.catch_up(call.agency.now())
    found = [one for one in location.task_index.newest_first() if _fits(one, wanted, location)]
    skip = wanted.get("skip", 0)
    limit = min(wanted.get("limit", LIMIT), call.agency.settings.page_most)
    return Answer({"tasks": [one.wire() for one in found[skip : skip + limit]]})


def with_changes(one: Task, asked: dict[str, Any], agency: Agency, location: Location) -> Task:
    """`one` with the valid properties that are asked for."""
    plain = ("title", "completed", "body")
    changes: dict[str, Any] = {name: asked[name] for name in plain if name in asked}
    if changes.get("body") == "" and agency.settings.empty_string_clears:
        changes["body"] = None
    if "assignedTo" in asked:
        changes["assigned_to"] = location.user_or_none(asked["assignedTo"])
    if "dueDate" in asked:
        changes["due"] = moment(asked["dueDate"])
    return replace(one, **changes)


def keep(agency: Agency, location: Location, task: Task) -> Task:
    location.tasks.put(task)
    agency.note_task(location, task)
    agency.child_changed(location, task.contact_id)
    return task


def discard(agency: Agency, location: Location, task: Task) -> None:
    agency.remove_task(location, task)
    agency.child_changed(location, task.contact_id)


def _changed(call: Call, location: Location, one: Task, asked: dict[str, Any]) -> Answer:
    kept = keep(call.agency, location, with_changes(one, asked, call.agency, location))
    return Answer({"task": kept.wire()}, wrote=True)


def _valid(call: Call, known: dict[str, Property], *required: str) -> dict[str, Any]:
    body = call.body()
    clears = call.agency.settings.clear_not_nullable
    if lines := violations(body, known, required, null_clears=clears):
        raise invalid(*lines)
    return body


def _fits(one: Task, wanted: dict[str, Any], location: Location) -> bool:
    """Every filter that is given; an empty one is none."""
    contacts, users = wanted.get("contactId"), wanted.get("assignedTo")
    text, business_id = wanted.get("query"), wanted.get("businessId")
    return (
        (not contacts or one.contact_id in contacts)
        and (not users or one.assigned_to in users)
        and wanted.get("completed", one.completed) == one.completed
        and (not text or text.lower() in f"{one.title}\n{one.body or ''}".lower())
        and (not business_id or _business(one, location) == business_id)
    )


def _business(one: Task, location: Location) -> str | None:
    contact = location.contacts.by_id.get(one.contact_id or "")
    return contact.business_id if contact is not None else None
