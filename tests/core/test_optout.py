"""Whether an opt-out stands, is lifted, or is a question: what decides, one by one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncd.core.consent import CONSENT, LEDGER, OURS, OptedOut
from syncd.core.optout import BY_RULE, judge
from syncd.core.plan import Situation
from syncd.core.situation import OPTED_OUT, Answer, Showing
from syncd.model.link import Link, State
from syncd.model.op import OpKind
from syncd.model.plan import Lift, LinkPlan, Refused, Standing
from syncd.model.policy import PairPolicy
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Consent, Level

from .world import CRM, LEFT, RIGHT, link, mapping, planner, rule, showing

EMAIL = "email"

OUT_AT = datetime(2026, 3, 1, tzinfo=UTC)
BACK = Consent(Level.GRANTED, OUT_AT + timedelta(days=1), "form")
UNKNOWN = Consent(Level.UNKNOWN)
OUT = Consent(Level.REVOKED, OUT_AT, LEDGER)
LIFTED_BY_RULE = Lift(OUT_AT, BY_RULE)


def policy(*, resubscribe: bool = True, lifts_alone: bool = True) -> PairPolicy:
    return PairPolicy(resubscribe=resubscribe, lifts_alone=lifts_alone)


def at(left: Consent, right: Consent | None, answer: Answer | None = None) -> Situation:
    there = None if right is None else showing(RIGHT, **{CONSENT: right})
    return Situation(
        link(), Both(showing(LEFT, **{CONSENT: left}), there), OptedOut(OUT_AT), answer=answer
    )


def plan(left: Consent, right: Consent | None, given: PairPolicy | None = None) -> LinkPlan:
    return planner(policy=given or policy()).plan(at(left, right))


def test_an_opt_in_of_both_sides_after_it_lifts_an_opt_out() -> None:
    found = plan(BACK, BACK)
    assert (found.lifts, found.conflicts) == (LIFTED_BY_RULE, {})


def test_where_nobody_shows_an_opt_out_any_more_one_side_is_enough() -> None:
    for left, right in ((BACK, UNKNOWN), (UNKNOWN, BACK)):
        assert plan(left, right).lifts == LIFTED_BY_RULE


@pytest.mark.parametrize("given", [policy(resubscribe=False), policy(lifts_alone=False)])
def test_a_pair_that_lifts_nothing_by_itself_lifts_nothing(given: PairPolicy) -> None:
    assert plan(BACK, BACK, given).lifts is None


def test_a_pair_whose_kin_do_not_lift_by_themselves_asks() -> None:
    asked = plan(BACK, BACK, policy(lifts_alone=False))
    assert asked.conflicts == {CONSENT: Both((BACK,), (BACK,))}


def test_one_record_that_is_all_there_is_lifts_nothing_and_a_person_is_asked() -> None:
    alone = plan(BACK, None)
    assert alone.lifts is None
    assert set(alone.conflicts) == {CONSENT}


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("take", SIDES)
def test_the_word_of_a_person_counts_for_what_was_asked(take: Side, alone: bool) -> None:
    asked = Both((BACK,), (OUT,))
    out = Consent(Level.REVOKED, OUT_AT, "report")
    situation = at(BACK, out, Answer(take, asked, "ada"))
    verdict = judge(planner(policy=policy()), situation, Both(BACK, out), alone=alone)
    if take is LEFT:
        assert (verdict.level, verdict.lifts) == (Level.GRANTED, Lift(OUT_AT, "ada"))
    else:
        assert (verdict.level, verdict.lifts) == (Level.REVOKED, None)
    assert verdict.asks is None


def test_the_word_of_a_person_does_not_count_for_anything_else() -> None:
    other = Answer(LEFT, Both((OUT,), (OUT,)), "ada")
    situation = at(BACK, UNKNOWN, other)
    verdict = judge(planner(policy=policy()), situation, Both(BACK, UNKNOWN), alone=True)
    assert (verdict.level, verdict.lifts) == (Level.UNKNOWN, None)
    assert verdict.asks is not None


@pytest.mark.parametrize("days", [-1, 0, 1])
@pytest.mark.parametrize("resubscribe", [True, False])
def test_who_is_let_in_under_their_own_address_is_not_out_for_an_older_opt_out_of_another(
    days: int, resubscribe: bool
) -> None:
    """The address that the other side still shows has opted out; this side's was lifted since."""
    out = Consent(Level.REVOKED, OUT_AT, "report")
    situation = replace(at(UNKNOWN, out), let_in=Both(OUT_AT - timedelta(days=days), None))
    drafts = planner(policy=policy(resubscribe=resubscribe)).plan(situation).drafts
    assert [draft.patch[CONSENT] for draft in drafts] == (
        [Consent(Level.REVOKED, OUT_AT, OURS)] if days > 0 else []
    )


@pytest.mark.parametrize("side", SIDES)
def test_nobody_who_is_mailed_gets_an_address_that_opted_out(side: Side) -> None:
    """Not while a person is asked, either: the permission would go with the record."""
    moved = {EMAIL: "new@example.org"}
    shown = Both(*(showing(s, **(moved if s is side else {})) for s in SIDES))
    parked = replace(
        Situation(link(), shown, OptedOut(OUT_AT)), opted_out=frozenset({"new@example.org"})
    )
    one = planner(policy=policy(), at=mapping(rule(EMAIL, EMAIL)), right=CRM)
    mailed = parked.sides.having(side.other, with_consent(shown[side.other], BACK))
    found = one.plan(replace(parked, sides=mailed))
    assert not any(EMAIL in draft.patch for draft in found.drafts)
    assert found.problems == {f"{EMAIL} = {EMAIL}": OPTED_OUT}
    out = parked.sides.having(side.other, with_consent(shown[side.other], OUT))
    found = one.plan(replace(parked, sides=out))
    assert [d.patch[EMAIL] for d in found.drafts if EMAIL in d.patch] == ["new@example.org"]


@pytest.mark.parametrize("refused", [False, True])
def test_what_is_left_of_a_lifted_opt_out_goes_before_anybody_is_made(refused: bool) -> None:
    """Where the platform would not take that again, nobody is made at all."""
    left = Consent(Level.REVOKED, OUT_AT, "report")
    granted = Consent(Level.GRANTED, None, OURS)
    one = Situation(
        Link(5, Both("l1", None), Both({}, {})),
        Both(showing(LEFT, **{CONSENT: left}), None),
        let_in=Both(OUT_AT, None),
        refused={(LEFT, CONSENT): Refused(granted, "refused")} if refused else {},
    )
    found = planner(policy=policy()).plan(one)
    drafts = [(draft.kind, draft.side, draft.patch) for draft in found.drafts]
    assert drafts == ([] if refused else [(OpKind.UPDATE, LEFT, {CONSENT: granted})])
    waits = Standing(State.PARKED, OPTED_OUT) if refused else Standing(State.WAITING)
    assert found.standing[LEFT] == waits


def with_consent(shown: Showing, said: Consent) -> Showing:
    return replace(shown, fields={**shown.fields, CONSENT: said})
