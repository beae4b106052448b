"""Our clock was days ahead and is right again: nothing waits for the time it showed."""

from datetime import timedelta

from syncd.engine.cycle import Mode
from syncd.model.side import Side
from tests.engine.pairs import MAILEON
from tests.engine.scenes import ADA, BOB
from tests.engine.world import Build, World

AHEAD = timedelta(days=2)


def swept_ahead(world: World) -> None:
    world.process.ahead = AHEAD
    world.cycle(Mode.FULL)
    world.process.ahead = timedelta()


def test_the_next_sweep_is_made_when_it_is_due(pair_of: Build) -> None:
    world = pair_of(ADA, BOB, delete="delete")
    swept_ahead(world)
    world.act(MAILEON, "delete", email=BOB)
    world.cycle()
    world.box.world.clock.advance(timedelta(hours=25))
    world.settle()
    world.cycles()
    assert set(world.by_email(Side.LEFT)) == {ADA}
