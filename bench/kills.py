"""Killed fifty times in the middle of its work, by `kill -9`: nothing lost, nothing doubled."""

import random
import signal
import sqlite3
import subprocess
from contextlib import closing

from bench.matching import addresses, opted_out
from bench.rehearsal import Rehearsal, duplicates, rehearsal

WINDOW = ("--since", "2000-01-01", "--until", "2100-01-01", "--chunk", "25")
GUARDS = (
    "guards: {creates: {count: 100000, percent: 100}, updates: {count: 100000, percent: 100}}\n"
)


def measure(quick: bool) -> list[tuple[str, str, str, bool]]:
    """Kill a backfill and the daemon in turn, at moments drawn by a fixed seed."""
    kills, size, dice = (6, 600, random.Random(7)) if quick else (50, 4_000, random.Random(7))
    with rehearsal(size, guards=GUARDS) as r:
        known = {p: addresses(r, p) for p in ("ghl", "maileon")}
        gone = opted_out(r)
        killed = 0
        for turn in range(kills):
            command = ["run"] if turn % 2 else ["backfill", "bench", *(_resume(r) or WINDOW)]
            killed += _kill(r, command, dice.uniform(0.8, 2.2))
        if resume := _resume(r):
            r.syncd("backfill", "bench", *resume)
        for _ in range(8):
            r.syncd("sync", "bench", "--once")
        r.control("DELETE", "/counters")
        r.syncd("sync", "bench", "--once")
        writes = sum(r.control("GET", "/counters")["writes"].values())
        everybody = known["ghl"] | (known["maileon"] - gone)
        lost = len(everybody - addresses(r, "ghl"))
        lost += len((everybody - gone) - addresses(r, "maileon"))
        doubled = sum(duplicates(r.contacts(p)) for p in known)
        mailed = len(addresses(r, "maileon") & gone)
    return [
        (
            f"{killed} kills of backfill and daemon, {size:,} contacts a side",
            f"{lost} lost, {doubled} doubled, {mailed} opted-out mailable, then {writes} writes",
            "nothing lost, nothing doubled",
            killed >= kills * 0.9 and (lost, doubled, mailed, writes) == (0, 0, 0, 0),
        )
    ]


def _kill(r: Rehearsal, command: list[str], after_s: float) -> int:
    """1 if the process was killed, 0 if it had ended by itself."""
    process = subprocess.Popen(
        r.command(*command),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(r.env),
    )
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return 1
    return 0


def _resume(r: Rehearsal) -> tuple[str, ...]:
    """The option that goes on with the backfill that was broken off; nothing if none was."""
    path = r.folder / "syncd.db"
    if not path.exists():
        return ()
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT max(id) FROM run WHERE mode = 'backfill' AND state != 'done'")
        number = found.fetchone()[0]
    return ("--resume", str(number)) if number else ()
