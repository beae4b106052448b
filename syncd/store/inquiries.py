"""Addresses that opted out, still to be told to accounts whose listings may hide who bears them."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.upsert import chunks, upsert

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


def waiting(db: sa.Connection, place: Place, limit: int) -> list[str]:
    """The first addresses that are still to be told, in order."""
    rows = db.execute(sa.select(_I.address).where(_at(place)).order_by(_I.address).limit(limit))
    return list(rows.scalars())


def remove(db: sa.Connection, place: Place, addresses: Iterable[str]) -> None:
    """These are dealt with."""
    for some in chunks(addresses):
        db.execute(t.inquiry.delete().where(_at(place), _I.address.in_(some)))


def _at(place: Place) -> sa.ColumnElement[bool]:
    pair, side = place
    return sa.and_(_I.pair == pair, _I.side == side.value)
