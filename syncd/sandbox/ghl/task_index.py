"""What the search over all tasks of a location sees: each change only when its time has come.

It lags behind writes and deletes alike, so it lists tasks of contacts that are gone (4.2, T39).
"""

import heapq
from collections.abc import Iterator

from syncd.sandbox.ghl.children import Task


class TaskIndex:
    """Tasks as they were some time ago."""

    def __init__(self) -> None:
        self._by_id: dict[str, Task] = {}
        self._coming: list[tuple[int, int, str, Task | None]] = []
        self._seen: dict[str, int] = {}

    def note(self, visible_at: int, revision: int, id_: str, task: Task | None) -> None:
        """A change that becomes visible at `visible_at` (epoch ms); None is a deletion."""
        heapq.heappush(self._coming, (visible_at, revision, id_, task))

    def catch_up(self, now: int) -> None:
        """Let in what is due. An older version never replaces a newer one."""
        while self._coming and self._coming[0][0] <= now:
            _, revision, id_, task = heapq.heappop(self._coming)
            if self._seen.get(id_, -1) >= revision:
                continue
            self._seen[id_] = revision
            if task is None:
                self._by_id.pop(id_, None)
            else:
                self._by_id[id_] = task

    def newest_first(self) -> Iterator[Task]:
        return reversed(self._by_id.values())
