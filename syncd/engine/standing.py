"""Records as they stand are written down here, and what belongs to them is looked at again."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from syncd.engine.context import Cycle, Stream
from syncd.engine.optouts import keys_of
from syncd.model.link import Member, Observation, State
from syncd.model.side import SIDES, Side
from syncd.model.values import Fields
from syncd.store import listed as store_listed
from syncd.store import members, parents, refusals, wake
from syncd.store.parents import Shelf


def keep(
    db: sa.Connection,
    stream: Stream,
    records: Sequence[Member],
    *,
    listed: Mapping[str, int] | None = None,
    waking: bool = True,
) -> None:
    """Write records as they stand now; as `members.save`."""
    members.save(db, stream.pair, stream.resource, records, listed=listed, waking=waking)
    stir(db, stream, records)


def stir(db: sa.Connection, stream: Stream, records: Sequence[Member]) -> None:
    """Have what belongs to records looked at again, as where these stand decides about it.

    A record whose counterpart is still to be made is planned anew by each run until it is its turn,
    and nothing of what belongs to it can be written before that. So that is looked at once, and
    again when the counterpart is there.
    """
    if not stream.children:
        return
    for side in SIDES:
        here = [record for record in records if record.side is side]
        wake.children(db, stream.pair, side, [record.remote_id for record in here])
        left_out = [record.remote_id for record in here if record.state is State.FILTERED]
        linked = {record.remote_id for record in here if record.link_id is not None} - {*left_out}
        waiting = {record.remote_id for record in here if record.state is State.WAITING}
        for resource, sides in stream.children.items():
            if side in sides:
                shelf = Shelf(stream.pair, side, resource)
                parents.note_due(db, shelf, linked - waiting)
                parents.note_new(db, shelf, linked & waiting)
                parents.forget(db, shelf, left_out)


def stand(
    db: sa.Connection,
    cycle: Cycle,
    side: Side,
    seen: Sequence[Observation],
    standing: Mapping[str, Member],
    listed: Mapping[str, int] | None = None,
) -> tuple[int, set[str]]:
    """Write down under what records are known in this pair, by what is seen of them.

    Args:
        standing: as what they were known before.
        listed: as `members.save`.

    Returns:
        How many of them are to be reconciled for it; and the keys of others that are, too.
    """
    stream = cycle.stream
    touched: list[Member] = []
    stirred: set[str] = set()
    moved: set[int | None] = set()
    for one in seen:
        member = standing.get(one.remote_id)
        if member is None and one.gone:
            continue  # never known here
        if member is None or (member.digest, member.parent_id) != (one.digest, one.parent_id):
            after = _member(cycle, side, one, member)
            touched.append(after)
            if member and (member.key != after.key or one.gone):
                # Namesakes may have become unambiguous, or lost their address to this one.
                stirred.update(key for key in (member.key, after.key) if key is not None)
                moved.add(member.link_id)
    keep(db, stream, touched, listed=listed)
    if listed:
        others = listed.keys() - {m.remote_id for m in touched}
        shown = {i: listed[i] for i in others}
        store_listed.note(db, stream.pair, stream.resource, side, shown)
    again = [m.remote_id for m in touched if m.remote_id in standing]
    freed = refusals.lift(db, stream.pair, side, again)
    wake.by_links(db, [*(m.link_id for m in touched if m.link_id is not None), *freed])
    return len(touched), stirred | _keys_of_counterparts(db, side, moved)


def _keys_of_counterparts(db: sa.Connection, side: Side, moved: Iterable[int | None]) -> set[str]:
    """The addresses that counterparts of these links still show: somebody else may have them."""
    ids = sorted({link_id for link_id in moved if link_id is not None})
    found = members.of_links(db, ids)
    return {m.key for m in found if m.side is not side and m.key is not None}


def _member(cycle: Cycle, side: Side, seen: Observation, old: Member | None) -> Member:
    key, second = keys_of(cycle, side, seen.fields)
    if seen.gone:
        state = State.GONE
    elif old is None or old.state is State.GONE:
        state = State.WAITING
    else:
        state = old.state
    return Member(
        side=side,
        remote_id=seen.remote_id,
        key=key,
        second=second,
        state=state,
        cause=old.cause if old and state is old.state else None,
        link_id=old.link_id if old else None,
        digest=seen.digest,
        todo=True,
        reference=reference_of(cycle, side, seen.fields),
        parent_id=seen.parent_id,
    )


def stands_as_shown(cycle: Cycle, side: Side, member: Member, seen: Observation) -> bool:
    """Whether a record is known under what it shows, so that nothing of it need be taken in."""
    keys = keys_of(cycle, side, seen.fields)
    reference = reference_of(cycle, side, seen.fields)
    alike = (*keys, reference) == (member.key, member.second, member.reference)
    alike = alike and seen.parent_id == member.parent_id
    return alike and seen.gone is (member.state is State.GONE)


def reference_of(cycle: Cycle, side: Side, fields: Fields) -> str | None:
    """The other side's id that a record bears, where the pair keeps it there."""
    name = cycle.stream.planner.references[side]
    value = fields.get(name) if name else None
    return value if isinstance(value, str) else None
