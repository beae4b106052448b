"""Opt-outs of addresses that nobody is known to bear, told to accounts that hide who does.

A listing that leaves out who bounced or opted out may never have shown a record that can
become mailable again. So an address that opted out anywhere is told to every such account
once, by the address alone, and again when everything is looked at thoroughly.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from syncd.engine.context import Cycle
from syncd.model.link import NO_LINK
from syncd.model.op import OpKind
from syncd.model.plan import Draft
from syncd.model.side import SIDES, Side
from syncd.store import inquiries, members, ops
from syncd.store.database import reading
from syncd.store.suppressions import OptOut

AT_ONCE = 200  # addresses of one side and pass: a request each


def note_opt_outs(db: sa.Connection, cycle: Cycle, opt_outs: Iterable[OptOut]) -> set[str]:
    """Write opt-outs into the ledger; the addresses that are new there.

    Those are told to the accounts that hide people; in a thorough run, all that are shown and
    were not lifted since.
    """
    shown = list(opt_outs)
    fresh = cycle.environment.ledger.record(db, shown, cycle.environment.now())
    told = {o.address for o in shown} if cycle.thorough else fresh
    standing = cycle.environment.ledger.suppressed(db, told, cycle.stream.relatives) if told else {}
    inquiries.add(db, cycle.stream.hiding, sorted(standing))
    return fresh


def ask_again(cycle: Cycle, side: Side) -> None:
    """Have an account told once more of all that opted out, as far as we know addresses."""
    place = (cycle.stream.pair, side)
    if place not in cycle.stream.hiding:
        return
    after = ""
    while True:
        with reading(cycle.environment.store) as db:
            pairs = {pair for pair, _ in cycle.stream.hiding} | {cycle.stream.pair}
            keys = members.keys_after(db, pairs, cycle.stream.resource, after, cycle.stream.chunk)
            opted_out = cycle.environment.ledger.suppressed(db, keys, cycle.stream.relatives)
        if not keys:
            return
        with cycle.writing() as db:
            inquiries.add(db, [place], opted_out)
        after = keys[-1]


def stage_told(cycle: Cycle) -> None:
    """Stage an op for each address that is still to be told and that nobody is known to bear.

    Who is known and linked is opted out by way of the link. A crash leaves the addresses
    waiting, and telling one twice is harmless.
    """
    for side in SIDES:
        place = (cycle.stream.pair, side)
        if place not in cycle.stream.hiding:
            continue
        with reading(cycle.environment.store) as db:
            waiting = inquiries.waiting(db, place, AT_ONCE)
        if not waiting:
            continue
        stream = cycle.stream
        with cycle.writing() as db:
            known = {
                m.key
                for m in members.with_keys(db, stream.pair, stream.resource, waiting)
                if m.side is side and m.link_id is not None
            }
            standing = cycle.environment.ledger.suppressed(db, waiting, stream.relatives)
            tell = [a for a in waiting if a not in known and a in standing]
            inquiries.remove(db, place, set(waiting) - set(tell))
            drafts = [_told(cycle, side, a) for a in tell]
            ops.stage(db, stream.pair, cycle.run_id, stream.resource, drafts)


def _told(cycle: Cycle, side: Side, address: str) -> Draft:
    told = {cycle.stream.policy.keys.first[side]: address}
    return Draft(
        link_id=NO_LINK,
        side=side,
        kind=OpKind.SUPPRESS,
        remote_id=None,
        patch=told,
        current=told,
        urgent=True,
        routine=True,
    )
