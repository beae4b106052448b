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
from syncd.store.upsert import chunks, upsert


@prepared
def _load(account: Any, resource: Any, ids: Any) -> sa.Executable:
    o = t.observation.c
    seen = (o.fields, o.digest, o.version, o.modified, o.gone, o.parent_id, o.hidden)
    at = (o.account == account, o.resource == resource, o.remote_id.in_(ids))
    return sa.select(o.remote_id, *seen).where(*at)


def load(
    db: sa.Connection, account: str, resource: Resource, ids: Iterable[str]
) -> dict[str, Observation]:
    """Those of the ids that have been seen, by remote id."""
    found: dict[str, Observation] = {}
    for some in chunks(ids):
        rows = _load(db, account=account, resource=resource.value, ids=some)
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


def mark_swept(
    db: sa.Connection, account: str, resource: Resource, ids: Iterable[str], sweep: int
) -> None:
    """Note that a sweep has seen these, changed or not.

    Several pairs may sweep one account; the number of a later sweep is never lowered.
    """
    o = t.observation.c
    for some in chunks(ids):
        db.execute(
            t.observation.update()
            .where(o.account == account, o.resource == resource, o.remote_id.in_(some))
            .where(o.sweep < sweep)
            .values(sweep=sweep)
        )


def hide(db: sa.Connection, account: str, resource: Resource, ids: Iterable[str]) -> None:
    """Note that a complete listing did not show these, although they exist."""
    o = t.observation.c
    for some in chunks(ids):
        db.execute(
            t.observation.update()
            .where(o.account == account, o.resource == resource, o.remote_id.in_(some))
            .where(~o.hidden, ~o.gone)
            .values(hidden=True)
        )


def unswept(
    db: sa.Connection, account: str, resource: Resource, sweep: int, limit: int, after: str = ""
) -> list[str]:
    """Ids not gone that a sweep did not see, in order, beginning after one."""
    o = t.observation.c
    return list(
        db.execute(
            sa.select(o.remote_id)
            .where(o.account == account, o.resource == resource, ~o.gone)
            .where(o.sweep < sweep, o.remote_id > after)
            .order_by(o.remote_id)
            .limit(limit)
        ).scalars()
    )


def count(db: sa.Connection, account: str, resource: Resource) -> int:
    """How many there are that are not gone."""
    o = t.observation.c
    counted = sa.select(sa.func.count()).where(
        o.account == account, o.resource == resource, ~o.gone
    )
    return int(db.execute(counted).scalar_one())


def count_unswept(db: sa.Connection, account: str, resource: Resource, sweep: int) -> int:
    """How many there are, not gone, that a sweep did not see."""
    o = t.observation.c
    counted = sa.select(sa.func.count()).where(
        o.account == account, o.resource == resource, ~o.gone, o.sweep < sweep
    )
    return int(db.execute(counted).scalar_one())


def forget_fields(
    db: sa.Connection, account: str, resource: Resource, names: Iterable[str]
) -> None:
    """Make fields of every record unknown: one statement for all.

    The digests go with them, so that whatever is seen next differs from what is known.
    """
    gone = sorted(names)
    if not gone:
        return
    o = t.observation.c
    db.execute(
        t.observation.update()
        .where(o.account == account, o.resource == resource.value)
        .values(fields=documents.without(db, o.fields, gone), digest="")
    )


def count_with(
    db: sa.Connection, pair: str, account: str, resource: Resource, side: Side, name: str
) -> int:
    """How many linked records of a side show something in a field."""
    o, linked = t.observation.c, t.link.c
    remote_id = linked.left_id if side is Side.LEFT else linked.right_id
    counted = (
        sa.select(sa.func.count())
        .select_from(t.link.join(t.observation, o.remote_id == remote_id))
        .where(linked.pair == pair, linked.resource == resource.value, linked.ended.is_(None))
        .where(o.account == account, o.resource == resource.value, ~o.gone)
        .where(documents.holds(db, o.fields, name))
    )
    return int(db.execute(counted).scalar_one())
