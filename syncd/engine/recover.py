"""Recover: ops whose answer was never recorded are looked up before anything is planned."""

from collections.abc import Sequence

from syncd.core.consent import CONSENT
from syncd.engine.confirm import confirm
from syncd.engine.context import Cycle
from syncd.engine.effect import hides, is_in_effect, is_made_by, may_be_in_effect
from syncd.engine.fields import believed
from syncd.engine.observe import look, look_again, take_in_one
from syncd.errors import RecordError
from syncd.model.op import OpKind, OpState, Receipt
from syncd.model.record import Record
from syncd.model.side import Side
from syncd.store import doubts, links, members, ops, wake
from syncd.store.database import reading
from syncd.store.ops import Sent

NOT_FOUND = "not found in effect"


def recover(cycle: Cycle) -> int:
    """Settle every op in doubt, and throw away what was never sent; how many were in doubt.

    An op found in effect is confirmed. One that is not is dropped, so that it is planned
    again from what the platform shows. A create that no look-up finds stays in doubt until
    the platform's index must have caught up: planning it again too early would double it.
    What a look cannot tell may yet show in a listing (`settle_arrivals`), and is planned again
    meanwhile: to write the same fields twice does no harm, and where ids follow the platform
    keeps the key unique, so that a create that was carried out is refused the second time.
    """
    found, after = 0, 0
    while True:
        with reading(cycle.environment.store) as db:
            doubtful = doubts.in_doubt(
                db, cycle.stream.pair, cycle.stream.resource, cycle.stream.chunk, after
            )
        if not doubtful:
            break
        for sent in doubtful:
            if cycle.stream.awaits_id(sent.side, sent.op):
                _leave_open(cycle, sent)
            elif sent.op.kind is OpKind.CREATE:
                _recover_create(cycle, sent)
            else:
                _recover_write(cycle, sent)
            cycle.environment.crash("recover")
        found, after = found + len(doubtful), doubtful[-1].op.id
    with reading(cycle.environment.store) as db:
        unsent = ops.has_unsent(db, cycle.stream.pair)
    if unsent:
        with cycle.writing() as db:
            ops.drop_unsent(db, cycle.stream.pair)
    return found


def _recover_write(cycle: Cycle, sent: Sent) -> None:
    stream, side, remote_id = cycle.stream, sent.side, sent.op.remote_id
    if remote_id is None:  # a suppress: doing it twice is harmless
        _drop(cycle, sent)
        return
    record = look(cycle, side, remote_id)
    if record is None:
        _leave_open(cycle, sent)
        return
    shown = stream.observed(side, record)
    if sent.op.kind is OpKind.DELETE:
        in_effect = record.gone
    else:
        there = not sent.op.moves or sent.op.parent_id == record.parent_id
        in_effect = there and not record.gone and is_in_effect(cycle, sent, shown)
    take_in_one(cycle, side, record, own=in_effect and CONSENT in sent.op.patch)
    if in_effect:
        # What stands there beyond our write is seen as an edit of somebody else.
        confirm(cycle, side, [sent], [Receipt(sent.op.id, remote_id, record)], ())
    elif not record.gone and hides(sent, shown) and may_be_in_effect(cycle, sent, shown):
        _leave_open(cycle, sent)
    else:
        _drop(cycle, sent)


def _recover_create(cycle: Cycle, sent: Sent) -> None:
    side = sent.side
    with reading(cycle.environment.store) as db:
        link = next(iter(links.load(db, [sent.link_id])), None)
    if link is None or link.ids[side] is not None:
        _drop(cycle, sent)  # its record has turned up and been joined already
        return
    try:
        found = [record for record in _look_up(cycle, sent) if not record.gone]
    except RecordError:
        return  # its platform refuses to show one of them: it stays in doubt
    for record in found:
        take_in_one(cycle, side, record)
    ours = _made_by(cycle, sent, found)
    if ours is not None:
        confirm(cycle, side, [sent], [Receipt(sent.op.id, ours.remote_id)], ())
        look_again(cycle, side, ours.remote_id)
    elif (found and cycle.stream.parent is None) or _is_settled(cycle, sent):
        _drop(cycle, sent)


def _made_by(cycle: Cycle, sent: Sent, found: Sequence[Record]) -> Record | None:
    """The one of these records that a create has made, if one of them is that.

    Who has a counterpart already is another one. Of two that have none, with one key, nobody can
    tell; of what belongs to a contact any is as good that says what we sent, as had there been
    one before, nothing would have been made.
    """
    linked = _linked(cycle, sent.side, found)
    free = [record for record in found if record.remote_id not in linked]
    if cycle.stream.parent is None and len(free) > 1:
        return None
    return next(
        (
            record
            for record in free
            if is_made_by(cycle, sent, cycle.stream.observed(sent.side, record))
        ),
        None,
    )


def _look_up(cycle: Cycle, sent: Sent) -> list[Record]:
    """Who bears the reference that we sent or, if nobody does, the key; or all of its contact."""
    stream, side = cycle.stream, sent.side
    if stream.parent is not None:
        found = stream.nested(side).children(
            stream.resource, sent.op.parent_id or "", fields=stream.fields[side]
        )
        return list(believed(cycle, side, found))
    for name in (stream.planner.references[side], stream.policy.keys.first[side]):
        value = sent.op.patch.get(name) if name else None
        if name not in stream.specs[side].finds or not isinstance(value, str):
            continue
        found = stream.connector(side).find(
            stream.resource, name, value, fields=stream.fields[side]
        )
        if found:
            return list(believed(cycle, side, found))
    return []


def _linked(cycle: Cycle, side: Side, found: Sequence[Record]) -> set[str]:
    """The ids of those that have a counterpart, or wait for one."""
    with reading(cycle.environment.store) as db:
        known = members.load(
            db, cycle.stream.pair, cycle.stream.resource, side, [r.remote_id for r in found]
        )
    return {m.remote_id for m in known.values() if m.link_id is not None}


def _is_settled(cycle: Cycle, sent: Sent) -> bool:
    """Whether the platform's index must show the record by now, had it been made."""
    lag = cycle.stream.specs[sent.side].index_lag
    return sent.sent_at is None or cycle.environment.now() - sent.sent_at >= lag


def _leave_open(cycle: Cycle, sent: Sent) -> None:
    """Let a listing tell whether fields were written; anything else is sent until it is known."""
    fields_only = sent.op.kind is not OpKind.DELETE and CONSENT not in sent.op.patch
    _settle(cycle, sent, OpState.DOUBTED if fields_only else OpState.DROPPED)


def _drop(cycle: Cycle, sent: Sent) -> None:
    _settle(cycle, sent, OpState.DROPPED)


def _settle(cycle: Cycle, sent: Sent, state: OpState) -> None:
    with cycle.writing() as db:
        ops.settle(db, {sent.op.id: (state, NOT_FOUND)})
        wake.by_links(db, [sent.link_id])
