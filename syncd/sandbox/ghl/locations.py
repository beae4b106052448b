"""The endpoints of locations, their custom fields and their users (section 5)."""

from dataclasses import replace
from typing import Any

from syncd.sandbox.ghl.agency import User
from syncd.sandbox.ghl.answers import Answer, RefusalError, invalid
from syncd.sandbox.ghl.call import NO_ACCESS, Call
from syncd.sandbox.ghl.customfields import PICKLISTS, TYPES, CustomField
from syncd.sandbox.incoming import whole

CREATE = frozenset(
    {
        "name",
        "dataType",
        "placeholder",
        "acceptedFormat",
        "isMultipleFile",
        "maxNumberOfFiles",
        "textBoxListOptions",
        "position",
        "model",
        "options",
        "dateTimeValidation",
    }
)
UPDATE = CREATE - {"dataType", "dateTimeValidation"}
MODELS = ("contact", "opportunity")


def get(call: Call) -> Answer:
    """GET /locations/{locationId}: country, time zone, duplicate policy (5.3)."""
    location = call.location(call.path["locationId"])
    staff = location.users[0]
    return Answer(
        {
            "location": {
                "id": location.id,
                "companyId": call.agency.company_id,
                "name": location.name,
                "email": staff.email,
                "phone": "+12015550100",
                "address": "1 Sandbox Way",
                "city": "Springfield",
                "state": "IL",
                "country": location.country,
                "postalCode": "62701",
                "website": "https://sandbox.example.org",
                "timezone": location.timezone,
                "settings": {
                    "allowDuplicateContact": call.agency.settings.allow_duplicates,
                    "allowDuplicateOpportunity": False,
                    "allowFacebookNameMerge": False,
                    "disableContactTimezone": False,
                },
                "social": {},
            }
        }
    )


def fields(call: Call) -> Answer:
    """GET /locations/{locationId}/customFields, all at once (5.1)."""
    location = call.location(call.path["locationId"])
    call.no_location_in_query()
    model = call.query("model") or "contact"
    if model not in (*MODELS, "all"):
        raise invalid("model must be one of the following values: contact, opportunity, all")
    shown = [one for one in location.fields.fields.values() if model in ("all", one.model)]
    return Answer({"customFields": [one.wire() for one in shown]})


def create_field(call: Call) -> Answer:
    """POST /locations/{locationId}/customFields (5.1)."""
    location = call.location(call.path["locationId"])
    call.no_location_in_query()
    body = call.body()
    lines = _field_lines(body, CREATE)
    kind = body.get("dataType")
    if kind not in TYPES:
        lines.append(f"dataType must be one of the following values: {', '.join(TYPES)}")
    if kind == "TIME" and "dateTimeValidation" not in body:
        lines.append("dateTimeValidation should not be empty")
    if lines:
        raise invalid(*lines)
    made = call.agency.add_field(
        location,
        body["name"],
        str(kind),
        tuple(body.get("options", ())) if kind in PICKLISTS else (),
        placeholder=body.get("placeholder", ""),
        model=body.get("model", "contact"),
        **({"position": body["position"]} if "position" in body else {}),
    )
    return Answer({"customField": made.wire()}, 201, wrote=True)


def get_field(call: Call) -> Answer:
    """GET /locations/{locationId}/customFields/{id}, by id or by key."""
    return Answer({"customField": _field(call).wire()})


def update_field(call: Call) -> Answer:
    """PUT …/customFields/{id}; type and key stay (5.1)."""
    one, body = _field(call), call.body()
    lines = _field_lines(body, UPDATE)
    if lines:
        raise invalid(*lines)
    changed = replace(
        one,
        name=body["name"],
        placeholder=body.get("placeholder", one.placeholder),
        position=body.get("position", one.position),
        options=tuple(body.get("options", one.options)),
    )
    call.location(one.location_id).fields.add(changed)
    return Answer({"customField": changed.wire()}, wrote=True)


def delete_field(call: Call) -> Answer:
    """DELETE …/customFields/{id}: every contact loses its value."""
    one = _field(call)
    call.agency.remove_field(call.location(one.location_id), one.id)
    return Answer(call.succeeded(), wrote=True)


def search_users(call: Call) -> Answer:
    """GET /users/search (5.3)."""
    wanted = call.query("locationId")
    if wanted is not None:
        call.location(wanted)
    if call.query("companyId") != call.agency.company_id:
        raise invalid("companyId must be a string", "companyId should not be empty")
    found = [one for one in _visible(call) if _fits(one, call.query("query"))]
    if wanted is not None:
        found = [one for one in found if one.location_id == wanted]
    if ids := call.query("ids"):
        found = [one for one in found if one.id in ids.split(",")]
    skip, limit = _count(call, "skip", 0), _count(call, "limit", 25)
    return Answer(
        {"users": [_user(one) for one in found[skip : skip + limit]], "count": len(found)}
    )


def list_users(call: Call) -> Answer:
    """GET /users/ (deprecated, still answers)."""
    location = call.location(call.query("locationId"))
    return Answer({"users": [_user(one) for one in location.users]})


def get_user(call: Call) -> Answer:
    """GET /users/{userId}: flat, not wrapped."""
    wanted = call.path["userId"]
    for one in _visible(call):
        if one.id == wanted:
            return Answer(_user(one))
    raise RefusalError(400, f"User with id {wanted} not found")


def _field(call: Call) -> CustomField:
    location, wanted = call.location(call.path["locationId"]), call.path["id"]
    call.no_location_in_query()
    one = location.fields.find(wanted)
    if one is None:
        raise RefusalError(400, f"Custom field with id {wanted} not found")
    return one


def _field_lines(body: dict[str, Any], allowed: frozenset[str]) -> list[str]:
    lines = [f"property {name} should not exist" for name in body if name not in allowed]
    if not isinstance(body.get("name"), str) or not body["name"].strip():
        lines += ["name must be a string", "name should not be empty"]
    if body.get("model", "contact") not in MODELS:
        lines.append("model must be one of the following values: contact, opportunity")
    options = body.get("options", [])
    if not isinstance(options, list) or not all(isinstance(one, str) for one in options):
        lines.append("each value in options must be a string")
    if not isinstance(body.get("position", 0), int):
        lines.append("position must be a number")
    return lines


def _visible(call: Call) -> list[User]:
    if call.token is None:
        raise RefusalError(403, NO_ACCESS)
    mine = call.token.location_id
    places = call.agency.locations.values()
    return [one for place in places if mine in (None, place.id) for one in place.users]


def _fits(one: User, text: str | None) -> bool:
    whole = f"{one.first_name} {one.last_name} {one.email}".lower()
    return text is None or text.lower() in whole


def _count(call: Call, name: str, default: int) -> int:
    number = whole(call.query(name) or str(default))
    if number is None:
        raise invalid(f"{name} must be a number string")
    return number


def _user(one: User) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": f"{one.first_name} {one.last_name}",
        "firstName": one.first_name,
        "lastName": one.last_name,
        "email": one.email,
        "phone": "+12015550101",
        "extension": "",
        "roles": {"type": "account", "role": one.role, "locationIds": [one.location_id]},
        "deleted": False,
    }
