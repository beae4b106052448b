"""Left and right, and a value for each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")


class Side(StrEnum):
    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> "Side":
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


@dataclass(frozen=True, slots=True)
class Both(Generic[T]):
    """One value per side."""

    left: T
    right: T

    def __getitem__(self, side: Side) -> T:
        return self.left if side is Side.LEFT else self.right

    def __iter__(self) -> Iterator[T]:
        return iter((self.left, self.right))

    def flipped(self) -> "Both[T]":
        return Both(self.right, self.left)

    def map(self, change: Callable[[T], U]) -> "Both[U]":
        return Both(change(self.left), change(self.right))

    def having(self, side: Side, value: T) -> "Both[T]":
        """The same pair with one side replaced."""
        return Both(value, self.right) if side is Side.LEFT else Both(self.left, value)


SIDES = (Side.LEFT, Side.RIGHT)
