"""Reading a side page by page: so many pages per cycle, and on behind the last of them."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from syncd.engine.cycle import Mode
from syncd.engine.observe import PullReport
from syncd.engine.pull import EMPTIED_COUNT, EMPTIED_SHARE, pull_changes
from syncd.model.op import OpKind
from syncd.model.side import Both, Side
from syncd.store import cursors, runs
from syncd.store import tables as t
from syncd.store.cursors import Cursor
from tests.engine.pairs import GHL, MAILERCLOUD
from tests.engine.scenes import ADA
from tests.engine.test_index_lag import working
from tests.engine.test_no_evidence import crowded, gone
from tests.engine.test_three_platforms import LATER, settled
from tests.engine.world import Build, World

RIGHT = Side.RIGHT
DAY = timedelta(days=1)


def cursor(world: World, side: Side = RIGHT) -> Cursor:
    with world.reading() as db:
        return cursors.load(db, world.name, side, world.stream().resource)


@pytest.fixture
def small(made: Build) -> World:
    """Seven people on both sides, of whom Maileon shows two at a time."""
    world = made(accounts={"mail": {"page_size": 2}})
    for n in range(7):
        world.act(GHL, "create", fields={"email": f"n{n}@example.org"})
    world.cycles()
    return world


def test_a_sweep_is_due_once_so_much_time_has_passed_and_not_before(small: World) -> None:
    swept = cursor(small).swept_at
    assert swept is not None
    small.wait((swept + DAY - small.now).total_seconds() - 10)
    small.cycle()
    assert cursor(small).swept_at == swept
    small.wait((swept + DAY - small.now).total_seconds())
    small.cycle()
    assert cursor(small).swept_at not in (None, swept)
    assert cursor(small).swept_count == 7


def test_without_a_time_no_sweep_is_ever_due(small: World) -> None:
    swept = cursor(small).swept_at
    small.set_up(replace(small.stream(), sweep_every=timedelta()))
    small.wait(10 * DAY.total_seconds())
    small.cycle()
    assert cursor(small).swept_at == swept


def test_a_sweep_that_asks_for_other_fields_begins_anew(small: World) -> None:
    stream = replace(small.stream(), sweep_pages=Both(None, 1))
    small.set_up(stream)
    small.wait(DAY.total_seconds())
    small.cycle()
    first = cursor(small)
    assert first.sweep is not None
    small.set_up(replace(stream, reads=Both("", "another")))
    small.cycle()
    second = cursor(small)
    assert second.sweep is not None
    assert second.sweep > (first.sweep or 0)
    assert second.reads == "another"


def test_a_sweep_has_the_number_of_the_run_that_began_it(small: World) -> None:
    small.set_up(replace(small.stream(), sweep_pages=Both(None, 2)))
    small.wait(DAY.total_seconds())
    small.cycle()
    with small.reading() as db:
        run = runs.last(db, small.name)
    assert run is not None
    assert cursor(small).sweep == run.id


def test_changes_read_while_a_pair_is_reduced_make_it_read_everything_again(small: World) -> None:
    before = cursor(small, Side.LEFT)
    assert before.reads is not None
    small.set_up(replace(small.stream(), reduced=True))
    with working(small) as cycle:
        pull_changes(cycle, Side.LEFT, before)
    assert cursor(small, Side.LEFT).reads is None


def test_what_counts_as_hardly_anybody_is_fixed() -> None:
    assert (EMPTIED_SHARE, EMPTIED_COUNT) == (0.5, 20)


# -- a list that tells no changes ----------------------------------------------------------


def test_a_daemon_reads_some_pages_of_a_long_list_per_cycle(made: Build) -> None:
    world = made(news=True)
    for n in range(250):
        world.act(MAILERCLOUD, "create", email=f"n{n}@example.org")
    settled(world)
    world.act(MAILERCLOUD, "edit", email="n7@example.org", fields={"city": "Brig"})
    world.wait(LATER.total_seconds())
    news = world.news
    news.set_up(replace(news.stream(), sweep_pages=Both(None, 1)))
    reads: list[int] = []
    assert news.stream().specs.right.page_size == 100
    for _ in range(4):
        world.box.world.requests.clear()
        news.cycle()
        reads.append(world.box.world.requests["mailercloud POST /contact/search/{list_id}"])
    assert reads[:3] == [1, 1, 1]
    assert news.row(Side.LEFT, "n7@example.org").fields["city"] == "Brig"


def test_the_pages_that_one_cycle_may_read_are_no_whole_listing(made: Build) -> None:
    world = crowded(made)
    victim = world.row(RIGHT, ADA).id
    world.act(MAILERCLOUD, "delete", id=victim)
    world.set_up(replace(world.stream(), sweep_pages=Both(None, 1)))
    seen = []
    for _ in range(4):
        world.wait(LATER.total_seconds())
        world.cycle()
        seen.append((cursor(world).sweep is None, gone(world, victim)))
    assert seen[0] == (False, False)
    assert (True, True) in seen
    assert all(done or not is_gone for done, is_gone in seen[:2])


def test_only_a_full_cycle_tells_once_more_of_all_who_opted_out(made: Build) -> None:
    """A sweep that is due tells nothing again, or every listing would cost a request for each."""
    world = made(news=True).news
    world.act(GHL, "create", fields={"email": ADA})
    world.act(GHL, "dnd", email=ADA, channel="Email")
    told = []
    for mode in (Mode.SYNC, Mode.SYNC, Mode.SYNC, Mode.SYNC, Mode.FULL):
        world.wait(LATER.total_seconds())
        world.cycle(mode)
        with world.reading() as db:
            rows = db.execute(sa.select(sa.func.count()).where(t.op.c.kind == OpKind.SUPPRESS))
            told.append(rows.scalar_one())
    assert told[-3] == told[-2] < told[-1]


def test_what_was_pulled_shows_nobody_in_a_traceback() -> None:
    assert "example.org" not in repr(PullReport(opted_out=frozenset({"ada@example.org"})))
