"""The last record seen per account, resource and remote id."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from syncd.model.link import Observation
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.model.values import fields_from_json, fields_to_json
from syncd.store import documents
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, locking, upsert
from syncd.store.within import within

_O = t.observation.c


def _seen(account: Any, resource: Any, ids: Any) -> sa.Select[Any]:
    seen = (_O.fields, _O.digest, _O.version, _O.modified, _O.gone, _O.parent_id, _O.hidden)
    at = (_O.account == account, _O.resource == resource, within(_O.remote_id, ids))
    return sa.select(_O.remote_id, *seen).where(*at)


_load = prepared(_seen)
_load_locked = prepared(
    lambda account, resource, ids: locking(_seen(account, resource, ids), t.observation)
)


def load(
    db: sa.Connection,
    account: str,
    resource: Resource,
    ids: Iterable[str],
    *,
    locked: bool = False,
) -> dict[str, Observation]:
    """Those of the ids that have been seen, by remote id.

    Args:
        locked: nobody else changes them before the transaction ends. SQLite has one writer.
    """
    found: dict[str, Observation] = {}
    read = _load_locked if locked and db.dialect.name != "sqlite" else _load
    for some in chunks(ids):
        rows = read(db, account=account, resource=resource.value, ids=some)
        for remote_id, fields, *rest in rows:
            found[remote_id] = Observation(remote_id, fields_from_json(fields), *rest)
    return found


def save(
    db: sa.Connection,
    account: str,
    resource: Resource,
    observations: Sequence[Observation],
    sweep: int = 0,
) -> None:
    """Take these as the last seen.

    Args:
        sweep: number of the sweep that saw the new ones; `mark_swept` does the others.
    """
    rows = [_row(account, resource, observation, sweep) for observation in observations]
    columns = ["fields", "digest", "version", "modified", "gone", "parent_id", "hidden"]
    upsert(db, t.observation, rows, columns)


def _row(account: str, resource: Resource, seen: Observation, sweep: int) -> dict[str, Any]:
    return {
        "account": account,
        "resource": resource.value,
        "remote_id": seen.remote_id,
        "fields": fields_to_json(seen.fields),
        "digest": seen.digest,
        "version": seen.version,
        "modified": seen.modified,
        "gone": seen.gone,
        "sweep": sweep,
        "parent_id": seen.parent_id,
        "hidden": seen.hidden,
    }


@prepared
def _mark_swept(account: Any, resource: Any, ids: Any, sweep: Any) -> sa.Executable:
    return (
        t.observation.update()
        .where(_O.account == account, _O.resource == resource, within(_O.remote_id, ids))
        .where(_O.sweep < sweep)
        .values(sweep=sweep)
    )


def mark_swept(
    db: sa.Connection, account: str, resource: Resource, ids: Iterable[str], sweep: int
) -> None:
    """Note that a sweep has seen these, changed or not.

    Several pairs may sweep one account; the number of a later sweep is never lowered.
    """
    for some in chunks(ids):
        _mark_swept(db, account=account, resource=resource.value, ids=some, sweep=sweep)


def _standing(account: Any, resource: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return _O.account == account, _O.resource == resource, ~_O.gone


@prepared
def _newest_sweep(account: Any, resource: Any) -> sa.Executable:
    return (
        sa.select(_O.sweep).where(*_standing(account, resource)).order_by(_O.sweep.desc()).limit(1)
    )


def newest_sweep(db: sa.Connection, account: str, resource: Resource) -> int:
    """The highest number of a sweep that has seen a record of the account; 0 if none has."""
    return _newest_sweep(db, account=account, resource=resource.value).scalar() or 0


def hide(db: sa.Connection, account: str, resource: Resource, ids: Iterable[str]) -> None:
    """Note that a complete listing did not show these, although they exist."""
    for some in chunks(ids):
        db.execute(
            t.observation.update()
            .where(_O.account == account, _O.resource == resource, within(_O.remote_id, some))
            .where(~_O.hidden, ~_O.gone)
            .values(hidden=True)
        )


@prepared
def _unswept(account: Any, resource: Any, sweep: Any, limit: Any, after: Any) -> sa.Executable:
    return (
        sa.select(_O.remote_id)
        .where(*_standing(account, resource), _O.sweep < sweep, _O.remote_id > after)
        .order_by(_O.remote_id)
        .limit(limit)
    )


def unswept(
    db: sa.Connection, account: str, resource: Resource, sweep: int, limit: int, after: str = ""
) -> list[str]:
    """Ids not gone that a sweep did not see, in order, beginning after one."""
    at = {"account": account, "resource": resource.value}
    return list(_unswept(db, **at, sweep=sweep, limit=limit, after=after).scalars())


@prepared
def _ids(account: Any, resource: Any, limit: Any, after: Any) -> sa.Executable:
    at = (_O.account == account, _O.resource == resource, _O.remote_id > after)
    return sa.select(_O.remote_id).where(*at).order_by(_O.remote_id).limit(limit)


def ids(
    db: sa.Connection, account: str, resource: Resource, limit: int, after: str = ""
) -> list[str]:
    """Whatever has been seen, gone or not, in order of the ids, beginning after one."""
    rows = _ids(db, account=account, resource=resource.value, limit=limit, after=after)
    return list(rows.scalars())


@prepared
def _under(account: Any, resource: Any, parent: Any) -> sa.Executable:
    at = (_O.account == account, _O.resource == resource, _O.parent_id == parent, ~_O.gone)
    return sa.select(_O.remote_id).where(*at).order_by(_O.remote_id)


def under(db: sa.Connection, account: str, resource: Resource, parent_id: str) -> list[str]:
    """Those not gone that belong to a contact, in order of the ids."""
    rows = _under(db, account=account, resource=resource.value, parent=parent_id)
    return list(rows.scalars())


@prepared
def _count(account: Any, resource: Any) -> sa.Executable:
    return sa.select(sa.func.count()).where(*_standing(account, resource))


def count(db: sa.Connection, account: str, resource: Resource) -> int:
    """How many there are that are not gone."""
    return int(_count(db, account=account, resource=resource.value).scalar_one())


@prepared
def _count_unswept(account: Any, resource: Any, sweep: Any) -> sa.Executable:
    return sa.select(sa.func.count()).where(*_standing(account, resource), _O.sweep < sweep)


def count_unswept(db: sa.Connection, account: str, resource: Resource, sweep: int) -> int:
    """How many there are, not gone, that a sweep did not see."""
    at = {"account": account, "resource": resource.value}
    return int(_count_unswept(db, **at, sweep=sweep).scalar_one())


def forget_fields(
    db: sa.Connection, account: str, resource: Resource, names: Iterable[str]
) -> None:
    """Make fields of every record unknown: one statement for all.

    The digests go with them, so that whatever is seen next differs from what is known.
    """
    gone = sorted(names)
    if not gone:
        return
    db.execute(
        t.observation.update()
        .where(_O.account == account, _O.resource == resource.value)
        .values(fields=documents.without(db, _O.fields, gone), digest="")
    )


def count_with(
    db: sa.Connection, pair: str, account: str, resource: Resource, side: Side, name: str
) -> int:
    """How many linked records of a side show something in a field."""
    linked = t.link.c
    remote_id = linked.left_id if side is Side.LEFT else linked.right_id
    counted = (
        sa.select(sa.func.count())
        .select_from(t.link.join(t.observation, _O.remote_id == remote_id))
        .where(linked.pair == pair, linked.resource == resource.value, linked.ended.is_(None))
        .where(_O.account == account, _O.resource == resource.value, ~_O.gone)
        .where(documents.holds(db, _O.fields, name))
    )
    return int(db.execute(counted).scalar_one())
