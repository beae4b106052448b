"""The two ways in which ExampleMail lists the records of a whole account."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from syncd.http.answer import Answer
from syncd.http.client import ApiClient, Query
from syncd.model.record import Page, Record, Window
from syncd.testing.example.codec import missing, moment_of


@dataclass(frozen=True, slots=True)
class Pager:
    """One list, page by page.

    Attributes:
        read: makes a record of an item.
        limit: items per page.
        window: only what was created or changed in it.
    """

    http: ApiClient
    path: str
    read: Callable[[Any, Answer], Record]
    limit: int
    window: Window | None = None

    def changes(self, cursor: str | None, *, full: bool) -> Iterator[Page]:
        """Records in the order of their last change, so that a sweep misses no edit.

        A cursor is a sequence number; within a sweep the word `sweep` stands before it.
        """
        word, _, number = (cursor or "sweep 0").rpartition(" ")
        sweep = full or self.window is not None or word == "sweep"
        after = "0" if sweep and word != "sweep" else number
        while True:
            query: Query = {"after": after, "limit": self.limit}
            answer = self.http.request("GET", self.path, query=query)
            body = answer.json_object()
            shown, last, more = body.get("items"), body.get("next"), body.get("more")
            if not (isinstance(shown, list) and isinstance(last, str) and isinstance(more, bool)):
                raise missing(answer, "items, next and more")
            after = last
            yield Page(self._records(shown, answer), f"sweep {after}" if sweep and more else after)
            if not more:
                return

    def everything(self, cursor: str | None) -> Iterator[Page]:
        """All records, page by page, anew each time; a cursor is the number of the next page.

        The number is safe as rows never move: one that is deleted leaves its place empty.
        """
        number = int(cursor or "1")
        while True:
            query: Query = {"page": number, "limit": self.limit}
            answer = self.http.request("GET", self.path, query=query)
            body = answer.json_object()
            shown, more = body.get("items"), body.get("more")
            if not (isinstance(shown, list) and isinstance(more, bool)):
                raise missing(answer, "items and more")
            number = number + 1 if more else 1
            yield Page(self._records(shown, answer), str(number), last=not more)
            if not more:
                return

    def _records(self, shown: list[Any], answer: Answer) -> list[Record]:
        return [self.read(item, answer) for item in shown if self._is_within(item)]

    def _is_within(self, item: Any) -> bool:
        window = self.window
        if window is None or not isinstance(item, Mapping):
            return True
        return any(window.holds(moment_of(item.get(name))) for name in ("created_at", "changed_at"))
