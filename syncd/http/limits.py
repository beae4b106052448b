"""Never more requests than a platform permits, and hardly fewer.

The platform counts a request at some moment between our sending it and its answer
reaching us. So a request is held against the window until one full interval after its
*answer*: then, wherever the platform's window begins, it cannot see more than the limit.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` in any `interval_s` seconds; None means without limit."""

    requests: int | None
    interval_s: float = 10.0


class Limiter:
    """The budget of one account, shared by every thread that uses its credentials.

    Args:
        share: the part of the permitted rate to use, over 0 up to 1.
    """

    def __init__(
        self,
        rate: Rate,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        share: float = 1.0,
    ) -> None:
        self._rate = rate
        self._share = share
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._in_flight = 0
        self._answered: deque[float] = deque()
        self._blocked_until = 0.0

    @property
    def allowed(self) -> int | None:
        """Requests per interval after the share is taken."""
        if self._rate.requests is None:
            return None
        return max(1, int(self._rate.requests * self._share))

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a place; it is held until one interval after the body ends."""
        while (wait_s := self._try_enter()) > 0:
            self._sleep(wait_s)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1
                self._answered.append(self._monotonic())

    def _try_enter(self) -> float:
        """Seconds to wait before trying again; 0 means that the place is taken."""
        with self._lock:
            now = self._monotonic()
            if now < self._blocked_until:
                return self._blocked_until - now
            while self._answered and self._answered[0] <= now - self._rate.interval_s:
                self._answered.popleft()
            allowed = self.allowed
            if allowed is None or self._in_flight + len(self._answered) < allowed:
                self._in_flight += 1
                return 0.0
            if self._answered:
                return max(self._answered[0] + self._rate.interval_s - now, 0.001)
            return 0.01  # every place is in flight: one will be answered soon

    def block(self, seconds: float) -> None:
        """Send nothing for a while, for all threads; after a refusal."""
        with self._lock:
            self._blocked_until = max(self._blocked_until, self._monotonic() + seconds)

    def learn(self, rate: Rate, remaining: int | None) -> None:
        """Take over what the platform says of its window.

        Args:
            remaining: what is left in the platform's window. Less than we think means
                that somebody else spends from the same budget: what they spent is held
                against the window as if we had.
        """
        with self._lock:
            self._rate = rate
            if remaining is None or rate.requests is None:
                return
            ours = len(self._answered) + self._in_flight
            foreign = (rate.requests - remaining) - ours
            self._answered.extend([self._monotonic()] * min(max(foreign, 0), rate.requests))


def number(headers: Mapping[str, str], name: str) -> int | None:
    """A header that holds a whole number, or None."""
    try:
        return int(headers.get(name, ""))
    except ValueError:
        return None
