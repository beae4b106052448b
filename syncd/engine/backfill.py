"""Backfill: one window of time, worked through in chunks that are read back.

    contacts, then what belongs to them:
        read both sides → list the window → plan all → guard → per chunk:
        plan anew → apply → read back → tick off

A kill at any moment loses nothing: the list says what is done, and ops in doubt are looked
up first. The report is counted from the store, over all processes that worked on the run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from syncd.connectors.spending import Spend, spending
from syncd.engine.backfill_items import carry_opt_outs_of, following, plan_items, work_off
from syncd.engine.backfill_request import BackfillReport, BackfillRequest, Part
from syncd.engine.backfill_window import list_children, list_contacts
from syncd.engine.context import Cycle, Environment, Pair, Stream, leased
from syncd.engine.fields import doubt, start_afresh
from syncd.engine.readback import read_back, read_back_all
from syncd.engine.recover import recover
from syncd.engine.release import Released, accept, release, require_same_accounts
from syncd.engine.sessions import Notes, Spent, notes_of, noting
from syncd.engine.streams import make_ready
from syncd.engine.word import heed, terms
from syncd.errors import (
    ConfigError,
    FieldsChangedError,
    LeaseLostError,
    StoppedError,
    SyncdError,
)
from syncd.model.record import Resource
from syncd.store import backfills, clocks, ops, readback, retention, runs, windows
from syncd.store.backfills import People
from syncd.store.database import explained, reading
from syncd.store.runs import BACKFILL, Run, RunState

__all__ = ["BackfillReport", "BackfillRequest", "carry_out", "resumable", "start"]

ENDLESS = timedelta(days=3650)  # of time to send in one go; opt-outs are looked for all the while


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
        ConfigError: the pair no longer keeps in step what it was begun with.
        BusyError: another process works on the pair.
        LeaseLostError: another process took it over; this one has written nothing since.
        AccountError, TransientError: a platform refuses; what was sent is confirmed, and
            the run can be resumed.
    """
    assert run.progress is not None  # noqa: S101 - `start` and `resumable` see to it
    request = BackfillRequest.from_json(run.progress["request"])
    streams = [replace(stream, slice=ENDLESS) for stream in _streams(pair, run, request)]
    notes = notes_of(run, spent)
    with (
        explained(environment.store),
        leased(pair.name, environment) as lease,
        spending(Spend.BULK),
    ):
        noted = noting(environment, lease, notes)
        contacts, *nested = (
            Cycle(stream, noted, lease, run.id, request.targets) for stream in streams
        )
        session = _Session(contacts, nested, request, notes, dry_run)
        try:
            return session.work(run)
        except StoppedError:
            return session.end(RunState.OPEN)
        except LeaseLostError:
            raise  # the run is its new holder's
        except SyncdError as error:
            if isinstance(error, FieldsChangedError):
                doubt(contacts, error)
            with contacts.writing() as db:
                notes.save(db)
                runs.update(db, run.id, state=RunState.OPEN, error=str(error))
                environment.note_spent(db)
            raise


def _streams(pair: Pair, run: Run, request: BackfillRequest) -> list[Stream]:
    """Contacts, and of what belongs to them that which was asked for, in the pair's order."""
    kept = {stream.resource for stream in pair.streams}
    if missing := sorted(request.resources - kept):
        raise ConfigError(
            f"Run {run.id} was begun with {missing[0].value}s, which pair '{pair.name}' does not"
            " keep in step now. Nothing was sent.",
            hint="Put that part of the pair back, or begin a new backfill without `--resume`.",
        )
    return [pair.contacts, *(s for s in pair.streams[1:] if s.resource in request.resources)]


@dataclass(frozen=True, slots=True)
class Planned:
    """What the guard saw of one stream.

    Attributes:
        people: what became of everything by that plan; None once it is counted.
    """

    released: Released
    people: People | None = None


@dataclass(frozen=True, slots=True)
class _Session:
    """What one process works off of a backfill: contacts first, then what belongs to them."""

    contacts: Cycle
    nested: Sequence[Cycle]
    request: BackfillRequest
    notes: Notes
    dry_run: bool
    planned: dict[Resource, Planned] = field(default_factory=dict)

    def work(self, run: Run) -> BackfillReport:
        contacts = self.contacts
        require_same_accounts(contacts)
        start_afresh(contacts)
        with contacts.writing() as db:
            now, pair = contacts.environment.now(), contacts.stream.pair
            if contacts.lease.unsure:
                clocks.set_right(db, pair, now)
            kept = contacts.environment.journal_kept
            retention.tidy(db, pair, runs.facts(db, pair).tidied_at, now, journal_kept=kept)
            self.notes.save(db)
            run = heed(db, contacts.stream, run)
        recover(contacts)
        for cycle in self.nested:
            make_ready(cycle)
        with contacts.writing() as db:
            self.notes.save(db)
        for cycle in (contacts, *self.nested):
            self._list(cycle, run)
            if cycle.stream.resource not in self.request.resources:
                continue
            ended = self._settle(cycle, run)
            if ended is not None:
                return self.end(ended)
        return self.end(RunState.PLANNED if self.dry_run else RunState.DONE)

    def _list(self, cycle: Cycle, run: Run) -> None:
        """Put on the list what lies in the window, once."""
        resource, progress = cycle.stream.resource, self.notes.progress
        nested = progress.get("nested", [])
        if progress["listed"] if cycle is self.contacts else resource in nested:
            return
        if cycle is self.contacts:
            list_contacts(cycle, self.request)
            now: dict[str, Any] = {"listed": True}
        else:
            list_children(self.contacts, cycle, self.request, run.started_at, self._heed_opt_outs)
            now = {"nested": [*nested, resource]}
        with cycle.writing() as db:
            self.notes.save(db, **now)

    def _settle(self, cycle: Cycle, run: Run) -> RunState | None:
        """Plan all that is on the list of one stream, ask the guard, and work it off.

        Returns:
            How the session ends by it; None if it goes on.
        """
        judged = [self.contacts] if cycle is self.contacts else [self.contacts, cycle]
        planned = self._plan_all(cycle, judged, _as_accepted(cycle, run, self.notes))
        if self.dry_run:
            return None
        if planned.reasons:
            return RunState.HELD
        self._accept(cycle, {**planned.counts, **planned.emptied})
        self.planned[cycle.stream.resource] = Planned(planned)  # from now on they are counted
        while items := following(cycle, self.request.chunk):
            work_off(cycle, items, self.notes)
            if cycle is not self.contacts:
                self._heed_opt_outs()
            if cycle.environment.stopping():
                return RunState.OPEN
        recover(cycle)  # by now a platform may show what was in doubt
        ended = self.notes.progress.get("ended", [])
        if cycle.stream.resource not in ended:
            read_back_all(cycle)
            with cycle.writing() as db:
                self.notes.save(db, ended=[*ended, cycle.stream.resource])
        return None

    def _plan_all(self, cycle: Cycle, judged: Sequence[Cycle], run: Run) -> Released:
        """What the rest of the window would write, for the guard; the plan is thrown away."""
        after = 0
        while items := following(cycle, self.request.chunk, after):
            plan_items(cycle, items)
            after = items[-1].id
        released = release(judged, run, send=False)
        with cycle.writing() as db:
            people = _people(db, cycle, planned=True)
            self.planned[cycle.stream.resource] = Planned(released, people)
            ops.drop_unsent(db, cycle.stream.pair)
        return released

    def _accept(self, cycle: Cycle, counts: Mapping[str, int]) -> None:
        """Remember what the guard let pass; only the first time, as the rest can only shrink.

        And from where on this session writes, for who asks how fast it does.
        """
        resource, progress = cycle.stream.resource, self.notes.progress
        judged = progress.get("judged", [])
        if resource not in judged:
            accepted = {**counts, **progress.get("accepted", {})}
            self.notes.progress.update(accepted=accepted, judged=[*judged, resource])
        with cycle.writing() as db:
            done, _ = backfills.count(db, cycle.run_id)
            pace = {"done": done, "s": self.notes.total.seconds}
            self.notes.save(db, paced_from=pace)
        accept(self.contacts)
        cycle.environment.crash("accepted")

    def _heed_opt_outs(self) -> None:
        """An opt-out does not wait until all that belongs to contacts is read and written."""
        if self.dry_run or not self.notes.progress.get("judged"):
            return
        opted_out = read_back(self.contacts, ())
        if opted_out:
            carry_opt_outs_of(self.contacts, opted_out)

    def end(self, state: RunState) -> BackfillReport:
        cycles = [c for c in (self.contacts, *self.nested) if self._is_asked_for(c)]
        return _end(cycles, state, self.notes, self.planned)

    def _is_asked_for(self, cycle: Cycle) -> bool:
        return cycle.stream.resource in self.request.resources


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


def _end(
    cycles: Sequence[Cycle],
    state: RunState,
    notes: Notes,
    planned: Mapping[Resource, Planned],
) -> BackfillReport:
    """Note how the session ended.

    Args:
        cycles: what was asked for.
        planned: what the guard saw of it, as far as it was asked.
    """
    first = cycles[0]
    stream, now = first.stream, first.environment.now()
    held = [one.released for one in planned.values() if one.released.reasons]
    with first.writing() as db:
        releasable = all(one.releasable for one in held)
        emptied = {name: n for one in held for name, n in one.emptied.items()}
        notes.save(db, **terms(stream).noted(), releasable=releasable, emptied=emptied)
        report = BackfillReport(
            run_id=first.run_id,
            state=state,
            parts={c.stream.resource: _part(db, c, planned) for c in cycles},
            spent=notes.total,
            reasons=tuple(dict.fromkeys(reason for one in held for reason in one.reasons)),
            releasable=releasable,
        )
        runs.update(
            db,
            first.run_id,
            state=state,
            counts=dict(report.wanted),
            reasons=list(report.reasons),
            ended_at=now if state is RunState.DONE else None,
            error=None,
        )
        first.environment.note_spent(db)
        if state is RunState.DONE:
            backfills.clear(db, first.run_id)
            ended = runs.get(db, first.run_id)
            if ended is not None and ended.approved is not None:
                windows.start_anew(db, stream.pair, now)
    return report


def _part(db: sa.Connection, cycle: Cycle, planned: Mapping[Resource, Planned]) -> Part:
    """What became of one stream; by its plan, while that is all there is."""
    run_id, resource = cycle.run_id, cycle.stream.resource
    plan = planned.get(resource)
    return Part(
        people=(plan.people if plan else None) or _people(db, cycle),
        wanted=plan.released.counts if plan else {},
        elsewhere=backfills.count_written_elsewhere(db, run_id, cycle.stream.pair, resource),
        verified=readback.count_verified(db, run_id, resource, so=True),
        differing=readback.count_verified(db, run_id, resource, so=False),
    )


def _people(db: sa.Connection, cycle: Cycle, *, planned: bool = False) -> People:
    stream = cycle.stream
    return backfills.people(db, cycle.run_id, stream.pair, stream.resource, planned=planned)
