"""Which field stands behind a custom name, per account; and which one a pair has agreed on."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from syncd.core.generation import Generation, listed
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.model.spec import Catalogue
from syncd.store import observations
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, upsert
from syncd.store.within import within

_F = t.field.c
_A = t.agreed_field.c


def _all(account: Any, resource: Any) -> sa.Select[Any]:
    columns = (_F.name, _F.number, _F.kind, _F.identity, _F.present)
    return sa.select(*columns).where(_F.account == account, _F.resource == resource)


_load_all = prepared(_all)
_load = prepared(
    lambda account, resource, names: _all(account, resource).where(within(_F.name, names))
)


def load(
    db: sa.Connection, account: str, resource: Resource, names: Iterable[str] | None = None
) -> dict[str, Generation]:
    """What is known of an account's custom fields, by name; of all, if none are named."""
    place = {"account": account, "resource": resource.value}
    if names is None:
        found = [_load_all(db, **place)]
    else:
        found = [_load(db, **place, names=some) for some in chunks(names)]
    return {
        name: Generation(number, kind, identity, present)
        for rows in found
        for name, number, kind, identity, present in rows
    }


def hold(
    db: sa.Connection, account: str, resource: Resource, names: Iterable[str]
) -> dict[str, Generation]:
    """As `load`; and nobody takes a catalogue in before the caller has committed."""
    _lock(db, account, read=True)
    return load(db, account, resource, names)


def _lock(db: sa.Connection, account: str, *, read: bool = False) -> None:
    """Let one in at a time; SQLite has one writer anyway."""
    if db.dialect.name == "sqlite":
        return
    row = sa.select(t.account.c.name).where(t.account.c.name == account)
    db.execute(row.with_for_update(read=read))


def take_in(
    db: sa.Connection,
    account: str,
    resource: Resource,
    shown: Catalogue,
    before: Catalogue | None = None,
) -> frozenset[str]:
    """Note what a catalogue lists, and forget what was seen of fields that are others now.

    Args:
        shown: the custom fields.
        before: the catalogue that was known when nothing had been noted of its fields yet.

    Returns:
        Names of fields that are gone, or are another one under the old name.
    """
    _lock(db, account)
    known = load(db, account, resource)
    if not known and before is not None:
        known, _ = listed({}, before)
        _save(db, account, resource, known)
    changed, forgotten = listed(known, {n: s for n, s in shown.items() if "\0" not in n})
    _save(db, account, resource, changed)
    observations.forget_fields(db, account, resource, forgotten)
    return forgotten


def note_missing(
    db: sa.Connection, account: str, resource: Resource, names: Iterable[str]
) -> frozenset[str]:
    """Note that fields were not there; those of which that is news."""
    _lock(db, account)
    known = load(db, account, resource, names)
    there = {name for name, generation in known.items() if generation.present}
    for some in chunks(sorted(there)):
        db.execute(
            t.field.update()
            .where(_F.account == account, _F.resource == resource.value, within(_F.name, some))
            .values(present=False)
        )
    observations.forget_fields(db, account, resource, there)
    return frozenset(there)


def _save(
    db: sa.Connection, account: str, resource: Resource, fields: Mapping[str, Generation]
) -> None:
    rows = [
        {
            "account": account,
            "resource": resource.value,
            "name": name,
            "number": one.number,
            "kind": one.kind,
            "identity": one.identity,
            "present": one.present,
        }
        for name, one in fields.items()
    ]
    upsert(db, t.field, rows, ["number", "kind", "identity", "present"])


# -- what a pair has agreed on -------------------------------------------------------------


@prepared
def _agreed(pair: Any, resource: Any, side: Any) -> sa.Executable:
    at = (_A.pair == pair, _A.resource == resource, _A.side == side)
    return sa.select(_A.name, _A.number).where(*at)


def agreed(db: sa.Connection, pair: str, resource: Resource, side: Side) -> dict[str, int]:
    """By name, the number of the field that the pair's shadows tell of."""
    rows = _agreed(db, pair=pair, resource=resource.value, side=side.value)
    return {row.name: row.number for row in rows}


def note_agreed(
    db: sa.Connection, pair: str, resource: Resource, side: Side, numbers: Mapping[str, int]
) -> None:
    """From now on the pair's shadows tell of these; what is not named stays."""
    rows = [
        {
            "pair": pair,
            "resource": resource.value,
            "side": side.value,
            "name": name,
            "number": number,
        }
        for name, number in numbers.items()
    ]
    upsert(db, t.agreed_field, rows, ["number"])
