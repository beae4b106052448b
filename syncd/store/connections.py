"""Connections to a PostgreSQL server: how it plans, and whether it is still there."""

from datetime import timedelta
from time import monotonic

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

# Within a cycle one transaction follows the other; to ask before each whether the server is
# still there costs as much as a statement.
ASSUMED_ALIVE = timedelta(seconds=1)


def plan_each_time(engine: sa.Engine) -> None:
    """Have PostgreSQL plan each statement for its values, and for the tables as they are then.

    Otherwise it keeps a plan that it made while a table was as good as empty, and goes by it
    through all that a first match has put there since, until autovacuum gathers statistics.
    """

    @sa.event.listens_for(engine, "connect")
    def _set(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.cursor().execute("SET plan_cache_mode = force_custom_plan")
        connection.commit()  # or else it ends with a transaction that is undone


def ask_after_a_rest(engine: sa.Engine, rest: timedelta = ASSUMED_ALIVE) -> None:
    """Have connections that were not used for so long tried before they are lent again.

    One that has ended is replaced, and so are all others that were made before.
    """

    @sa.event.listens_for(engine, "checkin")
    def _given_back(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info["used_at"] = monotonic()

    @sa.event.listens_for(engine, "checkout")
    def _lend(
        connection: DBAPIConnection, entry: ConnectionPoolEntry, _: PoolProxiedConnection
    ) -> None:
        used_at = entry.info.get("used_at")  # none: it was just made
        if used_at is None or monotonic() - used_at < rest.total_seconds():
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as cause:
            raise sa.exc.InvalidatePoolError from cause
