"""What a promise is, and how it is broken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncd.testing.contract.harness import Harness

GUIDE = "docs/write-a-connector.md"


class BrokenPromiseError(AssertionError):
    """A connector does not do what every connector has to; the text is for its author."""


class NotAskedError(Exception):
    """The promise says nothing about this connector; the text says why."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that every connector has to do.

    Attributes:
        text: a sentence, which is its name everywhere.
        read: where the rule stands that the suite goes by.
        check: raises BrokenPromiseError, or NotAskedError; gets a way to make fresh harnesses.
    """

    text: str
    read: str
    check: Callable[[Callable[[], "Harness"]], None]

    @property
    def name(self) -> str:
        """The sentence as a Python name.

        >>> Promise("A repeated page is harmless", "", print).name
        'a_repeated_page_is_harmless'
        """
        words = "".join(c if c.isalnum() else " " for c in self.text.lower()).split()
        return "_".join(words)

    @property
    def anchor(self) -> str:
        """The heading of the guide that tells about it, as a link knows it."""
        return f"{GUIDE}#{self.name.replace('_', '-')}"


def sentence(text: str) -> str:
    """The text with a full stop, if it has none."""
    return text if text.endswith((".", ".)")) else f"{text}."


def hold(kept: bool, broken: str) -> None:
    """Go on if it holds.

    Raises:
        BrokenPromiseError: it does not; `broken` says what was seen.
    """
    if not kept:
        raise BrokenPromiseError(broken)
