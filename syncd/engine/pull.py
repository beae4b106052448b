"""Pull: what changed on one side, page by page, each with its cursor."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from syncd.connectors.spending import Spend, spending
from syncd.core.consent import shown
from syncd.core.digest import digest_json
from syncd.engine.context import Cycle
from syncd.engine.inquire import ask_again
from syncd.engine.observe import PullReport, look, settle_doubts, take_in
from syncd.engine.sharing import catch_up
from syncd.engine.unchanged import unchanged
from syncd.errors import PairHeldError, StoppedError
from syncd.model.record import Extent
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Level
from syncd.store import cursors, members, observations
from syncd.store.cursors import Cursor
from syncd.store.database import reading

# A sweep that misses more than this part of what is known says that something is wrong
# with the listing or the account, not that so many people were deleted.
EMPTIED_SHARE = 0.5
EMPTIED_COUNT = 20


def pull(
    cycle: Cycle, side: Side, *, full: bool = False, accept_emptied: bool = False
) -> PullReport:
    """Take in what one side shows now.

    Without `full`: what changed since the last cursor, or, when one is due or under way,
    a sweep over everything. Where there is no list of changes, one sweep follows another,
    and each pull takes the next few pages of it. A crash leaves whole pages, and the next
    pull goes on behind the last of them. What another pair has read of the account is taken
    in first, and read only if that is too long ago.

    Args:
        full: a sweep, which also asks about records that a listing hides.
        accept_emptied: a person has released that a sweep shows hardly anything.

    Raises:
        PairHeldError: a sweep shows hardly anything of what is known.
        StoppedError: somebody asked the run to stop; whole pages are kept.
    """
    with reading(cycle.environment.store) as db:
        cursor = cursors.load(db, cycle.stream.pair, side, cycle.stream.resource)
    known = catch_up(cycle, side, cursor, _reads(cycle, side))
    cursor, changes = known.cursor, cycle.stream.specs[side].incremental
    due = cursor.cursor is None or cursor.sweep is not None or _is_due(cycle, side, cursor)
    due = due and not known.sweeping
    if known.fresh and not full and not (changes and due):
        return replace(known.pulled, lent=True)
    if cursor.cursor is not None and not full and cycle.bulk_rests(side):
        due = False
        if not changes:
            return known.pulled
    if changes and not full and not due:
        return known.pulled + pull_changes(cycle, side, cursor)
    pages = None if full else cycle.stream.sweep_pages[side]
    with spending(Spend.BULK):
        swept = _sweep(cycle, side, cursor, pages, thorough=full, accept_emptied=accept_emptied)
    pulled = known.pulled + swept
    if not changes:
        return pulled
    # A sweep may take hours, or go on with one of yesterday: what happened meanwhile must be
    # known before anything is written over it.
    with reading(cycle.environment.store) as db:
        cursor = cursors.load(db, cycle.stream.pair, side, cycle.stream.resource)
    return pulled + pull_changes(cycle, side, cursor)


def read_lent(
    cycle: Cycle, pulled: Both[PullReport], *, accept_emptied: bool = False
) -> Both[PullReport]:
    """Read what another pair has read a moment ago, where something is to be done about it.

    At rest that need not be read again. But before anything is written it must be known as it is
    now: whoever has opted out meanwhile is not made, and what was edited not written over.

    Args:
        accept_emptied: as in `pull`.
    """
    lent = [side for side in SIDES if pulled[side].lent]
    if not lent:
        return pulled
    with reading(cycle.environment.store) as db:
        if not members.is_any_to_do(db, cycle.stream.pair, cycle.stream.resource):
            return pulled
    anew = replace(cycle, stream=replace(cycle.stream, fresh_for=timedelta()))
    for side in lent:
        seen = pulled[side] + pull(anew, side, accept_emptied=accept_emptied)
        pulled = pulled.having(side, seen)
    return pulled


def _is_due(cycle: Cycle, side: Side, cursor: Cursor) -> bool:
    """Whether a sweep is due: never made, made long ago, or without a field that counts now."""
    every = cycle.stream.sweep_every
    if cursor.swept_at is None:
        return True
    if not cycle.stream.reduced and cursor.reads != _reads(cycle, side):
        return True
    return every > timedelta() and cycle.environment.now() - cursor.swept_at >= every


def _reads(cycle: Cycle, side: Side) -> str | None:
    """What is read, for a cursor to remember; None if that is not all that counts."""
    if cycle.stream.reduced:
        return None
    return cycle.stream.reads[side] or digest_json(sorted(cycle.stream.fields[side]))


def pull_changes(cycle: Cycle, side: Side, cursor: Cursor) -> PullReport:
    """Take in what changed on one side since the cursor."""
    stream, pulled, saved = cycle.stream, PullReport(), cursor
    began = cycle.environment.now()
    pages = stream.connector(side).pull(stream.resource, cursor.cursor, fields=stream.fields[side])
    for page in pages:
        cursor = replace(cursor, cursor=page.cursor)
        if stream.reduced:  # so that everything is read again once all fields are
            cursor = replace(cursor, reads=None, swept_reads=None)
        if page.records:  # what is empty can as well be read again after a crash
            records = settle_doubts(cycle, side, page.records)
            with cycle.writing() as db:
                pulled += take_in(db, cycle, side, records)
                cursors.save(db, stream.pair, side, stream.resource, cursor)
            saved = cursor
        cycle.environment.crash("pull")
    if stream.sharing[side]:
        cursor = replace(cursor, read_at=began)
    if cursor != saved:
        with cycle.writing() as db:
            cursors.save(db, stream.pair, side, stream.resource, cursor)
    return pulled


def _sweep(
    cycle: Cycle,
    side: Side,
    cursor: Cursor,
    limit: int | None,
    *,
    thorough: bool,
    accept_emptied: bool,
) -> PullReport:
    """Read everything, or go on with it for at most so many pages."""
    stream, pulled = cycle.stream, PullReport()
    reads, began = _reads(cycle, side), cycle.environment.now()
    read_at = began if stream.sharing[side] and not stream.specs[side].incremental else None
    if cursor.sweep is None or cursor.reads != reads:
        cursor = _begun(cycle, side, cursor, reads)
    first = cursor.swept_at is None
    limit = None if first else limit
    number, last = cursor.sweep or cycle.run_id, cursor.cursor
    begin = cursor.sweep_cursor or cursor.cursor  # it may remember more than a place
    pages = stream.connector(side).pull(
        stream.resource,
        begin,
        fields=stream.fields[side],
        full=stream.specs[side].incremental or begin is None,
    )
    for read, page in enumerate(pages, 1):
        same = unchanged(cycle, side, page.records)
        others = [record for record in page.records if record.remote_id not in same]
        records = settle_doubts(cycle, side, others)
        with cycle.writing() as db:
            pulled += take_in(db, cycle, side, records, sweep=number, baseline=first)
            observations.mark_swept(db, stream.accounts[side].name, stream.resource, same, number)
            pulled += PullReport(seen=len(same))
            cursor = replace(cursor, sweep_cursor=page.cursor, read_at=read_at or cursor.read_at)
            cursors.save(db, stream.pair, side, stream.resource, cursor)
        last = page.cursor
        cycle.environment.progress(f"reading {stream.accounts[side].name}", pulled.seen, page.total)
        _go_on(cycle)
        cycle.environment.crash("sweep")
        if read == limit and not page.last:  # a last page is judged when more is asked for
            return pulled
    pulled += _look_for_the_gone(
        cycle, side, number, thorough=thorough, accept_emptied=accept_emptied
    )
    if thorough:
        ask_again(cycle, side)
    with cycle.writing() as db:
        count = observations.count(db, stream.accounts[side].name, stream.resource)
        done = Cursor(
            cursor=last,
            swept_at=cycle.environment.now(),
            swept_count=count,
            reads=reads,
            read_at=read_at,
            swept_from=cursor.sweep_began,
            swept_reads=reads,
        )
        cursors.save(db, stream.pair, side, stream.resource, done)
    return replace(pulled, swept_from=cursor.sweep_began)


def _begun(cycle: Cycle, side: Side, cursor: Cursor, reads: str | None) -> Cursor:
    """At the begin of a sweep, with a number above those of all sweeps of the account before.

    That is mostly the run's; but a run that is held for days makes several.
    """
    account = cycle.stream.accounts[side].name
    with reading(cycle.environment.store) as db:
        newest = observations.newest_sweep(db, account, cycle.stream.resource)
    number = max(cycle.run_id, newest + 1)
    began = cycle.environment.now()
    # What takes part for the first time may be there on both sides: all of it is read at once.
    anew = cycle.stream.extents[side] != Extent() and cursor.reads != reads
    swept_at = None if anew else cursor.swept_at
    return replace(
        cursor,
        sweep=number,
        sweep_began=began,
        sweep_cursor=None,
        swept_at=swept_at,
        reads=reads,
    )


def _go_on(cycle: Cycle) -> None:
    """Between two pages nothing is half done, so a run can stop there.

    Raises:
        StoppedError: somebody asked for it.
    """
    if cycle.environment.stopping():
        raise StoppedError(
            f"The run of pair '{cycle.stream.pair}' was stopped while reading. Nothing is lost;"
            " the next run goes on behind the last page."
        )


def _look_for_the_gone(
    cycle: Cycle, side: Side, sweep: int, *, thorough: bool, accept_emptied: bool
) -> PullReport:
    """Ask directly about every known record that a complete sweep did not show."""
    stream, pulled, after = cycle.stream, PullReport(), ""
    account = stream.accounts[side].name
    _pass_over(cycle, side, sweep)
    with reading(cycle.environment.store) as db:
        known = observations.count(db, account, stream.resource)
        missing = observations.count_unswept(db, account, stream.resource, sweep)
    emptied = missing > EMPTIED_COUNT and missing > known * EMPTIED_SHARE
    if emptied and not accept_emptied:
        raise PairHeldError(
            f"A full listing of '{account}' showed only {known - missing:,} of {known:,} known"
            f" {stream.noun}."
        )
    while True:
        with reading(cycle.environment.store) as db:
            ids = observations.unswept(db, account, stream.resource, sweep, stream.chunk, after)
        if not ids:
            return pulled
        hidden = set() if thorough else _hidden(cycle, side, ids)
        missed = set(hidden)
        for remote_id in ids:
            record = None if remote_id in hidden else look(cycle, side, remote_id)
            if record is None:
                continue  # it stays as it is known, and the next sweep asks again
            if not record.gone:
                missed.add(remote_id)
            with cycle.writing() as db:
                pulled += take_in(db, cycle, side, [record], sweep=sweep)
        with cycle.writing() as db:
            observations.hide(db, account, stream.resource, missed)
        after = ids[-1]
        cycle.environment.crash("gone")


def _pass_over(cycle: Cycle, side: Side, sweep: int) -> None:
    """What is known to lie outside of the part that is listed is not missing in a listing."""
    stream, after = cycle.stream, ""
    account, extent = stream.accounts[side].name, stream.extents[side]
    starts, now = stream.specs[side].starts, cycle.environment.now()
    while extent != Extent():
        with cycle.writing() as db:
            ids = observations.unswept(db, account, stream.resource, sweep, stream.chunk, after)
            known = observations.load(db, account, stream.resource, ids)
            outside = [i for i, o in known.items() if not extent.holds(o.fields, starts, now)]
            observations.mark_swept(db, account, stream.resource, outside, sweep)
        if not ids:
            return
        after = ids[-1]


def _hidden(cycle: Cycle, side: Side, ids: Sequence[str]) -> set[str]:
    """Those that are known to have opted out, where a listing leaves such records out."""
    spec = cycle.stream.specs[side].consent
    if spec is None or not spec.hides:
        return set()
    account, resource = cycle.stream.accounts[side].name, cycle.stream.resource
    with reading(cycle.environment.store) as db:
        known = observations.load(db, account, resource, ids)
    return {i for i, seen in known.items() if shown(seen.fields).level is Level.REVOKED}
