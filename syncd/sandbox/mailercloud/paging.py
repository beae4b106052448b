"""Pages of a search: `limit` and `page` in the body, `data` and a total in the answer.

Source: mailercloud.md §13.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from syncd.sandbox.mailercloud.answers import Answer, RefusalError
from syncd.sandbox.mailercloud.settings import Settings

LIMIT_LEAST, LIMIT_MOST, LIMIT_UNASKED = 10, 100, 10
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a sequence is asked for."""

    limit: int
    page: int

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        return items[(self.page - 1) * self.limit : self.page * self.limit]


def window(body: dict[str, Any], settings: Settings) -> Window:
    """Raises RefusalError: 400, not numbers, or a limit outside 10 to 100."""
    limit, page = _whole(body, "limit", LIMIT_UNASKED), _whole(body, "page", 1)
    if not LIMIT_LEAST <= limit <= LIMIT_MOST:
        if settings.limit_outside == "refuse":
            raise RefusalError(400, "limit must be between 10 and 100", "limit")
        limit = min(max(limit, LIMIT_LEAST), LIMIT_MOST)
    if page < 1:
        raise RefusalError(400, "page must be at least 1", "page")
    return Window(limit, page)


def text_of(body: dict[str, Any], name: str) -> str:
    """A filter; missing, null and empty are the same."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise RefusalError(400, f"{name} must be a string", name)
    return value or ""


def paged(
    body: dict[str, Any],
    items: Sequence[Item],
    show: Callable[[Item], Any],
    settings: Settings,
    count: str = "count",
    **more: Any,
) -> Answer:
    """One page; where it is empty `data` may be missing (§13)."""
    rows = [show(each) for each in window(body, settings).of(items)]
    answer: dict[str, Any] = {count: len(items), **more}
    if rows:
        as_object = settings.data_shape == "object"
        answer["data"] = {str(n): row for n, row in enumerate(rows)} if as_object else rows
    elif settings.empty_data != "absent":
        answer["data"] = [] if settings.empty_data == "list" else None
    return Answer(answer)


def _whole(body: dict[str, Any], name: str, unasked: int) -> int:
    value = body.get(name, unasked)
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusalError(400, f"{name} must be a number", name)
    return value
