"""The three-way decision for a set, member by member; also where a text stands for one."""

from syncd.core.merged import Merged, Step
from syncd.core.shadow import in_shadow, shadow_name
from syncd.core.translate import Mapping
from syncd.model.rule import Direction, Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields, Patch, SetDelta, Value

EMPTY: frozenset[str] = frozenset()


def merge_sets(rule: Rule, now: Both[Fields], shadow: Both[Fields], mapping: Mapping) -> Merged:
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
