"""The daemon: one worker per pair, a reload on SIGHUP, an orderly end on SIGTERM.

Each pair has connectors of its own. A connector is used by one pair at a time, and two pairs
that share an account would otherwise wait for each other, so that one slow pair would
stop another. What may be sent there is one budget all the same: a pair may use all of it while
the others rest.
"""

import os
import resource
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import sqlalchemy as sa
import structlog

from syncd import __version__
from syncd.app import App
from syncd.budgets import Budgets
from syncd.config.load import Configuration, Pair
from syncd.config.settings import MOST_THREADS
from syncd.connectors.api import Wire
from syncd.errors import ConfigError, SyncdError
from syncd.model.side import SIDES
from syncd.observe import log
from syncd.runtime.schedule import Schedule
from syncd.runtime.stop import Stop, on_signals
from syncd.runtime.worker import Worker
from syncd.store.suppressions import Ledger

APART = timedelta(milliseconds=50)  # between the first cycles of two pairs
OPEN_FILES = 10 * MOST_THREADS  # a pair has two at rest, and more while it writes


@dataclass(slots=True)
class Daemon:
    """Every pair of one configuration, kept in step until a stop.

    Attributes:
        read: reads the configuration anew.
    """

    configuration: Configuration
    store: sa.Engine
    ledger: Ledger
    read: Callable[[], Configuration]
    stop: Stop = field(default_factory=Stop)
    workers: dict[str, Worker] = field(default_factory=dict)
    budgets: Budgets = field(default_factory=Budgets)
    _reload: threading.Event = field(default_factory=threading.Event)

    def run(self) -> bool:
        """Work until SIGTERM or SIGINT; whether everything had ended in time.

        Raises:
            ConfigError: there is no pair to work on.
        """
        if not self.configuration.pairs:
            raise ConfigError("No pair is configured.", hint="Write one with `syncd init`.")
        on_signals(self.stop, lambda name: _log().info("stopping", signal=name))
        signal.signal(signal.SIGHUP, lambda *_: self._reload.set())
        _permit_open_files()
        schedule = Schedule(self._unexpected, threads=self.configuration.threads)
        self._assign(schedule, self.configuration)
        schedule.start()
        _log().info(
            "started", version=__version__, pid=os.getpid(), pairs=list(self.configuration.pairs)
        )
        while not self.stop.wait(0.5):
            schedule.nudge()
            if self._reload.is_set():
                self._reload.clear()
                self._take_over(schedule)
        ended = schedule.stop(lambda: self.stop.is_overdue)
        if ended:
            for worker in self.workers.values():
                worker.close()
        else:
            _log().warning("stopped in the middle of a call", pairs=sorted(schedule.at_work))
        _log().info("stopped", finished=ended)
        return ended

    # -- configuration -------------------------------------------------------------------

    def _assign(self, schedule: Schedule, configuration: Configuration) -> None:
        """One worker per pair: new ones begin, old ones change at their next safe place."""
        for name in [n for n in self.workers if n not in configuration.pairs]:
            schedule.drop(name)
            del self.workers[name]
        self.budgets.count(configuration.pairs.values())
        for n, (name, pair) in enumerate(configuration.pairs.items()):
            wire = Wire(sleep=self.stop.sleep)
            app = App(configuration, self.store, self.ledger, wire, self.budgets)
            if name in self.workers:
                self.workers[name].following = app
            else:
                noticed = partial(self._tell_others, schedule, name)
                self.workers[name] = Worker(name, app, self.stop, noticed=noticed)
            work, settings = self.workers[name].work, pair.settings
            schedule.keep(name, work, settings.every, settings.jitter, first=APART * n)

    def _take_over(self, schedule: Schedule) -> None:
        try:
            fresh = self.read()
            if fresh.store != self.configuration.store:
                raise ConfigError(
                    "The store cannot be changed while the daemon runs.",
                    hint="Start the daemon anew.",
                )
            if not fresh.pairs:
                raise ConfigError("No pair is configured any more.")
        except SyncdError as error:
            _log().error(
                "the configuration was not taken over; the old one stays",
                error=error.message,
                hint=error.hint,
            )
            return
        log.configure(fresh.log.level, fresh.log.format)
        if fresh.threads != schedule.threads:
            _log().warning(
                "another number of threads needs a restart",
                threads=schedule.threads,
            )
        self.configuration = fresh
        self._assign(schedule, fresh)
        _log().info("configuration taken over", pairs=list(fresh.pairs))

    def _tell_others(self, schedule: Schedule, name: str) -> None:
        """Have other pairs of the accounts take in what one has seen; who waits, waits on."""
        pairs = self.configuration.pairs
        theirs = _accounts(pairs[name]) if name in pairs else set()
        for other, pair in pairs.items():
            worker = self.workers.get(other)
            if other != name and theirs & _accounts(pair) and worker and not worker.failures:
                schedule.hasten(other)

    # -- around the work -----------------------------------------------------------------

    def _unexpected(self, name: str, error: BaseException) -> None:
        """The one place where an error that nobody foresaw ends: it is ours to mend."""
        _log().error(
            "unexpected error; please report it", pair=name, exc_info=(type(error), error, None)
        )
        if name in self.workers:
            self.workers[name].note(f"Unexpected error: {type(error).__name__}; see the log.")


def _accounts(pair: Pair) -> set[str]:
    return {pair.account(side) for side in SIDES}


def _permit_open_files() -> None:
    """As many as this user may have, up to a point: what a process begins with may be 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _log() -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("syncd")
    return logger
