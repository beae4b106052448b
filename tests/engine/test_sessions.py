"""What a long run took, over several processes, and how often that is noted."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from syncd.engine.backfill_request import BackfillRequest
from syncd.engine.sessions import NOTE_EVERY_S, Notes, Spent, notes_of, noting
from syncd.model.record import Window
from syncd.model.side import SIDES, Side
from syncd.store import runs
from tests.engine.test_index_lag import working
from tests.engine.world import Build, World

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def test_what_was_spent_adds_up_by_account() -> None:
    both = Spent(1.5, {"crm": 2, "mail": 1}, 1) + Spent(2.0, {"mail": 3, "list": 4}, 2)
    assert both == Spent(3.5, {"crm": 2, "mail": 4, "list": 4}, 3)
    assert Spent() + Spent() == Spent(0.0, {}, 0)


def test_what_was_spent_is_stored_to_a_tenth_of_a_second() -> None:
    stored = Spent(1.2345, {"crm": 2}, 3).to_json()
    assert stored == {"seconds": 1.2, "requests": {"crm": 2}, "sessions": 3}
    assert Spent.from_json(stored) == Spent(1.2, {"crm": 2}, 3)
    assert Spent.from_json({}) == Spent()


def test_each_process_is_one_session_however_it_counts() -> None:
    notes = Notes(1, {}, lambda: Spent(1.0, {"crm": 1}, 7), Spent(2.0, {"crm": 3}, 1))
    assert notes.total == Spent(3.0, {"crm": 4}, 2)


class Watch:
    """What this session has spent so far; moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> Spent:
        return Spent(self.seconds)


@pytest.fixture
def world(made: Build) -> World:
    return made()


def test_progress_is_noted_once_a_second_and_told_each_time(world: World) -> None:
    watch, told = Watch(), list[Any]()
    with working(world) as cycle:

        def noted() -> float | None:
            with world.reading() as db:
                run = runs.get(db, cycle.run_id)
            assert run is not None
            spent: dict[str, Any] = (run.progress or {}).get("spent", {})
            return spent.get("seconds")

        with world.reading() as db:
            run = runs.get(db, cycle.run_id)
        assert run is not None
        notes = notes_of(run, watch)
        telling = replace(cycle.environment, progress=lambda *said: told.append(said))
        environment = noting(telling, cycle.lease, notes)
        expected = [(0.0, None), (0.9, None), (1.0, 1.0), (1.9, 1.0), (2.0, 2.0), (2.5, 2.0)]
        for seconds, kept in expected:
            watch.seconds = seconds
            environment.progress("reading", 3, None)
            assert noted() == kept
        assert told == [("reading", 3, None)] * len(expected)
        with cycle.writing() as db:
            notes.save(db, listed=True)
        assert noted() == 2.5
        assert notes.progress["listed"] is True
    assert NOTE_EVERY_S == 1.0


def test_what_earlier_sessions_took_is_taken_up(world: World) -> None:
    with working(world) as cycle:
        stored = {"spent": Spent(5.0, {"crm": 1}, 2).to_json(), "listed": True}
        with cycle.writing() as db:
            runs.update(db, cycle.run_id, progress=stored)
        with world.reading() as db:
            run = runs.get(db, cycle.run_id)
    assert run is not None
    notes = notes_of(run, lambda: Spent(1.0, {"crm": 2}))
    assert (notes.run_id, notes.progress["listed"]) == (run.id, True)
    assert notes.total == Spent(6.0, {"crm": 3}, 3)


@pytest.mark.parametrize("targets", [frozenset(SIDES), frozenset({Side.LEFT}), frozenset()])
def test_an_order_comes_out_as_it_went_in(targets: frozenset[Side]) -> None:
    request = BackfillRequest(Window(EARLY, LATE), targets, 7)
    stored = request.to_json()
    assert BackfillRequest.from_json(stored) == request
    assert stored["targets"] == sorted(targets)
    assert set(request.sources) == {side.other for side in targets}
    assert BackfillRequest(Window(EARLY, LATE)).chunk == 200
