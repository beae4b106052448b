"""Stopping in stages: the first signal asks, the second one does not."""

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from syncd.errors import TransientError

GRACE_S = 25.0  # service managers and containers wait 30 s at most before they kill


class Stop:
    """Whether this process was asked to stop, and how long it may still take.

    Args:
        grace_s: how long after the request a wait for a platform may still last.
    """

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self._grace_s = grace_s
        self._asked = threading.Event()
        self._deadline = float("inf")

    def __call__(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        """Ask everything to end at its next safe place."""
        if not self._asked.is_set():
            self._deadline = time.monotonic() + self._grace_s
            self._asked.set()

    @property
    def is_overdue(self) -> bool:
        return time.monotonic() >= self._deadline

    def wait(self, timeout_s: float) -> bool:
        """Wait until asked to stop, at most so long; whether it was asked."""
        return self._asked.wait(timeout_s)

    def sleep(self, seconds: float) -> None:
        """Sleep for a connector, unless a stop would have to wait for it too long.

        A sleep that must not be cut short (it keeps a platform's limit) ends in an error,
        never in an early return.

        Raises:
            TransientError: a stop was asked for, and the sleep outlasts its grace.
        """
        end = time.monotonic() + seconds
        while (left_s := end - time.monotonic()) > 0:
            if not self._asked.is_set():
                self._asked.wait(left_s)
            elif end > self._deadline:
                raise TransientError("Stopped while a platform had asked to wait.")
            else:
                time.sleep(left_s)


def on_signals(stop: Stop, asked: Callable[[str], None]) -> None:
    """Let SIGTERM and SIGINT ask for a stop, and a second one end the process at once.

    Ending at once is safe: whatever was being sent is looked up by the next run.

    Args:
        asked: told the signal's name, to say so.
    """

    def handle(number: int, _: FrameType | None) -> None:
        name = signal.Signals(number).name
        if stop():
            os._exit(128 + number)
        stop.ask()
        asked(name)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
