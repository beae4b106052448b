"""When the next cycle of a pair is due."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.invented import Invented
from syncd.app import App, open_app
from syncd.errors import TransientError
from syncd.model.record import Page
from syncd.runtime.stop import Stop
from syncd.runtime.worker import Worker
from tests.runtime.invented import configured, plugged_in

EVERY = timedelta(seconds=10)


class Away(Invented):
    """A platform that shows no list while it is away."""

    is_away = False

    def pull(self, *args: Any, **named: Any) -> Iterator[Page]:
        if self.is_away:
            raise TransientError("away")
        yield from super().pull(*args, **named)


@pytest.fixture
def platforms() -> Iterator[dict[str, Invented]]:
    with plugged_in({"left": Away, "right": Invented}) as made:
        yield made


@pytest.fixture
def opened(tmp_path: Path, platforms: dict[str, Invented]) -> Iterator[App]:
    assert platforms
    app = open_app(configured(tmp_path, 1, every="10s"), env={})
    yield app
    app.close()


class Clock:
    """Seconds that pass between two looks."""

    def __init__(self, passing_s: float) -> None:
        self.now_s = 0.0
        self._passing_s = passing_s

    def __call__(self) -> float:
        self.now_s += self._passing_s
        return self.now_s


@pytest.mark.parametrize(("cycle_s", "wait_s"), [(0, 10), (4, 6), (10, 1), (95, 1)])
def test_the_next_cycle_is_due_an_interval_after_the_last_began(
    opened: App, cycle_s: float, wait_s: float
) -> None:
    worker = Worker("pair0", opened, Stop(), clock=Clock(cycle_s))
    assert worker.work() == timedelta(seconds=wait_s)


def test_the_interval_counts_from_the_last_of_several_cycles_in_a_row(
    opened: App, platforms: dict[str, Invented]
) -> None:
    platforms["left"].put("1", {"email": "ann@example.org", "city": "Oslo"})
    clock = Clock(4)
    worker = Worker("pair0", opened, Stop(), clock=clock)
    assert worker.work() == timedelta(seconds=6)
    assert len(platforms["right"]) == 1
    assert clock.now_s > 8  # more than one cycle


def test_after_an_error_the_wait_is_whole(opened: App, platforms: dict[str, Any]) -> None:
    platforms["left"].is_away = True
    worker = Worker("pair0", opened, Stop(), clock=Clock(4))
    assert worker.work() == EVERY


def test_who_has_seen_or_written_something_says_so(
    opened: App, platforms: dict[str, Invented]
) -> None:
    said: list[str] = []
    worker = Worker("pair0", opened, Stop(), noticed=lambda: said.append("news"))
    worker.work()
    assert said == []
    platforms["left"].put("1", {"email": "ann@example.org", "city": "Oslo"})
    worker.work()
    assert said
