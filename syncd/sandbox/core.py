"""What every emulated platform shares: its clock, its faults, its counters.

An emulator is a `Platform`: it answers requests below its prefix, and it can be
seeded, edited as a person would edit it, and dumped, through `/_control`.
Nothing here is shared with the connectors: an emulator that used their code
would agree with their mistakes.
"""

import random
import re
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug import Request, Response


class LostAnswerError(Exception):
    """The request was carried out, and the connection then breaks without an answer.

    The server turns it into a connection closed in the middle of a body; the
    in-process transport turns it into a read error.
    """


class RefusedConnectionError(Exception):
    """The connection breaks before the request is carried out."""


class Clock:
    """The sandbox's own time: the real one plus an offset, or frozen at a moment."""

    def __init__(self, frozen: datetime | None = None) -> None:
        self._offset = timedelta()
        self._frozen = frozen

    def now(self) -> datetime:
        """Aware UTC time, with microseconds."""
        return (self._frozen or datetime.now(UTC)) + self._offset

    def advance(self, by: timedelta) -> None:
        self._offset += by

    def freeze(self, at: datetime | None) -> None:
        """Stand still at a moment (aware UTC), or run again with None."""
        self._frozen, self._offset = at, timedelta()


@dataclass(slots=True)
class Fault:
    """Something that goes wrong, for requests that fit.

    Attributes:
        kind: `status` (answer `status` with `body`), `lost_answer` (do it, then break
            the connection), `refused` (break before doing it), `html` (a proxy's page
            with `status`), `truncated` (cut the body in half), `body` (replace the body
            of a successful answer by `body`), `status_after` (do it, and answer `status`
            with `body` all the same).
        platform, method: whom it hits; None means every one.
        path: regular expression searched in the path below the platform's prefix.
        probability: 0..1, drawn from the sandbox's seeded generator, so it repeats.
        times: how often it may still strike; None means without end.
        after: let this many fitting requests pass first.
    """

    kind: str
    platform: str | None = None
    method: str | None = None
    path: str = ""
    probability: float = 1.0
    times: int | None = None
    after: int = 0
    status: int = 500
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def strikes(self, platform: str, method: str, path: str, dice: random.Random) -> bool:
        if self.times == 0 or self.platform not in (None, platform):
            return False
        if self.method not in (None, method) or not re.search(self.path, path):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if dice.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(slots=True)
class Person:
    """An invented person to seed with; one platform or both may know them.

    Phones are from ranges reserved for fiction and addresses from example domains.
    """

    email: str
    first_name: str
    last_name: str
    phone: str
    city: str
    country: str
    postal_code: str
    street: str
    company: str
    birthday: str  # YYYY-MM-DD
    tags: tuple[str, ...]
    custom: dict[str, str]
    opted_out: bool = False


class World:
    """Everything the platforms of one sandbox have in common."""

    def __init__(self, seed: int = 7, *, real_limits: bool = True) -> None:
        self.clock = Clock()
        self.dice = random.Random(seed)
        self.seed = seed
        self.real_limits = real_limits
        # By the clock on the wall, as what is rehearsed is a client's real pace; a test that
        # moves its clock sets another.
        self.monotonic: Callable[[], float] = time.monotonic
        self.faults: list[Fault] = []
        self.requests: Counter[str] = Counter()  # "ghl GET /contacts/{id}" -> n
        self.refusals: Counter[str] = Counter()  # platform -> answers with 429
        self.writes: Counter[str] = Counter()  # platform -> successful changing requests
        self.struck: Counter[str] = Counter()  # "ghl status" -> faults that struck
        self.messages: Counter[str] = Counter()  # "ghl appointment booked" -> sent to customers
        self.forbidden: list[str] = []  # calls no sync may ever make, as "METHOD path"
        self.lock = threading.RLock()  # one request at a time changes state
        self.served = False  # by a server: there are threads and sockets
        self.closing = threading.Event()  # set when that server stops

    def reset(self, seed: int | None = None) -> None:
        self.seed = self.seed if seed is None else seed
        self.dice = random.Random(self.seed)
        self.clock = Clock()
        self.faults.clear()
        for counter in (self.requests, self.refusals, self.writes, self.struck, self.messages):
            counter.clear()
        self.forbidden.clear()


def not_emulated(method: str, path: str) -> str:
    """What is said with 501 of a call that no emulator knows.

    No status that a platform gives for somebody who does not exist: whoever sees it has met
    a gap of the sandbox, and the platform may well have such a call.
    """
    return f"not emulated here: {method} {path}. The sandbox says so, not the platform."


class Platform(ABC):
    """One emulated platform."""

    name: str  # "ghl"
    prefix: str  # "/ghl"

    def __init__(self, world: World) -> None:
        self.world = world

    @abstractmethod
    def handle(self, request: Request, path: str) -> Response:
        """Answer one request; `path` is what follows the prefix, still with its slash.

        Called with the world's lock held. Must count itself in `world.requests`
        under the route's pattern, and in `world.writes` when it changed something.
        """

    @abstractmethod
    def info(self, origin: str) -> dict[str, Any]:
        """`base_url`, credentials and ids, as `/_control/info` shows them."""

    @abstractmethod
    def reset(self) -> None:
        """Forget every contact and every setting; credentials stay the same."""

    @abstractmethod
    def seed(self, people: Sequence[Person]) -> None:
        """Add people as if they had been entered some days ago, at differing moments."""

    def invent_children(self, most: int) -> int:
        """Invent up to `most` records of each kind below each contact that has none.

        Returns:
            How many there are now; 0 for a platform whose contacts have no such thing.
        """
        del most
        return 0

    @abstractmethod
    def dump(self) -> list[dict[str, Any]]:
        """Every contact in the platform's own field names, for comparison by a test."""

    def children(self) -> dict[str, dict[str, Any]]:
        """What belongs to each contact, by its id and by kind; empty where nothing does."""
        return {}

    @abstractmethod
    def act(self, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Do what a person does in the platform's own screens; the result as JSON.

        Raises:
            ValueError: unknown action or bad arguments; answered with 400.
        """

    @abstractmethod
    def configure(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Change switches of the emulator; the settings in force afterwards.

        Raises:
            ValueError: unknown setting or bad value; answered with 400.
        """
