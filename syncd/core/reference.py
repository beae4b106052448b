"""The other side's remote id, kept in a field where a platform has a place for it."""

from functools import cache

from syncd.core.situation import Showing, Situation, Terms
from syncd.model.rule import Direction, Policy, Rule, Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields

ID = "$id"  # stands for the remote id itself, where a rule carries it to the other side


def reference_rules(
    terms: Terms, at: Situation, sides: Both[Showing], problems: dict[str, str]
) -> tuple[Rule, ...]:
    """One rule per side that has a place; none where somebody else's value stands.

    What an ended link of ours left behind is nobody else's: the contact was deleted, and
    imported again under another id.
    """
    rules = []
    for side in SIDES:
        name = terms.references[side]
        if name is None:
            continue
        present = sides[side].fields.get(name)
        ours = present in (None, sides[side.other].remote_id) or (side.other, present) in at.retired
        if not ours:
            problems[f"{name} = id"] = "reference_taken"
            continue
        rules.append(reference_rule(side, name))
    return tuple(rules)


def with_reference(rule: Rule, now: Both[Fields], sides: Both[Showing]) -> Both[Fields]:
    """What the sides show, with the remote id in place of the fields if the rule carries it."""
    if rule.fields(Side.LEFT) == (ID,):
        return now.having(Side.LEFT, {ID: sides.left.remote_id})
    if rule.fields(Side.RIGHT) == (ID,):
        return now.having(Side.RIGHT, {ID: sides.right.remote_id})
    return now


@cache
def reference_rule(side: Side, name: str) -> Rule:
    """The rule that keeps the other side's remote id in a field of this side."""
    here, there = (name,), (ID,)
    return Rule(
        name=f"{name} = id",
        left=here if side is Side.LEFT else there,
        right=there if side is Side.LEFT else here,
        direction=Direction(side.value),
        policy=Policy.MANUAL,
        forward=None if side is Side.LEFT else _as_it_is,
        backward=_as_it_is if side is Side.LEFT else None,
    )


def _as_it_is(values: Values) -> Values:
    return values
