"""What one pair sees of an account is known to the others, and each takes in what that means."""

import pytest

from syncd.engine.observe import look_again, take_in
from syncd.engine.reconcile import reconcile
from syncd.model.record import Record
from syncd.model.side import SIDES, Side
from syncd.store import members
from tests.engine.pairs import GHL, MAILERCLOUD
from tests.engine.scenes import ADA, BOB
from tests.engine.test_index_lag import working
from tests.engine.test_three_platforms import settled
from tests.engine.world import Build, World


@pytest.fixture
def three(made: Build) -> World:
    world = made(news=True)
    world.act(GHL, "create", fields={"email": ADA, "city": "Bern"})
    settled(world)
    return world


def keys(world: World, remote_id: str) -> list[str | None]:
    """The address under which each pair knows a contact of GHL."""
    with world.reading() as db:
        found = [
            members.load(db, pair.name, pair.stream().resource, Side.LEFT, [remote_id])
            for pair in (world, world.news)
        ]
    return [known[remote_id].key for known in found]


def test_who_is_back_by_a_look_of_another_pair_is_not_gone_here(three: World) -> None:
    ada = three.row(Side.LEFT, ADA).id
    for pair in (three, three.news):
        with working(pair) as cycle, cycle.writing() as db:
            take_in(db, cycle, Side.LEFT, [Record(ada, {}, gone=True)])
    with working(three.news) as cycle:
        look_again(cycle, Side.LEFT, ada)
    settled(three)
    assert three.standing(Side.LEFT)[ada] == ("linked", None)
    assert [set(three.by_email(side)) for side in SIDES] == [{ADA}, {ADA}]


def test_an_address_that_another_pair_has_seen_is_known_here_too(three: World) -> None:
    ada = three.row(Side.LEFT, ADA).id
    three.act(GHL, "edit", id=ada, fields={"email": BOB})
    with working(three.news) as cycle:
        look_again(cycle, Side.LEFT, ada)
    with working(three) as cycle:
        reconcile(cycle)  # before a look of its own shows it
    settled(three)
    assert keys(three, ada) == [BOB, BOB]
    three.act(MAILERCLOUD, "delete", email=ADA)
    settled(three)
    assert set(three.by_email(Side.RIGHT)) == {BOB}


def is_awake(world: World, remote_id: str) -> bool:
    with world.reading() as db:
        known = members.load(db, world.name, world.stream().resource, Side.LEFT, [remote_id])
    return known[remote_id].todo


def test_another_pair_is_woken_by_what_has_changed_and_by_nothing_else(three: World) -> None:
    ada = three.row(Side.LEFT, ADA).id
    with working(three) as cycle:
        for record, wakes in (
            (Record(ada, {"city": "Bern"}, version="another"), False),
            (Record(ada, {"city": "Chur"}, version="another"), True),
        ):
            assert not is_awake(three.news, ada)
            with cycle.writing() as db:
                take_in(db, cycle, Side.LEFT, [record])
            assert is_awake(three.news, ada) is wakes
