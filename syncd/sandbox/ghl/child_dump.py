"""Everything below the contacts of one location, for the comparisons of a test."""

from typing import Any

from syncd.sandbox.ghl.agency import Location

Family = dict[str, list[dict[str, Any]]]


def dumped(location: Location) -> dict[str, Family]:
    """Per contact id `{notes}`, each in the shape of GET by id, the oldest first."""
    found: dict[str, Family] = {}
    for note in location.notes:
        _family(found, note.contact_id)["notes"].append(note.wire())
    return found


def _family(found: dict[str, Family], contact_id: str | None) -> Family:
    return found.setdefault(contact_id or "", {"notes": []})
