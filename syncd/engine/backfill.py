"""Backfill: one window of time, worked through in chunks that are read back.

    read both sides whole once → list the window → plan all → guard → per chunk:
    plan anew → apply → read back → tick off

A kill at any moment loses nothing: the list says what is done, and ops in doubt are looked
up first. The report is counted from the store, over all processes that worked on the run.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from syncd.connectors.spending import Spend, spending
from syncd.core.match import NO_KEY
from syncd.engine import journal
from syncd.engine.apply import apply
from syncd.engine.arrivals import settle_arrivals
from syncd.engine.backfill_request import BackfillReport, BackfillRequest
from syncd.engine.context import Cycle, Environment, Pair, leased
from syncd.engine.fields import doubt, start_afresh
from syncd.engine.lift import settle_lifts
from syncd.engine.matching import match_keys
from syncd.engine.observe import settle_doubts, take_in
from syncd.engine.pull import pull
from syncd.engine.readback import read_back, read_back_all
from syncd.engine.reconcile import plan_links
from syncd.engine.recover import recover
from syncd.engine.release import Released, accept, release, require_same_accounts
from syncd.engine.sessions import Notes, Spent, notes_of, noting
from syncd.engine.standing import keep
from syncd.engine.word import heed, terms
from syncd.errors import (
    ConfigError,
    FieldsChangedError,
    LeaseLostError,
    StoppedError,
    SyncdError,
)
from syncd.model.link import Member, State
from syncd.model.side import SIDES, Both
from syncd.store import backfills, clocks, members, ops, readback, retention, runs, windows
from syncd.store.backfills import Item, People
from syncd.store.database import explained, reading
from syncd.store.runs import BACKFILL, Run, RunState
from syncd.store.upsert import chunks

__all__ = ["BackfillReport", "BackfillRequest", "carry_out", "resumable", "start"]


def start(environment: Environment, pair: Pair, request: BackfillRequest) -> Run:
    """Note a new backfill; `carry_out` works through it.

    Raises:
        BusyError: another process works on the pair; nothing is noted.
    """
    with (
        explained(environment.store),
        leased(pair.name, environment) as lease,
        environment.writing(lease) as db,
    ):
        progress = {**terms(pair.contacts).noted(), "request": request.to_json(), "listed": False}
        return runs.start(db, pair.name, BACKFILL, environment.now(), progress)


def resumable(environment: Environment, pair: str, run_id: int) -> Run:
    """A backfill that was broken off or held.

    Raises:
        ConfigError: there is no such run, or it is done.
    """
    with explained(environment.store), reading(environment.store) as db:
        run = runs.get(db, run_id)
        newest = runs.last(db, pair, mode=BACKFILL)
    if run is None or run.pair != pair or run.mode != BACKFILL:
        hint = f"The newest backfill of '{pair}' is run {newest.id}." if newest else ""
        raise ConfigError(f"Run {run_id} is no backfill of pair '{pair}'.", hint=hint)
    if run.state is RunState.DONE:
        raise ConfigError(f"Run {run_id} is done. Nothing was left to do.")
    return run


def carry_out(
    pair: Pair,
    environment: Environment,
    run: Run,
    *,
    dry_run: bool = False,
    spent: Callable[[], Spent] = Spent,
) -> BackfillReport:
    """Work through a backfill from where it stands.

    Args:
        dry_run: stop after the guard; nothing is sent.
        spent: what this process has taken so far.

    Raises:
        BusyError: another process works on the pair.
        LeaseLostError: another process took it over; this one has written nothing since.
        AccountError, TransientError: a platform refuses; what was sent is confirmed, and
            the run can be resumed.
    """
    assert run.progress is not None  # noqa: S101 - `start` and `resumable` see to it
    request = BackfillRequest.from_json(run.progress["request"])
    endless = replace(pair.contacts, slice=timedelta(days=3650))
    notes = notes_of(run, spent)
    with (
        explained(environment.store),
        leased(pair.name, environment) as lease,
        spending(Spend.BULK),
    ):
        cycle = Cycle(endless, noting(environment, lease, notes), lease, run.id, request.targets)
        try:
            return _session(cycle, run, request, notes, dry_run=dry_run)
        except StoppedError:
            return _end(cycle, RunState.OPEN, notes)
        except LeaseLostError:
            raise  # the run is its new holder's
        except SyncdError as error:
            if isinstance(error, FieldsChangedError):
                doubt(cycle, error)
            with cycle.writing() as db:
                notes.save(db)
                runs.update(db, run.id, state=RunState.OPEN, error=str(error))
                environment.note_spent(db)
            raise


def _session(
    cycle: Cycle, run: Run, request: BackfillRequest, notes: Notes, *, dry_run: bool
) -> BackfillReport:
    require_same_accounts(cycle)
    start_afresh(cycle)
    with cycle.writing() as db:
        if cycle.lease.unsure:
            clocks.set_right(db, cycle.stream.pair, cycle.environment.now())
        pair = cycle.stream.pair
        retention.tidy(db, pair, runs.facts(db, pair).tidied_at, cycle.environment.now())
        notes.save(db)
        run = heed(db, cycle.stream, run)
    recover(cycle)
    with cycle.writing() as db:
        notes.save(db)
    if not notes.progress["listed"]:
        _read_all_once(cycle)
        _list_window(cycle, request)
        with cycle.writing() as db:
            notes.save(db, listed=True)
    planned, people = _plan_all(cycle, _as_accepted(cycle, run, notes), request)
    if planned.reasons or dry_run:
        state = RunState.PLANNED if dry_run else RunState.HELD
        return _end(cycle, state, notes, planned, people)
    _accept(cycle, notes, {**planned.counts, **planned.emptied})
    while items := _next(cycle, request.chunk):
        _chunk(cycle, items, notes)
        if cycle.environment.stopping():
            return _end(cycle, RunState.OPEN, notes, planned)
    recover(cycle)  # by now a platform may show what was in doubt
    read_back_all(cycle)
    return _end(cycle, RunState.DONE, notes, planned)


def _as_accepted(cycle: Cycle, run: Run, notes: Notes) -> Run:
    """The run with what was accepted when it was planned whole, for the rest of it.

    What is left of a run that was broken off must not be judged as if it were a new one. Nor
    is it a person's word: after a change of the mapping or the filter it says nothing.
    """
    accepted = notes.progress.get("accepted")
    with reading(cycle.environment.store) as db:
        facts = runs.facts(db, cycle.stream.pair)
    if accepted is None or facts.setup not in (None, cycle.stream.setup):
        return run
    released = run.approved or {}
    most = {n: max(released.get(n, 0), accepted.get(n, 0)) for n in {*released, *accepted}}
    return replace(run, approved=most)


def _accept(cycle: Cycle, notes: Notes, counts: Mapping[str, int]) -> None:
    """Remember what the guard let pass; only the first time, as the rest can only shrink.

    And from where on this session writes, for who asks how fast it does.
    """
    accepted = notes.progress.get("accepted", dict(counts))
    with cycle.writing() as db:
        done, _ = backfills.count(db, cycle.run_id)
        notes.save(db, accepted=accepted, paced_from={"done": done, "s": notes.total.seconds})
    accept(cycle)
    cycle.environment.crash("accepted")


def _read_all_once(cycle: Cycle) -> None:
    """A record outside the window may be the counterpart of one inside it.

    Without knowing all of both sides, a backfill would create what exists already.
    """
    settle_arrivals(cycle, Both(*(pull(cycle, side) for side in SIDES)))


def _list_window(cycle: Cycle, request: BackfillRequest) -> None:
    stream = cycle.stream
    for side in request.sources:
        pages = stream.connector(side).pull(
            stream.resource, None, fields=stream.fields[side], window=request.window
        )
        for page in pages:
            records = settle_doubts(cycle, side, page.records)
            with cycle.writing() as db:
                take_in(db, cycle, side, records)
                ids = [r.remote_id for r in records if r.remote_id and not r.gone]
                backfills.add(db, cycle.run_id, side, ids)
            cycle.environment.crash("listed")


def _plan_all(cycle: Cycle, run: Run, request: BackfillRequest) -> tuple[Released, People]:
    """What the rest of the window would write, for the guard; the plan is thrown away."""
    after = 0
    while True:
        with reading(cycle.environment.store) as db:
            items = backfills.waiting(db, cycle.run_id, request.chunk, after)
        if not items:
            break
        _plan_items(cycle, items)
        after = items[-1].id
    planned = release([cycle], run, send=False)
    with cycle.writing() as db:
        people = _people(db, cycle, planned=True)
        ops.drop_unsent(db, cycle.stream.pair)
    return planned, people


def _people(db: sa.Connection, cycle: Cycle, *, planned: bool = False) -> People:
    stream = cycle.stream
    return backfills.people(db, cycle.run_id, stream.pair, stream.resource, planned=planned)


def _next(cycle: Cycle, chunk: int) -> list[Item]:
    with reading(cycle.environment.store) as db:
        return backfills.waiting(db, cycle.run_id, chunk)


def _chunk(cycle: Cycle, items: Sequence[Item], notes: Notes) -> None:
    """Work through these records; if a stop was asked for on the way, they stay to be done."""
    planned = _plan_items(cycle, items)
    sent = _send(cycle)
    if sent:
        _plan_items(cycle, items)  # what follows from what was sent, e.g. the other side's id
        sent = _send(cycle)
    if not sent:
        return
    opted_out = read_back(cycle, planned)
    if opted_out:
        _carry_opt_outs(cycle, opted_out)
    with cycle.writing() as db:
        backfills.finish(db, [item.id for item in items])
        done, listed = backfills.count(db, cycle.run_id)
        notes.save(db)
        cycle.environment.note_spent(db)
    cycle.environment.progress("backfill", done, listed)
    cycle.environment.crash("chunk")


def _plan_items(cycle: Cycle, items: Sequence[Item]) -> list[int]:
    """Match and plan these records; the ids of their links.

    What this run was refused for good is not tried again, unless the record has changed.
    """
    stream = cycle.stream
    with cycle.writing() as db:
        found = _members(db, cycle, items)
        _park_keyless(db, cycle, found)
        match_keys(db, cycle, sorted({m.key for m in found if m.key is not None}))
        linked = [(m.link_id, m.todo) for m in _members(db, cycle, items) if m.link_id is not None]
        ids = {link_id for link_id, _ in linked}
        again = {link_id for link_id, todo in linked if todo}
        settled = ops.refused_links(db, cycle.run_id, ids) - again
        for some in chunks(sorted(ids - settled), stream.chunk):
            plan_links(db, cycle, some)
    return sorted(ids)


def _park_keyless(db: sa.Connection, cycle: Cycle, found: Iterable[Member]) -> None:
    """Records without an address cannot be recognised, so nothing is done with them."""
    keyless = [
        m for m in found if m.key is None and m.link_id is None and m.state is not State.GONE
    ]
    parked = [replace(m, state=State.PARKED, cause=NO_KEY, todo=False) for m in keyless]
    keep(db, cycle.stream, parked)
    journal.parked(db, cycle, zip(keyless, parked, strict=True))


def _members(db: sa.Connection, cycle: Cycle, items: Iterable[Item]) -> list[Member]:
    stream = cycle.stream
    ids: Both[list[str]] = Both([], [])
    for item in items:
        ids[item.side].append(item.remote_id)
    return [
        member
        for side in SIDES
        for member in members.load(db, stream.pair, stream.resource, side, ids[side]).values()
    ]


def _send(cycle: Cycle) -> bool:
    """Send what is planned; False if a stop was asked for on the way."""
    with cycle.writing() as db:
        settle_lifts(db, cycle)
        ready = ops.release(db, cycle.run_id, cycle.stream.resource)
    return apply(cycle) if ready else True


def _carry_opt_outs(cycle: Cycle, keys: Iterable[str]) -> None:
    stream = cycle.stream
    with cycle.writing() as db:
        found = members.with_keys(db, stream.pair, stream.resource, sorted(keys))
        plan_links(db, cycle, sorted({m.link_id for m in found if m.link_id is not None}))
    _send(cycle)


def _end(
    cycle: Cycle,
    state: RunState,
    notes: Notes,
    planned: Released | None = None,
    people: People | None = None,
) -> BackfillReport:
    """Note how the session ended.

    Args:
        planned: what the guard saw; None if it was not asked.
        people: what became of everybody by that plan; else it is counted.
    """
    stream, now = cycle.stream, cycle.environment.now()
    held = planned if planned is not None and planned.reasons else None
    with cycle.writing() as db:
        releasable = held.releasable if held else True
        notes.save(
            db,
            **terms(stream).noted(),
            releasable=releasable,
            emptied=dict(held.emptied) if held else {},
        )
        report = BackfillReport(
            run_id=cycle.run_id,
            state=state,
            people=people or _people(db, cycle),
            wanted=planned.counts if planned else {},
            elsewhere=backfills.count_written_elsewhere(
                db, cycle.run_id, stream.pair, stream.resource
            ),
            verified=readback.count_verified(db, cycle.run_id, so=True),
            differing=readback.count_verified(db, cycle.run_id, so=False),
            spent=notes.total,
            reasons=held.reasons if held else (),
            releasable=releasable,
        )
        runs.update(
            db,
            cycle.run_id,
            state=state,
            counts=dict(report.wanted),
            reasons=list(report.reasons),
            ended_at=now if state is RunState.DONE else None,
            error=None,
        )
        cycle.environment.note_spent(db)
        if state is RunState.DONE:
            backfills.clear(db, cycle.run_id)
            ended = runs.get(db, cycle.run_id)
            if ended is not None and ended.approved is not None:
                windows.start_anew(db, stream.pair, now)
    return report
