"""What one rule decides for one link: the writes, and what both shadows become."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncd.model.side import Both, Side
from syncd.model.values import Fields, Patch, SetDelta, Value


@dataclass(frozen=True, slots=True)
class Step:
    """A write on one side, and how both shadows move once it is confirmed."""

    patch: Patch
    advance: Both[Patch]


@dataclass(frozen=True, slots=True)
class Merged:
    """What one rule decides for one link.

    Attributes:
        steps: the writes wanted, by side; a set can want one on each.
        agreed: what the shadows hold from now on because both sides agree already.
        conflict: both sides changed to different values, and nobody may choose.
        flips: with `conflict`: each side re-spells what comes from the other.
        chosen: a person's choice about such a conflict is what is written.
        problem: why a value cannot travel.
    """

    steps: Mapping[Side, Step] = field(default_factory=dict)
    agreed: Both[Fields] = field(default_factory=lambda: Both({}, {}))
    conflict: bool = False
    flips: bool = False
    chosen: bool = False
    problem: str | None = None


def add_to_patch(patch: dict[str, Value | SetDelta], more: Patch) -> None:
    """Join patches of one record; several rules may each change some members of one set."""
    for name, value in more.items():
        old = patch.get(name)
        if isinstance(value, SetDelta) and isinstance(old, SetDelta):
            value = SetDelta(old.add | value.add, old.remove | value.remove)
        elif isinstance(value, frozenset) and isinstance(old, frozenset):
            value |= old  # of a new record, whose sets are given whole
        patch[name] = value
