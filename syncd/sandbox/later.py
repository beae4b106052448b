"""What a person does in the middle of a cycle: errands tied to the n-th fitting request."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.sandbox.core import Platform


@dataclass(slots=True)
class Errand:
    """An action to be carried out at the n-th request that fits.

    Attributes:
        on_platform, on_method: whose requests count; None means every one.
        on_path: regular expression searched in the path below the platform's prefix.
        left: fitting requests still to come, the one it is tied to included.
        before: right before that request, else right after it.
    """

    on_platform: str | None
    on_method: str | None
    on_path: str
    left: int
    before: bool
    platform: str
    action: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def fits(self, platform: str, method: str, path: str) -> bool:
        return (
            self.on_platform in (None, platform)
            and self.on_method in (None, method)
            and re.search(self.on_path, path) is not None
        )


class Diary:
    """The errands that wait, and what became of the others."""

    def __init__(self, platforms: Mapping[str, Platform]) -> None:
        self._platforms = platforms
        self.waiting: list[Errand] = []
        self.done: list[dict[str, Any]] = []

    def clear(self) -> None:
        self.waiting.clear()
        self.done.clear()

    def arrive(self, platform: str, method: str, path: str) -> list[Errand]:
        """Count a request, do what is due before it, and return what is due after it."""
        if not self.waiting:
            return []
        due = []
        for errand in self.waiting:
            if errand.fits(platform, method, path):
                errand.left -= 1
                if errand.left == 0:
                    due.append(errand)
        for errand in due:
            self.waiting.remove(errand)
            if errand.before:
                self.carry_out(errand)
        return [errand for errand in due if not errand.before]

    def carry_out(self, errand: Errand) -> None:
        """Do it now; an action that cannot be done is noted, not raised."""
        outcome: dict[str, Any] = {"platform": errand.platform, "action": errand.action}
        try:
            outcome["result"] = self._platforms[errand.platform].act(
                errand.action, errand.arguments
            )
        except (ValueError, OverflowError) as exc:
            outcome["error"] = str(exc)
        self.done.append(outcome)
