"""Opening the store, and bringing its schema up to date."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from syncd.errors import StoreError
from syncd.store import tables as t
from syncd.store.database import explained, newest_version, open_store, reading, upgrade, version

from .samples import take

PATIENCE_MS = 20


@pytest.fixture
def impatient(sqlite_store: sa.Engine) -> Iterator[sa.Engine]:
    """Another process's view of the SQLite store, which waits only a moment for a lock."""
    engine = open_store(str(sqlite_store.url))

    @sa.event.listens_for(engine, "connect")
    def _hurry(connection: sa.PoolProxiedConnection, _: object) -> None:
        connection.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")  # type: ignore[attr-defined]

    yield engine
    engine.dispose()


def test_a_new_store_has_no_version_until_it_is_upgraded(empty_store: sa.Engine) -> None:
    assert version(empty_store) is None
    assert upgrade(empty_store) == newest_version()
    assert version(empty_store) == newest_version()


def test_an_empty_store_stays_empty_if_that_is_wanted(empty_store: sa.Engine) -> None:
    assert upgrade(empty_store, make=False) is None
    assert version(empty_store) is None


def test_upgrading_twice_changes_nothing(store: sa.Engine) -> None:
    take(store)
    assert upgrade(store) == newest_version()
    with store.connect() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(t.lease)).scalar_one() == 1


def test_two_processes_that_upgrade_at_once_both_succeed(empty_store: sa.Engine) -> None:
    url = empty_store.url.render_as_string(hide_password=False)
    code = "import sys; from syncd.store.database import open_store, upgrade;" + (
        "engine = open_store(sys.argv[1]); sys.stdin.read(); print(upgrade(engine))"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.close()  # off they go
        racer.stdin = None
    assert [racer.communicate(timeout=30)[0].strip() for racer in racers] == [newest_version()] * 2


def test_a_newer_schema_is_refused_and_left_alone(store: sa.Engine) -> None:
    with store.begin() as db:
        db.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreError, match=r"'9999', which is newer.*Nothing was changed"):
        upgrade(store)
    assert version(store) == "9999"


def test_an_address_that_makes_no_sense_is_explained() -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        open_store("syncd.db")
    with pytest.raises(StoreError, match="'mysql' is not supported"):
        open_store("mysql://example.org/syncd")


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(f"sqlite:///{tmp_path}/file/syncd.db")


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/var/lib/syncd.db")
    upgrade(engine)
    engine.dispose()
    assert (tmp_path / "var/lib/syncd.db").is_file()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "syncd.db"
    path.write_text("name,email\n" * 500)
    engine = open_store(f"sqlite:///{path}")
    with pytest.raises(StoreError, match="not a usable SQLite database"):
        upgrade(engine)
    engine.dispose()
    assert path.read_text() == "name,email\n" * 500


def test_a_database_that_does_not_answer_is_explained(tmp_path: Path) -> None:
    engine = open_store(f"postgresql://postgres@/syncd?host={tmp_path}")
    with pytest.raises(StoreError, match="does not answer") as caught:
        upgrade(engine)
    assert "postgres@" in str(caught.value)


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    engine = open_store(f"postgresql://syncd:hunter2@/syncd?host={tmp_path}")
    with pytest.raises(StoreError) as caught:
        upgrade(engine)
    assert "hunter2" not in str(caught.value)


def test_a_lock_that_does_not_go_away_is_explained(
    sqlite_store: sa.Engine, impatient: sa.Engine
) -> None:
    refused = pytest.raises(StoreError, match="locked by another process")
    with sqlite_store.begin(), refused, explained(impatient):
        take(impatient)
    take(impatient)  # and now it is free


def test_who_meets_a_lock_is_not_sent_to_a_command_that_needs_it_too(
    sqlite_store: sa.Engine, impatient: sa.Engine
) -> None:
    with sqlite_store.begin(), pytest.raises(StoreError) as caught, explained(impatient):
        take(impatient)
    assert "syncd status" not in str(caught.value)
    assert f"fuser {impatient.url.database}" in str(caught.value)


def test_a_reader_never_waits_for_a_writer(sqlite_store: sa.Engine, impatient: sa.Engine) -> None:
    with sqlite_store.begin() as writer:
        writer.execute(sa.insert(t.meta).values(name="a", value="1"))
        with reading(impatient) as db:
            assert db.execute(sa.select(t.meta)).all() == []


def test_a_full_disk_is_explained_and_the_step_undone(sqlite_store: sa.Engine) -> None:
    with sqlite_store.connect() as db:
        pages = db.exec_driver_sql("PRAGMA page_count").scalar_one()
        db.rollback()
        db.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        db.commit()  # the pool gives the same connection again
    big = [{"name": f"n{i}", "value": "x" * 4000} for i in range(50)]
    refused = pytest.raises(StoreError, match=r"disk .* is full.*was undone")
    with refused, explained(sqlite_store), sqlite_store.begin() as db:
        db.execute(sa.insert(t.meta), big)
    with sqlite_store.connect() as db:
        assert db.execute(sa.select(t.meta)).all() == []


def test_a_file_that_cannot_be_written_is_explained(sqlite_store: sa.Engine) -> None:
    with sqlite_store.connect() as db:
        db.exec_driver_sql("PRAGMA query_only=1")  # what a read-only file system answers
    with pytest.raises(StoreError, match="cannot be opened for writing"), explained(sqlite_store):
        take(sqlite_store)


def test_moments_are_utc_in_and_out_whatever_their_zone(store: sa.Engine) -> None:
    east = datetime(2026, 3, 2, 9, 15, tzinfo=timezone(timedelta(hours=1)))
    with store.begin() as db:
        db.execute(sa.insert(t.lease).values(pair="p", holder="h", fence=1, expires_at=east))
        stored = db.execute(sa.select(t.lease.c.expires_at)).scalar_one()
    assert stored == east
    assert stored.tzinfo is UTC


def test_several_foreign_ids_that_differ_in_case_only_are_kept_apart(store: sa.Engine) -> None:
    with store.begin() as db:
        db.execute(sa.insert(t.meta), [{"name": n, "value": n} for n in ("abC", "abc", "ABC")])
        assert db.execute(sa.select(sa.func.count()).select_from(t.meta)).scalar_one() == 3


def test_emptied_json_is_null_for_the_database_too(store: sa.Engine) -> None:
    with store.begin() as db:
        db.execute(sa.insert(t.pair).values(name="p", accounts=None))
        empty = sa.select(t.pair.c.name).where(t.pair.c.accounts.is_(None))
        assert db.execute(empty).scalars().all() == ["p"]


def test_a_store_without_its_tables_is_not_taken_for_one_that_does_not_answer(
    empty_sqlite: sa.Engine,
) -> None:
    with pytest.raises(StoreError, match="does not have the shape"), explained(empty_sqlite):
        take(empty_sqlite)
