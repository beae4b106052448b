"""Where a listing stands: cursors, and how a page moves them. Pure.

Source: ghl.md 9. GHL's search is an index that lags: a row may appear *behind* the newest
one that was already read. So an incremental pull has two passes. The fresh pass reads on
from the newest change seen. The settle pass follows it at a distance of the lag and reads
once more what the fresh pass went over; only what it has read counts as settled.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from syncd.connectors.ghl.values import epoch_ms, moment

After = tuple[Any, ...]  # a row's own `searchAfter`, sent back as it came
MOST_REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class SweepCursor:
    """Inside a sweep.

    Attributes:
        after: of the last row read; None at the start.
        started_ms: by GHL's clock; None before the first answer.
    """

    after: After | None = None
    started_ms: int | None = None


@dataclass(frozen=True, slots=True)
class WindowCursor:
    """Inside a listing of one window of time."""

    since_ms: int
    until_ms: int
    after: After | None = None


@dataclass(frozen=True, slots=True)
class FeedCursor:
    """Between incremental pulls, and inside one.

    Attributes:
        newest_ms: the latest `dateUpdated` that the fresh pass has seen.
        settled_ms: up to here everything was read a second time.
        seen: ids read at exactly `newest_ms`, so that a quiet pull does not repeat them.
        fresh_after, settle_after: the last row of a pass that is not at its end.
    """

    newest_ms: int
    settled_ms: int
    seen: frozenset[str] = frozenset()
    fresh_after: After | None = None
    settle_after: After | None = None


Cursor = SweepCursor | WindowCursor | FeedCursor


def write(cursor: Cursor) -> str:
    """The opaque text; `read` is the inverse."""
    match cursor:
        case SweepCursor(after, started_ms):
            state: list[Any] = ["sweep", after, started_ms]
        case WindowCursor(since_ms, until_ms, after):
            state = ["window", since_ms, until_ms, after]
        case FeedCursor(newest_ms, settled_ms, seen, fresh_after, settle_after):
            state = ["feed", newest_ms, settled_ms, sorted(seen), fresh_after, settle_after]
    return json.dumps(state, separators=(",", ":"))


def read(text: str | None) -> Cursor | None:
    """A cursor from its text; None for one that is missing or not ours.

    >>> read(write(WindowCursor(1, 2, (3, "a"))))
    WindowCursor(since_ms=1, until_ms=2, after=(3, 'a'))
    """
    try:
        state = json.loads(text or "null")
    except ValueError:
        return None
    match state:
        case ["sweep", after, int() | None as started_ms]:
            return SweepCursor(_after(after), started_ms)
        case ["window", int() as since_ms, int() as until_ms, after]:
            return WindowCursor(since_ms, until_ms, _after(after))
        case ["feed", int() as newest, int() as settled, [*seen], fresh_after, settle_after]:
            ids = frozenset(remote_id for remote_id in seen if isinstance(remote_id, str))
            return FeedCursor(newest, settled, ids, _after(fresh_after), _after(settle_after))
        case _:
            return None


def _after(stored: Any) -> After | None:
    return tuple(stored) if isinstance(stored, list) and stored else None


def row_ms(row: Mapping[str, Any], field: str) -> int | None:
    """A row's `dateAdded` or `dateUpdated` in epoch milliseconds, if it can be read."""
    at = moment(row.get(field))
    return epoch_ms(at) if at else None


def row_after(row: Mapping[str, Any]) -> After | None:
    """A row's own cursor; there is none in the envelope (ghl.md 3.2)."""
    return _after(row.get("searchAfter"))


def after_sweep(started_ms: int, lag_ms: int) -> FeedCursor:
    """Where an incremental pull starts: everything since the sweep began, and the lag."""
    return FeedCursor(started_ms - lag_ms, started_ms - lag_ms)


def unseen(cursor: FeedCursor, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows that the pulls before this one have not given out yet."""
    return [
        row
        for row in rows
        if row.get("id") not in cursor.seen or row_ms(row, "dateUpdated") != cursor.newest_ms
    ]


def passed(
    cursor: FeedCursor, rows: Sequence[Mapping[str, Any]], after: After | None
) -> FeedCursor:
    """The cursor after a page of the fresh pass; `after` is None at the end of the pass."""
    times = [(row_ms(row, "dateUpdated"), row.get("id")) for row in rows]
    newest = max([ms for ms, _ in times if ms is not None] + [cursor.newest_ms])
    before = cursor.seen if newest == cursor.newest_ms else frozenset()
    at_newest = {i for ms, i in times if ms == newest and isinstance(i, str)} | before
    seen = frozenset(at_newest) if len(at_newest) <= MOST_REMEMBERED else frozenset()
    return replace(cursor, newest_ms=newest, seen=seen, fresh_after=after)


def to_settle(cursor: FeedCursor, server_now_ms: int, lag_ms: int) -> int | None:
    """Up to where the settle pass should read now; None if nothing lies before it."""
    upto = min(cursor.newest_ms, server_now_ms - lag_ms)
    return upto if cursor.settled_ms < upto else None


def settled(
    cursor: FeedCursor,
    rows: Sequence[Mapping[str, Any]],
    after: After | None,
    upto_ms: int,
) -> FeedCursor:
    """The cursor after a page of the settle pass; `after` is None at the end of the pass."""
    if after is None:
        return replace(cursor, settled_ms=upto_ms, settle_after=None)
    times = [ms for row in rows if (ms := row_ms(row, "dateUpdated")) is not None]
    reached = min(max([*times, cursor.settled_ms]), upto_ms)
    return replace(cursor, settled_ms=reached, settle_after=after)
