"""The calendars of the location. Source: ghl.md 0 (the slash at the end), 1.7 and 4.4."""

from collections.abc import Mapping
from typing import Any

from syncd.connectors.ghl.api import Api, Family
from syncd.connectors.ghl.child_codec import rows_of
from syncd.connectors.ghl.codec import usable
from syncd.connectors.ghl.names import Named
from syncd.errors import AccountError, RecordError, StaleError

PATH = "/calendars/"


def calendars(api: Api) -> Mapping[str, Named]:
    """Every calendar of the location, by id.

    Raises:
        AccountError: they cannot be read.
        TransientError: the answer is no list of them.
    """
    return {
        row["id"]: Named(name if isinstance(name := row.get("name"), str) else "")
        for row in _rows(api)
    }


def with_a_team(api: Api) -> frozenset[str]:
    """The ids of those that have a team, without a member of which none is booked (4.4).

    Raises:
        AccountError, TransientError: as `calendars`.
    """
    return frozenset(row["id"] for row in _rows(api) if row.get("teamMembers"))


def _rows(api: Api) -> list[Mapping[str, Any]]:
    try:
        answer = api.call(
            "GET", PATH, family=Family.CALENDARS, query={"locationId": api.location_id}
        )
    except (RecordError, StaleError) as cause:
        raise AccountError(
            f"{cause.message}: the calendars cannot be read",
            hint="Check `location_id` with `syncd check`.",
        ) from cause
    return [row for row in rows_of(answer, "calendars") if usable(row["id"])]
