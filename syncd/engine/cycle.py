"""One cycle of one pair, straight from recover to checkpoint."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

import sqlalchemy as sa

from syncd.engine.arrivals import settle_arrivals
from syncd.engine.context import Cycle, Environment, Pair, Stream, leased
from syncd.engine.derive import bring_up_to_date, forget_others, is_behind, standings
from syncd.engine.engage import due, read_reports
from syncd.engine.fields import doubt, start_afresh
from syncd.engine.observe import PullReport
from syncd.engine.passes import carry_opt_outs, settle
from syncd.engine.pull import pull, read_lent
from syncd.engine.recover import recover
from syncd.engine.release import Released, require_same_accounts
from syncd.engine.streams import Children, read_children
from syncd.engine.word import heed, terms
from syncd.errors import (
    AccountError,
    FieldsChangedError,
    LeaseLostError,
    PairHeldError,
    StoppedError,
    SyncdError,
    TransientError,
)
from syncd.model.op import OpState
from syncd.model.side import SIDES, Both, Side
from syncd.store import (
    clocks,
    conflicts,
    inquiries,
    ops,
    retention,
    runs,
    tallies,
    wake,
    windows,
)
from syncd.store.database import explained, reading
from syncd.store.leases import Lease
from syncd.store.runs import PairFacts, Run, RunState


class Mode(StrEnum):
    SYNC = "sync"
    FULL = "full"  # a sync that sweeps both sides first
    PLAN = "plan"  # the same, but it stops after the guard


@dataclass(frozen=True, slots=True)
class Report:
    """What one run did.

    Attributes:
        counts: wanted writes by `account.kind`.
        outcomes: ops by state after the run: done, dead, dropped, sending.
        pulled: per side, records seen and changed.
        emptied: in how many records a field would be emptied, as a person's word counts it.
        full: an account without room is among the reasons.
        releasable: a person's word would let something go that is held.
        spent: although it is held, nothing of the run waits for anything.
        used_up: all that a person has released was sent, or nothing is left of it.
        finished: False if something was left for the next run.
        conflicts: how many fields of the pair wait for a person.
        in_doubt: how many writes of the pair no platform has confirmed or shown yet.
    """

    run_id: int
    state: RunState
    counts: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, int] = field(default_factory=dict)
    pulled: Both[PullReport] = field(default_factory=lambda: Both(PullReport(), PullReport()))
    reasons: tuple[str, ...] = ()
    emptied: Mapping[str, int] = field(default_factory=dict)
    full: bool = False
    releasable: bool = True
    spent: bool = False
    used_up: bool = False
    finished: bool = True
    conflicts: int = 0
    in_doubt: int = 0

    @property
    def written(self) -> int:
        return self.outcomes.get(OpState.DONE.value, 0)


def run_cycle(
    pair: Pair, environment: Environment, mode: Mode = Mode.SYNC, *, full: bool = False
) -> Report:
    """Keep one pair in step, once.

    Safe to kill at any moment: what was not confirmed is looked up or planned again.

    Args:
        full: sweep both sides first, whatever the mode.

    Raises:
        BusyError: another process works on the pair.
        LeaseLostError: another process took it over; this one has written nothing since.
        AccountError, TransientError: a platform refuses; what was sent is confirmed.
        StoreError: the store cannot be used.
    """
    with explained(environment.store), leased(pair.name, environment) as lease:
        run = _begin(pair, environment, lease, mode)
        cycle = Cycle(pair.contacts, environment, lease, run.id, thorough=full or mode is Mode.FULL)
        try:
            report = _steps(cycle, (*pair.streams[1:], *pair.looks), run, mode)
        except PairHeldError as held:
            state = RunState.PLANNED if mode is Mode.PLAN else RunState.HELD
            report = Report(run.id, state, reasons=(held.message,), releasable=held.releasable)
        except LeaseLostError:
            raise  # the run is its new holder's
        except SyncdError as error:
            if isinstance(error, FieldsChangedError):
                doubt(cycle, error)
            # What a person released stays released: such a run goes on with the next cycle.
            state = RunState.OPEN if run.approved is not None else RunState.FAILED
            _end(cycle, run, Report(run.id, state), str(error))
            raise
        _end(cycle, run, report, None)
        return report


def _begin(pair: Pair, environment: Environment, lease: Lease, mode: Mode) -> Run:
    """A run that is held or was broken off goes on under its number and its release."""
    with environment.writing(lease) as db:
        if lease.unsure:
            clocks.set_right(db, pair.name, environment.now())
        facts = runs.facts(db, pair.name)
        if removed := _tidy(db, pair.name, facts, environment):
            environment.log.info("housekeeping", pair=pair.name, removed=removed)
        if facts.setup is not None and facts.setup != pair.contacts.setup:
            wake.everybody(db, pair.name)
            forget_others(db, pair.contacts)
        going_on = runs.unfinished(db, pair.name) if mode is not Mode.PLAN else None
        if going_on and going_on.state is RunState.HELD and (going_on.progress or {}).get("spent"):
            runs.update(db, going_on.id, state=RunState.DONE)  # nothing of it waits any more
            going_on = None
        if going_on is not None:
            return heed(db, pair.contacts, going_on)
        return runs.start(
            db, pair.name, mode.value, environment.now(), terms(pair.contacts).noted()
        )


def _tidy(db: sa.Connection, pair: str, facts: PairFacts, environment: Environment) -> int:
    """Forget what ended long ago; how many rows that were."""
    now, kept = environment.now(), environment.journal_kept
    return retention.tidy(db, pair, facts.tidied_at, now, journal_kept=kept)


def _steps(cycle: Cycle, nested: Sequence[Stream], run: Run, mode: Mode) -> Report:
    require_same_accounts(cycle)
    start_afresh(cycle)
    recover(cycle)
    pulled, emptied, failure = _pull_both(cycle, run, mode)
    if emptied:
        cycle = replace(cycle, stream=replace(cycle.stream, reduced=True))
    settle_arrivals(cycle, pulled)
    if failure is None and not nested and _still_held(cycle, run, pulled):
        return Report(
            run_id=run.id,
            state=RunState.HELD,
            counts=run.counts,
            pulled=pulled,
            reasons=tuple(run.reasons),
            emptied=(run.progress or {}).get("emptied", {}),
            releasable=bool((run.progress or {}).get("releasable", True)),
            conflicts=_open_conflicts(cycle),
            in_doubt=_in_doubt(cycle),
        )
    children, begun, send = Children(), Counter[str](), mode is not Mode.PLAN
    standing = standings(cycle)
    behind = any(is_behind(cycle, s, at) or due(cycle, s, at) for s, at in standing.items())
    refused = None
    if (nested or behind) and failure is None:
        begun = carry_opt_outs(cycle, run, send=send)
        children = read_children(cycle, nested, accept_emptied=run.approved is not None)
        bring_up_to_date(cycle, standing)
        refused = read_reports(cycle, standing)
    reasons = (*emptied, *children.reasons)
    released, finished = settle([cycle, *children.cycles], run, reasons, send=send, begun=begun)
    if failure := failure or children.refused or refused:
        raise failure
    if mode is Mode.PLAN:
        state = RunState.PLANNED
    elif released.reasons:
        state = RunState.HELD
    else:
        state = RunState.DONE if finished else RunState.OPEN
    return Report(
        run_id=run.id,
        state=state,
        counts=released.counts,
        pulled=pulled,
        reasons=released.reasons,
        emptied=released.emptied,
        full=released.full,
        releasable=released.releasable,
        spent=released.spent and finished,
        used_up=finished and _is_used_up(released),
        finished=finished,
        outcomes=_outcomes(cycle),
        conflicts=_open_conflicts(cycle),
        in_doubt=_in_doubt(cycle),
    )


def _is_used_up(released: Released) -> bool:
    """Whether nothing is left of what a person has let go."""
    return released.approved is not None and (released.spent or not released.reasons)


def _pull_both(
    cycle: Cycle, run: Run, mode: Mode
) -> tuple[Both[PullReport], tuple[str, ...], SyncdError | None]:
    """What both sides show; and why that of one is not to be believed but for its opt-outs.

    Where one cannot be read, the opt-outs of the other are carried before the run ends for it.

    Raises:
        AccountError, TransientError: neither side can be read; or only a plan is asked for.
    """
    pulled: Both[PullReport] = Both(PullReport(), PullReport())
    reasons: list[str] = []
    failure: SyncdError | None = None
    accept_emptied = run.approved is not None
    steps: list[Callable[..., Both[PullReport]]] = [partial(_pull_one, side) for side in SIDES]
    for step in (*steps, read_lent):
        try:
            pulled = step(cycle, pulled, accept_emptied=accept_emptied)
        except PairHeldError as held:
            reasons.append(held.message)
        except (FieldsChangedError, StoppedError):
            raise
        except (AccountError, TransientError) as error:
            if failure is not None or mode is Mode.PLAN:
                raise
            failure = error
            reasons.append(str(error))
    return pulled, tuple(reasons), failure


def _pull_one(
    side: Side, cycle: Cycle, pulled: Both[PullReport], *, accept_emptied: bool
) -> Both[PullReport]:
    seen = pull(cycle, side, full=cycle.thorough, accept_emptied=accept_emptied)
    return pulled.having(side, seen)


def _still_held(cycle: Cycle, run: Run, pulled: Both[PullReport]) -> bool:
    """Whether a held run would be planned just as it was, which then need not be done."""
    if run.state is not RunState.HELD or run.approved is not None:
        return False
    progress = run.progress or {}
    if progress.get("full") or cycle.stream.resting or not progress.get("releasable"):
        return False  # what stood in the way may have gone by itself
    if progress.get("setup") != cycle.stream.setup or any(side.changed for side in pulled):
        return False
    with reading(cycle.environment.store) as db:  # a held run sends opt-outs all the same
        told = any(inquiries.waiting(db, (cycle.stream.pair, side), 1) for side in SIDES)
        return not told and not ops.lost_opt_outs(db, run.id)


def _outcomes(cycle: Cycle) -> dict[str, int]:
    outcomes: dict[str, int] = {}
    with reading(cycle.environment.store) as db:
        for alike in tallies.tally(db, cycle.run_id):
            state = alike.state.value
            outcomes[state] = outcomes.get(state, 0) + alike.count
    return outcomes


def _sent(db: sa.Connection, run_id: int) -> dict[str, int]:
    """How many writes of the run were carried out: opt-outs, and others."""
    done = [alike for alike in tallies.tally(db, run_id) if alike.state is OpState.DONE]
    optouts = sum(alike.count for alike in done if alike.urgent)
    return {"optouts": optouts, "others": sum(alike.count for alike in done) - optouts}


def _open_conflicts(cycle: Cycle) -> int:
    with reading(cycle.environment.store) as db:
        return conflicts.count_open(db, cycle.stream.pair)


def _in_doubt(cycle: Cycle) -> int:
    with reading(cycle.environment.store) as db:
        return tallies.count_in_doubt(db, cycle.stream.pair)


def _is_quiet(run: Run, report: Report) -> bool:
    """Whether nothing came of a cycle, so that nobody will look for its run.

    Args:
        run: as it was when the cycle began: one that was held or released is looked for.
    """
    ended = report.state is RunState.DONE or report.spent
    pulled = any(seen.changed or seen.opted_out for seen in report.pulled)
    told = run.approved is not None or run.reasons
    return ended and not (pulled or told or report.counts or report.outcomes)


def _end(cycle: Cycle, run: Run, report: Report, error: str | None) -> None:
    """The checkpoint: what the run did, and why it ended badly if it did."""
    pair = cycle.stream.pair
    with cycle.writing() as db:
        quiet = 0
        if error is None and _is_quiet(run, report):
            quiet = runs.stand_for_quiet(db, pair, run.id, report.reasons)
        runs.update(
            db,
            run.id,
            state=report.state,
            quiet=quiet,
            ended_at=cycle.environment.now(),
            counts=dict(report.counts),
            reasons=list(report.reasons),
            progress={
                **terms(cycle.stream).noted(),
                "full": report.full,
                "releasable": report.releasable,
                "emptied": dict(report.emptied),
                "spent": report.spent,
                **_sent(db, run.id),
            },
            error=error,
        )
        runs.note_error(db, pair, error)
        cycle.environment.note_spent(db)
        if report.used_up:
            windows.start_anew(db, pair, cycle.environment.now())
    cycle.environment.log.info(
        "run ended",
        pair=pair,
        run=run.id,
        state=report.state.value,
        seen_left=report.pulled.left.seen,
        seen_right=report.pulled.right.seen,
        changed_left=report.pulled.left.changed,
        changed_right=report.pulled.right.changed,
        wanted=dict(report.counts),
        ops=dict(report.outcomes),
        finished=report.finished,
        conflicts=report.conflicts,
        in_doubt=report.in_doubt,
    )
