"""Joining unlinked records of both sides by their identity keys."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from syncd.model.link import Member
from syncd.model.side import Both, Side

NO_KEY = "no_key"
DUPLICATE = "duplicate_key"
AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Join:
    """These two are one thing; either may come with a link that lacks its other side."""

    left: Member
    right: Member


@dataclass(frozen=True, slots=True)
class Matched:
    """What matching decides.

    Attributes:
        joins: pairs of records that are one thing.
        alone: records without counterpart, for which one may be created.
        parked: records that nobody can decide about, with the cause.
    """

    joins: tuple[Join, ...]
    alone: tuple[Member, ...]
    parked: tuple[tuple[Member, str], ...]


def match_group(members: Sequence[Member], lacks_other: Callable[[Member], bool]) -> Matched:
    """Decide about all the records of both sides that share one key.

    Exactly one on each side is a match. Two on one side are never joined by guessing:
    the one that is linked already stays so, the others are parked.

    Args:
        members: every record with this key, on either side, that is not gone.
        lacks_other: whether a linked record's link has no living record on the other side.
    """
    candidates: dict[Side, Member | None] = {}
    parked: list[tuple[Member, str]] = []
    for side in Side:
        candidate, surplus = _candidate([m for m in members if m.side is side], lacks_other)
        candidates[side] = candidate
        parked.extend((m, DUPLICATE) for m in surplus)
    left, right = candidates[Side.LEFT], candidates[Side.RIGHT]
    if left is not None and right is not None:
        return Matched((Join(left, right),), (), tuple(parked))
    alone: list[Member] = []
    for candidate in (left, right):
        if candidate is None or candidate.link_id is not None:
            continue
        if any(m.side is not candidate.side for m in members):
            # Its counterparts are ambiguous, or linked to something else with another key.
            parked.append((candidate, AMBIGUOUS))
        else:
            alone.append(candidate)
    return Matched((), tuple(alone), tuple(parked))


def _candidate(
    members: Sequence[Member], lacks_other: Callable[[Member], bool]
) -> tuple[Member | None, list[Member]]:
    """The one record of a side that may be joined, and those that stand in its way."""
    linked = [m for m in members if m.link_id is not None]
    new = [m for m in members if m.link_id is None]
    if linked:
        waiting = [m for m in linked if lacks_other(m)]
        only = waiting[0] if len(waiting) == 1 and len(linked) == 1 else None
        return only, new
    if len(new) == 1:
        return new[0], []
    return None, new


def match_second(
    alone: Iterable[Member], members: Sequence[Member]
) -> tuple[list[Join], list[Member], list[tuple[Member, str]]]:
    """Join by the second key what the first left alone.

    Only where the key stands exactly once on each side, and the counterpart is alone too
    or has no first key at all. Where it stands more often the records are parked, since a
    family may share a phone.

    Args:
        members: every record of either side that has one of the second keys.

    Returns:
        Joins, records still alone, parked records with the cause.
    """
    alone = tuple(alone)
    free = {(m.side, m.remote_id) for m in (*alone, *members) if m.key is None or m in alone}
    by_key: dict[str | None, Both[list[Member]]] = {}
    for member in members:
        if member.second is not None:
            by_key.setdefault(member.second, Both([], []))[member.side].append(member)
    nobody: Both[list[Member]] = Both([], [])
    joins: list[Join] = []
    still: list[Member] = []
    parked: list[tuple[Member, str]] = []
    joined: set[tuple[Side, str]] = set()
    for one in alone:
        if (one.side, one.remote_id) in joined:
            continue
        sides = by_key.get(one.second, nobody)
        there = sides[one.side.other]
        if not there:
            still.append(one)
        elif len(there) == 1 and len(sides[one.side]) == 1 and _is_free(there[0], free):
            pair = (one, there[0]) if one.side is Side.LEFT else (there[0], one)
            joins.append(Join(*pair))
            joined.update((m.side, m.remote_id) for m in pair)
        else:
            parked.append((one, AMBIGUOUS))
    return joins, still, parked


def _is_free(member: Member, free: set[tuple[Side, str]]) -> bool:
    return member.link_id is None and (member.side, member.remote_id) in free
