"""Where both shadows keep what the sides of a rule agreed on."""

from syncd.model.rule import Rule, Values
from syncd.model.side import Both, Side
from syncd.model.values import Fields


def shadow_names(rule: Rule, side: Side) -> tuple[str, ...]:
    """Under which names the shadow of a rule's fields is kept.

    A field is written by one rule only, or else by rules about different members of it,
    but several may read it. Each of these keeps its own shadow, as what one has carried
    over the others may not have.
    """
    names = rule.fields(side)
    if rule.only is not None:
        return tuple(f"{name}{sorted(rule.only)}" for name in names)
    if not rule.direction.reaches(side):
        return tuple(f"{name} > {', '.join(rule.fields(side.other))}" for name in names)
    return names


def in_shadow(rule: Rule, shown: Both[Values]) -> Both[Fields]:
    """Values of a rule as both shadows keep them."""
    return Both(
        dict(zip(shadow_names(rule, Side.LEFT), shown.left, strict=True)),
        dict(zip(shadow_names(rule, Side.RIGHT), shown.right, strict=True)),
    )


def shadow_name(rule: Rule, side: Side) -> str:
    """Under which name the shadow of a set is kept."""
    return shadow_names(rule, side)[0]
