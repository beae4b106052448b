"""Where each listing of a pair goes on."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import upsert


@dataclass(frozen=True, slots=True)
class Cursor:
    """The state of one listing.

    Attributes:
        cursor: of the incremental pull; None before the first sweep is complete.
        sweep_cursor, sweep: of a sweep under way, and its number; None outside of one.
        sweep_began: when that began, aware UTC.
        swept_at: when the last complete sweep ended, aware UTC; swept_count: what it saw.
        reads: digest of the fields that the last sweep asked for; what other fields hold is
            not known of records that did not change since.
    """

    cursor: str | None = None
    sweep_cursor: str | None = None
    sweep: int | None = None
    swept_at: datetime | None = None
    swept_count: int | None = None
    reads: str | None = None
    sweep_began: datetime | None = None


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


def save(db: sa.Connection, pair: str, side: Side, resource: Resource, now: Cursor) -> None:
    place = {"pair": pair, "side": side.value, "resource": resource.value}
    upsert(db, t.cursor, [{**place, **asdict(now)}], _COLUMNS)
