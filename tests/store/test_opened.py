"""How a store is opened, and what is told of one that cannot be used."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from syncd.errors import StoreError
from syncd.store import tables as t
from syncd.store.database import (
    BUSY_TIMEOUT_MS,
    CONNECTIONS,
    explained,
    open_store,
    reading,
    sqlite_file,
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 15_000),
        ("journal_size_limit", 4 * 1024 * 1024),
    ],
)
def test_a_sqlite_store_is_opened_as_intents_need_it(
    sqlite_store: sa.Engine, name: str, value: object
) -> None:
    with sqlite_store.connect() as db:
        assert db.exec_driver_sql(f"PRAGMA {name}").scalar() == value
    assert BUSY_TIMEOUT_MS == 15_000


def test_a_writer_says_so_first_and_a_reader_does_not(sqlite_store: sa.Engine) -> None:
    begun: list[str] = []
    sa.event.listen(
        sqlite_store, "before_cursor_execute", lambda _c, _k, said, *_: begun.append(said)
    )
    with sqlite_store.begin():
        pass
    with reading(sqlite_store) as db:
        db.execute(sa.text("select 1"))
    assert [said for said in begun if said.startswith("BEGIN")] == ["BEGIN IMMEDIATE", "BEGIN"]


def test_every_address_of_postgresql_means_the_driver_that_is_there() -> None:
    for kind in ("postgresql", "postgresql+psycopg"):
        engine = open_store(f"{kind}://someone@localhost/syncd")
        assert engine.url.drivername == "postgresql+psycopg"
        assert engine.pool.size() == CONNECTIONS  # type: ignore[attr-defined]


def test_a_reader_begins_nothing_on_postgresql(postgres_store: sa.Engine) -> None:
    begun = sa.text("select pg_current_xact_id_if_assigned(), now() = statement_timestamp()")
    with reading(postgres_store) as db:
        db.execute(begun)
        assert tuple(db.execute(begun).one()) == (None, True)
    with postgres_store.begin() as db:  # on the same connection
        db.execute(begun)
        assert db.execute(begun).one()[1] is False


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("sqlite:///var/syncd.db", Path("var/syncd.db")),
        ("sqlite:////var/syncd.db", Path("/var/syncd.db")),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
        ("postgresql+psycopg://localhost/syncd", None),
    ],
)
def test_the_file_of_a_store_is_known_where_it_has_one(address: str, path: Path | None) -> None:
    assert sqlite_file(sa.make_url(address)) == path


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("database is LOCKED", "was locked by another process for 15 s"),
        ("database is busy", "was locked by another process"),
        ("database or disk is full", "is full. The current step was undone"),
        ("could not extend file: No space left on device", "is full"),
        ("attempt to write a readonly database", "cannot be opened for writing"),
        ("unable to open database file", "cannot be opened for writing"),
        ("no such table: op", "does not have the shape"),
        ("no such column: x", "does not have the shape"),
        ("near x: syntax error", "does not have the shape"),
        ("connection refused", "does not answer"),
    ],
)
def test_what_a_database_says_is_told_in_words_that_help(said: str, told: str) -> None:
    engine = sa.create_engine("postgresql+psycopg://me:secret@localhost/syncd")
    with pytest.raises(StoreError) as caught, explained(engine):
        raise sa.exc.OperationalError("select 1", {}, sqlite3.OperationalError(said))
    assert told in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "me:***@localhost" in str(caught.value)


def test_what_the_database_cannot_hold_is_a_fault_of_ours() -> None:
    engine = sa.create_engine("sqlite://")
    with pytest.raises(StoreError, match="cannot hold a value"), explained(engine):
        raise sa.exc.DataError("insert", {}, ValueError("too long"))


@pytest.mark.parametrize("said", ["database disk image is malformed", "file is not a database"])
def test_a_broken_file_is_told(said: str) -> None:
    engine = sa.create_engine("sqlite://")
    with pytest.raises(StoreError, match="not a usable SQLite database"), explained(engine):
        raise sa.exc.DatabaseError("select 1", {}, sqlite3.DatabaseError(said))
    with pytest.raises(sa.exc.DatabaseError), explained(engine):
        raise sa.exc.DatabaseError("select 1", {}, sqlite3.DatabaseError("something else"))


def test_stored_json_has_no_blanks(store: sa.Engine) -> None:
    row = {"pair": "shop", "mode": "sync", "state": "done", "started_at": datetime.now(UTC)}
    with store.begin() as db:
        db.execute(
            sa.insert(t.run), [{**row, "counts": {"a": 1, "b": "c d"}, "reasons": ["e", "f"]}]
        )
        stored = db.exec_driver_sql("select cast(counts as text), cast(reasons as text) from run")
        assert tuple(stored.one()) == ('{"a":1,"b":"c d"}', '["e","f"]')
