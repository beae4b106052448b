"""A field that each platform re-spells for the other is parked, and says so."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.core.flapping import QUIET
from syncd.model.record import Resource
from syncd.model.side import SIDES, Side
from syncd.store import conflicts, runs, wake
from syncd.store.conflicts import Conflict
from syncd.store.runs import RunState
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD, NEWS, PAIR
from tests.engine.scenes import ADA
from tests.engine.world import LAG, Build, World, assert_quiet

CITY: dict[str, Any] = {"left": "city", "right": "CITY", "policy": "manual"}
TAGS: dict[str, Any] = {
    "left": "tags",
    "right": "custom.tags",
    "transform": {"join": ", "},
    "create_missing": True,
}
ENOUGH = 8  # cycles in which whatever flips has flipped more often than it may


def in_ghl(world: World, city: str) -> None:
    world.act(GHL, "edit", email=ADA, fields={"city": city})


def in_maileon(world: World, city: str) -> None:
    world.act(MAILEON, "edit", email=ADA, standard_fields={"CITY": city})


def cities(world: World) -> list[str]:
    return [world.row(side, ADA).fields["city"] for side in SIDES]


def shout(world: World) -> None:
    """An automation of GHL: cities are in upper case."""
    city = cities(world)[0]
    if city != city.upper():
        in_ghl(world, city.upper())


def capitalise(world: World) -> None:
    """An automation of Maileon: cities are in title case."""
    city = cities(world)[1]
    if city != city.title():
        in_maileon(world, city.title())


Automation = Callable[[World], None]


def live(world: World, *automations: Automation, cycles: int = ENOUGH) -> int:
    """Cycles, after each of which the automations do as they always do; how many writes."""
    before = world.writes()
    for _ in range(cycles):
        world.settle()
        world.cycle()
        for automation in automations:
            automation(world)
    world.settle()
    world.cycle()
    return world.writes() - before


def parked(world: World) -> list[Conflict]:
    with world.reading() as db:
        return conflicts.of_pair(db, PAIR)


def choose(world: World, asked: list[Conflict], take: Side) -> None:
    """What `syncd conflicts resolve` does."""
    with world.running().store.begin() as db:
        for conflict in asked:
            conflicts.choose(db, conflict.id, take)
        wake.by_links(db, {conflict.link_id for conflict in asked})


@pytest.fixture
def flipping(pair_of: Build) -> World:
    """Ada's city was re-spelled to and fro until it was parked."""
    world = pair_of(ADA, fields=[CITY])
    in_ghl(world, "Thun")
    shout(world)
    assert live(world, shout, capitalise) <= 5
    return world


def test_a_field_that_flips_is_parked_and_says_so(flipping: World) -> None:
    (conflict,) = parked(flipping)
    assert (conflict.rule, conflict.flips) == ("city = CITY", True)
    assert cities(flipping) == ["THUN", "Thun"]
    assert [conflict.values[side] for side in SIDES] == [("THUN",), ("Thun",)]
    assert live(flipping, shout, capitalise) == 0
    assert_quiet(flipping)
    assert parked(flipping) == [conflict]


@pytest.mark.parametrize("side", SIDES)
def test_another_value_travels_although_the_field_is_parked(flipping: World, side: Side) -> None:
    (in_ghl if side is Side.LEFT else in_maileon)(flipping, "CHUR 7")
    flipping.settle()
    flipping.cycle()
    assert cities(flipping) == ["CHUR 7", "CHUR 7"]
    assert parked(flipping) == []
    live(flipping, shout, capitalise)
    assert cities(flipping) == ["CHUR 7", "Chur 7"]
    assert [conflict.flips for conflict in parked(flipping)] == [True]


def test_it_stays_the_conflict_that_it_was_when_its_contact_is_planned_again(
    pair_of: Build,
) -> None:
    name = {"left": "firstName", "right": "FIRSTNAME", "policy": "newest"}
    world = pair_of(ADA, fields=[CITY, name])
    in_ghl(world, "Thun")
    shout(world)
    live(world, shout, capitalise)
    (conflict,) = parked(world)
    assert conflict.flips
    world.act(GHL, "edit", email=ADA, fields={"firstName": "Ada"})
    world.settle()
    world.cycle()
    assert world.row(Side.RIGHT, ADA).fields["firstName"] == "Ada"
    assert parked(world) == [conflict]


def test_it_stays_parked_while_its_contact_is_out_of_the_filter(pair_of: Build) -> None:
    world = pair_of(ADA, fields=[CITY], filter={"left": {"tag": "vip"}})
    in_ghl(world, "Thun")
    shout(world)
    live(world, shout, capitalise)
    (conflict,) = parked(world)
    for deed in ("untag", "tag"):
        world.act(GHL, deed, email=ADA, tags=["vip"])
        world.settle()
        world.cycle()
        assert parked(world) == [conflict]


def test_both_sides_made_equal_by_hand_settle_it(flipping: World) -> None:
    in_maileon(flipping, "THUN")
    flipping.cycles()
    assert parked(flipping) == []
    assert cities(flipping) == ["THUN", "THUN"]


@pytest.mark.parametrize("take", SIDES)
def test_a_choice_is_written_once_and_then_each_side_keeps_its_spelling(
    flipping: World, take: Side
) -> None:
    choose(flipping, parked(flipping), take)
    flipping.settle()
    writes = flipping.writes()
    flipping.cycle()
    assert flipping.writes() == writes + 1
    assert cities(flipping) == [["THUN", "THUN"], ["Thun", "Thun"]][SIDES.index(take)]
    shout(flipping)
    capitalise(flipping)
    assert live(flipping, shout, capitalise) == 0
    assert cities(flipping) == ["THUN", "Thun"]
    assert parked(flipping) == []
    assert_quiet(flipping)
    in_ghl(flipping, "CHUR")
    flipping.settle()
    flipping.cycle()
    assert cities(flipping) == ["CHUR", "CHUR"]


def test_a_choice_holds_without_automations_too(flipping: World) -> None:
    choose(flipping, parked(flipping), Side.LEFT)
    flipping.cycles()
    assert (cities(flipping), parked(flipping)) == (["THUN", "THUN"], [])
    in_maileon(flipping, "Biel")
    flipping.cycles()
    assert cities(flipping) == ["Biel", "Biel"]


def test_a_choice_of_what_is_there_no_more_is_asked_anew(flipping: World) -> None:
    choose(flipping, parked(flipping), Side.LEFT)
    in_maileon(flipping, "Biel")
    flipping.cycles()
    assert (cities(flipping), parked(flipping)) == (["Biel", "Biel"], [])


# -- what is none --------------------------------------------------------------------------


@pytest.mark.parametrize("automations", [(), (capitalise,), (shout,)])
def test_who_changes_their_mind_on_one_side_is_followed(
    pair_of: Build, automations: tuple[Automation, ...]
) -> None:
    world = pair_of(ADA, fields=[CITY])
    for _ in range(3):
        for city in ("Thun", "Chur"):
            in_ghl(world, city)
            live(world, *automations, cycles=2)
            assert [city.casefold()] * 2 == [shown.casefold() for shown in cities(world)]
    assert parked(world) == []


def test_who_changes_a_value_back_long_after_is_followed(pair_of: Build) -> None:
    world = pair_of(ADA, fields=[CITY])
    for _ in range(3):
        for edit, city in ((in_ghl, "Thun"), (in_maileon, "Chur")):
            edit(world, city)
            world.cycles()
            assert cities(world) == [city, city]
            be_quiet(world)
    assert parked(world) == []


def be_quiet(world: World) -> None:
    """As many cycles pass as it takes for a field to count as settled."""
    with world.running().store.begin() as db:
        run = runs.start(db, PAIR, "sync", world.now)
        runs.update(db, run.id, state=RunState.DONE, quiet=QUIET)


def test_two_people_who_insist_are_parked_and_lose_nothing(pair_of: Build) -> None:
    world = pair_of(ADA, fields=[CITY])
    for _ in range(3):
        for edit, city in ((in_ghl, "Thun"), (in_maileon, "Chur")):
            edit(world, city)
            world.cycles()
    assert cities(world) == ["Thun", "Chur"]
    assert [conflict.flips for conflict in parked(world)] == [True]


def test_a_contact_that_does_not_flip_costs_nothing(flipping: World) -> None:
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    sa.event.listen(flipping.running().store, "before_cursor_execute", note)
    assert live(flipping, cycles=1) == 0
    sa.event.remove(flipping.running().store, "before_cursor_execute", note)
    assert asked
    assert not [statement for statement in asked if "row_number" in statement]


# -- the brothers --------------------------------------------------------------------------


def greet(world: World) -> None:
    """An automation of GHL: everybody has the tag `hello`."""
    world.act(GHL, "tag", email=ADA, tags=["hello"])


def part(world: World) -> None:
    """An automation of Maileon: nobody has it."""
    tags = world.row(Side.RIGHT, ADA).tags - {"hello"}
    world.act(MAILEON, "edit", email=ADA, custom_fields={"tags": ", ".join(sorted(tags))})


def tags(world: World) -> list[set[str]]:
    return [set(world.row(side, ADA).tags) for side in SIDES]


@pytest.fixture
def greeting(pair_of: Build) -> World:
    """The tag `hello` went to and fro until it was parked."""
    world = pair_of(ADA, fields=[TAGS])
    greet(world)
    assert live(world, greet, part) <= 6
    return world


def test_a_tag_that_flips_is_parked_and_the_others_travel(greeting: World) -> None:
    (conflict,) = parked(greeting)
    assert (conflict.rule, conflict.flips) == ("tags = custom.tags", True)
    assert tags(greeting) == [{"vip", "hello"}, {"vip"}]
    greeting.act(GHL, "tag", email=ADA, tags=["gold"])
    greeting.settle()
    greeting.cycle()
    assert tags(greeting) == [{"vip", "hello", "gold"}, {"vip", "gold"}]
    greeting.act(MAILEON, "edit", email=ADA, custom_fields={"tags": "gold, old"})
    live(greeting, greet, part, cycles=2)
    assert tags(greeting) == [{"hello", "gold", "old"}, {"gold", "old"}]
    assert [conflict.flips for conflict in parked(greeting)] == [True]
    assert_quiet(greeting)


def test_a_tag_that_begins_to_flip_beside_a_parked_one_is_parked_too(greeting: World) -> None:
    def mark(world: World) -> None:
        world.act(GHL, "tag", email=ADA, tags=["hello", "mark"])

    def take_off(world: World) -> None:
        left = world.row(Side.RIGHT, ADA).tags - {"hello", "mark"}
        world.act(MAILEON, "edit", email=ADA, custom_fields={"tags": ", ".join(sorted(left))})

    mark(greeting)
    assert live(greeting, mark, take_off) <= 6
    assert tags(greeting) == [{"vip", "hello", "mark"}, {"vip"}]
    assert [conflict.flips for conflict in parked(greeting)] == [True]
    assert_quiet(greeting)


@pytest.mark.parametrize("take", SIDES)
def test_a_choice_about_a_tag_is_written_once(greeting: World, take: Side) -> None:
    choose(greeting, parked(greeting), take)
    greeting.settle()
    greeting.cycle()
    assert tags(greeting) == [[{"vip", "hello"}] * 2, [{"vip"}] * 2][SIDES.index(take)]
    greet(greeting)
    part(greeting)
    assert live(greeting, greet, part) == 0
    assert tags(greeting) == [{"vip", "hello"}, {"vip"}]
    assert parked(greeting) == []
    assert_quiet(greeting)


def default(world: World) -> None:
    """An automation of Maileon: the city is Bern."""
    in_maileon(world, "Bern")


@pytest.fixture
def undone(pair_of: Build) -> World:
    """What GHL owns was undone in Maileon, again and again, until it was parked."""
    world = pair_of(ADA, fields=[{**CITY, "direction": "right"}])
    in_ghl(world, "Thun")
    assert live(world, default) <= 3
    return world


def test_what_the_target_of_a_one_way_rule_undoes_for_ever_is_parked(undone: World) -> None:
    (conflict,) = parked(undone)
    assert (conflict.flips, cities(undone)) == (True, ["Thun", "Bern"])
    assert_quiet(undone)
    in_ghl(undone, "Chur")
    undone.settle()
    undone.cycle()
    assert (cities(undone), parked(undone)) == (["Chur", "Chur"], [])


@pytest.mark.parametrize("take", SIDES)
def test_a_choice_about_a_one_way_rule_ends_it(undone: World, take: Side) -> None:
    choose(undone, parked(undone), take)
    assert live(undone, default) == (1 if take is Side.LEFT else 0)
    assert (cities(undone), parked(undone)) == (["Thun", "Bern"], [])
    assert_quiet(undone)


def test_a_tag_that_comes_back_to_whom_the_filter_leaves_out_is_listed(made: Build) -> None:
    leave = {"left": {"tag": "member"}, "on_leave": "untag", "untag": ["hello"]}
    world = made(fields=[TAGS], filter=leave)
    world.act(GHL, "create", fields={"email": ADA}, tags=["member", "hello"])
    world.cycles()
    world.act(GHL, "untag", email=ADA, tags=["member"])

    def again(world: World) -> None:
        world.act(MAILEON, "edit", email=ADA, custom_fields={"tags": "hello, member"})

    assert live(world, again) <= 3
    with world.reading() as db:
        assert conflicts.problem_census(db, PAIR) == [
            (Resource.CONTACT, "tags = custom.tags", "undone_there", 1)
        ]


def test_automations_of_two_platforms_that_meet_in_a_third_are_stopped_too(made: Build) -> None:
    news = [{"left": "city", "right": "city", "policy": "manual"}]
    world = made(fields=[CITY], news=True, news_fields=news, policy="manual")
    world.act(GHL, "create", fields={"email": ADA, "city": "Thun"})

    def shout_there(world: World) -> None:
        city = world.news.row(Side.RIGHT, ADA).fields["city"]
        if city != city.upper():
            world.act(MAILERCLOUD, "edit", email=ADA, fields={"city": city.upper()})

    def both(cycles: int) -> int:
        before = world.writes()
        for _ in range(cycles):
            for view in (world, world.news):
                view.cycle()
            world.wait(3 * LAG.total_seconds())  # longer than a row that we wrote is doubted
            if world.rows(Side.RIGHT) and world.news.rows(Side.RIGHT):
                capitalise(world)
                shout_there(world)
        return world.writes() - before

    both(10)
    assert both(2) == 0
    with world.reading() as db:
        found = [*conflicts.of_pair(db, PAIR), *conflicts.of_pair(db, NEWS)]
    assert [conflict.flips for conflict in found] == [True]
