"""The endpoints of a contact's notes (4.1)."""

from dataclasses import replace
from typing import Any

from syncd.sandbox.ghl.agency import Agency, Location
from syncd.sandbox.ghl.answers import Answer, invalid
from syncd.sandbox.ghl.call import Call
from syncd.sandbox.ghl.checks import FILLED, FLAG, HEX, TEXT, violations
from syncd.sandbox.ghl.children import Note

KNOWN = {"body": FILLED, "userId": TEXT, "title": TEXT, "color": HEX, "pinned": FLAG}
NAMES = {name: name for name in KNOWN} | {"userId": "user_id"}


def listed(call: Call) -> Answer:
    """GET /contacts/{contactId}/notes: all at once, there are no pages."""
    location, contact = call.parent()
    return Answer({"notes": [one.wire() for one in location.notes.of(contact.id)]})


def get(call: Call) -> Answer:
    """GET /contacts/{contactId}/notes/{id}."""
    location, contact = call.parent()
    return Answer({"note": call.child(location.notes, contact, "Note").wire()})


def create(call: Call) -> Answer:
    """POST /contacts/{contactId}/notes: the body stays as it was sent."""
    location, contact = call.parent()
    body = _valid(call, "body")
    bare = Note(call.agency.new_id(), contact.id, body["body"], call.agency.now())
    made = keep(call.agency, location, with_changes(bare, body, call.agency, location))
    return Answer({"note": made.wire()}, 201, wrote=True)


def update(call: Call) -> Answer:
    """PUT /contacts/{contactId}/notes/{id}: what is left out stays; `dateAdded` does too."""
    location, contact = call.parent()
    one = call.child(location.notes, contact, "Note")
    changed = with_changes(one, _valid(call), call.agency, location)
    return Answer({"note": keep(call.agency, location, changed).wire()}, wrote=True)


def delete(call: Call) -> Answer:
    """DELETE /contacts/{contactId}/notes/{id}."""
    location, contact = call.parent()
    discard(call.agency, location, call.child(location.notes, contact, "Note"))
    return Answer(call.succeeded(), wrote=True)


def with_changes(one: Note, asked: dict[str, Any], agency: Agency, location: Location) -> Note:
    """`one` with the valid properties that are asked for."""
    changes = {NAMES[name]: value for name, value in asked.items()}
    if "user_id" in changes:
        changes["user_id"] = location.user_or_none(changes["user_id"])
    if changes.get("title") == "" and agency.settings.empty_string_clears:
        changes["title"] = None
    return replace(one, **changes)


def keep(agency: Agency, location: Location, note: Note) -> Note:
    location.notes.put(note)
    agency.child_changed(location, note.contact_id)
    return note


def discard(agency: Agency, location: Location, note: Note) -> None:
    location.notes.remove(note.id)
    agency.child_changed(location, note.contact_id)


def _valid(call: Call, *required: str) -> dict[str, Any]:
    body = call.body()
    clears = call.agency.settings.clear_not_nullable
    if lines := violations(body, KNOWN, required, null_clears=clears):
        raise invalid(*lines)
    return body
