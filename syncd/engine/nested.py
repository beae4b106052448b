"""Pull by parent: records that a platform lists for one contact at a time, and no others.

Read are those of contacts to which something has happened, and in turns of all the others.
"""

from collections.abc import Iterable
from dataclasses import replace

import sqlalchemy as sa

from syncd.connectors.spending import Spend, for_so_many, spending
from syncd.engine.context import Cycle
from syncd.engine.fields import believed
from syncd.engine.observe import PullReport, look, take_in
from syncd.engine.sharing import news
from syncd.errors import RecordError, StoppedError
from syncd.model.link import State
from syncd.model.record import Record
from syncd.model.side import Side
from syncd.store import children, members, observations, parents
from syncd.store.database import reading
from syncd.store.parents import Shelf


def pull_nested(cycle: Cycle, side: Side) -> PullReport:
    """Take in what belongs to contacts, one after the other. A crash leaves whole contacts.

    In turn it is that of as many contacts as the stream allows, those first that were read
    longest ago; or of all that were not for as long as a sweep may take to come round.

    Raises:
        StoppedError: somebody asked the run to stop; whole contacts are kept.
    """
    shelf = Shelf(cycle.stream.pair, side, cycle.stream.resource)
    stream, after = cycle.stream, ""
    pulled = news(cycle, side)
    turns, before = stream.turns[side], cycle.environment.now()
    while True:
        with reading(cycle.environment.store) as db:
            ids = parents.due(db, shelf, cycle.stream.chunk, after)
        if not ids:
            break
        with spending(for_so_many(len(ids))):
            pulled += read_of(cycle, shelf, ids)
        after = ids[-1]
    if turns is None and not cycle.thorough:
        before -= stream.sweep_every
    limit = None if cycle.thorough else turns
    if cycle.bulk_rests(side) and not cycle.thorough:
        return pulled
    with reading(cycle.environment.store) as db:
        ids = parents.oldest(db, shelf, limit, before=before)
    with spending(Spend.BULK):
        return pulled + read_of(cycle, shelf, ids)


def read_of(cycle: Cycle, shelf: Shelf, ids: Iterable[str]) -> PullReport:
    """Take in what belongs to these contacts; as `pull_nested`."""
    pulled = PullReport()
    for parent_id in ids:
        if cycle.environment.stopping():
            raise StoppedError(
                f"The run of pair '{shelf.pair}' was stopped while reading {cycle.stream.noun}."
                " Nothing is lost; the next run goes on behind the last contact."
            )
        pulled += _read_one(cycle, shelf, parent_id)
        cycle.environment.crash("nested")
    return pulled


def _read_one(cycle: Cycle, shelf: Shelf, parent_id: str) -> PullReport:
    """Take in all the records of one contact; whoever is not among them is asked for directly."""
    stream, side = cycle.stream, shelf.side
    try:
        found = stream.nested(side).children(stream.resource, parent_id, fields=stream.fields[side])
    except RecordError:
        return PullReport()  # of this one nothing is shown; the next cycle asks again
    records = list(believed(cycle, side, found))
    listed = {record.remote_id for record in records}
    for remote_id in _known(cycle, side, parent_id):
        if remote_id not in listed:
            missing = look(cycle, side, remote_id, parent_id)
            records += [missing] if missing is not None else []
    with cycle.writing() as db:
        first = not parents.was_read(db, shelf, parent_id)
        pulled = take_in(db, cycle, side, _of(parent_id, records), baseline=first)
        if _is_gone(db, cycle, side, parent_id):  # and all that it had, by now
            parents.forget(db, shelf, [parent_id])
        else:
            now = cycle.environment.now()
            parents.note_read(db, shelf, parent_id, now)
            for pair, there in stream.told[side]:
                parents.note_turn(db, Shelf(pair, there, stream.resource), parent_id, now)
    return pulled


def _known(cycle: Cycle, side: Side, parent_id: str) -> list[str]:
    """Ids of the records that a contact is known to have, in order."""
    stream = cycle.stream
    with reading(cycle.environment.store) as db:
        if stream.only is not None:
            account = stream.accounts[side].name
            return observations.under(db, account, stream.resource, parent_id)
        known = children.under(db, stream.pair, stream.resource, side, [parent_id])
    return [member.remote_id for member in known]


def _is_gone(db: sa.Connection, cycle: Cycle, side: Side, parent_id: str) -> bool:
    stream = cycle.stream
    assert stream.parent is not None  # noqa: S101 - only such streams are read so
    known = members.load(db, stream.pair, stream.parent, side, [parent_id])
    return parent_id in known and known[parent_id].state is State.GONE


def _of(parent_id: str, records: Iterable[Record]) -> list[Record]:
    """Records with the contact to which they belong, where the platform does not repeat it."""
    return [r if r.parent_id else replace(r, parent_id=parent_id) for r in records]
