"""Backfill: one window of time, worked through in chunks that are read back.

    read both sides whole once → list the window → plan all → guard → per chunk:
    plan anew → apply → read back → tick off

A kill at any moment loses nothing: the list says what is done, and ops in doubt are looked
up first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from syncd.engine.apply import apply
from syncd.engine.context import Bench, Cycle, Pair
from syncd.engine.cycle import leased
from syncd.engine.matching import match_keys
from syncd.engine.observe import settle_doubts, take_in
from syncd.engine.pull import pull
from syncd.engine.readback import read_back
from syncd.engine.reconcile import plan_links
from syncd.engine.recover import recover
from syncd.engine.release import accept, release, require_same_accounts
from syncd.errors import ConfigError, SyncdError
from syncd.model.link import Member
from syncd.model.op import OpKind, OpState
from syncd.model.record import Window
from syncd.model.side import SIDES, Both, Side
from syncd.store import backfills, members, ops, runs
from syncd.store.backfills import Item
from syncd.store.database import explained, reading
from syncd.store.ops import Tally
from syncd.store.runs import Run, RunState
from syncd.store.upsert import chunks

MODE = "backfill"


@dataclass(frozen=True, slots=True)
class Order:
    """What a backfill was asked to do.

    Attributes:
        targets: sides to write on; the records are those of the other sides.
        chunk: records per chunk (>= 1).
    """

    window: Window
    targets: frozenset[Side] = frozenset(SIDES)
    chunk: int = 200

    @property
    def sources(self) -> tuple[Side, ...]:
        return tuple(side for side in SIDES if side.other in self.targets)

    def to_json(self) -> dict[str, Any]:
        return {
            "since": self.window.since.isoformat(),
            "until": self.window.until.isoformat(),
            "targets": sorted(self.targets),
            "chunk": self.chunk,
        }

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> "Order":
        since, until = (datetime.fromisoformat(stored[name]) for name in ("since", "until"))
        return Order(Window(since, until), frozenset(map(Side, stored["targets"])), stored["chunk"])


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """What a backfill did, over all its sittings.

    Attributes:
        wanted: planned writes by `account.kind`.
        listed: records in the window; done: those worked through.
        verified: writes that the platform showed in effect; differing: that it showed not to be.
        parked: records of the window that need a person.
    """

    run_id: int
    state: RunState
    listed: int = 0
    done: int = 0
    wanted: Mapping[str, int] = field(default_factory=dict)
    created: int = 0
    updated: int = 0
    opted_out: int = 0
    unchanged: int = 0
    parked: int = 0
    failed: int = 0
    verified: int = 0
    differing: int = 0
    reasons: tuple[str, ...] = ()


def start(bench: Bench, pair: Pair, order: Order) -> Run:
    """Note a new backfill; `carry_out` works through it."""
    with explained(bench.store), bench.store.begin() as db:
        run = runs.start(db, pair.name, MODE, bench.now())
        progress = {"order": order.to_json(), "listed": False, "unchanged": 0}
        runs.update(db, run.id, progress=progress)
    return replace(run, progress=progress)


def resumable(bench: Bench, pair: str, run_id: int) -> Run:
    """A backfill that was broken off or held.

    Raises:
        ConfigError: there is no such run, or it is done.
    """
    with explained(bench.store), reading(bench.store) as db:
        run = runs.get(db, run_id)
        newest = runs.last(db, pair, mode=MODE)
    if run is None or run.pair != pair or run.mode != MODE:
        hint = f"The newest backfill of '{pair}' is run {newest.id}." if newest else ""
        raise ConfigError(f"Run {run_id} is no backfill of pair '{pair}'.", hint=hint)
    if run.state is RunState.DONE:
        raise ConfigError(f"Run {run_id} is done. Nothing was left to do.")
    return run


def carry_out(pair: Pair, bench: Bench, run: Run, *, dry_run: bool = False) -> BackfillReport:
    """Work through a backfill from where it stands.

    Args:
        dry_run: stop after the guard; nothing is sent.

    Raises:
        BusyError: another process works on the pair.
        AccountError, TransientError: a platform refuses; what was sent is confirmed, and
            the run can be resumed.
    """
    assert run.progress is not None  # noqa: S101 - `start` and `resumable` see to it
    order = Order.from_json(run.progress["order"])
    endless = replace(pair, slice=timedelta(days=3650))
    with explained(bench.store), leased(pair, bench) as lease:
        cycle = Cycle(endless, bench, lease, run.id, order.targets)
        try:
            return _sitting(cycle, run, order, dry_run=dry_run)
        except SyncdError as error:
            with bench.store.begin() as db:
                runs.update(db, run.id, state=RunState.OPEN, error=str(error))
            raise


def _sitting(cycle: Cycle, run: Run, order: Order, *, dry_run: bool) -> BackfillReport:
    require_same_accounts(cycle, run)
    recover(cycle)
    progress = dict(run.progress or {})
    if not progress["listed"]:
        _read_all_once(cycle)
        _list_window(cycle, order)
        progress["listed"] = True
        with cycle.bench.store.begin() as db:
            runs.update(db, run.id, progress=progress)
    wanted, reasons = _plan_all(cycle, run, order)
    if reasons or dry_run:
        state = RunState.HELD if reasons and not dry_run else RunState.PLANNED
        return _end(cycle, state, wanted, reasons, progress)
    accept(cycle)
    while items := _next(cycle, order.chunk):
        _chunk(cycle, items, progress)
        if cycle.bench.stopping():
            return _end(cycle, RunState.OPEN, wanted, (), progress)
    return _end(cycle, RunState.DONE, wanted, (), progress)


def _read_all_once(cycle: Cycle) -> None:
    """A record outside the window may be the counterpart of one inside it.

    Without knowing all of both sides, a backfill would create what exists already.
    """
    for side in SIDES:
        pull(cycle, side)


def _list_window(cycle: Cycle, order: Order) -> None:
    pair = cycle.pair
    for side in order.sources:
        pages = pair.connector(side).pull(
            pair.resource, None, fields=pair.fields[side], window=order.window
        )
        for page in pages:
            records = settle_doubts(cycle, side, page.records)
            with cycle.bench.store.begin() as db:
                take_in(db, cycle, side, records)
                ids = [record.remote_id for record in records if not record.gone]
                backfills.add(db, cycle.run_id, side, ids)
            cycle.bench.crash("listed")


def _plan_all(cycle: Cycle, run: Run, order: Order) -> tuple[Counter[str], tuple[str, ...]]:
    """What the rest of the window would write, for the guard; the plan is thrown away."""
    after = 0
    while True:
        with reading(cycle.bench.store) as db:
            items = backfills.waiting(db, cycle.run_id, order.chunk, after)
        if not items:
            break
        _plan_items(cycle, items)
        after = items[-1].id
    released = release(cycle, run, send=False)
    with cycle.bench.store.begin() as db:
        ops.drop_unsent(db, cycle.pair.name)
    return Counter(released.counts), released.reasons


def _next(cycle: Cycle, chunk: int) -> list[Item]:
    with reading(cycle.bench.store) as db:
        return backfills.waiting(db, cycle.run_id, chunk)


def _chunk(cycle: Cycle, items: Sequence[Item], progress: dict[str, Any]) -> None:
    planned = _plan_items(cycle, items)
    with reading(cycle.bench.store) as db:
        busy = ops.links_with_open_ops(db, planned)
    _send(cycle)
    _plan_items(cycle, items)  # what follows from what was sent, e.g. the other side's id
    _send(cycle)
    opted_out = read_back(cycle, planned)
    if opted_out:
        _carry_opt_outs(cycle, opted_out)
    with cycle.bench.store.begin() as db:
        backfills.finish(db, [item.id for item in items])
        progress["unchanged"] += len(set(planned) - busy)
        runs.update(db, cycle.run_id, progress=progress)
        done, listed = backfills.count(db, cycle.run_id)
    cycle.bench.progress("backfill", done, listed)
    cycle.bench.crash("chunk")


def _plan_items(cycle: Cycle, items: Sequence[Item]) -> list[int]:
    """Match and plan these records; the ids of their links."""
    pair = cycle.pair
    with cycle.bench.store.begin() as db:
        keys = sorted({m.key for m in _members(db, cycle, items) if m.key is not None})
        match_keys(db, cycle, keys)
        ids = sorted({m.link_id for m in _members(db, cycle, items) if m.link_id is not None})
        for some in chunks(ids, pair.chunk):
            plan_links(db, cycle, some)
    return ids


def _members(db: sa.Connection, cycle: Cycle, items: Iterable[Item]) -> list[Member]:
    pair = cycle.pair
    ids: Both[list[str]] = Both([], [])
    for item in items:
        ids[item.side].append(item.remote_id)
    return [
        member
        for side in SIDES
        for member in members.load(db, pair.name, pair.resource, side, ids[side]).values()
    ]


def _send(cycle: Cycle) -> None:
    with cycle.bench.store.begin() as db:
        ready = ops.release(db, cycle.run_id)
    if ready:
        apply(cycle)


def _carry_opt_outs(cycle: Cycle, keys: Iterable[str]) -> None:
    pair = cycle.pair
    with cycle.bench.store.begin() as db:
        found = members.with_keys(db, pair.name, pair.resource, sorted(keys))
        plan_links(db, cycle, sorted({m.link_id for m in found if m.link_id is not None}))
    _send(cycle)


def _end(
    cycle: Cycle,
    state: RunState,
    wanted: Mapping[str, int],
    reasons: tuple[str, ...],
    progress: Mapping[str, Any],
) -> BackfillReport:
    now = cycle.bench.now()
    with cycle.bench.store.begin() as db:
        done, listed = backfills.count(db, cycle.run_id)
        tallies = [alike for alike in ops.tally(db, cycle.run_id) if not alike.routine]
        parked = backfills.count_parked(db, cycle.run_id, cycle.pair.name)
        report = BackfillReport(
            run_id=cycle.run_id,
            state=state,
            listed=listed,
            done=done,
            wanted=wanted,
            created=_sum(tallies, OpState.DONE, OpKind.CREATE),
            updated=_sum(tallies, OpState.DONE, OpKind.UPDATE),
            opted_out=_sum(tallies, OpState.DONE, urgent=True),
            unchanged=progress["unchanged"],
            parked=parked,
            failed=_sum(tallies, OpState.DEAD),
            verified=ops.count_verified(db, cycle.run_id, so=True),
            differing=ops.count_verified(db, cycle.run_id, so=False),
            reasons=reasons,
        )
        runs.update(
            db,
            cycle.run_id,
            state=state,
            counts=dict(wanted),
            reasons=list(reasons),
            ended_at=now if state is RunState.DONE else None,
            error=None,
        )
        if state is RunState.DONE:
            backfills.clear(db, cycle.run_id)
    return report


def _sum(
    tallies: Iterable[Tally], state: OpState, kind: OpKind | None = None, *, urgent: bool = False
) -> int:
    return sum(
        alike.count
        for alike in tallies
        if alike.state is state and kind in (None, alike.kind) and alike.urgent == urgent
    )
