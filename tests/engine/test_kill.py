"""Real processes over real HTTP: killed, stopped, started twice; and nothing is lost or doubled.

What a test waits for is counted by the sandbox, so a kill hits the work and not a guess of
how long it takes.
"""

import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from bench.kills import GUARDS, Before, look, resume
from bench.matching import addresses
from bench.rehearsal import Rehearsal, rehearsal
from tests.engine.world import Row, differing, ghl_row, maileon_row

WINDOW = ("--since", "2000-01-01", "--until", "2100-01-01", "--chunk", "80")
HURRIED = GUARDS + "every: 1s\n"
LONGEST_S = 60.0  # far more than any step takes; a wait that long has failed
PASSED_S = 150  # longer than GHL's index may hide a contact that was created
MAPPED = ("firstName", "lastName", "city", "phone", "tags")


@contextmanager
def started(r: Rehearsal, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not outlive the test."""
    process = r.start(*command)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(true: Callable[[], bool], what: str) -> None:
    """Look again and again, but not for ever."""
    end = time.monotonic() + LONGEST_S
    while not true():
        assert time.monotonic() < end, f"it never came to this: {what}"
        time.sleep(0.02)


def requests(r: Rehearsal) -> int:
    return sum(r.requests().values())


def writes(r: Rehearsal) -> dict[str, int]:
    counted: dict[str, int] = r.box.request("GET", "/counters")["writes"]
    return counted


def act(r: Rehearsal, platform: str, action: str, **arguments: Any) -> None:
    r.box.request("POST", f"/{platform}/act", {"action": action, **arguments})


def killed_after(r: Rehearsal, command: list[str], wanted: int) -> bool:
    """Start a command and kill it after so many requests; False if it ended before that."""
    r.box.request("DELETE", "/counters")
    with started(r, *command) as process:
        until(lambda: process.poll() is not None or requests(r) >= wanted, f"{wanted} requests")
    return process.returncode == -signal.SIGKILL


def until_written(r: Rehearsal, process: subprocess.Popen[bytes], count: int) -> None:
    """Wait until a process has written so often to GHL, where each contact is a write."""

    def come_so_far() -> bool:
        assert process.poll() is None, "it ended before that"
        return writes(r).get("ghl", 0) >= count

    until(come_so_far, f"{count} writes")


def let_time_pass(r: Rehearsal) -> None:
    """Age what is in doubt on both ends, until the platform's index must show it."""
    r.box.request("POST", "/clock", {"advance_s": PASSED_S})
    with closing(sqlite3.connect(r.folder / "syncd.db")) as db, db:
        earlier = f"strftime('%Y-%m-%d %H:%M:%f000', sent_at, '-{PASSED_S} seconds')"
        db.execute(f"UPDATE op SET sent_at = {earlier} WHERE sent_at IS NOT NULL")  # noqa: S608


def rows(r: Rehearsal) -> tuple[dict[str, Row], dict[str, Row]]:
    """Everybody with an address on both sides, as anybody can see them there."""
    left = [ghl_row(dump) for dump in r.box.contacts("ghl")]
    right = [maileon_row(d) for d in r.box.contacts("maileon") if d["state"] == "active"]
    return {row.email: row for row in left if row.email}, {row.email: row for row in right}


def assert_unharmed(r: Rehearsal, before: Before) -> None:
    """Everybody is on both sides once with equal values; nobody who opted out can be mailed."""
    assert before.toll(r) == (0, 0, 0), "lost, doubled, opted out but mailable"
    left, right = rows(r)
    wrong = {
        frozenset(differing(left[email], here, MAPPED))
        for email, here in right.items()
        if differing(left[email], here, MAPPED)
    }
    assert not wrong, "fields differ"


def assert_nothing_to_write(r: Rehearsal) -> None:
    r.box.request("DELETE", "/counters")
    for how in ("--once", "--full"):
        assert r.syncd("sync", "bench", how).code == 0
    assert writes(r) == {}


def kill_in_turn(
    r: Rehearsal, requests: Iterator[int], before_each: Callable[[], None] = lambda: None
) -> int:
    """Kill the daemon, a sync and a backfill in turn, after so many requests each.

    Returns:
        How many had not ended before that.
    """
    killed = 0
    for turn, wanted in enumerate(requests):
        before_each()
        backfill = ["backfill", "bench", *(resume(r) or WINDOW)]
        command = (["run"], ["sync", "bench"], backfill)[turn % 3]
        killed += killed_after(r, command, wanted)
    return killed


def finish(r: Rehearsal) -> None:
    """Let everything that was broken off come to its end."""
    let_time_pass(r)
    if unfinished := resume(r):
        assert r.syncd("backfill", "bench", *unfinished).code == 0
    assert r.syncd("sync", "bench").code == 0


def test_killed_in_its_first_sync_again_and_again_it_loses_and_doubles_nobody() -> None:
    dice = random.Random(11)
    with rehearsal(300, guards=HURRIED) as r:
        before = look(r)
        assert kill_in_turn(r, (dice.randint(14, 60) for _ in range(5))) == 5
        finish(r)
        assert_unharmed(r, before)
        assert_nothing_to_write(r)


def test_killed_while_it_carries_edits_and_opt_outs_it_loses_none_of_them() -> None:
    dice = random.Random(12)
    with rehearsal(200, guards=HURRIED) as r:
        assert r.syncd("sync", "bench").code == 0
        before = look(r)
        everybody = sorted((before.known["ghl"] & before.known["maileon"]) - before.gone)
        people = iter(dice.sample(everybody, 100))
        cities: dict[str, str] = {}

        def edit() -> None:
            for n in range(12):
                here, there = next(people), next(people)
                cities.update({here: f"Town {n}", there: f"Village {n}"})
                act(r, "ghl", "edit", email=here, fields={"city": f"Town {n}"})
                act(r, "maileon", "edit", email=there, standard_fields={"CITY": f"Village {n}"})
            for _ in range(3):
                here, there = next(people), next(people)
                before.gone.update({here, there})
                act(r, "ghl", "dnd", email=here, channel="Email")
                act(r, "maileon", "unsubscribe", email=there, source="link")

        assert kill_in_turn(r, (dice.randint(12, 35) for _ in range(3)), edit) == 3
        finish(r)
        assert_unharmed(r, before)
        left, right = rows(r)
        assert {email: left[email].fields["city"] for email in cities} == cities
        assert {email: right[email].fields["city"] for email in cities} == cities
        assert all(left[email].opted_out for email in before.gone & left.keys())
        assert_nothing_to_write(r)


def ask_to_wait(r: Rehearsal, seconds: int) -> None:
    """Let GHL answer the next request with 429, and return when it has."""
    headers = {"Retry-After": str(seconds)}
    fault = {"kind": "status", "platform": "ghl", "status": 429, "headers": headers, "times": 1}
    r.box.request("POST", "/faults", fault)
    while not r.box.counters()["faults"]:
        time.sleep(0.05)


def test_a_daemon_asked_to_stop_in_its_first_sync_ends_well_and_a_sync_goes_on() -> None:
    with rehearsal(250, guards=HURRIED) as r:
        before = look(r)
        with started(r, "run") as daemon:
            until_written(r, daemon, 10)
            daemon.terminate()
            assert daemon.wait(LONGEST_S) == 0
        missing = (before.known["maileon"] - before.gone) - addresses(r, "ghl")
        assert missing, "it was done before it was asked to stop"
        assert r.syncd("sync", "bench").code == 0
        assert_unharmed(r, before)
        assert_nothing_to_write(r)


def test_of_two_syncs_at_once_the_second_says_that_the_pair_is_busy() -> None:
    with rehearsal(120, guards=HURRIED) as r:
        before = look(r)
        with started(r, "sync", "bench") as first:
            until_written(r, first, 5)
            ask_to_wait(r, 2)  # so that it is still at it, and in no transaction
            first.send_signal(signal.SIGSTOP)  # for as long as the second one takes
            assert r.syncd("status").code == 0  # meanwhile its last request has arrived
            sent = writes(r)
            second = r.syncd("sync", "bench")
            assert second.code == 1
            assert "is being worked on" in second.output
            assert f"process {first.pid}" in second.output
            assert writes(r) == sent, "the second one wrote something"
            first.send_signal(signal.SIGCONT)
            assert first.wait(LONGEST_S) == 0
        assert_unharmed(r, before)
