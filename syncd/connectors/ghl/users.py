"""The users of the location, whose ids stand in `assignedTo` and the like. Source: ghl.md 5.3.

Users belong to the company, so the search needs its id, which the location shows. The old list
by location is deprecated and gone from v3, but still answers [3p T5]; it is asked where the
search cannot be.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from syncd.connectors.ghl.answers import LocationError, ScopeError, TokenRefusedError
from syncd.connectors.ghl.api import Api, Family
from syncd.connectors.ghl.child_codec import rows_of
from syncd.connectors.ghl.codec import usable
from syncd.connectors.ghl.location import read_location
from syncd.connectors.ghl.names import Named
from syncd.errors import AccountError, RecordError, StaleError, TransientError

SEARCH_PATH = "/users/search"
OLD_PATH = "/users/"
PAGE = 100  # the default is 25, and no maximum is documented

Row = Mapping[str, Any]


def users(api: Api) -> Mapping[str, Named]:
    """Every user of the location, by id.

    Raises:
        AccountError: they cannot be read, as without the scope `users.readonly`.
        TransientError: the answer is no list of them, or a page came back.
    """
    company = company_of(api)
    if company:
        try:
            return _named(_searched(api, company))
        except (TokenRefusedError, ScopeError, LocationError):
            raise
        except (AccountError, RecordError, StaleError):
            pass  # the search is refused: the old list is what is left
    return _named(listed(api))


def company_of(api: Api) -> str | None:
    """The id of the company to which the location belongs, if the location shows it."""
    try:
        company = read_location(api).get("companyId")
    except ScopeError:
        return None
    return company if isinstance(company, str) else None


def _searched(api: Api, company: str) -> Sequence[Row]:
    """Page after page to an empty one; `count` may be of all or of a page, so it is not used."""
    found: dict[str, Row] = {}
    skip = 0
    while rows := page(api, company, skip=skip, limit=PAGE):
        if found.keys() >= {row["id"] for row in rows}:
            raise TransientError(f"GET {SEARCH_PATH}: a page came back; the rest was not read")
        found.update({row["id"]: row for row in rows})
        skip += len(rows)
    return list(found.values())


def page(api: Api, company: str, *, skip: int, limit: int) -> Sequence[Row]:
    """One page of the search."""
    query = {
        "companyId": company,
        "locationId": api.location_id,
        "skip": str(skip),
        "limit": str(limit),
    }
    return rows_of(api.call("GET", SEARCH_PATH, family=Family.USERS, query=query), "users")


def listed(api: Api) -> Sequence[Row]:
    """The old list, which has no pages."""
    query = {"locationId": api.location_id}
    try:
        answer = api.call("GET", OLD_PATH, family=Family.USERS, query=query)
    except (RecordError, StaleError) as cause:
        raise AccountError(
            f"{cause.message}: the users cannot be read",
            hint="Check `location_id` with `syncd check`.",
        ) from cause
    return rows_of(answer, "users")


def _named(rows: Sequence[Row]) -> Mapping[str, Named]:
    return {
        row["id"]: Named(_text(row, "name") or _full_name(row), _text(row, "email"))
        for row in rows
        if usable(row["id"])
    }


def _full_name(row: Row) -> str:
    return f"{_text(row, 'firstName')} {_text(row, 'lastName')}".strip()


def _text(row: Row, key: str) -> str:
    text = row.get(key)
    return text.strip() if isinstance(text, str) else ""
