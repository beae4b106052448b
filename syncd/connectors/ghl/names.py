"""Users and calendars by the names that people know them by."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """Who or what an id stands for; an empty text is one that GHL does not show."""

    name: str
    email: str = ""

    @property
    def names(self) -> Sequence[str]:
        return tuple(text for text in (self.name, self.email) if text)
