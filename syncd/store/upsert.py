"""Insert, or update what is there: one statement for a whole page of rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as lite

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
    insert = lite.insert(table) if sqlite else postgresql.insert(table)
    keys = [column.name for column in table.primary_key]
    if not update:
        return insert.on_conflict_do_nothing(index_elements=keys)
    return insert.on_conflict_do_update(
        index_elements=keys, set_={name: insert.excluded[name] for name in update}
    )


def chunks(values: Iterable[T], size: int = IN_LIMIT) -> Iterator[list[T]]:
    """Lists of at most `size` values, in order."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
