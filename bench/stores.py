"""A first match on PostgreSQL against one on SQLite: processor time of client and server together.

Between the two invented platforms, a process for each match, the two kinds of store by turns, so
that both have the same of whatever else the machine does.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from bench.harness import Harness, people, silence
from bench.postgres import Server, cpu_ms, running
from syncd.engine.cycle import run_cycle

ROUNDS, LARGE, SMALL = 5, 3_000, 300
GOAL = 1.5
SQLITE = "sqlite:///syncd.db"
LINE = "first match on PostgreSQL, client and server, {size:,} a side"

Line = tuple[str, str, str, bool]
Spent = Mapping[str, float]


def measure(quick: bool) -> list[Line]:
    """The median over several rounds; nothing where no PostgreSQL server is installed."""
    size, rounds = (SMALL, 1) if quick else (LARGE, ROUNDS)
    name, goal = LINE.format(size=size), f"at most {GOAL} x SQLite"
    with running() as server:
        if server is None:
            return [(name, "left out: the PostgreSQL binaries are not installed", goal, True)]
        both = [(_alone(size, SQLITE), _on_server(size, server)) for _ in range(rounds)]
    ratio = median(_total(there) / _total(here) for here, there in both)
    sqlite = _each([here for here, _ in both], "client", size)
    client, served, statements = (
        _each([there for _, there in both], what, size)
        for what in ("client", "server", "statements")
    )
    told = (
        f"{ratio:.2f} x SQLite: {client:.0f} + {served:.0f} us a record against {sqlite:.0f};"
        f" {statements:.0f} statements for 1,000 records"
    )
    return [(name, told, goal, ratio <= GOAL)]


def _total(spent: Spent) -> float:
    return spent["client"] + spent["server"]


def _each(rounds: Sequence[Spent], what: str, size: int) -> float:
    """Microseconds for a record that was there before, or statements for a thousand."""
    return median(spent[what] for spent in rounds) * 1_000 / (2 * size)


def _on_server(size: int, server: Server) -> Spent:
    name = f"bench_{time.monotonic_ns()}"
    admin = sa.create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as db:
        db.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0")
        spent = _alone(size, server.url(name), server.process)
        db.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()
    return spent


def _alone(size: int, store: str, server: int = 0) -> Spent:
    command = [sys.executable, "-m", "bench.stores", str(size), store, str(server)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    shown: dict[str, float] = json.loads(ran.stdout)
    return shown


def first_match(size: int, store: str, server: int) -> Spent:
    """Processor time of a first match in ms, and how many statements were sent.

    Args:
        server: number of the process of a PostgreSQL server; 0 for SQLite.
    """
    silence()
    with tempfile.TemporaryDirectory() as name:
        harness = Harness(Path(name), store)
        people(harness.accounts["single"], range(size))
        people(harness.accounts["bulk"], range(size // 2, size // 2 + size))
        pair = harness.app.open_pair("bench", create_fields=True)
        statements = _counted(harness.app.store)
        before, begun = (cpu_ms(server) if server else 0.0), time.process_time()
        run_cycle(pair, harness.app.environment)
        client = (time.process_time() - begun) * 1_000
        time.sleep(0.5)  # what the server does after the last answer is its work too
        spent = cpu_ms(server) - before if server else 0.0
        harness.app.store.dispose()
        return {"client": client, "server": spent, "statements": float(statements[0])}


def _counted(store: sa.Engine) -> list[int]:
    """The number of statements from now on; one with many rows counts as one for each."""
    count = [0]

    def note(_c: Any, _k: Any, _s: Any, values: Any, _x: Any, many: bool) -> None:
        count[0] += len(values) if many else 1

    sa.event.listen(store, "before_cursor_execute", note)
    return count


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("size", type=int)
    parser.add_argument("store")
    parser.add_argument("server", type=int)
    chosen = parser.parse_args()
    print(json.dumps(first_match(chosen.size, chosen.store, chosen.server)))


if __name__ == "__main__":
    main()
