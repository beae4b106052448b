"""What the steps of a cycle tell the journal, each in the transaction of what it tells.

Whatever changes an observation tells the whole of it: by the look that showed it, or by the
confirmation of the write. So what is known of a record follows from what appeared and the entries
since, and the echo of a write of ours is no change any more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from syncd.core.changed import changed
from syncd.core.situation import DELETED
from syncd.engine.context import Cycle
from syncd.engine.ours import Look, ours_among
from syncd.model.entry import CONTACT_OF, IN_DOUBT, PLATFORM, SEEN, SYNCD, Entry, Kind
from syncd.model.link import Link, Member, Observation, State
from syncd.model.op import OpKind
from syncd.model.plan import LinkPlan, word_of
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields, Value
from syncd.store import journal, links
from syncd.store.choices import as_one
from syncd.store.conflicts import Wanted
from syncd.store.ops import Sent
from syncd.store.refusals import Refusal

NOTHING: tuple[Fields, Fields] = ({}, {})

_WROTE = {
    OpKind.CREATE: Kind.CREATED,
    OpKind.UPDATE: Kind.UPDATED,
    OpKind.DELETE: Kind.DELETED,
    OpKind.SUPPRESS: Kind.SUPPRESSED,
}


def _add(db: sa.Connection, cycle: Cycle, entries: Sequence[Entry]) -> None:
    now = cycle.environment.now()
    journal.add(db, cycle.stream.pair, cycle.run_id, now, entries)


# -- what was seen ----------------------------------------------------------------------------


def seen(
    db: sa.Connection,
    cycle: Cycle,
    side: Side,
    looks: Iterable[Look],
    standing: Mapping[str, Member],
    *,
    baseline: bool,
) -> None:
    """Tell what an account has shown for the first time, or otherwise than before.

    Args:
        standing: those that were known to the pair before.
        baseline: they are shown by a first full listing.
    """
    news = [look for look in looks if _is_news(*look)]
    if not news:
        return
    written = ours_among(db, cycle, side, news, standing)
    account, resource = cycle.stream.accounts[side].name, cycle.stream.resource
    entries: list[Entry] = []
    for old, now in news:
        member, sent = standing.get(now.remote_id), written.get(now.remote_id)
        link_id = member.link_id if member else None
        place = (account, resource, now.remote_id)
        if old is not None:
            of = Entry(Kind.CHANGED, PLATFORM, *place, link_id)
            entries += _changes(of, old, now, sent)
        elif sent is not None:
            entries.append(Entry(Kind.APPEARED, SYNCD, *place, sent.link_id, cause=IN_DOUBT))
        else:
            entries.append(Entry(Kind.APPEARED, PLATFORM, *place, link_id, baseline=baseline))
    _add(db, cycle, entries)


def followed(
    db: sa.Connection, cycle: Cycle, side: Side, looks: Iterable[tuple[Observation, Observation]]
) -> None:
    """Tell what fields of contacts say now that follow from other records."""
    of = Entry(
        kind=Kind.CHANGED,
        actor=SYNCD,
        account=cycle.stream.accounts[side].name,
        resource=Resource.CONTACT,
    )
    entries: list[Entry] = []
    for old, now in looks:
        entries += _changes(replace(of, remote_id=now.remote_id), old, now, None)
    _add(db, cycle, entries)


def _is_news(old: Observation | None, now: Observation) -> bool:
    return old is None or (old.digest, old.parent_id) != (now.digest, now.parent_id)


def _changes(of: Entry, old: Observation, now: Observation, sent: Sent | None) -> list[Entry]:
    """The entries of one look; what we may have written ourselves stands apart from the rest."""
    found: list[Entry] = []
    ours = of if sent is None else replace(of, actor=SYNCD, cause=IN_DOUBT)
    if old.parent_id != now.parent_id:
        mover = ours if sent is not None and sent.op.moves else of
        before, after = _contacts(old, now)
        found.append(replace(mover, kind=Kind.MOVED, before=before, after=after))
    before, after = changed(old.fields, now.fields)
    names = before.keys() | after.keys()
    written = names & sent.op.patch.keys() if sent is not None else set[str]()
    for some, part in ((written, ours), (names - written, of)):
        if some:
            kind = Kind.CHANGED if before.keys() & some else Kind.LEARNED
            found.append(
                replace(part, kind=kind, before=_only(before, some), after=_only(after, some))
            )
    if old.gone is not now.gone:
        found.append(replace(ours, kind=Kind.GONE if now.gone else Kind.RETURNED))
    return found


def _contacts(old: Observation, now: Observation) -> tuple[Fields, Fields]:
    return {CONTACT_OF: old.parent_id}, {CONTACT_OF: now.parent_id}


def _only(fields: Fields, names: Iterable[str]) -> dict[str, Value]:
    wanted = {*names}
    return {name: value for name, value in fields.items() if name in wanted}


# -- what was written -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """A write that was carried out.

    Attributes:
        link: None where the address told is of nobody that we know.
        old, now: what its target showed, and shows; None where it has no record.
    """

    sent: Sent
    link: Link | None = None
    old: Observation | None = None
    now: Observation | None = None


def wrote(db: sa.Connection, cycle: Cycle, side: Side, done: Iterable[Written]) -> None:
    """Tell what was carried out, as its target shows it now; and links that end by it."""
    entries: list[Entry] = []
    for one in done:
        entries.append(_write(cycle, side, one))
        if one.sent.ends and one.link is not None:
            entries.append(_of_link(cycle, one.link, Kind.ENDED, cause=one.sent.ends))
    _add(db, cycle, entries)


def _write(cycle: Cycle, side: Side, one: Written) -> Entry:
    kind = _WROTE[one.sent.op.kind]
    if one.now is None:
        return _about_write(cycle, side, one.sent, one.link, kind)
    before, after = changed(one.old.fields, one.now.fields) if one.old else NOTHING
    if one.old is not None and one.old.parent_id != one.now.parent_id:
        was, belongs = _contacts(one.old, one.now)
        before, after = {**before, **was}, {**after, **belongs}
    return Entry(
        kind=kind,
        actor=SYNCD,
        account=cycle.stream.accounts[side].name,
        resource=cycle.stream.resource,
        remote_id=one.now.remote_id,
        link_id=one.sent.link_id,
        before=before,
        after=after,
        cause=SEEN if one.old and _was_shown(kind, one.old, one.now) else None,
    )


def _was_shown(kind: Kind, old: Observation, now: Observation) -> bool:
    """Whether a look had shown a write before its answer was known.

    It has shown a record that is there already, though more is known of what we made ourselves.
    """
    return not _is_news(old, now) or (kind is Kind.CREATED and not old.gone)


def _about_write(cycle: Cycle, side: Side, sent: Sent, link: Link | None, kind: Kind) -> Entry:
    """An entry of a write: of its target if it has one, or else of whose counterpart that is."""
    here = side
    if sent.op.remote_id is None and link is not None and link.ids[side.other] is not None:
        here = side.other
    account = cycle.stream.accounts
    return Entry(
        kind=kind,
        actor=SYNCD,
        account=account[here].name,
        resource=cycle.stream.resource,
        remote_id=sent.op.remote_id if here is side or link is None else link.ids[here],
        link_id=link.id if link else None,
        target=account[side].name if here is not side else None,
    )


# -- why something is not written, or waits ---------------------------------------------------


def refused(
    db: sa.Connection,
    cycle: Cycle,
    side: Side,
    sent: Sequence[Sent],
    dead: Mapping[int, str],
    values: Sequence[Refusal],
) -> None:
    """Tell which writes were refused for good, and which values.

    Args:
        dead: the code of each refusal, by op.
        values: those without which the rest travels.
    """
    if not dead and not values:
        return
    by_link = {one.link_id: one for one in sent}
    ids = {one.link_id for one in sent if one.op.id in dead} | {v.link_id for v in values}
    found = {link.id: link for link in links.load(db, ids)}
    wanted = [(one, one.op.patch, dead[one.op.id]) for one in sent if one.op.id in dead]
    wanted += [(by_link[v.link_id], {v.field: v.value}, word_of(v.code)) for v in values]
    entries = []
    for one, patch, cause in wanted:
        entry = _about_write(cycle, side, one, found.get(one.link_id), Kind.REFUSED)
        shown = _only(one.op.current, patch) if one.op.remote_id else {}
        entries.append(replace(entry, before=shown, after=dict(patch), cause=cause))
    _add(db, cycle, entries)


def parked(db: sa.Connection, cycle: Cycle, records: Iterable[tuple[Member, Member]]) -> None:
    """Tell which records wait for something from now on, and did not for that before.

    Args:
        records: as they stood, and as they stand.
    """
    stream = cycle.stream
    _add(
        db,
        cycle,
        [
            Entry(
                kind=Kind.PARKED,
                actor=SYNCD,
                account=stream.accounts[now.side].name,
                resource=stream.resource,
                remote_id=now.remote_id,
                link_id=now.link_id,
                cause=now.cause,
            )
            for before, now in records
            if now.state is State.PARKED and (before.state, before.cause) != (now.state, now.cause)
        ],
    )


def planned(
    db: sa.Connection,
    cycle: Cycle,
    plans: Mapping[int, tuple[Link, LinkPlan]],
    opened: Iterable[Wanted],
    stood: Mapping[tuple[Side, str], Member],
    stand: Iterable[Member],
) -> None:
    """Tell what plans have decided without a write: conflicts, links that end, who is parked.

    Args:
        opened: new conflicts.
        stood, stand: records as they stood, and those that stand otherwise now.
    """
    entries = [
        replace(
            _of_link(cycle, plans[link_id][0], Kind.CONFLICT, cause=rule),
            after={cycle.stream.accounts[side].name: as_one(values[side]) for side in SIDES},
        )
        for link_id, rule, values in opened
    ]
    entries += [
        _of_link(cycle, link, Kind.ENDED, cause=plan.ended)
        for link, plan in plans.values()
        if plan.ended is not None and link.ended is None
    ]
    _add(db, cycle, entries)
    going = {i for i, (_, plan) in plans.items() if plan.drafts}  # what is deleted is not kept
    parked(
        db,
        cycle,
        [
            (stood[now.side, now.remote_id], now)
            for now in stand
            if now.cause != DELETED or now.link_id not in going
        ],
    )


def linked(db: sa.Connection, cycle: Cycle, made: Mapping[int, Both[str | None]]) -> None:
    """Tell which records are one from now on; one that waits for its counterpart is not."""
    nothing: Both[Fields] = Both({}, {})
    _add(
        db,
        cycle,
        [
            _of_link(cycle, Link(link_id, ids, nothing), Kind.LINKED)
            for link_id, ids in made.items()
            if all(ids)
        ],
    )


def _of_link(cycle: Cycle, link: Link, kind: Kind, cause: str | None = None) -> Entry:
    """An entry of two records, told of the left one if there is one."""
    side = Side.LEFT if link.ids.left is not None else Side.RIGHT
    accounts = cycle.stream.accounts
    return Entry(
        kind=kind,
        actor=SYNCD,
        account=accounts[side].name,
        resource=cycle.stream.resource,
        remote_id=link.ids[side],
        link_id=link.id,
        target=accounts[side.other].name,
        cause=cause,
    )
