"""One line of a mapping, compiled: which fields belong together, and how they translate."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from syncd.model.side import Both, Side
from syncd.model.values import Value

Values = tuple[Value, ...]
Translate = Callable[[Values], Values]


class Direction(StrEnum):
    """Where values may travel. One-way: the source owns the field, the target follows."""

    BOTH = "both"
    RIGHT = "right"  # from left to right only
    LEFT = "left"  # from right to left only

    def reaches(self, side: Side) -> bool:
        """Whether this rule may write on a side."""
        return self is Direction.BOTH or self.value == side.value


class Policy(StrEnum):
    """Who wins when both sides changed the same field to different values."""

    LEFT = "left"
    RIGHT = "right"
    NEWEST = "newest"  # by the records' times of change; manual when one is missing
    MANUAL = "manual"


AS_SHOWN: Both[Translate | None] = Both(None, None)


@dataclass(frozen=True, slots=True)
class Rule:
    """Fields of the left and of the right that say the same.

    Attributes:
        name: stable text, e.g. `firstName = FIRSTNAME`; conflicts and `explain` show it.
        left, right: field names; several where a value is split or joined. Empty on one
            side for a constant or a template.
        forward: left values to right values, in the order of `left` and `right`.
        backward: the inverse; None where there is none (one-way rules only). Both give None
            for None, and raise `RecordError` (code `untranslatable`) for a value that cannot
            travel, such as one that a `map` does not list.
        as_set: merge member by member, as at least one side is a set. Then there is one
            field per side, and `forward` and `backward` accept and return whole values: a
            frozenset on a set's side, its stored form (a joined text) on the other.
        only: with `as_set`: the members that the rule is about, where a field stands for one
            of them (`has_tag`); other members are none of its business. None: all.
        where: `file:line`, for messages.
        compared: per side, what of its values counts where many ways to write one say the same,
            as in HTML; None: they are compared as they are.
        shadows: per side, under which names the shadow of its fields is kept. A field is written
            by one rule only, or else by rules about different members of it, but several may
            read it. Each of these keeps its own shadow, as what one has carried over the
            others may not have.
    """

    name: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    direction: Direction
    policy: Policy
    forward: Translate | None
    backward: Translate | None
    as_set: bool = False
    only: frozenset[str] | None = None
    where: str = ""
    compared: Both[Translate | None] = AS_SHOWN
    shadows: Both[tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = Both(self._shadows(Side.LEFT), self._shadows(Side.RIGHT))
        object.__setattr__(self, "shadows", names)

    def fields(self, side: Side) -> tuple[str, ...]:
        return self.left if side is Side.LEFT else self.right

    def towards(self, side: Side) -> Translate | None:
        """The translation that yields this side's values from the other's."""
        return self.backward if side is Side.LEFT else self.forward

    def _shadows(self, side: Side) -> tuple[str, ...]:
        names = self.fields(side)
        if self.only is not None:
            return tuple(f"{name}{sorted(self.only)}" for name in names)
        if not self.direction.reaches(side):
            return tuple(f"{name} > {', '.join(self.fields(side.other))}" for name in names)
        return names
