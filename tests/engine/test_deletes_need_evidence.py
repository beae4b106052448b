"""Delete only on evidence, only as far as the policy says, and never against an edit."""

import pytest

from syncd.engine.cycle import Mode
from syncd.errors import SyncdError
from syncd.model.side import SIDES, Side
from syncd.store.runs import RunState
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA, BOB, cause
from tests.engine.world import Build, World, assert_alike, assert_quiet


def delete(world: World, side: Side, email: str) -> None:
    world.act(GHL if side is Side.LEFT else MAILEON, "delete", email=email)


@pytest.mark.parametrize("side", SIDES)
def test_whoever_goes_while_a_run_is_held_is_found_by_its_next_sweep(
    pair_of: Build, side: Side
) -> None:
    """The run keeps its number for as long as it waits, and reads everything each day."""
    world = pair_of(ADA, BOB, guards={"creates": {"count": 2, "percent": 100}})
    for n in range(3):
        world.act(GHL, "create", fields={"email": f"{n}@example.org"})
    world.settle()
    held = world.cycle(Mode.FULL)
    delete(world, side, ADA)
    world.settle()
    again = world.cycle(Mode.FULL)
    assert (again.state, again.run_id) == (RunState.HELD, held.run_id)
    assert cause(world, side.other, ADA) == ("parked", "counterpart_deleted")


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("policy", ["keep", "unsubscribe", "delete"])
def test_a_deletion_goes_as_far_as_the_policy_says(pair_of: Build, side: Side, policy: str) -> None:
    world = pair_of(ADA, BOB, delete=policy)
    delete(world, side, ADA)
    world.settle()
    world.cycle(Mode.FULL)
    world.cycles()
    left = world.by_email(side.other).get(ADA, [])
    match policy, side:
        case "keep", _:
            assert len(left) == 1
            assert not left[0].opted_out
            assert cause(world, side.other, ADA) == ("parked", "counterpart_deleted")
        case "delete", _:
            assert left == []
            assert world.unsubscribed() == set()
        case _, Side.LEFT:
            assert left == []
            assert world.unsubscribed() == {ADA}
        case _:
            assert left[0].opted_out
    assert set(world.by_email(Side.LEFT)) | set(world.by_email(Side.RIGHT)) >= {BOB}
    assert_quiet(world)


def test_what_a_listing_misses_but_a_direct_look_finds_is_not_deleted(pair_of: Build) -> None:
    world = pair_of(ADA, BOB, delete="delete")
    world.configure(GHL, flicker=1.0)
    world.settle()
    world.cycle(Mode.FULL)
    world.configure(GHL, flicker=0.0)
    world.cycles()
    assert set(world.by_email(Side.RIGHT)) == {ADA, BOB}
    assert_alike(world)


def test_without_a_complete_sweep_nobody_counts_as_deleted(pair_of: Build) -> None:
    world = pair_of(ADA, BOB, delete="delete")
    delete(world, Side.LEFT, ADA)
    world.cycles()
    assert ADA in world.by_email(Side.RIGHT)
    world.fault("status", platform=GHL, path="search", status=500, times=50)
    with pytest.raises(SyncdError):
        world.cycle(Mode.FULL)
    world.box.world.faults.clear()
    assert ADA in world.by_email(Side.RIGHT)


@pytest.mark.parametrize("side", SIDES)
def test_an_edit_beats_a_delete(pair_of: Build, side: Side) -> None:
    world = pair_of(ADA, BOB, delete="delete")
    delete(world, side, ADA)
    if side is Side.LEFT:
        world.act(MAILEON, "edit", email=ADA, standard_fields={"CITY": "Basel"})
    else:
        world.act(GHL, "edit", email=ADA, fields={"city": "Basel"})
    world.settle()
    world.cycle(Mode.FULL)
    world.cycles()
    assert world.row(side.other, ADA).fields["city"] == "Basel"
    assert cause(world, side.other, ADA) == ("parked", "counterpart_deleted")


def test_a_merge_in_ghl_deletes_nobody_by_default(pair_of: Build) -> None:
    world = pair_of(ADA, BOB)
    loser = world.row(Side.LEFT, BOB).id
    world.act(GHL, "merge", email=ADA, loser=loser)
    world.settle()
    world.cycle(Mode.FULL)
    world.cycles()
    assert set(world.by_email(Side.RIGHT)) == {ADA, BOB}
    assert set(world.by_email(Side.LEFT)) == {ADA}
