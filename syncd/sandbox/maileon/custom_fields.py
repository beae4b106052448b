"""Custom fields: listed, created, renamed, dropped (maileon.md §2.8)."""

from syncd.sandbox.maileon.account import Account
from syncd.sandbox.maileon.answers import Answer, RefusalError, element
from syncd.sandbox.maileon.call import Call, Route
from syncd.sandbox.maileon.fields import TYPES, check_custom_name


def list_fields(call: Call) -> Answer:
    rows = "".join(
        f"<custom_field>{element('name', name)}{element('type', kind)}</custom_field>"
        for name, kind in call.account.custom_fields.items()
    )
    return Answer(f"<custom_fields>{rows}</custom_fields>")


def create_field(call: Call) -> Answer:
    try:
        create(call.account, call.names["name"], call.text("type") or "")
    except ValueError as exc:
        raise RefusalError(400, str(exc)) from exc
    return Answer(status=201)


def rename_field(call: Call) -> Answer:
    try:
        rename(call.account, call.names["old"], call.names["new"])
    except LookupError as exc:
        raise RefusalError(404, str(exc)) from exc
    except ValueError as exc:
        raise RefusalError(400, str(exc)) from exc
    return Answer()


def delete_field(call: Call) -> Answer:
    try:
        drop(call.account, call.names["name"])
    except ValueError as exc:
        raise RefusalError(404, str(exc)) from exc
    return Answer()


def create(account: Account, name: str, kind: str) -> None:
    """Raises ValueError for a bad name or type, or a field that exists (§2.8)."""
    if kind not in TYPES:
        raise ValueError(f"unknown type: {kind}")
    check_custom_name(name)
    if name in account.custom_fields:
        raise ValueError(f"custom field {name} already exists")
    account.custom_fields[name] = kind


def rename(account: Account, old: str, new: str) -> None:
    """Values go with the name; `updated` of the contacts stays (U2).

    Raises:
        LookupError: no such field.
        ValueError: a bad name, or one that another field has.
    """
    if old not in account.custom_fields:
        raise LookupError(f"unknown custom field: {old}")
    check_custom_name(new)
    if new in account.custom_fields:
        raise ValueError(f"custom field {new} already exists")
    account.custom_fields[new] = account.custom_fields.pop(old)
    for contact in account.contacts:
        if old in contact.custom:
            contact.custom[new] = contact.custom.pop(old)


def drop(account: Account, name: str) -> None:
    """The field and its values in every contact.

    Raises:
        ValueError: no such field; names are case sensitive.
    """
    if name not in account.custom_fields:
        raise ValueError(f"unknown custom field: {name}")
    del account.custom_fields[name]
    for contact in account.contacts:
        contact.custom.pop(name, None)


ROUTES = (
    Route("GET", "/contacts/fields/custom", list_fields),
    Route("POST", "/contacts/fields/custom/{name}", create_field),
    Route("PUT", "/contacts/fields/custom/{old}/{new}", rename_field),
    Route("DELETE", "/contacts/fields/custom/{name}", delete_field),
)
