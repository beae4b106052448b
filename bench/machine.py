"""Which machine this is, and how fast it is today: the same code was seen to take twice as long."""

import json
import os
import platform
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

RECORDS, TRIES = 4_000, 5
# What it takes where and when the goals were set. The version of that day, by turns with this work
# on 2026-11-28 (0.165 s), took 1.93 times as long for a first match as it had taken then.
THEN_S = 0.165 / 1.93


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    fields: dict[str, object]
    digest: str


def described() -> str:
    """The machine in one line, with how much slower it is than where the goals were set."""
    made = f"{platform.machine()}, {os.cpu_count()} cores"
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{made}, {versions}; {slowness():.2f} times as slow as where the goals were set"


def slowness() -> float:
    """By what the goals for processor time have to be multiplied here and now."""
    return sorted(yardstick_s() for _ in range(TRIES))[TRIES // 2] / THEN_S


def yardstick_s() -> float:
    """Processor time of work like that of a sync: objects, JSON, and a store on disk."""
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "yardstick.db")
        db.execute("CREATE TABLE row (name TEXT PRIMARY KEY, fields TEXT, digest TEXT)")
        db.execute("CREATE INDEX by_digest ON row (digest)")
        begun = time.process_time()
        for page in range(0, RECORDS, 500):
            made = [_made(n) for n in range(page, page + 500)]
            rows = [(row.name, json.dumps(row.fields, sort_keys=True), row.digest) for row in made]
            with db:
                db.executemany("INSERT INTO row VALUES (?, ?, ?)", rows)
        kept: dict[str, _Row] = {}
        for n in range(RECORDS):
            query = "SELECT name, fields, digest FROM row WHERE name = ?"
            name, fields, digest = db.execute(query, (f"p{n:07}",)).fetchone()
            kept[name] = _Row(name, json.loads(fields), digest)
        took = time.process_time() - begun
        db.close()
    return took


def _made(n: int) -> _Row:
    fields: dict[str, object] = {f"field{i}": f"Value {n} of {i}" for i in range(12)}
    return _Row(f"p{n:07}", fields, f"{n * 2_654_435_761 % 2**32:08x}")
