"""Sessions: a long run is worked off by several processes; what it took adds up."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from syncd.engine.context import Environment
from syncd.store import runs
from syncd.store.leases import Lease

NOTE_EVERY_S = 1.0  # a kill loses at most what was spent since


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has taken.

    Attributes:
        requests: by account; sessions: processes that worked on it.
    """

    seconds: float = 0.0
    requests: Mapping[str, int] = field(default_factory=dict)
    sessions: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        requests = Counter(self.requests) + Counter(other.requests)
        sessions = self.sessions + other.sessions
        return Spent(self.seconds + other.seconds, dict(requests), sessions)

    def to_json(self) -> dict[str, Any]:
        return {
            "seconds": round(self.seconds, 1),
            "requests": dict(self.requests),
            "sessions": self.sessions,
        }

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> "Spent":
        return Spent(**stored) if stored else Spent()


@dataclass(slots=True)
class Notes:
    """What a run remembers between its sessions, and one session adds.

    Attributes:
        progress: as stored with the run.
        spent: what this session has taken so far.
        before: what the sessions before it took.
    """

    run_id: int
    progress: dict[str, Any]
    spent: Callable[[], Spent]
    before: Spent
    noted_s: float = 0.0

    @property
    def total(self) -> Spent:
        return self.before + replace(self.spent(), sessions=1)

    def save(self, db: sa.Connection, **progress: Any) -> None:
        """Remember this, and what was spent; the caller commits."""
        total = self.total
        self.noted_s = total.seconds
        self.progress.update(progress, spent=total.to_json())
        runs.update(db, self.run_id, progress=self.progress)


def notes_of(run: runs.Run, spent: Callable[[], Spent]) -> Notes:
    """The notes of a run that is taken up."""
    progress = dict(run.progress or {})
    return Notes(run.id, progress, spent, Spent.from_json(progress.get("spent", {})))


def noting(environment: Environment, lease: Lease, notes: Notes) -> Environment:
    """An environment in which progress is noted now and then, so that a kill forgets little."""

    def progress(what: str, done: int, total: int | None) -> None:
        environment.progress(what, done, total)
        if notes.total.seconds - notes.noted_s >= NOTE_EVERY_S:
            with environment.writing(lease) as db:
                notes.save(db)

    return replace(environment, progress=progress)
