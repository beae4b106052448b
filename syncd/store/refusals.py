"""Values that a platform refused, so that the rest of a record can travel without them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from syncd.core.match import DUPLICATE
from syncd.model.plan import Refused, naming
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.model.values import SetDelta, Value, from_json, to_json
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, upsert
from syncd.store.within import within


@dataclass(frozen=True, slots=True)
class Refusal:
    """One value of one field of one link's record that its platform would not take."""

    link_id: int
    side: Side
    field: str
    value: Value | SetDelta
    code: str


_R = t.refusal.c


def note(db: sa.Connection, pair: str, refusals: Sequence[Refusal]) -> None:
    """Remember refusals; a later one of the same field replaces the earlier."""
    rows = {
        (r.link_id, r.side, r.field): {
            "link_id": r.link_id,
            "side": r.side.value,
            "field": r.field,
            "pair": pair,
            "value": to_json(r.value),
            "code": r.code,
        }
        for r in refusals
    }
    upsert(db, t.refusal, list(rows.values()), ["value", "code"])


@prepared
def _of_links(links: Any) -> sa.Executable:
    refused = sa.select(_R.link_id, _R.side, _R.field, _R.value, _R.code)
    return refused.where(within(_R.link_id, links))


def of_links(
    db: sa.Connection, links: Iterable[int]
) -> dict[int, Mapping[tuple[Side, str], Refused]]:
    """What was refused of these links, by side and field."""
    found: dict[int, dict[tuple[Side, str], Refused]] = {}
    for some in chunks(links):
        for link_id, side, field, value, code in _of_links(db, links=some):
            refused = Refused(from_json(value), code)
            found.setdefault(link_id, {})[Side(side), field] = refused
    return dict(found)


def _owed(pair: Any, side: Any, codes: Any) -> sa.ColumnElement[bool]:
    return sa.and_(_R.pair == pair, _R.side == side, within(_R.code, codes))


_links_owed = prepared(
    lambda pair, side, codes: sa.select(_R.link_id).where(_owed(pair, side, codes))
)
_forget_owed = prepared(
    lambda pair, side, codes: t.refusal.delete().where(_owed(pair, side, codes))
)


def lift(db: sa.Connection, pair: str, side: Side, holders: Iterable[str]) -> list[int]:
    """Forget refusals that were owed to records of one side, as these are others now.

    Returns:
        The links concerned.
    """
    links: set[int] = set()
    for some in chunks(naming(DUPLICATE, holder) for holder in holders):
        owed = {"pair": pair, "side": side.value, "codes": some}
        found = _links_owed(db, **owed).scalars().all()
        if found:
            _forget_owed(db, **owed)
        links.update(found)
    return sorted(links)


def forget(
    db: sa.Connection, pair: str, resource: Resource, side: Side, fields: Iterable[str]
) -> None:
    """Forget what was refused of these fields; those of another resource may have their names."""
    link = t.link.c
    ours = sa.select(link.id).where(link.pair == pair, link.resource == resource.value)
    at = (_R.pair == pair, _R.side == side.value, _R.link_id.in_(ours))
    for some in chunks(fields):
        db.execute(t.refusal.delete().where(*at, within(_R.field, some)))


def clear(db: sa.Connection, pair: str) -> list[int]:
    """Forget every refusal of a pair, so that all is tried again; the links concerned."""
    links = set(db.execute(sa.select(_R.link_id).where(_R.pair == pair)).scalars())
    db.execute(t.refusal.delete().where(_R.pair == pair))
    return sorted(links)
