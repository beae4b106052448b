"""The companies to which contacts belong, read through `businessId`.

Source: ghl.md 3.2 and 3.5 (a contact shows `businessId`), and the calls of apps/businesses.json.

Known limits: whether a change of a business moves the `dateUpdated` of its contacts is
documented nowhere. So it shows with the next change of a contact, and at the latest with the
next full listing; it is never older than an hour by then.
"""

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from syncd.connectors.ghl.answers import GoneError, ScopeError
from syncd.connectors.ghl.api import Api
from syncd.connectors.ghl.child_codec import rows_of
from syncd.connectors.ghl.codec import usable
from syncd.connectors.ghl.spec import BUSINESS, BUSINESS_FIELDS
from syncd.connectors.ghl.values import READERS, Unknown
from syncd.errors import RecordError, StaleError, TransientError
from syncd.model.record import Record
from syncd.model.values import Fields

log = logging.getLogger(__name__)

SCOPE = "businesses.readonly"
BUSINESS_ID = "businessId"
PATH = "/businesses/{business_id}"
LIST_PATH = "/businesses/"
PAGE = 100
FEW = 10  # so many are read one by one; for more the list is read, which may hold thousands
RECHECK = timedelta(hours=1)
NOTHING: Fields = dict.fromkeys(BUSINESS_FIELDS)


class Businesses:
    """What is known of them, each read at most once an hour; safe to use from several threads."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Fields]] = {}  # when it was read, and what it showed
        self._refused_at: float | None = None
        self._listed_at: float | None = None

    def filled(
        self, record: Record, shown: Mapping[str, Any], wanted: frozenset[str], *, whole: bool
    ) -> Record:
        """A record with those fields of its company that are wanted.

        What cannot be told is left out: nothing is then decided about it.

        Args:
            shown: the contact as GHL shows it; whole: what it does not show is empty.
        """
        names = wanted & BUSINESS_FIELDS.keys()
        if not names:
            return record
        if shown.get(BUSINESS_ID) is None:
            of_company = NOTHING if whole or BUSINESS_ID in shown else {}
        else:
            business_id = usable(shown[BUSINESS_ID])
            of_company = self._of(business_id) if business_id else {}
        own = {name: value for name, value in of_company.items() if name in names}
        return replace(record, fields={**record.fields, **own})

    def prepare(self, rows: Iterable[Mapping[str, Any]], wanted: frozenset[str]) -> None:
        """Read the list of all, where the contacts of a page belong to many unknown ones."""
        if wanted.isdisjoint(BUSINESS_FIELDS):
            return
        ids = {one for row in rows if (one := usable(row.get(BUSINESS_ID)))}
        with self._lock:
            unknown = [one for one in ids if self._fresh(one) is None]
            if len(unknown) <= FEW or self._is_recent(self._refused_at):
                return
            if not self._is_recent(self._listed_at):
                self._listed_at = self._api.monotonic()
                self._tried(self._read_list)

    def _of(self, business_id: str) -> Fields:
        with self._lock:
            known = self._fresh(business_id)
            if known is not None:
                return known
            if self._is_recent(self._refused_at):
                return {}
            self._tried(lambda: self._read(business_id))
            return self._fresh(business_id) or {}

    def _fresh(self, business_id: str) -> Fields | None:
        read_at, fields = self._known.get(business_id, (None, {}))
        return fields if self._is_recent(read_at) else None

    def _is_recent(self, at: float | None) -> bool:
        return at is not None and self._api.monotonic() - at < RECHECK.total_seconds()

    def _tried(self, read: Any) -> None:
        """Read what the token may; that it may not is told once an hour, and by `syncd check`."""
        try:
            read()
        except ScopeError:
            self._refused_at = self._api.monotonic()
            log.warning("ghl: companies cannot be read without the scope %s", SCOPE)

    def _read(self, business_id: str) -> None:
        try:
            answer = self._api.call("GET", PATH, {"business_id": business_id})
        except (GoneError, RecordError):  # nobody can say whether it ever was there
            self._note(business_id, {})
            return
        shown = answer.json_object().get("business")
        if not isinstance(shown, Mapping):
            raise TransientError(f"{answer.label} was answered without a business")
        self._note(business_id, _fields_of(shown))

    def _read_list(self) -> None:
        """Page after page to an empty one, or one that came back."""
        met: set[str] = set()
        while rows := self._page(len(met)):
            ids = {row["id"] for row in rows}
            if ids <= met:
                return
            met |= ids
            for row in rows:
                self._note(row["id"], _fields_of(row))

    def _page(self, skip: int) -> list[Mapping[str, Any]]:
        query = {"locationId": self._api.location_id, "skip": str(skip), "limit": str(PAGE)}
        try:
            return rows_of(self._api.call("GET", LIST_PATH, query=query), "businesses")
        except (RecordError, StaleError):
            return []

    def _note(self, business_id: str, fields: Fields) -> None:
        self._known[business_id] = (self._api.monotonic(), fields)


def a_business(api: Api) -> None:
    """The cheapest read for which the scope is needed."""
    query = {"locationId": api.location_id, "skip": "0", "limit": "1"}
    api.call("GET", LIST_PATH, query=query)


def _fields_of(shown: Mapping[str, Any]) -> Fields:
    """What a business shows; a value of the wrong type makes that one field unknown."""
    read = {
        name: READERS[spec.kind](shown.get(name.removeprefix(BUSINESS)))
        for name, spec in BUSINESS_FIELDS.items()
    }
    return {name: value for name, value in read.items() if not isinstance(value, Unknown)}
