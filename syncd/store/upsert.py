"""Insert, or update what is there: one statement for a whole page of rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from operator import itemgetter
from types import MappingProxyType
from typing import Any, TypeVar

import sqlalchemy as sa

from syncd.store.executemany import executemany
from syncd.store.json_rows import ROWS, rows_as_table, to_json
from syncd.store.within import within

T = TypeVar("T")
IN_LIMIT = 500  # values of one list, and rows of one answer

Rows = Sequence[Mapping[str, Any]]  # all with the same columns


def upsert(db: sa.Connection, table: sa.Table, rows: Rows, update: Sequence[str] = ()) -> None:
    """Insert rows; where the primary key exists, update the named columns.

    They are locked in the order of their keys, so that of two processes with the same rows one
    waits for the other, and never each for the other.

    Args:
        rows: no primary key twice.
        update: columns to take over from the new row; none leaves the old row alone.
    """
    if rows:
        in_order = sorted(rows, key=itemgetter(*_keys(table)))
        statement = _upsert(table, tuple(rows[0]), tuple(update), sqlite=_is_sqlite(db))
        if _is_sqlite(db):
            executemany(db, statement, in_order)
        else:
            db.execute(statement, {ROWS: to_json(table, in_order)})


def insert(
    db: sa.Connection, table: sa.Table, rows: Rows, returning: Sequence[str] = ()
) -> sa.CursorResult[Any]:
    """Insert rows, at least one; the named columns of those that were made, in no order."""
    statement = _insert(table, tuple(rows[0]), tuple(returning), sqlite=_is_sqlite(db))
    given = [dict(row) for row in rows] if _is_sqlite(db) else {ROWS: to_json(table, rows)}
    return db.execute(statement, given)


def append(db: sa.Connection, table: sa.Table, rows: Rows) -> None:
    """Insert rows, at least one, of which nobody asks for the number."""
    statement = _insert(table, tuple(rows[0]), (), sqlite=_is_sqlite(db))
    if _is_sqlite(db):
        executemany(db, statement, rows)
    else:
        db.execute(statement, {ROWS: to_json(table, rows)})


def update(
    db: sa.Connection,
    table: sa.Table,
    rows: Rows,
    key: str = "id",
    at: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Set columns of rows that are there already.

    Args:
        rows: their key and what to set; no key twice.
        key: the last column of the primary key, by which the rows differ.
        at: what they have in common of the primary key.
    """
    if not rows:
        return
    statement = _update(table, tuple(rows[0]), key, tuple(at), sqlite=_is_sqlite(db))
    common = {f"at_{name}": value for name, value in at.items()}
    if _is_sqlite(db):
        each = [{f"new_{name}": value for name, value in row.items()} for row in rows]
        executemany(db, statement, [{**common, **row} for row in each])
    else:
        keys = [row[key] for row in rows]
        db.execute(statement, {**common, "keys": keys, ROWS: to_json(table, rows)})


def _is_sqlite(db: sa.Connection) -> bool:
    return db.dialect.name == "sqlite"


def _keys(table: sa.Table) -> list[str]:
    return [column.name for column in table.primary_key]


# -- statements, built once: it takes longer than to execute them -----------------------------

Names = tuple[str, ...]


@cache
def _upsert(table: sa.Table, names: Names, update: Names, *, sqlite: bool) -> sa.Insert:
    insert = insert_into(table, sqlite=sqlite)
    if not sqlite:
        insert = _from_given(insert, table, names)
    new = {name: insert.excluded[name] for name in update}
    statement: sa.Insert = (
        insert.on_conflict_do_update(index_elements=_keys(table), set_=new)
        if update
        else insert.on_conflict_do_nothing(index_elements=_keys(table))
    )
    return statement


def insert_into(table: sa.Table, *, sqlite: bool) -> Any:
    """The store's own INSERT, which knows what to do about a row that is there."""
    # Loaded here, as the dialect of a store that is not used takes as long to load as ours.
    if sqlite:
        from sqlalchemy.dialects import sqlite as lite

        return lite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


@cache
def _insert(table: sa.Table, names: Names, returning: Names, *, sqlite: bool) -> Any:
    insert = sa.insert(table) if sqlite else _from_given(sa.insert(table), table, names)
    return insert.returning(*(table.c[name] for name in returning)) if returning else insert


def _from_given(insert: Any, table: sa.Table, names: Names) -> Any:
    given = rows_as_table(table, names)
    return insert.from_select([*names], sa.select(*given.values()))


@cache
def _update(table: sa.Table, names: Names, key: str, at: Names, *, sqlite: bool) -> sa.Update:
    columns, of = table.c, [name for name in names if name != key]
    update = table.update().where(*(columns[name] == sa.bindparam(f"at_{name}") for name in at))
    if sqlite:
        new = {name: sa.bindparam(f"new_{name}", type_=columns[name].type) for name in of}
        return update.where(columns[key] == sa.bindparam(f"new_{key}")).values(new)
    given = rows_as_table(table, names)
    # The keys on their own tell PostgreSQL that an index finds these rows, and how few they are.
    few = within(columns[key], sa.bindparam("keys"))
    found = update.where(few, columns[key] == given[key])
    return found.values({name: given[name] for name in of})


def locking(asked: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
    """Rows that nobody else changes meanwhile, locked in the order in which `upsert` locks them.

    For PostgreSQL: SQLite has one writer anyway, and would go through the whole pair for the order.
    """
    in_order = [
        sa.collate(column, "C") if isinstance(column.type, sa.String) else column
        for column in table.primary_key
    ]
    return asked.order_by(*in_order).with_for_update()


def chunks(values: Iterable[T], size: int = IN_LIMIT) -> Iterator[list[T]]:
    """Lists of at most `size` values, in order."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
