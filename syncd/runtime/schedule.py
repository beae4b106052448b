"""When each pair runs: the only place that names APScheduler."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import uniform

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_SUBMITTED,
    JobExecutionEvent,
    JobSubmissionEvent,
)
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

THREADS = 16  # names worked on at the same time
LATE_S = 1.0  # by which work may be late before it is nudged


class Schedule:
    """Calls one piece of work per name again and again, never twice at once.

    Args:
        failed: told the name and the error if work ends in one that it did not handle;
            the work is called again after its interval, and other work goes on.
        now: tells the time of day.
    """

    def __init__(
        self,
        failed: Callable[[str, BaseException], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._failed = failed
        self._now = now
        self._due_s: dict[str, float] = {}  # of work that waits, by the monotonic clock
        self._idle = threading.Condition()
        self._at_work: set[str] = set()
        self._ending = False
        self._jobs = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._jobs.add_listener(self._note_failure, EVENT_JOB_ERROR)
        self._jobs.add_listener(self._note_submission, EVENT_JOB_SUBMITTED)

    def keep(
        self, name: str, work: Callable[[], timedelta], every: timedelta, jitter: timedelta
    ) -> None:
        """Call `work` soon, and from then on as long after its end as it says.

        Args:
            every: the wait after work that ended in an error it did not handle.
            jitter: up to this much is added to each wait, also the first.
        """
        self._jobs.add_job(
            self._do,
            "interval",
            seconds=max(every.total_seconds(), 1.0),
            args=(name, work, jitter),
            id=name,
            replace_existing=True,
            next_run_time=self._next(name, timedelta(), min(jitter, timedelta(seconds=2))),
        )

    def nudge(self) -> None:
        """Call work that is late, as it is once the clock was put back after it was planned."""
        with self._idle:
            late = [n for n, due in self._due_s.items() if time.monotonic() - due > LATE_S]
        for name in late:
            try:
                self._jobs.modify_job(name, next_run_time=datetime.now(UTC))
            except JobLookupError:
                self._forget(name)  # dropped in the meantime

    def drop(self, name: str) -> None:
        """Call this work no more; if it is being done, it is done to its end."""
        self._forget(name)
        try:
            self._jobs.remove_job(name)
        except JobLookupError:
            return

    def start(self) -> None:
        self._jobs.start()

    def stop(self, until: Callable[[], bool]) -> bool:
        """Begin nothing more, and wait for what is under way.

        Args:
            until: asked twice a second; True ends the waiting.

        Returns:
            Whether everything has ended.
        """
        self._jobs.pause()
        with self._idle:
            self._ending = True
            while self._at_work and not until():
                self._idle.wait(0.5)
            ended = not self._at_work
        if ended:
            self._jobs.shutdown(wait=True)
        return ended

    @property
    def at_work(self) -> frozenset[str]:
        """Names that are being worked on."""
        with self._idle:
            return frozenset(self._at_work)

    def _do(self, name: str, work: Callable[[], timedelta], jitter: timedelta) -> None:
        with self._idle:
            if self._ending:
                return  # handed over just before the stop
            self._at_work.add(name)
        try:
            self._plan_again(name, work(), jitter)
        finally:
            with self._idle:
                self._at_work.discard(name)
                self._idle.notify_all()

    def _plan_again(self, name: str, wait: timedelta, jitter: timedelta) -> None:
        """Part of the work: APScheduler changes no job while it shuts down, and waits for us."""
        with self._idle:
            if self._ending:
                return
        try:
            self._jobs.modify_job(name, next_run_time=self._next(name, wait, jitter))
        except JobLookupError:
            self._forget(name)  # dropped in the meantime

    def _note_submission(self, event: JobSubmissionEvent) -> None:
        """It begins as soon as a thread is free, and is not late if that takes a while."""
        with self._idle:
            if self._due_s.get(event.job_id, 0.0) <= time.monotonic():
                self._due_s.pop(event.job_id, None)

    def _note_failure(self, event: JobExecutionEvent) -> None:
        if event.exception is not None:
            self._failed(event.job_id, event.exception)

    def _next(self, name: str, wait: timedelta, jitter: timedelta) -> datetime:
        """When work is to begin, which is noted by a clock that nobody puts back, too."""
        wait += timedelta(seconds=uniform(0, jitter.total_seconds()))
        with self._idle:
            self._due_s[name] = time.monotonic() + wait.total_seconds()
        return self._now() + wait

    def _forget(self, name: str) -> None:
        with self._idle:
            self._due_s.pop(name, None)
