"""The decision about consent, and the writes that carry an opt-out, or its lifting."""

from dataclasses import dataclass, replace
from datetime import datetime

from syncd.core import consent
from syncd.core.consent import CONSENT, OURS
from syncd.core.situation import ASKED, OPTED_OUT, Showing, Situation, Terms
from syncd.model.link import State
from syncd.model.op import OpKind
from syncd.model.plan import Draft, Lift, LinkPlan, Standing
from syncd.model.rule import Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Consent, Level

BY_RULE = "rule:newer"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided about the consent of one link.

    Attributes:
        level: what both sides should hold.
        asks: what a person has to choose between; nothing is written until then.
        lifts: that the ledger's opt-outs count no more.
    """

    level: Level
    asks: Both[Consent] | None = None
    lifts: Lift | None = None


def judge(terms: Terms, at: Situation, consents: Both[Consent], *, alone: bool) -> Verdict:
    """Decide about the consent of one link.

    An opt-in newer than every opt-out lifts them where nobody shows an opt-out any more, or
    only an older, dated one. One side alone says nothing about a platform that gives its
    opt-outs no date: a person is asked, and their word counts as long as it is about this.

    Args:
        alone: the record of one side is all there is.
    """
    resubscribe = terms.policy.resubscribe
    level = consent.decide(consents, at.ledger, resubscribe=resubscribe, let_in=at.let_in)
    asks = consent.questioned(consents, at.ledger, resubscribe=resubscribe)
    if asks is None or at.ledger is None:
        return Verdict(level)
    if at.answer is not None and at.answer.asked == asks.map(lambda c: (c,)):
        if asks[at.answer.take].level is Level.REVOKED:
            return Verdict(Level.REVOKED)
        return Verdict(Level.GRANTED, lifts=Lift(at.ledger.at, at.answer.by))
    agreed = level is Level.GRANTED or all(c.level is not Level.REVOKED for c in asks)
    if agreed and not alone and terms.policy.lifts_alone:
        return Verdict(Level.GRANTED, lifts=Lift(at.ledger.at, BY_RULE))
    return Verdict(Level.UNKNOWN, asks)


def foremost(terms: Terms, at: Situation, consents: Both[Consent]) -> Verdict:
    """Decide where two records may be two people: an opt-in is only ever one's own."""
    level = consent.decide(
        consents, at.ledger, resubscribe=terms.policy.resubscribe, let_in=at.let_in
    )
    return Verdict(Level.UNKNOWN if level is Level.GRANTED else level)


def with_verdict(plan: LinkPlan, verdict: Verdict) -> LinkPlan:
    """A plan with what was decided about consent: its records are parked if a person is asked."""
    if verdict.asks is None:
        return plan if verdict.lifts is None else replace(plan, lifts=verdict.lifts)
    parked = Standing(State.PARKED, ASKED)
    standing = Both(
        *(s if s.state is State.GONE else parked for s in (plan.standing[side] for side in SIDES))
    )
    asked: Both[Values] = verdict.asks.map(lambda c: (c,))
    conflicts = {**plan.conflicts, CONSENT: asked}
    return replace(plan, standing=standing, conflicts=conflicts)


def consent_drafts(
    terms: Terms, at: Situation, sides: Both[Showing], verdict: Verdict
) -> tuple[Draft, ...]:
    """The writes that make both sides show what was decided, where they can.

    While a person is asked who of two is right, the opt-out holds where nobody came back.
    """
    level, asks = verdict.level, verdict.asks
    if asks is not None:
        out = (side for side in SIDES if asks[side].level is Level.REVOKED)
        return tuple(draft for side in out for draft in revoke(terms, at, side, sides[side]))
    if level is Level.UNKNOWN:
        return ()
    shown = sides.map(lambda s: consent.shown(s.fields))
    specs = terms.specs.map(lambda s: s.consent)
    writes = consent.wanted_writes(level, shown, specs, at.ledger)
    return tuple(
        _consent_draft(terms, at, side, sides[side], value)
        for side, value in writes.items()
        if not _is_let_in(at, side, value)
        and (level is Level.REVOKED or at.refusal(side, {CONSENT: value}) is None)
    )


def revoke(
    terms: Terms, at: Situation, here: Side, present: Showing, cause: datetime | None = None
) -> tuple[Draft, ...]:
    """The opt-out of one record, unless it shows it already or cannot hold it.

    Args:
        cause: when its counterpart opted out, under an address that may be another one by now.
    """
    spec = terms.specs[here].consent
    if spec is None or not spec.revocable:
        return ()
    if consent.shown(present.fields).level is Level.REVOKED:
        return ()
    value = Consent(Level.REVOKED, at.ledger.at if at.ledger else cause, OURS)
    return () if _is_let_in(at, here, value) else (_consent_draft(terms, at, here, present, value),)


def _is_let_in(at: Situation, side: Side, value: Consent) -> bool:
    """Whether an opt-out is older than what was lifted of the very address that a side shows.

    It is one of another address, which the other side shows; who is let in under their own by
    now would be let in again by every pair that knows no other.
    """
    upto = at.let_in[side]
    return (
        value.level is Level.REVOKED
        and upto is not None
        and value.at is not None
        and value.at <= upto
    )


def readmit(terms: Terms, at: Situation, here: Side, present: Showing) -> tuple[Draft, ...]:
    """The lifting of an opt-out that one record still shows, if it can be."""
    spec = terms.specs[here].consent
    value = Consent(Level.GRANTED, None, OURS)
    if spec is None or not spec.grantable or at.refusal(here, {CONSENT: value}) is not None:
        return ()
    if consent.shown(present.fields).level is not Level.REVOKED:
        return ()
    return (_consent_draft(terms, at, here, present, value),)


def ends_record(terms: Terms, side: Side) -> bool:
    """Whether a record of this side disappears when it opts out."""
    spec = terms.specs[side].consent
    return spec is not None and spec.ends_record


def _consent_draft(
    terms: Terms, at: Situation, side: Side, showing: Showing, value: Consent
) -> Draft:
    revoked = value.level is Level.REVOKED
    return Draft(
        link_id=at.link.id,
        side=side,
        kind=OpKind.UPDATE,
        remote_id=showing.remote_id,
        patch={CONSENT: value},
        current=showing.fields,
        ends=OPTED_OUT if revoked and ends_record(terms, side) else None,
        urgent=revoked,
    )
