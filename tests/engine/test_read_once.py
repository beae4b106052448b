"""Pairs that share an account read it once: what one has read, the others take in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.model.side import Side
from syncd.store import cursors, fanout
from syncd.store.cursors import Cursor
from tests.engine.line import CrashError
from tests.engine.pairs import FIELDS, GHL, MAILEON, MAILERCLOUD
from tests.engine.scenes import ADA, BOB, CY
from tests.engine.test_three_platforms import both_pairs, mailable, settled
from tests.engine.world import LAG, Build, World

EVERY = timedelta(minutes=10)
HALF = EVERY.total_seconds() / 2


def patient(world: World, fresh_for: timedelta = EVERY) -> World:
    """A pair as the daemon runs it: what another has read a moment ago it does not read again."""
    world.set_up(replace(world.stream(), fresh_for=fresh_for))
    return world


@pytest.fixture
def three(made: Build) -> World:
    """Ada and Bob on all three platforms; both pairs know of each other, and have patience."""
    world = made(news=True)
    for address in (ADA, BOB):
        world.act(GHL, "create", fields={"email": address, "city": "Bern"}, tags=["vip"])
    settled(world)
    return taking_turns(world)


def taking_turns(world: World) -> World:
    """Both pairs with patience; the first one has read the account last."""
    patient(world.news)
    patient(world).wait(2 * EVERY.total_seconds())
    both_pairs(world)
    return world


def asked(world: World, deed: World) -> int:
    """How many requests of GHL a cycle of a pair costs."""
    world.box.world.requests.clear()
    deed.cycle()
    return sum(n for what, n in world.box.world.requests.items() if what.startswith(GHL))


def going_on(world: World) -> Cursor:
    with world.reading() as db:
        return cursors.load(db, world.name, Side.LEFT, world.stream().resource)


def test_two_pairs_at_rest_cost_an_account_what_one_costs(three: World) -> None:
    three.wait(HALF)
    three.cycle()
    costs = []
    for _ in range(4):
        three.wait(HALF)
        here = asked(three, three.news)
        three.wait(HALF)
        costs.append((here, asked(three, three)))
    assert {here for here, _ in costs} == {0}
    assert max(there for _, there in costs) <= 3


def test_what_one_pair_has_read_reaches_the_platform_of_the_other(three: World) -> None:
    three.act(GHL, "create", fields={"email": CY, "city": "Thun"})
    three.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    three.wait(LAG.total_seconds())
    three.cycle()
    assert asked(three, three.news) <= 3
    three.wait(LAG.total_seconds())
    assert three.news.row(Side.RIGHT, ADA).fields["city"] == "Chur"
    assert three.news.row(Side.RIGHT, CY).fields["city"] == "Thun"


def test_an_opt_out_that_one_pair_has_read_is_carried_by_the_other(three: World) -> None:
    three.act(GHL, "dnd", email=ADA, channel="Email")
    three.wait(LAG.total_seconds())
    three.cycle()
    three.news.cycle()
    three.wait(LAG.total_seconds())
    assert [ADA in side for side in mailable(three)] == [False, False]


def test_what_one_pair_writes_the_other_takes_in_without_a_look(three: World) -> None:
    three.act(MAILEON, "edit", email=BOB, standard_fields={"CITY": "Olten"})
    three.wait(LAG.total_seconds())
    three.cycle()
    assert asked(three, three.news) <= 3
    three.wait(LAG.total_seconds())
    assert three.news.row(Side.RIGHT, BOB).fields["city"] == "Olten"


def test_who_was_not_read_for_long_is_read_by_the_other(three: World) -> None:
    three.wait(HALF)
    three.cycle()
    three.wait(3 * HALF)
    three.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    three.wait(LAG.total_seconds())
    assert asked(three, three.news) > 0
    three.wait(LAG.total_seconds())
    assert three.news.row(Side.RIGHT, ADA).fields["city"] == "Chur"
    assert asked(three, three) <= 3
    three.wait(LAG.total_seconds())
    assert three.row(Side.RIGHT, ADA).fields["city"] == "Chur"


def test_a_sweep_of_one_pair_is_one_of_the_other(three: World) -> None:
    swept = going_on(three.news).swept_at
    assert swept is not None
    three.act(GHL, "delete", email=BOB)
    three.wait(timedelta(hours=24).total_seconds())
    three.cycle()
    assert going_on(three).swept_at != swept
    assert asked(three, three.news) <= 3
    assert going_on(three.news).swept_at == going_on(three).swept_at
    remote_id = next(i for i, (state, _) in three.standing(Side.LEFT).items() if state == "gone")
    assert three.news.standing(Side.LEFT)[remote_id][0] == "gone"


def test_fields_that_only_the_other_pair_needs_are_read_for_it(made: Build) -> None:
    world = made(news=True, fields=[line for line in FIELDS if line["left"] != "city"])
    world.act(GHL, "create", fields={"email": ADA, "city": "Bern"})
    settled(world)
    taking_turns(world)
    world.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    world.wait(LAG.total_seconds())
    assert "city" in world.stream().fields.left - world.stream().own.left
    world.cycle()
    world.news.cycle()
    world.wait(LAG.total_seconds())
    assert world.news.row(Side.RIGHT, ADA).fields["city"] == "Chur"


def test_a_pair_that_comes_later_is_told_what_is_known(made: Build) -> None:
    """It reads its own side; what the first one has read of the account is in the store."""
    world = made(news=True)
    for address in (ADA, BOB):
        world.act(GHL, "create", fields={"email": address, "city": "Bern"})
    for _ in range(3):
        world.wait(LAG.total_seconds())
        world.cycle()
    both_pairs(world)  # the first time it reads all that it needs
    settled(world)
    assert set(world.news.by_email(Side.RIGHT)) == {ADA, BOB}


def test_a_process_that_dies_over_the_news_takes_them_in_later(three: World) -> None:
    three.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    three.wait(LAG.total_seconds())
    three.cycle()
    news = three.news
    news.dies_at("fanout")
    with pytest.raises(CrashError):
        news.cycle()
    news.start_process()
    settled(three)
    assert three.news.row(Side.RIGHT, ADA).fields["city"] == "Chur"
    with three.reading() as db:
        assert not fanout.waits(db, (news.name, Side.LEFT), three.stream().resource)


def test_an_error_of_one_pair_leaves_the_reading_to_the_other(three: World) -> None:
    three.wait(HALF)
    three.cycle()
    three.act(MAILERCLOUD, "edit", email=ADA, fields={"city": "Chur"})
    for _ in range(4):  # the first one is not run any more
        three.wait(2 * HALF)
        three.news.cycle()
    assert three.row(Side.LEFT, ADA).fields["city"] == "Chur"


@pytest.mark.parametrize("late", [False, True])
def test_before_anything_is_written_it_is_known_as_it_is_now(three: World, late: bool) -> None:
    """Cy opts out when one pair has read, before the turn of the other, which is to make him."""
    three.act(MAILEON, "create", email=CY, permission=1)
    three.wait(LAG.total_seconds())
    three.cycle()  # he is in GHL by that
    if late:
        three.act(GHL, "dnd", email=CY, channel="Email")
    three.wait(LAG.total_seconds())
    three.news.cycle()
    assert (CY in three.news.by_email(Side.RIGHT)) is not late
