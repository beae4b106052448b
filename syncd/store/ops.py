"""The outbox: every intended remote write, before it is sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from syncd.model.op import Op, OpKind, OpState
from syncd.model.plan import Draft
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Patch, fields_from_json, fields_to_json
from syncd.store import leases
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, insert, update
from syncd.store.within import within


@dataclass(frozen=True, slots=True)
class Sent:
    """A stored op with what its confirmation needs."""

    op: Op
    side: Side
    link_id: int
    advance: Both[Patch]
    ends: str | None
    sent_at: datetime | None


_O = t.op.c


def advance_to_json(advance: Both[Patch]) -> dict[str, Any]:
    return {side.value: fields_to_json(advance[side]) for side in SIDES}


def stage(
    db: sa.Connection, pair: str, run_id: int, resource: Resource, drafts: Sequence[Draft]
) -> None:
    """Store ops as `held`: nothing is sent before a guard has seen the whole run."""
    if not drafts:
        return
    insert(
        db,
        t.op,
        [
            {
                "pair": pair,
                "run_id": run_id,
                "link_id": d.link_id,
                "resource": resource.value,
                "side": d.side.value,
                "kind": d.kind.value,
                "remote_id": d.remote_id,
                "patch": fields_to_json(d.patch),
                "current": fields_to_json(d.current),
                "advance": advance_to_json(d.advance),
                "ends": d.ends,
                "urgent": d.urgent,
                "routine": d.routine,
                "chosen": sorted(d.chosen) or None,
                "state": OpState.HELD.value,
                "attempts": 0,
                "parent_id": d.parent_id,
                "moves": d.moves or None,
            }
            for d in drafts
        ],
    )


@prepared
def _ready(
    pair: Any, run_id: Any, side: Any, resource: Any, urgent: Any, limit: Any
) -> sa.Executable:
    return (
        sa.select(_O.id)
        .where(_O.pair == pair, _O.run_id == run_id, _O.state == OpState.READY.value)
        .where(_O.side == side, _O.resource == resource, _O.urgent == urgent)
        .order_by(_O.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def claim(
    db: sa.Connection,
    lease: leases.Lease,
    resource: Resource,
    side: Side,
    limit: int,
    now: datetime,
    run_id: int,
    *,
    urgent: bool,
) -> list[Sent]:
    """Mark the next ready ops of a run as being sent to one side: the urgent ones, or the others.

    The caller commits this before it calls the platform. An op found in state `sending`
    after a crash is therefore in doubt, and `engine.recover` looks at the platform
    before it decides. On PostgreSQL several workers may drain one pair: each skips the
    rows that another has locked. SQLite has one writer and needs no skip.

    Raises:
        LeaseLostError: another worker took the pair over; nothing is marked.
    """
    leases.hold(db, lease, now)
    place = {"pair": lease.pair, "side": side.value, "resource": resource.value}
    ids = _ready(db, **place, run_id=run_id, urgent=urgent, limit=limit).scalars().all()
    if not ids:
        return []
    _send(db, ids=ids, now=now)
    return load(db, ids)


@prepared
def _send(ids: Any, now: Any) -> sa.Executable:
    sending = {"state": OpState.SENDING.value, "attempts": _O.attempts + 1, "sent_at": now}
    return t.op.update().where(within(_O.id, ids)).values(**sending)


def give_back(db: sa.Connection, ids: Iterable[int]) -> None:
    """Let ops be claimed again that were claimed and, for certain, not sent."""
    for some in chunks(ids):
        db.execute(
            t.op.update()
            .where(within(_O.id, some))
            .values(state=OpState.READY.value, attempts=_O.attempts - 1, sent_at=None)
        )


COLUMNS = (
    _O.id,
    _O.resource,
    _O.kind,
    _O.remote_id,
    _O.patch,
    _O.current,
    _O.urgent,
    _O.attempts,
    _O.side,
    _O.link_id,
    _O.advance,
    _O.ends,
    _O.sent_at,
    _O.parent_id,
    _O.moves,
)


def sent_of(row: Any) -> Sent:
    op = Op(
        id=row.id,
        resource=Resource(row.resource),
        kind=OpKind(row.kind),
        remote_id=row.remote_id,
        patch=fields_from_json(row.patch),
        current=fields_from_json(row.current),
        urgent=row.urgent,
        attempts=row.attempts,
        parent_id=row.parent_id,
        moves=bool(row.moves),
    )
    advance: Both[Patch] = Both(*(fields_from_json(row.advance[s]) for s in ("left", "right")))
    return Sent(op, Side(row.side), row.link_id, advance, row.ends, row.sent_at)


@prepared
def _load(ids: Any) -> sa.Executable:
    return sa.select(*COLUMNS).where(within(_O.id, ids))


def load(db: sa.Connection, ids: Iterable[int]) -> list[Sent]:
    """Ops by id, in the order of their ids."""
    found: list[Sent] = []
    for some in chunks(ids):
        found.extend(map(sent_of, _load(db, ids=some)))
    return sorted(found, key=lambda sent: sent.op.id)


def last_sent(db: sa.Connection, side: Side, link_ids: Iterable[int]) -> dict[int, datetime]:
    """When something was last sent to one side of these links, by link."""
    found: dict[int, datetime] = {}
    for some in chunks(link_ids):
        rows = db.execute(
            sa.select(_O.link_id, sa.func.max(_O.sent_at))
            .where(within(_O.link_id, some), _O.side == side.value, _O.sent_at.is_not(None))
            .group_by(_O.link_id)
        )
        found.update((link_id, at) for link_id, at in rows)
    return found


def settle(
    db: sa.Connection,
    states: Mapping[int, tuple[OpState, str | None]],
    verified: Mapping[int, bool] = MappingProxyType({}),
) -> None:
    """Give ops their new state and the text of their error.

    Args:
        verified: of those of them whose answer shows the record, whether it is in effect there.
    """
    rows = {
        op_id: {"id": op_id, "state": state.value, "error": error}
        for op_id, (state, error) in states.items()
    }
    update(db, t.op, [row for op_id, row in rows.items() if op_id not in verified])
    update(db, t.op, [{**rows[op_id], "verified": so} for op_id, so in verified.items()])


def lost_opt_outs(db: sa.Connection, run_id: int) -> bool:
    """Whether a run has an opt-out that was dropped, and none of that record later."""
    later = t.op.alias()
    done_since = sa.exists().where(
        later.c.run_id == run_id,
        later.c.link_id == _O.link_id,
        later.c.side == _O.side,
        later.c.urgent,
        later.c.id > _O.id,
    )
    lost = sa.select(_O.id).where(
        _O.run_id == run_id, _O.urgent, _O.state == OpState.DROPPED.value, ~done_since
    )
    return db.execute(lost.limit(1)).first() is not None


_UNSENT = _O.state.in_((OpState.HELD.value, OpState.READY.value))
_drop_unsent = prepared(lambda pair: t.op.delete().where(_O.pair == pair, _UNSENT))
_wake_unsent = prepared(
    lambda pair: (
        t.member.update()
        .where(t.member.c.link_id.in_(sa.select(_O.link_id).where(_O.pair == pair, _UNSENT)))
        .where(~t.member.c.todo)
        .values(todo=True)
    )
)
_an_unsent = prepared(lambda pair: sa.select(_O.id).where(_O.pair == pair, _UNSENT).limit(1))


def has_unsent(db: sa.Connection, pair: str) -> bool:
    """Whether there is an intent that was not sent."""
    return _an_unsent(db, pair=pair).first() is not None


def drop_unsent(db: sa.Connection, pair: str) -> int:
    """Throw away every intent that was not sent; its records are planned again."""
    _wake_unsent(db, pair=pair)
    return int(_drop_unsent(db, pair=pair).rowcount)


@prepared
def _release(run_id: Any, resource: Any, urgency: Any, full: Any) -> sa.Executable:
    return (
        t.op.update()
        .where(_O.run_id == run_id, _O.resource == resource)
        .where(_O.state == OpState.HELD.value, _O.urgent.in_(urgency))
        .where(sa.or_(_O.kind != OpKind.CREATE.value, _O.side.not_in(full)))
        .values(state=OpState.READY.value)
    )


def release(
    db: sa.Connection,
    run_id: int,
    resource: Resource,
    *,
    urgent_only: bool = False,
    no_creates: Iterable[Side] = (),
) -> int:
    """Let the held ops of a run and resource be sent; how many they are.

    Args:
        no_creates: sides on which creates stay held.
    """
    urgency = [True] if urgent_only else [True, False]
    full = [side.value for side in no_creates]
    at = {"run_id": run_id, "resource": resource.value}
    return int(_release(db, **at, urgency=urgency, full=full).rowcount)


@prepared
def _with_open_ops(link_ids: Any) -> sa.Executable:
    open_states = (
        OpState.HELD.value,
        OpState.READY.value,
        OpState.SENDING.value,
        OpState.TAKEN.value,
    )
    return sa.select(_O.link_id).where(within(_O.link_id, link_ids), _O.state.in_(open_states))


def links_with_open_ops(db: sa.Connection, link_ids: Iterable[int]) -> set[int]:
    """Those of the links that have an op planned, ready or in doubt."""
    found: set[int] = set()
    for some in chunks(link_ids):
        found.update(_with_open_ops(db, link_ids=some).scalars())
    return found


def refused_links(db: sa.Connection, run_id: int, link_ids: Iterable[int]) -> set[int]:
    """Those of the links to which a write of this run was refused for good."""
    found: set[int] = set()
    for some in chunks(link_ids):
        dead = sa.select(_O.link_id).where(
            _O.run_id == run_id, within(_O.link_id, some), _O.state == OpState.DEAD.value
        )
        found.update(db.execute(dead).scalars())
    return found
