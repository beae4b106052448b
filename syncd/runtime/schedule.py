"""When each pair runs: the only place that names APScheduler."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import uniform

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

THREADS = 16  # names worked on at the same time


class Schedule:
    """Calls one piece of work per name again and again, never twice at once.

    Args:
        failed: told the name and the error if work ends in one that it did not handle;
            the work is called again after its interval, and other work goes on.
    """

    def __init__(self, failed: Callable[[str, BaseException], None]) -> None:
        self._failed = failed
        self._idle = threading.Condition()
        self._at_work: set[str] = set()
        self._jobs = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._jobs.add_listener(self._note_failure, EVENT_JOB_ERROR)

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
            next_run_time=_in(timedelta(), min(jitter, timedelta(seconds=2))),
        )

    def drop(self, name: str) -> None:
        """Call this work no more; if it is being done, it is done to its end."""
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
            self._at_work.add(name)
        try:
            wait = work()
        finally:
            with self._idle:
                self._at_work.discard(name)
                self._idle.notify_all()
        try:
            self._jobs.modify_job(name, next_run_time=_in(wait, jitter))
        except JobLookupError:
            return  # dropped in the meantime

    def _note_failure(self, event: JobExecutionEvent) -> None:
        if event.exception is not None:
            self._failed(event.job_id, event.exception)


def _in(wait: timedelta, jitter: timedelta) -> datetime:
    return datetime.now(UTC) + wait + timedelta(seconds=uniform(0, jitter.total_seconds()))
