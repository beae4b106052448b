"""What a person types into the form of a contact.

Source: mailercloud.md §6 (fields and their limits), §7 (tags; the screens make new ones).
"""

from dataclasses import replace
from typing import Any

from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.arguments import Arguments, enterable, texts
from syncd.sandbox.mailercloud.contact import Contact
from syncd.sandbox.mailercloud.fields import (
    BY_CLASSIC,
    BY_MODERN,
    KINDS,
    BadValueError,
    check_email,
    stored,
)


def address(account: Account, email: str) -> str:
    """Raises ValueError: the screens do not take it."""
    try:
        return check_email(email, account.settings.refused_domains)
    except BadValueError as exc:
        raise ValueError(f"{email}: {exc}") from exc


def filled(account: Account, contact: Contact, arguments: Arguments) -> Contact:
    """The contact with `fields` (null clears), `custom` by label, and `tags` (replaced).

    Raises:
        ValueError: an unknown name, or a value that does not fit.
    """
    tags = contact.tags
    if "tags" in arguments:
        names = [name.strip() for name in texts(arguments, "tags")]
        if not all(names):
            raise ValueError("a tag has no name")
        found = [account.find_tag(name) or account.add_tag(name) for name in names]
        tags = tuple(dict.fromkeys(tag.name for tag in found))
    standard = dict(contact.standard)
    for name, value in _pairs(arguments, "fields"):
        known = BY_CLASSIC.get(name) or BY_MODERN.get(name)
        if known is None:
            raise ValueError(f"no field {name!r}; there are {', '.join(BY_CLASSIC)}")
        kind = "number" if known.kind == "Number" else "text"
        _enter(standard, known.classic, value, kind, known.chars_most)
    custom = dict(contact.custom)
    for label, value in _pairs(arguments, "custom"):
        held = account.property_named(label) or account.properties.get(label)
        if held is None:
            raise ValueError(f"no property {label!r}")
        _enter(custom, held.id, value, held.kind, KINDS[held.kind])
    return replace(contact, standard=standard, custom=custom, tags=tags)


def _enter(values: dict[str, str], name: str, value: Any, kind: str, chars_most: int) -> None:
    if value is None or value == "":
        values.pop(name, None)
        return
    try:
        values[name] = stored(value, kind, chars_most, cut=False)
    except BadValueError as exc:
        raise ValueError(f"{name} {exc}") from exc


def _pairs(arguments: Arguments, name: str) -> list[tuple[str, Any]]:
    given = arguments.get(name, {})
    if not isinstance(given, dict):
        raise ValueError(f"{name} must be an object")
    for value in given.values():
        if isinstance(value, str):
            enterable(value)
    return list(given.items())
