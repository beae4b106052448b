"""Ours: what a look shows that we may have written, although nobody has answered for it yet."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import sqlalchemy as sa

from syncd.core.normalise import identity_key
from syncd.engine.context import Cycle
from syncd.engine.effect import is_in_effect, is_made_by
from syncd.engine.optouts import keys_of
from syncd.model.link import Member, Observation
from syncd.model.op import OpKind
from syncd.model.side import Side
from syncd.store import doubts, members
from syncd.store.ops import Sent

Look: TypeAlias = tuple[Observation | None, Observation]  # what was known, and what was seen


def ours_among(
    db: sa.Connection,
    cycle: Cycle,
    side: Side,
    looks: Sequence[Look],
    standing: Mapping[str, Member],
) -> dict[str, Sent]:
    """By remote id, the write in doubt that a look shows in effect.

    A new record is that of a create if it bears our reference or the same address, or belongs to
    the same contact, and shows what was sent. One create has made one record.
    """
    if not doubts.is_any(db, cycle.stream.pair, side):
        return {}
    doubtful = _concerning(db, cycle, side, looks, standing)
    found: dict[str, Sent] = {}
    for old, now in looks:
        sent = next((s for s in doubtful if _shows(cycle, s, old, now)), None)
        if sent is not None:
            found[now.remote_id] = sent
            doubtful.remove(sent)
    return found


def _concerning(
    db: sa.Connection,
    cycle: Cycle,
    side: Side,
    looks: Iterable[Look],
    standing: Mapping[str, Member],
) -> list[Sent]:
    """Writes in doubt to these records, and creates that may have made them."""
    stream = cycle.stream
    links = {m.link_id for m in standing.values() if m.link_id is not None}
    new = [now for old, now in looks if old is None]
    if new and stream.parent is not None:
        return doubts.of_side(db, stream.pair, stream.resource, side)
    keys = {key for now in new if (key := keys_of(cycle, side, now.fields)[0]) is not None}
    there = members.with_keys(db, stream.pair, stream.resource, sorted(keys))
    there += members.load(
        db, stream.pair, stream.resource, side.other, _references(cycle, side, new)
    ).values()
    links |= {m.link_id for m in there if m.side is side.other and m.link_id is not None}
    return doubts.of_links(db, side, sorted(links))


def _references(cycle: Cycle, side: Side, new: Iterable[Observation]) -> set[str]:
    """Ids of the other side that new records bear: who does is ours, whatever the address."""
    name = cycle.stream.planner.references[side]
    borne = {now.fields.get(name) for now in new} if name else set()
    return {one for one in borne if isinstance(one, str)}


def _shows(cycle: Cycle, sent: Sent, old: Observation | None, now: Observation) -> bool:
    op = sent.op
    if op.kind is OpKind.CREATE:
        return old is None and not now.gone and _is_its(cycle, sent, now)
    if op.remote_id != now.remote_id or old is None:
        return False
    if op.kind is OpKind.DELETE:
        return now.gone
    there = not op.moves or op.parent_id == now.parent_id
    return there and not now.gone and is_in_effect(cycle, sent, now.fields)


def _is_its(cycle: Cycle, sent: Sent, now: Observation) -> bool:
    """Whether a new record is where a create has made one, and shows what was sent."""
    if cycle.stream.parent is not None:
        there = sent.op.parent_id == now.parent_id
    else:
        wanted = sent.op.patch.get(cycle.stream.policy.keys.first[sent.side])
        shown, _ = keys_of(cycle, sent.side, now.fields)
        alike = shown is not None and shown == identity_key(str(wanted))
        borne = _references(cycle, sent.side, [now])
        there = alike or any(value in borne for value in sent.op.patch.values())
    return there and is_made_by(cycle, sent, now.fields)
