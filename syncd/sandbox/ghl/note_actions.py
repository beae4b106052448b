"""What people do with notes on the screens, through the editor that writes HTML (4.1)."""

from typing import Any

from syncd.sandbox.ghl import notes
from syncd.sandbox.ghl.agency import Agency
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
from syncd.sandbox.ghl.children import Note
from syncd.sandbox.ghl.editor import as_html, is_html

WIRE = ("title", "color", "pinned", "userId")


def _add(agency: Agency, arguments: Arguments) -> Result:
    """By the first user of the location, if no `userId` says whose it is."""
    location, contact = contact_of(agency, arguments)
    body = _typed(arguments) or as_html(text_of(arguments, "text"))
    asked = {"userId": location.users[0].id, **wire_of(arguments, notes.KNOWN, WIRE), "body": body}
    bare = Note(agency.new_id(), contact.id, body, agency.now())
    made = notes.keep(agency, location, notes.with_changes(bare, asked, agency, location))
    return {"note": made.wire()}


def _edit(agency: Agency, arguments: Arguments) -> Result:
    """Saved in the editor: what a program sent as plain text is HTML afterwards, changed or not."""
    location, one = child_of(agency, arguments, "note", lambda there: there.notes)
    body = _typed(arguments) or (one.body if is_html(one.body) else as_html(one.body))
    asked = {**wire_of(arguments, notes.KNOWN, WIRE), "body": body}
    kept = notes.keep(agency, location, notes.with_changes(one, asked, agency, location))
    return {"note": kept.wire()}


def _delete(agency: Agency, arguments: Arguments) -> Result:
    location, one = child_of(agency, arguments, "note", lambda there: there.notes)
    notes.discard(agency, location, one)
    return {"id": one.id}


def _typed(arguments: Arguments) -> str | None:
    """What the editor makes of `text` and `attachments`, or `html` as it is; None without them."""
    if "html" in arguments:
        return text_of(arguments, "html")
    files = _attachments(arguments.get("attachments", []))
    if "text" not in arguments and not files:
        return None
    return as_html(text_of(arguments, "text") if "text" in arguments else "", files)


def _attachments(value: Any) -> list[dict[str, str]]:
    if isinstance(value, list) and all(
        isinstance(one, dict) and set(one) == {"name", "url"} and all(map(_is_text, one.values()))
        for one in value
    ):
        return value
    raise ValueError("`attachments` must be a list of objects of `name` and `url`")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


TYPED = ("text", "html", "attachments", *WIRE)
ACTIONS: dict[str, Action] = {
    "add_note": (_add, (*WHO, *TYPED)),
    "edit_note": (_edit, ("note", *TYPED)),
    "delete_note": (_delete, ("note",)),
}
