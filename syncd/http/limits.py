"""Never more requests than a platform permits, and hardly fewer: how one connector keeps to it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from syncd.connectors.api import Wire
from syncd.connectors.spending import Budget, Rate, spent_for
from syncd.errors import SpentError
from syncd.http.budget import SharedBudget

__all__ = ["Limiter", "Rate", "number"]


class Limiter:
    """The door to the budget of one account, for every thread of one connector.

    Args:
        share: the part of the permitted rate to use, over 0 up to 1; it counts only where
            nobody has said which budget it is.
        budget: the account's own; without one, the limiter is the only one who spends.
    """

    def __init__(
        self,
        rate: Rate,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        share: float = 1.0,
        reserve: int = 0,
        budget: Budget | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sleep = sleep
        self.budget = budget or SharedBudget(monotonic=monotonic, now=now, share=share)
        self.budget.begin(rate, reserve=reserve)

    @classmethod
    def of(cls, wire: Wire, rate: Rate, *, reserve: int = 0) -> "Limiter":
        """The door to the budget of whoever reaches the world through this wire.

        Args:
            rate: what is permitted until the platform says otherwise.
            reserve: requests of a day that are kept for opt-outs.
        """
        return cls(
            rate,
            reserve=reserve,
            monotonic=wire.monotonic,
            sleep=wire.sleep,
            share=wire.rate_share,
            budget=wire.budget,
            now=wire.now,
        )

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a place; it is held until one interval after the body ends.

        Raises:
            SpentError: the day holds nothing more for what this thread does.
        """
        who, spend = object(), spent_for()
        try:
            while (wait_s := self.budget.enter(spend, who)) > 0:
                self._sleep(wait_s)
        finally:
            self.budget.give_up(who)  # also when somebody asked to stop
        try:
            yield
        finally:
            self.budget.leave()

    def block(self, seconds: float) -> None:
        """Send nothing for a while, for all threads; after a refusal."""
        self.budget.block(seconds)

    def learn(self, rate: Rate, remaining: int | None) -> None:
        """Take over what the platform says of its window; see `Budget.learn`."""
        self.budget.learn(rate, remaining)

    def learn_day(self, requests: int | None, remaining: int | None) -> None:
        """Take over what the platform says of its day."""
        self.budget.learn_day(requests, remaining)

    def spent(self) -> SpentError:
        """What is to be raised once the platform has said that its day is spent."""
        return self.budget.spent()


def number(headers: Mapping[str, str], name: str) -> int | None:
    """A header that holds a whole number, or None."""
    try:
        return int(headers.get(name, ""))
    except ValueError:
        return None
