"""Runs, and what is known of a pair between them."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from syncd.store import runs
from syncd.store import tables as t
from syncd.store.runs import PairFacts, Run, RunState

from .samples import HOUR, NOW, PAIR


def start(store: sa.Engine, mode: str = "sync", pair: str = PAIR, **values: object) -> Run:
    with store.begin() as db:
        run = runs.start(db, pair, mode, NOW)
        if values:
            runs.update(db, run.id, **values)
        return run


def test_a_run_comes_out_as_it_went_in(store: sa.Engine) -> None:
    run = start(store)
    ended = replace(
        run,
        state=RunState.HELD,
        ended_at=NOW + HOUR,
        counts={"crm.creates": 3},
        reasons=["3 contacts would be created."],
        approved={"crm.creates": 3},
        progress={"setup": "d"},
        error="none",
        quiet=3,
    )
    with store.begin() as db:
        assert runs.get(db, run.id) == replace(run, reasons=[])
        runs.update(
            db,
            run.id,
            state=ended.state,
            ended_at=ended.ended_at,
            counts=ended.counts,
            reasons=ended.reasons,
            approved=ended.approved,
            progress=ended.progress,
            error=ended.error,
            quiet=ended.quiet,
        )
        assert runs.get(db, run.id) == ended
        assert runs.get(db, run.id + 1) is None


def test_the_held_run_is_the_one_that_waits_for_a_person(store: sa.Engine) -> None:
    start(store, state=RunState.DONE)
    held = start(store, state=RunState.HELD)
    start(store, state=RunState.FAILED)
    start(store, pair="other", state=RunState.HELD)
    with store.connect() as db:
        found = runs.held(db, PAIR)
        assert found is not None
        assert found.id == held.id
        assert runs.held(db, "third") is None


def test_the_last_run_is_the_newest_of_a_mode(store: sa.Engine) -> None:
    sync, plan = start(store), start(store, "plan")
    start(store, pair="other")
    with store.connect() as db:
        assert getattr(runs.last(db, PAIR), "id", None) == plan.id
        assert getattr(runs.last(db, PAIR, mode="sync"), "id", None) == sync.id
        assert runs.last(db, PAIR, mode="full") is None


def test_a_held_run_that_was_released_waits_for_nobody(store: sa.Engine) -> None:
    waits = start(store, state=RunState.HELD)
    free = start(store, "backfill", state=RunState.HELD, approved={})
    with store.connect() as db:
        assert getattr(runs.held(db, PAIR), "id", None) == free.id
        assert getattr(runs.held(db, PAIR, released=False), "id", None) == waits.id
        assert getattr(runs.held(db, PAIR, released=True), "id", None) == free.id
        assert runs.held(db, "other", released=False) is None


def test_the_latest_run_is_the_one_that_ended_last(store: sa.Engine) -> None:
    resumed = start(store, "backfill", ended_at=NOW + 2 * HOUR)
    sync = start(store, ended_at=NOW + HOUR)
    start(store, "backfill", state=RunState.PLANNED, ended_at=NOW + 3 * HOUR)
    with store.connect() as db:
        assert getattr(runs.latest(db, PAIR, ("sync", "backfill")), "id", None) == resumed.id
        assert getattr(runs.latest(db, PAIR, ("sync", "full")), "id", None) == sync.id
        assert runs.latest(db, PAIR, ("full",)) is None


def test_only_an_open_or_held_sync_goes_on(store: sa.Engine) -> None:
    start(store, state=RunState.DONE)
    going_on = start(store, "full")
    start(store, "backfill")
    start(store, "plan", state=RunState.PLANNED)
    start(store, state=RunState.FAILED)
    with store.connect() as db:
        assert getattr(runs.unfinished(db, PAIR), "id", None) == going_on.id
        assert runs.unfinished(db, "other") is None


def quiet(store: sa.Engine, pair: str = PAIR, reasons: Sequence[str] = ()) -> Run:
    """A run in which nothing happens, from its beginning to its end."""
    run = start(store, pair=pair)
    with store.begin() as db:
        count = runs.stand_for_quiet(db, pair, run.id, reasons)
        runs.update(db, run.id, state=RunState.DONE, quiet=count, reasons=list(reasons))
    return run


def rows(store: sa.Engine, pair: str = PAIR) -> dict[int, int]:
    """The runs of a pair, and for how many quiet cycles each of them stands."""
    with store.connect() as db:
        found = db.execute(sa.select(t.run.c.id, t.run.c.quiet).where(t.run.c.pair == pair))
        return {row.id: row.quiet for row in found}


def test_a_row_of_quiet_cycles_is_one_run_under_the_newest_number(store: sa.Engine) -> None:
    busy = start(store, state=RunState.DONE)
    other = quiet(store, pair="other")
    row = [quiet(store) for _ in range(5)]
    assert [run.id for run in row] == sorted({run.id for run in row})
    assert rows(store) == {busy.id: 0, row[-1].id: 5}
    assert rows(store, "other") == {other.id: 1}


def test_what_happened_in_between_begins_another_row(store: sa.Engine) -> None:
    made = [quiet(store), quiet(store), start(store, state=RunState.FAILED), quiet(store)]
    made += [start(store, "plan", state=RunState.PLANNED), quiet(store), quiet(store)]
    counts = dict(zip((run.id for run in made), (1, 2, 0, 1, 0, 1, 2), strict=True))
    assert rows(store) == {i: n for i, n in counts.items() if i not in (made[0].id, made[5].id)}


def test_those_that_lie_still_for_another_reason_are_another_row(store: sa.Engine) -> None:
    first, second = "A line rests.", "Another line rests."
    made = [quiet(store, reasons=r) for r in ((), [first], [first], [first, second], [second])]
    assert rows(store) == {made[0].id: 1, made[2].id: 2, made[3].id: 1, made[4].id: 1}


def test_the_facts_of_a_pair_come_out_as_they_went_in(store: sa.Engine) -> None:
    facts = PairFacts(NOW, "setup", ["loc-1", "key-1"], "it did not answer")
    with store.begin() as db:
        assert runs.facts(db, PAIR) == PairFacts()
        runs.note_facts(db, PAIR, facts)
        assert runs.facts(db, PAIR) == facts
        assert runs.facts(db, "other") == PairFacts()


def test_noting_an_error_keeps_what_was_approved(store: sa.Engine) -> None:
    facts = PairFacts(NOW, "setup", ["loc-1", "key-1"])
    with store.begin() as db:
        runs.note_error(db, PAIR, "before the first approval")
        assert runs.facts(db, PAIR) == PairFacts(error="before the first approval")
        runs.note_facts(db, PAIR, facts)
        runs.note_error(db, PAIR, "it did not answer")
        assert runs.facts(db, PAIR) == replace(facts, error="it did not answer")
        runs.note_error(db, PAIR, None)
        assert runs.facts(db, PAIR) == facts
