"""Writes in doubt: sent, and maybe carried out, although no answer was recorded."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from syncd.model.op import OpKind, OpState
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Patch, SetDelta
from syncd.store import tables as t
from syncd.store.ops import COLUMNS, Sent, advance_to_json, sent_of
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, update
from syncd.store.within import within

_O = t.op.c


def in_doubt(
    db: sa.Connection, pair: str, resource: Resource, limit: int, after: int = 0
) -> list[Sent]:
    """Ops whose answer was never recorded, in order, beginning after one."""
    return _in_state(db, pair, resource, (OpState.SENDING,), limit, after)


def awaited(
    db: sa.Connection, pair: str, resource: Resource, limit: int, after: int = 0
) -> list[Sent]:
    """Creates whose ids are to follow, and what only a listing can show; in order, after one."""
    return _in_state(db, pair, resource, (OpState.TAKEN, OpState.DOUBTED), limit, after)


_DOUBTFUL = (OpState.SENDING.value, OpState.TAKEN.value, OpState.DOUBTED.value)


@prepared
def _an_op(pair: Any, side: Any) -> sa.Executable:
    at = (_O.pair == pair, _O.side == side, _O.state.in_(_DOUBTFUL))
    return sa.select(_O.id).where(*at).limit(1)


def is_any(db: sa.Connection, pair: str, side: Side) -> bool:
    """Whether some write to a side may have been carried out, and is not confirmed."""
    return _an_op(db, pair=pair, side=side.value).first() is not None


def of_links(db: sa.Connection, side: Side, links: Iterable[int]) -> list[Sent]:
    """Writes to one side of these links that are not confirmed, in order."""
    found: list[Sent] = []
    for some in chunks(links):
        at = (within(_O.link_id, some), _O.side == side.value, _O.state.in_(_DOUBTFUL))
        found += map(sent_of, db.execute(sa.select(*COLUMNS).where(*at)))
    return sorted(found, key=lambda sent: sent.op.id)


def of_side(db: sa.Connection, pair: str, resource: Resource, side: Side) -> list[Sent]:
    """All writes to one side that are not confirmed, in order: few, where ids never follow."""
    at = (_O.pair == pair, _O.side == side.value, _O.state.in_(_DOUBTFUL))
    rows = db.execute(sa.select(*COLUMNS).where(*at, _O.resource == resource.value))
    return sorted(map(sent_of, rows), key=lambda sent: sent.op.id)


def forget_advances(
    db: sa.Connection, pair: str, resource: Resource, names: Both[Sequence[str]], chunk: int
) -> None:
    """Take these names out of what writes that may have been carried out do to the shadows.

    Such a write is confirmed later, and was planned with what is agreed on no more.
    """
    states, after = (OpState.SENDING, OpState.TAKEN, OpState.DOUBTED), 0
    while some := _in_state(db, pair, resource, states, chunk, after):
        rows = [
            {"id": sent.op.id, "advance": advance_to_json(_without(sent.advance, names))}
            for sent in some
            if any(not sent.advance[side].keys().isdisjoint(names[side]) for side in SIDES)
        ]
        update(db, t.op, rows)
        after = some[-1].op.id


def _without(advance: Both[Patch], names: Both[Sequence[str]]) -> Both[Patch]:
    return Both(
        *({n: v for n, v in advance[side].items() if n not in names[side]} for side in SIDES)
    )


def doubted(db: sa.Connection, side: Side, link_ids: Iterable[int]) -> dict[int, int]:
    """The last create of each of these links that may have been carried out, by link."""
    found: dict[int, int] = {}
    for some in chunks(link_ids):
        rows = db.execute(
            sa.select(_O.link_id, sa.func.max(_O.id))
            .where(within(_O.link_id, some), _O.side == side.value, _O.kind == OpKind.CREATE.value)
            .where(_O.state == OpState.DOUBTED.value)
            .group_by(_O.link_id)
        )
        found.update((link_id, op_id) for link_id, op_id in rows)
    return found


def overtaken(db: sa.Connection, side: Side, doubted: Iterable[Sent]) -> set[int]:
    """Those of the ops of one side some field of which a later op has written.

    A set is another matter: a later op does not say of which members it holds otherwise.
    """
    by_link: dict[int, list[tuple[int, set[str]]]] = {}
    for sent in doubted:
        plain = {name for name, value in sent.op.patch.items() if not isinstance(value, SetDelta)}
        by_link.setdefault(sent.link_id, []).append((sent.op.id, plain))
    found: set[int] = set()
    for some in chunks(by_link):
        done = sa.select(_O.link_id, _O.id, _O.patch).where(
            within(_O.link_id, some), _O.side == side.value, _O.state == OpState.DONE.value
        )
        for link_id, op_id, patch in db.execute(done):
            found |= {old for old, plain in by_link[link_id] if old < op_id and plain & {*patch}}
    return found


@prepared
def _after(pair: Any, resource: Any, states: Any, limit: Any, after: Any) -> sa.Executable:
    at = (_O.pair == pair, _O.resource == resource, _O.state.in_(states), _O.id > after)
    return sa.select(*COLUMNS).where(*at).order_by(_O.id).limit(limit)


def _in_state(
    db: sa.Connection,
    pair: str,
    resource: Resource,
    states: Sequence[OpState],
    limit: int,
    after: int,
) -> list[Sent]:
    at = {"pair": pair, "resource": resource.value, "states": [state.value for state in states]}
    found = _after(db, **at, limit=limit, after=after)
    return [sent_of(row) for row in found]
