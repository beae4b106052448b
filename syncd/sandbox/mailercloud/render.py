"""A contact as the API and the dump show it.

Source: mailercloud.md §5.7 (rows of the search), §5.8 (one contact), §9.2 (no status).
"""

from typing import Any

from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.answers import local
from syncd.sandbox.mailercloud.contact import Contact
from syncd.sandbox.mailercloud.fields import KNOWN_IN_ROWS, STANDARD


def row(account: Account, contact: Contact, list_id: str) -> dict[str, Any]:
    """As `/contact/search/{list_id}` lists it."""
    settings = account.settings
    modern = settings.vocabulary == "modern"
    shown: dict[str, Any] = {"id": account.shown_id(contact, list_id), "email": contact.email}
    for each in STANDARD:
        if each.classic in KNOWN_IN_ROWS or not settings.rows_only_known_fields:
            value = contact.standard.get(each.classic, "")
            if value or settings.empty_in_rows != "absent":
                empty = "" if settings.empty_in_rows == "empty" else None
                shown[each.modern if modern else each.classic] = value or empty
    match settings.tags_in_rows:
        case "names":
            shown["tags"] = list(contact.tags)
        case "objects":
            found = (account.tags.get(name) for name in contact.tags)
            shown["tags"] = [{"id": one.id, "tag_name": one.name} for one in found if one]
    if settings.custom_fields_in_rows != "absent":
        shown["custom_fields"] = _custom(account, contact, settings.custom_fields_in_rows)
    if settings.status_in_rows:
        shown["contact_type"] = contact.status_on(list_id).contact_type
    return shown


def one(account: Account, contact: Contact, asked_id: str) -> dict[str, Any]:
    """As `GET /contacts/{id}` shows it; without status, and without tags, unless switched on."""
    settings = account.settings
    modern = settings.get_vocabulary == "modern"
    shown: dict[str, Any] = {
        "id": contact.id if account.with_id(asked_id) is None else asked_id,
        "created_at": local(contact.created, settings.zone),
        "updated_at": local(contact.updated, settings.zone),
        "email": contact.email,
    }
    for each in STANDARD:
        name = each.modern if modern else each.classic
        shown[name] = contact.standard.get(each.classic, "")
    shown["custom_fields"] = _custom(account, contact, "by_id")
    shown["lists"] = list(contact.lists)
    if settings.get_shows_tags:
        shown["tags"] = list(contact.tags)
    if settings.status_in_rows:
        shown["contact_type"] = contact.status.contact_type
    return shown


def whole(account: Account, contact: Contact, list_id: str) -> dict[str, Any]:
    """The truth, for tests: as no call of the API tells it."""
    status = contact.status_on(list_id)
    labels = {p.name: contact.custom[p.id] for p in _held(account, contact)}
    return {
        "id": account.shown_id(contact, list_id),
        "email": contact.email,
        **{each.classic: contact.standard.get(each.classic, "") for each in STANDARD},
        "tags": list(contact.tags),
        "custom_fields": _custom(account, contact, "by_id"),
        "custom_by_label": labels,
        "contact_type": status.contact_type,
        "contact_type_since": status.at.isoformat() if status.at else None,
        "lists": {each: account.shown_id(contact, each) for each in contact.lists},
        "created_at": contact.created.isoformat(),
        "updated_at": contact.updated.isoformat(),
    }


def _held(account: Account, contact: Contact) -> list[Any]:
    return [account.properties[each] for each in contact.custom if each in account.properties]


def _custom(account: Account, contact: Contact, how: str) -> Any:
    held = _held(account, contact)
    match how:
        case "by_id":
            return {each.id: contact.custom[each.id] for each in held}
        case "by_key":
            return {each.key: contact.custom[each.id] for each in held}
        case _:
            return [
                {"id": one.id, "field_name": one.name, "value": contact.custom[one.id]}
                for one in held
            ]
