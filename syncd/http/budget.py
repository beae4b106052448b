"""One budget per account of a platform: a burst window, a day, and three classes that share both.

The platform counts a request at some moment between our sending it and its answer
reaching us. So a request is held against the window until one full interval after its
*answer*: then, wherever the platform's window begins, it cannot see more than the limit.
"""

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from syncd.connectors.spending import Rate, Spend, Told
from syncd.errors import SpentError

BULK_LEAVES = 0.03  # of a window, for what is not bulk; alone it then uses 97 % of it
LARGE_WINDOW = 20  # from here on that is a whole request; in a smaller one going first must do
DAY_LEAVES = {Spend.LIVE: 0.0, Spend.INCREMENTAL: 0.01, Spend.BULK: 0.05}
POLL_S = 0.01  # a place that somebody has now is free again soon
RECHECK = timedelta(minutes=10)
DAY = timedelta(days=1)
NOISE = 64  # answers that overtake one another differ by no more than were under way


class SharedBudget:
    """What is left of one account's budget, in the memory of one process.

    Args:
        share: the part of the permitted rate to use, over 0 up to 1.

    Attributes:
        reserve: requests of a day that are kept for opt-outs, where that is more than the
            hundredth that always is.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float],
        now: Callable[[], datetime],
        share: float = 1.0,
    ) -> None:
        self.share = share
        self.reserve = 0
        self.day = _Day(monotonic, now)
        self._monotonic = monotonic
        self._now = now
        self._begun: Rate | None = None
        self._rate = Rate(None)
        self._told: tuple[int | None, int | None, datetime | None] = (None, None, None)
        self._lock = threading.Lock()
        self._in_flight = 0
        self._answered: deque[float] = deque()
        self._blocked_until = 0.0
        self._waiting: dict[Spend, set[object]] = {spend: set() for spend in Spend}

    @property
    def allowed(self) -> int | None:
        """Requests per interval after the share is taken."""
        if self._rate.requests is None:
            return None
        return max(1, int(self._rate.requests * self.share))

    @property
    def told(self) -> Told:
        """What the platform said last."""
        with self._lock:
            burst, left, at = self._told
            return Told(burst, left, self.day.limit, self.day.remaining, at or self.day.at)

    def begin(self, rate: Rate, *, reserve: int = 0) -> None:
        """As `Budget.begin`; what was learned since it was first said stays."""
        with self._lock:
            self.reserve = reserve
            if rate != self._begun:
                self._begun = self._rate = rate

    def enter(self, spend: Spend, who: object) -> float:
        with self._lock:
            wait_s = self._wait_s(spend)
            if wait_s > 0:
                self._waiting[spend].add(who)
                return wait_s
            self.day.spend(spend, self._in_flight, self.reserve)
            self._in_flight += 1
            return 0.0

    def _wait_s(self, spend: Spend) -> float:
        """How long until there may be a place for this class."""
        now = self._monotonic()
        if now < self._blocked_until:
            return self._blocked_until - now
        while self._answered and self._answered[0] <= now - self._rate.interval_s:
            self._answered.popleft()
        allowed = self.allowed
        if self._rate.at_once is not None and self._in_flight >= self._rate.at_once:
            return POLL_S
        if allowed is not None:
            room = allowed - left_by(spend, allowed)
            over = self._in_flight + len(self._answered) - room
            if 0 <= over < len(self._answered):
                return max(self._answered[over] + self._rate.interval_s - now, 0.001)
            if over >= 0:
                return POLL_S  # every place is in flight: one will be answered soon
        return POLL_S if any(self._waiting[higher] for higher in spend.above) else 0.0

    def leave(self) -> None:
        with self._lock:
            self._in_flight -= 1
            self._answered.append(self._monotonic())

    def give_up(self, who: object) -> None:
        with self._lock:
            for waiting in self._waiting.values():
                waiting.discard(who)

    def block(self, seconds: float) -> None:
        with self._lock:
            self._blocked_until = max(self._blocked_until, self._monotonic() + seconds)

    def learn(self, rate: Rate, remaining: int | None) -> None:
        with self._lock:
            self._rate = rate
            self._told = (rate.requests, remaining, self._now())
            if remaining is None or rate.requests is None:
                return
            ours = len(self._answered) + self._in_flight
            foreign = (rate.requests - remaining) - ours
            self._answered.extend([self._monotonic()] * min(max(foreign, 0), rate.requests))

    def learn_day(self, requests: int | None, remaining: int | None) -> None:
        with self._lock:
            self.day.learn(requests, remaining)

    def spent(self) -> SpentError:
        with self._lock:
            return self.day.spent()

    def recall(self, told: Told) -> None:
        """What another process was told, for as long as nobody was told here."""
        with self._lock:
            self.day.recall(told)

    def own(self, spend: Spend) -> Rate:
        """The rate that a class has for itself, as long as nobody above it sends anything."""
        with self._lock:
            allowed = self.allowed
            room = None if allowed is None else allowed - left_by(spend, allowed)
            return Rate(room, self._rate.interval_s)

    def of_day(self, spend: Spend) -> tuple[int | None, int | None]:
        """Requests that a class may still send today, and in a whole day, as far as is known."""
        with self._lock:
            day, kept_back = self.day, self.day.kept_back(spend, self.reserve)
            if day.limit is None or day.remaining is None:
                return None, None
            return max(day.remaining - kept_back, 0), day.limit - kept_back

    def rests(self, spend: Spend) -> bool:
        """Whether the day holds nothing more for this class, as far as is known."""
        with self._lock:
            return self.day.is_spent(spend, self._in_flight, self.reserve)


def left_by(spend: Spend, allowed: int) -> int:
    """How many requests of a window a class leaves to those above it.

    >>> [left_by(Spend.BULK, allowed) for allowed in (1, 5, 20, 25, 100)]
    [0, 0, 1, 1, 3]
    """
    if spend is not Spend.BULK or allowed < LARGE_WINDOW:
        return 0
    return max(1, int(allowed * BULK_LEAVES))


class _Day:
    """What is left of the platform's day, as the last answer said; under the budget's lock.

    GHL does not say when its day begins (ghl.md 2). It is seen when the count goes up again. So
    where nothing is left for a class, one request is let through every ten minutes, to look.
    """

    def __init__(self, monotonic: Callable[[], float], now: Callable[[], datetime]) -> None:
        self.limit: int | None = None
        self.remaining: int | None = None
        self.at: datetime | None = None
        self._monotonic = monotonic
        self._now = now
        self._looked_at_s = monotonic()
        self._began_by: datetime | None = None  # a day was seen to have begun by then

    def learn(self, limit: int | None, remaining: int | None) -> None:
        self.limit = limit if limit is not None else self.limit
        if remaining is None:
            return
        if self.remaining is not None and remaining > self.remaining + NOISE:
            self._began_by = self._now()
        self.remaining, self.at = remaining, self._now()
        self._looked_at_s = self._monotonic()

    def recall(self, told: Told) -> None:
        if self.remaining is not None or told.day_left is None or told.at is None:
            return
        age = self._now() - told.at
        if timedelta() <= age < DAY:
            self.limit, self.remaining, self.at = told.day, told.day_left, told.at
            self._looked_at_s = self._monotonic() - age.total_seconds()

    def kept_back(self, spend: Spend, reserve: int) -> int:
        """How many requests of the day this class leaves to those above it."""
        part = int((self.limit or 0) * DAY_LEAVES[spend])
        return part if spend is Spend.LIVE else max(part, reserve)

    def is_spent(self, spend: Spend, in_flight: int, reserve: int) -> bool:
        if self.remaining is None:
            return False
        left = self.remaining - in_flight
        if left > 0 and left >= self.kept_back(spend, reserve):
            return False
        return self._monotonic() - self._looked_at_s < RECHECK.total_seconds()

    def spend(self, spend: Spend, in_flight: int, reserve: int) -> None:
        """Let one request pass.

        Raises:
            SpentError: nothing is left for its class.
        """
        if not self.is_spent(spend, in_flight, reserve):
            self._looked_at_s = self._monotonic()
            return
        kept_back = self.kept_back(spend, reserve)
        if not self.remaining or not kept_back:
            raise self.spent()
        whom = "opt-outs" if spend is Spend.INCREMENTAL else "what changes and for opt-outs"
        raise SpentError(
            f"The platform permits {self.remaining:,} more calls today, and {kept_back:,} are kept"
            f" back for {whom}, {self._at_most}. Nothing was sent.",
            until=self.until,
            hint="It goes on by itself once the platform's next day has begun.",
        )

    def spent(self) -> SpentError:
        return SpentError(
            f"The platform permits no more calls today, {self._at_most}. Nothing was sent.",
            until=self.until,
            hint="It goes on by itself once the platform's next day has begun. Look for other"
            " integrations that use the same allowance.",
        )

    @property
    def _at_most(self) -> str:
        return f"at the latest until {self.until:%Y-%m-%d %H:%M} UTC"

    @property
    def until(self) -> datetime:
        """When the platform's next day has begun at the latest."""
        if self._began_by is None:
            return (self.at or self._now()) + DAY
        days = (self._now() - self._began_by) // DAY + 1
        return self._began_by + days * DAY
