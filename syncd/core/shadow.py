"""Where both shadows keep what the sides of a rule agreed on."""

from syncd.model.rule import Rule, Values
from syncd.model.side import Both, Side
from syncd.model.values import Fields


def in_shadow(rule: Rule, shown: Both[Values]) -> Both[Fields]:
    """Values of a rule as both shadows keep them."""
    names = rule.shadows
    return Both(
        dict(zip(names.left, shown.left, strict=True)),
        dict(zip(names.right, shown.right, strict=True)),
    )


def shadow_name(rule: Rule, side: Side) -> str:
    """Under which name the shadow of a set is kept."""
    return rule.shadows[side][0]
