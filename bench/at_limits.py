"""GHL with notes and tasks, at its real limits, kept in step with ExampleMail in this process.

The clock is moved and not waited for: it stands still but for what a limiter sleeps. So requests
are counted as in life, and hours are those that the limits ask for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from syncd.app import App, open_app
from syncd.connectors.api import Wire
from syncd.engine.context import Pair, Stream
from syncd.engine.cycle import Mode, Report
from syncd.sandbox.people import share_out
from syncd.testing.example.child_emulator import NestingEmulator
from syncd.testing.example.emulator import TOKEN
from syncd.testing.inprocess import Sandbox, sandbox

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
MOST_CYCLES = 5_000
GHL_HOST, APP_HOST, OTHER_HOST = "sandbox.test", "example-mail.test", "other-mail.test"
WINDOW_S = 10.0  # of both platforms
ROOT = f"""\
store: sqlite:///syncd.db
accounts:
  crm: {{{{connector: ghl, token: {{token}}, location_id: {{location}}, base_url: {{base}}}}}}
  app: {{{{connector: example_mail, token: {TOKEN}, base_url: "http://example-mail.test/v1"}}}}
  app_two: {{{{connector: example_mail, token: {TOKEN}, base_url: "http://other-mail.test/v1"}}}}
pairs: pairs/*.yaml
log: {{{{level: error}}}}
"""
PAIR = """\
pair: {name}
left: crm
right: {right}
create: {create}
baseline: auto
every: 10s
jitter: 0s
guards: {{creates: {{count: 1000000, percent: 100}}}}
fields:
  - {{left: firstName, right: first_name}}
"""
CHILDREN = """\
tasks:
  fields:
    - {left: title, right: title}
    - {left: body, right: description}
    - {left: dueDate, right: due}
    - {left: completed, right: done}
notes:
  fields:
    - {left: body, right: text, transform: {html_text: true}}
"""


@dataclass(slots=True)
class AtLimits:
    """Both platforms at their limits, and a process of ours.

    Attributes:
        arrivals: when requests came, in seconds since the beginning, by host; `refused` of
            them were refused.
    """

    folder: Path
    box: Sandbox
    mails: dict[str, NestingEmulator]
    app: App = field(init=False)
    arrivals: dict[str, list[float]] = field(default_factory=dict)
    refused: int = 0

    def __post_init__(self) -> None:
        self.app = self.start()

    @property
    def now(self) -> datetime:
        return self.box.world.clock.now()

    @property
    def hours(self) -> float:
        """What has passed since the beginning."""
        return (self.now - NOON) / timedelta(hours=1)

    def start(self) -> App:
        """A process of ours with an empty memory."""
        clock = self.box.world.clock
        wire = Wire(
            transport=_Line(self),
            now=clock.now,
            monotonic=self.seconds,
            sleep=lambda seconds: clock.advance(timedelta(seconds=seconds)),
        )
        return open_app(self.folder / "syncd.yaml", env={}, wire=wire)

    def beside(self) -> App:
        """Another pair's app in the same process, as a daemon has one for each."""
        other = self.start()
        other.budgets = self.app.budgets
        return other

    def wait(self, **time: float) -> None:
        self.box.world.clock.advance(timedelta(**time))

    def seconds(self) -> float:
        return (self.now - NOON).total_seconds()

    def cycle(self, name: str, mode: Mode = Mode.SYNC, app: App | None = None) -> Report:
        return self.run(name, mode, app)[1]

    def run(self, name: str, mode: Mode = Mode.SYNC, app: App | None = None) -> tuple[Pair, Report]:
        used = app or self.app
        return used.run_pair(name, used.environment, mode, create_fields=True, shaped=one_at_a_time)

    def used(self, host: str, since_s: float, permitted: int = 100) -> float:
        """The part of what a platform permits that was used, in whole windows since a moment."""
        arrived = [at_s for at_s in self.arrivals[host] if at_s >= since_s]
        windows = int((arrived[-1] - arrived[0]) // WINDOW_S)
        end_s = arrived[0] + windows * WINDOW_S
        return sum(1 for at_s in arrived if at_s < end_s) / (windows * permitted)

    def cycles(self, name: str) -> int:
        """Cycles until one has nothing to write; how many that were."""
        for number in range(1, MOST_CYCLES):
            report = self.cycle(name)
            if report.finished and not report.written and not report.in_doubt:
                return number
        raise AssertionError("it does not become quiet")


def one_at_a_time(stream: Stream) -> Stream:
    """Threads would sleep one after the other on a clock that is moved."""
    return replace(stream, specs=stream.specs.map(lambda spec: replace(spec, concurrency=1)))


class _Line(httpx.BaseTransport):
    """The wire to all platforms, which counts."""

    def __init__(self, scene: AtLimits) -> None:
        self._scene = scene

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if host in self._scene.mails:
            answer = self._scene.mails[host].answer(request)
        else:
            answer = self._scene.box.transport.handle_request(request)
        self._scene.arrivals.setdefault(host, []).append(self._scene.seconds())
        self._scene.refused += answer.status_code == 429
        return answer


def at_limits(
    folder: Path, contacts: int, *, children: int = 3, limits: str = "real", pairs: int = 1
) -> AtLimits:
    """A fresh one.

    Args:
        children: how many notes, tasks and appointments each contact of GHL has at most, which
            is twice as many as they have on average; 0 keeps only contacts in step.
        pairs: of the one location, each with a mailing of its own; the second writes nothing.
    """
    box = sandbox(frozen_at=NOON, limits=limits)
    box.world.monotonic = lambda: (box.world.clock.now() - NOON).total_seconds()
    ghl = box.platform("ghl")
    ghl.seed(share_out(["ghl"], contacts, common=0.0, seed=7)["ghl"])
    if children:
        ghl.invent_children(children)
    info = box.info["ghl"]
    root = ROOT.format(token=info["token"], location=info["location_id"], base=info["base_url"])
    (folder / "syncd.yaml").write_text(root, "utf-8")
    (folder / "pairs").mkdir()
    for name, right, create in (("first", "app", "both"), ("second", "app_two", "none"))[:pairs]:
        text = PAIR.format(name=name, right=right, create=create) + (CHILDREN if children else "")
        (folder / "pairs" / f"{name}.yaml").write_text(text, "utf-8")
    now: Callable[[], datetime] = box.world.clock.now
    mails = {host: NestingEmulator(now) for host in (APP_HOST, OTHER_HOST)}
    return AtLimits(folder, box, mails)
