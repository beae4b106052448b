"""Records that belong to contacts, as they stand in one pair."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from syncd.model.link import Member, State
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.members import COLUMNS, member_of
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks
from syncd.store.within import within

_M = t.member.c


@prepared
def _todo_unlinked(pair: Any, resource: Any, limit: Any) -> sa.Executable:
    at = (_M.pair == pair, _M.resource == resource, _M.todo, _M.link_id.is_(None))
    return sa.select(*COLUMNS).where(*at).limit(limit)


def todo_unlinked(db: sa.Connection, pair: str, resource: Resource, limit: int) -> list[Member]:
    """Members to reconcile that have no link, in no order."""
    rows = _todo_unlinked(db, pair=pair, resource=resource.value, limit=limit)
    return [member_of(row) for row in rows]


@prepared
def _under(pair: Any, resource: Any, side: Any, parents: Any) -> sa.Executable:
    at = (_M.pair == pair, _M.side == side, within(_M.parent_id, parents))
    alive = (_M.resource == resource, _M.state != State.GONE.value)
    return sa.select(*COLUMNS).where(*at, *alive)


def under(
    db: sa.Connection, pair: str, resource: Resource, side: Side, parents: Iterable[str]
) -> list[Member]:
    """Members of one side that belong to one of these contacts and are not gone, by their ids."""
    found: list[Member] = []
    for some in chunks(parents):
        at = {"pair": pair, "resource": resource.value, "side": side.value}
        found.extend(map(member_of, _under(db, **at, parents=some)))
    return sorted(found, key=lambda member: member.remote_id)


def count_awaiting(db: sa.Connection, pair: str, resource: Resource) -> dict[Side, int]:
    """How many records of each side wait for their contact to get a counterpart."""
    contact = t.member.alias()
    of_one = sa.and_(
        contact.c.pair == pair,
        contact.c.resource == Resource.CONTACT.value,
        contact.c.side == _M.side,
        contact.c.remote_id == _M.parent_id,
        contact.c.state == State.WAITING.value,
        contact.c.link_id.is_not(None),
    )
    rows = db.execute(
        sa.select(_M.side, sa.func.count())
        .join_from(t.member, contact, of_one)
        .where(_M.pair == pair, _M.resource == resource.value, _M.link_id.is_(None))
        .where(_M.state == State.WAITING.value)
        .group_by(_M.side)
    )
    return {Side(side): number for side, number in rows}


@prepared
def _parents_of_the_gone(pair: Any, resource: Any, side: Any) -> sa.Executable:
    at = (_M.pair == pair, _M.resource == resource, _M.side == side)
    gone = (_M.todo, _M.link_id.is_not(None), _M.state == State.GONE.value)
    named = sa.select(_M.parent_id).where(*at, *gone, _M.parent_id.is_not(None))
    return named.distinct().order_by(_M.parent_id)


def parents_of_the_gone(db: sa.Connection, pair: str, resource: Resource, side: Side) -> list[str]:
    """The contacts of linked records that have gone, which is still to be dealt with."""
    at = {"pair": pair, "resource": resource.value, "side": side.value}
    return list(_parents_of_the_gone(db, **at).scalars())
