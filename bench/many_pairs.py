"""Many pairs in one daemon, over real HTTP to platforms that take their time to answer.

A sandbox in a process of its own answers every request after 300 ms; the daemon, in another
process, keeps 200 pairs in step every 10 s. A cycle is late by how much later than its pair was
due it begins.
"""

import argparse
import json
import logging
import math
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from waitress import create_server  # type: ignore[import-untyped]

from syncd.app import open_app
from syncd.config.load import load
from syncd.observe import log
from syncd.runtime.daemon import Daemon
from syncd.runtime.stop import Stop
from syncd.runtime.worker import Worker
from syncd.sandbox.app import App, build

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LATENCY_S = 0.3
EVERY_S = 10
CONTACTS = 4
GOAL_S = 2.0
ACCOUNTS = """\
  crm{n}: {{connector: ghl, token: "{ghl[token]}", location_id: "{ghl[location_id]}",
    base_url: "{ghl[base_url]}"}}
  mail{n}: {{connector: maileon, api_key: "{maileon[api_key]}",
    base_url: "{maileon[base_url]}", requests_per_second: 100}}
"""
PAIR = """\
pair: pair{n}
left: crm{n}
right: mail{n}
every: {every}s
jitter: 0s
baseline: auto
guards: {{creates: {{count: 500, percent: 100}}}}
fields:
  - {{left: firstName, right: FIRSTNAME}}
  - {{left: lastName, right: LASTNAME}}
  - {{left: city, right: CITY}}
"""


def measure(quick: bool) -> list[tuple[str, str, str, bool]]:
    """200 pairs for two minutes."""
    pairs, seconds = (40, 40) if quick else (200, 120)
    found = measured(pairs, seconds)
    place = f"{pairs} pairs every {EVERY_S} s, {1000 * LATENCY_S:.0f} ms a request"
    return [
        (
            f"{place}: late",
            f"median {found['late_median_s']:.2f} s, at most {found['late_most_s']:.2f} s"
            f" ({found['cycles']:,} of {pairs * seconds // EVERY_S:,} cycles, each"
            f" {found['cycle_median_s']:.1f} s, at most"
            f" {found['cycle_most_s']:.1f} s; load of the machine {found['load']:.1f})",
            f"at most {GOAL_S:.0f} s",
            found["late_most_s"] <= GOAL_S,
        ),
        (
            f"{place}: the daemon",
            f"{found['cpu_ms']:.0f} ms of processor time a cycle, {found['peak_mb']:.0f} MB,"
            f" {found['threads']} threads, {found['files']} open files",
            "under 300 MB",
            found["peak_mb"] < 300,
        ),
        (
            f"{place}: commits",
            f"{found['commits']:.1f} a cycle, {found['sync_ms']:.1f} ms each on this disk, which is"
            f" {found['commits'] * found['sync_ms'] * pairs / EVERY_S / 10:.0f}% of the time",
            "under 80%, as there is one writer",
            found["commits"] * found["sync_ms"] * pairs / EVERY_S < 800,
        ),
        (
            f"{place}: warnings",
            json.dumps(found["warnings"]),
            "none",
            not found["warnings"],
        ),
        (
            f"{place}: ends on SIGTERM",
            f"{found['stop_s']:.1f} s, with {found['code']}",
            "within 30 s, with 0",
            found["stop_s"] < 30 and found["code"] == 0,
        ),
    ]


def measured(pairs: int, seconds: int, store: str = "sqlite:///syncd.db") -> dict[str, Any]:
    """What a daemon says of itself that was stopped after so many seconds."""
    here = [sys.executable, "-m", "bench.many_pairs"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        platforms = subprocess.Popen([*here, "platforms"], stdout=subprocess.PIPE, text=True)
        try:
            assert platforms.stdout is not None  # noqa: S101 - we asked for a pipe
            configure(folder, json.loads(platforms.stdout.readline()), pairs, store)
            subprocess.run([*here, "first", name], check=True)
            platforms.send_signal(signal.SIGUSR1)
            daemon = subprocess.Popen(
                [*here, "daemon", name, str(seconds)], stdout=subprocess.PIPE, text=True
            )
            said, _ = daemon.communicate()
            return {**json.loads(said), "code": daemon.returncode}
        finally:
            platforms.terminate()
            platforms.wait()


def configure(folder: Path, info: dict[str, Any], pairs: int, store: str) -> None:
    """Write a configuration of pairs that have nothing to do with each other."""
    (folder / "pairs").mkdir()
    accounts = "".join(ACCOUNTS.format(n=n, **info) for n in range(pairs))
    (folder / "syncd.yaml").write_text(
        f"store: {store}\naccounts:\n{accounts}log: {{level: warning}}\n", "utf-8"
    )
    for n in range(pairs):
        (folder / "pairs" / f"{n:04}.yaml").write_text(PAIR.format(n=n, every=EVERY_S), "utf-8")


# -- the platforms, as a process ----------------------------------------------------------------


def serve() -> None:
    """Answer on a free port until SIGTERM, slowly after SIGUSR1; says first what to configure."""
    takes_its_time = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: takes_its_time.set())
    app = build(contacts=CONTACTS, limits="off")
    app.world.served = True
    server = create_server(
        slow(app, takes_its_time),
        host="127.0.0.1",
        port=0,
        threads=300,
        connection_limit=4_000,
        backlog=1024,
    )
    logging.getLogger("waitress").setLevel(logging.ERROR)
    print(json.dumps(app.info(f"http://127.0.0.1:{server.effective_port}")), flush=True)
    server.run()


def slow(app: App, takes_its_time: threading.Event) -> "WSGIApplication":
    """The sandbox, which once it was told to answers late."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if takes_its_time.is_set():
            time.sleep(LATENCY_S)
        return app(environ, start_response)

    return answer


# -- the daemon, as a process -------------------------------------------------------------------


class Watch(logging.Handler):
    """Notes when the work on each pair begins and when it was due, and what is warned of."""

    def __init__(self, warm_up_s: float) -> None:
        super().__init__(logging.WARNING)
        self.counted_from = time.monotonic() + warm_up_s
        self.late_s: list[float] = []
        self.took_s: list[float] = []
        self.cycles = 0
        self.seen: set[str] = set()
        self.warnings: Counter[str] = Counter()
        self.most_threads = self.most_files = 0
        self._due: dict[str, float] = {}
        self._work = Worker.work
        # Watched from outside, so that the daemon measures nothing for our sake.
        Worker.work = self._watched()  # type: ignore[method-assign]

    def emit(self, record: logging.LogRecord) -> None:
        event = record.msg["event"] if isinstance(record.msg, dict) else str(record.msg)
        self.warnings[event] += 1

    def _watched(self) -> Any:
        def work(worker: Worker) -> timedelta:
            begun = time.monotonic()
            self.seen.add(worker.pair)
            due = self._due.get(worker.pair)
            wait = self._work(worker)
            ended = time.monotonic()
            self.cycles += 1
            if due is not None and begun > self.counted_from:
                self.late_s.append(max(begun - due, 0.0))
                self.took_s.append(ended - begun)
            self._due[worker.pair] = ended + wait.total_seconds()
            return wait

        return work

    def look(self, over: threading.Event) -> None:
        """Count threads and open files, again and again."""
        while not over.wait(1.0):
            self.most_threads = max(self.most_threads, threading.active_count())
            self.most_files = max(self.most_files, len(list(Path("/proc/self/fd").iterdir())))


def first_match(folder: Path) -> None:
    """Bring every pair in step, eight at a time, so that nothing is left to be done."""
    log.configure("warning", "json")
    opened = open_app(folder / "syncd.yaml")
    with ThreadPoolExecutor(8) as pool:
        works = [Worker(name, opened, Stop()).work for name in opened.configuration.pairs]
        for done in [pool.submit(work) for work in works]:
            done.result()
    opened.close()


def keep_in_step(folder: Path, seconds: float) -> None:
    """Run the daemon for so long, and say what was seen of it; the first fifth is not counted."""
    log.configure("warning", "json")
    path = folder / "syncd.yaml"
    opened = open_app(path)
    watch, over = Watch(seconds / 5), threading.Event()
    logging.getLogger().addHandler(watch)
    threading.Thread(target=watch.look, args=(over,), daemon=True).start()
    asked: list[float] = []
    commits: list[None] = []
    sa.event.listen(opened.store, "commit", lambda _: commits.append(None))

    def end() -> None:
        asked.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Timer(seconds, end).start()
    begun, cpu = time.monotonic(), time.process_time()
    ended = Daemon(opened.configuration, opened.store, opened.ledger, lambda: load(path, {})).run()
    stopped = time.monotonic()
    over.set()
    cpu_s = time.process_time() - cpu
    late_s, took_s = watch.late_s or [math.inf], watch.took_s or [math.inf]
    found = {
        "cycles": watch.cycles,
        "pairs": len(watch.seen),
        "late_median_s": statistics.median(late_s),
        "late_most_s": max(late_s),
        "cycle_median_s": statistics.median(took_s),
        "cycle_most_s": max(took_s),
        "cpu_ms": 1_000 * cpu_s / watch.cycles,
        "cpu_s": cpu_s,
        "seconds": stopped - begun,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "threads": watch.most_threads,
        "files": watch.most_files,
        "warnings": dict(watch.warnings),
        "commits": len(commits) / watch.cycles,
        "sync_ms": sync_ms(folder),
        "load": os.getloadavg()[0],
        "stop_s": stopped - asked[0],
    }
    print(json.dumps(found), flush=True)
    os._exit(0 if ended else 1)


def sync_ms(folder: Path, times: int = 50) -> float:
    """How long the disk takes to keep a page for good, as it does for every commit."""
    with (folder / "page").open("wb", buffering=0) as file:
        begun = time.perf_counter()
        for _ in range(times):
            file.write(bytes(4_096))
            os.fsync(file.fileno())
        return 1_000 * (time.perf_counter() - begun) / times


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["platforms", "first", "daemon", "measure"])
    parser.add_argument("rest", nargs="*")
    chosen = parser.parse_args()
    if chosen.what == "platforms":
        serve()
    elif chosen.what == "first":
        first_match(Path(chosen.rest[0]))
    elif chosen.what == "daemon":
        keep_in_step(Path(chosen.rest[0]), float(chosen.rest[1]))
    else:
        print(json.dumps(measured(int(chosen.rest[0]), int(chosen.rest[1])), indent=1))


if __name__ == "__main__":
    main()
