"""What the records of a pair looked like when a sweep last showed them and they were taken in."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, locking, update
from syncd.store.within import within

_M, _O = t.member.c, t.observation.c


class Listed(NamedTuple):
    """`shown`: the stand-in that was noted; `digest`: of what the record is known as now."""

    shown: int
    digest: str


@prepared
def _load(pair: Any, resource: Any, side: Any, account: Any, ids: Any) -> sa.Executable:
    # Not a join: PostgreSQL without statistics compares every member with every observation.
    same = (_O.account == account, _O.resource == resource, _O.remote_id == _M.remote_id)
    as_known = sa.select(_O.digest).where(*same, _O.digest == _M.digest, ~_O.hidden)
    return (
        sa.select(_M.remote_id, _M.listed, as_known.scalar_subquery())
        .where(_M.pair == pair, _M.resource == resource, _M.side == side, within(_M.remote_id, ids))
        .where(_M.listed.is_not(None))
    )


def load(
    db: sa.Connection, pair: str, resource: Resource, side: Side, account: str, ids: Iterable[str]
) -> dict[str, Listed]:
    """Those of the ids that were reconciled as they are known now, and that no listing hides."""
    found: dict[str, Listed] = {}
    at = {"pair": pair, "resource": resource.value, "side": side.value, "account": account}
    for some in chunks(ids):
        rows = _load(db, **at, ids=some)
        found.update((i, Listed(shown, known)) for i, shown, known in rows if known is not None)
    return found


@prepared
def _lock(pair: Any, resource: Any, side: Any, ids: Any) -> sa.Executable:
    at = (_M.pair == pair, _M.resource == resource, _M.side == side, within(_M.remote_id, ids))
    return locking(sa.select(_M.listed).where(*at), t.member)


def note(
    db: sa.Connection, pair: str, resource: Resource, side: Side, shown: Mapping[str, int]
) -> None:
    """Remember stand-ins of records, by remote id."""
    at = {"pair": pair, "resource": resource.value, "side": side.value}
    rows = [{"remote_id": i, "listed": number} for i, number in shown.items()]
    if db.dialect.name != "sqlite":  # another process may be waking them
        _lock(db, **at, ids=shown)
    update(db, t.member, rows, key="remote_id", at=at)
