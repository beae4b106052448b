"""Crash anywhere: whichever step or request is the last, nothing is lost and nothing doubled."""

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.engine.cycle import Mode
from syncd.store import tables as t
from tests.engine.line import CrashError
from tests.engine.scenes import ADA
from tests.engine.world import GHL, Build, World, assert_alike, assert_quiet

POINTS = ("sweep", "match", "reconcile", "claimed", "answered", "confirmed")


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("point", POINTS)
def test_a_death_between_any_two_steps_loses_and_doubles_nothing(
    made: Build, point: str, times: int
) -> None:
    world = made(contacts=8, seed=11)
    world.configure(GHL, allow_duplicates=True)
    world.chunk = 3
    world.dies_at(point, times)
    with pytest.raises(CrashError):
        world.cycle(Mode.FULL)
    world.end_process()
    world.cycles()
    assert_alike(world)
    assert_quiet(world)


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_death_in_any_request_loses_and_doubles_nothing(made: Build, carried_out: bool) -> None:
    """One process after the other dies, each one request further on."""
    world = made(contacts=6, seed=12)
    world.configure(GHL, allow_duplicates=True, index_lag_s=45.0)
    for number in range(1, 40):
        world.line.rest()
        world.line.crash_at, world.line.carried_out = number, carried_out
        try:
            world.cycle()
        except CrashError:
            world.end_process()
        world.wait(2)
    world.line.rest()
    world.cycles()
    assert_alike(world)
    assert_quiet(world)


def test_shadows_move_on_confirmation_only(pair_of: Build) -> None:
    world = pair_of(ADA)
    before = _shadows(world)
    world.act(GHL, "edit", email=ADA, fields={"city": "Basel"})
    world.settle()
    world.dies_at("answered")
    with pytest.raises(CrashError):
        world.cycle()
    assert _shadows(world) == before
    world.cycles()
    assert _shadows(world) != before


def _shadows(world: World) -> Sequence[Any]:
    with world.reading() as db:
        return db.execute(sa.select(t.link.c.left_shadow, t.link.c.right_shadow)).all()
