"""What reconciling one link decides: writes, agreements, conflicts, standings."""

from dataclasses import dataclass

from syncd.core import consent
from syncd.core.absent import plan_gone, plan_missing
from syncd.core.leave import untag
from syncd.core.merge import add_to_patch, merge
from syncd.core.optout import consent_drafts, ends_record
from syncd.core.reference import reference_name, reference_rules, with_reference
from syncd.core.situation import DELETED, OPTED_OUT, Showing, Situation, Terms
from syncd.model.link import State
from syncd.model.op import OpKind
from syncd.model.plan import Draft, LinkPlan, Standing
from syncd.model.policy import OnLeave
from syncd.model.rule import Policy, Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields, Level, Patch, SetDelta, Value

__all__ = ["DELETED", "FIXED", "OPTED_OUT", "Planner", "Showing", "Situation"]

FIXED = "fixed_there"  # the platform never changes this field of a record


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
        level = consent.decide(consents, at.ledger, resubscribe=self.policy.resubscribe)
        drafts = consent_drafts(self, at, sides, level)
        if level is Level.REVOKED and at.link.ended == OPTED_OUT:
            return self._already_ended(at, drafts)
        linked = Both(Standing(State.LINKED), Standing(State.LINKED))
        if any(ends_record(self, d.side) for d in drafts):
            return LinkPlan(drafts, at.link.shadow, linked)  # the record is about to vanish
        if not self.takes(sides):
            leaving = untag(self, at, sides) if self.policy.on_leave is OnLeave.UNTAG else ()
            out = Both(Standing(State.FILTERED, "filter"), Standing(State.FILTERED, "filter"))
            return LinkPlan((*drafts, *leaving), at.link.shadow, out)
        return self._merge_fields(at, sides, drafts, linked)

    def _already_ended(self, at: Situation, drafts: tuple[Draft, ...]) -> LinkPlan:
        """The opt-out was carried out, and the record on the mailing side is vanishing."""
        staying = tuple(d for d in drafts if not ends_record(self, d.side))
        parked = Standing(State.PARKED, OPTED_OUT)
        return LinkPlan(staying, at.link.shadow, Both(parked, parked), ended=OPTED_OUT)

    def _fixed(self, side: Side, patch: Patch) -> str | None:
        """Why a record cannot take a patch: it has a field that is given once and for all."""
        is_fixed = any(self.mapping.spec(side, name).fixed for name in patch)
        return FIXED if is_fixed else None

    def _merge_fields(
        self,
        at: Situation,
        sides: Both[Showing],
        drafts: tuple[Draft, ...],
        standing: Both[Standing],
    ) -> LinkPlan:
        now = sides.map(lambda s: s.fields)
        shadow: Both[dict[str, Value]] = at.link.shadow.map(dict)
        patches: dict[Side, dict[str, Value | SetDelta]] = {}
        advances: dict[Side, Both[dict[str, Value | SetDelta]]] = {}
        conflicts: dict[str, Both[Values]] = {}
        problems: dict[str, str] = {}
        for rule in (*self.mapping.rules, *reference_rules(self, sides, problems)):
            prefer = at.choices.get(rule.name) or _winner(rule.policy, sides)
            shown = with_reference(rule, now, sides)
            merged = merge(rule, shown, at.link.shadow, prefer, self.mapping)
            for side in SIDES:
                shadow[side].update(merged.agreed[side])
            if merged.conflict:
                conflicts[rule.name] = Both(
                    *(tuple(now[side][n] for n in rule.fields(side)) for side in SIDES)
                )
            for side in SIDES:
                if unreadable := self.mapping.unreadable(rule, side, now[side]):
                    problems[rule.name] = unreadable
            if merged.problem:
                problems[rule.name] = merged.problem
            for side, step in merged.steps.items():
                if refusal := at.refusal(side, step.patch) or self._fixed(side, step.patch):
                    problems[rule.name] = refusal
                    continue
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
                routine=patch.keys() == {reference_name(self, side)},
            )
            for side, patch in patches.items()
        )
        shadows: Both[Fields] = Both(shadow.left, shadow.right)
        return LinkPlan((*drafts, *updates), shadows, standing, conflicts, problems)


def _winner(policy: Policy, sides: Both[Showing]) -> Side | None:
    match policy:
        case Policy.LEFT:
            return Side.LEFT
        case Policy.RIGHT:
            return Side.RIGHT
        case Policy.NEWEST:
            left, right = sides.left.modified, sides.right.modified
            if left is None or right is None or left == right:
                return None
            return Side.LEFT if left > right else Side.RIGHT
        case Policy.MANUAL:
            return None
