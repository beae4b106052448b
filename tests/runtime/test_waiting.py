"""How long is waited, and what ends a wait."""

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from syncd.errors import AccountError, InvariantError, SyncdError, ThrottledError, TransientError
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
