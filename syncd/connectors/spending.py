"""What an account may spend of its platform's patience, and for what it is spent.

Everything that is sent to one account of a platform, by whatever pair or thread, comes off one
`Budget`. Three classes share it, so that what is urgent never waits behind what is long.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ParamSpec, Protocol, TypeVar

from syncd.errors import SpentError

P = ParamSpec("P")
T = TypeVar("T")
MANY = 200  # of one kind in one go: a first sync or an edit of everybody, that may take its time


class Spend(StrEnum):
    """For what a request is sent; the first goes before the second, this before the third."""

    LIVE = "live"  # opt-outs, and the look-ups that these need
    INCREMENTAL = "incremental"  # what changed: reading and writing of a normal cycle
    BULK = "bulk"  # backfills, sweeps, first syncs, and what is read in turn

    @property
    def above(self) -> tuple["Spend", ...]:
        """The classes that go before this one."""
        return tuple(Spend)[: tuple(Spend).index(self)]


_SPENT_FOR: ContextVar[Spend] = ContextVar("spent_for", default=Spend.INCREMENTAL)


def spent_for() -> Spend:
    """For what this thread sends its requests now."""
    return _SPENT_FOR.get()


@contextmanager
def spending(spend: Spend) -> Iterator[None]:
    """What this thread sends meanwhile is of this class.

    A part of what is live is live, and a part of what is bulk is bulk unless it is live.
    """
    both = {_SPENT_FOR.get(), spend}
    token = _SPENT_FOR.set(next(s for s in (Spend.LIVE, Spend.BULK, spend) if s in both))
    try:
        yield
    finally:
        _SPENT_FOR.reset(token)


def carried(call: Callable[P, T]) -> Callable[P, T]:
    """The same, to be called by another thread, which then spends for what this one does."""
    spend = spent_for()

    def called(*args: P.args, **named: P.kwargs) -> T:
        with spending(spend):
            return call(*args, **named)

    return called


def for_so_many(count: int) -> Spend:
    """The class of so many reads or writes of one kind in one go."""
    return Spend.BULK if count > MANY else Spend.INCREMENTAL


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` in any `interval_s` seconds; None means without limit.

    Attributes:
        at_once: how many may be under way at the same time.
    """

    requests: int | None
    interval_s: float = 10.0
    at_once: int | None = None

    def lasts_s(self, requests: float) -> float:
        """How long so many requests take, beginning with a window that nobody has used yet.

        >>> Rate(100, 10.0).lasts_s(300), Rate(100, 10.0).lasts_s(80), Rate(None).lasts_s(80)
        (20.0, 0.0, 0.0)
        """
        if self.requests is None:
            return 0.0
        return max(requests - self.requests, 0.0) / self.requests * self.interval_s


@dataclass(frozen=True, slots=True)
class Told:
    """What a platform said last of what it permits; None is what it does not tell.

    Attributes:
        burst: requests of a window, and left of it.
        day: requests of a day, and left of it.
        at: when it said so.
    """

    burst: int | None = None
    burst_left: int | None = None
    day: int | None = None
    day_left: int | None = None
    at: datetime | None = None


class Budget(Protocol):
    """What one account of a platform may send, shared by all that send there.

    Within one process `http.budget.SharedBudget` keeps it in memory. For several processes
    one that takes slices from the store has to do the same.
    """

    def begin(self, rate: Rate, *, reserve: int = 0) -> None:
        """The rate to keep to until the platform tells another one.

        Args:
            reserve: requests of a day that are kept for opt-outs, if that is more than the
                hundredth that always is.
        """
        ...

    def enter(self, spend: Spend, who: object) -> float:
        """Ask for a place for one request.

        Args:
            who: the same object each time that is asked for the same request.

        Returns:
            Seconds to wait before asking again; 0: the place is taken.

        Raises:
            SpentError: the day holds nothing more for this class; nobody waits that long.
        """
        ...

    def leave(self) -> None:
        """One request was answered, or failed; it counts from now on."""
        ...

    def give_up(self, who: object) -> None:
        """Whoever waited does not any more."""
        ...

    def block(self, seconds: float) -> None:
        """Send nothing for a while, for everybody; after a refusal."""
        ...

    def learn(self, rate: Rate, remaining: int | None) -> None:
        """Take over what the platform says of its window.

        Args:
            remaining: what is left of the platform's window. Less than we think means that
                somebody else spends from the same budget, and is held against the window.
        """
        ...

    def learn_day(self, requests: int | None, remaining: int | None) -> None:
        """Take over what the platform says of its day."""
        ...

    def spent(self) -> SpentError:
        """What is to be raised once the platform has said that its day is spent."""
        ...
