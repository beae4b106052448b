"""How long is waited, and what ends a wait."""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncd.errors import AccountError, InvariantError, SyncdError, ThrottledError, TransientError
from syncd.runtime.schedule import Schedule
from syncd.runtime.stop import Stop
from syncd.runtime.worker import LONGEST_WAIT, Worker

MINUTE = timedelta(minutes=1)


@dataclass
class Settings:
    every: timedelta = MINUTE


@dataclass
class Configured:
    settings: Settings = field(default_factory=Settings)


class FakeApp:
    """Just what a worker asks for its interval."""

    def pair_named(self, _: str) -> Configured:
        return Configured()


def waits(errors: list[SyncdError]) -> list[timedelta]:
    app: Any = FakeApp()
    worker = Worker("shop", app, Stop())
    found = []
    for error in errors:
        worker.failures += 1
        found.append(worker.wait_after(error))
    return found


def test_waits_grow_up_to_a_quarter_of_an_hour() -> None:
    found = waits([TransientError("away")] * 40)
    assert found[:4] == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert found[4:] == [LONGEST_WAIT] * 36


def test_an_account_is_asked_again_when_somebody_had_time_to_mend_it() -> None:
    assert waits([AccountError("refused"), InvariantError("wrong")]) == [5 * MINUTE] * 2


def test_a_platform_that_says_how_long_to_wait_is_obeyed() -> None:
    assert waits([ThrottledError("wait", retry_after_s=7200)]) == [timedelta(hours=2)]
    assert waits([ThrottledError("wait", retry_after_s=1)]) == [MINUTE]


def test_a_sleep_is_whole_until_a_stop_is_asked_for() -> None:
    stop = Stop(grace_s=5)
    began = time.monotonic()
    stop.sleep(0.05)
    assert time.monotonic() - began >= 0.05
    stop.ask()
    stop.sleep(0.05)  # fits into the grace
    with pytest.raises(TransientError):
        stop.sleep(60)


def test_a_stop_ends_a_sleep_that_is_under_way() -> None:
    stop = Stop(grace_s=0.2)
    ended: list[BaseException] = []

    def sleeper() -> None:
        try:
            stop.sleep(60)
        except TransientError as error:
            ended.append(error)

    thread = threading.Thread(target=sleeper)
    thread.start()
    stop.ask()
    thread.join(10)
    assert len(ended) == 1


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

    schedule = Schedule(lambda name, _: failures.append(name))
    schedule.keep("bad", bad, MINUTE, timedelta())
    schedule.keep("good", good, MINUTE, timedelta())
    schedule.start()
    assert enough.wait(20)
    assert schedule.stop(lambda: False)
    assert failures == ["bad"]


def test_work_planned_by_a_clock_that_was_ahead_is_called_when_it_is_due() -> None:
    called = threading.Event()

    def work() -> timedelta:
        called.set()
        return MINUTE

    def ahead() -> datetime:
        return datetime.now(UTC) + timedelta(days=2)

    schedule = Schedule(lambda *_: None, now=ahead)
    schedule.keep("shop", work, MINUTE, timedelta())
    schedule.keep("dropped", work, MINUTE, timedelta())
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

    schedule = Schedule(lambda *_: None)
    schedule.keep("shop", work, MINUTE, timedelta())
    schedule.start()
    assert twice.wait(20)
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
            return timedelta()
        calls.append(1)
        time.sleep(0.01)
        inside.release()
        if len(calls) >= 10:
            enough.set()
        return timedelta()

    schedule = Schedule(lambda *_: None)
    schedule.keep("shop", work, MINUTE, timedelta())
    schedule.start()
    for _ in range(5):
        schedule.keep("shop", work, MINUTE, timedelta())
    assert enough.wait(20)
    assert schedule.stop(lambda: False)
    assert not twice


@pytest.mark.parametrize("_", range(20))
def test_a_stop_ends_however_the_work_has_just_ended(_: int) -> None:
    """APScheduler holds its lock while it waits for its threads, which must not wait for it."""
    calls: list[int] = []
    enough = threading.Event()

    def work() -> timedelta:
        calls.append(1)
        if len(calls) >= 3:
            enough.set()
        return timedelta()

    schedule = Schedule(lambda *_: None)
    for n in range(8):
        schedule.keep(f"shop {n}", work, MINUTE, timedelta())
    schedule.start()
    assert enough.wait(20)
    ended: list[bool] = []
    stopping = threading.Thread(
        target=lambda: ended.append(schedule.stop(lambda: False)), daemon=True
    )
    stopping.start()
    stopping.join(20)
    assert ended == [True]


def test_a_stop_waits_no_longer_than_it_may() -> None:
    release = threading.Event()
    begun = threading.Event()

    def work() -> timedelta:
        begun.set()
        release.wait(30)
        return timedelta()

    schedule = Schedule(lambda *_: None)
    schedule.keep("shop", work, MINUTE, timedelta())
    schedule.start()
    assert begun.wait(20)
    assert schedule.stop(lambda: True) is False
    assert schedule.at_work == {"shop"}
    release.set()
    assert schedule.stop(lambda: False)
