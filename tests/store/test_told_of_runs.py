"""Whatever runs there are, the one that is told is the one that one finds by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

import pytest
import sqlalchemy as sa

from syncd.store import clocks, retention, runs
from syncd.store import tables as t
from syncd.store.runs import Run, RunState

from .samples import HOUR, NOW, OTHER, PAIR

MODES = ("sync", "full", "backfill", "plan")
OPEN, HELD, PLANNED = RunState.OPEN, RunState.HELD, RunState.PLANNED
ENDED = (RunState.DONE, RunState.FAILED, PLANNED)


@pytest.fixture
def all_runs(store: sa.Engine) -> list[Run]:
    """Runs of every pair, mode and state, released or not; the newer ones ended earlier."""
    made: list[Run] = []
    kinds = product((None, {}), RunState, MODES, (PAIR, OTHER))
    with store.begin() as db:
        for number, (approved, state, mode, pair) in enumerate(kinds):
            run = runs.start(db, pair, mode, NOW + number % 3 * HOUR)
            ended = NOW + (500 - number) * HOUR if state in ENDED else None
            runs.update(db, run.id, state=state, approved=approved, ended_at=ended)
            [now] = [runs.get(db, run.id)]
            assert now is not None
            made.append(now)
    return made


def newest(found: list[Run]) -> Run | None:
    return max(found, key=lambda run: run.id, default=None)


@dataclass(frozen=True)
class Question:
    ask: Callable[[sa.Connection, str], Run | None]
    fits: Callable[[Run], bool]


QUESTIONS = {
    "held": Question(runs.held, lambda r: r.state is HELD),
    "held and released": Question(
        lambda db, pair: runs.held(db, pair, released=True),
        lambda r: r.state is HELD and r.approved is not None,
    ),
    "held and not released": Question(
        lambda db, pair: runs.held(db, pair, released=False),
        lambda r: r.state is HELD and r.approved is None,
    ),
    "last": Question(runs.last, lambda _: True),
    "last full": Question(
        lambda db, pair: runs.last(db, pair, mode="full"), lambda r: r.mode == "full"
    ),
    "unfinished": Question(
        runs.unfinished, lambda r: r.state in (OPEN, HELD) and r.mode in ("sync", "full")
    ),
}


@pytest.mark.parametrize("what", QUESTIONS)
def test_the_newest_that_fits_is_told(store: sa.Engine, all_runs: list[Run], what: str) -> None:
    """Also where a state or mode is missing, so that each of them decides once."""
    question = QUESTIONS[what]
    for absent in (None, *RunState, *MODES):
        left = [run for run in all_runs if absent not in (run.state.value, run.mode)]
        with store.connect() as db:
            db.execute(t.run.delete().where(t.run.c.id.not_in([run.id for run in left])))
            for pair in (PAIR, OTHER, "third"):
                fitting = [run for run in left if run.pair == pair and question.fits(run)]
                assert question.ask(db, pair) == newest(fitting)
            db.rollback()


@pytest.mark.parametrize("modes", [("sync",), ("sync", "full"), ("plan",), MODES, ("none",)])
def test_the_one_that_was_at_work_last_is_told(
    store: sa.Engine, all_runs: list[Run], modes: tuple[str, ...]
) -> None:
    def at_work(run: Run) -> tuple[datetime, int]:
        return (run.ended_at or run.started_at, run.id)

    def fits(run: Run, pair: str) -> bool:
        return run.pair == pair and run.mode in modes and run.state is not PLANNED

    with store.begin() as db:
        for pair in (PAIR, OTHER):
            wanted = max((run for run in all_runs if fits(run, pair)), key=at_work, default=None)
            assert runs.latest(db, pair, modes) == wanted
        db.execute(t.run.delete().where(t.run.c.ended_at.is_not(None)))
        still = [run for run in all_runs if fits(run, PAIR) and run.ended_at is None]
        assert runs.latest(db, PAIR, modes) == max(still, key=at_work, default=None)


def test_all_that_go_on_with_a_persons_word_are_told(store: sa.Engine, all_runs: list[Run]) -> None:
    with store.connect() as db:
        assert runs.released(db, PAIR) == [
            run
            for run in all_runs
            if run.pair == PAIR and run.state in (OPEN, HELD) and run.approved is not None
        ]


@pytest.mark.parametrize("days", [29, 45, 89, 105, 200])
def test_those_that_ended_and_are_older_are_forgotten(
    store: sa.Engine, all_runs: list[Run], days: int
) -> None:
    """What failed or only planned before the others; all of these ended within 21 days."""
    now = NOW + timedelta(days=days)
    last = newest([run for run in all_runs if run.pair == PAIR])

    def goes(run: Run) -> bool:
        if run.pair != PAIR or run.state not in ENDED or run == last:
            return False
        kept = retention.KEPT if run.state is RunState.DONE else retention.KEPT_BRIEFLY
        return (run.ended_at or run.started_at) < now - kept

    with store.begin() as db:
        count = retention.tidy(db, PAIR, None, now)
        left = [run for run in all_runs if runs.get(db, run.id)]
    assert left == [run for run in all_runs if not goes(run)]
    assert count == len(all_runs) - len(left)


def test_what_a_clock_that_was_ahead_has_dated_is_put_right_for_one_pair(
    store: sa.Engine, all_runs: list[Run]
) -> None:
    with store.begin() as db:
        count = clocks.set_right(db, PAIR, NOW + HOUR)
        now = [found for run in all_runs if (found := runs.get(db, run.id))]
    late = 0
    for before, after in zip(all_runs, now, strict=True):
        for one, other in (
            (before.started_at, after.started_at),
            (before.ended_at, after.ended_at),
        ):
            ahead = before.pair == PAIR and one is not None and one > NOW + HOUR
            assert other == (NOW + HOUR if ahead else one)
            late += ahead
    assert count == late


def test_within_a_span_is_from_now_until_just_before_its_end() -> None:
    moment = HOUR / 3600
    assert clocks.within(NOW, NOW, HOUR)
    assert clocks.within(NOW, NOW - HOUR + moment, HOUR)
    assert not clocks.within(NOW, NOW - HOUR, HOUR)
    assert not clocks.within(NOW, NOW + moment, HOUR)
