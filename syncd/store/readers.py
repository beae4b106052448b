"""The pairs that read an account: what one of them has read, the others need not read again."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import fanout
from syncd.store import tables as t
from syncd.store.inquiries import Place
from syncd.store.prepared import prepared
from syncd.store.upsert import upsert
from syncd.store.within import within

_R = t.reader.c


class Reader(NamedTuple):
    """A pair and the side of it on which an account is; `fields`: what it reads there."""

    account: str
    place: Place
    fields: frozenset[str]


@prepared
def _load(accounts: Any, resource: Any) -> sa.Executable:
    told = sa.select(_R.account, _R.pair, _R.side, _R.fields)
    return told.where(within(_R.account, accounts), _R.resource == resource)


def load(db: sa.Connection, accounts: Sequence[str], resource: Resource) -> list[Reader]:
    """Everybody who reads a resource of these accounts."""
    rows = _load(db, accounts=[*accounts], resource=resource.value)
    return [Reader(a, (pair, Side(side)), frozenset(fields)) for a, pair, side, fields in rows]


def register(db: sa.Connection, reader: Reader, resource: Resource) -> None:
    """Have what others read of the account told to this pair, from now on and all from before."""
    fanout.alone(db, reader.account)
    pair, side = reader.place
    at = (_R.pair == pair, _R.side == side.value, _R.resource == resource.value)
    known = db.execute(sa.select(_R.account).where(*at)).scalar()
    row = {
        "pair": pair,
        "side": side.value,
        "resource": resource.value,
        "account": reader.account,
        "fields": sorted(reader.fields),
    }
    upsert(db, t.reader, [row], ["account", "fields"])
    if known != reader.account:
        fanout.tell_all(db, reader.account, resource, reader.place)
