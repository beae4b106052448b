"""Values that many tests of the store begin with."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product

import sqlalchemy as sa

from syncd.model.link import Member, Observation, State
from syncd.model.op import OpKind
from syncd.model.plan import Draft
from syncd.model.record import Resource
from syncd.model.side import SIDES, Side
from syncd.store import leases

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAIR = "shop"
CONTACT = Resource.CONTACT
OTHER, NOTE = "other", Resource.NOTE  # a pair and a resource beside these
HERE = "host-a:17:mark-1"  # a holder as `leases.this_holder` writes it
THERE = "host-b:17:mark-2"
PLACES = dict(enumerate(product((PAIR, OTHER), (CONTACT, NOTE), SIDES), start=1))
ALL = set(PLACES)


def places(*wanted: object) -> set[int]:
    """Numbers of the places that have all of these: a pair, a resource, a side."""
    return {number for number, place in PLACES.items() if set(wanted) <= set(place)}


def member(remote_id: str, side: Side = Side.LEFT, **values: object) -> Member:
    given: dict[str, object] = {"key": f"{remote_id}@example.org", "second": None}
    return Member(side, remote_id, **{**given, "state": State.WAITING, **values})  # type: ignore[arg-type]


def observation(remote_id: str, **values: object) -> Observation:
    given: dict[str, object] = {"fields": {"email": f"{remote_id}@example.org"}, "digest": "d1"}
    return Observation(remote_id, **{**given, **values})  # type: ignore[arg-type]


def draft(link_id: int = 1, side: Side = Side.RIGHT, **values: object) -> Draft:
    given: dict[str, object] = {"kind": OpKind.UPDATE, "remote_id": "r1", "patch": {"city": "Bonn"}}
    return Draft(link_id, side, **{**given, **values})  # type: ignore[arg-type]


def take(store: sa.Engine, holder: str = HERE, now: datetime = NOW) -> leases.Lease:
    with store.begin() as db:
        return leases.take(db, PAIR, holder, now)


@contextmanager
def counted(store: sa.Engine) -> Iterator[list[str]]:
    """The statements that are sent while this is open; an executemany counts once."""
    statements: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    sa.event.listen(store, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(store, "before_cursor_execute", note)


def wait_until_another_waits(db: sa.Connection) -> None:
    """Return when another transaction waits for a lock; SQLite's others wait at their begin."""
    waiting = sa.text("select count(*) from pg_locks where not granted")
    while db.dialect.name == "postgresql" and not db.execute(waiting).scalar_one():
        pass
