"""The records on the list of a backfill: planned, sent, read back and ticked off in chunks."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import sqlalchemy as sa

from syncd.core.match import NO_KEY
from syncd.engine import journal
from syncd.engine.apply import apply
from syncd.engine.context import Cycle
from syncd.engine.lift import settle_lifts
from syncd.engine.matching import match_keys
from syncd.engine.readback import read_back
from syncd.engine.reconcile import plan_links
from syncd.engine.sessions import Notes
from syncd.engine.standing import keep
from syncd.engine.within import match_these
from syncd.model.link import Member, State
from syncd.model.side import SIDES, Both
from syncd.store import backfills, members, ops
from syncd.store.backfills import Item
from syncd.store.database import reading
from syncd.store.upsert import chunks


def following(cycle: Cycle, chunk: int, after: int = 0) -> list[Item]:
    """The next of a stream's records to work through."""
    with reading(cycle.environment.store) as db:
        return backfills.waiting(db, cycle.run_id, cycle.stream.resource, chunk, after)


def work_off(cycle: Cycle, items: Sequence[Item], notes: Notes) -> None:
    """Work through these records; if a stop was asked for on the way, they stay to be done."""
    planned = plan_items(cycle, items)
    sent = _send(cycle)
    if sent:
        plan_items(cycle, items)  # what follows from what was sent, e.g. the other side's id
        sent = _send(cycle)
    if not sent:
        return
    opted_out = read_back(cycle, planned)
    if opted_out:
        carry_opt_outs_of(cycle, opted_out)
    with cycle.writing() as db:
        backfills.finish(db, [item.id for item in items])
        notes.save(db)
        cycle.environment.note_spent(db)
        done, listed = backfills.count(db, cycle.run_id, cycle.stream.resource)
    what = "backfill" if cycle.stream.parent is None else f"backfill of {cycle.stream.noun}"
    cycle.environment.progress(what, done, listed)
    cycle.environment.crash("chunk")


def plan_items(cycle: Cycle, items: Sequence[Item]) -> list[int]:
    """Match and plan these records; the ids of their links.

    What this run was refused for good is not tried again, unless the record has changed.
    """
    stream = cycle.stream
    with cycle.writing() as db:
        _match(db, cycle, _members(db, cycle, items))
        linked = [(m.link_id, m.todo) for m in _members(db, cycle, items) if m.link_id is not None]
        ids = {link_id for link_id, _ in linked}
        again = {link_id for link_id, todo in linked if todo}
        settled = ops.refused_links(db, cycle.run_id, ids) - again
        for some in chunks(sorted(ids - settled), stream.chunk):
            plan_links(db, cycle, some)
    return sorted(ids)


def _match(db: sa.Connection, cycle: Cycle, found: Sequence[Member]) -> None:
    if cycle.stream.parent is not None:
        match_these(db, cycle, found)
        return
    _park_keyless(db, cycle, found)
    match_keys(db, cycle, sorted({m.key for m in found if m.key is not None}))


def _park_keyless(db: sa.Connection, cycle: Cycle, found: Iterable[Member]) -> None:
    """Records without an address cannot be recognised, so nothing is done with them."""
    keyless = [
        m for m in found if m.key is None and m.link_id is None and m.state is not State.GONE
    ]
    parked = [replace(m, state=State.PARKED, cause=NO_KEY, todo=False) for m in keyless]
    keep(db, cycle.stream, parked)
    journal.parked(db, cycle, zip(keyless, parked, strict=True))


def _members(db: sa.Connection, cycle: Cycle, items: Iterable[Item]) -> list[Member]:
    stream = cycle.stream
    ids: Both[list[str]] = Both([], [])
    for item in items:
        ids[item.side].append(item.remote_id)
    return [
        member
        for side in SIDES
        for member in members.load(db, stream.pair, stream.resource, side, ids[side]).values()
    ]


def _send(cycle: Cycle) -> bool:
    """Send what is planned; False if a stop was asked for on the way."""
    with cycle.writing() as db:
        settle_lifts(db, cycle)
        ready = ops.release(db, cycle.run_id, cycle.stream.resource)
    return apply(cycle) if ready else True


def carry_opt_outs_of(cycle: Cycle, keys: Iterable[str]) -> None:
    """Carry on what turned up of opt-outs while the run was at work.

    Args:
        cycle: of contacts; keys: their addresses.
    """
    stream = cycle.stream
    with cycle.writing() as db:
        found = members.with_keys(db, stream.pair, stream.resource, sorted(keys))
        plan_links(db, cycle, sorted({m.link_id for m in found if m.link_id is not None}))
    _send(cycle)
