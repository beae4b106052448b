"""Members that something has happened to: they are reconciled in the next pass.

What one pair hears of concerns others, at which other processes may be at work.
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from syncd.model.link import State
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.upsert import chunks

_M = t.member.c


def by_keys(db: sa.Connection, keys: Iterable[str]) -> None:
    """Have every member with one of these keys reconciled, in whatever pair it is."""
    for some in chunks(keys):
        db.execute(t.member.update().where(_M.key.in_(some), *_asleep(db)).values(todo=True))


def _asleep(db: sa.Connection) -> tuple[sa.ColumnElement[bool], ...]:
    """Which members need to be woken: none twice, unless somebody may be settling them now.

    On PostgreSQL a row that is awake as far as anybody can see may be about to fall asleep in
    a transaction that has locked it, for which an update has to wait.
    """
    return (~_M.todo,) if db.dialect.name == "sqlite" else ()


def by_links(db: sa.Connection, links: Iterable[int]) -> None:
    """Have the members of these links reconciled."""
    for some in chunks(links):
        db.execute(t.member.update().where(_M.link_id.in_(some), ~_M.todo).values(todo=True))


def by_records(
    db: sa.Connection, places: Iterable[tuple[str, Side]], resource: Resource, ids: Iterable[str]
) -> None:
    """Have these records of one account reconciled in other pairs that share it."""
    wanted = list(ids)
    for pair, side in places:
        for some in chunks(wanted):
            db.execute(
                t.member.update()
                .where(
                    _M.pair == pair,
                    _M.resource == resource.value,
                    _M.side == side.value,
                    _M.remote_id.in_(some),
                )
                .where(*_asleep(db))
                .values(todo=True)
            )


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


def parked(db: sa.Connection, pair: str, causes: Sequence[str] = ()) -> int:
    """Try parked members again, all or those with a cause; how many they are."""
    update = (
        t.member.update().where(_M.pair == pair, _M.state == State.PARKED.value).values(todo=True)
    )
    if causes:
        update = update.where(_M.cause.in_(causes))
    return db.execute(update).rowcount
