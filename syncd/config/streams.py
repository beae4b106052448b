"""What may be said of each stream of a pair: its mapping, its limits, what is made and deleted."""

from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, field_validator

from syncd.config.parts import Duration, Part, Texts
from syncd.model.policy import Deleted, Guards, Limit
from syncd.model.rule import Direction, Policy
from syncd.model.side import SIDES, Side

LONGEST_WINDOW = timedelta(days=30)  # what was carried out is remembered for longer than that


class Create(StrEnum):
    """Where missing records may be created."""

    BOTH = "both"
    LEFT = "left"
    RIGHT = "right"
    NONE = "none"

    @property
    def sides(self) -> frozenset[Side]:
        return frozenset(side for side in SIDES if self.value in ("both", side.value))


class LimitSettings(Part):
    """How much of one kind a run may do without asking."""

    count: int = Field(ge=0)
    """At most so many."""
    percent: float = Field(ge=0, le=100)
    """At most this share of the linked records."""

    @property
    def limit(self) -> Limit:
        return Limit(self.count, self.percent)


def _default_limit(kind: str) -> Any:
    limit: Limit = getattr(Guards(), kind)
    return Field(default=LimitSettings(count=limit.count, percent=limit.percent))


class GuardSettings(Part):
    """Limits of one run, per side, and of all runs of a window of time."""

    window: Duration = Guards().window
    """Over how much time the limits hold too, at most 30d; `0s`: each run by itself."""
    creates: LimitSettings = _default_limit("creates")
    updates: LimitSettings = _default_limit("updates")
    deletes: LimitSettings = _default_limit("deletes")
    optouts: LimitSettings = _default_limit("optouts")
    emptied: LimitSettings = _default_limit("emptied")
    """In how many records one field may be emptied; the share is of those that have a value."""

    @field_validator("window")
    @classmethod
    def _is_remembered(cls, window: timedelta) -> timedelta:
        if window > LONGEST_WINDOW:
            raise ValueError("must be 30d or shorter")
        return window

    @property
    def guards(self) -> Guards:
        return Guards(
            self.creates.limit,
            self.updates.limit,
            self.deletes.limit,
            self.optouts.limit,
            self.emptied.limit,
            self.window,
        )


class FieldSettings(Part):
    """One line of the mapping."""

    left: Texts = ()
    """One field of the left, or several."""
    right: Texts = ()
    """One field of the right, or several."""
    direction: Direction = Direction.BOTH
    """`right`: from left to right only; `left`: from right to left only."""
    policy: Policy | None = None
    """Who wins if both sides changed; default: the pair's policy."""
    transform: dict[str, Any] = Field(default_factory=dict)
    """How values translate: the name of a transform and its argument."""
    create_missing: bool = False
    """Create a custom field that one side lacks."""


class StreamSettings(Part):
    """Notes, tasks or appointments, which are kept in step with the contacts they belong to."""

    fields: tuple[FieldSettings, ...] = Field(min_length=1)
    """The mapping, line by line."""
    create: Create = Create.BOTH
    """Where missing records may be created."""
    delete: Literal["keep", "delete"] = "keep"
    """What happens to the counterpart of a record that was deleted."""
    policy: Policy | None = None
    """Who wins if both sides changed a field; default: the pair's policy."""
    guards: GuardSettings = GuardSettings()
    """How much a run may do without asking, per side."""

    @property
    def deleted(self) -> Deleted:
        return Deleted(self.delete)
