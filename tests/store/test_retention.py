"""What is kept of the past and for how long, how much goes at once, and what always stays."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from syncd.model.entry import Entry, Kind
from syncd.model.op import OpState
from syncd.model.side import Side
from syncd.store import backfills, journal, ops, retention, runs
from syncd.store import tables as t
from syncd.store.runs import RunState

from .samples import CONTACT, HOUR, NOW, OTHER, PAIR, draft

DAY = timedelta(days=1)
LATER = NOW + retention.KEPT + HOUR


def run(store: sa.Engine, state: RunState = RunState.DONE, pair: str = PAIR) -> int:
    with store.begin() as db:
        begun = runs.start(db, pair, "sync", NOW)
        runs.update(db, begun.id, state=state)
        return begun.id


def wrote(store: sa.Engine, run_id: int, link: int = 1, state: OpState = OpState.DONE) -> None:
    with store.begin() as db:
        ops.stage(db, PAIR, run_id, CONTACT, [draft(link)])
        op_id = db.execute(sa.select(sa.func.max(t.op.c.id))).scalar_one()
        db.execute(t.op.update().where(t.op.c.id == op_id).values(state=state.value, sent_at=NOW))


def tidy(
    store: sa.Engine, now: datetime = LATER, tidied_at: datetime | None = None, most: int = 100
) -> int:
    with store.begin() as db:
        return retention.tidy(db, PAIR, tidied_at, now, most)


def count(store: sa.Engine, table: sa.Table = t.run) -> int:
    with store.connect() as db:
        return int(db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def tidied_at(store: sa.Engine) -> datetime | None:
    with store.connect() as db:
        return runs.facts(db, PAIR).tidied_at


@pytest.mark.parametrize(("ago", "forgotten"), [(DAY, 1), (DAY - HOUR, 0), (HOUR, 0), (-HOUR, 1)])
def test_it_is_done_once_a_day_whatever_clock_has_dated_the_last_time(
    store: sa.Engine, ago: timedelta, forgotten: int
) -> None:
    run(store)
    run(store)
    assert tidy(store, tidied_at=LATER - ago) == forgotten
    assert tidied_at(store) == (LATER if forgotten else None)


def test_when_it_was_done_is_noted_for_one_pair_and_nothing_else_of_it(store: sa.Engine) -> None:
    with store.begin() as db:
        runs.note_error(db, PAIR, "it did not answer")
        runs.note_error(db, OTHER, None)
    tidy(store)
    with store.connect() as db:
        assert runs.facts(db, PAIR) == runs.PairFacts(error="it did not answer", tidied_at=LATER)
        assert runs.facts(db, OTHER).tidied_at is None


def test_no_cycle_forgets_more_than_so_much_and_the_next_ones_go_on(store: sa.Engine) -> None:
    old = run(store)
    for link in range(5):
        wrote(store, old, link)
    for _ in range(3):
        run(store)
    assert [tidy(store, most=2), tidied_at(store)] == [4, None]  # two writes and two runs
    assert [tidy(store, most=2), tidied_at(store)] == [2, None]
    assert [tidy(store, most=2), tidied_at(store)] == [2, LATER]  # a write, and then its run
    assert (count(store), count(store, t.op)) == (1, 0)


@pytest.mark.parametrize("state", [RunState.OPEN, RunState.HELD])
def test_what_was_written_for_a_run_that_goes_on_stays(store: sa.Engine, state: RunState) -> None:
    wrote(store, run(store, state))
    wrote(store, run(store))
    run(store)
    assert tidy(store) == 2
    assert (count(store), count(store, t.op)) == (2, 1)


@pytest.mark.parametrize("state", [OpState.SENDING, OpState.TAKEN, OpState.DOUBTED])
def test_what_was_written_to_whom_something_is_in_doubt_stays(
    store: sa.Engine, state: OpState
) -> None:
    for link in (1, 2):
        wrote(store, run(store), link)
    wrote(store, run(store), 1, state)
    run(store)
    assert tidy(store) == 2  # the write to the second, and its run
    assert (count(store), count(store, t.op)) == (3, 2)


@pytest.mark.parametrize("state", [OpState.HELD, OpState.READY])
def test_what_is_still_to_be_sent_stays(store: sa.Engine, state: OpState) -> None:
    wrote(store, run(store), 1, state)
    run(store)
    assert tidy(store) == 0


def test_the_newest_run_of_a_pair_stays_so_that_no_number_is_given_twice(store: sa.Engine) -> None:
    first, newest = run(store), run(store, RunState.FAILED)
    run(store, pair=OTHER)
    assert tidy(store) == 1
    with store.connect() as db:
        assert runs.get(db, first) is None
        assert runs.get(db, newest) is not None
    assert run(store) > newest


def test_the_list_of_a_rehearsed_backfill_goes_before_its_run(store: sa.Engine) -> None:
    planned, going_on = run(store, RunState.PLANNED), run(store, RunState.HELD)
    run(store)
    with store.begin() as db:
        for each in (planned, going_on):
            backfills.add(db, each, CONTACT, Side.LEFT, [f"{n}" for n in range(3)])
    assert tidy(store, NOW + retention.KEPT_BRIEFLY) == 0
    soon = NOW + retention.KEPT_BRIEFLY + HOUR
    assert [tidy(store, soon, most=2) for _ in range(3)] == [2, 2, 0]
    with store.connect() as db:
        assert runs.get(db, planned) is None
        assert backfills.count(db, planned, CONTACT) == (0, 0)
        assert backfills.count(db, going_on, CONTACT) == (0, 3)


def test_entries_of_the_journal_go_when_they_were_kept_for_as_long_as_was_said(
    store: sa.Engine,
) -> None:
    """Whichever pair they are of, a little with each cycle; the newest stays."""
    with store.begin() as db:
        for n, pair in enumerate((PAIR, OTHER, "no pair any more", PAIR, PAIR)):
            journal.add(db, pair, n, NOW + n * DAY, [Entry(Kind.RELEASED, "person")])
    soon = NOW + 10 * DAY + HOUR

    def tidied(most: int) -> int:
        with store.begin() as db:
            return retention.tidy(db, PAIR, None, soon, most, journal_kept=8 * DAY)

    assert tidy(store, soon) == 0
    assert [tidied(2), tidied(2), tidied(2)] == [2, 1, 0]
    with store.connect() as db:
        left = journal.since(db, NOW, [PAIR], 10)
    assert [noted.run_id for noted in left] == [3, 4]
