"""Addresses that opted out, still to be told to accounts whose listings may hide who bears them."""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, upsert
from syncd.store.within import within

Place = tuple[str, Side]  # a pair, and the side of it on which to tell

_I = t.inquiry.c


def add(db: sa.Connection, places: Collection[Place], addresses: Iterable[str]) -> None:
    """Have each of the addresses (identity keys) told in each of the places."""
    for some in chunks(addresses):
        rows = [
            {"pair": pair, "side": side.value, "address": address}
            for pair, side in places
            for address in some
        ]
        upsert(db, t.inquiry, rows)


@prepared
def _waiting(pair: Any, side: Any, limit: Any) -> sa.Executable:
    at = (_I.pair == pair, _I.side == side)
    return sa.select(_I.address).where(*at).order_by(_I.address).limit(limit)


def waiting(db: sa.Connection, place: Place, limit: int) -> list[str]:
    """The first addresses that are still to be told, in order."""
    pair, side = place
    return list(_waiting(db, pair=pair, side=side.value, limit=limit).scalars())


def remove(db: sa.Connection, place: Place, addresses: Iterable[str]) -> None:
    """These are dealt with."""
    for some in chunks(addresses):
        db.execute(t.inquiry.delete().where(_at(place), within(_I.address, some)))


def _at(place: Place) -> sa.ColumnElement[bool]:
    pair, side = place
    return sa.and_(_I.pair == pair, _I.side == side.value)
