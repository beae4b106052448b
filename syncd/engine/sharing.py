"""Accounts that several pairs read: what one has read, the others take in from the store."""

from dataclasses import dataclass, replace
from operator import itemgetter

from syncd.engine.context import Cycle
from syncd.engine.fields import require_as_opened
from syncd.engine.observe import PullReport
from syncd.engine.standing import stand
from syncd.model.side import Side
from syncd.store import cursors, fanout, leases, members, observations, readers, wake
from syncd.store.clocks import within
from syncd.store.cursors import Cursor
from syncd.store.database import reading
from syncd.store.readers import Reader


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Where the listing of an account goes on, after what others have read of it.

    Attributes:
        fresh: it was read so short a time ago that it need not be read again.
        sweeping: another pair is at work on a sweep.
    """

    cursor: Cursor
    pulled: PullReport
    fresh: bool = False
    sweeping: bool = False


def catch_up(cycle: Cycle, side: Side, cursor: Cursor, reads: str | None) -> CaughtUp:
    """Take in what other pairs have read of the account, and go on from there.

    Whoever reads an account tells all others that said they read it too, in the transaction
    that stores what was seen. So where one has read up to, all have, once that is taken in.

    Args:
        cursor: where this pair's own listing goes on.
        reads: digest of what it asks for; None if that is not all that counts.
    """
    stream = cycle.stream
    if stream.reduced or not stream.sharing[side]:
        return CaughtUp(cursor, PullReport())
    if reads is None:
        return CaughtUp(cursor, news(cycle, side))
    now = cycle.environment.now()
    with reading(cycle.environment.store) as db:  # before the news of it are taken in
        others = cursors.alike(db, stream.sharing[side], stream.resource, reads)
        sweeping = any(
            theirs.sweep is not None and leases.holder_of(db, pair, now) is not None
            for pair, theirs in others.items()
        )
    pulled = news(cycle, side)
    after = _furthest(cursor, [*others.values()], reads)
    if after.swept_at != cursor.swept_at:
        pulled += PullReport(swept_from=after.swept_from)
    if after != cursor:
        with cycle.writing() as db:
            cursors.save(db, stream.pair, side, stream.resource, after)
    known = after.swept_at is not None and after.read_at is not None
    ahead = known and after.read_at != cursor.read_at
    fresh = ahead and within(now, after.read_at or now, stream.fresh_for)
    return CaughtUp(after, pulled, fresh, sweeping and known)


def _furthest(own: Cursor, others: list[Cursor], reads: str) -> Cursor:
    """How far the account is read, by whoever has read the most of it."""
    known = [own, *others] if own.swept_reads == reads else others
    read = [(c.read_at, c is own, c) for c in known if c.read_at is not None]
    swept = [(c.swept_at, c is own, c) for c in known if c.swept_at is not None]
    if not read or not swept:
        return own
    last, whole = max(read, key=itemgetter(0, 1))[2], max(swept, key=itemgetter(0, 1))[2]
    after = own
    if last is not own:
        after = replace(after, cursor=last.cursor, read_at=last.read_at)
    if whole is not own:
        after = replace(
            after,
            reads=reads,
            swept_reads=reads,
            sweep=None,
            sweep_cursor=None,
            swept_from=whole.swept_from,
            swept_at=whole.swept_at,
            swept_count=whole.swept_count,
        )
    return after


def news(cycle: Cycle, side: Side) -> PullReport:
    """Take in what others have read of an account, and say what this pair reads of it.

    What is only looked at belongs to nobody: to have it in the store is enough.
    """
    stream = cycle.stream
    if stream.only is not None or not stream.sharing[side]:
        return PullReport()
    if not stream.registered[side]:
        _register(cycle, side)
    return _take_over(cycle, side)


def _register(cycle: Cycle, side: Side) -> None:
    stream = cycle.stream
    here = Reader(stream.accounts[side].name, (stream.pair, side), stream.own[side])
    with cycle.writing() as db:
        readers.register(db, here, stream.resource)


def _take_over(cycle: Cycle, side: Side) -> PullReport:
    """Take in what others have seen, as it is known by now. A crash leaves whole pages."""
    stream, pulled = cycle.stream, PullReport()
    place, account = (stream.pair, side), stream.accounts[side].name
    while True:
        with reading(cycle.environment.store) as db:
            if not fanout.waits(db, place, stream.resource):
                return pulled
        with cycle.writing() as db:
            require_as_opened(db, cycle, side)
            ids = fanout.take(db, place, stream.resource, stream.chunk)
            seen = observations.load(db, account, stream.resource, ids)
            standing = members.load(db, stream.pair, stream.resource, side, seen)
            changed, stirred = stand(db, cycle, side, [*seen.values()], standing)
            wake.by_keys(db, sorted(stirred))
        pulled += PullReport(len(seen), changed)
        cycle.environment.crash("fanout")
