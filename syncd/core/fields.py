"""What becomes of the fields of a link whose two records exist."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from syncd.core.contested import TAKEN
from syncd.core.flapping import UNDONE, resume, tame
from syncd.core.merge import merge
from syncd.core.merged import Merged, add_to_patch
from syncd.core.reference import reference_rules, with_reference
from syncd.core.situation import Showing, Situation, Terms
from syncd.model.op import OpKind
from syncd.model.plan import Draft, LinkPlan, Standing
from syncd.model.rule import Policy, Rule, Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields, Patch, SetDelta, Value

FIXED = "fixed_there"  # the platform never changes this field of a record
ONE_SIDED = (Policy.LEFT, Policy.RIGHT)  # the same side wins whenever it is asked

Hindrance = Callable[[Rule, Side, Patch], str | None]


@dataclass(frozen=True, slots=True)
class FieldPlanner(Terms):
    """Decides about the fields of links of one pair and resource."""

    def unfit(self, at: Situation, side: Side, patch: Patch) -> str | None:
        """Why the platform would not take a write; None if nothing is known against it."""
        if refusal := at.refusal(side, patch):
            return refusal
        if any(self.mapping.spec(side, name).fixed for name in patch):
            return FIXED
        return None

    def merge_fields(
        self,
        at: Situation,
        sides: Both[Showing],
        drafts: tuple[Draft, ...],
        standing: Both[Standing],
        hindrance: Hindrance,
    ) -> LinkPlan:
        """Decide every field.

        Args:
            hindrance: why a write must not be sent; None if it may be.
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
                if why := hindrance(rule, side, step.patch):
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
