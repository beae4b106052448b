"""Few connections to the store carry many pairs, as a cycle holds one only while it uses it."""

import httpx
import pytest
import sqlalchemy as sa

from syncd.engine.cycle import Mode
from syncd.model.side import Side
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA, BOB, CY, opt_out
from tests.engine.world import Build, World


@pytest.fixture
def world(pair_of: Build) -> World:
    """Three people on both sides, and everything that makes a cycle ask and write."""
    world = pair_of(ADA, BOB, CY)
    world.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    world.act(MAILEON, "create", email="dee@example.org")
    world.act(GHL, "delete", email=CY)
    opt_out(world, Side.RIGHT, BOB)
    world.settle()
    return world


def test_no_connection_is_held_while_a_platform_is_waited_for(world: World) -> None:
    pool = world.running().store.pool
    assert isinstance(pool, sa.QueuePool)
    held: list[int] = []

    def note(_: httpx.Request) -> bool:
        held.append(pool.checkedout())
        return False

    world.line.crash_in = note
    for mode in (Mode.PLAN, Mode.SYNC, Mode.FULL, Mode.SYNC):
        world.cycle(mode)
        world.settle()
    assert len(held) > 20
    assert set(held) == {0}


def test_who_holds_a_connection_asks_for_no_other(world: World) -> None:
    """Or threads that hold one each would wait for each other until all give up."""
    pool = world.running().store.pool
    assert isinstance(pool, sa.QueuePool)
    held: list[int] = []
    sa.event.listen(pool, "checkout", lambda *_: held.append(pool.checkedout()))
    for mode in (Mode.PLAN, Mode.SYNC, Mode.FULL, Mode.SYNC):
        world.cycle(mode)
        world.settle()
    assert len(held) > 100
    assert set(held) == {1}
