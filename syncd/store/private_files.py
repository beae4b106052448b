"""Files that nobody but their owner may read: the store holds every customer and what they said.

The rights are set and not only asked for, since a umask can take away from what is asked for
and says nothing about a file that was there before. Where a system has no such rights, Windows
for one, a folder's own rules decide.
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

FILE, FOLDER = 0o600, 0o700
BESIDE_SQLITE = ("-wal", "-shm", "-journal")  # which it makes with the rights of its file
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Wide:
    """A file or folder that others may open.

    Attributes:
        mode: as `chmod` takes it, e.g. 0644.
        narrow: the command that mends it.
    """

    path: Path
    mode: str
    narrow: str


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing; one that is there stays as it is.

    Raises:
        OSError: it cannot be made.
    """
    missing = [folder, *folder.parents]
    for each in reversed([one for one in missing if not one.exists()]):
        each.mkdir(FOLDER, exist_ok=True)
        each.chmod(FOLDER)
    folder.mkdir(exist_ok=True)  # says so if it is a file


def make_file(path: Path) -> None:
    """Make an empty file; one that is there stays as it is, with the rights that it has.

    Raises:
        OSError: it cannot be made.
    """
    try:
        made = os.open(path.resolve(), os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE)
    except FileExistsError:
        return
    os.close(made)
    path.chmod(FILE)


def write(path: Path, text: str) -> None:
    """Write a file anew; nobody else can read it, not even for a moment.

    Raises:
        OSError: it cannot be written.
    """
    make_file(path)
    path.chmod(FILE)
    path.write_text(text, "utf-8")


def wide_files(paths: Iterable[Path]) -> list[Wide]:
    """Those that are there and that others than their owner may open."""
    return [
        Wide(path, f"{_mode(path):04o}", f"chmod {FILE:o} {quote(str(path))}")
        for path in paths
        if _is_wide(path)
    ]


def wide_store(database: Path) -> list[Wide]:
    """What is too wide of a SQLite store: its folder, if that is its own, and its files.

    SQLite makes the files beside it with its rights and takes them away again, so all of them
    are one.
    """
    folder = database.absolute().parent
    files = [database, *(database.with_name(database.name + end) for end in BESIDE_SQLITE)]
    narrow = f"chmod {FILE:o} {quote(str(database))}*"  # with what stands beside it
    found = [replace(one, narrow=narrow) for one in wide_files(files)[:1]]
    if _is_wide(folder) and _holds_only(folder, database.name):
        narrow = f"chmod {FOLDER:o} {quote(str(folder))}"
        found.insert(0, Wide(folder, f"{_mode(folder):04o}", narrow))
    return found


def _is_wide(path: Path) -> bool:
    return os.name == "posix" and path.exists() and bool(_mode(path) & _OTHERS)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _holds_only(folder: Path, name: str) -> bool:
    """Whether a folder is there for one store alone, as far as it can be listed."""
    return os.access(folder, os.R_OK) and all(i.name.startswith(name) for i in folder.iterdir())
