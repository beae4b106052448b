"""Whose record is it whose address somebody else has by now: what may still be written there."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from syncd.core.consent import CONSENT
from syncd.core.contested import TAKEN
from syncd.core.plan import FIXED, Situation
from syncd.model.link import State
from syncd.model.op import OpKind
from syncd.model.plan import LinkPlan, Refused, Standing
from syncd.model.policy import Deleted, PairPolicy
from syncd.model.rule import Policy
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Level

from .world import (
    CITY,
    CRM,
    EMAIL,
    LEFT,
    MAIL,
    RIGHT,
    SETS,
    TO_RIGHT,
    catalogue,
    link,
    mapping,
    mirrored_plan,
    mirrored_planner,
    mirrored_situation,
    planner,
    rule,
    showing,
    sorted_plan,
)

ADA, NEW, EVE = "ada@example.org", "ada.new@example.org", "eve@example.org"
FIXED_KEY = catalogue(FieldSpec("email", Kind.EMAIL, fixed=True))
ONE_WAY = rule("email", "email", direction=TO_RIGHT, policy=Policy.NEWEST)
TAGS = frozenset({"vip"})
EARLIER, DAY = (datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2))


def moved(side: Side, *, taken: bool = True) -> Situation:
    """Ada has another address on one side, and other values; her old one may be somebody else's."""
    left, right = showing(LEFT, city="Bern", tags=TAGS), showing(RIGHT, CITY="Bern", TAGS=TAGS)
    agreed = link({"city": "Bern", "tags": TAGS}, {"CITY": "Bern", "TAGS": TAGS})
    if side is LEFT:
        left = showing(LEFT, email=NEW, city="Thun", tags=frozenset({"gold"}))
    else:
        right = showing(RIGHT, email=NEW, CITY="Thun", TAGS=frozenset({"gold"}))
    return Situation(agreed, Both(left, right), rivalled={side.other: "x9"} if taken else {})


def written(plan: LinkPlan) -> set[str]:
    return {name for draft in plan.drafts for name in draft.patch}


def test_an_address_that_cannot_follow_stops_nothing_while_it_is_nobody_elses() -> None:
    one = planner(at=mapping(EMAIL, CITY, SETS, right=FIXED_KEY))
    plan = one.plan(moved(LEFT, taken=False))
    assert written(plan) == {"CITY", "TAGS"}
    assert plan.problems == {EMAIL.name: FIXED}
    assert plan.standing.left.state is State.LINKED


def test_nothing_is_written_where_the_address_is_somebody_elses() -> None:
    one = planner(at=mapping(EMAIL, CITY, SETS, right=FIXED_KEY))
    plan = one.plan(moved(LEFT))
    assert plan.drafts == ()
    assert plan.problems == {EMAIL.name: FIXED, CITY.name: TAKEN, SETS.name: TAKEN}
    assert plan.standing == Both(*[Standing(State.PARKED, TAKEN)] * 2)
    assert plan.shadow == moved(LEFT).link.shadow


def test_nor_is_anything_taken_from_there() -> None:
    one = planner(at=mapping(EMAIL, CITY, SETS, right=FIXED_KEY))
    at = moved(LEFT)
    edited = showing(RIGHT, CITY="Zug", TAGS=TAGS | {"new"})
    left = showing(LEFT, email=NEW, city="Bern", tags=TAGS)
    plan = one.plan(replace(at, sides=Both(left, edited)))
    assert plan.drafts == ()
    assert plan.problems == {EMAIL.name: FIXED, CITY.name: TAKEN, SETS.name: TAKEN}


@pytest.mark.parametrize("email", [EMAIL, ONE_WAY])
def test_the_address_alone_is_written_first_as_that_may_settle_it(email: object) -> None:
    one = planner(at=mapping(email, CITY))  # type: ignore[arg-type]
    plan = one.plan(moved(LEFT))
    assert written(plan) == {"email"}
    refused = {(RIGHT, "email"): Refused(NEW, "duplicate_key: r7")}
    plan = one.plan(replace(moved(LEFT), refused=refused))
    assert plan.drafts == ()
    assert plan.problems == {email.name: "duplicate_key: r7", CITY.name: TAKEN}  # type: ignore[attr-defined]


def test_who_moved_itself_to_a_taken_address_keeps_everything_else_in_step() -> None:
    """Its own new address is somebody else's on the other side, which still shows the old one."""
    one = planner(at=mapping(EMAIL, CITY), right=replace(MAIL, unique_key="email"))
    at = replace(moved(LEFT), rivalled={LEFT: "r7"})
    assert written(one.plan(at)) == {"email", "CITY"}
    refused = {(RIGHT, "email"): Refused(NEW, "duplicate_key: r7")}
    plan = one.plan(replace(at, refused=refused))
    assert written(plan) == {"CITY"}
    assert plan.problems == {EMAIL.name: "duplicate_key: r7"}
    assert plan.standing.right.state is State.LINKED
    back = showing(RIGHT, CITY="Zug")
    left = showing(LEFT, email=NEW, city="Bern")
    plan = one.plan(replace(at, refused=refused, sides=Both(left, back)))
    assert written(plan) == {"city"}


def test_a_second_record_with_one_address_is_not_made_where_it_would_be_taken() -> None:
    one = planner(at=mapping(EMAIL, CITY))
    plan = one.plan(replace(moved(LEFT), rivalled={LEFT: "r7"}))
    assert written(plan) == {"CITY"}
    assert plan.problems == {EMAIL.name: "duplicate_key: r7"}


def test_where_both_have_moved_nobody_knows_whose_the_record_is() -> None:
    at = moved(LEFT)
    there = showing(RIGHT, email=EVE, CITY="Bern", TAGS=TAGS)
    plan = planner(at=mapping(rule("email", "email"), CITY)).plan(
        replace(at, sides=at.sides.having(RIGHT, there))
    )
    assert plan.drafts == ()
    assert plan.conflicts.keys() == {EMAIL.name}
    assert plan.problems == {EMAIL.name: TAKEN, CITY.name: TAKEN}


def test_an_opt_out_is_written_all_the_same_and_never_lifted_there() -> None:
    one = planner(
        policy=PairPolicy(resubscribe=True),
        at=mapping(EMAIL, CITY, right=FIXED_KEY),
        right=CRM,
    )
    at = moved(LEFT)
    (left, right) = at.sides
    assert left is not None
    assert right is not None
    left = replace(left, fields={**left.fields, CONSENT: Consent(Level.REVOKED)})
    [draft] = one.plan(replace(at, sides=Both(left, right))).drafts
    assert (draft.side, draft.urgent) == (RIGHT, True)
    assert draft.patch.keys() == {CONSENT}
    opted_in = replace(left, fields={**left.fields, CONSENT: Consent(Level.GRANTED, DAY)})
    opted_out = replace(right, fields={**right.fields, CONSENT: Consent(Level.REVOKED, EARLIER)})
    assert one.plan(replace(at, sides=Both(opted_in, opted_out))).drafts == ()
    [draft] = one.plan(replace(at, sides=Both(opted_in, opted_out), rivalled={})).drafts[:1]
    assert draft.patch == {CONSENT: Consent(Level.GRANTED, DAY, "syncd")}


@pytest.mark.parametrize("policy", [Deleted.DELETE, Deleted.UNSUBSCRIBE])
@pytest.mark.parametrize("side", SIDES)
def test_a_deletion_spares_the_record_whose_address_somebody_else_has(
    side: Side, policy: Deleted
) -> None:
    one = planner(policy=PairPolicy(deleted=policy), left=CRM, right=CRM)
    at = Situation(link(), Both(showing(LEFT), showing(RIGHT)))
    gone = at.sides[side]
    assert gone is not None
    at = replace(at, sides=at.sides.having(side, replace(gone, gone=True)))
    wanted = OpKind.DELETE if policy is Deleted.DELETE else OpKind.UPDATE
    assert [draft.kind for draft in one.plan(at).drafts] == [wanted]
    assert one.plan(replace(at, rivalled={side.other: "x9"})).drafts == ()


def test_it_is_the_same_whichever_side_it_happens_on() -> None:
    one = planner(at=mapping(EMAIL, CITY, SETS, right=FIXED_KEY))
    for at in (moved(LEFT), moved(RIGHT), replace(moved(LEFT), rivalled={LEFT: "r7"})):
        turned = mirrored_planner(one).plan(mirrored_situation(at))
        assert mirrored_plan(turned) == sorted_plan(one.plan(at))
