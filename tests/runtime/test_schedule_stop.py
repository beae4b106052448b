"""How a schedule ends."""

import logging
import threading
import time
from datetime import timedelta

import pytest

from syncd.runtime.schedule import Schedule

MINUTE = timedelta(minutes=1)
AT_ONCE = timedelta()
PATIENCE_S = 20.0
THREADS = 16


@pytest.mark.parametrize("_", range(20))
def test_a_stop_ends_however_the_work_has_just_ended(_: int) -> None:
    """APScheduler holds its lock while it waits for its threads, which must not wait for it."""
    calls: list[int] = []
    enough = threading.Event()

    def work() -> timedelta:
        calls.append(1)
        if len(calls) >= 3:
            enough.set()
        return AT_ONCE

    schedule = Schedule(lambda *_: None, threads=THREADS)
    for n in range(8):
        schedule.keep(f"shop {n}", work, MINUTE, AT_ONCE)
    schedule.start()
    assert enough.wait(PATIENCE_S)
    ended: list[bool] = []
    stopping = threading.Thread(
        target=lambda: ended.append(schedule.stop(lambda: False)), daemon=True
    )
    stopping.start()
    stopping.join(PATIENCE_S)
    assert ended == [True]


def test_a_stop_waits_until_apscheduler_has_handed_over_what_is_due(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its thread forgets a job once it has begun, and fails if it was shut down in between."""
    at_it, asked = threading.Event(), threading.Event()

    class HeldUp(logging.Filter):
        """Holds its thread up after the first of two jobs, while the stop is asked for."""

        def filter(self, record: logging.LogRecord) -> bool:
            if record.msg.startswith("Removed job"):
                at_it.set()
                time.sleep(0.3)
            return True

    def work() -> timedelta:
        assert asked.wait(PATIENCE_S)
        return MINUTE

    def until() -> bool:
        asked.set()
        return False

    schedule = Schedule(lambda *_: None, threads=THREADS)
    for n in range(2):
        schedule.keep(f"shop {n}", work, MINUTE, AT_ONCE)
    caplog.set_level(logging.INFO, "apscheduler")
    with caplog.filtering(HeldUp()):
        schedule.start()
        assert at_it.wait(PATIENCE_S)
        assert schedule.stop(until)


def test_a_stop_waits_no_longer_than_it_may() -> None:
    release = threading.Event()
    begun = threading.Event()

    def work() -> timedelta:
        begun.set()
        release.wait(PATIENCE_S)
        return AT_ONCE

    schedule = Schedule(lambda *_: None, threads=THREADS)
    schedule.keep("shop", work, MINUTE, AT_ONCE)
    schedule.start()
    assert begun.wait(PATIENCE_S)
    assert schedule.stop(lambda: True) is False
    assert schedule.at_work == {"shop"}
    release.set()
    assert schedule.stop(lambda: False)
