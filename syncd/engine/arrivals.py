"""Arrivals: what only a listing shows, recognised in it.

New records whose ids their platform did not tell, and writes in doubt of fields that a direct
look does not show.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from syncd.core.normalise import identity_key
from syncd.engine.confirm import confirm
from syncd.engine.context import Cycle
from syncd.engine.effect import is_in_effect
from syncd.engine.inquire import note_opt_outs
from syncd.engine.observe import PullReport
from syncd.model.link import Member
from syncd.model.op import OpKind, OpState, Receipt
from syncd.model.side import SIDES, Both, Side
from syncd.store import doubts, links, members, observations, ops, readback, wake
from syncd.store.database import reading
from syncd.store.ops import Sent
from syncd.store.suppressions import OptOut


def settle_arrivals(cycle: Cycle, pulled: Both[PullReport]) -> None:
    """Confirm what the listings that were read show of ops that wait for one.

    What a complete listing does not show, although that began when the platform's index must
    have caught up, is planned again: a create too, as the platform keeps the key unique.
    """
    after = 0
    while True:
        with reading(cycle.environment.store) as db:
            waiting = doubts.awaited(
                db, cycle.stream.pair, cycle.stream.resource, cycle.stream.chunk, after
            )
        if not waiting:
            return
        for side in SIDES:
            if ours := [sent for sent in waiting if sent.side is side]:
                _settle(cycle, side, ours, pulled[side].swept_from)
        after = waiting[-1].op.id


def _settle(cycle: Cycle, side: Side, waiting: Sequence[Sent], swept_from: datetime | None) -> None:
    name = cycle.stream.policy.keys.first[side]
    creates = {
        s.op.id: identity_key(str(s.op.patch.get(name)))
        for s in waiting
        if s.op.kind is OpKind.CREATE
    }
    updates = [sent for sent in waiting if sent.op.id not in creates]
    with reading(cycle.environment.store) as db:
        shown = _arrived(db, cycle, side, [s for s in waiting if s.op.id in creates], creates)
        shown |= _came_through(db, cycle, side, updates)
    arrived = [sent for sent in waiting if shown.get(sent.op.id)]
    dropped = [
        sent
        for sent in waiting
        if sent not in arrived
        and (sent.op.id in shown or _is_overdue(cycle, side, sent, swept_from))
    ]
    receipts = [Receipt(sent.op.id, shown[sent.op.id]) for sent in arrived]
    confirm(cycle, side, arrived, receipts, ())
    with cycle.writing() as db:
        ops.settle(db, {s.op.id: (OpState.DROPPED, "not seen in the listing") for s in dropped})
        readback.note_verified(db, {sent.op.id: True for sent in arrived})
        wake.by_links(db, [s.link_id for s in dropped])
        unmade = {s.link_id: creates[s.op.id] or "" for s in dropped if s.op.id in creates}
        _follow_opt_outs(db, cycle, side, unmade)


def _arrived(
    db: sa.Connection,
    cycle: Cycle,
    side: Side,
    waiting: Iterable[Sent],
    keys: Mapping[int, str | None],
) -> dict[int, str | None]:
    """By op, the record that a create has made; None if it is not that, or not for this link.

    What a create was sent for may have been joined to another record before it shows.
    """
    stream = cycle.stream
    wanted = sorted({key for key in keys.values() if key is not None})
    known = members.with_keys(db, stream.pair, stream.resource, wanted)
    alive = [member for member in known if member.side is side]
    seen = observations.load(
        db, stream.accounts[side].name, stream.resource, [m.remote_id for m in alive]
    )
    by_key: dict[str | None, list[Member]] = {}
    for member in alive:
        by_key.setdefault(member.key, []).append(member)
    joined = {k.id for k in links.load(db, {s.link_id for s in waiting}) if k.ids[side]}
    found: dict[int, str | None] = {}
    for sent in waiting:
        bearers = by_key.get(keys[sent.op.id], [])
        if sent.link_id in joined:
            found[sent.op.id] = None
        elif bearers:
            free = [m.remote_id for m in bearers if m.link_id is None and m.remote_id in seen]
            alone = free[0] if len(bearers) == len(free) == 1 else None
            ours = alone is not None and is_in_effect(cycle, sent, seen[alone].fields)
            found[sent.op.id] = alone if ours else None
    return found


def _came_through(
    db: sa.Connection, cycle: Cycle, side: Side, waiting: Sequence[Sent]
) -> dict[int, str | None]:
    """By op, the record that shows an update; None if that no longer tells anything."""
    stream = cycle.stream
    ids = [str(sent.op.remote_id) for sent in waiting]
    seen = observations.load(db, stream.accounts[side].name, stream.resource, ids)
    overtaken = doubts.overtaken(db, side, waiting)
    found: dict[int, str | None] = {}
    for sent in waiting:
        record = seen.get(str(sent.op.remote_id))
        if record is None or record.gone or sent.op.id in overtaken:
            found[sent.op.id] = None
        elif is_in_effect(cycle, sent, record.fields):
            found[sent.op.id] = sent.op.remote_id
    return found


def _follow_opt_outs(db: sa.Connection, cycle: Cycle, side: Side, made: Mapping[int, str]) -> None:
    """Who opted out under the address with which we made them has opted out under their own.

    A record that opted out before any listing showed it is never linked. If its counterpart has
    another address by now, nothing but the create tells that both are one person.

    Args:
        made: by link, the address that the create carried.
    """
    stream = cycle.stream
    opted_out = cycle.environment.ledger.suppressed(db, set(made.values()), stream.relatives)
    links = [link_id for link_id, address in made.items() if address in opted_out]
    account = stream.accounts[side].name
    found = [
        OptOut(account, m.key, opted_out[made[m.link_id]], account)
        for m in members.of_links(db, links)
        if m.side is side.other and m.link_id is not None and m.key is not None
    ]
    wake.by_keys(db, sorted(note_opt_outs(db, cycle, found)))


def _is_overdue(cycle: Cycle, side: Side, sent: Sent, swept_from: datetime | None) -> bool:
    lag = cycle.stream.specs[side].index_lag
    return swept_from is not None and (sent.sent_at is None or sent.sent_at + lag <= swept_from)
