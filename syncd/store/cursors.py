"""Where each listing of a pair goes on."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.inquiries import Place
from syncd.store.prepared import prepared
from syncd.store.upsert import upsert
from syncd.store.within import within


@dataclass(frozen=True, slots=True)
class Cursor:
    """The state of one listing.

    Attributes:
        cursor: of the incremental pull; None before the first sweep is complete.
        sweep_cursor, sweep: of a sweep under way, and its number; None outside of one.
        sweep_began: when that began, aware UTC.
        swept_at: when the last complete sweep ended, aware UTC; swept_count: what it saw.
        swept_from: when the last complete sweep began; swept_reads: digest of what it asked for.
        reads: digest of the fields that the last sweep asked for; what other fields hold is
            not known of records that did not change since.
        read_at: when everything up to then had been read, aware UTC; kept only where several
            pairs read the account.
    """

    cursor: str | None = None
    sweep_cursor: str | None = None
    sweep: int | None = None
    swept_at: datetime | None = None
    swept_count: int | None = None
    reads: str | None = None
    sweep_began: datetime | None = None
    read_at: datetime | None = None
    swept_from: datetime | None = None
    swept_reads: str | None = None


_C = t.cursor.c
_COLUMNS = tuple(field.name for field in fields(Cursor))


@prepared
def _load(pair: Any, side: Any, resource: Any) -> sa.Executable:
    return sa.select(*(_C[name] for name in _COLUMNS)).where(
        _C.pair == pair, _C.side == side, _C.resource == resource
    )


def load(db: sa.Connection, pair: str, side: Side, resource: Resource) -> Cursor:
    row = _load(db, pair=pair, side=side.value, resource=resource.value).first()
    return Cursor(*row) if row else Cursor()


@prepared
def _of(pairs: Any, resource: Any, reads: Any) -> sa.Executable:
    state = sa.select(_C.pair, _C.side, *(_C[name] for name in _COLUMNS))
    return state.where(within(_C.pair, pairs), _C.resource == resource, _C.swept_reads == reads)


def alike(
    db: sa.Connection, places: Collection[Place], resource: Resource, reads: str
) -> dict[str, Cursor]:
    """By pair, where those of these pairs go on whose listing shows the same.

    Args:
        places: pairs, each with the side on which it reads.
        reads: digest of the fields and of the part that is asked for.
    """
    rows = _of(db, pairs=[pair for pair, _ in places], resource=resource.value, reads=reads)
    return {pair: Cursor(*state) for pair, side, *state in rows if (pair, Side(side)) in places}


def save(db: sa.Connection, pair: str, side: Side, resource: Resource, now: Cursor) -> None:
    place = {"pair": pair, "side": side.value, "resource": resource.value}
    upsert(db, t.cursor, [{**place, **asdict(now)}], _COLUMNS)
