"""Everything below the contacts of one location, for the comparisons of a test."""

from typing import Any

from syncd.sandbox.ghl.agency import Location
from syncd.sandbox.ghl.appointments import event
from syncd.sandbox.ghl.children import Child

KINDS = ("notes", "tasks", "appointments")
Family = dict[str, list[dict[str, Any]]]


def dumped(location: Location) -> dict[str, Family]:
    """Per contact id `KINDS`, each in the shape of GET by id, the oldest first."""
    found: dict[str, Family] = {}
    for note in location.notes:
        _family(found, note)["notes"].append(note.wire())
    for task in location.tasks:
        _family(found, task)["tasks"].append(task.wire())
    for one in location.appointments:
        _family(found, one)["appointments"].append(event(one, location))
    return found


def _family(found: dict[str, Family], child: Child) -> Family:
    """That of its contact; who belongs to nobody is under ""."""
    return found.setdefault(child.contact_id or "", {kind: [] for kind in KINDS})
