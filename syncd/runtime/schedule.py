"""When each pair runs: the only place that names APScheduler."""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import uniform

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

LATE_S = 1.0  # by which work may be late before it is nudged
BEHIND_S = 5.0  # work that begins so much later than it was due is told
IN_TIME_S = 1.0
ALL_THREADS_BUSY = "All threads are at work: raise `threads:`, or the `every` of the pairs."
MACHINE_BUSY = "The processor or the disk is short: raise the `every` of the pairs."


@dataclass(frozen=True, slots=True)
class Kept:
    """Work that is called again and again, see `Schedule.keep`."""

    work: Callable[[], timedelta]
    every: timedelta
    jitter: timedelta


class Schedule:
    """Calls one piece of work per name again and again, never twice at once.

    Each call is planned when the one before it has ended, as a job that APScheduler begins once
    and then forgets. So a name has one job at most, and nothing fires on top of work that takes
    long.

    Args:
        failed: told the name and the error if work ends in one that it did not handle;
            the work is called again after its interval, and other work goes on.
        threads: names worked on at the same time, at most; a thread is started when it is first
            needed. When they are short, what has been due the longest goes first.
        now: tells the time of day.
        clock: tells seconds, and is never put back.
    """

    def __init__(
        self,
        failed: Callable[[str, BaseException], None],
        *,
        threads: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.threads = threads
        self._failed = failed
        self._now = now
        self._clock = clock
        self._kept: dict[str, Kept] = {}
        self._due_s: dict[str, float] = {}  # by the clock, of what has not begun
        self._at_work: set[str] = set()
        self._ending = False
        self._behind = False
        self._lock = threading.Condition()  # over these; taken before APScheduler's, never after
        self._jobs = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(threads)},
            job_defaults={
                "coalesce": True,
                "misfire_grace_time": None,  # however late it is, it is called
                # APScheduler counts a job until a moment after it has planned the next one.
                "max_instances": sys.maxsize,
            },
        )
        self._jobs.add_listener(self._note_failure, EVENT_JOB_ERROR)

    def keep(
        self,
        name: str,
        work: Callable[[], timedelta],
        every: timedelta,
        jitter: timedelta,
        *,
        first: timedelta = timedelta(),
    ) -> None:
        """Call `work` after `first`, and from then on as long after its end as it says.

        Work of this name that is being done is done to its end first; if it is planned already,
        it is called no later than that.

        Args:
            every: the wait after work that ended in an error it did not handle.
            jitter: up to this much is added to each wait but the first.
        """
        with self._lock:
            self._kept[name] = Kept(work, every, jitter)
            if name in self._due_s:
                self._begin_within(name, first)
            elif name not in self._at_work:
                self._plan(name, first)

    def nudge(self) -> None:
        """Call work that is late, as it is once the clock was put back after it was planned."""
        with self._lock:
            late = [n for n, due_s in self._due_s.items() if self._clock() - due_s > LATE_S]
            for name in late:
                self._move(name, datetime.now(UTC))

    def hasten(self, name: str) -> None:
        """Call work soon that is planned for later; what is being done is left alone.

        After a tenth of its interval, so that two that hasten each other leave room for others.
        """
        with self._lock:
            if name in self._due_s and name in self._kept:
                self._begin_within(name, self._kept[name].every / 10)

    def drop(self, name: str) -> None:
        """Call this work no more; if it is being done, it is done to its end."""
        with self._lock:
            self._kept.pop(name, None)
            try:
                self._jobs.remove_job(name)
            except JobLookupError:
                return  # handed to a thread: `_do` looks
            self._due_s.pop(name, None)

    def start(self) -> None:
        self._jobs.start()

    def stop(self, until: Callable[[], bool]) -> bool:
        """Begin nothing more, and wait for what is under way.

        Args:
            until: asked twice a second; True ends the waiting.

        Returns:
            Whether everything has ended.
        """
        with self._lock:
            self._ending = True
            self._jobs.remove_all_jobs()
            while self._at_work and not until():
                self._lock.wait(0.5)
            ended = not self._at_work
        if ended:
            self._jobs.shutdown(wait=True)
        return ended

    @property
    def at_work(self) -> frozenset[str]:
        """Names that are being worked on."""
        with self._lock:
            return frozenset(self._at_work)

    # -- one call ------------------------------------------------------------------------

    def _do(self, name: str) -> None:
        with self._lock:
            late_s = self._clock() - self._due_s.pop(name)
            kept = self._kept.get(name)
            if kept is None or self._ending:
                return  # handed over just before it was dropped, or before the stop
            self._at_work.add(name)
            self._tell_if_behind(late_s)
        wait = kept.every
        try:
            wait = kept.work()
        finally:
            self._end(name, wait)

    def _end(self, name: str, wait: timedelta) -> None:
        """Part of the work: APScheduler adds no job while it shuts down, and waits for us."""
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None and not self._ending:
                jitter = timedelta(seconds=uniform(0, kept.jitter.total_seconds()))
                self._plan(name, wait + jitter)
            self._at_work.discard(name)
            self._lock.notify_all()

    def _tell_if_behind(self, late_s: float) -> None:
        """Once when work begins late, and once when it begins in time again; under the lock."""
        if late_s > BEHIND_S and not self._behind:
            self._behind = True
            busy = len(self._at_work) >= self.threads
            _log().warning(
                "pairs begin late",
                late_s=round(late_s, 1),
                threads=self.threads,
                hint=ALL_THREADS_BUSY if busy else MACHINE_BUSY,
            )
        elif late_s < IN_TIME_S and self._behind:
            self._behind = False
            _log().info("pairs begin in time again")

    def _note_failure(self, event: JobExecutionEvent) -> None:
        if event.exception is not None:
            self._failed(event.job_id, event.exception)

    # -- planning, by who holds the lock ---------------------------------------------------

    def _plan(self, name: str, wait: timedelta) -> None:
        """Noted by a clock that nobody puts back, too."""
        self._due_s[name] = self._clock() + wait.total_seconds()
        self._jobs.add_job(self._do, "date", run_date=self._now() + wait, args=(name,), id=name)

    def _begin_within(self, name: str, wait: timedelta) -> None:
        """Plan what is planned for later anew."""
        due_s = self._clock() + wait.total_seconds()
        if due_s < self._due_s[name] and self._move(name, self._now() + wait):
            self._due_s[name] = due_s

    def _move(self, name: str, begins: datetime) -> bool:
        try:
            self._jobs.modify_job(name, next_run_time=begins)
        except JobLookupError:
            return False  # handed over: it begins as soon as a thread is free
        return True


def _log() -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("syncd")
    return logger
