"""Arrivals: new records whose ids their platform did not tell, recognised in its listing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from syncd.core.normalise import identity_key
from syncd.engine.confirm import confirm
from syncd.engine.context import Cycle
from syncd.engine.effect import is_in_effect
from syncd.engine.inquire import note_opt_outs
from syncd.engine.observe import Noticed
from syncd.model.link import Member
from syncd.model.op import OpState, Receipt
from syncd.model.side import SIDES, Both, Side
from syncd.store import members, observations, ops, readback, wake
from syncd.store.database import reading
from syncd.store.ops import Sent
from syncd.store.suppressions import OptOut


def settle_arrivals(cycle: Cycle, noticed: Both[Noticed]) -> None:
    """Give creates their records, now that listings were read.

    One that a complete listing does not show, although that began when the platform's index
    must have caught up, is planned again; the platform keeps the key unique, so that
    cannot double it.
    """
    after = 0
    while True:
        with reading(cycle.bench.store) as db:
            taken = ops.taken(db, cycle.pair.name, cycle.pair.chunk, after)
        if not taken:
            return
        for side in SIDES:
            if ours := [sent for sent in taken if sent.side is side]:
                _settle(cycle, side, ours, noticed[side].swept_from)
        after = taken[-1].op.id


def _settle(cycle: Cycle, side: Side, waiting: Sequence[Sent], swept_from: datetime | None) -> None:
    pair, name = cycle.pair, cycle.pair.policy.keys.first[side]
    keys = {s.op.id: identity_key(str(s.op.patch.get(name))) for s in waiting}
    with reading(cycle.bench.store) as db:
        wanted = sorted({key for key in keys.values() if key is not None})
        known = members.with_keys(db, pair.name, pair.resource, wanted)
        alive = [member for member in known if member.side is side]
        account = pair.accounts[side].name
        seen = observations.load(db, account, pair.resource, [m.remote_id for m in alive])
    by_key: dict[str | None, list[Member]] = {}
    for member in alive:
        by_key.setdefault(member.key, []).append(member)
    arrived: list[tuple[Sent, str]] = []
    dropped: list[Sent] = []
    for sent in waiting:
        found = by_key.get(keys[sent.op.id], [])
        free = [m for m in found if m.link_id is None and m.remote_id in seen]
        if len(found) == len(free) == 1 and is_in_effect(
            cycle, sent, seen[free[0].remote_id].fields
        ):
            arrived.append((sent, free[0].remote_id))
        elif found or _is_overdue(cycle, side, sent, swept_from):
            dropped.append(sent)
    receipts = [Receipt(sent.op.id, remote_id) for sent, remote_id in arrived]
    confirm(cycle, side, [sent for sent, _ in arrived], receipts, ())
    with cycle.writing() as db:
        ops.settle(db, {s.op.id: (OpState.DROPPED, "not seen in the listing") for s in dropped})
        readback.note_verified(db, {sent.op.id: True for sent, _ in arrived})
        wake.by_links(db, [s.link_id for s in dropped])
        _follow_opt_outs(db, cycle, side, {s.link_id: keys[s.op.id] or "" for s in dropped})


def _follow_opt_outs(db: sa.Connection, cycle: Cycle, side: Side, made: Mapping[int, str]) -> None:
    """Who opted out under the address with which we made them has opted out under their own.

    A record that opted out before any listing showed it is never linked. If its counterpart has
    another address by now, nothing but the create tells that both are one person.

    Args:
        made: by link, the address that the create carried.
    """
    pair = cycle.pair
    opted_out = cycle.bench.ledger.suppressed(db, set(made.values()), pair.relatives)
    links = [link_id for link_id, address in made.items() if address in opted_out]
    account = pair.accounts[side].name
    found = [
        OptOut(account, m.key, opted_out[made[m.link_id]], account)
        for m in members.of_links(db, pair.name, pair.resource, links)
        if m.side is side.other and m.link_id is not None and m.key is not None
    ]
    wake.by_keys(db, sorted(note_opt_outs(db, cycle, found)))


def _is_overdue(cycle: Cycle, side: Side, sent: Sent, swept_from: datetime | None) -> bool:
    lag = cycle.pair.specs[side].index_lag
    return swept_from is not None and (sent.sent_at is None or sent.sent_at + lag <= swept_from)
