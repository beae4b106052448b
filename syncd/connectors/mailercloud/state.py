"""Where a pull stands: a place in the listing, and what is known of campaigns."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

REST = 0


@dataclass(frozen=True, slots=True)
class State:
    """A cursor.

    Attributes:
        page: the next page of the listing; 0 when it was read to its end.
        distinct: rows of this listing so far, each counted once.
        first: how many contacts the first page said there are.
        head, last: digests of the ids on the first and on the newest page.
        gap: distinct rows and contact count of the last listing that came out short.
        whole: the campaigns of the last two years were read once.
        reports: digest of each recent campaign whose opt-outs are known.
        reading: the campaign being read; reading_page: its next page.
    """

    page: int = 1
    distinct: int = 0
    first: int | None = None
    head: str = ""
    last: str = ""
    gap: tuple[int, int] | None = None
    whole: bool = False
    reports: Mapping[str, str] = field(default_factory=dict)
    reading: tuple[str, str] | None = None
    reading_page: int = 1

    def dump(self) -> str:
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps({"v": 1, **fields}, separators=(",", ":"), ensure_ascii=False)

    def from_start(self) -> "State":
        """The same, before the first page of a new listing."""
        return replace(self, page=1, distinct=0, first=None, head="", last="")


def load(cursor: str) -> State:
    """The state in a cursor; one that is not of our making starts everything anew."""
    try:
        stored = json.loads(cursor)
    except ValueError:
        return State()
    if not isinstance(stored, dict) or stored.pop("v", None) != 1:
        return State()
    if stored.keys() != State.__dataclass_fields__.keys():
        return State()
    for name in ("gap", "reading"):
        if stored[name] is not None:
            stored[name] = tuple(stored[name])
    return State(**stored)


def digest(parts: Iterable[Any]) -> str:
    """A short name for some JSON, to tell whether it has changed."""
    text = json.dumps(list(parts), sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
