"""One statement of SQLite for many rows, whose values SQLAlchemy would prepare one by one."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

Writer = Callable[[Any], Any] | None  # from a value to what the driver takes; None: as it is


def executemany(db: sa.Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute a statement once for each row.

    SQLAlchemy looks the parameters of each row up again, which takes longer than SQLite takes to
    write it. Here that is done once for a statement.

    Args:
        statement: an INSERT or UPDATE that is built once and kept.
        rows: its parameters by name, all with the same names.
    """
    text, writers = _compiled(statement, tuple(rows[0]), db.dialect)
    given = [
        tuple([row[name] if write is None else write(row[name]) for name, write in writers])
        for row in rows
    ]
    db.exec_driver_sql(text, given)


@lru_cache(maxsize=256)
def _compiled(
    statement: Any, names: tuple[str, ...], dialect: sa.Dialect
) -> tuple[str, list[tuple[str, Writer]]]:
    """The text of a statement, and its parameters in their order with how each is written."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    return str(compiled), [
        (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
        for name in compiled.positiontup
    ]
