"""The endpoints of businesses (apps/businesses.json), and of their contacts (3.1)."""

from dataclasses import replace
from typing import Any

from syncd.sandbox.ghl.agency import Agency, Business, Location
from syncd.sandbox.ghl.answers import Answer, RefusalError, invalid
from syncd.sandbox.ghl.call import Call
from syncd.sandbox.ghl.checks import FILLED, TEXTS, Property, violations
from syncd.sandbox.ghl.contact import Contact, iso
from syncd.sandbox.incoming import whole

IDS_MOST = 50  # the schema's 50 is probably meant so (3.1, unverified)
MEMBERS = {
    "locationId": FILLED,
    "ids": TEXTS,
    "businessId": Property(
        lambda value: value is None or (isinstance(value, str) and bool(value)),
        "must be a string or null",
    ),
}


def get(call: Call) -> Answer:
    """GET /businesses/{businessId}."""
    return Answer({"business": _wire(_business(call)[1])})


def listed(call: Call) -> Answer:
    """GET /businesses/ of one location, a hundred at a time if nothing is said."""
    location = call.location(call.query("locationId"))
    skip, limit = _count(call, "skip", 0), _count(call, "limit", 100)
    found = list(location.businesses.values())[skip : skip + limit]
    return Answer({"businesses": [_wire(one) for one in found]})


def contacts(call: Call) -> Answer:
    """GET /contacts/business/{businessId}: rows as search shows them, and as late."""
    location = call.location(call.query("locationId"))
    business = location.businesses.get(call.path["businessId"])
    if business is None:
        raise _unknown(call.path["businessId"])
    skip, limit = _count(call, "skip", 0), _count(call, "limit", 25)
    text = (call.query("query") or "").lower()
    location.index.catch_up(call.agency.now())
    found = [
        one
        for one in location.index.by_id.values()
        if one.business_id == business.id and text in (one.name or "").lower()
    ]
    rows = [call.search.row(one) for one in found[skip : skip + limit]]
    return Answer({"contacts": rows, "count": len(found)})


def assign(call: Call) -> Answer:
    """POST /contacts/bulk/business: null detaches; who is not there is left out of the answer."""
    body = call.body()
    location = call.location_of(body)
    lines = violations(body, MEMBERS, tuple(MEMBERS))
    if "businessId" not in body:
        lines.append("businessId should not be empty")
    if not lines and len(body["ids"]) > IDS_MOST:
        lines = [f"ids must contain no more than {IDS_MOST} elements"]
    if lines:
        raise invalid(*lines)
    wanted = body["businessId"]
    if wanted is not None and wanted not in location.businesses:
        raise _unknown(wanted)
    found = [id_ for id_ in dict.fromkeys(body["ids"]) if id_ in location.contacts.by_id]
    for id_ in found:
        join(call.agency, location, location.contacts.by_id[id_], wanted)
    return Answer({"success": True, "ids": found}, wrote=bool(found))


def join(agency: Agency, location: Location, contact: Contact, business_id: str | None) -> Contact:
    """The contact as a member of a business, whose name is its company's; None leaves it."""
    plain = contact.plain
    if business_id is not None:
        plain = {**plain, "companyName": location.businesses[business_id].name}
    return agency.put(location, replace(contact, plain=plain, business_id=business_id))


def _business(call: Call) -> tuple[Location, Business]:
    wanted = call.path["businessId"]
    for location in call.agency.locations.values():
        if one := location.businesses.get(wanted):
            return call.location(location.id), one
    raise _unknown(wanted)


def _unknown(business_id: str) -> RefusalError:
    return RefusalError(400, f"Business with id {business_id} not found")


def _count(call: Call, name: str, default: int) -> int:
    number = whole(call.query(name) or str(default))
    if number is None:
        raise invalid(f"{name} must be a number string")
    return number


def _wire(one: Business) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "locationId": one.location_id,
        "createdAt": iso(one.added),
        "updatedAt": iso(one.added),
        **{name: one.details.get(name) for name in Business.DETAILS},
    }
