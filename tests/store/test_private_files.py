"""What we make can be read by nobody else, whatever the umask says."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from syncd.errors import StoreError
from syncd.store import private_files
from syncd.store.database import open_store, upgrade

UMASKS = [0o022, 0o000, 0o002, 0o077, 0o277]


@pytest.fixture(params=UMASKS, ids=[f"{umask:04o}" for umask in UMASKS])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: mode(path) for path in folder.iterdir()}


def written_to(path: Path) -> sa.Engine:
    """A migrated store, open, whose log has not been written back."""
    engine = open_store(f"sqlite:///{path}")
    upgrade(engine)
    return engine


def test_a_new_store_is_its_owners_alone(tmp_path: Path, umask: int) -> None:
    engine = written_to(tmp_path / "state" / "var" / "syncd.db")
    assert mode(tmp_path / "state") == mode(tmp_path / "state" / "var") == 0o700
    assert modes(tmp_path / "state" / "var") == {
        "syncd.db": 0o600,
        "syncd.db-wal": 0o600,
        "syncd.db-shm": 0o600,
    }
    engine.dispose()


def test_a_store_behind_a_link_is_its_owners_alone(tmp_path: Path, umask: int) -> None:
    (tmp_path / "there").mkdir(0o755)
    (tmp_path / "there").chmod(0o755)
    (tmp_path / "syncd.db").symlink_to(tmp_path / "there" / "real.db")
    written_to(tmp_path / "syncd.db").dispose()
    assert modes(tmp_path / "there") == {"real.db": 0o600}


def test_what_was_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    path = tmp_path / "var" / "syncd.db"
    written_to(path).dispose()
    (tmp_path / "var").chmod(0o755)
    path.chmod(0o640)
    written_to(path).dispose()
    assert (mode(tmp_path / "var"), mode(path)) == (0o755, 0o640)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(f"sqlite:///{tmp_path}/var/syncd.db")
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(f"sqlite:///{tmp_path}/var/deeper/syncd.db")


def test_a_secret_is_written_for_its_owner_alone(tmp_path: Path, umask: int) -> None:
    path = tmp_path / ".env"
    private_files.write(path, "TOKEN=1\n")
    assert (mode(path), path.read_text()) == (0o600, "TOKEN=1\n")
    path.chmod(0o666)
    private_files.write(path, "TOKEN=2\n")
    assert (mode(path), path.read_text()) == (0o600, "TOKEN=2\n")


def test_what_is_wide_of_a_store_is_found_with_what_mends_it(tmp_path: Path) -> None:
    folder, path = tmp_path / "my var", tmp_path / "my var" / "syncd.db"
    engine = written_to(path)
    assert private_files.wide_store(path) == []
    path.with_name("syncd.db-wal").chmod(0o644)
    (beside,) = private_files.wide_store(path)
    assert (beside.path, beside.mode) == (path.with_name("syncd.db-wal"), "0644")
    path.chmod(0o604)
    folder.chmod(0o711)
    found = private_files.wide_store(path)
    assert [(one.path, one.mode) for one in found] == [(folder, "0711"), (path, "0604")]
    for one in found:
        subprocess.run(["sh", "-c", one.narrow], check=True)
    assert private_files.wide_store(path) == []
    engine.dispose()


def test_a_folder_that_others_use_too_is_their_matter(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    written_to(tmp_path / "syncd.db").dispose()
    assert [one.path for one in private_files.wide_store(tmp_path / "syncd.db")] == [tmp_path]
    (tmp_path / "other").touch()
    assert private_files.wide_store(tmp_path / "syncd.db") == []
    assert private_files.wide_store(tmp_path / "none.db") == []


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_each_file_of_a_store_is_looked_at(tmp_path: Path, end: str) -> None:
    tmp_path.chmod(0o700)
    for each in ("", "-wal", "-shm", "-journal", "-copy"):
        private_files.make_file(tmp_path / f"syncd.db{each}")
    (tmp_path / f"syncd.db{end}").chmod(0o644)
    (tmp_path / "syncd.db-copy").chmod(0o644)
    found = private_files.wide_store(tmp_path / "syncd.db")
    assert [one.path.name for one in found] == [f"syncd.db{end}"]
