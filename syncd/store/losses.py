"""Values that a run would take away, field by field."""

from collections import Counter
from typing import Any

import sqlalchemy as sa

from syncd.model.op import OpKind, OpState
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.model.values import SetDelta, Value, fields_from_json
from syncd.store import tables as t
from syncd.store.prepared import prepared

CHUNK = 500
_O = t.op.c


@prepared
def _candidates(run_id: Any, resource: Any, after: Any) -> sa.Executable:
    said = sa.cast(_O.patch, sa.Text)
    return (
        sa.select(_O.id, _O.side, _O.patch, _O.current)
        .where(_O.run_id == run_id, _O.resource == resource)
        .where(_O.state == OpState.HELD.value, _O.id > after)
        .where(_O.kind == OpKind.UPDATE.value, ~_O.urgent, ~_O.routine)
        .where(sa.or_(said.contains("null"), said.contains("$delta")))
        .order_by(_O.id)
        .limit(CHUNK)
    )


def count(db: sa.Connection, run_id: int, resource: Resource) -> Counter[tuple[Side, str]]:
    """In how many records of a resource the held updates of a run would empty a field.

    By side and field.

    Only ops that may take something away are looked at, a chunk at a time.
    """
    losses: Counter[tuple[Side, str]] = Counter()
    after = 0
    while True:
        rows = _candidates(db, run_id=run_id, resource=resource.value, after=after).all()
        for _, side, patch, current in rows:
            shown = fields_from_json(current)
            for name, value in fields_from_json(patch).items():
                if _empties(shown.get(name), value):
                    losses[Side(side), name] += 1
        if len(rows) < CHUNK:
            return losses
        after = rows[-1].id


def _empties(old: Value, new: Value | SetDelta) -> bool:
    if isinstance(new, SetDelta):
        return isinstance(old, frozenset) and bool(old) and not new.on(old)
    return new is None and old is not None
