"""The journal: what was seen, what was written, and why something was not.

Rows are added in the transaction of what they tell, and stay as they are until they are too old
(`retention`), or a person is erased from them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa

from syncd.model.entry import Entry, Kind, Noted, person
from syncd.model.record import Resource
from syncd.model.values import fields_from_json, fields_to_json
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.runs import Run
from syncd.store.upsert import append, chunks
from syncd.store.within import within

_J = t.journal.c
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)

Records: TypeAlias = Mapping[tuple[str, Resource], Iterable[str]]  # ids by account and resource


def add(
    db: sa.Connection, pair: str, run_id: int | None, at: datetime, entries: Sequence[Entry]
) -> None:
    """Add entries, all of one moment: one statement, and none where there is nothing to tell."""
    if not entries:
        return
    common = {"at_ms": _ms(at), "pair": pair, "run_id": run_id}
    append(db, t.journal, [{**common, **_row(entry)} for entry in entries])


def _ms(at: datetime) -> int:
    """A moment as it is stored: milliseconds since 1970."""
    return (at - BEGIN) // timedelta(milliseconds=1)


def _at(ms: int) -> datetime:
    return BEGIN + timedelta(milliseconds=ms)


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "account": entry.account,
        "resource": entry.resource.value if entry.resource else None,
        "remote_id": entry.remote_id,
        "link_id": entry.link_id,
        "kind": entry.kind.value,
        "actor": entry.actor,
        "target": entry.target,
        "before": fields_to_json(entry.before) if entry.before else None,
        "after": fields_to_json(entry.after) if entry.after else None,
        "cause": entry.cause,
        "baseline": entry.baseline or None,
    }


def released(db: sa.Connection, run: Run, at: datetime, by: str | None) -> None:
    """Add that a person has let a run go on."""
    add(db, run.pair, run.id, at, [Entry(Kind.RELEASED, person(by))])


# -- read -------------------------------------------------------------------------------------

_COLUMNS = (
    _J.id,
    _J.at_ms,
    _J.pair,
    _J.run_id,
    _J.account,
    _J.resource,
    _J.remote_id,
    _J.link_id,
    _J.kind,
    _J.actor,
    _J.target,
    _J.before,
    _J.after,
    _J.cause,
    _J.baseline,
)


def _noted(row: Any) -> Noted:
    entry = Entry(
        kind=Kind(row.kind),
        actor=row.actor,
        account=row.account,
        resource=Resource(row.resource) if row.resource else None,
        remote_id=row.remote_id,
        link_id=row.link_id,
        target=row.target,
        before=fields_from_json(row.before or {}),
        after=fields_from_json(row.after or {}),
        cause=row.cause,
        baseline=bool(row.baseline),
    )
    return Noted(row.id, _at(row.at_ms), row.pair, row.run_id, entry)


def _theirs(account: Any, resource: Any, ids: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return within(_J.remote_id, ids), _J.account == account, _J.resource == resource


@prepared
def _of_records(account: Any, resource: Any, ids: Any, limit: Any) -> sa.Executable:
    theirs = _theirs(account, resource, ids)
    return sa.select(*_COLUMNS).where(*theirs).order_by(_J.id.desc()).limit(limit)


def of_records(db: sa.Connection, records: Records, limit: int) -> list[Noted]:
    """The newest entries of these records, oldest first."""
    found: list[Noted] = []
    for (account, resource), ids in records.items():
        for some in chunks(ids):
            rows = _of_records(db, account=account, resource=resource.value, ids=some, limit=limit)
            found += map(_noted, rows)
    return sorted(found, key=lambda noted: noted.number)[-limit:]


@prepared
def _of_run(run_id: Any, limit: Any) -> sa.Executable:
    return sa.select(*_COLUMNS).where(_J.run_id == run_id).order_by(_J.id.desc()).limit(limit)


def of_run(db: sa.Connection, run_id: int, limit: int) -> list[Noted]:
    """The newest entries of a run, oldest first."""
    return [_noted(row) for row in _of_run(db, run_id=run_id, limit=limit)][::-1]


@prepared
def _since(since: Any, pairs: Any, limit: Any) -> sa.Executable:
    at = (_J.at_ms >= since, within(_J.pair, pairs))
    return sa.select(*_COLUMNS).where(*at).order_by(_J.at_ms.desc(), _J.id.desc()).limit(limit)


def since(db: sa.Connection, at: datetime, pairs: Sequence[str], limit: int) -> list[Noted]:
    """The newest entries of some pairs from a moment on, oldest first."""
    return [_noted(row) for row in _since(db, since=_ms(at), pairs=pairs, limit=limit)][::-1]


@prepared
def _with_id(remote_id: Any) -> sa.Executable:
    places = sa.select(_J.account, _J.resource).where(_J.remote_id == remote_id)
    return places.distinct()


def places_of(db: sa.Connection, remote_id: str) -> list[tuple[str, Resource]]:
    """Where the journal knows a record of this id."""
    return [
        (account, Resource(resource)) for account, resource in _with_id(db, remote_id=remote_id)
    ]


# -- forget -----------------------------------------------------------------------------------


def count(db: sa.Connection, records: Records) -> int:
    """How many entries there are of these records."""
    counted = 0
    for (account, resource), ids in records.items():
        for some in chunks(ids):
            theirs = _theirs(account, resource, some)
            asked = sa.select(sa.func.count()).where(*theirs)
            counted += int(db.execute(asked).scalar_one())
    return counted


def erase(db: sa.Connection, records: Records) -> int:
    """Take everything out of the entries of these records that tells of whom they are; how many.

    What happened, when and where stays.
    """
    erased = 0
    nobody = {"remote_id": None, "link_id": None, "before": None, "after": None}
    for (account, resource), ids in records.items():
        for some in chunks(ids):
            theirs = _theirs(account, resource, some)
            erased += db.execute(t.journal.update().where(*theirs).values(**nobody)).rowcount
    return erased


@prepared
def _forget(before: Any, limit: Any) -> sa.Executable:
    newest = sa.select(sa.func.max(_J.id)).scalar_subquery()
    old = sa.select(_J.id).where(_J.at_ms < before, _J.id < newest).order_by(_J.at_ms).limit(limit)
    return t.journal.delete().where(_J.id.in_(old.with_for_update(skip_locked=True)))


def forget(db: sa.Connection, before: datetime, limit: int) -> int:
    """Remove the oldest entries of all pairs from before a moment; how many they were.

    Never the newest one, so that no number is given twice. Of two processes that do it at once,
    each removes what the other has not locked.
    """
    return int(_forget(db, before=_ms(before), limit=limit).rowcount)
