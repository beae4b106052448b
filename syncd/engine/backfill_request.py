"""A backfill: what it was asked to do, and the report of what became of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from syncd.engine.sessions import Spent
from syncd.model.record import Resource, Window
from syncd.model.side import SIDES, Side
from syncd.store.backfills import Fate, People
from syncd.store.runs import RunState


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """What a backfill was asked to do.

    Attributes:
        targets: sides to write on; the records are those of the other sides.
        chunk: records per chunk (>= 1).
        resources: what is brought over; contacts are read and listed whether or not they are
            among them, as the rest belongs to them.
    """

    window: Window
    targets: frozenset[Side] = frozenset(SIDES)
    chunk: int = 200
    resources: frozenset[Resource] = frozenset({Resource.CONTACT})

    @property
    def sources(self) -> tuple[Side, ...]:
        return tuple(side for side in SIDES if side.other in self.targets)

    def to_json(self) -> dict[str, Any]:
        return {
            "since": self.window.since.isoformat(),
            "until": self.window.until.isoformat(),
            "targets": sorted(self.targets),
            "chunk": self.chunk,
            "resources": sorted(self.resources),
        }

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> "BackfillRequest":
        since, until = (datetime.fromisoformat(stored[name]) for name in ("since", "until"))
        targets = frozenset(map(Side, stored["targets"]))
        resources = frozenset(map(Resource, stored.get("resources", [Resource.CONTACT])))
        return BackfillRequest(Window(since, until), targets, stored["chunk"], resources)


@dataclass(frozen=True, slots=True)
class Part:
    """What a backfill did of one resource, over all its sessions.

    Attributes:
        people: who, or what, was in the window, and what became of each.
        wanted: planned writes by `name.kind`; in the end, of the last session.
        elsewhere: people outside the window who were written to, as their opt-out turned up.
        verified: writes that the platform showed in effect; differing: that it showed not to be.
    """

    people: People
    wanted: Mapping[str, int] = field(default_factory=dict)
    elsewhere: int = 0
    verified: int = 0
    differing: int = 0

    @property
    def listed(self) -> int:
        return self.people.listed

    @property
    def done(self) -> int:
        return self.people.done

    def count(self, fate: Fate) -> int:
        """How many ended so."""
        return self.people.fates.get(fate, 0)


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """What a backfill did, over all its sessions.

    Attributes:
        parts: by resource, those that were asked for, contacts first.
        releasable: a person's word would let something go that is held.
    """

    run_id: int
    state: RunState
    parts: Mapping[Resource, Part]
    spent: Spent = field(default_factory=Spent)
    reasons: tuple[str, ...] = ()
    releasable: bool = True

    @property
    def wanted(self) -> Mapping[str, int]:
        return {name: n for part in self.parts.values() for name, n in part.wanted.items()}

    @property
    def people(self) -> People:
        """All of it together."""
        fates: Counter[Fate] = Counter()
        for part in self.parts.values():
            fates.update(part.people.fates)
        return People(dict(fates), self.done)

    @property
    def listed(self) -> int:
        return sum(part.listed for part in self.parts.values())

    @property
    def done(self) -> int:
        return sum(part.done for part in self.parts.values())

    @property
    def elsewhere(self) -> int:
        return sum(part.elsewhere for part in self.parts.values())

    @property
    def verified(self) -> int:
        return sum(part.verified for part in self.parts.values())

    @property
    def differing(self) -> int:
        return sum(part.differing for part in self.parts.values())

    def count(self, fate: Fate) -> int:
        """How many ended so, of all together."""
        return sum(part.count(fate) for part in self.parts.values())
