"""Our reference in a contact: the other side's id, kept right, and never put over another's."""

import pytest

from syncd.engine.cycle import Mode
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA, BOB, both_ids
from tests.engine.world import Build, World, assert_quiet

RULE = "external_id = id"


def reference(world: World, remote_id: str) -> str | None:
    """What a contact of Maileon shows as its external id."""
    (shown,) = (d for d in world.box.platform(MAILEON).dump() if str(d["id"]) == remote_id)
    found = shown["external_id"]
    return None if found is None else str(found)


def made_again(world: World, email: str, **fields: str) -> str:
    """Delete somebody in GHL and enter them again, as an import does; the new id."""
    world.act(GHL, "delete", email=email)
    return str(world.act(GHL, "create", fields={"email": email, **fields})["id"])


@pytest.mark.parametrize("seen_gone", [False, True])
def test_who_was_deleted_and_imported_again_is_referred_to_by_the_new_id(
    pair_of: Build, seen_gone: bool
) -> None:
    world = pair_of(ADA)
    old, there = both_ids(world, ADA)
    assert reference(world, there) == old
    if seen_gone:
        world.act(GHL, "delete", email=ADA)
        world.settle()
        world.cycle(Mode.FULL)
        new = str(world.act(GHL, "create", fields={"email": ADA})["id"])
    else:
        new = made_again(world, ADA)
    world.settle()
    world.cycle(Mode.FULL)
    world.cycles()
    assert (new, there) in world.linked()
    assert reference(world, there) == new
    assert world.listed() == {}
    assert_quiet(world)


def test_so_is_who_was_imported_twice(pair_of: Build) -> None:
    world = pair_of(ADA)
    _, there = both_ids(world, ADA)
    for _ in range(2):
        new = made_again(world, ADA)
        world.settle()
        world.cycle(Mode.FULL)
        world.cycles()
        assert reference(world, there) == new


def test_the_reference_of_a_link_that_ended_may_be_replaced_wherever_it_stands(
    pair_of: Build,
) -> None:
    """Somebody put the external id of a contact that is no more into another one."""
    world = pair_of(ADA, BOB)
    ada, first = both_ids(world, ADA)
    bob, second = both_ids(world, BOB)
    world.act(GHL, "delete", id=ada)
    world.settle()
    world.cycle(Mode.FULL)
    world.act(MAILEON, "delete", id=first)
    world.settle()
    world.cycle(Mode.FULL)
    world.act(MAILEON, "edit", id=second, external_id=ada)
    world.cycles()
    assert reference(world, second) == bob
    assert world.listed() == {}


def test_the_reference_of_another_living_link_stays_and_is_listed(pair_of: Build) -> None:
    world = pair_of(ADA, BOB)
    ada, first = both_ids(world, ADA)
    bob, second = both_ids(world, BOB)
    world.act(MAILEON, "edit", id=first, external_id=None)
    world.act(MAILEON, "edit", id=second, external_id=ada)
    world.cycles()
    assert reference(world, second) == ada
    assert RULE in world.listed()[bob, second]


def test_a_reference_that_never_was_ours_is_never_written_over(pair_of: Build) -> None:
    world = pair_of(ADA)
    ada, there = both_ids(world, ADA)
    world.act(MAILEON, "edit", id=there, external_id="K-1001")
    world.cycles()
    assert reference(world, there) == "K-1001"
    assert world.listed() == {(ada, there): {RULE}}
    new = made_again(world, ADA)
    world.settle()
    world.cycle(Mode.FULL)
    world.cycles()
    assert (new, there) in world.linked()
    assert reference(world, there) == "K-1001"
