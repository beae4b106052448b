"""Where a pull stands: one value per page read, pure, and its JSON as the cursor.

A pull goes through stages:

    incremental:  REST → FRESH → SETTLE → OPTOUTS → REST
    sweep:        SWEEP → OPTOUTS → REST            (the whole report, from the beginning)
    window:       WINDOW → REST

FRESH asks for what was updated after the newest time seen, less two seconds. The feed has
no order, and paging by offset can skip a row that a late commit or another page's change
moves (maileon.md 3.1, U1, U3). So SETTLE reads every row once more, one page per pull,
after FRESH has passed it. Times are the server's own, without a zone, taken from its data.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from syncd.errors import ConfigError

VERSION = 1
OVERLAP = timedelta(seconds=2)
WIDE = timedelta(hours=26)  # from UTC-12 to UTC+14: whatever zone the parameter is read in
REPORT_OVERLAP_MS = 10 * 60 * 1000
MAX_RESTARTS = 3
CHEAP_PAGES = 20
CROWD = 100
SETTLE_AT_LEAST_MS = 60 * 60 * 1000


class Stage(StrEnum):
    REST = "rest"
    SWEEP = "sweep"
    WINDOW = "window"
    FRESH = "fresh"
    SETTLE = "settle"
    OPTOUTS = "optouts"


@dataclass(frozen=True, slots=True)
class State:
    """The position of a pull. Naive times are the server's, as ISO text.

    Attributes:
        full: this is a sweep, also while it reads the report.
        after: `updated_after` of the list being read; None for all.
        page: to read next, from 1; items: how long the list was said to be.
        high: the highest page read, so that stepping back comes to an end.
        restarts: how often the list was begun anew as it changed.
        top, top_id: the newest time shown in this list, and whose it is.
        anchor_seen: the newest contact known has shown up again.
        mark: everything updated up to here has been read once; anchor: who shows it.
        begun: the time at which the sweep began; its `mark` when it is complete.
        passed: `mark` as it was when the pull began.
        quiet: a `mark` behind which a whole pull found nothing new, but a crowd at it, as after
            a bulk write; the next pull asks without the two seconds, or it would read the
            crowd in every cycle for ever.
        settled: everything up to here has been read twice; settling: the goal of the walk
            that is under way; settle_page: where it goes on; settled_ms: when a page of it
            was read last.
        wide: the parameter is read in another zone than times are shown in.
        reported_ms: the report is read up to here; from_ms, to_ms: the window being read.
        since, until: of a window, aware.
        zone: what was measured, as `ServerClock.label` tells it.
    """

    stage: Stage = Stage.REST
    full: bool = False
    after: str | None = None
    page: int = 1
    items: int | None = None
    high: int = 0
    restarts: int = 0
    top: str | None = None
    top_id: str | None = None
    anchor_seen: bool = False
    mark: str | None = None
    anchor: str | None = None
    anchor_at: str | None = None
    begun: str | None = None
    passed: str | None = None
    quiet: str | None = None
    settled: str | None = None
    settling: str | None = None
    settle_page: int = 1
    settled_ms: int = 0
    wide: bool = False
    reported_ms: int = 0
    from_ms: int = 0
    to_ms: int = 0
    since: str | None = None
    until: str | None = None
    zone: str | int | None = None

    def dump(self) -> str:
        blank = State()
        kept = {k: v for k, v in asdict(self).items() if v != getattr(blank, k)}
        return json.dumps({"v": VERSION, **kept}, sort_keys=True)


def load(cursor: str) -> State:
    """The inverse of `State.dump`.

    Raises:
        ConfigError: it is no cursor of this connector, e.g. after another account's
            configuration was put in this place.
    """
    try:
        stored = json.loads(cursor)
        if stored.pop("v") != VERSION:
            raise ValueError("another version")
        return State(**{**stored, "stage": Stage(stored.get("stage", "rest"))})
    except (ValueError, TypeError, KeyError, AttributeError) as cause:
        raise ConfigError(
            "the stored position of the Maileon account cannot be read",
            hint="Start again with `syncd backfill`.",
        ) from cause


def listed(state: State, after: str | None) -> State:
    """The state before the first page of a list."""
    return replace(
        state, after=after, page=1, items=None, high=0, restarts=0, top=None, top_id=None,
        anchor_seen=False,
    )  # fmt: skip


def turned(state: State, pages: int, items: int | None) -> tuple[State, bool]:
    """The state after `state.page` was read, and whether the list is at its end.

    Args:
        pages, items: how long the list was said to be by the page just read.

    A list that changed its length while it was read may have moved rows across the border
    of two pages. It is then read again from the start, a few times and while that is
    cheap; later a shrunken one is read again from one page back, once per page. What may
    still be missed comes with SETTLE or the next sweep; a record is only believed to be
    gone when a direct look says so too.
    """
    page, changed = state.page, state.items is not None and items != state.items
    shrunk = changed and items is not None and items < (state.items or 0)
    after = replace(state, items=items, high=max(state.high, page))
    if changed and page > 1 and state.restarts < MAX_RESTARTS and page <= CHEAP_PAGES:
        return replace(after, page=1, high=0, restarts=state.restarts + 1), False
    if shrunk and page > 1 and page > state.high:
        return replace(after, page=min(page - 1, max(pages, 1))), False
    if page >= pages:
        return after, True
    return replace(after, page=page + 1), False


def seen(state: State, rows: list[tuple[str, datetime]], ceiling: datetime) -> State:
    """The state after rows with these ids and times of change.

    Args:
        ceiling: the latest that the server's clock can show; a later time is an error of
            somebody's clock and must not move the mark past everything that comes.
    """
    top = parsed(state.top)
    top_id = state.top_id
    for remote_id, updated in rows:
        if updated <= ceiling and (top is None or updated > top):
            top, top_id = updated, remote_id
    return replace(
        state,
        top=top.isoformat() if top else None,
        top_id=top_id,
        anchor_seen=state.anchor_seen or any(remote_id == state.anchor for remote_id, _ in rows),
    )


def advanced(state: State) -> State:
    """The state after a complete FRESH list: the mark never goes back."""
    if state.top is None or (state.mark is not None and state.top < state.mark):
        return replace(state, passed=state.mark)
    if state.top == state.mark:
        crowded = (state.items or 0) > CROWD
        return replace(state, passed=state.mark, quiet=state.mark if crowded else None)
    return replace(
        state, passed=state.mark, mark=state.top, anchor=state.top_id, anchor_at=state.top
    )


def expects_anchor(state: State) -> bool:
    """Whether the list just read had to show the newest contact known, and did not."""
    shown, after = parsed(state.anchor_at), parsed(state.after)
    return not state.anchor_seen and shown is not None and after is not None and shown > after


def asked_after(mark: str, *, wide: bool, repeated: timedelta, overlap: timedelta = OVERLAP) -> str:
    """`updated_after` that shows everything since a mark, and a little more.

    Args:
        repeated: how far back the server's clock may go after this mark.

    >>> asked_after("2026-08-19T17:04:11.300000", wide=False, repeated=timedelta())
    '2026-08-19 17:04:09'
    """
    shown = datetime.fromisoformat(mark)
    start = shown.replace(microsecond=0) - overlap - repeated
    if not overlap and shown.microsecond:
        start += timedelta(seconds=1)
    return (start - WIDE if wide else start).isoformat(sep=" ")


def parsed(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
