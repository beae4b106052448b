"""Many rows as one parameter of a PostgreSQL statement: a list of JSON objects.

A statement for each row would be parsed by psycopg, bound and executed once for each; rows in
`VALUES` would be another statement for every number of them, which could not be prepared once.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from syncd.store.tables import Moment

ROWS = "rows"  # name of the parameter

Row = Mapping[str, Any]


def rows_as_table(table: sa.Table, names: Sequence[str]) -> dict[str, sa.ColumnElement[Any]]:
    """Columns of a derived table `given`, by name and with the types of `table`.

    Its rows come with the parameter `ROWS`, as `to_json` makes it, and in that order.
    """
    plain = [sa.column(name, _plain(table.c[name].type)) for name in names]
    parameter = sa.cast(sa.bindparam(ROWS, type_=sa.Text), sa.JSON)
    rows = sa.func.json_to_recordset(parameter).table_valued(*plain, name="given")
    given = rows.render_derived(with_types=True)
    return {
        name: sa.cast(given.c[name], sa.JSON) if _is_json(table.c[name]) else given.c[name]
        for name in names
    }


def to_json(table: sa.Table, rows: Iterable[Row]) -> str:
    """Rows as JSON; None is null.

    An object of a JSON column is a string there, so that whatever characters it has
    are stored as they are spelled.
    """
    write = _writers(table)
    return _dumped(
        [
            {name: write[name](value) if name in write else value for name, value in row.items()}
            for row in rows
        ]
    )


def _plain(of: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    return sa.Text() if isinstance(of, sa.JSON) else of


def _is_json(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.JSON)


@cache
def _writers(table: sa.Table) -> dict[str, Callable[[Any], str | None]]:
    """How values of those columns are written of which JSON has none."""
    moments = {c.name: _moment for c in table.columns if isinstance(c.type, Moment)}
    return moments | {c.name: _document for c in table.columns if _is_json(c)}


def _document(value: Any) -> str | None:
    return None if value is None else _dumped(value)


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).replace(tzinfo=None).isoformat()
