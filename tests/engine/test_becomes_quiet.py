"""It converges and becomes quiet: when nobody edits, both sides agree and no more is written."""

from tests.engine.pairs import GHL
from tests.engine.scenes import ADA, BOB
from tests.engine.world import Build, assert_alike, assert_quiet


def test_seeded_lists_converge_and_then_nothing_more_is_written(made: Build) -> None:
    world = made(contacts=60)
    assert len(world.cycles()) <= 3
    assert_alike(world)
    assert_quiet(world)


def test_an_echo_of_our_own_write_is_no_edit(pair_of: Build) -> None:
    world = pair_of(ADA, BOB)
    world.act(GHL, "edit", email=ADA, fields={"city": "  Zürich  ", "firstName": "x" * 200})
    world.cycles()
    assert_alike(world)
    assert_quiet(world)
