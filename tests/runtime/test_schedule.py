"""Who is called, and how often."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from syncd.runtime.schedule import Schedule

MINUTE = timedelta(minutes=1)
AT_ONCE = timedelta()
PATIENCE_S = 20.0
THREADS = 16


def test_an_unforeseen_error_of_one_pair_stops_no_other() -> None:
    failures: list[str] = []
    calls: dict[str, int] = {"good": 0, "bad": 0}
    enough = threading.Event()

    def good() -> timedelta:
        calls["good"] += 1
        if calls["good"] >= 3:
            enough.set()
        return timedelta(milliseconds=10)

    def bad() -> timedelta:
        calls["bad"] += 1
        raise KeyError

    schedule = Schedule(lambda name, _: failures.append(name), threads=THREADS)
    schedule.keep("bad", bad, MINUTE, AT_ONCE)
    schedule.keep("good", good, MINUTE, AT_ONCE)
    schedule.start()
    assert enough.wait(PATIENCE_S)
    assert schedule.stop(lambda: False)
    assert failures == ["bad"]


def test_work_planned_by_a_clock_that_was_ahead_is_called_when_it_is_due() -> None:
    called = threading.Event()

    def work() -> timedelta:
        called.set()
        return MINUTE

    def ahead() -> datetime:
        return datetime.now(UTC) + timedelta(days=2)

    schedule = Schedule(lambda *_: None, threads=THREADS, now=ahead)
    schedule.keep("shop", work, MINUTE, AT_ONCE)
    schedule.keep("dropped", work, MINUTE, AT_ONCE)
    schedule.drop("dropped")
    schedule.start()
    for _ in range(400):
        schedule.nudge()
        if called.wait(0.05):
            break
    assert schedule.stop(lambda: False)
    assert called.is_set()


def test_work_that_is_not_due_is_not_nudged() -> None:
    calls: list[str] = []
    twice = threading.Event()

    def work() -> timedelta:
        calls.append("shop")
        twice.set()
        return timedelta(hours=1)

    schedule = Schedule(lambda *_: None, threads=THREADS)
    schedule.keep("shop", work, MINUTE, AT_ONCE)
    schedule.start()
    assert twice.wait(PATIENCE_S)
    for _ in range(20):
        schedule.nudge()
    assert schedule.stop(lambda: False)
    assert calls == ["shop"]


def test_work_is_never_done_twice_at_once() -> None:
    inside = threading.Lock()
    twice: list[int] = []
    enough = threading.Event()
    calls: list[int] = []

    def work() -> timedelta:
        if not inside.acquire(blocking=False):
            twice.append(1)
            return AT_ONCE
        calls.append(1)
        time.sleep(0.01)
        inside.release()
        if len(calls) >= 10:
            enough.set()
        return AT_ONCE

    schedule = Schedule(lambda *_: None, threads=THREADS)
    schedule.keep("shop", work, MINUTE, AT_ONCE)
    schedule.start()
    for _ in range(5):
        schedule.keep("shop", work, MINUTE, AT_ONCE)
    assert enough.wait(PATIENCE_S)
    assert schedule.stop(lambda: False)
    assert not twice


def test_nothing_fires_on_top_of_work_that_takes_longer_than_its_interval(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls: list[str] = []
    enough, again = threading.Event(), threading.Event()

    def quick() -> timedelta:
        calls.append("quick")
        if len(calls) >= 30:
            enough.set()
        return timedelta(milliseconds=50)

    def slow() -> timedelta:
        if enough.is_set():
            again.set()
        assert enough.wait(PATIENCE_S)
        return AT_ONCE

    schedule = Schedule(lambda *_: None, threads=THREADS)
    schedule.keep("slow", slow, timedelta(seconds=1), AT_ONCE)
    schedule.keep("quick", quick, timedelta(seconds=1), AT_ONCE)
    schedule.start()
    assert again.wait(PATIENCE_S)
    assert schedule.stop(lambda: False)
    assert [line for line in caplog.messages if "skipped" in line] == []


def test_work_is_called_again_although_apscheduler_has_not_counted_its_end_yet(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls: list[int] = []
    again = threading.Event()

    def work() -> timedelta:
        calls.append(1)
        if len(calls) == 1:
            return AT_ONCE
        again.set()
        return MINUTE

    class HeldUp(logging.Filter):
        """Holds a thread of APScheduler up between the end of the work and its count."""

        def filter(self, record: logging.LogRecord) -> bool:
            return "executed successfully" not in record.msg or again.wait(PATIENCE_S)

    schedule = Schedule(lambda *_: None, threads=THREADS)
    schedule.keep("shop", work, MINUTE, AT_ONCE)
    caplog.set_level(logging.INFO, "apscheduler")
    with caplog.filtering(HeldUp()):
        schedule.start()
        assert again.wait(PATIENCE_S / 2)
        assert schedule.stop(lambda: False)


def test_work_that_was_dropped_while_it_was_done_is_called_no_more() -> None:
    calls: list[str] = []
    begun, release, enough = threading.Event(), threading.Event(), threading.Event()

    def dropped() -> timedelta:
        calls.append("dropped")
        begun.set()
        assert release.wait(PATIENCE_S)
        return AT_ONCE

    def other() -> timedelta:
        calls.append("other")
        if calls.count("other") >= 5:
            enough.set()
        return AT_ONCE

    schedule = Schedule(lambda *_: None, threads=THREADS)
    schedule.keep("dropped", dropped, MINUTE, AT_ONCE)
    schedule.start()
    assert begun.wait(PATIENCE_S)
    schedule.drop("dropped")
    release.set()
    schedule.keep("other", other, MINUTE, AT_ONCE)
    assert enough.wait(PATIENCE_S)
    assert schedule.stop(lambda: False)
    assert calls.count("dropped") == 1


def test_work_that_was_dropped_and_kept_again_while_it_was_done_is_done_anew_after_it() -> None:
    calls: list[str] = []
    others: list[str] = []
    begun, release, anew = threading.Event(), threading.Event(), threading.Event()

    def old() -> timedelta:
        begun.set()
        assert release.wait(PATIENCE_S)
        calls.append("old")
        return AT_ONCE

    def new() -> timedelta:
        calls.append("new")
        anew.set()
        return MINUTE

    def other() -> timedelta:
        others.append("other")
        if len(others) == 5:
            release.set()
        return AT_ONCE

    schedule = Schedule(lambda *_: None, threads=THREADS)
    schedule.keep("shop", old, MINUTE, AT_ONCE)
    schedule.start()
    assert begun.wait(PATIENCE_S)
    schedule.drop("shop")
    schedule.keep("shop", new, MINUTE, AT_ONCE)
    schedule.keep("other", other, MINUTE, AT_ONCE)
    assert anew.wait(PATIENCE_S)
    assert schedule.stop(lambda: False)
    assert calls == ["old", "new"]


def test_after_an_unforeseen_error_work_is_called_again_after_its_interval() -> None:
    failures: list[str] = []
    twice = threading.Event()

    def bad() -> timedelta:
        if failures:
            twice.set()
        raise KeyError

    schedule = Schedule(lambda name, _: failures.append(name), threads=THREADS)
    schedule.keep("bad", bad, timedelta(milliseconds=100), AT_ONCE)
    schedule.start()
    assert twice.wait(PATIENCE_S)
    assert schedule.stop(lambda: False)
    assert failures == ["bad", "bad"]


def test_work_that_is_planned_is_called_no_later_when_it_is_kept_anew() -> None:
    soon, late = threading.Event(), threading.Event()

    def notes(event: threading.Event) -> Callable[[], timedelta]:
        def work() -> timedelta:
            event.set()
            return MINUTE

        return work

    schedule = Schedule(lambda *_: None, threads=THREADS)
    schedule.keep("soon", notes(soon), MINUTE, AT_ONCE, first=timedelta(milliseconds=200))
    schedule.keep("late", notes(late), MINUTE, AT_ONCE, first=MINUTE)
    schedule.start()
    schedule.keep("soon", notes(soon), MINUTE, AT_ONCE, first=MINUTE)
    schedule.keep("late", notes(late), MINUTE, AT_ONCE, first=AT_ONCE)
    assert soon.wait(PATIENCE_S)
    assert late.wait(PATIENCE_S)
    assert schedule.stop(lambda: False)


def test_work_is_called_before_its_time_when_there_is_news_for_it() -> None:
    called = threading.Event()

    def work() -> timedelta:
        called.set()
        return MINUTE

    schedule = Schedule(lambda *_: None, threads=THREADS)
    schedule.keep("shop", work, timedelta(seconds=1), AT_ONCE, first=MINUTE)
    schedule.start()
    schedule.hasten("nobody")
    schedule.hasten("shop")
    assert called.wait(PATIENCE_S)
    assert schedule.stop(lambda: False)
