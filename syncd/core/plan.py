"""What reconciling one link decides: writes, agreements, conflicts, standings."""

from dataclasses import dataclass, replace

from syncd.core import consent
from syncd.core.absent import plan_gone, plan_missing
from syncd.core.contested import TAKEN, is_about_key, is_contested, name_of_key
from syncd.core.flapping import UNDONE, resume, tame
from syncd.core.leave import untag
from syncd.core.match import DUPLICATE
from syncd.core.merge import merge
from syncd.core.merged import Merged, add_to_patch
from syncd.core.normalise import identity_key
from syncd.core.optout import (
    Verdict,
    consent_drafts,
    ends_record,
    foremost,
    judge,
    with_verdict,
)
from syncd.core.reference import reference_rules, with_reference
from syncd.core.situation import DELETED, OPTED_OUT, Showing, Situation, Terms
from syncd.model.link import State
from syncd.model.op import OpKind
from syncd.model.plan import Draft, LinkPlan, Standing, naming
from syncd.model.policy import OnLeave
from syncd.model.rule import Policy, Rule, Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields, Level, Patch, SetDelta, Value

__all__ = ["DELETED", "FIXED", "OPTED_OUT", "Planner", "Showing", "Situation"]

FIXED = "fixed_there"  # the platform never changes this field of a record
ONE_SIDED = (Policy.LEFT, Policy.RIGHT)  # the same side wins whenever it is asked


@dataclass(frozen=True, slots=True)
class Planner(Terms):
    """Decides about links of one pair and resource."""

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
        return self._merge_fields(at, sides, drafts, linked, contested=contested)

    def _already_ended(self, at: Situation, drafts: tuple[Draft, ...]) -> LinkPlan:
        """The opt-out was carried out, and the record on the mailing side is vanishing."""
        staying = tuple(d for d in drafts if not ends_record(self, d.side))
        parked = Standing(State.PARKED, OPTED_OUT)
        return LinkPlan(staying, at.link.shadow, Both(parked, parked), ended=OPTED_OUT)

    def _hindrance(
        self, at: Situation, rule: Rule, side: Side, patch: Patch, *, contested: bool
    ) -> str | None:
        """Why a write of one rule must not be sent; None if it may be."""
        if refusal := at.refusal(side, patch):
            return refusal
        if any(self.mapping.spec(side, name).fixed for name in patch):
            return FIXED
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

    def _merge_fields(
        self,
        at: Situation,
        sides: Both[Showing],
        drafts: tuple[Draft, ...],
        standing: Both[Standing],
        *,
        contested: bool,
    ) -> LinkPlan:
        """Decide every field.

        Args:
            contested: one of the records is by its address somebody else's. Then only the
                address itself is written, which may end that; the rest waits, and is listed.
        """
        now = sides.map(lambda s: s.fields)
        shadow: Both[dict[str, Value]] = at.link.shadow.map(dict)
        patches: dict[Side, dict[str, Value | SetDelta]] = {}
        advances: dict[Side, Both[dict[str, Value | SetDelta]]] = {}
        conflicts: dict[str, Both[Values]] = {}
        flipping: set[str] = set()
        chosen: dict[Side, set[str]] = {side: set() for side in SIDES}
        problems: dict[str, str] = {}
        decided: set[str] = set()
        for rule in (*self.mapping.rules, *reference_rules(self, at, sides, problems)):
            merged = self._decide(at, rule, sides)
            decided.add(rule.name)
            for side in SIDES:
                shadow[side].update(merged.agreed[side])
            if merged.conflict:
                conflicts[rule.name] = _shown(rule, now)
            if merged.flips:
                flipping.add(rule.name)
            for side in SIDES:
                if unreadable := self.mapping.unreadable(rule, side, now[side]):
                    problems[rule.name] = unreadable
            if merged.problem:
                problems[rule.name] = merged.problem
            for side, step in merged.steps.items():
                if why := self._hindrance(at, rule, side, step.patch, contested=contested):
                    problems[rule.name] = why
                    if rule.name in at.flipping:  # it stays parked, as nothing was settled
                        conflicts[rule.name] = at.flipping[rule.name].values
                        flipping.add(rule.name)
                    elif why != TAKEN and self._is_tie(at, rule, now):
                        conflicts[rule.name] = _shown(rule, now)
                    continue
                if merged.chosen:
                    chosen[side].add(rule.name)
                add_to_patch(patches.setdefault(side, {}), step.patch)
                moves = advances.setdefault(side, Both({}, {}))
                moves.left.update(step.advance.left)
                moves.right.update(step.advance.right)
        updates = tuple(
            Draft(
                link_id=at.link.id,
                side=side,
                kind=OpKind.UPDATE,
                remote_id=sides[side].remote_id,
                patch=patch,
                current=sides[side].fields,
                advance=Both(advances[side].left, advances[side].right),
                routine=patch.keys() == {self.references[side]},
                chosen=frozenset(chosen[side]),
            )
            for side, patch in patches.items()
        )
        if contested:
            problems.setdefault(name_of_key(self), TAKEN)
        shadows: Both[Fields] = Both(shadow.left, shadow.right)
        return LinkPlan(
            (*drafts, *updates),
            shadows,
            standing,
            conflicts,
            problems,
            flipping=frozenset(flipping),
            stilled=frozenset(at.flipping.keys() & decided - conflicts.keys()),
        )

    def _decide(self, at: Situation, rule: Rule, sides: Both[Showing]) -> Merged:
        """Decide one rule; what would only flip to and fro is left out of it."""
        now, shadow = with_reference(rule, sides.map(lambda s: s.fields), sides), at.link.shadow
        prefer = at.choices.get(rule.name) or _winner(rule, at, sides)
        merged = merge(rule, now, shadow, prefer, self.mapping)
        if merged.problem and not merged.steps and self._is_tie(at, rule, now):
            merged = Merged(conflict=True, problem=merged.problem)
        if (parked := at.flipping.get(rule.name)) is not None:
            resumed = resume(rule, merged, parked, now, shadow, self.mapping)
            if resumed is not None and not resumed.flips:
                return resumed
            if resumed is not None:  # other members of the set may have begun to flip since
                tamed = tame(rule, resumed, now, at.history, self.mapping)
                return replace(tamed, conflict=True, flips=True)
        tamed = tame(rule, merged, now, at.history, self.mapping)
        if tamed.flips and rule not in self.mapping.rules:
            return Merged(problem=UNDONE)  # our own reference, about which nobody has to choose
        return replace(tamed, chosen=True) if rule.name in at.choices else tamed

    def _is_tie(self, at: Situation, rule: Rule, now: Both[Fields]) -> bool:
        """Whether both sides changed, and who wins is not the same whenever it is asked.

        If the winner cannot be written, a person is asked: the other would win as soon as its
        record has a later time, be it by a write of ours.
        """
        if rule.policy in ONE_SIDED:
            return False
        return merge(rule, now, at.link.shadow, None, self.mapping).conflict


def _shown(rule: Rule, now: Both[Fields]) -> Both[Values]:
    return Both(*(tuple(now[side].get(n) for n in rule.fields(side)) for side in SIDES))


def _winner(rule: Rule, at: Situation, sides: Both[Showing]) -> Side | None:
    """The side that a rule's policy prefers; None if a person is to decide.

    What is parked is not settled by times that have moved since: our own writes move them too.
    """
    match rule.policy:
        case Policy.LEFT:
            return Side.LEFT
        case Policy.RIGHT:
            return Side.RIGHT
        case Policy.NEWEST:
            left, right = sides.left.modified, sides.right.modified
            if left is None or right is None or left == right or rule.name in at.parked:
                return None
            return Side.LEFT if left > right else Side.RIGHT
        case Policy.MANUAL:
            return None
