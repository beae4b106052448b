"""Contacts whose records can only be listed one contact at a time: when that was done, and for
whom it is due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, upsert
from syncd.store.within import within

_P = t.parent_read.c
NO_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Shelf:
    """The records of one resource on one side of a pair."""

    pair: str
    side: Side
    resource: Resource

    @property
    def key(self) -> dict[str, Any]:
        return {"pair": self.pair, "side": self.side.value, "resource": self.resource.value}


def _at(pair: Any, side: Any, resource: Any) -> sa.ColumnElement[bool]:
    return sa.and_(_P.pair == pair, _P.side == side, _P.resource == resource)


def note_due(db: sa.Connection, shelf: Shelf, ids: Iterable[str]) -> None:
    """Have the records of these contacts listed by the next cycle."""
    rows = [{**shelf.key, "parent_id": one, "due": True} for one in sorted({*ids})]
    upsert(db, t.parent_read, rows, ["due"])


def note_new(db: sa.Connection, shelf: Shelf, ids: Iterable[str]) -> None:
    """Have the records of these contacts listed by the next cycle, if they never were."""
    upsert(db, t.parent_read, [{**shelf.key, "parent_id": i, "due": True} for i in sorted({*ids})])


@prepared
def _due(pair: Any, side: Any, resource: Any, limit: Any, after: Any) -> sa.Executable:
    at = (_at(pair, side, resource), _P.due, _P.parent_id > after)
    return sa.select(_P.parent_id).where(*at).order_by(_P.parent_id).limit(limit)


def due(db: sa.Connection, shelf: Shelf, limit: int, after: str = "") -> list[str]:
    """Contacts whose records are to be listed, in order, beginning after one."""
    return list(_due(db, **shelf.key, limit=limit, after=after).scalars())


@prepared
def _oldest(pair: Any, side: Any, resource: Any, limit: Any, before: Any) -> sa.Executable:
    at = (_at(pair, side, resource), _P.read_at < before)
    return sa.select(_P.parent_id).where(*at).order_by(_P.read_at).limit(limit)


def oldest(db: sa.Connection, shelf: Shelf, limit: int | None, *, before: datetime) -> list[str]:
    """Those whose records were listed longest ago, the first of them first.

    Args:
        limit: at most so many; None: all.
        before: leave out those of which they were listed since.
    """
    most = NO_LIMIT if limit is None else limit
    return list(_oldest(db, **shelf.key, limit=most, before=before).scalars())


@prepared
def _read_at(pair: Any, side: Any, resource: Any, parent_id: Any) -> sa.Executable:
    at = (_at(pair, side, resource), _P.parent_id == parent_id)
    return sa.select(_P.read_at).where(*at)


def was_read(db: sa.Connection, shelf: Shelf, parent_id: str) -> bool:
    """Whether the records of a contact have ever been listed."""
    return _read_at(db, **shelf.key, parent_id=parent_id).scalar() is not None


def note_read(db: sa.Connection, shelf: Shelf, parent_id: str, now: datetime) -> None:
    """Note that the records of a contact have been listed."""
    row = {**shelf.key, "parent_id": parent_id, "read_at": now, "due": False}
    upsert(db, t.parent_read, [row], ["read_at", "due"])


@prepared
def _turn(pair: Any, side: Any, resource: Any, parent_id: Any, now: Any) -> sa.Executable:
    here = sa.and_(_at(pair, side, resource), _P.parent_id == parent_id)
    return t.parent_read.update().where(here, _P.read_at < now).values(read_at=now)


def note_turn(db: sa.Connection, shelf: Shelf, parent_id: str, now: datetime) -> None:
    """Note that another pair has had its turn with a contact. If it is due here, it stays so."""
    _turn(db, **shelf.key, parent_id=parent_id, now=now)


def forget(db: sa.Connection, shelf: Shelf, ids: Iterable[str]) -> None:
    """Never list the records of these contacts again, unless something happens to them."""
    for some in chunks(ids):
        here = sa.and_(_at(*shelf.key.values()), within(_P.parent_id, some))
        db.execute(t.parent_read.delete().where(here))


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the records of a shelf are read.

    Attributes:
        contacts: of so many they are listed, one contact at a time; of `due` the next cycle does.
        oldest: when the look was that is longest ago.
    """

    contacts: int = 0
    due: int = 0
    oldest: datetime | None = None


def standing(db: sa.Connection, shelf: Shelf) -> Reading:
    """How far the records of a shelf are read."""
    due = sa.func.sum(sa.case((_P.due, 1), else_=0))
    counted = sa.select(sa.func.count(), due, sa.func.min(_P.read_at))
    number, waiting, read_at = db.execute(counted.where(_at(*shelf.key.values()))).one()
    return Reading(int(number), int(waiting or 0), read_at)
