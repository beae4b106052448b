"""A row of an index that differs from what we wrote: believed, asked about, or set aside."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.engine.context import Cycle, leased
from syncd.engine.cycle import Mode
from syncd.engine.observe import settle_doubts
from syncd.model.record import Record
from syncd.model.side import SIDES, Side
from syncd.store import runs
from syncd.store import tables as t
from tests.engine.pairs import GHL, MAILERCLOUD
from tests.engine.scenes import ADA
from tests.engine.world import Build, World

SECOND = timedelta(seconds=1)
BELIEVED, ASKED, ASIDE = "believed", "asked about", "set aside"


@contextmanager
def working(world: World) -> Iterator[Cycle]:
    stream, environment = world.stream(), world.environment
    with leased(stream.pair, environment) as lease:
        with environment.writing(lease) as db:
            run = runs.start(db, stream.pair, Mode.SYNC.value, environment.now())
        yield Cycle(stream, environment, lease, run.id)


def written_at(world: World, side: Side) -> datetime:
    """When we last sent something to a side."""
    with world.reading() as db:
        last = sa.select(sa.func.max(t.op.c.sent_at)).where(
            t.op.c.pair == world.name, t.op.c.side == side.value
        )
        found: Any = db.execute(last).scalar_one()
    assert found is not None
    return found  # type: ignore[no-any-return]


def judged(world: World, side: Side, row: Record) -> str:
    """What is done with a row that an index shows."""
    with working(world) as cycle:
        before = world.line.sent
        (settled,) = settle_doubts(cycle, side, [row])
    if world.line.sent > before:
        return ASKED
    return BELIEVED if settled is row else ASIDE


def moved_to(world: World, moment: datetime) -> None:
    world.box.world.clock.freeze(moment)


@pytest.fixture
def told(made: Build) -> World:
    """Ada in GHL and Mailercloud, whose rows have no version; we wrote to it last."""
    world = made(news=True, moment=timedelta()).news
    world.act(GHL, "create", fields={"email": ADA, "city": "Bern"})
    for _ in range(3):
        world.wait(900)
        world.cycle()
    world.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    world.wait(900)
    world.cycle()
    assert world.row(Side.RIGHT, ADA).fields["city"] == "Chur"
    return world


@pytest.mark.parametrize(
    ("lags", "more", "wanted"),
    [
        (0.0, SECOND, ASKED),
        (1.0, -SECOND, ASKED),
        (1.0, timedelta(), ASKED),
        (1.0, SECOND, ASKED),
        (1.5, timedelta(), ASKED),
        (2.0, -SECOND, ASKED),
        (2.0, timedelta(), ASKED),
        (2.0, SECOND, BELIEVED),
        (9.0, timedelta(), BELIEVED),
    ],
)
def test_a_row_without_version_is_believed_twice_the_lag_after_our_write(
    told: World, lags: float, more: timedelta, wanted: str
) -> None:
    """Until then it is asked about: an edit seen so takes a lag to come through in the index."""
    lag = told.stream().specs.right.index_lag
    assert lag > 4 * SECOND
    moved_to(told, written_at(told, Side.RIGHT) + lags * lag + more)
    row = Record(told.row(Side.RIGHT, ADA).id, {"city": "Bern"}, certain=False)
    assert judged(told, Side.RIGHT, row) == wanted


def test_a_stale_row_at_one_and_a_half_lags_undoes_nothing(told: World) -> None:
    told.configure(MAILERCLOUD, search_lag_s=3000.0)
    told.act(GHL, "edit", email=ADA, fields={"city": "Thun"})
    told.wait(300)
    told.cycle()
    lag = told.stream().specs.right.index_lag
    moved_to(told, written_at(told, Side.RIGHT) + 1.5 * lag)
    told.cycle()
    assert [told.row(side, ADA).fields["city"] for side in SIDES] == ["Thun", "Thun"]


def test_an_edit_soon_after_our_write_is_seen_at_one_and_a_half_lags(told: World) -> None:
    """It was not looked at between one lag and two, and what we wrote then came before it."""
    lag = told.stream().specs.right.index_lag
    told.act(MAILERCLOUD, "edit", email=ADA, fields={"city": "Thun"})
    moved_to(told, written_at(told, Side.RIGHT) + 1.5 * lag)
    told.cycle()
    assert [told.row(side, ADA).fields["city"] for side in SIDES] == ["Thun", "Thun"]


def test_a_row_that_we_never_wrote_is_believed_at_once(made: Build) -> None:
    world = made(news=True, create="none").news
    world.act(MAILERCLOUD, "create", email=ADA, fields={"city": "Bern"})
    world.wait(900)
    world.cycle()
    row = Record(world.row(Side.RIGHT, ADA).id, {"city": "Chur"}, certain=False)
    assert judged(world, Side.RIGHT, row) == BELIEVED


def test_what_does_not_differ_or_is_certain_is_never_asked_about(told: World) -> None:
    moved_to(told, written_at(told, Side.RIGHT) + SECOND)
    remote_id = told.row(Side.RIGHT, ADA).id
    for row in (
        Record(remote_id, {"city": "Chur"}, certain=False),
        Record(remote_id, {"city": "Bern"}, certain=True),
        Record("nobody-we-know", {"city": "Bern"}, certain=False),
    ):
        assert judged(told, Side.RIGHT, row) == BELIEVED


def test_a_row_that_says_that_somebody_is_gone_is_asked_about(told: World) -> None:
    moved_to(told, written_at(told, Side.RIGHT) + SECOND)
    row = Record(told.row(Side.RIGHT, ADA).id, {}, gone=True, certain=False)
    assert judged(told, Side.RIGHT, row) == ASKED


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("differs", "wanted"), [("older", ASIDE), ("same", ASKED), ("newer", BELIEVED), ("no", ASKED)]
)
def test_a_row_with_a_version_is_believed_if_it_is_newer(
    pair_of: Build, side: Side, differs: str, wanted: str
) -> None:
    """One as old as what is known may be an edit whose time the platform did not move."""
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    world.cycles()
    remote_id = world.row(side, ADA).id
    with world.reading() as db:
        query = sa.select(t.observation.c.version).where(t.observation.c.remote_id == remote_id)
        version = db.execute(query).scalar_one()
    assert version is not None
    shown = {"older": version[:-1], "same": version, "newer": version + "1", "no": None}[differs]
    name = {Side.LEFT: "city", Side.RIGHT: "CITY"}[side]
    row = Record(remote_id, {name: "Bern"}, version=shown, certain=False)
    assert judged(world, side, row) == wanted


def test_what_is_set_aside_still_says_that_somebody_exists(pair_of: Build) -> None:
    world = pair_of(ADA)
    remote_id = world.row(Side.LEFT, ADA).id
    old = Record(remote_id, {"city": "Chur"}, version="2020-01-01T00:00:00Z", certain=False)
    with working(world) as cycle:
        (settled,) = settle_doubts(cycle, Side.LEFT, [old])
    assert (settled.remote_id, dict(settled.fields), settled.gone) == (remote_id, {}, False)
