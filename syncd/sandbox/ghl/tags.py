"""Tags on contacts, one by one and in bulk, and the location's tag catalogue (3.9, 5.2)."""

import re
from dataclasses import replace
from typing import Any

from syncd.sandbox.ghl.agency import TAG_EDIT, Agency
from syncd.sandbox.ghl.answers import Answer, RefusalError, invalid
from syncd.sandbox.ghl.bodies import as_tags, tag_lines
from syncd.sandbox.ghl.call import Call
from syncd.sandbox.ghl.contact import Contact

FIREBASE_ID = re.compile(r"[A-Za-z0-9]{20}")
BULK = ("contacts", "tags", "locationId", "removeAllTags")


def add(call: Call) -> Answer:
    """POST /contacts/{contactId}/tags: additive; answers with the tags there are now."""
    location, contact = call.contact()
    call.no_location_in_query()
    tags = tuple(dict.fromkeys((*contact.tags, *_wanted(call))))
    call.agency.put(location, replace(contact, tags=tags), TAG_EDIT)
    return Answer({"tags": list(tags)}, 201, wrote=True)


def remove(call: Call) -> Answer:
    """DELETE /contacts/{contactId}/tags, with a JSON body (gotcha 23)."""
    location, contact = call.contact()
    call.no_location_in_query()
    gone = _wanted(call)
    tags = tuple(tag for tag in contact.tags if tag not in gone)
    call.agency.put(location, replace(contact, tags=tags), TAG_EDIT)
    return Answer({"tags": list(tags)}, wrote=True)


def bulk(call: Call) -> Answer:
    """POST /contacts/bulk/tags/update/{type}: partial failure is normal.

    The generated SDKs send a literal `{type}` (gotcha 36), which is refused.
    """
    kind, body = call.path["type"], call.body()
    if kind not in ("add", "remove"):
        raise invalid("type must be one of the following values: add, remove")
    if isinstance(body.get("locationId"), str):
        call.location(body["locationId"])  # before the rest of the body, as everywhere (0.1)
    _check_bulk(body, kind)
    location = call.location(body["locationId"])
    wanted, everything = as_tags(body["tags"]), body.get("removeAllTags") is True
    responses = [
        _bulk_one(call.agency, location.id, id_, kind, wanted, everything)
        for id_ in body["contacts"]
    ]
    errors = sum(one["type"] == "error" for one in responses)
    return Answer(
        call.succeeded() | {"errorCount": errors, "responses": responses}, 201, wrote=True
    )


def catalogue(call: Call) -> Answer:
    """GET /locations/{locationId}/tags, all at once."""
    location = call.location(call.path["locationId"])
    call.no_location_in_query()
    return Answer({"tags": [_wire(id_, name, location.id) for id_, name in location.tags.items()]})


def create(call: Call) -> Answer:
    """POST /locations/{locationId}/tags; byte-distinct doubles are possible (5.2)."""
    location = call.location(call.path["locationId"])
    id_, name = call.agency.new_id(), _name(call)
    location.tags[id_] = name
    return Answer({"tag": _wire(id_, name, location.id)}, wrote=True)


def get(call: Call) -> Answer:
    """GET /locations/{locationId}/tags/{tagId}."""
    location, id_ = call.location(call.path["locationId"]), _id(call)
    return Answer({"tag": _wire(id_, location.tags[id_], location.id)})


def rename(call: Call) -> Answer:
    """PUT /locations/{locationId}/tags/{tagId}; contacts keep the old name (unverified)."""
    location, id_ = call.location(call.path["locationId"]), _id(call)
    location.tags[id_] = _name(call)
    return Answer({"tag": _wire(id_, location.tags[id_], location.id)}, wrote=True)


def delete(call: Call) -> Answer:
    """DELETE /locations/{locationId}/tags/{tagId}; contacts keep the name (unverified)."""
    location, id_ = call.location(call.path["locationId"]), _id(call)
    del location.tags[id_]
    return Answer(call.succeeded(), wrote=True)


def _wanted(call: Call) -> tuple[str, ...]:
    body = call.body()
    lines = [f"property {name} should not exist" for name in body if name != "tags"]
    lines += tag_lines(body.get("tags"))
    if lines:
        raise invalid(*lines)
    return as_tags(body["tags"])


def _check_bulk(body: dict[str, Any], kind: str) -> None:
    lines = [f"property {name} should not exist" for name in body if name not in BULK]
    ids = body.get("contacts")
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        lines.append("contacts must be an array")
    lines += tag_lines(body.get("tags"))
    if not isinstance(body.get("locationId"), str):
        lines.append("locationId must be a string")
    if "removeAllTags" in body and kind == "add":
        lines.append("property removeAllTags should not exist")
    if lines:
        raise invalid(*lines)


def _bulk_one(
    agency: Agency, location_id: str, id_: str, kind: str, wanted: tuple[str, ...], everything: bool
) -> dict[str, Any]:
    found = agency.find(id_)
    if not FIREBASE_ID.fullmatch(id_):
        return _error(id_, "contact id is not a valid firebase id")
    if found is None:
        return _error(id_, "contact is deleted")
    location, contact = found
    if location.id != location_id:
        return _error(id_, "contact does not belong to location")
    added, gone = _difference(contact, kind, wanted, everything)
    if added or gone:
        tags = tuple(tag for tag in contact.tags if tag not in gone) + added
        agency.put(location, replace(contact, tags=tags), TAG_EDIT)
    return {
        "contactId": id_,
        "type": "success",
        "message": "Tags updated",
        "oldTags": list(contact.tags),
        "tagsAdded": list(added),
        "tagsRemoved": list(gone),
    }


def _difference(
    contact: Contact, kind: str, wanted: tuple[str, ...], everything: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if kind == "add":
        return tuple(tag for tag in wanted if tag not in contact.tags), ()
    return (), tuple(tag for tag in contact.tags if everything or tag in wanted)


def _error(id_: str, message: str) -> dict[str, Any]:
    return {"contactId": id_, "type": "error", "message": message}


def _wire(id_: str, name: str, location_id: str) -> dict[str, str]:
    return {"id": id_, "name": name, "locationId": location_id}


def _name(call: Call) -> str:
    call.no_location_in_query()
    body = call.body()
    lines = [f"property {name} should not exist" for name in body if name != "name"]
    if not isinstance(body.get("name"), str) or not body["name"].strip():
        lines.append("name must be a string")
    if lines:
        raise invalid(*lines)
    return str(body["name"]).strip().lower()


def _id(call: Call) -> str:
    location, id_ = call.location(call.path["locationId"]), call.path["tagId"]
    call.no_location_in_query()
    if id_ not in location.tags:
        raise RefusalError(400, f"Tag with id {id_} not found")
    return id_
