"""Insert, or update what is there: one statement for a whole page of rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

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
    if not rows:
        return
    insert = sqlite.insert(table) if db.dialect.name == "sqlite" else postgresql.insert(table)
    keys = [column.name for column in table.primary_key]
    if update:
        statement: Any = insert.on_conflict_do_update(
            index_elements=keys, set_={name: insert.excluded[name] for name in update}
        )
    else:
        statement = insert.on_conflict_do_nothing(index_elements=keys)
    db.execute(statement, [dict(row) for row in rows])


def chunks(values: Iterable[T], size: int = IN_LIMIT) -> Iterator[list[T]]:
    """Lists of at most `size` values, in order."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
