"""Which derived fields of an account are computed, and when the next of them changes by itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from syncd.model.record import Resource
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, upsert
from syncd.store.within import within

_D, _P = t.derived_field.c, t.passing.c


@dataclass(frozen=True, slots=True)
class Report:
    """How far the report of a field is read.

    Attributes:
        cursor: where that goes on; None: at its begin.
        read_at: when it was last read up to its end, aware UTC.
    """

    cursor: str | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with the derived fields of an account.

    Attributes:
        reports: by name, those that are computed for every contact that has been seen.
        passed: contacts of which a time has passed, by the resource whose it was.
    """

    reports: Mapping[str, Report]
    passed: Mapping[Resource, list[str]]


@prepared
def _standing(account: Any, now: Any, limit: Any) -> sa.Executable:
    named = sa.select(sa.literal("").label("of"), _D.name, _D.cursor, _D.read_at)
    blank = sa.literal(None, sa.Text).label("cursor")
    passed = sa.select(_P.resource, _P.remote_id, blank, _P.at)
    passed = passed.where(_P.account == account, _P.at <= now).order_by(_P.at).limit(limit)
    return sa.union_all(named.where(_D.account == account), sa.select(passed.subquery()))


def standing(db: sa.Connection, account: str, now: datetime, limit: int) -> Standing:
    """The fields that are computed, and at most so many contacts whose turn it is; one statement.

    It looks at what has passed alone, in an index.
    """
    reports: dict[str, Report] = {}
    passed: dict[Resource, list[str]] = {}
    for of, name, cursor, at in _standing(db, account=account, now=now, limit=limit):
        if of:
            passed.setdefault(Resource(of), []).append(name)
        else:
            reports[name] = Report(cursor, at)
    return Standing(reports, passed)


def note(
    db: sa.Connection, account: str, resource: Resource, passes: Mapping[str, datetime | None]
) -> None:
    """Note when what is told of these contacts changes next; None: never by itself."""
    place = {"account": account, "resource": resource.value}
    rows = [{**place, "remote_id": i, "at": at} for i, at in passes.items() if at is not None]
    upsert(db, t.passing, rows, ["at"])
    for some in chunks(sorted(i for i, at in passes.items() if at is None)):
        here = (_P.account == account, _P.resource == resource.value, within(_P.remote_id, some))
        db.execute(t.passing.delete().where(*here))


def note_computed(db: sa.Connection, account: str, names: Iterable[str]) -> None:
    """Note that these fields, and no others, are computed for everybody."""
    computed = sorted(names)
    forget_others(db, account, computed)
    upsert(db, t.derived_field, [{"account": account, "name": name} for name in computed])


def note_read(db: sa.Connection, account: str, name: str, report: Report) -> None:
    """Note how far the report of a field is read."""
    row = {"account": account, "name": name, "cursor": report.cursor, "read_at": report.read_at}
    upsert(db, t.derived_field, [row], ["cursor", "read_at"])


def forget_others(db: sa.Connection, account: str, names: Iterable[str]) -> None:
    """Let no other field pass for computed: nobody keeps it up to date any more."""
    other = _D.name.not_in(sorted(names))
    db.execute(t.derived_field.delete().where(_D.account == account, other))
