"""Values of fields, and the JSON that stores them.

A field that a record does not mention is *unknown*; one that is None is *empty*.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias


class Level(StrEnum):
    """The lattice of consent: unknown < granted < revoked."""

    UNKNOWN = "unknown"
    GRANTED = "granted"
    REVOKED = "revoked"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {Level.UNKNOWN: 0, Level.GRANTED: 1, Level.REVOKED: 2}


@dataclass(frozen=True, slots=True)
class Consent:
    """May this person be mailed, since when (aware UTC; None if undated), and says who."""

    level: Level
    at: datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class SetDelta:
    """A change of a set: members to add and to remove; the others stay."""

    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.add or self.remove)

    def on(self, members: frozenset[str]) -> frozenset[str]:
        return (members | self.add) - self.remove


Value: TypeAlias = str | int | float | bool | date | datetime | frozenset[str] | Consent | None
Fields: TypeAlias = Mapping[str, Value]
Patch: TypeAlias = Mapping[str, Value | SetDelta]


def to_json(value: Value | SetDelta) -> Any:
    """The JSON form of one value; `from_json` is its inverse."""
    match value:
        case Consent(level, at, source):
            return {"$consent": [level.value, at.isoformat() if at else None, source]}
        case SetDelta(add, remove):
            return {"$delta": [sorted(add), sorted(remove)]}
        case frozenset():
            return {"$set": sorted(value)}
        case datetime():
            return {"$at": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case _:
            return value


def from_json(stored: Any) -> Any:
    """The inverse of `to_json`.

    >>> from_json(to_json(frozenset({"vip"})))
    frozenset({'vip'})
    """
    match stored:
        case {"$consent": [level, at, source]}:
            return Consent(Level(level), datetime.fromisoformat(at) if at else None, source)
        case {"$delta": [add, remove]}:
            return SetDelta(frozenset(add), frozenset(remove))
        case {"$set": members}:
            return frozenset(members)
        case {"$at": moment}:
            return datetime.fromisoformat(moment)
        case {"$date": day}:
            return date.fromisoformat(day)
        case _:
            return stored


def fields_to_json(fields: Patch) -> dict[str, Any]:
    return {name: to_json(value) for name, value in fields.items()}


def fields_from_json(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {name: from_json(value) for name, value in stored.items()}
