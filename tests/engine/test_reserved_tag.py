"""The tag with which Mailercloud's connector marks opt-outs, in the hands of people."""

import pytest

from syncd.model.side import Side
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.scenes import ADA, BOB
from tests.engine.world import LAG, Build, World, assert_quiet

LATER = 3 * LAG  # longer than a row that we wrote is not taken at its word
MARK = "crm-optout"
TAGS = "tags = tags"


def settled(world: World, most: int = 8) -> None:
    """Cycles of both pairs until neither writes anything."""
    for _ in range(most):
        world.wait(LATER.total_seconds())
        writes = world.writes()
        world.cycle()
        world.news.cycle()
        if world.writes() == writes:
            return
    raise AssertionError(f"{most} cycles did not become quiet")


def tags_in_mailercloud(world: World, email: str) -> set[str]:
    """All tags of a row, the mark of opt-outs too."""
    (shown,) = (d for d in world.box.platform(MAILERCLOUD).dump() if d["email"] == email)
    return set(shown["tags"])


@pytest.fixture
def world(made: Build) -> World:
    world = made(news=True)
    for email in (ADA, BOB):
        world.act(GHL, "create", fields={"email": email}, tags=["vip"])
    settled(world)
    return world


def listed(world: World, email: str) -> set[str]:
    ids = world.news.row(Side.LEFT, email).id, world.news.row(Side.RIGHT, email).id
    return world.news.listed().get(ids, set())


@pytest.mark.parametrize("typed", [MARK, "CRM-OptOut", " crm-optout "])
def test_it_is_kept_where_a_person_typed_it_and_listed(world: World, typed: str) -> None:
    world.act(GHL, "tag", email=ADA, tags=[typed, "gold"])
    settled(world)
    settled(world)
    assert {tag.strip() for tag in world.row(Side.LEFT, ADA).tags} == {"vip", "gold", MARK}
    assert world.row(Side.RIGHT, ADA).tags == {"vip", "gold", MARK}
    assert tags_in_mailercloud(world, ADA) == {"vip", "gold"}
    assert (listed(world, ADA), listed(world, BOB)) == ({TAGS}, set())
    assert not world.row(Side.LEFT, ADA).opted_out
    assert_quiet(world.news)
    world.act(GHL, "untag", email=ADA, tags=[MARK])
    settled(world)
    assert listed(world, ADA) == set()
    assert world.row(Side.RIGHT, ADA).tags == {"vip", "gold"}


def test_a_text_that_stands_for_tags_keeps_it_too(world: World) -> None:
    world.act(MAILEON, "edit", email=ADA, custom_fields={"tags": "vip, CRM-OptOut"})
    settled(world)
    settled(world)
    assert world.row(Side.LEFT, ADA).tags == world.row(Side.RIGHT, ADA).tags == {"vip", MARK}
    assert tags_in_mailercloud(world, ADA) == {"vip"}
    assert listed(world, ADA) == {TAGS}


def test_a_new_contact_is_made_without_it_and_with_all_other_tags(world: World) -> None:
    world.act(GHL, "create", fields={"email": "cy@example.org"}, tags=["vip", MARK])
    settled(world)
    assert tags_in_mailercloud(world, "cy@example.org") == {"vip"}
    assert world.row(Side.LEFT, "cy@example.org").tags == {"vip", MARK}
    assert listed(world, "cy@example.org") == {TAGS}


def test_set_by_a_person_in_mailercloud_it_stays_there_and_is_listed(world: World) -> None:
    world.act(MAILERCLOUD, "edit", email=ADA, tags=["vip", MARK, "gold"])
    world.act(MAILERCLOUD, "create", email="cy@example.org", tags=[MARK, "gold"])
    settled(world)
    settled(world)
    assert world.row(Side.LEFT, ADA).tags == {"vip", "gold"}
    assert tags_in_mailercloud(world, ADA) == {"vip", MARK, "gold"}
    assert world.row(Side.LEFT, "cy@example.org").tags == {"gold"}
    assert (listed(world, ADA), listed(world, "cy@example.org")) == ({TAGS}, {TAGS})
    assert_quiet(world.news)


def test_our_own_mark_of_an_opt_out_is_not_listed(world: World) -> None:
    world.act(GHL, "dnd", email=ADA, channel="Email")
    settled(world)
    settled(world)
    assert MARK in tags_in_mailercloud(world, ADA)
    assert world.row(Side.LEFT, ADA).tags == {"vip"}
    assert listed(world, ADA) == set()
    world.act(GHL, "tag", email=ADA, tags=["gold"])
    settled(world)
    assert tags_in_mailercloud(world, ADA) == {"vip", MARK, "gold"}
