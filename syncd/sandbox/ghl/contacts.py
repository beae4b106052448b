"""The endpoints of contacts (section 3)."""

from dataclasses import replace
from typing import Any

from syncd.sandbox.ghl import bodies, writes
from syncd.sandbox.ghl.agency import Agency, Location
from syncd.sandbox.ghl.answers import Answer, RefusalError, invalid
from syncd.sandbox.ghl.call import Call
from syncd.sandbox.ghl.contact import Contact, full
from syncd.sandbox.ghl.contact_store import Contacts
from syncd.sandbox.ghl.phones import e164

NEEDS_KEY = "Contact must have an email or a phone number"


def search(call: Call) -> Answer:
    """POST /contacts/search (3.2)."""
    body = call.body()
    if not isinstance(body.get("locationId"), str):
        raise invalid("locationId must be a string", "locationId should not be empty")
    return Answer(call.search.search(call.location(body["locationId"]), body))


def listed(call: Call) -> Answer:
    """GET /contacts/ (3.3); a location that is missing is no location of the token's (0.1)."""
    query = dict(call.request.args.items())
    location = call.location(query.get("locationId"))
    known = {"locationId", "limit", "startAfter", "startAfterId", "query"}
    if call.agency.settings.list_takes_sort:
        known |= {"sortBy", "order", "page"}
    if unknown := [name for name in query if name not in known]:
        raise invalid(*(f"property {name} should not exist" for name in unknown))
    return Answer(call.search.listed(location, query, call.origin))


def duplicate(call: Call) -> Answer:
    """GET /contacts/search/duplicate (3.4): one identifier can hide the other's match."""
    location = call.location(call.query("locationId"))
    email, number = call.query("email"), call.query("number")
    if not email and not number:
        raise RefusalError(400, "Please provide a number or an email")
    order = [("email", email), ("phone", number and e164(number, location.country))]
    if call.agency.settings.match_phone_first and not call.agency.settings.allow_duplicates:
        order.reverse()
    contacts: Contacts = location.contacts
    if call.agency.settings.duplicate_lags:
        location.index.catch_up(call.agency.now())
        contacts = location.index
    for name, value in order:
        if value and (ids := writes.holders(contacts, name, value)):
            return Answer({"contact": full(contacts.by_id[ids[0]])})
    return Answer({"contact": None})


def get(call: Call) -> Answer:
    """GET /contacts/{contactId} (3.5): the truth, at once."""
    _, contact = call.contact()
    return Answer({"contact": full(contact)})


def create(call: Call) -> Answer:
    """POST /contacts/ (3.6)."""
    body = call.body()
    location = call.location_of(body)
    asked = _valid(call, location, body, bodies.CREATE, creating=True)
    writes.refuse_duplicate(call.agency, location, asked, None)
    made = writes.create(call.agency, location, asked)
    return Answer({"contact": full(made)}, 201, wrote=True)


def update(call: Call) -> Answer:
    """PUT /contacts/{contactId}: a partial merge, except that tags are replaced (3.6)."""
    location, contact = call.contact()
    more = {"companyName"} if call.agency.settings.company_in_updates else frozenset[str]()
    asked = _valid(call, location, call.body(), bodies.UPDATE | more, creating=False)
    adds_first_email = asked.plain.get("email") and not contact.plain.get("email")
    if call.agency.settings.first_email_alone and adds_first_email and len(call.body()) > 1:
        raise RefusalError(400, "Unable to update the contact")
    writes.refuse_duplicate(call.agency, location, asked, contact.id)
    changed = writes.change(call.agency, location, contact, asked)
    flag = {"succeeded": True} if call.v3 else {"succeded": True}
    return Answer(flag | {"contact": full(changed)}, wrote=True)


def upsert(call: Call) -> Answer:
    """POST /contacts/upsert (3.7), with all its silent losses."""
    body = call.body()
    location = call.location_of(body)
    asked = _valid(call, location, body, bodies.UPSERT, creating=True)
    wants_new = body.get("createNewIfDuplicateAllowed") is True
    match = None
    if not (wants_new and call.agency.settings.allow_duplicates):
        match = writes.duplicate(call.agency, location, asked, None)
    if match is None:
        made = writes.create(call.agency, location, asked)
        return Answer({"new": True, "contact": full(made)}, wrote=True)
    changed = _upsert_into(call.agency, location, match[0], asked)
    return Answer({"new": False, "contact": full(changed)}, wrote=True)


def delete(call: Call) -> Answer:
    """DELETE /contacts/{contactId}."""
    location, contact = call.contact()
    call.agency.remove(location, contact.id)
    return Answer(call.succeeded(), wrote=True)


def add_followers(call: Call) -> Answer:
    """POST /contacts/{contactId}/followers; an ineligible user is silently not added (3.12)."""
    location, contact = call.contact()
    wanted = _followers(call)
    known = {user.id for user in location.users}
    added = [one for one in wanted if one in known and one not in contact.followers]
    kept = call.agency.put(location, replace(contact, followers=(*contact.followers, *added)))
    return Answer({"followers": list(kept.followers), "followersAdded": added}, 201, wrote=True)


def remove_followers(call: Call) -> Answer:
    """DELETE /contacts/{contactId}/followers, with a JSON body."""
    location, contact = call.contact()
    gone = [one for one in _followers(call) if one in contact.followers]
    rest = tuple(one for one in contact.followers if one not in gone)
    call.agency.put(location, replace(contact, followers=rest))
    return Answer({"followers": list(rest), "followersRemoved": gone}, wrote=True)


def _valid(
    call: Call, location: Location, body: dict[str, Any], allowed: frozenset[str], *, creating: bool
) -> bodies.Asked:
    settings, country = call.agency.settings, location.country
    found = bodies.violations(body, allowed, settings, country, v3=call.v3)
    if found:
        lines = [line for several in found.values() for line in several]
        if creating:
            _create_all_the_same(call.agency, location, body, found)
        raise invalid(*lines)
    asked = bodies.asked(body, settings, country)
    if creating and not settings.create_takes_dnd:
        asked = replace(asked, dnd_settings=None)
    if creating and not asked.plain.get("email") and not asked.plain.get("phone"):
        raise RefusalError(400, NEEDS_KEY)
    return asked


def _create_all_the_same(
    agency: Agency, location: Location, body: dict[str, Any], found: dict[str, list[str]]
) -> None:
    """The create behind a 422 that was carried out without the bad fields (issue #64)."""
    chance = agency.settings.create_422_still_creates
    if chance == 0 or agency.dice.random() >= chance or "locationId" in found:
        return
    good = {name: value for name, value in body.items() if name not in found}
    asked = bodies.asked(good, agency.settings, location.country)
    has_key = asked.plain.get("email") or asked.plain.get("phone")
    if has_key and writes.duplicate(agency, location, asked, None) is None:
        writes.create(agency, location, asked)


def _upsert_into(
    agency: Agency, location: Location, contact: Contact, asked: bodies.Asked
) -> Contact:
    """Gender is dropped (issue #313); a second key that another contact holds is ignored
    without a word (gotcha 10); an additional address becomes the primary one, which is
    lost (issue #337).
    """
    plain = {name: value for name, value in asked.plain.items() if name != "gender"}
    for name in ("email", "phone"):
        value = plain.get(name)
        if value and any(
            id_ != contact.id for id_ in writes.holders(location.contacts, name, value)
        ):
            del plain[name]
    return writes.change(agency, location, contact, replace(asked, plain=plain))


def _followers(call: Call) -> list[str]:
    wanted = call.body().get("followers")
    if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
        raise invalid("followers must be an array")
    return wanted
