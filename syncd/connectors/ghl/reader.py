"""Reading contacts: by id, by e-mail or phone, and completing the rows of a search.

Source: ghl.md 3.2 (what a row hides), 3.4, 3.5 and 3.12.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from syncd.connectors.ghl import dnd, search
from syncd.connectors.ghl.answers import GoneError
from syncd.connectors.ghl.api import Api
from syncd.connectors.ghl.businesses import BUSINESS_ID, Businesses
from syncd.connectors.ghl.catalogue import CustomFields
from syncd.connectors.ghl.codec import ROW_KEYS, Decoder, Shape, row_key, to_record, usable_id
from syncd.connectors.ghl.fields import LocationFields
from syncd.connectors.ghl.spec import ADDITIONAL, BUSINESS_FIELDS, CONSENT, FIELDS
from syncd.connectors.ghl.values import moment
from syncd.connectors.spending import carried
from syncd.errors import InvariantError, RecordError, TransientError
from syncd.http import xml
from syncd.model.record import Record
from syncd.model.values import Level, Value

PATH = "/contacts/{contact_id}"
DUPLICATE_PATH = "/contacts/search/duplicate"
LONGEST_FILTER = 75  # characters of a value in a filter (3.2)
KEYS = {"email": "email", "phone": "number"}  # by field: the parameter of the duplicate call
MOST_REMEMBERED = 20_000
ANY_CUSTOM: frozenset[str] = frozenset({"*"})  # every custom field that there is


class Reader:
    """Reads contacts of one location; `by_id` and `by_key` may be called by many threads."""

    def __init__(self, api: Api, fields: LocationFields, concurrency: int) -> None:
        self._api = api
        self._fields = fields
        self._businesses = Businesses(api)
        self._concurrency = concurrency
        self._rows_show_custom = False
        self._read: OrderedDict[str, str] = OrderedDict()  # id: version last read by id

    def document(self, remote_id: str) -> Mapping[str, Any]:
        """The contact as GHL shows it now.

        Raises:
            GoneError: there is none.
            RecordError: GHL refuses to show it, for another reason than that.
        """
        answer = self._api.call("GET", PATH, {"contact_id": remote_id})
        contact = answer.json_object().get("contact")
        if not isinstance(contact, Mapping):
            raise TransientError(f"{answer.label} was answered without a contact")
        if contact.get("id") != remote_id:
            raise RecordError(f"{answer.label} was answered with another contact", code="other_id")
        return contact

    def by_id(self, remote_id: str, wanted: frozenset[str] = ANY_CUSTOM) -> Record:
        """The record now; `gone` if GHL says that there is none.

        Args:
            wanted: fields that it has to show; without a custom one no catalogue is needed.
        """
        custom = self._fields.known() if wanted is ANY_CUSTOM else self._fields.holding(wanted)
        try:
            contact = self.document(remote_id)
        except GoneError:
            return Record(remote_id, {}, gone=True)
        record = to_record(contact, custom, Shape.WHOLE)
        if record is None:
            raise RecordError(f"GET {PATH} was answered without a usable id", code="other_id")
        return self._businesses.filled(record, contact, wanted, whole=True)

    def added(self, remote_id: str) -> datetime | None:
        """When a contact was added, by GHL's clock; None if there is none or it is not said."""
        try:
            return moment(self.document(remote_id).get("dateAdded"))
        except GoneError:
            return None

    def by_key(
        self, key: str, value: Value, fields: frozenset[str] = ANY_CUSTOM
    ) -> Sequence[Record]:
        """Every contact whose e-mail or phone equals the value, each read by its id.

        The search may lag, and the duplicate call may hide one of two (3.4), so both are
        asked; neither is trusted to compare exactly.
        """
        if key not in KEYS:
            raise InvariantError(f"GHL cannot look up a contact by '{key}'")
        wanted = xml.legal(value).strip() if isinstance(value, str) else ""
        if not wanted:
            return ()
        ids = dict.fromkeys([*self._searched(key, wanted), *self._duplicate(key, wanted)])
        found = [self.by_id(remote_id, fields) for remote_id in ids]
        return [
            record
            for record in found
            if not record.gone and same_key(key, record.fields.get(key), wanted)
        ]

    def _searched(self, key: str, wanted: str) -> list[str]:
        if len(wanted) > LONGEST_FILTER:
            return []
        forms = sorted({wanted, wanted.lower()})
        filters = [search.equals(key, form) for form in forms]
        page = search.search(
            self._api, 100, filters=filters if len(filters) == 1 else [search.either(*filters)]
        )
        return [remote_id for row in page.rows if (remote_id := usable_id(row))]

    def _duplicate(self, key: str, wanted: str) -> list[str]:
        query = {"locationId": self._api.location_id, KEYS[key]: wanted}
        try:
            shown = self._api.call("GET", DUPLICATE_PATH, query=query).json_object()
        except (RecordError, GoneError):
            return []  # a value that GHL cannot look up, such as half a phone, is nobody's
        contact = shown.get("contact")
        remote_id = usable_id(contact) if isinstance(contact, Mapping) else None
        return [remote_id] if remote_id else []

    def complete(
        self, rows: Sequence[Mapping[str, Any]], wanted: frozenset[str], *, again: bool = False
    ) -> list[Record]:
        """The records of a page, read by id wherever a row does not show all that is wanted.

        Args:
            again: the rows were given out before; those that were read by id at their
                present version have nothing new to show.
        """
        custom = self._fields.holding(wanted)
        rows = [row for row in rows if usable_id(row) is not None]
        if any(_shows_custom(row) for row in rows):
            self._rows_show_custom = True
        if again:
            rows = [row for row in rows if self._read.get(row["id"], "") != row.get("dateUpdated")]
        self._businesses.prepare(rows, wanted)
        asked = Asked(wanted, custom)
        short = [row for row in rows if not asked.is_shown(row, anywhere=self._rows_show_custom)]

        def completed(row: Mapping[str, Any]) -> Record | None:
            return self._completed(row, wanted, custom)

        with ThreadPoolExecutor(max_workers=self._concurrency) as pool:
            whole = dict(
                zip(
                    (row["id"] for row in short),
                    pool.map(carried(completed), short),
                    strict=True,
                )
            )
        decoder = Decoder(custom, Shape.ROW)
        records = []
        for row in rows:
            record = whole.get(row["id"]) or decoder.record(row)
            if record is None or record.gone:
                continue
            if row["id"] not in whole:
                record = self._businesses.filled(record, row, wanted, whole=False)
            records.append(record)
        return records

    def _completed(
        self, row: Mapping[str, Any], wanted: frozenset[str], custom: CustomFields
    ) -> Record | None:
        """The contact of a row; what the row shows if GHL refuses to show this one."""
        try:
            return self.by_id(row["id"], wanted)
        except RecordError:
            return to_record(row, custom, Shape.ROW)

    def remember(self, records: Iterable[Record]) -> None:
        """Note what was read by id, once whoever got these records has come back for more."""
        for record in records:
            if record.certain and record.version is not None:
                self._read[record.remote_id] = record.version
                self._read.move_to_end(record.remote_id)
        while len(self._read) > MOST_REMEMBERED:
            self._read.popitem(last=False)


class Asked:
    """What a row of a search has to show, so that its contact need not be read by id."""

    def __init__(self, wanted: frozenset[str], custom: CustomFields) -> None:
        standard = wanted & FIELDS.keys() - {CONSENT, ADDITIONAL}
        self._names = standard & ROW_KEYS.keys()
        self._plain = standard - self._names
        self._consent = CONSENT in wanted
        self._additional = ADDITIONAL in wanted
        self._company = not wanted.isdisjoint(BUSINESS_FIELDS)
        self._custom = not wanted.isdisjoint(custom.by_name)

    def is_shown(self, row: Mapping[str, Any], *, anywhere: bool) -> bool:
        """Whether a row shows what is wanted, and as it was typed (3.2).

        Args:
            anywhere: some row of this location's search was seen to show custom values. Some
                locations show [] in every row, so that an empty list says nothing there.
        """
        for name in self._names:
            if row_key(row, name) is None or _spelt_otherwise(row, name):
                return False
        for name in self._plain:
            if name not in row and row_key(row, name) is None:
                return False
        settings = row.get("dndSettings")
        if self._consent and row.get("dnd") is not True and not isinstance(settings, Mapping):
            return False
        if self._additional and ADDITIONAL not in row and _opted_out(row):
            return False  # these addresses opted out with the contact
        if self._company and BUSINESS_ID not in row:
            return False
        if not self._custom:
            return True
        listed = row.get("customFields")
        return isinstance(listed, list) and (bool(listed) or anywhere)


def _shows_custom(row: Mapping[str, Any]) -> bool:
    return isinstance(row.get("customFields"), list) and bool(row["customFields"])


def _opted_out(row: Mapping[str, Any]) -> bool:
    shown = dnd.consent(row)
    return shown is not None and shown.level is Level.REVOKED


def _spelt_otherwise(row: Mapping[str, Any], name: str) -> bool:
    """The typed spelling and the lower-cased one are of different names."""
    typed, lowered = row.get(ROW_KEYS[name]), row.get(name)
    if not isinstance(typed, str) or not isinstance(lowered, str) or typed.lower() == lowered:
        return False
    return typed.strip().lower() != lowered.strip().lower()


def same_key(key: str, shown: Value, wanted: str) -> bool:
    """Equality as GHL compares: e-mail without case, phone by its digits (3.12)."""
    if not isinstance(shown, str):
        return False
    if key == "phone":
        return digits(shown) == digits(wanted) != ""
    return shown.strip().lower() == wanted.strip().lower()


def digits(phone: str) -> str:
    return re.sub(r"[^0-9]", "", phone)
