"""Confirm: what the platform answered moves the shadows, and nothing else does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from syncd.core.consent import CONSENT, OURS, shown
from syncd.core.match import DUPLICATE
from syncd.core.situation import OPTED_OUT
from syncd.engine import journal
from syncd.engine.advance import advance, told_of_others
from syncd.engine.context import Cycle
from syncd.engine.inquire import note_opt_outs
from syncd.engine.observe import look_again
from syncd.engine.optouts import addresses_of, keys_of
from syncd.engine.standing import keep
from syncd.errors import (
    DuplicateError,
    InDoubtError,
    OptedOutError,
    RecordError,
    StaleError,
    SyncdError,
)
from syncd.model.link import NO_LINK, State
from syncd.model.op import OpKind, OpState, Receipt
from syncd.model.plan import naming
from syncd.model.side import Side
from syncd.model.values import Consent, Level
from syncd.store import accounts, doubts, inquiries, links, members, ops, refusals, wake
from syncd.store.database import reading
from syncd.store.ops import Sent
from syncd.store.refusals import Refusal
from syncd.store.suppressions import OptOut

UNKNOWN_FIELD = "unknown_field"  # as connectors say of a field that is not in the catalogue


@dataclass(slots=True)
class _Batch:
    """What one transaction is going to write."""

    states: dict[int, tuple[OpState, str | None]] = field(default_factory=dict)
    done: list[tuple[Sent, Receipt]] = field(default_factory=list)
    parked: dict[int, str] = field(default_factory=dict)  # cause by link
    look: list[str] = field(default_factory=list)  # ids of records to read again
    opted_out: dict[str, int] = field(default_factory=dict)  # link by address
    told: list[str] = field(default_factory=list)  # addresses without a record known to us
    refused: list[Refusal] = field(default_factory=list)
    dead: dict[int, str] = field(default_factory=dict)  # code by op
    doubted: dict[int, int] = field(default_factory=dict)  # creates in doubt before, by link


def confirm(
    cycle: Cycle,
    side: Side,
    sent: Sequence[Sent],
    receipts: Sequence[Receipt],
    unsent: Iterable[int],
    later: Iterable[int] = (),
) -> None:
    """Record the answers to ops of one side.

    Shadows advance by exactly the delta of the confirmed ops. A crash before the commit
    leaves the ops in `sending`, and `recover` looks at the platform.

    Args:
        unsent: ops of batches that were broken off before it was their turn: never sent, for
            certain.
        later: ops whose turn is still to come.
    """
    by_id = {s.op.id: s for s in sent}
    batch = _Batch(doubted=_doubted(cycle, side, [by_id[r.op_id] for r in receipts if r.error]))
    for op_id in unsent:
        batch.states[op_id] = (OpState.DROPPED, "not sent")
    for receipt in receipts:
        _sort(cycle, side, by_id[receipt.op_id], receipt, batch)
    batch.told = [
        str(s.op.current[cycle.stream.policy.keys.first[side]])
        for s in sent
        if s.link_id == NO_LINK
        and batch.states.get(s.op.id, (None,))[0] in (OpState.DONE, OpState.DEAD)
    ]
    with cycle.writing() as db:
        strangers = told_of_others(db, cycle, side, batch.done)
        batch.done = [one for one in batch.done if one[0].op.id not in strangers]
        for op_id in strangers:  # they stay in `sending`, for `recover`
            del batch.states[op_id]
        verified = advance(db, cycle, side, batch.done)
        heard = _heard(db, cycle, side, batch)
        journal.refused(db, cycle, side, sent, batch.dead, batch.refused)
        _park(db, cycle, batch)
        refusals.note(db, cycle.stream.pair, batch.refused)
        ops.settle(db, batch.states, verified)
        ops.give_back(db, later)
        wake.by_links(db, _to_plan_again(sent, batch))
        inquiries.remove(db, (cycle.stream.pair, side), batch.told)
        wake.by_keys(db, sorted(note_opt_outs(db, cycle, heard)))
        if any(getattr(r.error, "code", None) == UNKNOWN_FIELD for r in receipts):
            accounts.ask_anew(db, cycle.stream.accounts[side].name)
    for remote_id in batch.look:
        look_again(cycle, side, remote_id)


def _to_plan_again(sent: Sequence[Sent], batch: _Batch) -> set[int]:
    """Links of ops that were dropped, but for those that are parked for it."""
    dropped = {i for i, (state, _) in batch.states.items() if state is OpState.DROPPED}
    return {s.link_id for s in sent if s.op.id in dropped} - batch.parked.keys()


def _doubted(cycle: Cycle, side: Side, refused: Sequence[Sent]) -> dict[int, int]:
    """Of creates that were refused: those of the same links that were in doubt before."""
    creates = [s.link_id for s in refused if cycle.stream.awaits_id(side, s.op)]
    if not creates:
        return {}
    with reading(cycle.environment.store) as db:
        return doubts.doubted(db, side, creates)


def _sort(cycle: Cycle, side: Side, sent: Sent, receipt: Receipt, batch: _Batch) -> None:
    error = receipt.error
    match error:
        case None if receipt.remote_id is None and cycle.stream.awaits_id(side, sent.op):
            batch.states[sent.op.id] = (OpState.TAKEN, None)
        case None:
            batch.done.append((sent, receipt))
            batch.states[sent.op.id] = (OpState.DONE, None)
        case InDoubtError():
            pass  # it stays in `sending`, for `recover`
        case OptedOutError():
            batch.states[sent.op.id] = (OpState.DROPPED, error.message)
            name = cycle.stream.policy.keys.first[side]
            address = sent.op.patch.get(name, sent.op.current.get(name))
            key, _ = keys_of(cycle, side, {name: _text(address)})
            if key:
                batch.opted_out[key] = sent.link_id
        case RecordError() if sent.link_id in batch.doubted and not error.fields:
            # The create that was in doubt was carried out: what it made is ours, and arrives.
            batch.states[sent.op.id] = (OpState.DROPPED, _said(error))
            batch.states[batch.doubted[sent.link_id]] = (OpState.TAKEN, None)
        case DuplicateError():
            batch.states[sent.op.id] = (OpState.DROPPED, error.message)
            if error.remote_id:
                batch.look.append(error.remote_id)
            if shared := _shared(cycle, side, sent, error):
                batch.refused.extend(shared)
            else:
                batch.parked[sent.link_id] = "duplicate_there"
        case StaleError():
            batch.states[sent.op.id] = (OpState.DROPPED, error.message)
            if sent.op.remote_id:
                batch.look.append(sent.op.remote_id)
        case RecordError() if refused := _refused(cycle, side, sent, error):
            batch.states[sent.op.id] = (OpState.DROPPED, _said(error))
            batch.refused.extend(refused)
        case RecordError():
            batch.states[sent.op.id] = (OpState.DEAD, _said(error))
            batch.dead[sent.op.id] = error.code
            batch.parked[sent.link_id] = error.code
        case _:
            batch.states[sent.op.id] = (OpState.DROPPED, _said(error))


def _heard(db: sa.Connection, cycle: Cycle, side: Side, batch: _Batch) -> list[OptOut]:
    """The opt-outs of which these answers tell: what a platform remembers, and what we wrote.

    That it still remembers one which the ledger knows is no news; nor is one that was lifted
    since, where it merely takes nothing for this address. Ours bear the date of their cause, or
    else happen now: what was lifted earlier does not count against them.
    """
    account = cycle.stream.accounts[side].name
    known, lifted = cycle.environment.ledger.words(db, batch.opted_out, cycle.stream.relatives)
    for address in lifted:
        batch.parked[batch.opted_out[address]] = OPTED_OUT
    new = batch.opted_out.keys() - known.keys() - lifted.keys()
    heard = [OptOut(account, address, None, account) for address in sorted(new)]
    for sent, _ in batch.done:
        wrote = sent.op.patch.get(CONSENT)
        if isinstance(wrote, Consent) and wrote.level is Level.REVOKED:
            record = links.advanced(sent.op.current, sent.op.patch)
            told = addresses_of(cycle, side, record)
            heard += [OptOut(account, a, wrote.at, wrote.source, anew=True) for a in sorted(told)]
    return heard + _moved_opt_outs(db, cycle, side, batch)


def _moved_opt_outs(db: sa.Connection, cycle: Cycle, side: Side, batch: _Batch) -> list[OptOut]:
    """What a record shows of an opt-out under an address that we gave it ourselves.

    Nobody has opted out by that: it bears the date of what was last said of that address, or else
    of the one that the record had.
    """
    moved: list[tuple[frozenset[str], frozenset[str]]] = []  # addresses it had, and has now too
    for sent, _ in batch.done:
        current = sent.op.current
        if CONSENT in sent.op.patch or shown(current).level is not Level.REVOKED:
            continue
        had = addresses_of(cycle, side, current)
        new = addresses_of(cycle, side, links.advanced(current, sent.op.patch)) - had
        if new:
            moved.append((had, new))
    if not moved:
        return []
    every = {address for had, new in moved for address in had | new}
    out, lifted = cycle.environment.ledger.words(db, every, cycle.stream.relatives)
    said, account = {**lifted, **out}, cycle.stream.accounts[side].name
    found = list[OptOut]()
    for had, new in moved:
        before = max((said[a] for a in had if a in said), default=None)
        found += [OptOut(account, a, said.get(a, before), OURS) for a in sorted(new)]
    return found


def _refused(cycle: Cycle, side: Side, sent: Sent, error: RecordError) -> list[Refusal]:
    """The values at fault, if the rest of the record can travel without them.

    The op is planned again without them. A new record cannot be made without its key, or what
    tells it from others; one that exists keeps what it has.
    """
    at_fault = [name for name in error.fields if name in sent.op.patch]
    if sent.op.kind is OpKind.CREATE and not cycle.stream.needed(side).isdisjoint(at_fault):
        return []
    code = naming(error.code, error.holder)
    return [Refusal(sent.link_id, side, name, sent.op.patch[name], code) for name in at_fault]


def _shared(cycle: Cycle, side: Side, sent: Sent, error: DuplicateError) -> list[Refusal]:
    """The values that a new record has in common with another, if none of them is a key.

    Then they are two, and the new one is made without these values. With a key among them,
    or where nobody knows what they share, it may be the same one: it is planned as a match.
    """
    keys = cycle.stream.policy.keys
    first, second = keys.first[side], keys.second[side] if keys.second else None
    if not error.fields or {first, second} & {*error.fields}:
        return []
    code = naming(DUPLICATE, error.remote_id)
    at_fault = [name for name in error.fields if name in sent.op.patch]
    return [Refusal(sent.link_id, side, name, sent.op.patch[name], code) for name in at_fault]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _said(error: SyncdError) -> str:
    return str(error)[:500]


def _park(db: sa.Connection, cycle: Cycle, batch: _Batch) -> None:
    """Park the records whose op was refused; an edit or `syncd retry` tries again."""
    if not batch.parked:
        return
    stream = cycle.stream
    found = [
        m
        for m in members.of_links(db, batch.parked, locked=True)
        if m.link_id is not None and m.state is not State.GONE
    ]
    parked = [replace(m, state=State.PARKED, cause=batch.parked[m.link_id or 0]) for m in found]
    keep(db, stream, parked)
    journal.parked(db, cycle, zip(found, parked, strict=True))
