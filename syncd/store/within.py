"""A column that is one of many values: a list as one parameter, so that the statement is constant.

SQLAlchemy's `in_` makes a parameter of every member, and so another text for each length of the
list: to write it takes longer than SQLite takes to find the rows.
"""

import json
from collections.abc import Sequence
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType


class List(sa.types.TypeDecorator[Sequence[Any]]):
    """Values as one parameter: an array for PostgreSQL, JSON for SQLite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, of: sa.types.TypeEngine[Any]) -> None:
        """Args:
        of: the type of the column; an array of `VARCHAR(n)` would cut what is longer.
        """
        super().__init__()
        self.of = sa.Text() if isinstance(of, sa.String) else of

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        array = sa.ARRAY(self.of) if dialect.name == "postgresql" else sa.Text()
        return dialect.type_descriptor(array)

    def process_bind_param(self, value: Sequence[Any] | None, dialect: sa.Dialect) -> Any:
        values = list(value or ())
        return values if dialect.name == "postgresql" else json.dumps(values)


class within(FunctionElement[bool]):  # noqa: N801 - reads as a function
    """Whether a column has one of the values of a list: `within(column, given)`.

    The list is a parameter or the values themselves; they are strings or integers.

    >>> found = sa.select(sa.literal(2)).where(within(sa.literal(2), [1, 2, 3]))
    >>> with sa.create_engine("sqlite://").connect() as db:
    ...     db.execute(found).scalar()
    2
    """

    type = sa.Boolean()
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[Any], given: Any) -> None:
        super().__init__(column, sa.type_coerce(given, List(column.type)))

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002
        """Stand in a condition as it is; `… = 1`, as of a function, would keep from the index."""
        return self


@compiles(within, "postgresql")
def _in_array(element: within, compiler: SQLCompiler, **how: Any) -> str:
    column, given = (compiler.process(part, **how) for part in element.clauses)
    return f"({column} = ANY ({given}))"


@compiles(within, "sqlite")
def _in_json(element: within, compiler: SQLCompiler, **how: Any) -> str:
    column, given = (compiler.process(part, **how) for part in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({given})))"  # noqa: S608 - both are compiled
