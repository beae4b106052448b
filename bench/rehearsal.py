"""A sandbox in a process of its own, and `syncd` run against it as a user runs it."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncd.testing.control import Control

LOOKS_EVERY_S = 0.02
ROOT = """\
store: sqlite:///syncd.db
accounts:
  crm: {connector: ghl, token: "${GHL_TOKEN}", location_id: "${GHL_LOCATION_ID}",
        base_url: "${GHL_URL}"}
  mail: {connector: maileon, api_key: "${MAILEON_API_KEY}", base_url: "${MAILEON_URL}",
         requests_per_second: 100}
  news: {connector: mailercloud, api_key: "${MAILERCLOUD_API_KEY}",
         list_id: "${MAILERCLOUD_LIST_ID}", base_url: "${MAILERCLOUD_URL}",
         requests_per_second: 10}
pairs: pairs/*.yaml
log: {level: warning}
"""
PAIR = """\
pair: bench
left: crm
right: mail
baseline: auto
fields:
  - {left: firstName, right: FIRSTNAME}
  - {left: lastName, right: LASTNAME}
  - {left: city, right: CITY}
  - {left: phone, right: custom.phone, create_missing: true}
  - {left: tags, right: custom.tags, transform: {join: ", "}, create_missing: true}
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a finished process ended.

    Attributes:
        peak_mb: its largest resident size; seconds: wall time from start to end; cpu_s: what
            it took of the processors, Python's own start and end included.
    """

    code: int
    output: str
    seconds: float
    peak_mb: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A sandbox, and a folder with a configuration for it."""

    box: Control
    folder: Path
    env: Mapping[str, str]

    def command(self, *arguments: str) -> list[str]:
        config = str(self.folder / "syncd.yaml")
        return [sys.executable, "-m", "syncd", "--config", config, *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command whose words nobody reads."""
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(self.env),
        )

    def syncd(self, *arguments: str) -> Ran:
        """Run a command to its end, and measure the whole process."""
        with tempfile.TemporaryFile() as output:
            begun = time.perf_counter()
            process = subprocess.Popen(
                self.command(*arguments), stdout=output, stderr=output, env=dict(self.env)
            )
            status, usage, peak_kb = _waited(process.pid)
            seconds = time.perf_counter() - begun
            output.seek(0)
            said = output.read().decode(errors="replace")
        code = os.waitstatus_to_exitcode(status)
        process.returncode = code
        cpu_s = usage.ru_utime + usage.ru_stime
        return Ran(code, said, seconds, peak_kb / 1024, cpu_s)

    def last_run_s(self) -> float:
        """How long the newest run took, as the store has it."""
        with closing(sqlite3.connect(self.folder / "syncd.db")) as db:
            days = "julianday(ended_at) - julianday(started_at)"
            found = db.execute(f"SELECT {days} FROM run ORDER BY id DESC LIMIT 1")  # noqa: S608
            return float(found.fetchone()[0]) * 86_400

    def requests(self) -> dict[str, int]:
        """How many requests each platform has had since the counters were cleared."""
        totals: dict[str, int] = {}
        for route, count in self.box.counters()["requests"].items():
            platform = route.split(" ", 1)[0]
            totals[platform] = totals.get(platform, 0) + count
        return totals

    def refusals(self) -> int:
        """How many answers were 429."""
        return sum(self.box.counters()["refusals"].values())


@contextmanager
def rehearsal(
    contacts: int, *, limits: str = "off", guards: str = "", pair: str = PAIR
) -> Iterator[Rehearsal]:
    """Start a sandbox with people in it, and write a configuration for it."""
    command = [sys.executable, "-m", "syncd", "sandbox", "--port", "0"]
    command += ["--contacts", str(contacts), "--limits", limits]
    with tempfile.TemporaryDirectory() as name:
        sandbox = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert sandbox.stdout is not None  # noqa: S101 - we asked for a pipe
            url = _url(sandbox.stdout.readline())
            folder = Path(name)
            (folder / "pairs").mkdir()
            (folder / "syncd.yaml").write_text(ROOT)
            (folder / "pairs" / "bench.yaml").write_text(pair + guards)
            box = Control(url)
            yield Rehearsal(box, folder, {**os.environ, **_credentials(box)})
        finally:
            sandbox.terminate()
            sandbox.communicate(timeout=30)


def _url(line: str) -> str:
    word = next((w for w in line.split() if w.startswith("http://")), None)
    if word is None:
        raise SystemExit(f"the sandbox did not start: {line!r}")
    return word.rstrip(".,")


def _credentials(box: Control) -> dict[str, str]:
    info = box.info()
    return {
        "GHL_TOKEN": info["ghl"]["token"],
        "GHL_LOCATION_ID": info["ghl"]["location_id"],
        "GHL_URL": info["ghl"]["base_url"],
        "MAILEON_API_KEY": info["maileon"]["api_key"],
        "MAILEON_URL": info["maileon"]["base_url"],
        "MAILERCLOUD_API_KEY": info["mailercloud"]["api_key"],
        "MAILERCLOUD_LIST_ID": info["mailercloud"]["list_id"],
        "MAILERCLOUD_URL": info["mailercloud"]["base_url"],
    }


def duplicates(contacts: list[dict[str, Any]]) -> int:
    """How many contacts share their address with another one."""
    addresses = [str(c["email"]).lower() for c in contacts if c.get("email")]
    return len(addresses) - len(set(addresses))


def _waited(pid: int) -> tuple[int, Any, int]:
    """How a process ended, what it took, and its largest resident size in kB.

    What `wait4` tells of the size counts what this process had when it forked, so the system is
    asked while the other runs.
    """
    peak_kb = 0
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return status, usage, peak_kb or usage.ru_maxrss
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            peak_kb = int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
        time.sleep(LOOKS_EVERY_S)
