"""Leaving a filter and coming back: what is kept, what is taken away, what is caught up."""

from syncd.model.side import Side
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA, BOB, cause
from tests.engine.world import Build, assert_alike, assert_quiet


def test_who_left_the_filter_keeps_what_it_has_and_gets_nothing_more(pair_of: Build) -> None:
    world = pair_of(ADA, filter={"left": {"tag": "vip"}})
    world.act(GHL, "untag", email=ADA, tags=["vip"])
    world.act(GHL, "edit", email=ADA, fields={"city": "Basel"})
    world.cycles()
    there = world.row(Side.RIGHT, ADA)
    assert (there.tags, there.fields["city"]) == ({"vip"}, "Bern")


def test_who_left_the_filter_loses_the_tags_that_the_pair_names(pair_of: Build) -> None:
    where = {"left": {"tag": "vip"}, "on_leave": "untag", "untag": ["vip"]}
    world = pair_of(ADA, filter=where)
    world.act(GHL, "tag", email=ADA, tags=["news"])
    world.cycles()
    world.act(GHL, "untag", email=ADA, tags=["vip"])
    world.cycles()
    assert world.row(Side.RIGHT, ADA).tags == {"news"}
    assert_quiet(world)


def test_who_comes_back_into_the_filter_is_kept_in_step_again(pair_of: Build) -> None:
    world = pair_of(ADA, filter={"left": {"tag": "vip"}})
    world.act(GHL, "untag", email=ADA, tags=["vip"])
    world.act(GHL, "edit", email=ADA, fields={"city": "Basel"})
    world.cycles()
    world.act(GHL, "tag", email=ADA, tags=["vip"])
    world.cycles()
    assert_alike(world)
    assert world.row(Side.RIGHT, ADA).fields["city"] == "Basel"


def test_what_we_carry_over_may_lead_out_of_the_filter_of_the_other_side(pair_of: Build) -> None:
    """The filter looks at GHL; in Maileon somebody takes the tag off by which it takes Ada."""
    world = pair_of(ADA, filter={"left": {"tag": "vip"}})
    world.act(MAILEON, "edit", email=ADA, custom_fields={"tags": "news"})
    world.settle()
    world.cycle()
    assert world.row(Side.LEFT, ADA).tags == {"news"}
    assert cause(world, Side.LEFT, ADA) == ("filtered", "filter")
    assert cause(world, Side.RIGHT, ADA) == ("filtered", "filter")


def test_who_is_made_on_a_side_whose_filter_takes_nobody_is_filtered_at_once(
    made: Build,
) -> None:
    world = made(filter={"right": {"field": "CITY", "in": ["Bern"]}})
    world.act(GHL, "create", fields={"email": BOB, "city": "Basel"})
    world.settle()
    world.cycle()
    assert cause(world, Side.LEFT, BOB) == ("filtered", "filter")
    assert cause(world, Side.RIGHT, BOB) == ("filtered", "filter")
