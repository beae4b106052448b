"""Opening the state store, and bringing its schema up to date."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from syncd.errors import StoreError
from syncd.store import private_files
from syncd.store.connections import ask_after_a_rest, plan_each_time

BUSY_TIMEOUT_MS = 15_000
# What SQLite lets the write-ahead log grow to by itself: the 1,000 pages after which it writes
# them into the database. Without a limit the file stays as large as it ever was.
WAL_KEPT_BYTES = 4 * 1024 * 1024
COMPACT_JSON = json.JSONEncoder(separators=(",", ":")).encode
# Held for a transaction only, never while a platform is waited for, so a few carry many pairs.
CONNECTIONS = 16
CONNECTION_WAIT_S = 300
NEWER = "Install the newer syncd again, or point `store:` at another database."
_POOL = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": CONNECTION_WAIT_S}
_MIGRATING = 0x73796E6364  # any number that nobody else locks: "syncd"
_NOTED = sa.table("alembic_version", sa.column("version_num"))  # Alembic keeps it


def open_store(url: str) -> sa.Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://…`; makes no schema.

    Raises:
        StoreError: the address makes no sense, or the folder cannot be made.
    """
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError as cause:
        raise StoreError(
            "The store's address cannot be read.",
            hint="Write `store: sqlite:///var/syncd.db` or `postgresql+psycopg://…`.",
        ) from cause
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address)
    if address.get_backend_name() == "postgresql":
        engine = sa.create_engine(
            address.set(drivername="postgresql+psycopg"), json_serializer=COMPACT_JSON, **_POOL
        )
        plan_each_time(engine)
        ask_after_a_rest(engine)
        return engine
    raise StoreError(f"A store of kind '{address.get_backend_name()}' is not supported.")


def _open_sqlite(address: sa.URL) -> sa.Engine:
    if (path := sqlite_file(address)) is not None:
        folder = path.parent
        try:
            private_files.make_folder(folder)
        except OSError as cause:
            raise StoreError(
                f"The folder of the store, {folder}, cannot be made ({cause.strerror})."
                " Nothing was done.",
                hint="Give this user the folder, or set `store:` to a place that it may write to.",
            ) from cause
        with suppress(OSError):  # SQLite will say the same, with a word about its database
            private_files.make_file(path)
    engine = sa.create_engine(
        address,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
        json_serializer=COMPACT_JSON,
        execution_options={"turn": threading.RLock()},
        **(_POOL if path else {}),
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # an intent must survive a power cut
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA journal_size_limit={WAL_KEPT_BYTES}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A reader that later writes would fail instead of waiting, so writers say so first.
        reads = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def sqlite_file(address: sa.URL) -> Path | None:
    """The file of a SQLite store; None for another kind, or one in memory."""
    name = address.database
    if address.get_backend_name() != "sqlite" or not name or name == ":memory:":
        return None
    return Path(name)


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for reading only: it never waits for a writer on SQLite.

    On PostgreSQL it begins no transaction: each statement sees what is committed by then, as it
    would inside of one.
    """
    how: dict[str, Any] = {"reads_only": True}
    if engine.dialect.name == "postgresql":
        how["isolation_level"] = "AUTOCOMMIT"
    with engine.connect().execution_options(**how) as connection:
        yield connection


@contextmanager
def begin(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction, for writing.

    SQLite has one writer at a time, and who waits for it asks again and again, up to ten times a
    second, and may never find it free. The threads of one process therefore take turns here.
    """
    with engine.get_execution_options().get("turn", nullcontext()), engine.begin() as connection:
        yield connection


def upgrade(engine: sa.Engine, *, make: bool = True) -> str | None:
    """Bring the schema up to the newest version and return that version.

    A crash leaves the old version or the new one: each migration is one transaction.

    Args:
        make: an empty store gets the schema too; else it stays empty, and there is no version.

    Raises:
        StoreError: the schema is newer than this program, or the store cannot be used.
    """
    newest = newest_version()
    with explained(engine):
        present = version(engine)
        if present == newest or (present is None and not make):
            return present
        if present is not None and not knows(present):
            raise StoreError(
                f"The store has schema '{present}', which is newer than this program knows"
                f" ('{newest}'). Nothing was changed.",
                hint=NEWER,
            )
        # Alembic takes a fifth of a second to load, and hardly any start has something to migrate.
        from syncd.store import migrate

        with engine.begin() as connection:
            _wait_for_others(connection)
            migrate.to_newest(connection, migrations_folder())
    return newest


def _wait_for_others(connection: sa.Connection) -> None:
    """Let only one process migrate at a time; those that waited find nothing to do."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))


def version(engine: sa.Engine) -> str | None:
    """The schema's version; None for an empty store."""
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table(_NOTED.name):
            return None
        found: str | None = connection.execute(sa.select(_NOTED.c.version_num)).scalar()
        return found


def newest_version() -> str:
    """The schema's version that this program works with."""
    return _versions()[-1]


def knows(revision: str) -> bool:
    """Whether this program has heard of a schema's version; else the schema is newer."""
    return revision in _versions()


def _versions() -> list[str]:
    """Every version there is, the newest last; a migration's file begins with its version."""
    names = (path.name for path in (migrations_folder() / "versions").glob("*.py"))
    return sorted(name.partition("_")[0] for name in names)


def migrations_folder() -> Path:
    """Where the migrations are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    packaged = package / "migrations"
    return packaged if packaged.is_dir() else package.parent / "migrations"


@contextmanager
def explained(engine: sa.Engine) -> Iterator[None]:
    """Turn what a database says into what a person can do.

    Raises:
        StoreError: locked, full, read-only, unreachable.
    """
    try:
        yield
    except sa.exc.OperationalError as cause:
        raise StoreError(*_explain(engine, str(cause.orig).lower())) from cause
    except sa.exc.TimeoutError as cause:
        raise StoreError(
            f"No connection to the store was free for {CONNECTION_WAIT_S} s. The current step was"
            " not carried out.  Find out what keeps the database from answering."
        ) from cause
    except sa.exc.DataError as cause:
        raise StoreError(
            "The store cannot hold a value that was to be written; the current step was undone."
            "  This is a fault of syncd: please report it with the version and the platform."
        ) from cause
    except sa.exc.DatabaseError as cause:
        if "malformed" in str(cause.orig) or "not a database" in str(cause.orig):
            raise StoreError(
                "The store's file is not a usable SQLite database. Nothing was changed."
                "  Restore it from a backup, or move it away to start anew."
            ) from cause
        raise


def _explain(engine: sa.Engine, said: str) -> tuple[str]:
    where = engine.url.render_as_string(hide_password=True)
    if "locked" in said or "busy" in said:
        return (
            f"The store {where} was locked by another process for"
            f" {BUSY_TIMEOUT_MS // 1000} s. The current step was not carried out."
            f"  Find out who holds it, e.g. with `fuser {engine.url.database}`: a backup, a"
            " database editor, another syncd. When that has ended, type it again.",
        )
    if "full" in said or "no space" in said:
        return (
            f"The disk of the store {where} is full. The current step was undone and nothing"
            " more was sent.  Free some space; the next run goes on where this one stopped.",
        )
    if "readonly" in said or "unable to open" in said:
        return (
            f"The store {where} cannot be opened for writing. Nothing was done."
            "  Check the folder's owner and rights, then type `syncd db upgrade`.",
        )
    if "no such table" in said or "no such column" in said or "syntax" in said:
        return (
            f"The store {where} does not have the shape that this program expects. The current"
            " step was undone.  Type `syncd db status`; if it shows the newest schema, this is"
            " a fault of syncd itself.",
        )
    return (
        f"The store {where} does not answer. The current step was undone.  Check that the"
        " database runs and that `store:` names it, then try again.",
    )
