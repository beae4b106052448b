"""Taking in what a platform shows: the one place where observations are made."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from syncd.core import consent
from syncd.core.digest import digest
from syncd.core.odd import noted
from syncd.engine import journal
from syncd.engine.context import Cycle
from syncd.engine.derive import completed, follow
from syncd.engine.fields import believed, require_as_opened
from syncd.engine.optouts import keys_of, record_opt_outs
from syncd.engine.standing import stand
from syncd.engine.unchanged import stand_ins
from syncd.errors import RecordError
from syncd.model.link import Observation
from syncd.model.record import Record
from syncd.model.side import Side
from syncd.model.values import Fields
from syncd.store import fanout, members, observations, ops, wake
from syncd.store.database import reading


@dataclass(frozen=True, slots=True)
class PullReport:
    """What was read of one side, and what of it was new.

    Attributes:
        seen: records; changed: those that differ from what was known.
        opted_out: identity keys of addresses that were not known to have opted out.
        swept_from: when the listing began that was read to its end, if one was.
        lent: it was not asked for, as another pair had read it a moment ago.
    """

    seen: int = 0
    changed: int = 0
    opted_out: frozenset[str] = field(default=frozenset(), repr=False)
    swept_from: datetime | None = None
    lent: bool = False

    def __add__(self, other: "PullReport") -> "PullReport":
        return PullReport(
            self.seen + other.seen,
            self.changed + other.changed,
            self.opted_out | other.opted_out,
            other.swept_from or self.swept_from,
        )


def look(cycle: Cycle, side: Side, remote_id: str, parent_id: str | None = None) -> Record | None:
    """A record as it is now; None if its platform refuses to show this one.

    That is no evidence of anything, and must not stop the others.

    Args:
        parent_id: to which it is said to belong; else it is looked for where it was last seen.
    """
    try:
        record = _shown_directly(cycle, side, remote_id, parent_id)
    except RecordError:
        return None
    return believed(cycle, side, [record])[0]


def _shown_directly(cycle: Cycle, side: Side, remote_id: str, parent_id: str | None) -> Record:
    stream, fields = cycle.stream, cycle.stream.fields[side]
    if stream.parent is None:
        return stream.connector(side).fetch(stream.resource, remote_id, fields=fields)
    if parent_id is None:
        account = stream.accounts[side].name
        with reading(cycle.environment.store) as db:
            known = observations.load(db, account, stream.resource, [remote_id])
        parent_id = known[remote_id].parent_id if remote_id in known else None
    return stream.nested(side).child(stream.resource, remote_id, parent_id or "", fields=fields)


def settle_doubts(cycle: Cycle, side: Side, records: Sequence[Record]) -> list[Record]:
    """Read again, directly, the records that an index shows differently than expected.

    An index may lag behind our own writes: a row that differs from what we know without
    being newer is either out of date or an edit whose time the platform did not move.
    """
    if not records:  # a page on which nobody has changed
        return []
    stream = cycle.stream
    with reading(cycle.environment.store) as db:
        known = observations.load(
            db,
            stream.accounts[side].name,
            stream.resource,
            [r.remote_id for r in records if not r.certain],
        )
        doubtful = {
            r.remote_id: old
            for r in records
            if (old := known.get(r.remote_id)) is not None and _differs(cycle, side, r, old)
        }
        written = _last_writes(db, cycle, side, doubtful)
    settled: list[Record] = []
    for record in records:
        old = doubtful.get(record.remote_id)
        trust = _trust(cycle, side, record, old, written.get(record.remote_id)) if old else True
        if trust:
            settled.append(record)
        elif trust is None and (direct := look(cycle, side, record.remote_id, record.parent_id)):
            settled.append(direct)
        else:  # out of date: it says that the record exists, and nothing else
            settled.append(Record(record.remote_id, {}, gone=old.gone if old else False))
    return list(believed(cycle, side, settled))


def _trust(
    cycle: Cycle, side: Side, row: Record, old: Observation, written: datetime | None
) -> bool | None:
    """Whether a row of an index that differs from what is known is newer; None if it may be.

    Where versions do not tell, only our own last write can be what the index lags behind. It is
    looked at directly as long as it may, and as long again, so that an edit which such a look
    has shown comes through in the index before rows are taken at their word.

    Args:
        written: when we last wrote the record, if we did.
    """
    if row.version is not None and old.version is not None:
        return None if row.version == old.version else row.version > old.version
    if row.version is not None or old.version is not None:
        return None
    lag = cycle.stream.specs[side].index_lag
    return True if written is None or cycle.environment.now() - written > 2 * lag else None


def _last_writes(
    db: sa.Connection, cycle: Cycle, side: Side, ids: Collection[str]
) -> dict[str, datetime]:
    """When one of us last wrote to these records, by remote id: any pair of their account."""
    stream, found = cycle.stream, dict[str, datetime]()
    for pair, there in ((stream.pair, side), *stream.sharing[side]):
        standing = members.load(db, pair, stream.resource, there, ids)
        by_link = {m.link_id: m.remote_id for m in standing.values() if m.link_id is not None}
        for link_id, at in ops.last_sent(db, there, by_link).items():
            found[by_link[link_id]] = max(at, found.get(by_link[link_id], at))
    return found


def _differs(cycle: Cycle, side: Side, record: Record, old: Observation) -> bool:
    if record.parent_id not in (None, old.parent_id):
        return True
    fields = _merged(cycle, side, record, old)
    return digest(fields, gone=record.gone) != old.digest


def _merged(cycle: Cycle, side: Side, record: Record, old: Observation | None) -> Fields:
    """What is known after this record: a field that it does not mention stays as it was."""
    shown, odd = cycle.stream.observed(side, record), record.odd & cycle.stream.fields[side]
    if old is None:
        return noted({}, shown, odd)
    fields = noted(old.fields, shown, odd)
    if record.gone or _opts_out_once(cycle, side):
        fields = consent.told_again(old.fields, fields)
    if record.gone:
        return fields
    if consent.CONSENT in shown and _shows_lifting(cycle, side, old.fields, fields):
        fields = consent.carried(old.fields, fields, _when(cycle, record, old))
    return fields


def _opts_out_once(cycle: Cycle, side: Side) -> bool:
    """Whether a record that has opted out is never opted in: whoever returns is another one."""
    spec = cycle.stream.specs[side].consent
    return spec is not None and spec.ends_record


def _shows_lifting(cycle: Cycle, side: Side, old: Fields, new: Fields) -> bool:
    """Whether an opt-out that a record no longer shows was lifted: of the same address."""
    spec = cycle.stream.specs[side].consent
    same = keys_of(cycle, side, old)[0] == keys_of(cycle, side, new)[0]
    return spec is not None and spec.readable and same


def _when(cycle: Cycle, record: Record, old: Observation) -> datetime:
    """When a record was changed, by its platform if that says so, and never in the future."""
    now = cycle.environment.now()
    moved = record.modified is not None and record.modified != old.modified
    return min(record.modified, now) if moved and record.modified else now


def take_in(
    db: sa.Connection,
    cycle: Cycle,
    side: Side,
    records: Iterable[Record],
    sweep: int = 0,
    own: frozenset[str] = frozenset(),
    *,
    baseline: bool = False,
) -> PullReport:
    """Store records as the last seen, and mark what has to be reconciled.

    The caller commits this together with the cursor behind the page; a crash before that
    leaves nothing, and the page is read again.

    Args:
        sweep: number of the sweep that shows them; 0 outside of one.
        own: ids of records whose opt-out we wrote ourselves, to be confirmed in a moment.
        baseline: a first full listing shows them.
    """
    stream = cycle.stream
    require_as_opened(db, cycle, side)
    records = list(records)
    ids = {record.remote_id for record in records if record.remote_id}
    account = stream.accounts[side].name
    known = observations.load(db, account, stream.resource, ids, locked=bool(stream.derived[side]))
    before = ((record, known.get(record.remote_id)) for record in records)
    told = [(record, old, _merged(cycle, side, record, old)) for record, old in before]
    told = completed(db, cycle, side, told)
    page = {r.remote_id: (r, old, fields) for r, old, fields in told if r.remote_id}
    standing = members.load(db, stream.pair, stream.resource, side, page)
    fresh: list[Observation] = []
    taken: list[tuple[Record, Observation]] = []
    for record, old, fields in page.values():
        if old is None and record.gone:
            continue  # never known here: only its opt-out counts, below
        by_listing = sweep > 0 and not record.certain
        seen = _observation(cycle, side, record, old, fields, listed=by_listing)
        taken.append((record, seen))
        if old is None or replace(seen, fields=old.fields) != old:
            fresh.append(seen)
    observations.save(db, account, stream.resource, fresh, sweep)
    changed = {o.remote_id for o in fresh if _is_news(known.get(o.remote_id), o)}
    fanout.tell(db, account, stream.resource, stream.pair, changed)
    looks = [(known.get(seen.remote_id), seen) for seen in fresh]
    journal.seen(db, cycle, side, looks, standing, baseline=baseline)
    follow(db, cycle, side, known, fresh)
    if sweep:
        observations.mark_swept(db, account, stream.resource, page, sweep)
    if stream.only is not None:
        return PullReport(len(page), len(fresh))
    as_listed = stand_ins(cycle, side, taken) if sweep and taken else None
    everybody = [seen for _, seen in taken]
    touched, stirred = stand(db, cycle, side, everybody, standing, as_listed)
    opted_out = record_opt_outs(db, cycle, side, told, own)
    wake.by_keys(db, sorted(stirred | opted_out))
    return PullReport(len(page), touched, frozenset(opted_out))


def _is_news(old: Observation | None, seen: Observation) -> bool:
    return old is None or (old.digest, old.parent_id) != (seen.digest, seen.parent_id)


def _observation(
    cycle: Cycle,
    side: Side,
    record: Record,
    old: Observation | None,
    fields: Fields,
    *,
    listed: bool,
) -> Observation:
    doubtful = old is not None and (old.hidden or _tells_of_another(cycle, side, record, old))
    if doubtful and listed and _is_among_the_active(cycle, side, record):
        fields = {**fields, consent.CONSENT: None}
    return Observation(
        remote_id=record.remote_id,
        fields=fields,
        digest=digest(fields, gone=record.gone),
        version=record.version or (old.version if old else None),
        modified=record.modified or (old.modified if old else None),
        gone=record.gone,
        parent_id=record.parent_id or (old.parent_id if old else None),
        hidden=doubtful and not listed and not record.gone,
    )


def _tells_of_another(cycle: Cycle, side: Side, record: Record, old: Observation) -> bool:
    """Whether what we hold of a record's consent is of another address than it shows now.

    Where records do not show their consent, all that is known of it is what was reported or
    written of an address. Of another one that says nothing, once a listing of those who did
    not opt out shows it; nor of a record that such a listing hid and now shows: somebody made
    it active again. A direct look shows whoever opted out as well, so that it settles nothing.
    """
    if not _is_told_by_listings(cycle, side):
        return False
    name = cycle.stream.policy.keys.first[side]
    shown = cycle.stream.observed(side, record)
    return name in shown and keys_of(cycle, side, shown)[0] != keys_of(cycle, side, old.fields)[0]


def _is_among_the_active(cycle: Cycle, side: Side, record: Record) -> bool:
    """Whether a record that a listing shows has not opted out."""
    return _is_told_by_listings(cycle, side) and record.fields.get(consent.CONSENT) is None


def _is_told_by_listings(cycle: Cycle, side: Side) -> bool:
    """Whether records show no consent, but a listing may leave out who opted out."""
    spec = cycle.stream.specs[side].consent
    return spec is not None and not spec.readable and spec.hides


def take_in_one(cycle: Cycle, side: Side, record: Record, *, own: bool = False) -> None:
    """Store one record that was read directly, in a transaction of its own."""
    ours = frozenset({record.remote_id}) if own else frozenset()
    with cycle.writing() as db:
        take_in(db, cycle, side, [replace(record, certain=True)], own=ours)


def look_again(cycle: Cycle, side: Side, remote_id: str, parent_id: str | None = None) -> None:
    """Read one record directly and take it in; as `look`."""
    record = look(cycle, side, remote_id, parent_id)
    if record is not None:
        take_in_one(cycle, side, record)
