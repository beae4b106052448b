"""Match: new records of both sides are joined by their keys; ambiguity is parked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import TypeAlias

import sqlalchemy as sa

from syncd.core.match import AMBIGUOUS, NO_KEY, Join, match_group, match_second
from syncd.engine import journal
from syncd.engine.context import Cycle
from syncd.engine.standing import keep
from syncd.model.link import Link, Member, State
from syncd.model.side import SIDES, Both, Side
from syncd.store import links, members, wake
from syncd.store.database import reading

Alive: TypeAlias = dict[int, tuple[Link, set[Side]]]  # links, with the sides that are there
NOWHERE: Mapping[Member, int] = MappingProxyType({})


def match(cycle: Cycle) -> None:
    """Match all that is new or has a new key, a chunk of keys per transaction."""
    stream = cycle.stream
    for side in SIDES:
        if stream.planner.references[side]:
            _match_references(cycle, side)
    _park_keyless(cycle)
    after: str | None = None
    while True:
        with reading(cycle.environment.store) as db:
            keys = members.todo_keys(db, stream.pair, stream.resource, stream.chunk, after)
        if not keys:
            return
        with cycle.writing() as db:
            match_keys(db, cycle, keys)
        after = keys[-1]
        cycle.environment.crash("match")


def _match_references(cycle: Cycle, side: Side) -> None:
    """Join records that bear the id of a record of the other side which lacks its counterpart.

    The reference is ours: whoever bears it is the record that we made for the other, whatever
    its address is by now. A copy of it, beside the true counterpart, is left to its key.
    """
    stream, after = cycle.stream, ""
    while True:
        with reading(cycle.environment.store) as db:
            some = members.todo_referring(
                db, stream.pair, stream.resource, side, stream.chunk, after
            )
        if not some:
            return
        with cycle.writing() as db:
            there = members.load(
                db, stream.pair, stream.resource, side.other, {m.reference or "" for m in some}
            )
            alive = links_by_id(db, there.values())
            joins = [
                Join(m, other) if side is Side.LEFT else Join(other, m)
                for m in some
                if (other := there.get(m.reference or "")) is not None
                and (other.link_id is None or lacks_other(other, alive))
            ]
            store_matches(db, cycle, joins, (), (), alive)
        after = some[-1].remote_id


def _park_keyless(cycle: Cycle) -> None:
    """Records without an address cannot be recognised, so nothing is done with them."""
    stream = cycle.stream
    while True:
        with reading(cycle.environment.store) as db:
            if not members.todo_keyless(db, stream.pair, stream.resource, 1):
                return
        with cycle.writing() as db:
            keyless = members.todo_keyless(db, stream.pair, stream.resource, stream.chunk)
            parked = [
                m if m.state is State.GONE else replace(m, state=State.PARKED, cause=NO_KEY)
                for m in keyless
            ]
            keep(db, stream, [replace(m, todo=False) for m in parked])
            journal.parked(db, cycle, zip(keyless, parked, strict=True))


def match_keys(db: sa.Connection, cycle: Cycle, keys: Sequence[str]) -> None:
    """Match the unlinked records of both sides that have one of the keys."""
    stream = cycle.stream
    if stream.policy.keys.second:
        keys = _with_partners(db, cycle, keys)
    _leave_the_gone(db, cycle, keys)
    group = members.with_keys(db, stream.pair, stream.resource, keys, locked=True)
    alive = links_by_id(db, group)
    joins: list[Join] = []
    alone: list[Member] = []
    parked: list[tuple[Member, str]] = []
    by_key = sorted(group, key=lambda m: str(m.key))
    for _, namesakes in groupby(by_key, key=lambda m: m.key):
        matched = match_group(list(namesakes), lambda m: lacks_other(m, alive))
        joins.extend(matched.joins)
        alone.extend(matched.alone)
        parked.extend(matched.parked)
    if stream.policy.keys.second:
        seconds = sorted({m.second for m in alone if m.second is not None})
        found = members.with_keys(db, stream.pair, stream.resource, seconds, second=True)
        more, alone, doubtful = match_second(alone, found)
        joins.extend(more)
        parked.extend(doubtful)
    _stir_namesakes(db, group, parked)
    alone, parked = _set_apart_the_opted_out(db, cycle, alone, parked)
    store_matches(db, cycle, joins, alone, parked, alive)


def _stir_namesakes(
    db: sa.Connection, group: Iterable[Member], parked: Iterable[tuple[Member, str]]
) -> None:
    """Have those looked at again whose address somebody new has on the other side."""
    keys = {member.key for member, cause in parked if cause == AMBIGUOUS}
    linked = {m.link_id for m in group if m.key in keys and m.link_id is not None}
    wake.by_links(db, sorted(linked))


def _with_partners(db: sa.Connection, cycle: Cycle, keys: Sequence[str]) -> Sequence[str]:
    """The keys, and those of records that share a second key with records that have them.

    Whether such a partner is alone shows only when its own namesakes are looked at too.
    """
    stream = cycle.stream
    group = members.with_keys(db, stream.pair, stream.resource, keys)
    seconds = sorted({m.second for m in group if m.second is not None})
    partners = members.with_keys(db, stream.pair, stream.resource, seconds, second=True)
    return sorted({*keys, *(m.key for m in partners if m.key is not None)})


def _set_apart_the_opted_out(
    db: sa.Connection,
    cycle: Cycle,
    alone: Sequence[Member],
    parked: Sequence[tuple[Member, str]],
) -> tuple[list[Member], list[tuple[Member, str]]]:
    """Records that nobody can decide about still opt out if their address did.

    Each gets a link of its own, since only what has a link is written to.
    """
    keys = {m.key for m, _ in parked if m.key is not None}
    opted_out = cycle.environment.ledger.suppressed(db, keys, cycle.stream.relatives)
    apart = [m for m, _ in parked if m.key in opted_out and m.link_id is None]
    rest = [(m, cause) for m, cause in parked if m not in apart]
    return [*alone, *apart], rest


def _leave_the_gone(db: sa.Connection, cycle: Cycle, keys: Sequence[str]) -> None:
    """Unlinked records that are gone need nothing any more."""
    stream = cycle.stream
    gone = members.gone_with_keys(db, stream.pair, stream.resource, keys)
    keep(db, stream, [replace(m, todo=False) for m in gone])


def links_by_id(db: sa.Connection, group: Iterable[Member]) -> Alive:
    """The links of these records, each with the sides whose record is alive."""
    ids = sorted({m.link_id for m in group if m.link_id is not None})
    present: dict[int, set[Side]] = {}
    for member in members.of_links(db, ids):
        if member.state is not State.GONE and member.link_id is not None:
            present.setdefault(member.link_id, set()).add(member.side)
    return {link.id: (link, present.get(link.id, set())) for link in links.load(db, ids)}


def lacks_other(member: Member, alive: Alive) -> bool:
    """Whether a record has a link whose other record is not there."""
    found = alive.get(member.link_id) if member.link_id is not None else None
    return found is not None and member.side.other not in found[1]


def store_matches(
    db: sa.Connection,
    cycle: Cycle,
    joins: Sequence[Join],
    alone: Sequence[Member],
    parked: Sequence[tuple[Member, str]],
    alive: Alive,
    homes: Mapping[Member, int] = NOWHERE,
) -> None:
    """Open links for what was matched, and for what is alone.

    Args:
        alive: links that records have already, see `links_by_id`.
        homes: by record, the contacts' link to which it belongs, where it belongs to any.
    """
    stream = cycle.stream
    settled = [replace(m, state=State.PARKED, cause=cause, todo=False) for m, cause in parked]
    journal.parked(db, cycle, zip((m for m, _ in parked), settled, strict=True))
    joined: dict[int, Both[str | None]] = {}
    wanted: list[Both[str | None]] = []
    waiting: list[list[Member]] = []
    for join in joins:
        existing = join.left.link_id or join.right.link_id
        if existing is None:
            wanted.append(Both(join.left.remote_id, join.right.remote_id))
            waiting.append([join.left, join.right])
        else:
            settled.extend(_rejoin(db, stream.pair, join, alive))
            joined[existing] = Both(join.left.remote_id, join.right.remote_id)
    for member in alone:
        nobody: Both[str | None] = Both(None, None)
        wanted.append(nobody.having(member.side, member.remote_id))
        waiting.append([member])
    under = [homes.get(those[0]) for those in waiting]
    made = links.open_new(db, stream.pair, stream.resource, wanted, under)
    journal.linked(db, cycle, {**joined, **dict(zip(made, wanted, strict=True))})
    for link_id, those in zip(made, waiting, strict=True):
        settled.extend(
            replace(m, state=State.WAITING, cause=None, link_id=link_id, todo=True) for m in those
        )
    keep(db, stream, settled)


def _rejoin(db: sa.Connection, pair: str, join: Join, alive: Alive) -> list[Member]:
    """Give a link that lacks one side the record that turned up for it.

    Nothing was ever agreed with that record, so the shadows start anew.
    """
    keep = join.left if join.left.link_id is not None else join.right
    give = join.right if keep is join.left else join.left
    link_id = keep.link_id or 0
    if give.link_id is not None and give.link_id != link_id:
        members.unlink(db, [give.link_id])
        links.remove(db, pair, [give.link_id])
        alive.pop(give.link_id, None)
    links.complete(db, give.side, {link_id: give.remote_id})
    links.end(db, {link_id: None})
    links.save_shadows(db, {link_id: Both({}, {})})
    return [
        replace(m, state=State.WAITING, cause=None, link_id=link_id, todo=True)
        for m in (keep, give)
    ]
