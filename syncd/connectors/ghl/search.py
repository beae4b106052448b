"""Pages of `POST /contacts/search`. Source: ghl.md 3.2, 9 and gotchas 1, 2, 41.

Never `page` times `pageLimit`, which ends at 10,000 contacts without a word.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from syncd.connectors.ghl.answers import server_time
from syncd.connectors.ghl.api import Api
from syncd.connectors.ghl.feed import After, row_after, row_ms
from syncd.connectors.ghl.values import epoch_ms
from syncd.errors import AccountError, InDoubtError, RecordError, StaleError, TransientError
from syncd.model.record import Window

PATH = "/contacts/search"
Row = Mapping[str, Any]
Filter = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search.

    Attributes:
        after: the cursor of its last row; None if there is none, or this is the last page.
        last: the cursor of its last row, also on the last page.
        full: it holds as many rows as we asked for.
        now_ms: when it was answered, by GHL's clock (whole seconds), else by ours.
    """

    rows: Sequence[Row]
    after: After | None
    last: After | None
    total: int | None
    full: bool
    now_ms: int


class _OutOfOrderError(Exception):
    """The pages do not follow one another."""


def between(field: str, **bounds: int) -> Filter:
    """A filter on a time; only `range` and epoch milliseconds work (gotchas 2 and 3)."""
    return {"field": field, "operator": "range", "value": bounds}


def bounds(window: Window) -> tuple[int, int]:
    """The window in epoch milliseconds, never narrower than it is."""
    since, until = epoch_ms(window.since), epoch_ms(window.until)
    return since, until + 1 if window.until.microsecond % 1000 else until


def equals(field: str, value: str) -> Filter:
    return {"field": field, "operator": "eq", "value": value}


def either(*filters: Filter) -> Filter:
    return {"group": "OR", "filters": list(filters)}


def walk(
    api: Api,
    page_size: int,
    *,
    sort: str,
    filters: Sequence[Filter] = (),
    after: After | None = None,
) -> Iterator[Found]:
    """Every page from `after` on, in the order of `sort` (dateAdded or dateUpdated).

    A page out of order or a cursor that comes back restarts the walk once.

    Raises:
        TransientError: it happened again.
    """
    try:
        yield from _walk(api, page_size, sort, filters, after)
    except _OutOfOrderError:
        try:
            yield from _walk(api, page_size, sort, filters, after)
        except _OutOfOrderError as cause:
            raise TransientError(
                f"GHL's search by {sort} was out of order twice ({cause}); the rest was not read"
            ) from cause


def _walk(
    api: Api, page_size: int, sort: str, filters: Sequence[Filter], after: After | None
) -> Iterator[Found]:
    met = {json.dumps(after)}
    latest: int | None = None
    count = 0
    while True:
        found = search(api, page_size, sort=sort, filters=filters, after=after)
        count += len(found.rows)
        for row in found.rows:
            at = row_ms(row, sort)
            if at is not None and latest is not None and at < latest:
                raise _OutOfOrderError("a row is older than the one before it")
            latest = at if at is not None else latest
        # A short page ends the listing, unless the total says that GHL serves shorter
        # pages than we asked for: its true maximum is unverified (ghl.md 12, 14).
        if not found.full and (found.total is None or found.total <= count):
            found = replace(found, after=None)
        place = json.dumps(found.after)
        if found.after is not None and place in met:
            raise _OutOfOrderError("a cursor came back")
        yield found
        if found.after is None:
            return
        after = found.after
        met.add(place)


def search(
    api: Api,
    page_size: int,
    *,
    sort: str | None = None,
    filters: Sequence[Filter] = (),
    after: After | None = None,
) -> Found:
    """One page.

    Raises:
        AccountError: GHL refuses the search itself, which is no fault of a contact.
        TransientError: the answer is no page of contacts.
    """
    body: dict[str, Any] = {"locationId": api.location_id, "pageLimit": page_size}
    if filters:
        body["filters"] = list(filters)
    if sort is not None:
        body["sort"] = [{"field": sort, "direction": "asc"}]
    if after is not None:
        body["searchAfter"] = list(after)
    try:
        answer = api.call("POST", PATH, body=body, repeatable=True)
    except InDoubtError as lost:
        raise TransientError(lost.message) from lost  # a search changes nothing
    except (RecordError, StaleError) as cause:
        raise AccountError(
            f"{cause.message}: GHL refuses our search, so no contact was read",
            hint="Check `location_id` and `versions` with `syncd check`.",
        ) from cause
    shown = answer.json_object()
    listed, total = shown.get("contacts"), shown.get("total")
    if not isinstance(listed, list):
        raise TransientError(f"{answer.label} was answered without a list of contacts")
    rows = [row for row in listed if isinstance(row, Mapping)]
    last = next((after for row in reversed(rows) if (after := row_after(row)) is not None), None)
    full = len(listed) >= page_size
    if full and last is None:
        raise TransientError(f"{answer.label}: no row of a full page says how to go on")
    return Found(
        rows,
        after=last,
        last=last,
        total=total if isinstance(total, int) and not isinstance(total, bool) else None,
        full=full,
        now_ms=epoch_ms(server_time(answer) or api.now()),
    )
