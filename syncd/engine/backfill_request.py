"""A backfill: what it was asked to do, and the report of what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from syncd.engine.sessions import Spent
from syncd.model.record import Window
from syncd.model.side import SIDES, Side
from syncd.store.backfills import Fate, People
from syncd.store.runs import RunState


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """What a backfill was asked to do.

    Attributes:
        targets: sides to write on; the records are those of the other sides.
        chunk: records per chunk (>= 1).
    """

    window: Window
    targets: frozenset[Side] = frozenset(SIDES)
    chunk: int = 200

    @property
    def sources(self) -> tuple[Side, ...]:
        return tuple(side for side in SIDES if side.other in self.targets)

    def to_json(self) -> dict[str, Any]:
        return {
            "since": self.window.since.isoformat(),
            "until": self.window.until.isoformat(),
            "targets": sorted(self.targets),
            "chunk": self.chunk,
        }

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> "BackfillRequest":
        since, until = (datetime.fromisoformat(stored[name]) for name in ("since", "until"))
        return BackfillRequest(
            Window(since, until), frozenset(map(Side, stored["targets"])), stored["chunk"]
        )


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """What a backfill did, over all its sessions.

    Attributes:
        people: who was in the window, and what became of each.
        wanted: planned writes by `account.kind`; in the end, of the last session.
        elsewhere: people outside the window who were written to, as their opt-out turned up.
        verified: writes that the platform showed in effect; differing: that it showed not to be.
        releasable: a person's word would let something go that is held.
    """

    run_id: int
    state: RunState
    people: People
    wanted: Mapping[str, int] = field(default_factory=dict)
    elsewhere: int = 0
    verified: int = 0
    differing: int = 0
    spent: Spent = field(default_factory=Spent)
    reasons: tuple[str, ...] = ()
    releasable: bool = True

    @property
    def listed(self) -> int:
        return self.people.listed

    @property
    def done(self) -> int:
        return self.people.done

    def count(self, fate: Fate) -> int:
        """How many people ended so."""
        return self.people.fates.get(fate, 0)
