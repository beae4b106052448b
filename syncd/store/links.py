"""Two remote ids that are one thing, and what each side showed at the last agreement."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from syncd.model.link import Link
from syncd.model.record import Resource
from syncd.model.side import Both, Side
from syncd.model.values import Fields, Patch, SetDelta, fields_from_json, fields_to_json
from syncd.store import documents
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, insert, update
from syncd.store.within import within

_L = t.link.c
_COLUMNS = (_L.id, _L.left_id, _L.right_id, _L.left_shadow, _L.right_shadow, _L.ended, _L.parent)


def _link(row: Any) -> Link:
    link_id, left, right, left_shadow, right_shadow, *rest = row
    shadow: Both[Fields] = Both(fields_from_json(left_shadow), fields_from_json(right_shadow))
    return Link(link_id, Both(left, right), shadow, *rest)


@prepared
def _load(ids: Any) -> sa.Executable:
    return sa.select(*_COLUMNS).where(within(_L.id, ids))


def load(db: sa.Connection, ids: Iterable[int]) -> list[Link]:
    """The links with these ids, in the order of their ids."""
    found: list[Link] = []
    for some in chunks(ids):
        found.extend(map(_link, _load(db, ids=some)))
    return sorted(found, key=lambda link: link.id)


def resources_of(db: sa.Connection, ids: Iterable[int]) -> dict[int, Resource]:
    """What the records of these links are."""
    found: dict[int, Resource] = {}
    for some in chunks(ids):
        rows = db.execute(sa.select(_L.id, _L.resource).where(within(_L.id, some)))
        found.update((link_id, Resource(resource)) for link_id, resource in rows)
    return found


def open_new(
    db: sa.Connection,
    pair: str,
    resource: Resource,
    wanted: Sequence[Both[str | None]],
    parents: Sequence[int | None] | None = None,
) -> list[int]:
    """Make links with empty shadows; their ids in the order of `wanted`.

    Args:
        parents: the contacts' link of each, where they belong to contacts.
    """
    if not wanted:
        return []
    rows: list[dict[str, Any]] = [
        {
            "pair": pair,
            "resource": resource.value,
            "left_id": ids.left,
            "right_id": ids.right,
            "left_shadow": {},
            "right_shadow": {},
            "parent": parent,
        }
        for ids, parent in zip(wanted, parents or [None] * len(wanted), strict=True)
    ]
    # By their remote ids and not by their order, which on SQLite would cost a statement a row.
    made = insert(db, t.link, rows, ["id", "left_id", "right_id"])
    by_ids = {(row.left_id, row.right_id): int(row.id) for row in made}
    return [by_ids[ids.left, ids.right] for ids in wanted]


def complete(db: sa.Connection, side: Side, ids: Mapping[int, str | None]) -> None:
    """Set the id of one side by link; None takes a wrong one away again."""
    update(db, t.link, [{"id": i, f"{side.value}_id": given} for i, given in ids.items()])


def save_shadows(
    db: sa.Connection,
    shadows: Mapping[int, Both[Fields]],
    side: Side | None = None,
    made: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """Replace the shadows of links.

    Args:
        made: of some of these links, the id of the record that was just made on `side`.
    """
    rows = {
        link_id: {
            "id": link_id,
            "left_shadow": fields_to_json(shadow.left),
            "right_shadow": fields_to_json(shadow.right),
        }
        for link_id, shadow in shadows.items()
    }
    update(db, t.link, [row for link_id, row in rows.items() if link_id not in made])
    if side is not None:
        update(db, t.link, [{**rows[i], f"{side.value}_id": new} for i, new in made.items()])


def forget_shadows(
    db: sa.Connection, pair: str, resource: Resource, names: Both[Sequence[str]]
) -> None:
    """Take these names out of every shadow of a pair, as if never agreed on: one statement."""
    if not any(names):
        return
    db.execute(
        t.link.update()
        .where(_L.pair == pair, _L.resource == resource.value)
        .values(
            left_shadow=documents.without(db, _L.left_shadow, names.left),
            right_shadow=documents.without(db, _L.right_shadow, names.right),
        )
    )


def end(db: sa.Connection, causes: Mapping[int, str | None]) -> None:
    """Let nothing flow any more through these links, and say why; None opens one again."""
    update(db, t.link, [{"id": link_id, "ended": why} for link_id, why in causes.items()])


def move(db: sa.Connection, parents: Mapping[int, int]) -> None:
    """Note to which contacts' links these belong now."""
    update(db, t.link, [{"id": link_id, "parent": parent} for link_id, parent in parents.items()])


def remove(db: sa.Connection, pair: str, ids: Iterable[int]) -> None:
    """Forget links that never had both sides, and whatever was noted of them."""
    noted = [(table, table.c.link_id) for table in (t.conflict, t.problem, t.refusal)]
    for some in chunks(ids):
        for table, link_id in [*noted, (t.link, _L.id)]:
            db.execute(table.delete().where(table.c.pair == pair, within(link_id, some)))


@prepared
def _count_complete(pair: Any, resource: Any) -> sa.Executable:
    both = (_L.left_id.is_not(None), _L.right_id.is_not(None), _L.ended.is_(None))
    return sa.select(sa.func.count()).where(_L.pair == pair, _L.resource == resource, *both)


def count_complete(db: sa.Connection, pair: str, resource: Resource) -> int:
    """How many links have both sides and still flow."""
    return int(_count_complete(db, pair=pair, resource=resource.value).scalar_one())


def advanced(shadow: Fields, step: Patch) -> dict[str, Any]:
    """A shadow moved on by exactly what was confirmed.

    >>> sorted(advanced({"tags": frozenset("a")}, {"tags": SetDelta(frozenset("b"))})["tags"])
    ['a', 'b']
    """
    moved = dict(shadow)
    for name, value in step.items():
        if isinstance(value, SetDelta):
            before = moved.get(name)
            value = value.on(before if isinstance(before, frozenset) else frozenset())
        moved[name] = value
    return moved
