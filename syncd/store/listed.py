"""What the records of a pair looked like when a sweep last showed them and they were taken in."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks

_M, _O = t.member.c, t.observation.c


class Listed(NamedTuple):
    """`shown`: the stand-in that was noted; `digest`: of what the record is known as now."""

    shown: int
    digest: str


@prepared
def _load(pair: Any, resource: Any, side: Any, account: Any, ids: Any) -> sa.Executable:
    same = sa.and_(_O.account == account, _O.resource == resource, _O.remote_id == _M.remote_id)
    return (
        sa.select(_M.remote_id, _M.listed, _O.digest)
        .join_from(t.member, t.observation, same)
        .where(_M.pair == pair, _M.resource == resource, _M.side == side, _M.remote_id.in_(ids))
        .where(_M.listed.is_not(None), _M.digest == _O.digest, ~_O.hidden)
    )


def load(
    db: sa.Connection, pair: str, resource: Resource, side: Side, account: str, ids: Iterable[str]
) -> dict[str, Listed]:
    """Those of the ids that were reconciled as they are known now, and that no listing hides."""
    found: dict[str, Listed] = {}
    at = {"pair": pair, "resource": resource.value, "side": side.value, "account": account}
    for some in chunks(ids):
        found.update((i, Listed(shown, digest)) for i, shown, digest in _load(db, **at, ids=some))
    return found


_NOTE = (
    t.member.update()
    .where(_M.pair == sa.bindparam("of_pair"), _M.resource == sa.bindparam("of_resource"))
    .where(_M.side == sa.bindparam("of_side"), _M.remote_id == sa.bindparam("of_id"))
    .values(listed=sa.bindparam("as_shown"))
)


def note(
    db: sa.Connection, pair: str, resource: Resource, side: Side, shown: Mapping[str, int]
) -> None:
    """Remember stand-ins of records, by remote id."""
    if shown:
        at = {"of_pair": pair, "of_resource": resource.value, "of_side": side.value}
        db.execute(_NOTE, [{**at, "of_id": i, "as_shown": number} for i, number in shown.items()])
