"""One pair in the daemon: a cycle, and when the next one is due."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from syncd.app import App
from syncd.engine.context import Stream
from syncd.engine.cycle import Report
from syncd.errors import (
    AccountError,
    BusyError,
    ConfigError,
    InvariantError,
    LeaseLostError,
    SyncdError,
    ThrottledError,
)
from syncd.model.spec import ResourceSpec, in_turn
from syncd.runtime.stop import Stop
from syncd.store import database, runs
from syncd.store.database import explained
from syncd.store.runs import RunState

LONGEST_WAIT = timedelta(minutes=15)
ACCOUNT_FACTOR = 5  # somebody has to change something first, so there is no hurry
MOST_IN_A_ROW = 6  # cycles that each wrote something: beyond that, rules chase each other


@dataclass(slots=True)
class Worker:
    """Keeps one pair in step; called by one thread at a time.

    Attributes:
        app: this pair's own; no other pair uses its connectors.
        following: takes the place of `app` before the next cycle, after a reload.
        failures: cycles that ended in an error, in a row.
        read_at: when the last cycle began.
        clock: tells seconds, and is never put back.
        noticed: called after a cycle that saw or wrote something: other pairs of its accounts
            need not wait for their turn to take it in.
    """

    pair: str
    app: App
    stop: Stop
    following: App | None = None
    failures: int = 0
    read_at: datetime | None = None
    ask_anew: bool = False
    clock: Callable[[], float] = time.monotonic
    noticed: Callable[[], None] = lambda: None

    @property
    def every(self) -> timedelta:
        return self.app.pair_named(self.pair).settings.every

    @property
    def _fresh_for(self) -> timedelta:
        """A pair that reads as often as this one is never that far behind."""
        settings = self.app.pair_named(self.pair).settings
        return settings.every + settings.every / 2 + settings.jitter

    def work(self) -> timedelta:
        """Run cycles until one leaves nothing to do; how long to wait until the next.

        The next one is due `every` after the last began, and a tenth of it after its end at
        the earliest, so that a command gets its turn too. After an error the wait is whole, as
        a platform that asks for one means from now on.
        """
        finished = 0  # a cycle that only ran out of its slice of time does not count
        while finished < MOST_IN_A_ROW:
            self._take_over()
            begun_s = self.clock()
            try:
                with explained(self.app.store):
                    report = self._cycle()
            except SyncdError as error:
                return self._after(error)
            self.failures = 0
            if report.written or any(seen.changed for seen in report.pulled):
                self.noticed()
            finished += report.finished
            if self.stop() or not _has_more(report):
                break
        took = timedelta(seconds=self.clock() - begun_s)
        return max(self.every - took, self.every / 10)

    def close(self) -> None:
        self.app.disconnect()

    def _take_over(self) -> None:
        """The safe place for a new configuration: nothing of the old one is in use."""
        following, self.following = self.following, None
        if following is not None:
            self.app.disconnect()
            self.app, self.ask_anew = following, True

    def _cycle(self) -> Report:
        now = self.app.wire.now()
        passed = min(now - self.read_at, self.every) if self.read_at else self.every
        self.read_at = now
        _, report = self.app.run_pair(
            self.pair,
            replace(self.app.environment, stopping=self.stop),
            create_fields=True,
            anew=self.ask_anew,
            patience=self.every * ACCOUNT_FACTOR,
            shaped=partial(_shaped, passed, self._fresh_for),
        )
        self.ask_anew = False
        if report.state is RunState.HELD:
            _log().warning("held", pair=self.pair, run=report.run_id, reasons=list(report.reasons))
        return report

    # -- after an error ------------------------------------------------------------------

    def _after(self, error: SyncdError) -> timedelta:
        if self.stop():
            return self.every
        if isinstance(error, BusyError | LeaseLostError):
            _log().info("another process works on it", pair=self.pair)
            return self.every
        self.failures += 1
        wait = self.wait_after(error)
        _log().error(
            "cycle failed",
            pair=self.pair,
            cause=type(error).__name__,
            error=error.message,
            hint=error.hint,
            failed=self.failures,
            retry_in_s=round(wait.total_seconds()),
        )
        self.note(str(error))
        return wait

    def wait_after(self, error: SyncdError) -> timedelta:
        if isinstance(error, AccountError | ConfigError | InvariantError):
            self.ask_anew = True
            return self.every * ACCOUNT_FACTOR
        backed_off: timedelta = min(self.every * 2 ** min(self.failures - 1, 20), LONGEST_WAIT)
        if isinstance(error, ThrottledError) and error.retry_after_s is not None:
            return max(backed_off, timedelta(seconds=error.retry_after_s))
        return backed_off

    def note(self, error: str) -> None:
        """For `syncd status`; a store that cannot take it down has been logged."""
        try:
            with explained(self.app.store), database.begin(self.app.store) as db:
                runs.note_error(db, self.pair, error)
        except SyncdError as second:
            _log().error("the error could not be noted", pair=self.pair, error=second.message)


def _has_more(report: Report) -> bool:
    """Whether another cycle should follow at once."""
    if report.state is RunState.HELD:
        return False
    return bool(report.written) or not report.finished


def _log() -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("syncd")
    return logger


def _shaped(passed: timedelta, fresh_for: timedelta, stream: Stream) -> Stream:
    pages = stream.specs.map(lambda spec: _pages(spec, passed))
    return replace(stream, sweep_pages=pages, turns=pages, fresh_for=fresh_for)


def _pages(spec: ResourceSpec, passed: timedelta) -> int | None:
    """How much of a listing that never ends a cycle may read, to keep to its share."""
    return None if spec.sweep_rate is None else in_turn(spec.sweep_rate, passed)
