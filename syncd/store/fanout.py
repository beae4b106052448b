"""What one pair has seen of an account and others that read it have not taken in yet."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store import wake
from syncd.store.inquiries import Place
from syncd.store.prepared import prepared
from syncd.store.upsert import IN_LIMIT, chunks, insert_into, locking, upsert
from syncd.store.within import within

_F, _O, _M, _R = t.fanout.c, t.observation.c, t.member.c, t.reader.c


@prepared
def _others(account: Any, resource: Any, pair: Any) -> sa.Executable:
    here = (_R.account == account, _R.resource == resource, _R.pair != pair)
    return sa.select(_R.pair, _R.side).where(*here)


def tell(
    db: sa.Connection, account: str, resource: Resource, pair: str, ids: Collection[str]
) -> None:
    """Have all other pairs that read the account take in what is known of these records."""
    if not ids:
        return
    _together(db, account)
    others = _others(db, account=account, resource=resource.value, pair=pair).all()
    for other, side in others:
        place = {"pair": other, "side": side, "resource": resource.value}
        # Written even if it is there: so it is not removed by who has not seen the news yet.
        upsert(db, t.fanout, [{**place, "remote_id": i} for i in sorted(ids)], ["resource"])
    wake.by_records(db, [(other, Side(side)) for other, side in others], resource, sorted(ids))


def tell_all(db: sa.Connection, account: str, resource: Resource, place: Place) -> None:
    """Have a pair take in what is known of the account's records, where that is news for it."""
    pair, side = place
    here = (_M.pair == pair, _M.resource == resource.value, _M.side == side.value)
    # Not a join: PostgreSQL without statistics compares every member with every observation.
    digest = sa.select(sa.func.coalesce(_M.digest, "")).where(*here, _M.remote_id == _O.remote_id)
    known_as = digest.scalar_subquery()
    columns = [sa.literal(pair), sa.literal(side.value), sa.literal(resource.value), _O.remote_id]
    news = (
        sa.select(*columns)
        .where(_O.account == account, _O.resource == resource.value)
        .where(known_as.is_distinct_from(_O.digest), sa.or_(~_O.gone, known_as.is_not(None)))
    )
    insert = insert_into(t.fanout, sqlite=db.dialect.name == "sqlite")
    filled = insert.from_select(["pair", "side", "resource", "remote_id"], news)
    db.execute(filled.on_conflict_do_nothing())


def _next(pair: Any, side: Any, resource: Any, limit: Any) -> sa.Select[Any]:
    here = (_F.pair == pair, _F.side == side, _F.resource == resource)
    return sa.select(_F.remote_id).where(*here).limit(limit)


_waiting = prepared(_next)
_lock_waiting = prepared(
    lambda pair, side, resource, limit: locking(_next(pair, side, resource, limit), t.fanout)
)


@prepared
def _remove(pair: Any, side: Any, resource: Any, ids: Any) -> sa.Executable:
    here = (_F.pair == pair, _F.side == side, _F.resource == resource)
    return t.fanout.delete().where(*here, within(_F.remote_id, ids))


def take(db: sa.Connection, place: Place, resource: Resource, limit: int = IN_LIMIT) -> list[str]:
    """Ids of records that a pair is to take in, in this transaction: they are removed."""
    at = {"pair": place[0], "side": place[1].value, "resource": resource.value}
    waiting = _waiting if db.dialect.name == "sqlite" else _lock_waiting
    ids = list(waiting(db, **at, limit=limit).scalars())
    for some in chunks(ids):
        _remove(db, **at, ids=some)
    return ids


def waits(db: sa.Connection, place: Place, resource: Resource) -> bool:
    """Whether there is something for a pair to take in."""
    at = {"pair": place[0], "side": place[1].value, "resource": resource.value}
    return _waiting(db, **at, limit=1).first() is not None


# -- who reads an account, and what is seen of it --------------------------------------------
#
# A pair that begins to read an account is told all that is known of it. On PostgreSQL another
# transaction may be about to add to that without knowing of the new pair, so it is waited for.
# SQLite has one writer anyway.

_ALONE = sa.text("SELECT pg_advisory_xact_lock(hashtext(:account))")
_TOGETHER = sa.text("SELECT pg_advisory_xact_lock_shared(hashtext(:account))")


def alone(db: sa.Connection, account: str) -> None:
    """Until the transaction ends, nobody else tells of an account."""
    if db.dialect.name != "sqlite":
        db.execute(_ALONE, {"account": f"syncd fanout {account}"})


def _together(db: sa.Connection, account: str) -> None:
    if db.dialect.name != "sqlite":
        db.execute(_TOGETHER, {"account": f"syncd fanout {account}"})
