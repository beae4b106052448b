"""Advance: what was carried out moves the shadows, and is what the target shows from then on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from syncd.core.consent import carried
from syncd.core.digest import digest
from syncd.engine import journal
from syncd.engine.context import Cycle
from syncd.engine.derive import follow
from syncd.engine.effect import is_in_effect
from syncd.engine.journal import Written
from syncd.engine.optouts import keys_of
from syncd.engine.settled import fields_heeded, is_plain, is_whole
from syncd.engine.standing import keep, reference_of, stir
from syncd.model.link import Link, Member, Observation, State
from syncd.model.op import OpKind, Receipt
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields, SetDelta, Value
from syncd.store import conflicts, cursors, fanout, links, members, observations, wake
from syncd.store.ops import Sent

Done = Sequence[tuple[Sent, Receipt]]


def told_of_others(db: sa.Connection, cycle: Cycle, side: Side, done: Done) -> set[int]:
    """Creates whose answer tells the id of a record that is known as another link's.

    The platform looked its new record up by the address, which somebody has moved meanwhile.
    """
    created = [
        (sent, receipt.remote_id)
        for sent, receipt in done
        if sent.op.kind is OpKind.CREATE and receipt.remote_id is not None
    ]
    claims: dict[str, set[int]] = {}
    for sent, remote_id in created:
        claims.setdefault(remote_id, set()).add(sent.link_id)
    stream = cycle.stream
    known = members.load(db, stream.pair, stream.resource, side, claims) if claims else {}
    for remote_id, member in known.items():
        claims[remote_id] |= {member.link_id} if member.link_id is not None else set()
    return {sent.op.id for sent, remote_id in created if len(claims[remote_id]) > 1}


def advance(db: sa.Connection, cycle: Cycle, side: Side, done: Done) -> dict[int, bool]:
    """Move shadows by the deltas of these ops, and take in what their targets show now.

    Returns:
        Of ops whose answer shows the record, whether it shows them in effect.
    """
    if not done:
        return {}
    stream = cycle.stream
    account = stream.accounts[side].name
    touched = {link.id: link for link in links.load(db, {sent.link_id for sent, _ in done})}
    ids = {rid for sent, receipt in done if (rid := _target(sent, receipt)) is not None}
    known = observations.load(db, account, stream.resource, ids, locked=bool(stream.derived[side]))
    standing = members.load(db, stream.pair, stream.resource, side, ids)
    shadows: dict[int, Both[Fields]] = {}
    fresh: dict[str, Observation] = {}
    marked: dict[str, Member] = {}
    answers = _answers(cycle, side, done)
    verified = _verified(cycle, done, answers)
    troubled = conflicts.troubled(db, stream.pair, touched)
    heeded = fields_heeded(stream, side)
    settled: set[int] = set()  # links about which planning again would decide nothing new
    unsettled: set[int] = set()
    made: dict[int, str] = {}  # ids of new records, by link
    left: set[str] = set()  # addresses that our own writes have freed for others
    written: list[Written] = []
    for sent, receipt in done:
        link = touched.get(sent.link_id)
        if link is None:
            written.append(Written(sent))
            continue
        remote_id = _target(sent, receipt)
        answer = answers.get(sent.op.id, {})
        shadows[link.id] = _moved(side, shadows.get(link.id, link.shadow), sent, answer)
        if sent.op.kind is OpKind.CREATE and remote_id is not None:
            made[link.id] = remote_id
        if remote_id is None:
            written.append(Written(sent, link))
            continue
        old = fresh.get(remote_id) or known.get(remote_id)
        wanted = _wanted(cycle, side, sent, old)
        seen = _shown_after(sent, receipt, old, _fields_after(cycle, side, wanted, answer))
        fresh[remote_id] = seen
        written.append(Written(sent, link, old, seen))
        before = standing.get(remote_id)
        marked[remote_id] = _member_after(cycle, side, seen, before, link)
        as_wanted = seen.fields == wanted and verified.get(sent.op.id, True)
        if link.id in troubled or not (as_wanted and is_plain(stream, sent, before, heeded)):
            unsettled.add(link.id)
        elif sent.op.kind is not OpKind.CREATE or is_whole(stream, side, shadows[link.id]):
            settled.add(link.id)
        if before is not None and before.key and before.key != marked[remote_id].key:
            left.add(before.key)
    links.save_shadows(db, shadows, side, made)
    links.end(db, {sent.link_id: sent.ends for sent, _ in done if sent.ends})
    # Who was made behind the page that a sweep has reached is not missing in it.
    sweep = cursors.load(db, stream.pair, side, stream.resource).sweep or cycle.run_id
    observations.save(db, account, stream.resource, list(fresh.values()), sweep)
    journal.wrote(db, cycle, side, written)
    fanout.tell(db, account, stream.resource, stream.pair, fresh.keys())
    follow(db, cycle, side, known, fresh.values())
    settled -= unsettled
    for waking in (True, False):
        those = [m for m in marked.values() if (m.link_id not in settled) is waking]
        after = [replace(m, todo=waking) for m in those]
        keep(db, stream, after, waking=waking)
    members.no_longer_wait(db, sorted(settled & made.keys()))
    if stream.children:
        stir(db, stream, members.of_links(db, sorted(settled & made.keys())))
    wake.by_links(db, sorted(touched.keys() - settled))
    wake.by_keys(db, sorted(left))
    return verified


def _answers(cycle: Cycle, side: Side, done: Done) -> dict[int, Fields]:
    """What the answers show of the records, by the ops that have such an answer."""
    return {
        sent.op.id: cycle.stream.observed(side, receipt.record)
        for sent, receipt in done
        if receipt.record is not None
    }


def _verified(cycle: Cycle, done: Done, answers: Mapping[int, Fields]) -> dict[int, bool]:
    """Of the ops whose answer shows the record: whether it shows them in effect."""
    return {
        sent.op.id: is_in_effect(cycle, sent, answers[sent.op.id])
        for sent, _ in done
        if sent.op.id in answers and sent.op.kind in (OpKind.CREATE, OpKind.UPDATE)
    }


def _target(sent: Sent, receipt: Receipt) -> str | None:
    return receipt.remote_id or sent.op.remote_id


def _moved(side: Side, shadow: Both[Fields], sent: Sent, answer: Fields) -> Both[Fields]:
    """Both shadows after one op; the target's as its own answer shows it, if it does."""
    after = Both(*(links.advanced(shadow[s], sent.advance[s]) for s in SIDES))
    for name, value in sent.advance[side].items():
        if name in answer and not isinstance(value, SetDelta | frozenset):
            after[side][name] = answer[name]
    return Both(after.left, after.right)


def _wanted(cycle: Cycle, side: Side, sent: Sent, old: Observation | None) -> Fields:
    """What the target shows after a write, as its Spec says that it stores things."""
    after: dict[str, Value] = dict(old.fields) if old else {}
    if sent.op.kind is OpKind.CREATE:
        after = dict.fromkeys(cycle.stream.fields[side] - after.keys()) | after
    for name, value in sent.op.patch.items():
        after[name] = _applied(after.get(name), value)
    return after


def _fields_after(cycle: Cycle, side: Side, wanted: Fields, answer: Fields) -> Fields:
    """What the target shows now: by its answer, or else what was wanted."""
    spec = cycle.stream.specs[side].consent
    if spec is not None and spec.readable:
        answer = carried(wanted, answer, cycle.environment.now())
    return {**wanted, **answer}


def _shown_after(
    sent: Sent, receipt: Receipt, old: Observation | None, fields: Fields
) -> Observation:
    record = receipt.record
    gone = sent.op.kind is OpKind.DELETE
    return Observation(
        remote_id=_target(sent, receipt) or "",
        fields=fields,
        digest=digest(fields, gone=gone),
        version=(record.version if record else None) or (old.version if old else None),
        modified=(record.modified if record else None) or (old.modified if old else None),
        gone=gone,
        parent_id=_parent_after(sent, old),
    )


def _parent_after(sent: Sent, old: Observation | None) -> str | None:
    """The contact to which a record belongs now."""
    given = sent.op.kind is OpKind.CREATE or sent.op.moves or old is None
    return sent.op.parent_id if given or old is None else old.parent_id


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
        parent_id=seen.parent_id,
    )
