"""Properties: the standard fields, which are found here, and the custom ones.

Source: mailercloud.md §6.
"""

from typing import Any

from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.answers import ERROR, Answer, RefusalError
from syncd.sandbox.mailercloud.call import Call, Route
from syncd.sandbox.mailercloud.catalogue import Property
from syncd.sandbox.mailercloud.fields import KINDS, READ_ONLY, SHOWN_KINDS, STANDARD
from syncd.sandbox.mailercloud.paging import paged, text_of

NAME_CHARS, DESCRIPTION_CHARS = (3, 30), (3, 500)


def search(call: Call) -> Answer:
    """Standard fields first; their `field_value` is the very key to write by (§6.2)."""
    account, body = call.account, call.body()
    kind = text_of(body, "type")
    if kind not in ("", "default", "custom"):
        raise RefusalError(400, "Invalid type", "type")
    rows = [] if kind == "custom" else _standard(account)
    if kind != "default":
        rows += [shown(each) for each in account.properties.values()]
    text = text_of(body, "search").lower()
    rows = [row for row in rows if text in row["field_name"].lower()]
    return paged(body, rows, lambda row: row, account.settings)


def create(call: Call) -> Answer:
    account, body = call.account, call.body()
    name = _text(body, "name", NAME_CHARS)
    description = _text(body, "description", DESCRIPTION_CHARS)
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        raise RefusalError(400, f"type must be one of {', '.join(KINDS)}", "type")
    if account.property_named(name) is not None:
        raise RefusalError(400, "Property already exist", "name")
    most = account.settings.properties_most
    if most is not None and len(account.properties) >= most:
        raise RefusalError(403, "Property limit exceeded", "name")
    return Answer({"id": account.add_property(name, kind, description).id}, 201)


def update(call: Call) -> Answer:
    """Name and description only; the type stays (§6.1)."""
    account, body = call.account, call.body()
    found = _found(call)
    if "type" in body:
        raise RefusalError(400, "type can not be changed", "type")
    name = _text(body, "name", NAME_CHARS) if "name" in body else found.name
    description = found.description
    if "description" in body:
        description = _text(body, "description", DESCRIPTION_CHARS)
    other = account.property_named(name)
    if other is not None and other is not found:
        raise RefusalError(400, "Property already exist", "name")
    found.name, found.description = name, description
    return Answer({"message": "Property updated successfully"})


def delete(call: Call) -> Answer:
    """Refused while a webform uses it (§6.1)."""
    found = _found(call)
    if any(found.id in form.property_ids for form in call.account.webforms.values()):
        raise RefusalError(400, "Property is used in a webform")
    call.account.drop_property(found)
    return Answer({"message": "Property deleted successfully"})


def shown(each: Property) -> dict[str, Any]:
    return _row(each.id, each.name, each.key, SHOWN_KINDS[each.kind], is_default=0)


def _standard(account: Account) -> list[dict[str, Any]]:
    """Under `both` the classic names are shown."""
    modern = account.settings.vocabulary == "modern"
    ids = account.standard_ids
    rows = [_row(ids["email"], "Email", "email", "Text", is_default=1)]
    for each in STANDARD:
        key = each.modern if modern else each.classic
        rows.append(_row(ids[each.classic], each.label, key, each.kind, is_default=1))
    for name, (label, kind) in READ_ONLY.items():
        rows.append(_row(ids[name], label, name, kind, is_default=1))
    return rows


def _row(id_: str, label: str, key: str, kind: str, *, is_default: int) -> dict[str, Any]:
    return {
        "id": id_,
        "field_name": label,
        "field_value": key,
        "field_type": kind,
        "is_default": is_default,
    }


def _found(call: Call) -> Property:
    found = call.account.properties.get(call.names["id"])
    if found is None:
        raise RefusalError(404, "Property not found")
    return found


def _text(body: dict[str, Any], name: str, chars: tuple[int, int]) -> str:
    value = body.get(name)
    least, most = chars
    if not isinstance(value, str) or not least <= len(value.strip()) <= most:
        raise RefusalError(400, f"{name} must have {least} to {most} characters", name)
    return value.strip()


ROUTES = (
    Route("POST", "/contact/property/search", search, ERROR),
    Route("POST", "/contact/property", create, writes=True),
    Route("PATCH", "/contact/property/{id}", update, writes=True),
    Route("DELETE", "/contact/property/{id}", delete, writes=True),
)
