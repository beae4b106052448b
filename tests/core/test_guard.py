"""The check that may hold a run."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.guard import (
    HANDFUL,
    HANDFUL_OF_A_WINDOW,
    KINDS,
    Doing,
    Loss,
    Recent,
    judge,
    loss_name,
)
from syncd.model.policy import Guards, Limit

GUARDS = Guards()
numbers = st.integers(0, 5000)
doings = st.builds(Doing, st.just("mail"), numbers, numbers, numbers, numbers, numbers)


def doing(linked: int = 10_000, **wanted: int) -> Doing:
    return Doing("mail", linked, **wanted)


def held(*those: Doing, approved: dict[str, int] | None = None) -> tuple[str, ...]:
    return judge(those, GUARDS, approved).reasons


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_wanted_of_a_kind_that_is_not_named(kind: str) -> None:
    assert getattr(doing(), kind) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_held_above_its_count_and_not_at_it(kind: str) -> None:
    limit: Limit = getattr(GUARDS, kind)
    many = 1_000_000
    assert held(doing(many, **{kind: limit.count})) == ()
    [reason] = held(doing(many, **{kind: limit.count + 1}))
    assert f"{limit.count + 1:,}" in reason
    assert f"the limit is {limit.count:,}" in reason


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_held_above_its_share_and_not_at_it(kind: str) -> None:
    limit: Limit = getattr(GUARDS, kind)
    linked = round(100 * (HANDFUL + 20) / limit.percent)
    at_limit = int(linked * limit.percent / 100)
    assert held(doing(linked, **{kind: at_limit})) == ()
    [reason] = held(doing(linked, **{kind: at_limit + 1}))
    assert f"the limit is {limit.percent:g}%" in reason


def test_a_handful_is_never_held_for_its_share() -> None:
    assert held(doing(1, updates=HANDFUL)) == ()
    assert held(doing(1, updates=HANDFUL + 1))


def test_a_pair_without_links_is_held_by_count_only() -> None:
    assert held(doing(0, creates=1000)) == ()
    assert held(doing(0, creates=1001))


def test_the_reason_names_the_account_and_both_numbers() -> None:
    assert held(doing(1204, deletes=40), replace(doing(9), account="crm")) == ()
    assert held(doing(1204, deletes=812)) == (
        "812 linked contacts would be deleted on 'mail'; the limit is 50.",
    )
    assert held(doing(400, deletes=48)) == (
        "48 of 400 linked contacts would be deleted on 'mail' (12%); the limit is 5%.",
    )


def test_every_side_and_kind_has_its_own_reason() -> None:
    crm = Doing("crm", 10, deletes=51)
    assert len(held(crm, doing(10, creates=1001, deletes=51))) == 3


def test_opt_outs_go_out_unless_they_are_too_many_themselves() -> None:
    assert judge((doing(100, deletes=51, optouts=5),), GUARDS, None).optouts_free
    assert not judge((doing(10_000, optouts=201),), GUARDS, None).optouts_free


@given(doings)
def test_what_a_person_has_released_is_not_held(wanted: Doing) -> None:
    approved = {f"mail.{kind}": getattr(wanted, kind) for kind in KINDS}
    assert held(wanted, approved=approved) == ()


@given(doings, doings)
def test_wanting_more_is_never_held_less(one: Doing, more: Doing) -> None:
    both = replace(one, **{kind: getattr(one, kind) + getattr(more, kind) for kind in KINDS})
    assert len(held(both)) >= len(held(one))


def test_what_would_need_no_release_may_come_on_top_of_one_and_no_more() -> None:
    approved = {"mail.deletes": 800}
    assert held(doing(deletes=850), approved=approved) == ()
    assert held(doing(deletes=851), approved=approved)
    assert held(doing(creates=1001), approved=approved)
    assert held(doing(deletes=850), approved={"crm.deletes": 800})


# -- one field emptied for many at once ------------------------------------------------------


@pytest.mark.parametrize(
    ("emptied", "had", "is_held"),
    [
        (HANDFUL, HANDFUL, False),  # a handful says nothing, whatever the share
        (HANDFUL + 1, HANDFUL + 1, True),
        (25, 60, True),
        (30, 300, False),
        (31, 300, True),
        (2_000, 1_000_000, False),
        (2_001, 1_000_000, True),
    ],
)
def test_a_field_is_not_emptied_for_many_at_once(emptied: int, had: int, is_held: bool) -> None:
    loss = Loss("tags", emptied, had, "`custom.tags` of 'mail'")
    reasons = held(replace(doing(), account="crm", losses=(loss,)))
    assert bool(reasons) is is_held
    for reason in reasons:
        said = f"{emptied:,} of {had:,} linked contacts that have a value in `tags` on 'crm'"
        assert reason.startswith(said)
        assert "as `custom.tags` of 'mail' is empty for them now" in reason


def test_a_release_covers_the_losses_that_were_seen_of_each_field() -> None:
    seen = {loss_name("mail", "tags"): 25}
    tags, phone = Loss("tags", 30, 30), Loss("phone", 30, 30)
    assert held(replace(doing(), losses=(tags,)), approved=seen) == ()
    [reason] = held(replace(doing(), losses=(tags, phone)), approved=seen)
    assert "`phone`" in reason


def test_opt_outs_are_free_although_a_field_would_be_emptied() -> None:
    much = replace(doing(optouts=3), losses=(Loss("tags", 60, 60),))
    assert judge((much,), GUARDS, None).optouts_free


# -- what was done before counts too -----------------------------------------------------------


def after(earlier: int, linked: int = 300, kind: str = "deletes", **wanted: int) -> Doing:
    """What a run wants after so much was done within the window, to others."""
    total = {name: n + (earlier if name == kind else 0) for name, n in wanted.items()}
    return Doing("mail", linked, **wanted, recent=Recent(linked, {kind: earlier}, total))


def test_what_was_done_before_counts_with_what_is_wanted() -> None:
    assert held(after(14, deletes=6)) == ()
    assert held(after(14, deletes=14)) == (
        "28 of 300 linked contacts would have been deleted on 'mail' within 24 hours (9%),"
        " 14 of them in earlier runs; the limit is 5%.",
    )
    assert held(after(40, 10_000, deletes=11)) == (
        "51 linked contacts would have been deleted on 'mail' within 24 hours, 40 of them in"
        " earlier runs; the limit is 50.",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_over_the_window_each_kind_is_held_above_its_share_and_not_at_it(kind: str) -> None:
    limit: Limit = getattr(GUARDS, kind)
    linked = round(100 * (HANDFUL_OF_A_WINDOW[kind] + 20) / limit.percent)
    most = int(linked * limit.percent / 100)
    assert held(after(most - 5, linked, kind, **{kind: 5})) == ()
    assert held(after(most - 4, linked, kind, **{kind: 5}))


@pytest.mark.parametrize("kind", ["creates", "updates", "optouts"])
def test_an_ordinary_day_of_a_large_list_is_not_held_for_its_count(kind: str) -> None:
    limit: Limit = getattr(GUARDS, kind)
    assert held(after(3 * limit.count, 100_000, kind, **{kind: 5})) == ()


def test_a_kind_of_which_nothing_is_wanted_is_not_held_for_what_was_done() -> None:
    assert held(after(5000, 300, "deletes", updates=1, deletes=0)) == ()


def test_what_a_person_has_released_is_not_held_for_the_window() -> None:
    wanted = after(200, deletes=40)
    assert held(wanted, approved={"mail.deletes": 240}) == ()
    assert held(wanted, approved={"mail.deletes": 180})


def test_opt_outs_that_are_too_many_over_the_window_are_not_free() -> None:
    assert not judge((after(29, 300, "optouts", optouts=5),), GUARDS, None).optouts_free
    assert judge((after(29, 300, "deletes", deletes=5, optouts=5),), GUARDS, None).optouts_free


# -- shares, to one in ten thousand ------------------------------------------------------------

SHARES = Guards(**{kind: Limit(10**6, 10.0) for kind in (*KINDS, "emptied")})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("wanted", "is_held"), [(1_000, False), (1_001, True)])
def test_a_share_is_exact(kind: str, wanted: int, is_held: bool) -> None:
    at_once = doing(10_000, **{kind: wanted})
    in_two = after(wanted - 1, 10_000, kind, **{kind: 1})
    for each in (at_once, in_two):
        assert bool(judge((each,), SHARES, None).reasons) is is_held


@pytest.mark.parametrize(("emptied", "is_held"), [(1_000, False), (1_001, True)])
def test_the_share_of_a_loss_is_exact(emptied: int, is_held: bool) -> None:
    lost = replace(doing(), losses=(Loss("tags", emptied, 10_000),))
    reasons = judge((lost,), SHARES, None).reasons
    assert bool(reasons) is is_held
    assert not any("empty for them now" in reason for reason in reasons)


def test_what_is_said_of_a_share_is_rounded_to_whole_per_cent() -> None:
    [reason] = judge((doing(10_000, deletes=1_249),), SHARES, None).reasons
    assert reason.startswith("1,249 of 10,000 ")
    assert "(12%); the limit is 10%." in reason


@pytest.mark.parametrize("kind", KINDS)
def test_over_the_window_a_handful_is_never_held_for_its_share(kind: str) -> None:
    handful = HANDFUL_OF_A_WINDOW[kind]
    assert judge((after(handful - 1, 1, kind, **{kind: 1}),), SHARES, None).reasons == ()
    assert judge((after(handful, 1, kind, **{kind: 1}),), SHARES, None).reasons


@pytest.mark.parametrize("linked", [0, -3])
def test_where_nothing_was_linked_the_window_holds_nothing_for_its_share(linked: int) -> None:
    assert judge((after(300, linked, "creates", creates=1),), SHARES, None).reasons == ()


def test_deletes_alone_have_a_count_over_the_window() -> None:
    few = Guards(**{kind: Limit(100, 100.0) for kind in KINDS})
    for kind in KINDS:
        held_back = judge((after(100, 10**6, kind, **{kind: 1}),), few, None).reasons
        assert bool(held_back) is (kind == "deletes")
        assert judge((after(99, 10**6, kind, **{kind: 1}),), few, None).reasons == ()


@pytest.mark.parametrize(
    ("window", "spoken"),
    [
        (timedelta(days=1), "24 hours"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=2, hours=12), "60 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=90), "90 minutes"),
    ],
)
def test_a_window_is_told_in_the_largest_unit_that_it_is_whole_in(
    window: timedelta, spoken: str
) -> None:
    guards = replace(GUARDS, window=window)
    (reason,) = judge((after(14, deletes=14),), guards, None).reasons
    assert f" within {spoken} " in reason
