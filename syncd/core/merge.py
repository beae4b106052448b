"""The three-way decision for one rule: what both sides should show."""

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field

from syncd.core.translate import Mapping
from syncd.model.rule import Direction, Rule, Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields, Patch, SetDelta, Value

EMPTY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """A write on one side, and how both shadows move once it is confirmed."""

    patch: Patch
    advance: Both[Patch]


@dataclass(frozen=True, slots=True)
class Merged:
    """What one rule decides for one link.

    Attributes:
        steps: the writes wanted, by side; a set can want one on each.
        agreed: what the shadows hold from now on because both sides agree already.
        conflict: both sides changed to different values, and nobody may choose.
        problem: why a value cannot travel.
    """

    steps: MappingType[Side, Step] = field(default_factory=dict)
    agreed: Both[Fields] = field(default_factory=lambda: Both({}, {}))
    conflict: bool = False
    problem: str | None = None


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
            and then nothing is decided.
        shadow: what each side showed at the last agreement; a field that is missing was
            never agreed on.
        prefer: who wins if both changed to different values; None if nobody may.
    """
    if any(name not in now[side] for side in SIDES for name in rule.fields(side)):
        return Merged()
    if rule.as_set:
        return _merge_sets(rule, now, shadow, mapping)
    return _merge_values(rule, now, shadow, prefer, mapping)


def _merge_values(
    rule: Rule, now: Both[Fields], shadow: Both[Fields], prefer: Side | None, mapping: Mapping
) -> Merged:
    if _untouched(rule, now, shadow):
        return Merged()
    shown = Both(*(tuple(now[side][n] for n in rule.fields(side)) for side in SIDES))
    if _agree(rule, shown, mapping):
        return Merged(agreed=_both(rule, shown))
    changed = Both(*(_changed(rule, side, shown[side], shadow[side], mapping) for side in SIDES))
    if not (changed.left or changed.right):
        return Merged()  # they differ as they did when they last agreed: a lossy platform
    if _would_wipe(rule, shown, shadow):
        return Merged()
    source = _source(rule, shown, shadow, changed, prefer)
    if source is None:
        return Merged(conflict=True)
    return _write(rule, source, shown, mapping)


def _untouched(rule: Rule, now: Both[Fields], shadow: Both[Fields]) -> bool:
    """Whether both sides show to the letter what they showed at the last agreement."""
    return all(
        name in shadow[side] and now[side][name] == shadow[side][name]
        for side in SIDES
        for name in rule.fields(side)
    )


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
    return not any(n in shadow[side] for side in SIDES for n in rule.fields(side))


def _write(rule: Rule, source: Side, shown: Both[Values], mapping: Mapping) -> Merged:
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
        return Merged(agreed=_both(rule, shown))
    after = _both(rule, shown.having(target, wanted.values))
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


def _changed(rule: Rule, side: Side, shown: Values, shadow: Fields, mapping: Mapping) -> bool:
    names = rule.fields(side)
    if any(n not in shadow for n in names):
        return bool(names)
    return not mapping.alike(rule, side, shown, tuple(shadow[n] for n in names))


def _both(rule: Rule, shown: Both[Values]) -> Both[Fields]:
    return Both(
        dict(zip(rule.left, shown.left, strict=True)),
        dict(zip(rule.right, shown.right, strict=True)),
    )


def _is_empty(values: Values) -> bool:
    return all(value is None for value in values)


def _merge_sets(rule: Rule, now: Both[Fields], shadow: Both[Fields], mapping: Mapping) -> Merged:
    """Member by member: what one side added or took away, the other gets too."""
    home = Side.LEFT if mapping.holds_set(rule, Side.LEFT) else Side.RIGHT
    members: Both[frozenset[str]] = Both(
        *(_members(rule, side, now[side][rule.fields(side)[0]], home, mapping) for side in SIDES)
    )
    before = Both(*(shadow[side].get(shadow_name(rule, side)) for side in SIDES))
    old: Both[frozenset[str]] = before.map(lambda s: s if isinstance(s, frozenset) else EMPTY)
    common = members.left & members.right
    agreed = Both(*(common | (old[s] & (members.left ^ members.right)) for s in SIDES))
    shadows: Both[Fields] = Both(
        {shadow_name(rule, Side.LEFT): agreed.left}, {shadow_name(rule, Side.RIGHT): agreed.right}
    )
    steps: dict[Side, Step] = {}
    problem = None
    for side in SIDES:
        if not rule.direction.reaches(side):
            continue
        delta = _delta(rule, side, members, old, first=before[side.other] is None)
        if not delta:
            continue
        step = _set_step(rule, side, members[side], delta, home, mapping)
        if isinstance(step, Step):
            steps[side] = step
        else:
            problem = step
    return Merged(steps, shadows, problem=problem)


def _delta(
    rule: Rule, side: Side, members: Both[frozenset[str]], old: Both[frozenset[str]], *, first: bool
) -> SetDelta:
    """What this side has to add and to remove.

    At the first meeting both sides keep what they have: nobody knows what was taken away.
    One-way, the source owns the set, so what the target added goes and what it took away
    comes back.
    """
    source, target = members[side.other], members[side]
    added = source - old[side.other]
    removed = old[side.other] - source
    if rule.direction is Direction.BOTH:
        return SetDelta(added - target, (removed & target) - (target - old[side]))
    strangers = EMPTY if first else (target - old[side]) - source
    restored = (old[side] - target) & source
    return SetDelta((added - target) | restored, (removed & target) | strangers)


def _members(rule: Rule, side: Side, value: Value, home: Side, mapping: Mapping) -> frozenset[str]:
    """A side's value as a set, in the form of the side that holds one."""
    if side is not home:
        image = mapping.across(rule, home, (value,))
        value = image.values[0] if image and image.values else None
    found = value if isinstance(value, frozenset) else EMPTY
    return found if rule.only is None else found & rule.only


def shadow_name(rule: Rule, side: Side) -> str:
    """Under which name the shadow of a set is kept: rules about some members keep their own."""
    name = rule.fields(side)[0]
    return name if rule.only is None else f"{name}{sorted(rule.only)}"


def _set_step(
    rule: Rule,
    side: Side,
    members: frozenset[str],
    delta: SetDelta,
    home: Side,
    mapping: Mapping,
) -> Step | str:
    """The write that changes a side's set, or why it cannot be written."""
    name = rule.fields(side)[0]
    spec = mapping.spec(side, name)
    advance: Both[Patch] = Both(
        {shadow_name(rule, Side.LEFT): delta}, {shadow_name(rule, Side.RIGHT): delta}
    )
    if spec.read_only:
        return "read_only"
    if side is home or mapping.holds_set(rule, side):
        return Step({name: delta}, advance)
    wanted = mapping.across(rule, side, (delta.on(members),))
    if wanted is None:
        return "no_inverse"
    return wanted.problem or Step({name: wanted.values[0]}, advance)
