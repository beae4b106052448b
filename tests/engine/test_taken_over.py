"""An address that somebody else took over: who still shows it there is left alone, and listed."""

from typing import Any

import pytest

from syncd.engine.cycle import Mode
from syncd.model.side import Side
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.scenes import ADA, BOB, both_ids, cause, opt_out
from tests.engine.world import LAG, Build, World, assert_quiet

NEW = "ada.new@example.org"
LATER = 3 * LAG  # longer than a row that we wrote is not taken at its word
EMAIL = "email = email"


def settled(news: World, most: int = 8) -> None:
    """Cycles until nothing is written any more."""
    for _ in range(most):
        news.wait(LATER.total_seconds())
        writes = news.writes()
        news.cycle()
        if news.writes() == writes:
            return
    raise AssertionError(f"{most} cycles did not become quiet")


def taken_over(made: Build, **settings: Any) -> tuple[World, str, str, str]:
    """Ada moved in GHL, and Eve has her old address; the row in Mailercloud still shows it.

    Returns:
        The world, and the ids of Ada, of the row, and of Eve.
    """
    news = made(news=True, **settings).news
    news.act(GHL, "create", fields={"email": ADA, "city": "Bern"}, tags=["vip"])
    settled(news)
    ada, row = both_ids(news, ADA)
    news.act(GHL, "edit", id=ada, fields={"email": NEW})
    eve = news.act(GHL, "create", fields={"email": ADA, "firstName": "Eve"})["id"]
    settled(news)
    return news, ada, row, eve


def test_nothing_is_written_into_a_row_whose_address_is_somebody_elses(made: Build) -> None:
    news, ada, row, eve = taken_over(made)
    before = news.rows(Side.RIGHT)[row]
    news.act(GHL, "edit", id=ada, fields={"city": "Thun", "lastName": "King"})
    news.act(GHL, "tag", id=ada, tags=["gold"])
    news.act(GHL, "untag", id=ada, tags=["vip"])
    settled(news)
    assert news.rows(Side.RIGHT)[row] == before
    assert news.listed() == {
        (ada, row): {EMAIL, "city = city", "lastName = last_name", "tags = tags"}
    }
    assert news.standing(Side.LEFT)[ada] == ("parked", "address_taken")
    assert news.standing(Side.RIGHT)[row] == ("parked", "address_taken")
    assert news.standing(Side.LEFT)[eve] == ("parked", "ambiguous")
    assert_quiet(news)


def test_what_is_written_in_that_row_travels_to_neither(made: Build) -> None:
    news, ada, row, eve = taken_over(made)
    news.act(MAILERCLOUD, "edit", id=row, fields={"city": "Zug"}, tags=["vip", "gold"])
    settled(news)
    rows = news.rows(Side.LEFT)
    assert (rows[ada].fields["city"], rows[ada].tags) == ("Bern", {"vip"})
    assert (rows[eve].fields["city"], rows[eve].tags) == ("", frozenset())
    assert {EMAIL, "city = city", "tags = tags"} <= news.listed()[ada, row]


def test_both_are_listed_as_soon_as_the_address_is_taken(made: Build) -> None:
    news = made(news=True).news
    news.act(GHL, "create", fields={"email": ADA})
    news.act(GHL, "create", fields={"email": BOB})
    settled(news)
    (ada, row), (bob, _) = both_ids(news, ADA), both_ids(news, BOB)
    news.act(GHL, "edit", id=ada, fields={"email": NEW})
    settled(news)
    assert news.standing(Side.LEFT)[ada] == ("linked", None)
    news.act(GHL, "edit", id=bob, fields={"email": ADA})
    settled(news)
    assert news.standing(Side.LEFT)[ada] == ("parked", "address_taken")
    news.act(GHL, "edit", id=bob, fields={"email": BOB})
    news.act(GHL, "edit", id=ada, fields={"city": "Thun"})
    settled(news)
    assert news.standing(Side.LEFT)[ada] == ("linked", None)
    assert news.rows(Side.RIGHT)[row].fields["city"] == "Thun"


def test_two_who_changed_addresses_with_each_other_are_both_left_alone(made: Build) -> None:
    news = made(news=True).news
    for email, city in ((ADA, "Bern"), (BOB, "Basel")):
        news.act(GHL, "create", fields={"email": email, "city": city})
    settled(news)
    (ada, first), (bob, second) = both_ids(news, ADA), both_ids(news, BOB)
    news.act(GHL, "edit", id=ada, fields={"email": NEW})
    news.act(GHL, "edit", id=bob, fields={"email": ADA})
    news.act(GHL, "edit", id=ada, fields={"email": BOB, "city": "Thun"})
    news.act(GHL, "edit", id=bob, fields={"city": "Chur"})
    settled(news)
    rows = news.rows(Side.RIGHT)
    assert [rows[i].fields["city"] for i in (first, second)] == ["Bern", "Basel"]
    assert news.listed() == {ids: {EMAIL, "city = city"} for ids in ((ada, first), (bob, second))}


def test_a_row_that_gets_its_address_by_hand_is_in_step_again(made: Build) -> None:
    news, ada, row, eve = taken_over(made)
    news.act(GHL, "edit", id=ada, fields={"city": "Thun"})
    settled(news)
    news.act(MAILERCLOUD, "rename", id=row, new_email=NEW)
    settled(news)
    assert news.rows(Side.RIGHT)[row].fields["city"] == "Thun"
    assert both_ids(news, NEW) == (ada, row)
    assert news.row(Side.RIGHT, ADA).fields["firstName"] == "Eve"
    assert both_ids(news, ADA)[0] == eve
    assert news.listed() == {}


# -- opt-outs, deletes, filters ------------------------------------------------------------


def test_the_opt_out_of_who_has_the_address_now_reaches_the_row(made: Build) -> None:
    news, _, row, eve = taken_over(made)
    news.act(GHL, "dnd", id=eve, channel="Email")
    settled(news)
    assert news.rows(Side.RIGHT)[row].opted_out


def test_an_opt_out_in_the_row_reaches_everybody_who_may_be_meant(made: Build) -> None:
    news, ada, row, eve = taken_over(made)
    news.act(MAILERCLOUD, "unsubscribe", id=row)
    settled(news)
    assert news.rows(Side.LEFT)[eve].opted_out
    assert news.rows(Side.LEFT)[ada].opted_out


def test_an_opt_out_of_who_moved_away_is_never_missed(made: Build) -> None:
    """Whoever reads that mail: an opt-out too many is the lesser harm."""
    news, ada, row, _ = taken_over(made)
    news.act(GHL, "dnd", id=ada, channel="Email")
    settled(news)
    assert news.rows(Side.RIGHT)[row].opted_out
    assert NEW not in news.by_email(Side.RIGHT)


@pytest.mark.parametrize("policy", ["delete", "unsubscribe"])
def test_a_deletion_leaves_the_row_to_who_has_its_address(made: Build, policy: str) -> None:
    news, ada, row, eve = taken_over(made, delete=policy)
    news.act(GHL, "delete", id=ada)
    news.wait(LATER.total_seconds())
    news.cycle(Mode.FULL)
    settled(news)
    assert not news.rows(Side.RIGHT)[row].opted_out
    assert (eve, row) in news.linked()
    assert news.rows(Side.RIGHT)[row].fields["firstName"] == "Eve"


def test_a_deletion_in_ghl_deletes_nobody_in_maileon_whose_address_is_alive(
    pair_of: Build,
) -> None:
    """Maileon refused the new address, and the old one belongs to Eve meanwhile."""
    world = pair_of(ADA, delete="delete")
    ada, row = both_ids(world, ADA)
    world.act(MAILEON, "create", email=NEW)
    world.act(GHL, "edit", id=ada, fields={"email": NEW})
    world.cycles()
    eve = world.act(GHL, "create", fields={"email": ADA, "firstName": "Eve"})["id"]
    world.cycles()
    assert world.standing(Side.LEFT)[ada] == ("parked", "address_taken")
    world.act(GHL, "edit", id=ada, fields={"city": "Thun"})
    world.cycles()
    assert world.rows(Side.RIGHT)[row].fields["city"] == "Bern"
    world.act(GHL, "delete", id=ada)
    world.settle()
    world.cycle(Mode.FULL)
    world.cycles()
    assert row in world.rows(Side.RIGHT)
    assert (eve, row) in world.linked()


def test_who_leaves_the_filter_untags_nobody_elses_row(made: Build) -> None:
    where = {"left": {"tag": "vip"}, "on_leave": "untag", "untag": ["vip"]}
    news, ada, row, _ = taken_over(made, filter=where)
    news.act(GHL, "untag", id=ada, tags=["vip"])
    settled(news)
    assert news.rows(Side.RIGHT)[row].tags == {"vip"}


def test_an_address_that_is_taken_over_where_it_can_be_changed_moves_and_both_are_there(
    pair_of: Build,
) -> None:
    world = pair_of(ADA)
    ada, row = both_ids(world, ADA)
    world.act(GHL, "edit", id=ada, fields={"email": NEW, "city": "Thun"})
    world.act(GHL, "create", fields={"email": ADA, "firstName": "Eve"})
    world.cycles()
    assert both_ids(world, NEW) == (ada, row)
    assert world.row(Side.RIGHT, NEW).fields["city"] == "Thun"
    assert world.row(Side.RIGHT, ADA).fields["firstName"] == "Eve"
    assert both_ids(world, ADA) in world.linked()
    assert world.listed() == {}


def test_in_ghl_too_nothing_is_written_for_who_moved_away(pair_of: Build) -> None:
    """The same in the other direction: GHL refuses the new address, and Eve is in Maileon."""
    world = pair_of(ADA)
    ada, row = both_ids(world, ADA)
    world.act(GHL, "create", fields={"email": NEW})
    world.act(MAILEON, "edit", id=row, new_email=NEW)
    world.cycles()
    world.act(MAILEON, "create", email=ADA)
    world.act(MAILEON, "edit", id=row, standard_fields={"CITY": "Thun"})
    world.cycles()
    assert world.rows(Side.LEFT)[ada].fields["city"] == "Bern"
    assert world.listed()[ada, row] >= {EMAIL, "city = CITY"}
    assert cause(world, Side.RIGHT, ADA) == ("parked", "ambiguous")
    opt_out(world, Side.RIGHT, ADA)
    world.cycles()
    assert world.rows(Side.LEFT)[ada].opted_out
