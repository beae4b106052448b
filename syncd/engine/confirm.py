"""Confirm: what the platform answered moves the shadows, and nothing else does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from syncd.core.consent import CONSENT, carried
from syncd.core.digest import digest
from syncd.core.match import DUPLICATE
from syncd.core.situation import OPTED_OUT
from syncd.engine.context import Cycle
from syncd.engine.effect import is_in_effect
from syncd.engine.inquire import note_opt_outs
from syncd.engine.observe import look_again, reference_of
from syncd.engine.optouts import addresses_of, keys_of
from syncd.errors import (
    DuplicateError,
    InDoubtError,
    OptedOutError,
    RecordError,
    StaleError,
    SyncdError,
)
from syncd.model.link import NO_LINK, Link, Member, Observation, State
from syncd.model.op import OpKind, OpState, Receipt
from syncd.model.plan import naming
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Consent, Fields, Level, SetDelta, Value
from syncd.store import (
    accounts,
    inquiries,
    links,
    members,
    observations,
    ops,
    readback,
    refusals,
    wake,
)
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
    doubted: dict[int, int] = field(default_factory=dict)  # creates in doubt before, by link


def confirm(
    cycle: Cycle,
    side: Side,
    sent: Sequence[Sent],
    receipts: Sequence[Receipt],
    unsent: Iterable[int],
) -> None:
    """Record the answers to ops of one side.

    Shadows advance by exactly the delta of the confirmed ops. A crash before the commit
    leaves the ops in `sending`, and `recover` looks at the platform.

    Args:
        unsent: ops that were claimed but, for certain, never sent.
    """
    by_id = {s.op.id: s for s in sent}
    batch = _Batch(doubted=_doubted(cycle, side, [by_id[r.op_id] for r in receipts if r.error]))
    for op_id in unsent:
        batch.states[op_id] = (OpState.DROPPED, "not sent")
    for receipt in receipts:
        _sort(cycle, side, by_id[receipt.op_id], receipt, batch)
    batch.told = [
        str(s.op.current[cycle.pair.policy.keys.first[side]])
        for s in sent
        if s.link_id == NO_LINK
        and batch.states.get(s.op.id, (None,))[0] in (OpState.DONE, OpState.DEAD)
    ]
    with cycle.writing() as db:
        _advance(db, cycle, side, batch.done)
        heard = _heard(db, cycle, side, batch)
        _park(db, cycle, batch)
        refusals.note(db, cycle.pair.name, batch.refused)
        ops.settle(db, batch.states)
        readback.note_verified(db, _verified(cycle, side, batch.done))
        inquiries.remove(db, (cycle.pair.name, side), batch.told)
        wake.by_keys(db, sorted(note_opt_outs(db, cycle, heard)))
        if any(getattr(r.error, "code", None) == UNKNOWN_FIELD for r in receipts):
            accounts.ask_anew(db, cycle.pair.accounts[side].name)
    for remote_id in batch.look:
        look_again(cycle, side, remote_id)


def _doubted(cycle: Cycle, side: Side, refused: Sequence[Sent]) -> dict[int, int]:
    """Of creates that were refused: those of the same links that were in doubt before."""
    creates = [s.link_id for s in refused if cycle.pair.awaits_id(side, s.op)]
    if not creates:
        return {}
    with reading(cycle.bench.store) as db:
        return ops.doubted(db, side, creates)


def _sort(cycle: Cycle, side: Side, sent: Sent, receipt: Receipt, batch: _Batch) -> None:
    error = receipt.error
    match error:
        case None if receipt.remote_id is None and cycle.pair.awaits_id(side, sent.op):
            batch.states[sent.op.id] = (OpState.TAKEN, None)
        case None:
            batch.done.append((sent, receipt))
            batch.states[sent.op.id] = (OpState.DONE, None)
        case InDoubtError():
            pass  # it stays in `sending`, for `recover`
        case OptedOutError():
            batch.states[sent.op.id] = (OpState.DROPPED, error.message)
            name = cycle.pair.policy.keys.first[side]
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
            batch.parked[sent.link_id] = error.code
        case _:
            batch.states[sent.op.id] = (OpState.DROPPED, _said(error))


def _heard(db: sa.Connection, cycle: Cycle, side: Side, batch: _Batch) -> list[OptOut]:
    """The opt-outs of which these answers tell: what a platform remembers, and what we wrote.

    That it still remembers one which the ledger knows is no news; nor is one that was lifted
    since, where it merely takes nothing for this address. Ours bear the date of their cause, or
    else happen now: what was lifted earlier does not count against them.
    """
    account = cycle.pair.accounts[side].name
    known, lifted = cycle.bench.ledger.words(db, batch.opted_out, cycle.pair.relatives)
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
    return heard


def _refused(cycle: Cycle, side: Side, sent: Sent, error: RecordError) -> list[Refusal]:
    """The values at fault, if the rest of the record can travel without them.

    The op is planned again without them. A new record cannot be made without its key; one that
    exists keeps the key that it has.
    """
    at_fault = [name for name in error.fields if name in sent.op.patch]
    if sent.op.kind is OpKind.CREATE and cycle.pair.policy.keys.first[side] in at_fault:
        return []
    code = naming(error.code, error.holder)
    return [Refusal(sent.link_id, side, name, sent.op.patch[name], code) for name in at_fault]


def _shared(cycle: Cycle, side: Side, sent: Sent, error: DuplicateError) -> list[Refusal]:
    """The values that a new record has in common with another, if none of them is a key.

    Then they are two, and the new one is made without these values. With a key among them,
    or where nobody knows what they share, it may be the same one: it is planned as a match.
    """
    keys = cycle.pair.policy.keys
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
    pair = cycle.pair
    parked = [
        replace(m, state=State.PARKED, cause=batch.parked[m.link_id], todo=False)
        for m in members.of_links(db, pair.name, pair.resource, batch.parked)
        if m.link_id is not None and m.state is not State.GONE
    ]
    members.save(db, pair.name, pair.resource, parked)


# -- what was carried out ----------------------------------------------------------------


def _advance(
    db: sa.Connection, cycle: Cycle, side: Side, done: Sequence[tuple[Sent, Receipt]]
) -> None:
    if not done:
        return
    pair = cycle.pair
    account = pair.accounts[side].name
    touched = {link.id: link for link in links.load(db, {sent.link_id for sent, _ in done})}
    ids = {rid for sent, receipt in done if (rid := _target(sent, receipt)) is not None}
    known = observations.load(db, account, pair.resource, ids)
    standing = members.load(db, pair.name, pair.resource, side, ids)
    shadows: dict[int, Both[Fields]] = {}
    fresh: dict[str, Observation] = {}
    marked: dict[str, Member] = {}
    left: set[str] = set()  # addresses that our own writes have freed for others
    for sent, receipt in done:
        link = touched.get(sent.link_id)
        if link is None:
            continue
        remote_id = _target(sent, receipt)
        shadows[link.id] = _moved(side, shadows.get(link.id, link.shadow), sent, receipt, cycle)
        if sent.op.kind is OpKind.CREATE and remote_id is not None:
            links.complete(db, link.id, side, remote_id)
        if remote_id is None:
            continue
        seen = _shown_after(
            cycle, side, sent, receipt, fresh.get(remote_id) or known.get(remote_id)
        )
        fresh[remote_id] = seen
        before = standing.get(remote_id)
        marked[remote_id] = _member_after(cycle, side, seen, before, link)
        if before is not None and before.key and before.key != marked[remote_id].key:
            left.add(before.key)
    links.save_shadows(db, shadows)
    links.end(db, {sent.link_id: sent.ends for sent, _ in done if sent.ends})
    observations.save(db, account, pair.resource, list(fresh.values()), cycle.run_id)
    wake.by_records(db, pair.sharing[side], pair.resource, fresh)
    members.save(db, pair.name, pair.resource, list(marked.values()))
    wake.by_links(db, touched)
    wake.by_keys(db, sorted(left))


def _verified(cycle: Cycle, side: Side, done: Sequence[tuple[Sent, Receipt]]) -> dict[int, bool]:
    """Of the ops whose answer shows the record: whether it shows them in effect."""
    return {
        sent.op.id: is_in_effect(cycle, sent, cycle.pair.observed(side, receipt.record))
        for sent, receipt in done
        if receipt.record is not None and sent.op.kind in (OpKind.CREATE, OpKind.UPDATE)
    }


def _target(sent: Sent, receipt: Receipt) -> str | None:
    return receipt.remote_id or sent.op.remote_id


def _moved(
    side: Side, shadow: Both[Fields], sent: Sent, receipt: Receipt, cycle: Cycle
) -> Both[Fields]:
    """Both shadows after one op; the target's as its own answer shows it, if it does."""
    after = Both(*(links.advanced(shadow[s], sent.advance[s]) for s in SIDES))
    if receipt.record is None:
        return Both(after.left, after.right)
    answered = cycle.pair.observed(side, receipt.record)
    for name, value in sent.advance[side].items():
        if name in answered and not isinstance(value, SetDelta | frozenset):
            after[side][name] = answered[name]
    return Both(after.left, after.right)


def _shown_after(
    cycle: Cycle, side: Side, sent: Sent, receipt: Receipt, old: Observation | None
) -> Observation:
    """What the target shows now: by its answer, or else as its Spec says it stores things."""
    before: dict[str, Value] = dict(old.fields) if old else {}
    if sent.op.kind is OpKind.CREATE:
        before = dict.fromkeys(cycle.pair.fields[side] - before.keys()) | before
    for name, value in sent.op.patch.items():
        before[name] = _applied(before.get(name), value)
    record = receipt.record
    if record is not None:
        answered = cycle.pair.observed(side, record)
        spec = cycle.pair.specs[side].consent
        if spec is not None and spec.readable:
            answered = carried(before, answered, cycle.bench.now())
        before.update(answered)
    gone = sent.op.kind is OpKind.DELETE
    return Observation(
        remote_id=_target(sent, receipt) or "",
        fields=before,
        digest=digest(before, gone=gone),
        version=(record.version if record else None) or (old.version if old else None),
        modified=(record.modified if record else None) or (old.modified if old else None),
        gone=gone,
        parent_id=old.parent_id if old else None,
    )


def _applied(old: Value, new: Value | SetDelta) -> Value:
    if isinstance(new, SetDelta):
        return new.on(old if isinstance(old, frozenset) else frozenset()) or None
    return new


def _member_after(
    cycle: Cycle, side: Side, seen: Observation, old: Member | None, link: Link
) -> Member:
    key, second = keys_of(cycle, side, seen.fields)
    state = State.GONE if seen.gone else State.LINKED
    return Member(
        side=side,
        remote_id=seen.remote_id,
        key=key,
        second=second,
        state=state if old is None or seen.gone else old.state,
        cause=None,
        link_id=link.id,
        digest=seen.digest,
        todo=True,
        reference=reference_of(cycle, side, seen.fields),
    )
