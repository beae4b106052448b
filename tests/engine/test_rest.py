"""At rest the store does not grow, and a year of daily use stays bounded, from cron too."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bench.harness import Harness, people
from syncd.cli.run_until_quiet import run_until_quiet
from syncd.connectors.registry import installed
from syncd.engine import backfill
from syncd.engine.context import Pair
from syncd.engine.cycle import Mode, Report, run_cycle
from syncd.errors import SyncdError
from syncd.model.record import Resource, Window
from syncd.model.side import Both, Side
from syncd.runtime.stop import Stop
from syncd.runtime.worker import Worker
from syncd.store import cursors, retention, runs
from syncd.store import tables as t
from syncd.store.runs import Run, RunState
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.scenes import ADA
from tests.engine.test_no_evidence import crowded
from tests.engine.test_three_platforms import LATER
from tests.engine.world import Build, World

PEOPLE = 20


def careless(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # no power cuts in a test


class Rest:
    """Two invented accounts in step, and a clock that is put forward by hand."""

    def __init__(self, folder: Path, store: str) -> None:
        self.harness = Harness(folder, store)
        if store.startswith("sqlite"):
            sa.event.listen(self.harness.app.store, "connect", careless)
            self.harness.app.store.dispose()
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC)
        self.app = self.harness.app
        self.app.wire = replace(self.app.wire, now=lambda: self.now)
        people(self.harness.accounts["single"], range(PEOPLE))
        people(self.harness.accounts["bulk"], range(PEOPLE))
        for _ in range(5):
            self.cycle()

    def cycle(self, mode: Mode = Mode.SYNC) -> Report:
        self.now += timedelta(minutes=1)
        return self.harness.cycle(mode)

    def edit(self, name: str, number: int, city: str) -> None:
        account, remote_id = self.harness.accounts[name], f"{name}{number:07}"
        shown = account.fetch(Resource.CONTACT, remote_id, fields=frozenset()).fields
        account.put(remote_id, {**shown, "city": city})

    def rows(self) -> dict[str, int]:
        """How many there are of each table."""
        with self.app.store.connect() as db:
            return {
                name: db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for name, table in t.metadata.tables.items()
            }

    def pages(self) -> int:
        """Of the file on SQLite, those included that nothing uses."""
        with self.app.store.connect() as db:
            return int(db.exec_driver_sql("PRAGMA page_count").scalar_one())

    def last(self) -> Run:
        with self.app.store.connect() as db:
            run = runs.last(db, "bench")
        assert run is not None
        return run


@pytest.fixture
def rest(tmp_path: Path, new_store: Callable[[], dict[str, str]]) -> Iterator[Rest]:
    made = Rest(tmp_path, new_store().get("store", "sqlite:///syncd.db"))
    yield made
    made.app.store.dispose()
    for name in made.harness.accounts:
        del installed()[name]  # type: ignore[attr-defined]  # a dict


def test_cycles_in_which_nothing_happens_leave_the_store_as_large_as_it_was(rest: Rest) -> None:
    before, first = rest.rows(), rest.last()
    reports = [rest.cycle(Mode.FULL if n % 20 == 7 else Mode.SYNC) for n in range(60)]
    assert rest.rows() == before
    newest = rest.last()
    assert newest.quiet == first.quiet + 60
    assert (newest.id, newest.ended_at) == (reports[-1].run_id, rest.now)
    numbers = [report.run_id for report in reports]
    assert numbers == sorted(set(numbers)), "a number was given twice"
    assert numbers[0] > first.id


@pytest.mark.parametrize("kind_of_store", ["sqlite"])
def test_the_file_does_not_grow_either(rest: Rest) -> None:
    before = rest.pages()
    for _ in range(60):
        rest.cycle()
    assert rest.pages() == before


def test_a_cycle_that_read_something_new_has_a_run_of_its_own(rest: Rest) -> None:
    quiet = rest.last()
    for name in rest.harness.accounts:  # both sides say the same, so that nothing is written
        rest.edit(name, 1, "Chur")
    agreed = rest.cycle()
    assert (agreed.written, rest.last().quiet) == (0, 0)
    rest.edit("single", 1, "Thun")
    wrote = rest.cycle()
    assert (wrote.written, rest.last().quiet) == (1, 0)
    for _ in range(3):
        rest.cycle()
    with rest.app.store.connect() as db:
        kept = [runs.get(db, run_id) for run_id in (quiet.id, agreed.run_id, wrote.run_id)]
    assert [run.quiet if run else None for run in kept] == [quiet.quiet, 0, 0]


def by_cron(rest: Rest) -> None:
    outcome = run_until_quiet(rest.app, "bench", rest.app.environment, full=False, once=False)
    assert outcome.settled


def by_the_daemon(rest: Rest) -> None:
    worker = Worker("bench", rest.app, Stop(), clock=lambda: 0.0)
    assert worker.work() == worker.every
    worker.work()


@pytest.mark.parametrize("kind_of_store", ["sqlite"])
@pytest.mark.parametrize("look", [by_cron, by_the_daemon])
def test_a_year_of_use_stays_bounded(rest: Rest, look: Callable[[Rest], None]) -> None:
    """Every fifth day somebody edits two contacts, each of which is one write."""
    step, pages = timedelta(days=5), []
    for number in range(365 // 5):
        rest.now += step
        rest.edit("single", number % PEOPLE, f"City {number}")
        rest.edit("bulk", (number + 1) % PEOPLE, f"Town {number}")
        look(rest)
        pages.append(rest.pages())
    remembered, rows = retention.KEPT // step + 1, rest.rows()
    assert rows["op"] == 2 * remembered
    assert 2 * remembered <= rows["run"] <= 2 * remembered + 2  # one that wrote, one quiet row
    assert rows["journal"] <= 4 * remembered + 2 * PEOPLE  # of each edit one, and of each write
    half = len(pages) // 2
    assert max(pages[half:]) == pages[half]


# -- with real connectors ------------------------------------------------------------------


def kept(world: World) -> list[Run]:
    """The runs of a pair, oldest first."""
    with world.reading() as db:
        ids = db.execute(sa.select(t.run.c.id).where(t.run.c.pair == world.name).order_by("id"))
        found = [runs.get(db, run_id) for run_id in ids.scalars()]
    return [run for run in found if run is not None]


def sizes(world: World) -> list[int]:
    """For how many quiet cycles each run of a pair stands, oldest first."""
    return [run.quiet for run in kept(world)]


@pytest.fixture
def world(pair_of: Build) -> World:
    """Ada on both sides, and a cycle that found nothing to do."""
    world = pair_of(ADA)
    world.cycles()
    return world


@pytest.mark.parametrize("times", [1, 2])
def test_a_quiet_cycle_that_was_killed_goes_on_under_its_number(world: World, times: int) -> None:
    before = kept(world)
    for _ in range(3):
        world.dies_at("pull", times)
        with pytest.raises(CrashError):
            world.cycle()
        world.start_process()
        killed = kept(world)[-1]
        assert (killed.state, killed.quiet, len(kept(world))) == (RunState.OPEN, 0, len(before) + 1)
        assert world.cycle().run_id == killed.id
    after = kept(world)
    assert [run.id for run in after[:-1]] == [run.id for run in before[:-1]]
    assert (after[-1].state, after[-1].quiet) == (RunState.DONE, before[-1].quiet + 3)


def test_a_plan_and_a_failure_have_runs_of_their_own(world: World) -> None:
    before = sizes(world)
    world.cycle(Mode.PLAN)
    world.cycle()
    fault = world.fault("status", platform=MAILEON, status=401)
    with pytest.raises(SyncdError):
        world.cycle()
    world.box.world.faults.remove(fault)
    for _ in range(3):
        world.cycle()
    assert sizes(world) == [*before, 0, 1, 0, 3]


def test_a_backfill_forgets_what_ended_long_ago_too(world: World) -> None:
    with world.running().store.begin() as db:
        old = runs.start(db, world.name, "sync", world.now - 2 * retention.KEPT)
        runs.update(db, old.id, state=RunState.DONE)
        db.execute(t.pair.update().values(tidied_at=world.now - timedelta(days=2)))
    window = Window(world.now - timedelta(days=1), world.now)
    run = backfill.start(world.environment, world.pair(), backfill.BackfillRequest(window))
    assert old.id in [run.id for run in kept(world)]
    assert backfill.carry_out(world.pair(), world.environment, run).state is RunState.DONE
    assert old.id not in [run.id for run in kept(world)]


@pytest.mark.parametrize("keep", ["30d", "365d"])
def test_the_journal_is_kept_for_as_long_as_the_configuration_says(made: Build, keep: str) -> None:
    world = made()
    root = world.path.read_text("utf-8")
    world.path.write_text(root[:-1] + f', "journal": {{"keep": "{keep}"}}}}', "utf-8")
    world.act(GHL, "create", fields={"email": ADA})
    world.cycles()
    with world.running().store.connect() as db:
        before = db.execute(sa.select(sa.func.count()).select_from(t.journal)).scalar_one()
    world.wait(timedelta(days=40).total_seconds())
    world.end_process()
    world.cycles()
    with world.running().store.connect() as db:
        after = db.execute(sa.select(sa.func.count()).select_from(t.journal)).scalar_one()
    assert before > 1
    assert after == (1 if keep == "30d" else before)


@pytest.mark.parametrize("told", [{"reasons": ["3 contacts would be created."]}, {"approved": {}}])
def test_a_run_that_a_person_was_told_of_stays(world: World, told: dict[str, Any]) -> None:
    """Though nothing is left of it: it was held, or is released."""
    before = sizes(world)
    with world.running().store.begin() as db:
        held = runs.start(db, world.name, "sync", world.now)
        runs.update(db, held.id, state=RunState.HELD, **told)
    done = world.cycle()
    assert (done.run_id, done.state, done.counts) == (held.id, RunState.DONE, {})
    for _ in range(3):
        world.cycle()
    assert sizes(world) == [*before, 0, 3]
    assert [run.id for run in kept(world)][-2] == held.id


def test_a_line_that_rests_for_weeks_is_told_by_one_run(world: World) -> None:
    before, resting = sizes(world), replace(world.stream(), resting=("A line rests.",))
    pair = Pair(world.name, (resting,))
    reports = [run_cycle(pair, world.environment) for _ in range(5)]
    for report in reports:
        assert (report.state, report.reasons) == (RunState.HELD, resting.resting)
    assert sizes(world) == [*before, 5]
    assert (kept(world)[-1].id, kept(world)[-1].state) == (reports[-1].run_id, RunState.HELD)
    for _ in range(2):
        world.cycle()
    assert sizes(world) == [*before, 5, 2]


def test_a_list_that_is_read_for_ever_by_quiet_cycles_leaves_one_run(made: Build) -> None:
    """Three pages, one of them a cycle, so that a sweep outlives the run in which it began."""
    world = crowded(made)
    for n in range(101, 202):
        world.act(MAILERCLOUD, "create", email=f"n{n}@example.org")
    for _ in range(2):
        world.wait(LATER.total_seconds())
        world.cycle()
    world.set_up(replace(world.stream(), sweep_pages=Both(None, 1)))
    before, numbers = sizes(world), []
    for _ in range(12):
        world.wait(LATER.total_seconds())
        world.cycle()
        with world.reading() as db:
            numbers.append(cursors.load(db, world.name, Side.RIGHT, world.stream().resource).sweep)
        assert len(kept(world)) <= len(before) + 1
    sweeps = [number for number in dict.fromkeys(numbers) if number is not None]
    assert len(sweeps) > 2
    assert sweeps == sorted(sweeps)
    assert sum(sizes(world)) == sum(before) + 12
