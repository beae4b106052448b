"""What was last written of a link, for whoever asks whether a value goes to and fro."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from syncd.model.op import Move, OpKind, OpState
from syncd.model.side import Side
from syncd.model.values import fields_from_json
from syncd.store import tables as t
from syncd.store.runs import RunState
from syncd.store.upsert import chunks
from syncd.store.within import within

LOOKED_BACK = 40  # updates of one link; a field that flips is among the last of them

_O, _R = t.op.c, t.run.c


def of_links(
    db: sa.Connection, pair: str, links: Iterable[int], *, least: int
) -> dict[int, list[Move]]:
    """The last updates of links that were carried out, newest first.

    Args:
        least: links with fewer updates than these are left out.
    """
    found: dict[int, list[Any]] = {}
    for some in chunks(links):
        for row in db.execute(_newest(some, least)):
            found.setdefault(row.link_id, []).append(row)
    if not found:
        return {}
    ran = _runs_from(db, pair, min(row.run_id for rows in found.values() for row in rows))
    return {link: [_move(row, ran) for row in rows] for link, rows in found.items()}


def _newest(links: Sequence[int], least: int) -> sa.Select[Any]:
    place = sa.func.row_number().over(partition_by=_O.link_id, order_by=_O.id.desc())
    count = sa.func.count().over(partition_by=_O.link_id)
    updates = (
        sa.select(_O.id, _O.link_id, _O.run_id, _O.side, _O.advance, _O.chosen)
        .add_columns(place.label("place"), count.label("updates"))
        .where(within(_O.link_id, links), _O.kind == OpKind.UPDATE.value)
        .where(_O.state == OpState.DONE.value, _O.urgent.is_(False))
        .subquery()
    ).c
    return (
        sa.select(updates.link_id, updates.run_id, updates.side, updates.advance, updates.chosen)
        .where(updates.updates >= least, updates.place <= LOOKED_BACK)
        .order_by(updates.id.desc())
    )


@dataclass(frozen=True, slots=True)
class _Ran:
    """Runs of a pair, in order.

    Attributes:
        cycles: how many they stand for: none of them, the first, the first two, …
    """

    ids: Sequence[int]
    cycles: Sequence[int]

    def since(self, run_id: int) -> int:
        """How many cycles there were after a run."""
        return self.cycles[-1] - self.cycles[bisect_right(self.ids, run_id)]


def _runs_from(db: sa.Connection, pair: str, first: int) -> _Ran:
    """What ran since a run; those that only planned gave nobody time to answer."""
    rows = db.execute(
        sa.select(_R.id, _R.quiet)
        .where(_R.pair == pair, _R.id >= first, _R.state != RunState.PLANNED.value)
        .order_by(_R.id)
    ).all()
    cycles = accumulate((max(row.quiet, 1) for row in rows), initial=0)
    return _Ran([row.id for row in rows], list(cycles))


def _move(row: Any, ran: _Ran) -> Move:
    return Move(
        side=Side(row.side),
        wrote=fields_from_json(row.advance[row.side]),
        ago=ran.since(row.run_id),
        chosen=frozenset(row.chosen or ()),
    )
