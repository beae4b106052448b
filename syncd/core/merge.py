"""The three-way decision for one rule: what both sides should show."""

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field

from syncd.core.odd import UNREADABLE, is_odd
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
        flips: with `conflict`: each side re-spells what comes from the other.
        chosen: a person's choice about such a conflict is what is written.
        problem: why a value cannot travel.
    """

    steps: MappingType[Side, Step] = field(default_factory=dict)
    agreed: Both[Fields] = field(default_factory=lambda: Both({}, {}))
    conflict: bool = False
    flips: bool = False
    chosen: bool = False
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
            and then nothing is decided. Nor is it of one that nobody can read.
        shadow: what each side showed at the last agreement; a field that is missing was
            never agreed on.
        prefer: who wins if both changed to different values; None if nobody may.
    """
    if any(is_odd(rule, side, now[side]) for side in SIDES):
        return Merged(problem=UNREADABLE)
    if any(name not in now[side] for side in SIDES for name in rule.fields(side)):
        return Merged()
    if rule.as_set:
        return _merge_sets(rule, now, shadow, mapping)
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
        for name, value in zip(shadow_names(rule, side), shown[side], strict=True)
    )


def _cut_short(rule: Rule, shown: Both[Values], mapping: Mapping) -> str | None:
    """Why sides that agree do not show the same: one of them cannot hold all of it.

    Where the rule goes both ways that is no way to agree for good, so it is told; one-way
    a text is cut and meant to be.
    """
    if rule.direction is not Direction.BOTH:
        return None
    for side in SIDES:
        limits = [mapping.spec(side, name).max_length for name in rule.fields(side)]
        least = min((limit for limit in limits if limit is not None), default=None)
        length = sum(len(value) for value in shown[side.other] if isinstance(value, str))
        if least is None or length <= least:
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
    return not any(n in shadow[side] for side in SIDES for n in shadow_names(rule, side))


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
    names = shadow_names(rule, side)
    if any(n not in shadow for n in names):
        return bool(names)
    return not mapping.alike(rule, side, shown, tuple(shadow[n] for n in names))


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


def _is_empty(values: Values) -> bool:
    return all(value is None for value in values)


def _merge_sets(rule: Rule, now: Both[Fields], shadow: Both[Fields], mapping: Mapping) -> Merged:
    """Member by member: what one side added or took away, the other gets too."""
    read = Both(*(members_of(rule, s, now[s][rule.fields(s)[0]], mapping) for s in SIDES))
    if isinstance(read.left, str) or isinstance(read.right, str):
        return Merged(problem=read.left if isinstance(read.left, str) else str(read.right))
    members = Both(read.left, read.right)
    before = Both(*(shadow[side].get(shadow_name(rule, side)) for side in SIDES))
    old: Both[frozenset[str]] = before.map(
        lambda s: _free(rule, s, mapping) if isinstance(s, frozenset) else EMPTY
    )
    for side in SIDES:
        if not rule.direction.reaches(side.other) and before[side.other] is None:
            old = old.having(side, members[side])  # one-way, a target keeps what it had before
    common = members.left & members.right
    agreed = Both(*(common | (old[s] & (members.left ^ members.right)) for s in SIDES))
    shadows = in_shadow(rule, Both((agreed.left,), (agreed.right,)))
    steps: dict[Side, Step] = {}
    problem = None
    for side in SIDES:
        if not rule.direction.reaches(side):
            continue
        delta = _delta(rule, side, members, old)
        if not delta:
            continue
        step, why = set_step(rule, side, now[side], delta, mapping)
        problem = problem or why
        if step:
            steps[side] = step
    return Merged(steps, shadows, problem=problem)


def _delta(
    rule: Rule, side: Side, members: Both[frozenset[str]], old: Both[frozenset[str]]
) -> SetDelta:
    """What this side has to add and to remove.

    At the first meeting both sides keep what they have: nobody knows what was taken away.
    One-way, the source owns the set, so what the target added since goes and what it took
    away comes back.
    """
    source, target = members[side.other], members[side]
    added = source - old[side.other]
    removed = old[side.other] - source
    if rule.direction is Direction.BOTH:
        return SetDelta(added - target, (removed & target) - (target - old[side]))
    strangers = (target - old[side]) - source
    restored = (old[side] - target) & source
    return SetDelta((added - target) | restored, (removed & target) | strangers)


def members_of(rule: Rule, side: Side, value: Value, mapping: Mapping) -> frozenset[str] | str:
    """A side's value as a set in the form that both sides can hold; or why it is none."""
    if not mapping.holds_set(rule, side):
        image = mapping.across(rule, side.other, (value,))
        if image is not None and not image.values:
            return image.problem or "untranslatable"
        value = image.values[0] if image else None
    found = value if isinstance(value, frozenset) else EMPTY
    if mapping.holds_set(rule, side):
        found = mapping.free(side, rule.fields(side)[0], found)
    if all(mapping.holds_set(rule, s) for s in SIDES):
        found = frozenset(common_form(rule, member, mapping) for member in found)
    return found if rule.only is None else found & rule.only


def _free(rule: Rule, members: frozenset[str], mapping: Mapping) -> frozenset[str]:
    """Members without those that the connector of either side keeps for itself."""
    for side in SIDES:
        if mapping.holds_set(rule, side):
            members = mapping.free(side, rule.fields(side)[0], members)
    return members


def common_form(rule: Rule, member: str, mapping: Mapping) -> str:
    """A member as it is after every side that holds a set has stored it."""
    for side in SIDES:
        if mapping.holds_set(rule, side):
            member = mapping.member(side, rule.fields(side)[0], member)[0]
    return member


def shadow_name(rule: Rule, side: Side) -> str:
    """Under which name the shadow of a set is kept."""
    return shadow_names(rule, side)[0]


def set_step(
    rule: Rule, side: Side, fields: Fields, delta: SetDelta, mapping: Mapping
) -> tuple[Step | None, str | None]:
    """The write that changes a side's set, and why a part of it or all cannot be written.

    Args:
        fields: what the side shows.
        delta: in the form that both sides can hold.
    """
    name = rule.fields(side)[0]
    spec, shown = mapping.spec(side, name), fields[name]
    if spec.read_only:
        return None, "read_only"
    if not mapping.holds_set(rule, side):
        return _joined_step(rule, side, fields, delta, mapping)
    added, why = fitting(rule, side, delta.add, mapping)
    held = shown if isinstance(shown, frozenset) else EMPTY
    fit = SetDelta(added, delta.remove)
    going = frozenset(m for m in held if common_form(rule, m, mapping) in delta.remove)
    wanted = SetDelta(fit.add, going)
    if held and not wanted.on(held) and not spec.clearable:
        return None, "not_clearable"
    return (Step({name: wanted}, _moving(rule, fit)), why) if fit else (None, why)


def fitting(
    rule: Rule, side: Side, members: frozenset[str], mapping: Mapping
) -> tuple[frozenset[str], str | None]:
    """Those of the members that a side's set can hold, and why it cannot hold the others."""
    name = rule.fields(side)[0]
    problems = {m: mapping.member(side, name, m)[1] for m in sorted(members)}
    why = next((p for p in problems.values() if p), None)
    return frozenset(m for m, p in problems.items() if not p), why


def _joined_step(
    rule: Rule, side: Side, fields: Fields, delta: SetDelta, mapping: Mapping
) -> tuple[Step | None, str | None]:
    """The write of a text that stands for a set."""
    name = rule.fields(side)[0]
    members = members_of(rule, side, fields[name], mapping)
    if isinstance(members, str):
        return None, members
    wanted = mapping.across(rule, side, (delta.on(members),))
    if wanted is None or wanted.problem:
        return None, wanted.problem if wanted else "no_inverse"
    if wanted.values[0] is None and not mapping.spec(side, name).clearable:
        return None, "not_clearable"
    return Step({name: wanted.values[0]}, _moving(rule, delta)), None


def _moving(rule: Rule, delta: SetDelta) -> Both[Patch]:
    return Both({shadow_name(rule, Side.LEFT): delta}, {shadow_name(rule, Side.RIGHT): delta})


def add_to_patch(patch: dict[str, Value | SetDelta], more: Patch) -> None:
    """Join patches of one record; several rules may each change some members of one set."""
    for name, value in more.items():
        old = patch.get(name)
        if isinstance(value, SetDelta) and isinstance(old, SetDelta):
            value = SetDelta(old.add | value.add, old.remove | value.remove)
        patch[name] = value
