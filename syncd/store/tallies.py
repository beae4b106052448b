"""The ops of runs and links as people and limits see them: counted, or a few of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from syncd.model.op import OpKind, OpState
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.model.values import Patch, fields_from_json
from syncd.store import tables as t
from syncd.store.ops import COLUMNS, Sent, sent_of
from syncd.store.prepared import prepared

_O = t.op.c


def count_unshown_opt_outs(db: sa.Connection, pair: str, side: Side) -> int:
    """How many opt-outs were written to one side that its platform has never shown."""
    counted = sa.select(sa.func.count(_O.link_id.distinct())).where(
        _O.pair == pair,
        _O.side == side.value,
        _O.state == OpState.DONE.value,
        _O.urgent,
        _O.verified.is_not(True),
    )
    return int(db.execute(counted).scalar_one())


@prepared
def _count_in_doubt(pair: Any) -> sa.Executable:
    unshown = (OpState.SENDING.value, OpState.TAKEN.value, OpState.DOUBTED.value)
    return sa.select(sa.func.count()).where(_O.pair == pair, _O.state.in_(unshown))


def count_in_doubt(db: sa.Connection, pair: str) -> int:
    """How many ops there are that went out, and that no answer or listing has shown."""
    return int(_count_in_doubt(db, pair=pair).scalar_one())


@dataclass(frozen=True, slots=True)
class Tally:
    """How many ops of a run are alike."""

    resource: Resource
    side: Side
    kind: OpKind
    urgent: bool
    routine: bool
    state: OpState
    count: int


@prepared
def _tally(run_id: Any) -> sa.Executable:
    alike = (_O.resource, _O.side, _O.kind, _O.urgent, _O.routine, _O.state)
    counted = sa.select(*alike, sa.func.count()).where(_O.run_id == run_id)
    return counted.group_by(*alike).order_by(*alike)


def tally(db: sa.Connection, run_id: int) -> list[Tally]:
    """How many ops of a run there are, by what they are."""
    return [
        Tally(
            Resource(resource),
            Side(side),
            OpKind(kind),
            bool(urgent),
            bool(routine),
            OpState(state),
            n,
        )
        for resource, side, kind, urgent, routine, state, n in _tally(db, run_id=run_id)
    ]


def of_link(db: sa.Connection, link_id: int, limit: int = 20) -> list[dict[str, Any]]:
    """The last ops of one link, newest first, for `explain`."""
    rows = db.execute(
        sa.select(
            _O.id,
            _O.run_id,
            _O.side,
            _O.kind,
            _O.state,
            _O.patch,
            _O.sent_at,
            _O.attempts,
            _O.error,
        )
        .where(_O.link_id == link_id)
        .order_by(_O.id.desc())
        .limit(limit)
    ).mappings()
    return [dict(row) for row in rows]


def patches(db: sa.Connection, run_id: int, resource: Resource, side: Side) -> Iterator[Patch]:
    """What the changes of a run change on one side, each of them; opt-outs are none."""
    asked = sa.select(_O.patch).where(
        _O.run_id == run_id,
        _O.resource == resource.value,
        _O.side == side.value,
        _O.kind == OpKind.UPDATE.value,
        ~_O.urgent,
    )
    for patch in db.execute(asked).scalars().yield_per(500):
        yield fields_from_json(patch)


def sample(db: sa.Connection, run_id: int, limit: int) -> list[Sent]:
    """The first ops of a run, urgent ones first, for `plan`."""
    rows = db.execute(
        sa.select(*COLUMNS)
        .where(_O.run_id == run_id)
        .order_by(_O.urgent.desc(), _O.id)
        .limit(limit)
    )
    return [sent_of(row) for row in rows]
