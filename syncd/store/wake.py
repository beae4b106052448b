"""Members that something has happened to: they are reconciled in the next pass.

What one pair hears of concerns others, at which other processes may be at work.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from syncd.model.link import State
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, locking
from syncd.store.within import within

_M = t.member.c


def _lock(which: sa.ColumnElement[bool]) -> sa.Executable:
    """For PostgreSQL, where who is awake may be about to fall asleep in another transaction.

    That is waited for, by all in one order.
    """
    return locking(sa.select(_M.todo).where(which), t.member)


def _wake(which: sa.ColumnElement[bool]) -> sa.Executable:
    return t.member.update().where(which, ~_M.todo).values(todo=True)


_lock_keys = prepared(lambda keys: _lock(within(_M.key, keys)))
_wake_keys = prepared(lambda keys: _wake(within(_M.key, keys)))


def by_keys(db: sa.Connection, keys: Iterable[str]) -> None:
    """Have every member with one of these keys reconciled, in whatever pair it is."""
    for some in chunks(keys):
        if db.dialect.name != "sqlite":
            _lock_keys(db, keys=some)
        _wake_keys(db, keys=some)


_lock_links = prepared(lambda links: _lock(within(_M.link_id, links)))
_wake_links = prepared(lambda links: _wake(within(_M.link_id, links)))


def by_links(db: sa.Connection, links: Iterable[int]) -> None:
    """Have the members of these links reconciled."""
    for some in chunks(links):
        if db.dialect.name != "sqlite":
            _lock_links(db, links=some)
        _wake_links(db, links=some)


def _under(pair: Any, side: Any, parents: Any) -> sa.ColumnElement[bool]:
    return sa.and_(_M.pair == pair, _M.side == side, within(_M.parent_id, parents))


_lock_children = prepared(lambda pair, side, parents: _lock(_under(pair, side, parents)))
_wake_children = prepared(lambda pair, side, parents: _wake(_under(pair, side, parents)))


def children(db: sa.Connection, pair: str, side: Side, parents: Iterable[str]) -> None:
    """Have everything reconciled that belongs to these contacts."""
    for some in chunks(parents):
        those = {"pair": pair, "side": side.value, "parents": some}
        if db.dialect.name != "sqlite":
            _lock_children(db, **those)
        _wake_children(db, **those)


def _shown(pair: Any, resource: Any, side: Any, ids: Any) -> sa.ColumnElement[bool]:
    at = (_M.pair == pair, _M.resource == resource, _M.side == side)
    return sa.and_(*at, within(_M.remote_id, ids))


_lock_records = prepared(lambda pair, resource, side, ids: _lock(_shown(pair, resource, side, ids)))
_wake_records = prepared(lambda pair, resource, side, ids: _wake(_shown(pair, resource, side, ids)))


def by_records(
    db: sa.Connection, places: Iterable[tuple[str, Side]], resource: Resource, ids: Iterable[str]
) -> None:
    """Have these records of one account reconciled in other pairs that share it."""
    wanted = list(ids)
    for pair, side in places:
        for some in chunks(wanted):
            those = {"pair": pair, "resource": resource.value, "side": side.value, "ids": some}
            if db.dialect.name != "sqlite":
                _lock_records(db, **those)
            _wake_records(db, **those)


def everybody(db: sa.Connection, pair: str) -> None:
    """Have the whole pair reconciled, after its mapping or filter changed."""
    db.execute(
        t.member.update()
        .where(_M.pair == pair, _M.state != State.GONE.value, ~_M.todo)
        .values(todo=True)
    )


def everybody_anew(db: sa.Connection, pair: str, resource: Resource) -> None:
    """Have the whole pair reconciled, and again with the next look at each record.

    What the looks show then counts as new even where it is what was known before.
    """
    db.execute(
        t.member.update()
        .where(_M.pair == pair, _M.resource == resource.value, _M.state != State.GONE.value)
        .values(todo=True, digest=None)
    )


def left_out(db: sa.Connection, pair: str, resource: Resource, cause: str) -> None:
    """Have those reconciled again that take no part for a cause, as time may have ended that."""
    db.execute(
        t.member.update()
        .where(_M.pair == pair, _M.resource == resource.value)
        .where(_M.state == State.FILTERED.value, _M.cause == cause, ~_M.todo)
        .values(todo=True)
    )


def parked(db: sa.Connection, pair: str, causes: Sequence[str] = ()) -> int:
    """Try parked members again, all or those with a cause; how many they are."""
    update = (
        t.member.update().where(_M.pair == pair, _M.state == State.PARKED.value).values(todo=True)
    )
    if causes:
        update = update.where(_M.cause.in_(causes))
    return db.execute(update).rowcount
