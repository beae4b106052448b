"""Records of one link whose addresses have come apart, where somebody else has one of them.

A person moves to a new address, the platform on the other side cannot follow, and the old address
is given to another one: what still shows it would be written for the wrong one, and read from them.
"""

from syncd.core.normalise import identity_key
from syncd.core.situation import Showing, Situation, Terms
from syncd.model.rule import Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Value

TAKEN = "address_taken"


def is_contested(terms: Terms, at: Situation, sides: Both[Showing]) -> bool:
    """Whether one of the two records is by its address somebody else's on the other side.

    A record that was given another address itself is still the same one, and the other side has
    only not followed: its new address may be taken there, and everything else goes on.
    """
    names = terms.policy.keys.first
    keys = Both(*(_key(sides[side].fields.get(names[side])) for side in SIDES))
    if keys.left == keys.right:
        return False
    moved = Both(*(_has_moved(terms, at, side, keys[side]) for side in SIDES))
    return any(
        side in at.rivalled and not (moved[side] and not moved[side.other]) for side in SIDES
    )


def is_about_key(terms: Terms, rule: Rule) -> bool:
    """Whether a rule keeps the address itself in step."""
    return all(terms.policy.keys.first[side] in rule.fields(side) for side in SIDES)


def name_of_key(terms: Terms) -> str:
    """Under which name a problem of the address itself is listed."""
    named = (rule.name for rule in terms.mapping.rules if is_about_key(terms, rule))
    return next(named, " = ".join(terms.policy.keys.first))


def _has_moved(terms: Terms, at: Situation, side: Side, key: str | None) -> bool:
    """Whether a record shows another address than at the last agreement, if there was one."""
    for rule in terms.mapping.rules:
        if is_about_key(terms, rule):
            place = rule.fields(side).index(terms.policy.keys.first[side])
            name = rule.shadows[side][place]
            shadow = at.link.shadow[side]
            return name in shadow and _key(shadow[name]) != key
    return False


def _key(value: Value) -> str | None:
    return identity_key(value) if isinstance(value, str) else None
