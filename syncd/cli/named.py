"""Which records an address or an id names."""

from collections.abc import Sequence

import sqlalchemy as sa

from syncd.config.load import Pair
from syncd.core.normalise import identity_key
from syncd.model.link import Link, Member
from syncd.model.record import Resource
from syncd.model.side import SIDES
from syncd.store import children, links, members

Found = dict[tuple[str, Resource], set[str]]  # ids by account and resource


def records_of(db: sa.Connection, pair: Pair, named: str) -> Found:
    """The records of a pair that an address or an id names; of a contact, all that belongs to it.

    With the counterparts of each, and those that they had before.
    """
    key = identity_key(named) or named.strip()
    found: Found = {}
    for resource in (Resource.CONTACT, *pair.settings.streams):
        some = members.known_as(db, pair.name, resource, key)
        for place, ids in records_around(db, pair, resource, some).items():
            found.setdefault(place, set()).update(ids)
    return found


def records_around(
    db: sa.Connection, pair: Pair, resource: Resource, some: Sequence[Member]
) -> Found:
    """These records with their counterparts; if they are contacts, all that belongs to them."""
    found: Found = {}
    _take_up(db, pair, resource, some, found)
    if resource is not Resource.CONTACT:
        return found
    for side in SIDES:
        contacts = sorted(found.get((pair.account(side), resource), ()))
        for nested in pair.settings.streams:
            own = children.under(db, pair.name, nested, side, contacts)
            _take_up(db, pair, nested, own, found)
    return found


def _take_up(
    db: sa.Connection, pair: Pair, resource: Resource, some: Sequence[Member], found: Found
) -> None:
    for _, involved in together(db, some):
        for member in involved:
            place = (pair.account(member.side), resource)
            found.setdefault(place, set()).add(member.remote_id)


def together(
    db: sa.Connection, some: Sequence[Member]
) -> list[tuple[Link | None, Sequence[Member]]]:
    """Members with those that they are linked with."""
    involved: dict[int, list[Member]] = {}
    for member in members.of_links(db, {m.link_id for m in some if m.link_id is not None}):
        involved.setdefault(member.link_id or 0, []).append(member)
    return [
        *((link, involved[link.id]) for link in links.load(db, involved)),
        *((None, [member]) for member in some if member.link_id is None),
    ]
