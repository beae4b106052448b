"""The contacts about whose notes, tasks and appointments a backfill has to know."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from syncd.model.link import State
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.parents import Shelf
from syncd.store.upsert import chunks
from syncd.store.within import within

_B, _M, _L = t.backfill_item.c, t.member.c, t.link.c


def in_window(
    db: sa.Connection, run_id: int, pair: str, side: Side, limit: int, after: str = ""
) -> list[str]:
    """Contacts of one side that are on a backfill's list, or whose counterpart is.

    In the order of their ids, beginning after one.
    """
    return _page(db, _of_contacts(run_id, pair, side), limit, after)


def concerned(
    db: sa.Connection, run_id: int, shelf: Shelf, limit: int, after: str = ""
) -> list[str]:
    """These, and those to which something on the list belongs, or their counterparts.

    What belongs to them has to be known on both sides before any of it is made.
    """
    child, contact = t.member.alias(), t.member.alias()
    theirs = _id_of(shelf.side)
    of_children = (
        sa.select(theirs.label("remote_id"))
        .select_from(t.backfill_item)
        .join(child, _stands(child.c, shelf.pair, shelf.resource))
        .join(
            contact,
            sa.and_(
                contact.c.pair == shelf.pair,
                contact.c.resource == Resource.CONTACT.value,
                contact.c.side == child.c.side,
                contact.c.remote_id == child.c.parent_id,
            ),
        )
        .join(t.link, _L.id == contact.c.link_id)
        .where(_B.run_id == run_id, _B.resource == shelf.resource.value, theirs.is_not(None))
    )
    return _page(db, [*_of_contacts(run_id, shelf.pair, shelf.side), of_children], limit, after)


def unread(db: sa.Connection, shelf: Shelf, ids: Iterable[str], since: datetime) -> list[str]:
    """Those of the contacts whose records have not been listed since, in order."""
    p = t.parent_read.c
    read: set[str] = set()
    wanted = list(ids)
    for some in chunks(wanted):
        at = (p.pair == shelf.pair, p.side == shelf.side.value, p.resource == shelf.resource.value)
        found = sa.select(p.parent_id).where(*at, within(p.parent_id, some), p.read_at >= since)
        read.update(db.execute(found).scalars())
    return [one for one in wanted if one not in read]


def _of_contacts(run_id: int, pair: str, side: Side) -> list[sa.Select[str]]:
    listed = sa.and_(_B.run_id == run_id, _B.resource == Resource.CONTACT.value)
    joined = t.backfill_item.join(t.member, _stands(_M, pair, Resource.CONTACT))
    alive = sa.and_(listed, _M.state != State.GONE.value)
    theirs = _id_of(side)
    return [
        sa.select(_B.remote_id.label("remote_id"))
        .select_from(joined)
        .where(alive, _B.side == side.value),
        sa.select(theirs.label("remote_id"))
        .select_from(joined.join(t.link, _L.id == _M.link_id))
        .where(listed, _B.side == side.other.value, theirs.is_not(None)),
    ]


def _stands(
    member: sa.sql.base.ReadOnlyColumnCollection[str, Any], pair: str, resource: Resource
) -> sa.ColumnElement[bool]:
    """As which record something on the list stands in the pair."""
    return sa.and_(
        member.pair == pair,
        member.resource == resource.value,
        member.side == _B.side,
        member.remote_id == _B.remote_id,
    )


def _id_of(side: Side) -> sa.Column[str]:
    return _L.left_id if side is Side.LEFT else _L.right_id


def _page(db: sa.Connection, found: list[sa.Select[str]], limit: int, after: str) -> list[str]:
    ids = sa.union(*found).subquery()
    page = sa.select(ids.c.remote_id).where(ids.c.remote_id > after)
    return list(db.execute(page.order_by(ids.c.remote_id).limit(limit)).scalars())
