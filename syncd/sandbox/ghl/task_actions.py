"""What people do with tasks on the screens (4.2)."""

from syncd.sandbox.ghl import tasks
from syncd.sandbox.ghl.agency import Agency
from syncd.sandbox.ghl.arguments import (
    WHO,
    Action,
    Arguments,
    Result,
    child_of,
    contact_of,
    location_of,
    text_of,
    wire_of,
)
from syncd.sandbox.ghl.children import Task
from syncd.sandbox.ghl.contact import iso

DAY_MS = 86_400_000


def _add(agency: Agency, arguments: Arguments) -> Result:
    """Due in a day, if nothing else is said; of no contact, if none is named (T39)."""
    contact_id = None
    location = location_of(agency, arguments)
    if any(name in arguments for name in WHO):
        contact_id = contact_of(agency, arguments)[1].id
    text_of(arguments, "title")
    due = {"dueDate": iso(agency.now() + DAY_MS)}
    asked = due | wire_of(arguments, tasks.KNOWN, tasks.KNOWN)
    bare = Task(agency.new_id(), contact_id, title="", due=0)
    made = tasks.keep(agency, location, tasks.with_changes(bare, asked, agency, location))
    return {"task": made.wire()}


def _edit(agency: Agency, arguments: Arguments) -> Result:
    location, one = child_of(agency, arguments, "task", lambda there: there.tasks)
    asked = wire_of(arguments, tasks.KNOWN, tasks.KNOWN)
    kept = tasks.keep(agency, location, tasks.with_changes(one, asked, agency, location))
    return {"task": kept.wire()}


def _complete(agency: Agency, arguments: Arguments) -> Result:
    return _edit(agency, {**arguments, "completed": True})


def _reopen(agency: Agency, arguments: Arguments) -> Result:
    return _edit(agency, {**arguments, "completed": False})


def _delete(agency: Agency, arguments: Arguments) -> Result:
    location, one = child_of(agency, arguments, "task", lambda there: there.tasks)
    tasks.discard(agency, location, one)
    return {"id": one.id}


ACTIONS: dict[str, Action] = {
    "add_task": (_add, (*WHO, *tasks.KNOWN)),
    "edit_task": (_edit, ("task", *tasks.KNOWN)),
    "complete_task": (_complete, ("task",)),
    "reopen_task": (_reopen, ("task",)),
    "delete_task": (_delete, ("task",)),
}
