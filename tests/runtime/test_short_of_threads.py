"""Who is called when threads are short, and what is told of it."""

import threading
from datetime import timedelta

import structlog

from syncd.runtime.schedule import ALL_THREADS_BUSY, BEHIND_S, Schedule

MINUTE = timedelta(minutes=1)
AT_ONCE = timedelta()
PATIENCE_S = 20.0


def test_what_has_been_due_the_longest_goes_first_when_threads_are_short() -> None:
    calls: list[str] = []
    enough = threading.Event()
    schedule = Schedule(lambda *_: None, threads=1)

    def keep(name: str) -> None:
        def work() -> timedelta:
            calls.append(name)
            if len(calls) >= 20:
                enough.set()
            return AT_ONCE

        schedule.keep(name, work, MINUTE, AT_ONCE)

    for n in range(4):
        keep(f"shop {n}")
    schedule.start()
    assert enough.wait(PATIENCE_S)
    assert schedule.stop(lambda: False)
    assert all(len(set(calls[n : n + 4])) == 4 for n in range(0, 20, 4))


def test_work_that_is_kept_anew_while_it_waits_for_a_thread_is_done_once_as_it_is_now() -> None:
    calls: list[str] = []
    begun, release, done = threading.Event(), threading.Event(), threading.Event()

    def busy() -> timedelta:
        begun.set()
        assert release.wait(PATIENCE_S)
        return MINUTE

    def work(name: str) -> timedelta:
        calls.append(name)
        if name == "last":
            done.set()
        return MINUTE

    schedule = Schedule(lambda *_: None, threads=1)
    schedule.keep("busy", busy, MINUTE, AT_ONCE)
    for name in ("shop", "dropped", "last"):
        schedule.keep(name, lambda name=name: work(name), MINUTE, AT_ONCE)
    schedule.start()
    assert begun.wait(PATIENCE_S)  # and the others are handed over with it
    schedule.keep("shop", lambda: work("new"), MINUTE, AT_ONCE)
    schedule.drop("dropped")
    release.set()
    assert done.wait(PATIENCE_S)
    assert schedule.stop(lambda: False)
    assert calls == ["new", "last"]


def test_what_is_to_begin_first_is_called_first() -> None:
    calls: list[str] = []
    enough = threading.Event()
    schedule = Schedule(lambda *_: None, threads=1)

    def keep(name: str, first: timedelta) -> None:
        def work() -> timedelta:
            calls.append(name)
            if len(calls) == 3:
                enough.set()
            return MINUTE

        schedule.keep(name, work, MINUTE, AT_ONCE, first=first)

    keep("third", timedelta(milliseconds=200))
    keep("first", AT_ONCE)
    keep("second", timedelta(milliseconds=100))
    schedule.start()
    assert enough.wait(PATIENCE_S)
    assert schedule.stop(lambda: False)
    assert calls == ["first", "second", "third"]


def test_that_pairs_begin_late_is_told_once_and_so_is_that_they_begin_in_time_again() -> None:
    """Five pairs, one thread: in the first round each takes longer than pairs may be late."""
    now_s = 0.0
    calls: list[str] = []
    rounds = threading.Event()

    def keep(name: str) -> None:
        def work() -> timedelta:
            nonlocal now_s
            calls.append(name)
            if len(calls) <= 5:
                now_s += BEHIND_S + 1
            if len(calls) == 15:
                rounds.set()
            return AT_ONCE if len(calls) < 15 else MINUTE

        schedule.keep(name, work, MINUTE, AT_ONCE)

    schedule = Schedule(lambda *_: None, threads=1, clock=lambda: now_s)
    for n in range(5):
        keep(f"shop {n}")
    with structlog.testing.capture_logs() as told:
        schedule.start()
        assert rounds.wait(PATIENCE_S)
        assert schedule.stop(lambda: False)
    assert [line["event"] for line in told] == ["pairs begin late", "pairs begin in time again"]
    assert told[0]["hint"] == ALL_THREADS_BUSY
    assert told[0]["late_s"] == BEHIND_S + 1
