"""Seeding: invented people on the main list, for some days already."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from syncd.sandbox import people as invented
from syncd.sandbox.core import Person
from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.catalogue import MAIN_LIST_ID
from syncd.sandbox.mailercloud.contact import Status
from syncd.sandbox.mailercloud.fields import check_email

DAYS = 30
# The nearest kind of property; any other is a text.
_KINDS = {"long_text": "textarea", "number": "number", "date": "date"}


def seed(account: Account, people: Sequence[Person]) -> None:
    """Add people whose address is not here yet.

    Who had opted out stays, with type `unsubscribe`, and stands in the old campaign.
    """
    people = [each for each in people if account.with_email(each.email) is None]
    if not people:
        return
    for person in people:
        check_email(person.email)
    for name in (*invented.TAGS, *(tag for person in people for tag in person.tags)):
        account.add_tag(name)
    _create_properties(account, {name for person in people for name in person.custom})
    dice = random.Random(account.world.seed)
    births = sorted((dice.random() for _ in people), reverse=True)
    for share, person in zip(births, people, strict=True):
        _add(account, person, share, dice)
    account.settle()


def _create_properties(account: Account, names: set[str]) -> None:
    known = {each.name: _KINDS.get(each.kind, "text") for each in invented.CUSTOM_FIELDS}
    for name, kind in {**dict.fromkeys(sorted(names), "text"), **known}.items():
        if account.property_named(name) is None:
            account.add_property(name, kind, "Seeded")


def _add(account: Account, person: Person, share: float, dice: random.Random) -> None:
    """`share` 1 came first, 0 last; all have been changed since."""
    now = account.now.replace(microsecond=0)
    created = now - timedelta(days=1) - share * timedelta(days=DAYS)
    later = created + dice.random() * (now - timedelta(hours=2) - created)
    standard = {
        "name": person.first_name,
        "last_name": person.last_name,
        "phone": person.phone,
        "city": person.city,
        "country": person.country,
        "zip": person.postal_code,
        "organization": person.company,
    }
    ids = {each.name: each.id for each in account.properties.values()}
    contact = replace(
        account.new(person.email, MAIN_LIST_ID, created),
        standard={name: value for name, value in standard.items() if value},
        custom={ids[name]: value for name, value in person.custom.items() if value},
        tags=person.tags,
    )
    campaign = next(iter(account.campaigns.values()))
    campaign.sent += 1
    if person.opted_out:
        contact = replace(contact, status=Status("unsubscribe", later, f"campaign {campaign.id}"))
        campaign.unsubs.append(account.touch_of(contact, later))
    account.put(contact, later)
