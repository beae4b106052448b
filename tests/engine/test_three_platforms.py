"""GHL and Maileon, GHL and Mailercloud: two pairs, one ledger, and a platform that tells little."""

import contextlib
import dataclasses
import json
from collections import Counter
from typing import Any

import pytest

from syncd.engine.cycle import Mode, Report
from syncd.model.side import Both, Side
from syncd.store.runs import RunState
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.rows import differing
from tests.engine.scenes import ADA, BOB, CY
from tests.engine.world import LAG, Build, World

LATER = 3 * LAG  # longer than a row that we wrote is not taken at its word


def both_pairs(world: World, mode: Mode = Mode.SYNC) -> tuple[Report, Report]:
    return world.cycle(mode), world.news.cycle(mode)


def settled(world: World, most: int = 8) -> None:
    """Cycles of both pairs until neither writes anything."""
    for _ in range(most):
        world.wait(LATER.total_seconds())
        writes = world.writes()
        both_pairs(world)
        if world.writes() == writes:
            return
    raise AssertionError(f"{most} cycles did not become quiet")


@pytest.fixture
def three(made: Build) -> World:
    """Ada, Bob and Cy on all three platforms."""
    world = made(news=True)
    for address in (ADA, BOB, CY):
        world.act(GHL, "create", fields={"email": address, "city": "Bern"}, tags=["vip"])
    settled(world)
    assert set(world.news.by_email(Side.RIGHT)) == {ADA, BOB, CY}
    return world


def mailable(world: World) -> Both[set[str]]:
    """Addresses that Maileon and that Mailercloud would write to."""
    listed = world.news.rows(Side.RIGHT).values()
    return Both(set(world.by_email(Side.RIGHT)), {row.email for row in listed if not row.hidden})


def test_what_is_in_one_is_in_all_and_equal(three: World) -> None:
    news = three.news
    for address in (ADA, BOB, CY):
        here, there = news.row(Side.LEFT, address), news.row(Side.RIGHT, address)
        assert not differing(here, there)
        assert not differing(here, three.row(Side.RIGHT, address))


def test_an_edit_in_maileon_reaches_mailercloud_in_two_cycles(three: World) -> None:
    three.act(MAILEON, "edit", email=ADA, standard_fields={"CITY": "Olten"})
    three.wait(LATER.total_seconds())
    both_pairs(three)
    three.settle()
    both_pairs(three)
    assert three.news.row(Side.RIGHT, ADA).fields["city"] == "Olten"


def test_an_edit_in_mailercloud_reaches_maileon_in_two_cycles(three: World) -> None:
    three.act(MAILERCLOUD, "edit", email=ADA, fields={"city": "Thun"}, tags=["vip", "gold"])
    three.wait(LATER.total_seconds())
    for _ in range(2):
        both_pairs(three)
        three.settle()
    assert three.row(Side.RIGHT, ADA).fields["city"] == "Thun"
    assert three.row(Side.RIGHT, ADA).tags == {"vip", "gold"}


OPT_OUTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    GHL: (GHL, "dnd", {"channel": "Email"}),
    MAILEON: (MAILEON, "unsubscribe", {}),
    MAILERCLOUD: (MAILERCLOUD, "unsubscribe", {}),
}


@pytest.mark.parametrize("where", OPT_OUTS)
def test_an_opt_out_anywhere_reaches_everywhere(three: World, where: str) -> None:
    platform, action, how = OPT_OUTS[where]
    three.act(platform, action, email=ADA, **how)
    three.wait(LATER.total_seconds())
    for _ in range(2):
        both_pairs(three)
        three.settle()
    assert mailable(three) == Both({BOB, CY}, {BOB, CY})
    assert three.row(Side.LEFT, ADA).opted_out
    settled(three)


@pytest.mark.parametrize("where", OPT_OUTS)
def test_who_opted_out_anywhere_is_not_made_on_a_platform_that_lacks_them(
    made: Build, where: str
) -> None:
    """Each platform knows somebody else; the opt-out is known before anything is made."""
    world = made(news=True)
    world.act(GHL, "create", fields={"email": ADA})
    world.act(MAILEON, "create", email=ADA, permission=1)
    world.act(MAILERCLOUD, "create", email=ADA)
    platform, action, how = OPT_OUTS[where]
    world.act(platform, action, email=ADA, **how)
    settled(world)
    assert mailable(world) == Both(set(), set())


def test_an_opt_out_is_written_before_anything_else_that_waits(three: World) -> None:
    for address in (BOB, CY):
        three.act(GHL, "edit", email=address, fields={"city": "Chur"})
    three.act(GHL, "dnd", email=ADA, channel="Email")
    three.wait(LATER.total_seconds())
    written: list[bytes] = []

    def note(request: Any, response: Any) -> Any:
        if request.method == "PUT" and MAILERCLOUD in str(request.url):
            written.append(request.content)
        return response

    three.line.rewrite = note
    three.news.cycle()
    assert b"contact_type" in written[0]
    assert [b"Chur" in body for body in written[1:]].count(True) == 2


def test_a_contact_that_was_deleted_is_gone_for_both_pairs(three: World) -> None:
    """Also when only one of them has seen that it had another address in the end."""
    gone = three.row(Side.LEFT, ADA).id
    three.act(GHL, "edit", email=ADA, fields={"email": "moved@example.org"})
    three.wait(LATER.total_seconds())
    three.cycle()
    three.act(GHL, "delete", id=gone)
    three.wait(LATER.total_seconds())
    both_pairs(three, Mode.FULL)
    both_pairs(three, Mode.FULL)
    for view in (three, three.news):
        assert view.standing(Side.LEFT)[gone][0] == "gone"
        assert ("parked", "counterpart_deleted") in view.standing(Side.RIGHT).values()


def test_an_address_that_mailercloud_cannot_change_is_listed_and_the_rest_flows(
    three: World,
) -> None:
    fields = {"email": "ada.new@example.org", "city": "Zug"}
    three.act(GHL, "edit", email=ADA, fields=fields)
    settled(three)
    assert three.news.row(Side.RIGHT, ADA).fields["city"] == "Zug"
    assert three.row(Side.RIGHT, "ada.new@example.org").fields["city"] == "Zug"
    here = three.row(Side.LEFT, "ada.new@example.org").id
    assert {"email = email"} in [
        rules for (left, _), rules in three.news.listed().items() if left == here
    ]


def test_an_opt_out_still_finds_the_contact_under_its_old_address(three: World) -> None:
    three.act(GHL, "edit", email=ADA, fields={"email": "ada.new@example.org"})
    settled(three)
    three.act(MAILEON, "unsubscribe", email="ada.new@example.org")
    settled(three)
    assert mailable(three) == Both({BOB, CY}, {BOB, CY})


def test_who_was_opted_out_keeps_the_status_when_everything_is_written_anew(three: World) -> None:
    three.act(MAILERCLOUD, "unsubscribe", email=ADA)
    settled(three)
    three.act(GHL, "edit", email=ADA, fields={"city": "Visp"})
    settled(three)
    assert three.news.row(Side.RIGHT, ADA).opted_out


# -- creates whose ids follow --------------------------------------------------------------


def crowd(world: World, count: int) -> None:
    for n in range(count):
        world.act(GHL, "create", fields={"email": f"n{n}@example.org", "city": "Bern"})
    world.settle()


def test_creates_are_written_in_batches_and_recognised_in_the_next_listing(made: Build) -> None:
    world = made(news=True)
    crowd(world, 60)
    world.box.world.requests.clear()
    first = world.news.cycle()
    assert first.in_doubt == 60
    assert world.box.world.requests["mailercloud POST /contacts/batch"] == 2
    world.settle()
    second = world.news.cycle()
    assert (second.in_doubt, second.written) == (0, 0)
    assert len(world.news.linked()) == 60
    assert not any(None in ids for ids in world.news.linked())
    writes = world.writes()
    world.wait(LATER.total_seconds())
    world.news.cycle(Mode.FULL)
    assert world.writes() == writes


def test_a_listing_that_lags_makes_nobody_twice_and_asks_for_nobody_twice(made: Build) -> None:
    world = made(news=True)
    crowd(world, 30)
    world.news.cycle()
    for _ in range(3):
        world.wait(20)
        report = world.news.cycle()
        assert (report.in_doubt, report.written) == (30, 0)
    world.settle()
    assert world.news.cycle().in_doubt == 0
    assert len(world.news.rows(Side.RIGHT)) == 30


def test_a_create_that_no_listing_shows_is_planned_again(made: Build) -> None:
    world = made(news=True)
    crowd(world, 10)
    world.news.cycle()
    world.act(MAILERCLOUD, "empty")
    for _ in range(4):
        world.settle()
        world.news.cycle()
    world.settle()
    assert len(world.news.rows(Side.RIGHT)) == 10
    assert world.news.count_linked() == 10


# -- a plan that is full -------------------------------------------------------------------


def test_creates_stop_with_a_hold_before_the_plan_is_full_and_the_rest_goes_on(
    three: World,
) -> None:
    crowd(three, 8)
    three.act(MAILERCLOUD, "set_quota", total=8)
    three.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    three.wait(LATER.total_seconds())
    held = three.news.cycle()
    assert held.state is RunState.HELD
    assert "room for 5" in " ".join(held.reasons)
    assert three.news.row(Side.RIGHT, ADA).fields["city"] == "Chur"
    assert len(three.news.rows(Side.RIGHT)) == 3
    three.act(MAILERCLOUD, "set_quota", total=100)
    three.settle()
    assert three.news.cycle().state is RunState.DONE
    settled(three)
    assert len(three.news.rows(Side.RIGHT)) == 11


# -- bad rows ------------------------------------------------------------------------------


def test_a_bad_row_costs_one_row_and_is_parked_with_its_cause(made: Build) -> None:
    world = made(news=True)
    crowd(world, 95)
    bad = {
        "refused@refused.example.com": {},
        "long@example.org": {"firstName": "x" * 26},
    }
    for email, fields in bad.items():
        world.act(GHL, "create", fields={"email": email, **fields})
    world.settle()
    settled(world)
    there = world.news.by_email(Side.RIGHT)
    assert len(there) == 96
    assert "refused@refused.example.com" not in there
    assert "long@example.org" in there
    causes = Counter(cause for cause in world.news.standing(Side.LEFT).values())
    assert sum(n for (state, _), n in causes.items() if state == "parked") == 1


def test_who_a_batch_skips_as_they_left_is_not_brought_back(made: Build) -> None:
    """Nothing tells of somebody who was marked in the screens before we came."""
    world = made(news=True)
    world.configure(MAILERCLOUD, batch_blocked="skips")
    world.act(MAILERCLOUD, "create", email=ADA)
    world.act(MAILERCLOUD, "mark", email=ADA, contact_type="unsubscribe")
    world.act(GHL, "create", fields={"email": ADA})
    crowd(world, 20)
    settled(world)
    assert world.news.row(Side.RIGHT, ADA).opted_out
    assert len(world.news.by_email(Side.RIGHT)) == 21
    here = world.news.row(Side.LEFT, ADA).id
    assert world.news.standing(Side.LEFT)[here] == ("parked", "exists_elsewhere")


@pytest.mark.parametrize("point", ["claimed", "answered", "confirmed", "pull", "sweep", "match"])
def test_killed_around_a_batch_it_makes_everybody_once(made: Build, point: str) -> None:
    world = made(news=True)
    crowd(world, 12)
    news = world.news
    news.dies_at(point)
    with contextlib.suppress(CrashError):
        news.cycle()
    world.end_process()
    news.lives()
    for _ in range(4):
        world.settle()
        news.cycle()
    assert len(news.rows(Side.RIGHT)) == 12
    assert news.count_linked() == 12
    assert sum(len(rows) for rows in news.by_email(Side.RIGHT).values()) == 12


# -- two lists of one account --------------------------------------------------------------


def test_who_leaves_one_list_leaves_the_other_too(made: Build) -> None:
    """Each list is an account of its own; the person is one, and so is the opt-out."""
    world = made(news=True)
    settings = json.loads(world.path.read_text())
    second = {
        **settings["accounts"]["list"],
        "list_id": world.box.info[MAILERCLOUD]["second_list_id"],
    }
    settings["accounts"]["other"] = second
    world.path.write_text(json.dumps(settings))
    pair = json.loads((world.folder / "pair-news.yaml").read_text())
    other = {**pair, "pair": "other", "right": "other"}
    (world.folder / "pair-other.yaml").write_text(json.dumps(other))
    world.act(GHL, "create", fields={"email": ADA})
    world.act(MAILERCLOUD, "create", email=ADA)
    world.act(MAILERCLOUD, "add_to_list", email=ADA, list=second["list_id"])
    views = (world, world.news, dataclasses.replace(world.news, name="other"))

    def all_pairs() -> None:
        world.wait(LATER.total_seconds())
        for view in views:
            view.cycle()

    for _ in range(3):
        all_pairs()
    assert [view.count_linked() for view in views] == [1, 1, 1]
    world.act(MAILERCLOUD, "unsubscribe", email=ADA)
    for _ in range(3):
        all_pairs()
    assert mailable(world) == Both(set(), set())
    assert world.row(Side.LEFT, ADA).opted_out
    writes = world.writes()
    all_pairs()
    assert world.writes() == writes


def test_what_a_kill_kept_from_being_sent_goes_with_the_next_cycle(made: Build) -> None:
    """The platform keeps addresses unique, so nobody has to wait until its listing is sure."""
    world = made(news=True)
    crowd(world, 12)
    news = world.news
    news.dies_at("claimed")
    with pytest.raises(CrashError):
        news.cycle()
    world.end_process()
    news.lives()
    assert news.rows(Side.RIGHT) == {}
    news.cycle()
    assert len(news.rows(Side.RIGHT)) == 12


def test_who_is_active_again_after_a_full_cycle_missed_them_is_opted_out_again(
    three: World,
) -> None:
    """The listing shows no consent: that it shows them now is all there is to tell."""
    three.act(GHL, "dnd", email=ADA, channel="Email")
    three.wait(LATER.total_seconds())
    three.news.cycle()
    assert mailable(three).right == {BOB, CY}
    three.wait(LATER.total_seconds())
    three.news.cycle(Mode.FULL)
    three.act(MAILERCLOUD, "resubscribe", email=ADA)
    assert mailable(three).right == {ADA, BOB, CY}
    for _ in range(2):
        three.wait(LATER.total_seconds())
        three.news.cycle()
    assert mailable(three).right == {BOB, CY}
