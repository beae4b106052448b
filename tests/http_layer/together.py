"""Threads on one clock that moves only when all of them sleep, and then to the first who wakes."""

import heapq
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

BEGAN = datetime(2026, 11, 3, 12, tzinfo=UTC)


class Together:
    """The same threads do the same in the same order, every time: one at a time is awake."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._turn = threading.Condition()
        self._asleep: list[tuple[float, int]] = []
        self._next = 0
        self._awake: int | None = None
        self._threads: list[threading.Thread] = []
        self.failed: list[BaseException] = []

    def monotonic(self) -> float:
        return self._now_s

    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=self._now_s)

    def sleep(self, seconds: float) -> None:
        with self._turn:
            me = self._lie_down(seconds)
            self._wake_one()
            self._turn.wait_for(lambda: self._awake == me)

    def begin(self, work: Callable[[], None]) -> None:
        """Have a thread do this once `run` is called."""
        with self._turn:
            me = self._lie_down(0.0)

        def live() -> None:
            with self._turn:
                self._turn.wait_for(lambda: self._awake == me)
            try:
                work()
            except Exception as error:  # noqa: BLE001 - for `run` to raise
                self.failed.append(error)
            with self._turn:
                self._wake_one()

        self._threads.append(threading.Thread(target=live, daemon=True))

    def run(self) -> None:
        """Until all threads have ended; raises what the first of them raised."""
        for thread in self._threads:
            thread.start()
        with self._turn:
            self._wake_one()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), "the threads wait for each other"
        for error in self.failed:
            raise error

    def _lie_down(self, seconds: float) -> int:
        self._next += 1
        heapq.heappush(self._asleep, (self._now_s + seconds, self._next))
        return self._next

    def _wake_one(self) -> None:
        self._awake = None
        if self._asleep:
            at, self._awake = heapq.heappop(self._asleep)
            self._now_s = max(self._now_s, at)
        self._turn.notify_all()
