"""Seeding: invented people as subscribers of some days ago."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from syncd.sandbox import people as invented
from syncd.sandbox.core import Person
from syncd.sandbox.maileon import custom_fields
from syncd.sandbox.maileon.account import Account, OptOut
from syncd.sandbox.maileon.contact import TRACKED
from syncd.sandbox.maileon.fields import check_email, stored_custom

DAYS = 30
# What the custom fields of invented people become here; any other name is a string.
_KINDS = {"number": "float", "date": "date"}
# Out of ten: mostly double opt-in, with and without tracking; some single, some none.
_PERMISSIONS = (4, 4, 4, 4, 5, 5, 5, 5, 2, 1)


def seed(account: Account, people: Sequence[Person]) -> None:
    """Add people whose address is not here yet.

    Who had opted out leaves only a marker and a report entry (§7.1).
    """
    people = [each for each in people if not account.contacts.with_email(each.email)]
    for person in people:
        check_email(person.email)
    _create_fields(account, {name for person in people for name in person.custom})
    dice = random.Random(account.world.seed)
    now = account.now
    births = sorted((dice.random() for _ in people), reverse=True)
    for share, person in zip(births, people, strict=True):
        created = now - timedelta(days=1) - share * timedelta(days=DAYS)
        _add(account, person, created.replace(microsecond=0), dice)


def _create_fields(account: Account, names: set[str]) -> None:
    kinds = {each.name: _KINDS.get(each.kind, "string") for each in invented.CUSTOM_FIELDS}
    for name in ("phone", *sorted(names)):
        if name not in account.custom_fields:
            custom_fields.create(account, name, kinds.get(name, "string"))


def _add(account: Account, person: Person, created: datetime, dice: random.Random) -> None:
    later = created + dice.random() * (account.now - timedelta(hours=2) - created)
    later = later.replace(microsecond=0)
    permission = dice.choice(_PERMISSIONS)
    if person.opted_out:
        account.mark(person.email, later)
        account.opt_outs.append(
            OptOut(
                account.contacts.new_id(),
                person.email,
                None,
                later,
                "link",
                None,
                [],
                permission == TRACKED,
            )
        )
        return
    contact = account.create(person.email, permission, at=created)
    standard = {
        "FIRSTNAME": person.first_name,
        "LASTNAME": person.last_name,
        "ADDRESS": person.street,
        "ZIP": person.postal_code,
        "CITY": person.city,
        "COUNTRY": person.country,
        "ORGANIZATION": person.company,
        "BIRTHDAY": person.birthday,
    }
    contact.standard = {name: value for name, value in standard.items() if value}
    custom = {"phone": person.phone, **person.custom}
    contact.custom = {
        name: stored_custom(name, account.custom_fields[name], value, cut=True)
        for name, value in custom.items()
        if value
    }
    account.contacts.touch(contact, later)
