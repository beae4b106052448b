"""Days of a pair as a user has them: the daemon, interval by interval, or `syncd sync`."""

from dataclasses import dataclass, field
from datetime import timedelta

from syncd.cli.run_until_quiet import Outcome, run_until_quiet
from syncd.model.side import Side
from syncd.runtime.stop import Stop
from syncd.runtime.worker import Worker
from tests.engine.pairs import GHL
from tests.engine.world import World

HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Daemon:
    """One pair's worker in a process that lives on, with what it remembers."""

    world: World
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.worker = Worker(self.world.name, self.world.running(), Stop())
        reader = self.worker.app.connect("crm")._inner._reader
        reader._concurrency = 1  # requests of several threads have no order

    def runs(self, lasting: timedelta = timedelta(minutes=10)) -> None:
        """Work, wait as it says, work again, until so much time has passed."""
        until = self.world.now + lasting
        while self.world.now < until:
            self.world.wait(self.worker.work().total_seconds())


def sync(world: World, *, full: bool = False) -> Outcome:
    """What `syncd sync` does, in a process of its own."""
    app = world.start_process()
    try:
        return run_until_quiet(app, world.name, app.environment, full=full, once=False)
    finally:
        world.end_process()


def people(world: World, count: int = 60, full: int = 25) -> list[str]:
    """So many contacts in GHL, of which the first have tags, a phone and a colour."""
    emails = [f"p{n:02}@example.org" for n in range(count)]
    for n, email in enumerate(emails):
        fields = {"email": email, "city": "Bern"}
        if n >= full:
            world.act(GHL, "create", fields=fields)
            continue
        world.act(
            GHL,
            "create",
            fields={**fields, "phone": f"+1201555{100 + n:04}"},
            custom={"Colour": "red"},
            tags=["vip", "club"],
        )
    return emails


def held_by(world: World, side: Side, name: str) -> int:
    """How many contacts of a side have a value in a field of the plain view."""
    return sum(bool(getattr(row, name)) for row in world.rows(side).values())
