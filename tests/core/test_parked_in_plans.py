"""What is parked because it flips, and what a person chose, as a whole plan treats them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncd.core.flapping import Parked
from syncd.core.plan import Situation
from syncd.model.link import State
from syncd.model.plan import LinkPlan, Refused, Standing
from syncd.model.rule import Policy
from syncd.model.side import Both, Side

from .world import CITY, EMAIL, LEFT, RIGHT, link, planner, refuse, rule, same, showing

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHOWN = Both(("BERN",), ("Bern",))
SIDES = Both(showing(LEFT, city="BERN"), showing(RIGHT, CITY="Bern"))
AGREED = link({"city": "BERN"}, {"CITY": "Bern"})


def plan(take: Side | None = None, *, parked: Both[tuple[str]] = SHOWN, **more: object) -> LinkPlan:
    choices = {CITY.name: take} if take else {}
    flipping = {CITY.name: Parked(parked, take)}
    return planner().plan(
        Situation(AGREED, SIDES, choices=choices, flipping=flipping, **more)  # type: ignore[arg-type]
    )


def test_what_flips_stays_parked_with_what_is_shown() -> None:
    found = plan()
    assert (found.conflicts, found.flipping) == ({CITY.name: SHOWN}, {CITY.name})
    assert (found.drafts, found.stilled, found.problems) == ((), frozenset(), {})


@pytest.mark.parametrize("take", [LEFT, RIGHT])
def test_a_choice_is_written_and_the_draft_says_that_it_was_one(take: Side) -> None:
    found = plan(take)
    [draft] = found.drafts
    assert (draft.side, draft.chosen) == (take.other, {CITY.name})
    assert set(draft.patch.values()) == {SHOWN[take][0]}
    assert (found.conflicts, found.flipping, found.stilled) == ({}, frozenset(), {CITY.name})


def test_a_choice_that_was_refused_leaves_it_parked_with_what_it_was_parked_for() -> None:
    found = plan(LEFT, refused={(RIGHT, "CITY"): Refused("BERN", "too_long")})
    assert (found.drafts, found.problems) == ((), {CITY.name: "too_long"})
    assert (found.conflicts, found.flipping) == ({CITY.name: SHOWN}, {CITY.name})
    assert found.stilled == frozenset()


def test_the_refusal_of_another_value_or_side_hinders_nothing() -> None:
    for place, value in (((RIGHT, "CITY"), "Thun"), ((LEFT, "CITY"), "BERN")):
        assert len(plan(LEFT, refused={place: Refused(value, "too_long")}).drafts) == 1


def test_an_edit_that_is_refused_is_a_problem_and_no_conflict() -> None:
    edited = Both(showing(LEFT, city="Thun"), SIDES.right)
    refused = {(RIGHT, "CITY"): Refused("Thun", "too_long")}
    found = planner().plan(Situation(AGREED, edited, refused=refused))
    assert (found.drafts, found.problems) == ((), {CITY.name: "too_long"})
    assert (found.conflicts, found.flipping) == ({}, frozenset())


def test_what_was_parked_for_other_values_is_still_no_more() -> None:
    found = plan(parked=Both(("BASEL",), ("Bern",)))
    assert (found.conflicts, found.flipping, found.stilled) == ({}, frozenset(), {CITY.name})


def test_a_plain_conflict_does_not_flip_and_its_choice_is_written() -> None:
    edited = Both(showing(LEFT, city="Thun"), showing(RIGHT, CITY="Basel"))
    found = planner().plan(Situation(AGREED, edited))
    assert (found.conflicts, found.flipping) == ({CITY.name: Both(("Thun",), ("Basel",))}, set())
    [draft] = planner().plan(Situation(AGREED, edited, choices={CITY.name: RIGHT})).drafts
    assert (draft.side, draft.patch, draft.chosen) == (LEFT, {"city": "Basel"}, {CITY.name})


def test_who_has_no_address_that_is_one_waits_for_one_and_nothing_else_is_said() -> None:
    for text in ("nonsense", " ", "a@"):
        left = showing(LEFT, email=text, city="Bern")
        found = planner().plan(Situation(link(), Both(left, None)))
        assert found.standing.left == Standing(State.PARKED, "no_key")
        assert (found.drafts, found.problems) == ((), {})


@pytest.mark.parametrize(
    ("policy", "choices", "asks"),
    [
        (Policy.NEWEST, {}, True),
        (Policy.MANUAL, {CITY.name: LEFT}, True),
        (Policy.LEFT, {}, False),
    ],
)
@pytest.mark.parametrize("refused", [True, False], ids=["refused", "untranslatable"])
def test_whoever_wins_a_tie_and_cannot_be_written_does_not_lose_it_to_a_later_write_of_ours(
    policy: Policy, choices: dict[str, Side], asks: bool, refused: bool
) -> None:
    """The other side would win as soon as any write of ours gives its record a later time."""
    left = replace(showing(LEFT, city="Thun"), modified=NOON)
    right = replace(showing(RIGHT, CITY="Bern"), modified=NOON - timedelta(hours=1))
    known = {(RIGHT, "CITY"): Refused("Thun", "refused")} if refused else {}
    at = Situation(link(), Both(left, right), choices=choices, refused=known)
    line = rule(policy=policy, forward=same if refused else refuse)
    found = planner(EMAIL, line).plan(at)
    assert found.drafts == ()
    assert found.problems == {CITY.name: "refused" if refused else "untranslatable"}
    assert found.conflicts == ({CITY.name: Both(("Thun",), ("Bern",))} if asks else {})
