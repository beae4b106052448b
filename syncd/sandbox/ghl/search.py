"""`POST /contacts/search` and `GET /contacts/`: two ways to page through a lagging index."""

import json
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from syncd.sandbox.ghl.agency import Agency, Location
from syncd.sandbox.ghl.answers import RefusalError, invalid
from syncd.sandbox.ghl.contact import Contact, row
from syncd.sandbox.ghl.contact_store import DATES, Index, Key, place
from syncd.sandbox.ghl.filters import LENGTH, Compiled, compile_all
from syncd.sandbox.incoming import whole

PAGE_LIMIT = 500
LIST_LIMIT = 100
WINDOW = 10_000  # records that `page` may reach (3.2)
KNOWN = ("locationId", "pageLimit", "page", "searchAfter", "query", "filters", "sort")
LIST_SORTS = {"date_added": "dateAdded", "date_updated": "dateUpdated"}  # as n8n spells them
Choice = TypeVar("Choice")
SEARCHED = ("firstName", "lastName", "email", "phone", "companyName", "city")


@dataclass(frozen=True, slots=True)
class Wish:
    """A valid search body."""

    limit: int
    page: int | None
    after: Key | None
    query: str
    filters: Any
    sort: str
    ascending: bool


class Search:
    """Searches of one agency; remembers the last result so that its next page is cheap."""

    def __init__(self, agency: Agency) -> None:
        self._agency = agency
        self._last: tuple[Any, list[Key]] = (None, [])

    def search(self, location: Location, body: dict[str, Any]) -> dict[str, Any]:
        """One page: rows, each with its own `searchAfter`, and the number of all matches.

        Raises:
            RefusalError: 422 for the body, 400 for an unknown field or too deep a page.
        """
        wish = _wish(body)
        wish = replace(wish, limit=min(wish.limit, self._agency.settings.page_most))
        filters = compile_all(wish.filters, location.fields, self._agency.settings)
        location.index.catch_up(self._agency.now())
        keys = self._matches(location.index, wish, filters)
        picked = _slice(keys, wish)
        found = [location.index.by_id[id_] for _, id_ in picked]
        rows = [
            self.row(contact) | {"searchAfter": [at, contact.id]}
            for (at, _), contact in zip(picked, found, strict=True)
            if not self._flickers()
        ]
        return {"contacts": rows, "total": len(keys)}

    def listed(self, location: Location, query: dict[str, str], origin: str) -> dict[str, Any]:
        """One page of the deprecated list, newest first unless `sortBy` and `order` say otherwise.

        With `startAfterId` alone the first page comes again, for ever (3.3, gotcha 41).
        """
        limit = _whole(query.get("limit", "20"), "limit", 1, LIST_LIMIT)
        after = None
        if "startAfter" in query:
            moment = _whole(query["startAfter"], "startAfter", 0, 10**15)
            after = (moment, query.get("startAfterId", ""))
        location.index.catch_up(self._agency.now())
        page = _whole(query["page"], "page", 1, 10**9) if "page" in query and not after else None
        sort = _one_of(query, "sortBy", LIST_SORTS)
        ascending = _one_of(query, "order", {"desc": False, "asc": True})
        wish = Wish(limit, page, after, query.get("query", ""), [], sort, ascending)
        filters = compile_all([], location.fields, self._agency.settings)
        keys = self._matches(location.index, wish, filters)
        picked = _slice(keys, wish)
        rows = [self.row(location.index.by_id[id_]) for _, id_ in picked]
        meta: dict[str, Any] = {"total": len(keys), "currentPage": None, "nextPage": None}
        meta |= {"prevPage": None, "nextPageUrl": None, "startAfter": None, "startAfterId": None}
        if page is not None:
            meta |= {"currentPage": page, "prevPage": page - 1 or None}
            meta["nextPage"] = page + 1 if len(picked) == limit else None
        if picked:
            at, id_ = picked[-1]
            onward = {"locationId": location.id, "startAfter": at, "startAfterId": id_}
            meta |= {"startAfter": at, "startAfterId": id_}
            if len(picked) == limit:
                meta["nextPageUrl"] = f"{origin}/contacts/?{urlencode(onward | {'limit': limit})}"
        return {"contacts": rows, "count": len(keys), "meta": meta}

    def row(self, contact: Contact) -> dict[str, Any]:
        settings = self._agency.settings
        return row(
            contact,
            with_dnd_settings=not settings.rows_without_dnd_settings,
            with_custom=not settings.rows_without_custom_fields,
        )

    def _matches(self, index: Index, wish: Wish, filters: Compiled) -> list[Key]:
        """Places of all matches in ascending order. The slice of a date range costs no scan."""
        if filters.exact and not wish.query and set(filters.ranges) <= {wish.sort}:
            bounds = filters.ranges.get(wish.sort)
            if bounds is None:
                return index.sorted[wish.sort]
            start, end = index.between(wish.sort, bounds.low, bounds.high)
            return index.sorted[wish.sort][start:end]
        asked = (
            id(index),
            index.version,
            self._agency.settings,
            json.dumps(wish.filters),
            wish.query,
            wish.sort,
        )
        if asked != self._last[0]:
            self._last = (asked, _scan(index, wish, filters))
        return self._last[1]

    def _flickers(self) -> bool:
        chance = self._agency.settings.flicker
        return chance > 0 and self._agency.dice.random() < chance


def _scan(index: Index, wish: Wish, filters: Compiled) -> list[Key]:
    contacts = index.by_id
    candidates = _candidates(index, wish, filters)
    text = wish.query.lower()
    return [
        key
        for key in candidates
        if filters.test(contact := contacts[key[1]]) and (not text or _mentions(contact, text))
    ]


def _candidates(index: Index, wish: Wish, filters: Compiled) -> list[Key]:
    """As few as the filters allow, in the order of the sort field."""
    other = DATES[1 - DATES.index(wish.sort)]
    if filters.keys is not None:
        ids = {id_ for name, value in filters.keys for id_ in _ids(index, name, value)}
        return sorted(_key(index.by_id[id_], wish.sort) for id_ in ids)
    if bounds := filters.ranges.get(wish.sort):
        start, end = index.between(wish.sort, bounds.low, bounds.high)
        return index.sorted[wish.sort][start:end]
    if bounds := filters.ranges.get(other):
        start, end = index.between(other, bounds.low, bounds.high)
        within = index.sorted[other][start:end]
        return sorted(_key(index.by_id[id_], wish.sort) for _, id_ in within)
    return index.sorted[wish.sort]


def _ids(index: Index, name: str, value: str) -> list[str]:
    match name:
        case "id":
            return [value] if value in index.by_id else []
        case "email":
            return index.emails.of(value)
        case _:
            return index.phones.of(value)


def _key(contact: Contact, sort: str) -> Key:
    return (contact.added if sort == "dateAdded" else contact.updated), contact.id


def _mentions(contact: Contact, text: str) -> bool:
    """Partial matches over the searchable fields (3.2)."""
    held = (contact.plain.get(name) for name in SEARCHED)
    return any(text in one.lower() for one in held if one) or text in (contact.name or "").lower()


def _slice(keys: list[Key], wish: Wish) -> list[Key]:
    if wish.page is not None:
        start = (wish.page - 1) * wish.limit
        if wish.ascending:
            return keys[start : start + wish.limit]
        end = max(0, len(keys) - start)
        return keys[max(0, end - wish.limit) : end][::-1]
    if wish.ascending:
        start = 0 if wish.after is None else place(keys, wish.after, ascending=True)
        return keys[start : start + wish.limit]
    end = len(keys) if wish.after is None else place(keys, wish.after, ascending=False)
    return keys[max(0, end - wish.limit) : end][::-1]


def _wish(body: dict[str, Any]) -> Wish:
    lines = [f"property {name} should not exist" for name in body if name not in KNOWN]
    limit, page, query = body.get("pageLimit"), body.get("page"), body.get("query") or ""
    if not _is_whole(limit, 1, PAGE_LIMIT):
        lines.append(f"pageLimit must be an integer number from 1 to {PAGE_LIMIT}")
    if page is not None and not _is_whole(page, 1, 10**9):
        lines.append("page must be an integer number, 1 or more")
    if not isinstance(query, str) or len(query) > LENGTH:
        lines.append(f"query must be shorter than or equal to {LENGTH} characters")
    after = body.get("searchAfter")
    if after is not None and not _is_cursor(after):
        lines.append("searchAfter must be an array of a number and a string")
    if after is not None and page is not None:
        lines.append("page should not exist together with searchAfter")
    sort, ascending = _sort(body.get("sort"), lines)
    if lines:
        raise invalid(*lines)
    if page is not None and page * body["pageLimit"] > WINDOW:
        raise RefusalError(400, f"page * pageLimit must not exceed {WINDOW}; use searchAfter")
    return Wish(
        limit=body["pageLimit"],
        page=page,
        after=None if after is None else (int(after[0]), after[1]),
        query=query,
        filters=body.get("filters") or [],
        sort=sort,
        ascending=ascending,
    )


def _sort(sort: Any, lines: list[str]) -> tuple[str, bool]:
    """Only the two dates are attested (3.2); without a sort the newest come first."""
    if not sort:
        return "dateAdded", False
    if not isinstance(sort, list) or len(sort) != 1 or not isinstance(sort[0], dict):
        lines.append("sort must be an array of one object")
        return "dateAdded", False
    name, direction = sort[0].get("field"), sort[0].get("direction")
    if name not in DATES:
        lines.append(f"sort.field must be one of the following values: {', '.join(DATES)}")
    if direction not in ("asc", "desc"):
        lines.append("sort.direction must be one of the following values: asc, desc")
    return (name, direction == "asc") if name in DATES else ("dateAdded", False)


def _one_of(query: dict[str, str], name: str, values: dict[str, Choice]) -> Choice:
    """What a word of the query means; the first one where it is not asked for."""
    word = query.get(name, next(iter(values)))
    if word not in values:
        raise invalid(f"{name} must be one of the following values: {', '.join(values)}")
    return values[word]


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_cursor(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], int | float)
        and isinstance(value[1], str)
    )


def _whole(text: str, name: str, low: int, high: int) -> int:
    number = whole(text)
    if number is None or not low <= number <= high:
        raise invalid(f"{name} must be an integer number from {low} to {high}")
    return number
