"""Stored JSON objects, changed or looked into where they are: one statement for all rows."""

from collections.abc import Iterable

import sqlalchemy as sa


def without(
    db: sa.Connection, column: sa.ColumnElement[object], keys: Iterable[str]
) -> sa.ColumnElement[object]:
    """The object of a column without some of its keys, whatever characters these have."""
    entry = _entries(db, column)
    gone = entry.c.key.in_(sorted(keys))
    if db.dialect.name == "sqlite":
        value = sa.case(
            (entry.c.type.in_(("object", "array")), sa.func.json(entry.c.value)),
            (entry.c.type.in_(("true", "false")), sa.func.json(entry.c.type)),
            else_=entry.c.value,
        )
        rebuilt = sa.func.json_group_object(entry.c.key, value)
    else:
        empty = sa.cast(sa.literal("{}", sa.Text), sa.JSON)
        rebuilt = sa.func.coalesce(sa.func.json_object_agg(entry.c.key, entry.c.value), empty)
    return sa.select(rebuilt).select_from(entry).where(~gone).scalar_subquery()


def holds(db: sa.Connection, column: sa.ColumnElement[object], key: str) -> sa.ColumnElement[bool]:
    """Whether the object of a column has a value other than null under a key."""
    entry = _entries(db, column)
    if db.dialect.name == "sqlite":
        full = entry.c.type != "null"
    else:
        full = sa.func.json_typeof(entry.c.value) != "null"
    return sa.exists(sa.select(sa.literal(1)).select_from(entry).where(entry.c.key == key, full))


def _entries(db: sa.Connection, column: sa.ColumnElement[object]) -> sa.TableValuedAlias:
    names = ["key", "value"]
    if db.dialect.name == "sqlite":
        names.append("type")
    return sa.func.json_each(column).table_valued(*names, name="entry")


def text_at(
    db: sa.Connection, column: sa.ColumnElement[object], *steps: str
) -> sa.ColumnElement[str]:
    """The text under a key of the object of a column, or further within; null where none is.

    Flags are `true` or `false`. Texts compare by their characters, as times in UTC are to.
    """
    if db.dialect.name == "sqlite":
        path = "$" + "".join(f'."{step}"' for step in steps)
        kind = sa.func.json_type(column, path)
        flag = kind.in_(("true", "false"))
        return sa.case((flag, kind), else_=sa.func.json_extract(column, path))
    at: sa.ColumnElement[object] = column
    for step in steps[:-1]:
        at = at.op("->")(sa.literal(step, sa.Text))
    return sa.collate(at.op("->>", return_type=sa.Text())(sa.literal(steps[-1], sa.Text)), "C")
