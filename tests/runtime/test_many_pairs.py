"""Many pairs in one daemon whose platforms all take their time."""

import logging
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import structlog

from bench.invented import Invented
from syncd.app import open_app
from syncd.config.load import load
from syncd.model.record import Page
from syncd.runtime.daemon import APART, Daemon
from tests.runtime.invented import configured, plugged_in

PAIRS = 40
PATIENCE_S = 60.0


class Slow(Invented):
    """A platform that answers nobody before all pairs have asked it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.all_asked = threading.Event()
        self._asking: set[int] = set()

    def pull(self, *args: Any, **named: Any) -> Iterator[Page]:
        self._asking.add(threading.get_ident())
        if len(self._asking) >= PAIRS:
            self.all_asked.set()
        assert self.all_asked.wait(PATIENCE_S), f"{len(self._asking)} have asked"
        yield from super().pull(*args, **named)


@pytest.fixture
def slow() -> Iterator[Slow]:
    """The platform on the left of every pair."""
    with plugged_in({"left": Slow, "right": Invented}) as made:
        yield made["left"]  # type: ignore[misc]


@pytest.fixture
def handlers() -> Iterator[None]:
    """Gives signals back to whoever had them."""
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def run_until_all_have_asked(folder: Path, slow: Slow) -> list[Any]:
    """What the daemon told."""
    path = configured(folder, PAIRS)
    opened = open_app(path, env={})
    daemon = Daemon(opened.configuration, opened.store, opened.ledger, lambda: load(path, {}))

    def stop_when_all_have_asked() -> None:
        slow.all_asked.wait(PATIENCE_S)
        daemon.stop.ask()

    with structlog.testing.capture_logs() as told, ThreadPoolExecutor(1) as pool:
        pool.submit(stop_when_all_have_asked)
        assert daemon.run()
    opened.close()
    return told


@pytest.mark.usefixtures("handlers")
def test_all_pairs_wait_for_their_platforms_at_the_same_time(tmp_path: Path, slow: Slow) -> None:
    told = run_until_all_have_asked(tmp_path, slow)
    assert slow.all_asked.is_set()
    assert [line for line in told if line["log_level"] != "info"] == []
    assert {line["pair"] for line in told if line["event"] == "run ended"} == {
        f"pair{n}" for n in range(PAIRS)
    }


@pytest.mark.usefixtures("handlers")
def test_first_cycles_are_planned_one_after_the_other(
    tmp_path: Path, slow: Slow, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "apscheduler.executors")
    run_until_all_have_asked(tmp_path, slow)
    planned = [one.args[1] for one in caplog.records if one.msg.startswith("Running job")]
    firsts = planned[:PAIRS]
    assert all(later - earlier >= APART for earlier, later in pairwise(firsts))
