"""One line of a mapping as a person wrote it, before it is checked against the catalogues."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.model.rule import Direction, Policy
from syncd.model.side import Side


@dataclass(frozen=True, slots=True)
class Line:
    """One line under `fields:` of a pair.

    Attributes:
        left, right: field names; several where a value is split or joined, none on the
            source's side of a constant or a template.
        transform: a transform's name with its argument and options; empty for none.
        create_missing: a custom field that one side lacks may be created there.
        where: `file:line`.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    direction: Direction = Direction.BOTH
    policy: Policy = Policy.NEWEST
    transform: Mapping[str, Any] = field(default_factory=dict)
    create_missing: bool = False
    where: str = ""

    def fields(self, side: Side) -> tuple[str, ...]:
        return self.left if side is Side.LEFT else self.right

    @property
    def name(self) -> str:
        """Stable text for messages, e.g. `firstName + lastName = FULLNAME`."""
        sides = (" + ".join(names) or "…" for names in (self.left, self.right))
        return " = ".join(sides)
