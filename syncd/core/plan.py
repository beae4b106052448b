"""What reconciling one link decides: writes, agreements, conflicts, standings."""

from dataclasses import dataclass, replace
from functools import partial

from syncd.core import consent
from syncd.core.absent import plan_gone, plan_missing
from syncd.core.contested import TAKEN, is_about_key, is_contested, name_of_key
from syncd.core.fields import FIXED, FieldPlanner
from syncd.core.leave import untag
from syncd.core.match import DUPLICATE
from syncd.core.normalise import identity_key
from syncd.core.optout import (
    Verdict,
    consent_drafts,
    ends_record,
    foremost,
    judge,
    with_verdict,
)
from syncd.core.situation import DELETED, OPTED_OUT, Showing, Situation
from syncd.model.link import State
from syncd.model.plan import Draft, LinkPlan, Standing, naming
from syncd.model.policy import OnLeave
from syncd.model.rule import Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Level, Patch

__all__ = ["DELETED", "FIXED", "OPTED_OUT", "Planner", "Showing", "Situation"]


@dataclass(frozen=True, slots=True)
class Planner(FieldPlanner):
    """Decides about links of contacts of one pair."""

    def plan(self, at: Situation) -> LinkPlan:
        """What is to be done about one link."""
        left, right = at.sides.left, at.sides.right
        alive = at.sides.map(lambda s: s is not None and not s.gone)
        if alive.left and alive.right and left and right:
            return self._both_alive(at, Both(left, right))
        if not alive.left and not alive.right:
            gone = Standing(State.GONE)
            return LinkPlan((), at.link.shadow, Both(gone, gone), ended="both_gone")
        here = Side.LEFT if alive.left else Side.RIGHT
        present, missing = at.sides[here], at.sides[here.other]
        assert present is not None  # noqa: S101 - `alive` says so; for the type checker
        if missing is None:
            return plan_missing(self, at, here, present)
        return plan_gone(self, at, here, present, missing)

    def takes(self, sides: Both[Showing]) -> bool:
        """Whether the pair's filter takes this link."""
        return all(
            predicate is None or predicate(sides[side].fields)
            for side, predicate in zip(SIDES, self.policy.filter, strict=True)
        )

    def _both_alive(self, at: Situation, sides: Both[Showing]) -> LinkPlan:
        consents = sides.map(lambda s: consent.shown(s.fields))
        contested = is_contested(self, at, sides)
        if contested:  # an opt-out is never missed, whoever of two is meant
            verdict = foremost(self, at, consents)
        else:
            verdict = judge(self, at, consents, alone=False)
        plan = self._under(at, sides, verdict, contested=contested)
        return with_verdict(plan, verdict)

    def _under(
        self, at: Situation, sides: Both[Showing], verdict: Verdict, *, contested: bool
    ) -> LinkPlan:
        """What is to be done about a link whose consent is decided."""
        drafts = consent_drafts(self, at, sides, verdict)
        if verdict.level is Level.REVOKED and at.link.ended == OPTED_OUT:
            return self._already_ended(at, drafts)
        linked = Both(Standing(State.LINKED), Standing(State.LINKED))
        if any(ends_record(self, d.side) for d in drafts):
            return LinkPlan(drafts, at.link.shadow, linked)  # the record is about to vanish
        if not self.takes(sides):
            untags = self.policy.on_leave is OnLeave.UNTAG and not contested
            leaving, problems = untag(self, at, sides) if untags else ((), {})
            out = Both(Standing(State.FILTERED, "filter"), Standing(State.FILTERED, "filter"))
            return LinkPlan((*drafts, *leaving), at.link.shadow, out, problems=problems)
        if contested:
            parked = Standing(State.PARKED, TAKEN)
            linked = Both(parked, parked)
        hindrance = partial(self._hindrance, at, contested=contested)
        plan = self.merge_fields(at, sides, drafts, linked, hindrance)
        if not contested:
            return plan
        return replace(plan, problems={name_of_key(self): TAKEN, **plan.problems})

    def _already_ended(self, at: Situation, drafts: tuple[Draft, ...]) -> LinkPlan:
        """The opt-out was carried out, and the record on the mailing side is vanishing."""
        staying = tuple(d for d in drafts if not ends_record(self, d.side))
        parked = Standing(State.PARKED, OPTED_OUT)
        return LinkPlan(staying, at.link.shadow, Both(parked, parked), ended=OPTED_OUT)

    def _hindrance(
        self, at: Situation, rule: Rule, side: Side, patch: Patch, *, contested: bool
    ) -> str | None:
        """Why a write of one rule must not be sent; None if it may be.

        Args:
            contested: one of the records is by its address somebody else's. Then only the
                address itself is written, which may end that; the rest waits, and is listed.
        """
        if why := self.unfit(at, side, patch):
            return why
        if not is_about_key(self, rule):
            return TAKEN if contested else None
        if self._moves_to_opted_out(at, side, patch):
            return OPTED_OUT
        # Where the platform itself does not keep the key unique, a second one is not made here.
        holder = at.rivalled.get(side.other)
        unique = self.specs[side].unique_key == self.policy.keys.first[side]
        return naming(DUPLICATE, holder) if holder is not None and not unique else None

    def _moves_to_opted_out(self, at: Situation, side: Side, patch: Patch) -> bool:
        """Whether a record that shows no opt-out would get an address that has opted out."""
        address, showing = patch.get(self.policy.keys.first[side]), at.sides[side]
        if not isinstance(address, str) or showing is None:
            return False
        shown = consent.shown(showing.fields)
        return identity_key(address) in at.opted_out and shown.level is not Level.REVOKED
