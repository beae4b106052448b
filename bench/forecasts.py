"""What `syncd plan` says that a first sync takes, and what it takes then.

GHL with notes and tasks at its real limits, to ExampleMail at its own. The clock is moved and not
waited for, so that hours are those of the limits. `BIG=1` takes 10,000 contacts, of which each has
1.5 notes and 1.5 tasks on average.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.at_limits import APP_HOST, GHL_HOST, AtLimits, at_limits
from bench.harness import silence
from syncd.connectors.registry import installed
from syncd.engine.cycle import Mode
from syncd.forecast import Forecast
from syncd.runtime.stop import Stop
from syncd.runtime.worker import Worker
from syncd.testing.example.connector import CONNECTOR

GOAL = 0.10
AT_REST, RESTS = 6, 20  # requests to GHL of a cycle in which nothing happens; how many of them
HOSTS = {"crm": GHL_HOST, "app": APP_HOST}


@dataclass(frozen=True, slots=True)
class Compared:
    """A forecast beside what came of it.

    Attributes:
        requests: by account; hours: of all together.
        refused: requests that a platform refused for the speed.
    """

    ahead: Forecast
    cycles: int
    requests: dict[str, int]
    hours: float
    refused: int

    @property
    def errors(self) -> dict[str, float]:
        """By how much, relative to what came, the forecast was too high."""
        off = {
            f"requests to {name}": self.ahead.accounts[name].requests / count - 1
            for name, count in self.requests.items()
        }
        return {**off, "hours": (self.ahead.hours or 0.0) / self.hours - 1}


def compared(scene: AtLimits) -> Compared:
    """Plan a first sync, and carry it out."""
    pair, report = scene.run("first", Mode.PLAN)
    ahead = scene.app.forecast(pair, report)
    sent = {name: len(scene.arrivals[host]) for name, host in HOSTS.items()}
    begun = scene.hours
    cycles = scene.cycles("first")
    return Compared(
        ahead,
        cycles,
        {name: len(scene.arrivals[host]) - sent[name] for name, host in HOSTS.items()},
        scene.hours - begun,
        scene.refused,
    )


def at_rest(scene: AtLimits) -> list[int]:
    """Requests to GHL of cycles of a daemon, every ten seconds, when all is in step."""
    worker = Worker("first", scene.app, Stop())
    for _ in range(2):
        scene.wait(minutes=10)  # for the index, and what was written last is read once more
        worker.work()
    found: list[int] = []
    for _ in range(RESTS):
        scene.wait(seconds=10)
        sent = len(scene.arrivals[GHL_HOST])
        worker.work()
        found.append(len(scene.arrivals[GHL_HOST]) - sent)
    return found


def measure(quick: bool) -> list[tuple[str, str, str, bool]]:
    """A first sync with what belongs to contacts."""
    size = 10_000 if os.environ.get("BIG") else 300 if quick else 600
    silence()
    installed()["example_mail"] = CONNECTOR  # type: ignore[index]
    with tempfile.TemporaryDirectory() as folder:
        scene = at_limits(Path(folder), size)
        found = compared(scene)
        rests = at_rest(scene)
    of = f"a first sync of {size:,} contacts with {3 * size:,} notes and tasks"
    lines = [
        (
            f"{of}: {what}",
            f"{error:+.1%} of what came",
            f"±{GOAL:.0%}",
            abs(error) <= GOAL,
        )
        for what, error in found.errors.items()
    ]
    came = ", ".join(f"{count:,} requests to {name}" for name, count in found.requests.items())
    took = f"{came}; {found.hours:.2f} h, {found.cycles} cycles, {found.refused} refusals"
    most = max(rests)
    idle = (
        "an idle cycle after it, every 10 s: requests to GHL",
        f"{sum(rests) / len(rests):.1f}, at most {most}",
        f"at most {AT_REST}",
        most <= AT_REST,
    )
    return [*lines, (of, took, "zero 429", found.refused == 0), idle]
