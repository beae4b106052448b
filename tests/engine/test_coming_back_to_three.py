"""Who comes back where three platforms share an address: what one pair settles, all have."""

import pytest

from syncd.model.side import Side
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.scenes import ADA, BOB
from tests.engine.test_coming_back import DAY, NEWER, answer, asked, confirms
from tests.engine.test_three_platforms import mailable, settled
from tests.engine.world import Build, World


@pytest.fixture
def three(made: Build) -> World:
    world = made(news=True, **NEWER)
    for address in (ADA, BOB):
        world.act(GHL, "create", fields={"email": address})
    settled(world)
    return world


def leaves(world: World, where: str) -> None:
    if where == GHL:
        world.act(GHL, "dnd", email=ADA, channel="Email")
    else:
        world.act(where, "unsubscribe", email=ADA)
    settled(world)
    assert mailable(world).left == mailable(world).right == {BOB}
    world.wait(DAY)


@pytest.fixture(params=[GHL, MAILEON, MAILERCLOUD])
def left(request: pytest.FixtureRequest, three: World) -> World:
    """Ada has opted out on one of the three platforms, and so on all."""
    leaves(three, request.param)
    return three


def test_no_pair_imposes_what_waits_for_a_person_in_another(left: World) -> None:
    left.act(GHL, "undnd", email=ADA)
    settled(left)
    assert not left.row(Side.LEFT, ADA).opted_out
    assert mailable(left).left == mailable(left).right == {BOB}


def test_a_confirmation_reaches_no_third_platform_before_somebody_said_so(left: World) -> None:
    confirms(left)
    settled(left)
    assert mailable(left) == mailable(left).having(Side.LEFT, {ADA, BOB}).having(Side.RIGHT, {BOB})
    assert left.row(Side.LEFT, ADA).opted_out
    assert len(asked(left)) == 1


def test_a_word_in_one_pair_counts_in_the_others(left: World) -> None:
    confirms(left)
    settled(left)
    answer(left, MAILEON)
    settled(left)
    assert not left.row(Side.LEFT, ADA).opted_out
    assert left.row(Side.RIGHT, ADA).permission == 5
    assert asked(left) == asked(left.news) == []
    assert ADA not in mailable(left).right, "no call to Mailercloud makes anybody active"
    left.wait(DAY)
    left.act(MAILEON, "unsubscribe", email=ADA)
    settled(left)
    assert left.row(Side.LEFT, ADA).opted_out


def test_who_leaves_by_a_link_while_a_person_is_asked_is_out_everywhere(three: World) -> None:
    """Mailercloud shows her opted out already, as we wrote it; its report has no date."""
    leaves(three, GHL)
    confirms(three)
    settled(three)
    assert mailable(three).left == {ADA, BOB}
    three.act(MAILERCLOUD, "unsubscribe", email=ADA)
    three.news.cycle()  # which hears of it, and has nothing to write
    settled(three)
    assert three.row(Side.LEFT, ADA).opted_out
    assert mailable(three).left == mailable(three).right == {BOB}
    assert asked(three) == []
    three.wait(DAY)
    confirms(three)  # the report goes on telling of it, which is no news
    three.act(MAILERCLOUD, "unsubscribe", email=BOB)
    three.news.cycle()
    settled(three)
    assert mailable(three).left == {ADA}


def test_both_sides_let_in_are_in_for_all_pairs(left: World) -> None:
    confirms(left)
    left.act(GHL, "undnd", email=ADA)
    settled(left)
    assert not left.row(Side.LEFT, ADA).opted_out
    assert left.row(Side.RIGHT, ADA).permission == 5
    assert asked(left) == asked(left.news) == []


def test_lifting_the_dnd_is_settled_once_for_all_pairs(left: World) -> None:
    left.act(GHL, "undnd", email=ADA)
    settled(left)
    answer(left, GHL)
    settled(left)
    assert not left.row(Side.LEFT, ADA).opted_out
    assert asked(left) == asked(left.news) == []


def test_where_one_pair_never_lifts_a_person_is_asked_even_if_both_sides_agree(
    made: Build,
) -> None:
    world = made(news=True, **NEWER)
    path = world.path.parent / "pair-news.yaml"
    path.write_text(path.read_text().replace('"newer"', '"never"'))
    world.act(GHL, "create", fields={"email": ADA})
    settled(world)
    world.act(MAILEON, "unsubscribe", email=ADA)
    settled(world)
    world.wait(DAY)
    confirms(world)
    world.act(GHL, "undnd", email=ADA)
    settled(world)
    assert world.row(Side.RIGHT, ADA).permission == 5
    assert world.row(Side.LEFT, ADA).opted_out, "the other pair lifts nothing"
    assert len(asked(world)) == 1
    answer(world, MAILEON)
    settled(world)
    assert not world.row(Side.LEFT, ADA).opted_out
