"""`backfill`: its report, over kills, stops and resumptions, and what it says to type next."""

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from syncd.cli.values import writes
from tests.cli.conftest import Place

PEOPLE = (
    "created",
    "updated",
    "opted_out",
    "deleted",
    "unchanged",
    "parked",
    "failed",
    "not_shown_by_the_platform_yet",
    "left_to_the_next_sync",
    "still_to_do",
)
WINDOW = ("backfill", "shop", "--since", "2020-01-01", "--chunk", "5")
LONGEST_S = 60.0


def assert_adds_up(report: dict[str, Any]) -> None:
    assert sum(report[name] for name in PEOPLE) == report["in_the_window"]


def baseline(place: Place, how: str) -> None:
    pair = place.folder / "pairs" / "shop.yaml"
    pair.write_text(f"{pair.read_text('utf-8')}baseline: {how}\n", "utf-8")


def written(place: Place) -> int:
    return sum(place.writes.values())


def people(place: Place) -> int:
    """Addresses, and contacts without one or that share theirs with others on their side."""
    sides = {p: place.box.contacts(p) for p in ("ghl", "maileon")}
    addresses = [{str(c["email"]).lower() for c in found if c["email"]} for found in sides.values()]
    without = sum(not c["email"] for found in sides.values() for c in found)
    return len(addresses[0] | addresses[1]) + without


def until(place: Place, count: int) -> None:
    """Wait until so much was written."""
    end = time.monotonic() + LONGEST_S
    while written(place) < count:
        assert time.monotonic() < end, f"it never came to {count} writes"
        time.sleep(0.005)


def stop_after(place: Place, count: int) -> threading.Thread:
    """Press Ctrl-C once so much was written."""

    def press() -> None:
        until(place, count)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


def kill_after(place: Place, count: int, *words: str) -> None:
    """Type a command in a process of its own and kill it once so much was written."""
    command = [sys.executable, "-m", "syncd", *words]
    with subprocess.Popen(
        command, cwd=place.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until(place, count)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL


def test_the_report_counts_people_once_though_both_sides_list_them(place: Place) -> None:
    place.approve()
    dry = place.json(*WINDOW, "--dry-run")
    done = place.json(*WINDOW)
    for report in (dry, done):
        assert_adds_up(report)
        assert report["in_the_window"] == people(place)
        assert report["created"] == report["updated"] == report["still_to_do"] == 0
    assert dry["worked_through"] == 0
    assert done["worked_through"] == done["in_the_window"]
    assert done["unchanged"] == dry["unchanged"] > 0


def test_a_dry_run_and_the_run_agree_on_whom_there_is_to_write_to(place: Place) -> None:
    baseline(place, "auto")
    dry = place.json(*WINDOW, "--dry-run")
    done = place.json(*WINDOW)
    for report in (dry, done):
        assert_adds_up(report)
        assert report["in_the_window"] == dry["in_the_window"]
    touched = [done[name] for name in PEOPLE if name not in ("unchanged", "parked")]
    assert sum(touched) == dry["still_to_do"] > 0


def test_killed_and_resumed_it_ends_with_the_report_of_one_that_was_not(place: Place) -> None:
    baseline(place, "auto")
    before = {p: place.contacts(p).keys() for p in ("ghl", "maileon")}
    kill_after(place, 8, *WINDOW)
    kill_after(place, written(place) + 8, "backfill", "shop", "--resume", "1")
    report = place.json("backfill", "shop", "--resume", "1")
    assert report["state"] == "done"
    assert_adds_up(report)
    assert report["in_the_window"] == people(place)
    assert report["created"] == sum(len(place.contacts(p).keys() - before[p]) for p in before)
    assert report["sessions"] == 3


def test_requests_and_seconds_are_those_of_all_sessions(place: Place) -> None:
    baseline(place, "auto")
    pressed = stop_after(place, 10)
    stopped = place.type(*WINDOW, "--json")
    pressed.join()
    assert stopped.exit_code == 1
    report = place.json("backfill", "shop", "--resume", "1")
    seen = place.box.counters()["requests"]
    for account, platform in {"crm": "ghl", "mail": "maileon"}.items():
        sent = sum(n for name, n in seen.items() if name.startswith(platform))
        assert report[f"requests_to_{account}"] == sent
    assert report["sessions"] == 2


def test_held_after_something_was_sent_it_says_what(place: Place) -> None:
    baseline(place, "auto")
    pressed = stop_after(place, 10)
    assert "to go" in place.type(*WINDOW).stdout
    pressed.join()
    pair = place.folder / "pairs" / "shop.yaml"
    pair.write_text(pair.read_text("utf-8").replace("CITY", "STATE"), "utf-8")
    held = place.type("backfill", "shop", "--resume", "1")
    assert held.exit_code == 7
    assert "Sent before this: " in held.stdout
    assert " created" in held.stdout
    assert "Nothing was sent" not in held.stdout
    assert "It would still write" in held.stdout


def test_what_it_would_write_is_said_in_words(place: Place) -> None:
    held = place.type(*WINDOW)
    assert held.exit_code == 7
    assert " creates on crm, " in held.stdout
    assert "crm.creates" not in held.stdout
    assert "Nothing was sent." in held.stdout


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, "nothing"),
        ({"crm.creates": 1088}, "1,088 creates on crm"),
        ({"a.b.updates": 1, "mail.optouts": 2}, "1 update on a.b, 2 opt-outs on mail"),
    ],
)
def test_writes_are_counted_in_words(counts: dict[str, int], said: str) -> None:
    assert writes(counts) == said
