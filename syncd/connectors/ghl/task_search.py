"""Pages of `POST /locations/{locationId}/tasks/search`. Source: ghl.md 4.2 and gotcha 41.

Known limits: an index that lags, lists tasks without a contact, and shows no times. It has no
cursor and no sort, only `skip`: once a row vanishes, all that follow move up by one, and the
first of the next page would be passed over. So each page begins some rows before the end of
the one before it, and must begin with a row of that one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syncd.connectors.ghl.api import Api, Family
from syncd.connectors.ghl.child_codec import rows_of
from syncd.connectors.ghl.child_spec import TASK_OVERLAP
from syncd.errors import AccountError, InDoubtError, RecordError, TransientError

PATH = "/locations/{location_id}/tasks/search"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a listing goes on.

    Attributes:
        before: the ids of the page before it, in their order; none at the start.
    """

    skip: int = 0
    before: tuple[str, ...] = ()


class _MovedError(Exception):
    """The page does not follow the one before it."""


def write(place: Place | None) -> str:
    """The opaque text; `read` is the inverse."""
    return json.dumps(["tasks", place.skip, place.before]) if place else ""


def read(text: str | None) -> Place:
    """A place from its text; the start for one that is missing or not ours.

    >>> read(write(Place(15, ("a", "b"))))
    Place(skip=15, before=('a', 'b'))
    """
    try:
        state = json.loads(text or "null")
    except ValueError:
        return Place()
    match state:
        case ["tasks", int() as skip, [*before]] if skip > 0 and before:
            return Place(skip, tuple(map(str, before)))
        case _:
            return Place()


def walk(
    api: Api, size: int, place: Place
) -> Iterator[tuple[Sequence[Mapping[str, Any]], Place | None]]:
    """What each page from a place on adds, and where it goes on after it; None after the last.

    A page that does not follow the one before starts the listing anew, once. Who ends
    without an error was shown every task that was there all the while, as long as the order
    of the others stays as it is: that order is documented nowhere. A row may come again.

    Raises:
        TransientError: it happened again; the rest was not read.
    """
    try:
        yield from _walk(api, size, place)
    except _MovedError:
        try:
            yield from _walk(api, size, Place())
        except _MovedError as cause:
            raise TransientError(
                f"GHL's task search moved twice while it was read ({cause}); the rest was not read"
            ) from cause


def _walk(
    api: Api, size: int, place: Place
) -> Iterator[tuple[Sequence[Mapping[str, Any]], Place | None]]:
    here: Place | None = place
    while here is not None:
        rows = search(api, size, here.skip)
        ids = tuple(row["id"] for row in rows)
        after = _after(here, ids)
        yield [row for row in rows if row["id"] not in here.before], after
        here = after


def _after(place: Place, ids: tuple[str, ...]) -> Place | None:
    """Where it goes on; None at the end, which a page without a new row shows.

    That it is a short one shows nothing: GHL may serve fewer rows than are asked for.
    """
    if place.before:
        if not ids or ids[0] not in place.before:
            raise _MovedError("rows have vanished")
        if set(ids) <= set(place.before):
            if len(ids) >= len(place.before):
                raise _MovedError("a page came back")
            return None
    overlap = min(TASK_OVERLAP, len(ids) - 1)
    return Place(place.skip + len(ids) - overlap, ids) if overlap > 0 else None


def search(api: Api, size: int, skip: int) -> Sequence[Mapping[str, Any]]:
    """One page.

    Raises:
        AccountError: GHL refuses the search itself, which is no fault of a task.
        TransientError: the answer is no page of tasks.
    """
    try:
        answer = api.call(
            "POST",
            PATH,
            {"location_id": api.location_id},
            family=Family.LOCATIONS,
            body={"limit": size, "skip": skip},
            repeatable=True,
        )
    except InDoubtError as lost:
        raise TransientError(lost.message) from lost  # a search changes nothing
    except RecordError as cause:
        raise AccountError(
            f"{cause.message}: GHL refuses our search, so no task was read",
            hint="Check `location_id` and `versions` with `syncd check`.",
        ) from cause
    return rows_of(answer, "tasks")
