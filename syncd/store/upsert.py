"""Insert, or update what is there: one statement for a whole page of rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

T = TypeVar("T")
IN_LIMIT = 500  # members of one IN list: far below every database's own limit


def upsert(
    db: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    update: Sequence[str] = (),
) -> None:
    """Insert rows; where the primary key exists, update the named columns.

    Args:
        rows: all with the same columns, no primary key twice.
        update: columns to take over from the new row; none leaves the old row alone.
    """
    if rows:
        statement = _statement(table, tuple(update), sqlite=db.dialect.name == "sqlite")
        db.execute(statement, [dict(row) for row in rows])


@cache
def _statement(table: sa.Table, update: tuple[str, ...], *, sqlite: bool) -> sa.Insert:
    """Built once: it takes longer than to execute it."""
    insert = insert_into(table, sqlite=sqlite)
    keys = [column.name for column in table.primary_key]
    new = {name: insert.excluded[name] for name in update}
    statement: sa.Insert = (
        insert.on_conflict_do_update(index_elements=keys, set_=new)
        if update
        else insert.on_conflict_do_nothing(index_elements=keys)
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


def chunks(values: Iterable[T], size: int = IN_LIMIT) -> Iterator[list[T]]:
    """Lists of at most `size` values, in order."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
