"""Long work, shown as it goes: bars on a terminal, log lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from syncd.cli.context import CommandContext

Step = Callable[[str, int, int | None], None]  # what, how many, of how many
LINE_EVERY_S = 5.0


class _Rate(ProgressColumn):
    """Records per second, over the last moments."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


@contextmanager
def shown(context: CommandContext) -> Iterator[Step]:
    """A callback for `Environment.progress`, for the length of the work."""
    if context.draws and not context.json:
        with _bars(context) as bars:
            yield _Drawn(bars).step
    else:
        yield _Logged().step


def _bars(context: CommandContext) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(compact=True),
        console=context.err,
        transient=True,
    )


class _Drawn:
    """One bar per kind of work; work that begins anew gets a new bar."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, int] = {}

    def step(self, what: str, done: int, total: int | None) -> None:
        if what not in self._tasks or done < self._done[what]:
            if what in self._tasks:
                self._bars.remove_task(self._tasks[what])
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._done[what] = done
        most = None if total is None else max(total, done)  # a listing may grow as it is read
        self._bars.update(self._tasks[what], completed=done, total=most)


class _Logged:
    """At most one line every few seconds, so that a log stays readable."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._log = structlog.get_logger("syncd")

    def step(self, what: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._last >= LINE_EVERY_S:
            self._last = now
            self._log.info("under way", step=what, done=done, total=total)
