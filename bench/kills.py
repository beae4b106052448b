"""Killed fifty times in the middle of its work, by `kill -9`: nothing lost, nothing doubled."""

import random
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass

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
        before = look(r)
        killed = 0
        for turn in range(kills):
            command = ["run"] if turn % 2 else ["backfill", "bench", *(resume(r) or WINDOW)]
            killed += _kill(r, command, dice.uniform(0.8, 2.2))
        if unfinished := resume(r):
            r.syncd("backfill", "bench", *unfinished)
        for _ in range(8):
            r.syncd("sync", "bench", "--once")
        r.box.request("DELETE", "/counters")
        r.syncd("sync", "bench", "--once")
        writes = sum(r.box.counters()["writes"].values())
        lost, doubled, mailed = before.toll(r)
    return [
        (
            f"{killed} kills of backfill and daemon, {size:,} contacts a side",
            f"{lost} lost, {doubled} doubled, {mailed} opted-out mailable, then {writes} writes",
            "nothing lost, nothing doubled",
            killed >= kills * 0.9 and (lost, doubled, mailed, writes) == (0, 0, 0, 0),
        )
    ]


@dataclass(frozen=True, slots=True)
class Before:
    """Who was there before the first kill.

    Attributes:
        known: addresses by platform; gone: those that had opted out on either.
    """

    known: dict[str, set[str]]
    gone: set[str]

    def toll(self, r: Rehearsal) -> tuple[int, int, int]:
        """How many are lost, doubled, and opted out but mailable, read from both sides."""
        everybody = self.known["ghl"] | (self.known["maileon"] - self.gone)
        lost = len(everybody - addresses(r, "ghl"))
        lost += len((everybody - self.gone) - addresses(r, "maileon"))
        doubled = sum(duplicates(r.box.contacts(p)) for p in self.known)
        return lost, doubled, len(addresses(r, "maileon") & self.gone)


def look(r: Rehearsal) -> Before:
    return Before({p: addresses(r, p) for p in ("ghl", "maileon")}, opted_out(r))


def _kill(r: Rehearsal, command: list[str], after_s: float) -> int:
    """1 if the process was killed, 0 if it had ended by itself."""
    process = r.start(*command)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return 1
    return 0


def resume(r: Rehearsal) -> tuple[str, ...]:
    """The option that goes on with the backfill that was broken off; nothing if none was."""
    path = r.folder / "syncd.db"
    if not path.exists():
        return ()
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT max(id) FROM run WHERE mode = 'backfill' AND state != 'done'")
        number = found.fetchone()[0]
    return ("--resume", str(number)) if number else ()
