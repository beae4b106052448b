"""The three-way decision for one rule: what both sides should show."""

from syncd.core.merged import Merged, Step
from syncd.core.odd import UNREADABLE, is_odd
from syncd.core.sets import merge_sets
from syncd.core.shadow import in_shadow
from syncd.core.translate import Mapping
from syncd.model.rule import Direction, Rule, Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields, Value


def merge(
    rule: Rule,
    now: Both[Fields],
    shadow: Both[Fields],
    prefer: Side | None,
    mapping: Mapping,
) -> Merged:
    """Decide one rule for one link whose both sides exist.

    Args:
        now: what each side shows, in canonical form; a field that is missing is unknown,
            and then nothing is decided. Nor is it of one that nobody can read.
        shadow: what each side showed at the last agreement; a field that is missing was
            never agreed on.
        prefer: who wins if both changed to different values; None if nobody may.
    """
    for side in SIDES:
        if is_odd(rule, side, now[side]):
            return Merged(problem=UNREADABLE)
    for side in SIDES:
        if not now[side].keys() >= {*rule.fields(side)}:
            return Merged()
    if rule.as_set:
        return merge_sets(rule, now, shadow, mapping)
    return _merge_values(rule, now, shadow, prefer, mapping)


def _merge_values(
    rule: Rule, now: Both[Fields], shadow: Both[Fields], prefer: Side | None, mapping: Mapping
) -> Merged:
    shown = Both(*(tuple(now[side][n] for n in rule.fields(side)) for side in SIDES))
    if _untouched(rule, shown, shadow):
        return Merged(problem=_cut_short(rule, shown, mapping))
    if _agree(rule, shown, mapping):
        return Merged(agreed=in_shadow(rule, shown), problem=_cut_short(rule, shown, mapping))
    changed = Both(*(is_edited(rule, side, shown[side], shadow[side], mapping) for side in SIDES))
    if not (changed.left or changed.right):
        return Merged()  # they differ as they did when they last agreed: a lossy platform
    if _would_wipe(rule, shown, shadow):
        return Merged()
    source = _source(rule, shown, shadow, changed, prefer)
    if source is None:
        return Merged(conflict=True)
    return write(rule, source, shown, mapping)


def _untouched(rule: Rule, shown: Both[Values], shadow: Both[Fields]) -> bool:
    """Whether both sides show to the letter what they showed at the last agreement."""
    return all(
        name in shadow[side] and value == shadow[side][name]
        for side in SIDES
        for name, value in zip(rule.shadows[side], shown[side], strict=True)
    )


def _cut_short(rule: Rule, shown: Both[Values], mapping: Mapping) -> str | None:
    """Why sides that agree do not show the same: one of them cannot hold all of it.

    Where the rule goes both ways that is no way to agree for good, so it is told; one-way
    a text is cut and meant to be.
    """
    if rule.direction is not Direction.BOTH:
        return None
    for side in SIDES:
        length = sum(len(value) for value in shown[side.other] if isinstance(value, str))
        limits = (mapping.spec(side, name).max_length for name in rule.fields(side))
        if all(limit is None or length <= limit for limit in limits):
            continue
        image = mapping.across(rule, side, shown[side.other])
        if image is not None and image.problem == "too_long":
            return image.problem
    return None


def _source(
    rule: Rule,
    shown: Both[Values],
    shadow: Both[Fields],
    changed: Both[bool],
    prefer: Side | None,
) -> Side | None:
    """The side whose values both should show; None if nobody may choose."""
    if rule.direction is not Direction.BOTH:
        return Side.LEFT if rule.direction is Direction.RIGHT else Side.RIGHT
    if changed.left != changed.right:
        return Side.LEFT if changed.left else Side.RIGHT
    empty = shown.map(_is_empty)
    if _never_agreed(rule, shadow) and empty.left != empty.right:
        return Side.RIGHT if empty.left else Side.LEFT
    return prefer


def _would_wipe(rule: Rule, shown: Both[Values], shadow: Both[Fields]) -> bool:
    """One-way, at the first meeting, an empty source says nothing about a full target."""
    if rule.direction is Direction.BOTH or not _never_agreed(rule, shadow):
        return False
    source = Side.LEFT if rule.direction is Direction.RIGHT else Side.RIGHT
    return bool(rule.fields(source)) and _is_empty(shown[source])


def _never_agreed(rule: Rule, shadow: Both[Fields]) -> bool:
    return not any(n in shadow[side] for side in SIDES for n in rule.shadows[side])


def write(rule: Rule, source: Side, shown: Both[Values], mapping: Mapping) -> Merged:
    """What is to be written so that both sides show one side's values."""
    target = source.other
    wanted = mapping.across(rule, target, shown[source])
    if wanted is None:
        return Merged()
    cut_for_good = wanted.problem == "too_long" and rule.direction is not Direction.BOTH
    if wanted.problem and not cut_for_good:
        return Merged(problem=wanted.problem)
    patch: dict[str, Value] = {}
    for name, new, old in zip(rule.fields(target), wanted.values, shown[target], strict=True):
        spec = mapping.spec(target, name)
        if not mapping.alike_field(target, name, new, old):
            if spec.read_only:
                return Merged(problem="read_only")
            if new is None and not spec.clearable:
                return Merged(problem="not_clearable")
            patch[name] = new
    if not patch:
        return Merged(agreed=in_shadow(rule, shown))
    after = in_shadow(rule, shown.having(target, wanted.values))
    return Merged({target: Step(patch, Both(after.left, after.right))}, problem=wanted.problem)


def _agree(rule: Rule, shown: Both[Values], mapping: Mapping) -> bool:
    """Whether both sides say the same under the stored form of either."""
    for side in SIDES:
        image = mapping.across(rule, side, shown[side.other])
        if (
            image is not None
            and image.values
            and mapping.alike(rule, side, image.values, shown[side])
        ):
            return True
    return False


def is_edited(rule: Rule, side: Side, shown: Values, shadow: Fields, mapping: Mapping) -> bool:
    """Whether a side shows something else than at the last agreement, if there was one."""
    names = rule.shadows[side]
    if any(n not in shadow for n in names):
        return bool(names)
    return not mapping.alike(rule, side, shown, tuple(shadow[n] for n in names))


def _is_empty(values: Values) -> bool:
    return all(value is None for value in values)
