"""Values that flip: each platform re-spells what comes from the other, and so for ever.

An automation of one platform writes every city in upper case, one of the other in title
case. Each re-spelling looks like an edit, is carried across and re-spelled again. What a
link's last writes were tells such a field from one that people change: the same value, on
the same side, time and again, and nothing but one and the same answer in between.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from syncd.core.merge import write
from syncd.core.merged import Merged, Step
from syncd.core.sets import EMPTY, members_of, set_step
from syncd.core.shadow import in_shadow, shadow_name
from syncd.core.translate import Mapping
from syncd.model.op import Move
from syncd.model.rule import Rule, Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields, SetDelta

UNDONE = "undone_there"  # a side takes back what we write, as often as we write it
ROUNDS = 2  # a value that was written so often, and came back, is not written once more
# Runs without a write of a field after which it counts as settled: people may change their
# minds as often as they like, while an automation answers within a few runs, or within the
# time that a long list takes to be read again.
QUIET = 500


@dataclass(frozen=True, slots=True)
class Parked:
    """A field that was found to flip and waits for a person.

    Attributes:
        values: what the sides showed then; the shadows hold the same since.
        take: the side that a person chose; None while nobody did.
    """

    values: Both[Values]
    take: Side | None = None


def tame(
    rule: Rule, merged: Merged, now: Both[Fields], history: Sequence[Move], mapping: Mapping
) -> Merged:
    """Take out of a decision what would only flip once more, and park it.

    The difference becomes agreed, so that an edit of either side is one again and travels.
    If the last write was a person's choice, that is the end of it: nothing is parked, and
    the other side keeps its spelling.

    Args:
        history: writes of the link that were carried out, newest first.
    """
    if not history or not merged.steps:
        return merged
    if rule.as_set:
        return _tame_set(rule, merged, now, history, mapping)
    return _tame_values(rule, merged, now, history)


def _tame_values(rule: Rule, merged: Merged, now: Both[Fields], history: Sequence[Move]) -> Merged:
    names = Both(*(rule.shadows[side] for side in SIDES))

    def told(move: Move) -> tuple[object, ...] | None:
        written = names[move.side]
        return tuple(move.wrote[n] for n in written) if set(written) <= move.wrote.keys() else None

    moves = [(move, told(move)) for move in history]
    for side, step in merged.steps.items():
        wanted = tuple(step.advance[side][name] for name in names[side])
        if not _recurs(moves, side, wanted):
            continue
        shown = Both(*(tuple(now[s][n] for n in rule.fields(s)) for s in SIDES))
        return _stopped(Merged(agreed=in_shadow(rule, shown)), rule, moves)
    return merged


def _tame_set(
    rule: Rule, merged: Merged, now: Both[Fields], history: Sequence[Move], mapping: Mapping
) -> Merged:
    names = Both(*(shadow_name(rule, side) for side in SIDES))
    rest: dict[Side, Step] = {}
    flipping: dict[str, list[tuple[Move, bool | None]]] = {}
    problem = merged.problem
    for side, step in merged.steps.items():
        delta = step.advance[side][names[side]]
        if not isinstance(delta, SetDelta):
            return merged
        held = {
            member: moves
            for member in delta.add | delta.remove
            if _recurs(moves := member_moves(rule, member, history), side, member in delta.add)
        }
        if not held:
            rest[side] = step
            continue
        flipping |= held
        left_over = SetDelta(delta.add - held.keys(), delta.remove - held.keys())
        if left_over:
            smaller, why = set_step(rule, side, now[side], left_over, mapping)
            problem = problem or why
            rest |= {side: smaller} if smaller else {}
    if not flipping:
        return merged
    agreed = _as_shown(rule, merged, now, flipping.keys(), mapping)
    after = Merged(rest, agreed, problem=problem)
    stopped = [_stopped(after, rule, moves) for moves in flipping.values()]
    return next((one for one in stopped if one.flips), after)


def member_moves(
    rule: Rule, member: str, history: Iterable[Move]
) -> list[tuple[Move, bool | None]]:
    """What each write did to one member of a set: True added it, False took it away."""

    def told(move: Move) -> bool | None:
        delta = move.wrote.get(shadow_name(rule, move.side))
        if not isinstance(delta, SetDelta) or member not in delta.add | delta.remove:
            return None
        return member in delta.add

    return [(move, told(move)) for move in history]


def is_undone(rule: Rule, side: Side, member: str, history: Sequence[Move]) -> bool:
    """Whether a side puts a member back as often as it is taken away."""
    return _recurs(member_moves(rule, member, history), side, False)


def _recurs(moves: Iterable[tuple[Move, object]], side: Side, wanted: object) -> bool:
    """Whether a write was carried out `ROUNDS` times, each time with the same answer.

    Args:
        moves: newest first, with what each said about the field; None: nothing.
    """
    rounds, newer, answer = 0, 0, None
    for move, told in moves:
        if told is None:
            continue
        if move.ago - newer > QUIET:
            return False
        newer = move.ago
        if move.side is not side:
            if answer not in (None, told):
                return False
            answer = told
        elif told != wanted:
            return False  # something else was carried meanwhile: somebody changed it
        else:
            rounds += 1
            if rounds == ROUNDS:
                return True
    return False


def _stopped(after: Merged, rule: Rule, moves: Iterable[tuple[Move, object]]) -> Merged:
    """Parked; or settled, if the last write was what a person had chosen."""
    last = next((move for move, told in moves if told is not None), None)
    chosen = last is not None and rule.name in last.chosen
    return after if chosen else replace(after, conflict=True, flips=True)


def _as_shown(
    rule: Rule, merged: Merged, now: Both[Fields], members: Iterable[str], mapping: Mapping
) -> Both[Fields]:
    """What the shadows hold once these members are left as each side shows them."""
    flipping = frozenset(members)
    agreed: list[Fields] = []
    for side in SIDES:
        name = shadow_name(rule, side)
        kept, shown = merged.agreed[side].get(name), _members(rule, side, now, mapping)
        held = kept if isinstance(kept, frozenset) else EMPTY
        agreed.append({**merged.agreed[side], name: (held - flipping) | (shown & flipping)})
    return Both(*agreed)


def _members(rule: Rule, side: Side, now: Both[Fields], mapping: Mapping) -> frozenset[str]:
    found = members_of(rule, side, now[side][rule.fields(side)[0]], mapping)
    return found if isinstance(found, frozenset) else EMPTY


# -- what is parked already ----------------------------------------------------------------


def resume(
    rule: Rule,
    merged: Merged,
    parked: Parked,
    now: Both[Fields],
    shadow: Both[Fields],
    mapping: Mapping,
) -> Merged | None:
    """The decision about a field that is parked; None if what was parked is there no more.

    Without a choice it stays parked, and what else is to be done about it is done. With
    one, the chosen side's value is written once.
    """
    if any(name not in now[side] for side in SIDES for name in rule.fields(side)):
        return replace(merged, conflict=True, flips=True)  # it is not known what is there
    if rule.as_set:
        return _resume_set(rule, merged, parked, now, shadow, mapping)
    if merged.steps or merged.conflict or merged.problem:
        return None
    shown = Both(*(tuple(now[side][n] for n in rule.fields(side)) for side in SIDES))
    if not all(mapping.alike(rule, side, shown[side], parked.values[side]) for side in SIDES):
        return None
    if parked.take is None:
        return replace(merged, conflict=True, flips=True)
    if not rule.direction.reaches(parked.take.other):
        return merged  # the source is left as it is, and so is what the target made of it
    return _chosen(write(rule, parked.take, shown, mapping))


def _resume_set(
    rule: Rule,
    merged: Merged,
    parked: Parked,
    now: Both[Fields],
    shadow: Both[Fields],
    mapping: Mapping,
) -> Merged | None:
    apart = frozenset(_apart(rule, now, shadow, mapping))
    if not apart:
        return None
    if parked.take is None:
        return replace(merged, conflict=True, flips=True)
    target = parked.take.other
    if not rule.direction.reaches(target):
        return merged
    wanted = _members(rule, parked.take, now, mapping) & apart
    delta = SetDelta(wanted, apart - wanted)
    if (other := merged.steps.get(target)) is not None:
        more = other.advance[target][shadow_name(rule, target)]
        assert isinstance(more, SetDelta)  # noqa: S101 - as a step of a set is; for the checker
        delta = SetDelta(delta.add | more.add, delta.remove | more.remove)
    step, why = set_step(rule, target, now[target], delta, mapping)
    steps = {**merged.steps, **({target: step} if step else {})}
    return _chosen(replace(merged, steps=steps, problem=merged.problem or why))


def _apart(rule: Rule, now: Both[Fields], shadow: Both[Fields], mapping: Mapping) -> Iterator[str]:
    """Members that one side has and the other has not, and both as it was agreed."""
    shown = Both(*(_members(rule, side, now, mapping) for side in SIDES))
    kept = Both(*(shadow[side].get(shadow_name(rule, side)) for side in SIDES))
    agreed: Both[frozenset[str]] = kept.map(lambda s: s if isinstance(s, frozenset) else EMPTY)
    for member in shown.left ^ shown.right:
        if all((member in shown[side]) == (member in agreed[side]) for side in SIDES):
            yield member


def _chosen(merged: Merged) -> Merged:
    """A choice as it is carried out; parked for good where it cannot be."""
    if merged.steps:
        return replace(merged, chosen=True)
    return replace(merged, conflict=True, flips=True)
