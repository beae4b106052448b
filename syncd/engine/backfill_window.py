"""What lies in the window of a backfill, read on both sides and put on its list."""

from collections.abc import Callable
from datetime import datetime

from syncd.engine.arrivals import settle_arrivals
from syncd.engine.backfill_request import BackfillRequest
from syncd.engine.context import Cycle
from syncd.engine.nested import read_of
from syncd.engine.observe import PullReport, settle_doubts, take_in
from syncd.engine.pull import pull
from syncd.engine.streams import look_at_contacts_of_the_gone
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import Listing
from syncd.store import backfill_homes, backfills, children
from syncd.store.database import reading
from syncd.store.parents import Shelf


def list_contacts(cycle: Cycle, request: BackfillRequest) -> None:
    """Contacts in the window, once all of both sides is known.

    A record outside the window may be the counterpart of one inside it: without knowing it, a
    backfill would create what exists already.
    """
    settle_arrivals(cycle, Both(*(pull(cycle, side) for side in SIDES)))
    for side in request.sources:
        _list_window(cycle, side, request)


def list_children(
    contacts: Cycle,
    cycle: Cycle,
    request: BackfillRequest,
    begun: datetime,
    between: Callable[[], None],
) -> None:
    """What belongs to contacts and lies in the window.

    Where a platform does not tell when its records were changed, or lists them by contact
    alone, it is that of the contacts in the window. A crash leaves contacts whole: those whose
    records have been listed since the run began are not asked for again.

    Args:
        begun: when the run began.
        between: called now and then while contacts are asked one by one, which may take hours.
    """
    pulled: Both[PullReport] = Both(PullReport(), PullReport())
    for side in SIDES:
        if cycle.stream.specs[side].listing is Listing.FLAT:
            dated = cycle.stream.specs[side].dated
            pulled = pulled.having(side, pull(cycle, side, full=not dated))
    settle_arrivals(cycle, pulled)
    by_contact = [side for side in request.sources if _is_by_contact(cycle, side)]
    for side in request.sources:
        if side not in by_contact:
            _list_window(cycle, side, request)
    for side in SIDES:
        if cycle.stream.specs[side].listing is Listing.BY_PARENT:
            _read_by_contact(cycle, side, request.chunk, begun, between)
    for side in by_contact:
        _list_by_contact(cycle, side)
    look_at_contacts_of_the_gone(contacts, cycle)


def _is_by_contact(cycle: Cycle, side: Side) -> bool:
    spec = cycle.stream.specs[side]
    return spec.listing is Listing.BY_PARENT or not spec.dated


def _list_window(cycle: Cycle, side: Side, request: BackfillRequest) -> None:
    stream = cycle.stream
    pages = stream.connector(side).pull(
        stream.resource, None, fields=stream.fields[side], window=request.window
    )
    for page in pages:
        records = settle_doubts(cycle, side, page.records)
        ids = [r.remote_id for r in records if r.remote_id and not r.gone]
        with cycle.writing() as db:
            take_in(db, cycle, side, records)
            backfills.add(db, cycle.run_id, stream.resource, side, ids)
        cycle.environment.crash("listed")


def _read_by_contact(
    cycle: Cycle, side: Side, chunk: int, begun: datetime, between: Callable[[], None]
) -> None:
    shelf, after, read = Shelf(cycle.stream.pair, side, cycle.stream.resource), "", 0
    name = cycle.stream.accounts[side].name
    while True:
        with reading(cycle.environment.store) as db:
            ids = backfill_homes.concerned(db, cycle.run_id, shelf, chunk, after)
            unread = backfill_homes.unread(db, shelf, ids, begun)
        if not ids:
            return
        read_of(cycle, shelf, unread)
        read, after = read + len(ids), ids[-1]
        cycle.environment.progress(f"reading {cycle.stream.noun} of {name}", read, None)
        between()


def _list_by_contact(cycle: Cycle, side: Side) -> None:
    stream, after = cycle.stream, ""
    while True:
        with cycle.writing() as db:
            ids = backfill_homes.in_window(db, cycle.run_id, stream.pair, side, stream.chunk, after)
            found = children.under(db, stream.pair, stream.resource, side, ids)
            of_them = [member.remote_id for member in found]
            backfills.add(db, cycle.run_id, stream.resource, side, of_them)
        if not ids:
            return
        after = ids[-1]
        cycle.environment.crash("listed")
