"""Statements that are built once: for those that every cycle executes, many times over."""

from collections.abc import Callable
from inspect import signature
from typing import Any

import sqlalchemy as sa


def prepared(build: Callable[..., sa.Executable]) -> Callable[..., Any]:
    """A function that executes what `build` makes, with other values each time.

    To build a statement takes several times as long as to execute it on SQLite. `build` is
    called once, with a placeholder for each of its parameters, which are named again at each
    call; where it says `within(column, parameter)`, a list is given.

    >>> double = prepared(lambda of: sa.select(sa.cast(of, sa.Integer) * 2))
    >>> with sa.create_engine("sqlite://").connect() as db:
    ...     double(db, of=21).scalar_one()
    42
    """
    names = {name: f"{name}_of_call" for name in signature(build).parameters}
    statement = build(**{name: sa.bindparam(bound) for name, bound in names.items()})

    def execute(db: sa.Connection, **values: Any) -> sa.CursorResult[Any]:
        return db.execute(statement, {names[name]: value for name, value in values.items()})

    return execute
