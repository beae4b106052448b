"""Invented people as contacts that were entered some days ago."""

import random
from collections.abc import Sequence
from typing import Any

from syncd.sandbox.core import Person
from syncd.sandbox.ghl.agency import Agency, Location
from syncd.sandbox.ghl.contact import Contact
from syncd.sandbox.ghl.customfields import Dropped, stored
from syncd.sandbox.people import CUSTOM_FIELDS

DATA_TYPES = {
    "text": "TEXT",
    "long_text": "LARGE_TEXT",
    "number": "NUMERICAL",
    "date": "DATE",
    "choice": "SINGLE_OPTIONS",
    "choices": "MULTIPLE_OPTIONS",
}
DAY_MS = 86_400_000
SOURCES = (None, "public api", "form: open day", "import 2025")


def seed(agency: Agency, people: Sequence[Person]) -> None:
    """Put people into the main location, visible to search at once."""
    location, dice, now = agency.main, agency.dice, agency.now()
    if people:
        add_fields(agency, location)
    contacts = []
    for person in people:
        if location.contacts.emails.of(person.email.lower()):
            continue
        contact = _contact(agency, location, person, dice, now)
        location.contacts.put(contact)
        agency.note_tags(location, contact.tags)
        contacts.append(contact)
    location.index.load(contacts)


def add_fields(agency: Agency, location: Location) -> None:
    """The custom fields that invented people have values for."""
    for one in CUSTOM_FIELDS:
        if location.fields.named(one.name) is None:
            agency.add_field(location, one.name, DATA_TYPES[one.kind], one.options)


def _contact(
    agency: Agency, location: Location, person: Person, dice: random.Random, now: int
) -> Contact:
    added = now - dice.randrange(3 * DAY_MS, 400 * DAY_MS)
    updated = dice.randrange(added, now - 2 * DAY_MS)
    phone = "" if location.contacts.phones.of(person.phone) else person.phone
    plain = {
        "firstName": person.first_name,
        "lastName": person.last_name,
        "email": person.email,
        "phone": phone,
        "address1": person.street,
        "city": person.city,
        "country": person.country,
        "postalCode": person.postal_code,
        "companyName": person.company,
        "dateOfBirth": person.birthday,
        "source": dice.choice(SOURCES),
    }
    opted_out = {"Email": {"status": "active", "message": "Unsubscribed", "code": "101"}}
    return Contact(
        id=agency.new_id(),
        location_id=location.id,
        plain={name: value or None for name, value in plain.items()},
        added=added,
        updated=updated,
        active=updated,
        revision=agency.next_revision(),
        tags=person.tags,
        custom=_custom(agency, location, person),
        dnd_settings=opted_out if person.opted_out else {},
    )


def _custom(agency: Agency, location: Location, person: Person) -> dict[str, Any]:
    kept = {}
    for name, text in person.custom.items():
        one = location.fields.named(name)
        if one is None:
            continue
        sent: Any = text.split("; ") if one.data_type == "MULTIPLE_OPTIONS" else text
        value = stored(one, sent, agency.settings, location.country)
        if value is not None and not isinstance(value, Dropped):
            kept[one.id] = value
    return kept
