"""Joining records of two contacts that are one, by what people see of them.

Nothing of them is unique, and whether two say the same is for the rules to say. To ask that of
every two takes as many questions as their numbers multiplied; so only those are compared that
may say the same, which their values tell of each by itself.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge as in_order

from syncd.core.alike import say_the_same
from syncd.core.canonical import form
from syncd.core.match import Join
from syncd.core.translate import Mapping
from syncd.model.link import Member
from syncd.model.rule import Rule, Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields

Shown = Both[dict[str, Fields]]  # by remote id, what is seen of each
Key = tuple[Hashable, ...]


def pair_up(
    sides: Both[list[Member]],
    shown: Shown,
    passes: Iterable[Sequence[Rule]],
    mapping: Mapping,
) -> tuple[list[Join], list[Member]]:
    """Join records of two contacts that say the same; the first on the left with the first there.

    Two that wait for a counterpart each are two, about which was decided already.

    Args:
        sides: records without a counterpart, in the order in which equal ones pair.
        passes: rules by which two must say the same; those of the first pass come first.

    Returns:
        The joins, and all that are left, those of the left side first.
    """
    joins: list[Join] = []
    left, right = list(sides.left), list(sides.right)
    for rules in passes:
        found = list(_pass(Both(left, right), shown, rules, mapping)) if rules else []
        joins += found
        joined = {(m.side, m.remote_id) for join in found for m in (join.left, join.right)}
        left, right = (
            [m for m in those if (m.side, m.remote_id) not in joined] for those in (left, right)
        )
    return joins, [*left, *right]


def _pass(
    sides: Both[list[Member]], shown: Shown, rules: Sequence[Rule], mapping: Mapping
) -> Iterator[Join]:
    keys = _keys(sides, shown, rules, mapping)
    waiting: dict[Key, _Waiting] = {}
    for place, member in enumerate(sides.right):
        if (key := keys.right.get(member.remote_id)) is not None:
            waiting.setdefault(key, _Waiting()).add(place, member)
    for one in sides.left:
        key = keys.left.get(one.remote_id)
        among = waiting.get(key) if key is not None else None
        if among is None:
            continue
        for other in among.that_may_join(one):
            fields = Both(shown.left[one.remote_id], shown.right[other.remote_id])
            if say_the_same(rules, fields, mapping):
                among.take(other)
                yield Join(one, other)
                break


@dataclass(slots=True)
class _Waiting:
    """Records of the right side with one key, in order: those without a link, and the others."""

    free: deque[tuple[int, Member]] = field(default_factory=deque)
    linked: deque[tuple[int, Member]] = field(default_factory=deque)

    def add(self, place: int, member: Member) -> None:
        self._of(member).append((place, member))

    def that_may_join(self, one: Member) -> Iterator[Member]:
        those = (self.free, self.linked) if one.link_id is None else (self.free,)
        return (member for _, member in in_order(*those, key=lambda at: at[0]))

    def take(self, member: Member) -> None:
        those = self._of(member)
        if those[0][1] is member:  # as nearly always
            those.popleft()
        else:
            del those[next(i for i, (_, other) in enumerate(those) if other is member)]

    def _of(self, member: Member) -> deque[tuple[int, Member]]:
        return self.free if member.link_id is None else self.linked


def _keys(
    sides: Both[list[Member]], shown: Shown, rules: Sequence[Rule], mapping: Mapping
) -> Both[dict[str, Key]]:
    """By remote id, what two records have in common that say the same; others seldom do.

    A record of which not all is known says nothing, and has none.
    """
    keys: Both[dict[str, Key]] = Both({}, {})
    for side in SIDES:
        names = {name for rule in rules for name in rule.fields(side)}
        for member in sides[side]:
            fields = shown[side].get(member.remote_id)
            if fields is not None and fields.keys() >= names:
                keys[side][member.remote_id] = ()
    for rule in rules:
        if rule.as_set:
            continue  # sets that differ may agree
        groups = _Groups()
        forms = [
            (side, remote_id, _forms(rule, side, shown[side][remote_id], mapping))
            for side in SIDES
            for remote_id in keys[side]
        ]
        for _, _, those in forms:
            groups.join(those)
        for side, remote_id, those in forms:
            keys[side][remote_id] += (groups.of(those),)
    return keys


def _forms(rule: Rule, side: Side, fields: Fields, mapping: Mapping) -> list[Hashable]:
    """What a rule's values of one record are compared by: as they are, and as seen from there.

    Two records agree where the one, seen from the other's side, is like the other (`merge`).
    """
    own: Values = tuple(fields[name] for name in rule.fields(side))
    there = mapping.across(rule, side.other, own)
    forms: list[Hashable] = [(side, _form(rule, side, own, mapping))]
    if there is not None and there.values:
        forms.append((side.other, _form(rule, side.other, there.values, mapping)))
    return forms


def _form(rule: Rule, side: Side, values: Values, mapping: Mapping) -> Hashable:
    compared = rule.compared[side]
    counting = values if compared is None else compared(values)
    names = rule.fields(side)
    return tuple(
        form(value, mapping.spec(side, name)) for name, value in zip(names, counting, strict=True)
    )


class _Groups:
    """Forms that have come together in some record, and so are one."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def of(self, forms: Sequence[Hashable]) -> Hashable:
        return self._top(forms[0])

    def join(self, forms: Sequence[Hashable]) -> None:
        first = self._top(forms[0])
        for other in forms[1:]:
            self._above[self._top(other)] = first

    def _top(self, one: Hashable) -> Hashable:
        path = []
        while (above := self._above.get(one, one)) != one:
            path.append(one)
            one = above
        self._above.update(dict.fromkeys(path, one))
        return one
