"""The throw-away contact of a probe: made, looked at, changed and removed, and no other.

It opts out of everything as it is made and has no phone, so that no workflow of the
location can reach anybody; its address is one that did not exist before.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from syncd.connectors.ghl import dnd, search
from syncd.connectors.ghl.answers import GoneError
from syncd.connectors.ghl.api import Api, Family
from syncd.connectors.ghl.codec import usable_id
from syncd.connectors.ghl.fields import PATH as FIELDS_PATH
from syncd.connectors.ghl.reader import PATH, Reader
from syncd.connectors.ghl.values import moment
from syncd.connectors.ghl.writer import CLOCK_SLACK, CREATE_PATH
from syncd.errors import (
    ConfigError,
    DuplicateError,
    InDoubtError,
    InvariantError,
    RecordError,
    SyncdError,
)

NAMES = {"firstName": "SyncD", "lastName": "ProBe"}  # letters of both cases: rows lower them
PLAIN = {**NAMES, "city": "Probetown", "state": "Probeland", "postalCode": "12345"}
ON, OFF = {"status": "active"}, {"status": "inactive"}
CHANNELS = {"sms": ON, "call": ON, "whatsapp": ON, "gmb": OFF, "fb": OFF}
WRITABLE = {"TEXT": "Kept 1", "LARGE_TEXT": "Kept 2", "NUMERICAL": 3, "FLOAT": 4}
UNKNOWN_PROPERTY = "syncdProbe"
LOOKS_AFTER_S = (0.0, 1.0, 1.0, 2.0, 4.0, 7.0, 15.0, 30.0)  # between looks at the search

log = logging.getLogger(__name__)


class Subject:
    """The contact of one probe.

    Attributes:
        id: "" as long as it is not made.
        made_by_refusal: whether a create that was answered 422 made it; None if not tried.
        types: GHL's types of the location's custom fields that it can fill, by their ids.
    """

    def __init__(self, api: Api, reader: Reader, address: str, lag_s: float) -> None:
        self.address = address
        self.id = ""
        self.made_by_refusal: bool | None = None
        self.types: Mapping[str, str] = {}
        self._api = api
        self._reader = reader
        self._lag_s = lag_s
        self._began: datetime | None = None
        self._seconds: list[str] = []

    # Made

    def make(self) -> None:
        """Make it, with a create first that has to be refused.

        Raises:
            ConfigError: somebody has the address, or GHL does not take it.
        """
        if self._reader.by_key("email", self.address):
            raise _unfit("exists already; nothing was tried")
        self.types = self._custom_types()
        self._began = self._api.server_now()
        self.made_by_refusal = self._refused_create()
        if not self.id:
            self.id = self._created()

    def body(self) -> dict[str, Any]:
        custom = [{"id": i, "field_value": WRITABLE[kind]} for i, kind in self.types.items()]
        return {
            "locationId": self._api.location_id,
            "email": self.address,
            **PLAIN,
            "dndSettings": self.channels(),
            **({"customFields": custom} if custom else {}),
        }

    def create_again(self) -> None:
        """Send the create a second time; should it make somebody, they are removed too.

        Raises:
            DuplicateError: it was refused, as it should be.
        """
        answer = self._api.call("POST", CREATE_PATH, body=self.body())
        self._seconds.append(_id_in(answer.json_object()))

    def channels(self, **changed: dnd.Channel) -> Any:
        """Every channel as it was made, but for those that are changed; e-mail is always on."""
        return dnd.written({**CHANNELS, **changed}, opt_out=True, v3=self._api.v3)

    def _custom_types(self) -> Mapping[str, str]:
        """One field of each type that can be filled with anything."""
        answer = self._api.call(
            "GET",
            FIELDS_PATH,
            {"location_id": self._api.location_id},
            family=Family.LOCATIONS,
            query={"model": "contact"},
        )
        listed = answer.json_object().get("customFields")
        found: dict[str, str] = {}
        for field in listed if isinstance(listed, list) else []:
            kind = str(field.get("dataType", "")).upper()
            if kind in WRITABLE and kind not in found.values() and isinstance(field["id"], str):
                found[field["id"]] = kind
        return found

    def _refused_create(self) -> bool | None:
        """Whether a create that was refused made the contact all the same (issue #64)."""
        body = {**self.body(), UNKNOWN_PROPERTY: "x"}
        try:
            answer = self._api.call("POST", CREATE_PATH, body=body)
        except (RecordError, InDoubtError):
            ours = self._ours()
            self.id = ours[0] if ours else ""
            return bool(ours)
        self.id = _id_in(answer.json_object())
        return None  # nothing was refused

    def _created(self) -> str:
        try:
            answer = self._api.call("POST", CREATE_PATH, body=self.body())
        except DuplicateError as known:
            ours = self._ours(known.remote_id)
            if not ours:
                raise _unfit("exists already; nothing of it was changed") from known
            self.made_by_refusal = True  # which only the second answer showed
            return ours[0]
        except RecordError as refused:
            raise _unfit(f"is not taken ({refused.message})") from refused
        return _id_in(answer.json_object())

    def _ours(self, *hints: str | None) -> list[str]:
        """Ids of contacts with the address that can only have been made by this probe."""
        if self._began is None:
            return []
        found = [record.remote_id for record in self._reader.by_key("email", self.address)]
        ids = dict.fromkeys([*found, *(hint for hint in hints if hint)])
        return [remote_id for remote_id in ids if self._is_ours(remote_id)]

    def _is_ours(self, remote_id: str) -> bool:
        try:
            shown = self._reader.document(remote_id)
        except GoneError:
            return False
        added = moment(shown.get("dateAdded"))
        return (
            added is not None
            and self._began is not None
            and added >= self._began - CLOCK_SLACK
            and all(shown.get(name) == value for name, value in NAMES.items())
        )

    # Looked at and changed

    def look(self) -> Mapping[str, Any]:
        return self._reader.document(self.id)

    def known_channels(self) -> dnd.Channels:
        return dnd.channels(self.look().get("dndSettings")) or {}

    def custom(self, shown: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Values of custom fields by id, as a direct look shows them, or another answer."""
        listed = (self.look() if shown is None else shown).get("customFields")
        return {
            item["id"]: item.get("value", item.get("fieldValue", item.get("field_value")))
            for item in (listed if isinstance(listed, list) else [])
            if isinstance(item, Mapping) and isinstance(item.get("id"), str)
        }

    def of_type(self, *kinds: str) -> list[str]:
        """Ids of custom fields of these types."""
        return [field_id for field_id, kind in self.types.items() if kind in kinds]

    def put(self, **body: Any) -> Mapping[str, Any]:
        """Change it; the contact as the answer shows it."""
        return self._put(body)

    def put_custom(self, values: Mapping[str, Any], **body: Any) -> Mapping[str, Any]:
        listed = [{"id": field_id, "field_value": value} for field_id, value in values.items()]
        return self._put({**body, "customFields": listed})

    def _put(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self.id:
            raise InvariantError("there is no contact of the probe")
        path = {"contact_id": self.id}
        answer = self._api.call("PUT", PATH, path, body=body, repeatable=True)
        shown = answer.json_object().get("contact")
        return shown if isinstance(shown, Mapping) else {}

    def row(self) -> search.Row | None:
        """Its row in the search, if it is there by now."""
        filters = [search.equals("email", self.address.lower())]
        rows = search.search(self._api, 10, filters=filters).rows
        return next((row for row in rows if usable_id(row) == self.id), None)

    def await_row(self, *tags: str) -> tuple[search.Row | None, float]:
        """The row once the search shows it with these tags, or None; and the seconds waited."""
        waited = 0.0
        for waited in self._looks():
            row = self.row()
            shown = None if row is None else row.get("tags")
            if row is not None and set(tags) <= set(shown if isinstance(shown, list) else []):
                return row, waited
        return None, waited

    def await_absence(self) -> tuple[bool, float]:
        """Whether the search stops showing it; and the seconds waited for that."""
        waited = 0.0
        for waited in self._looks():
            if self.row() is None:
                return True, waited
        return False, waited

    def _looks(self) -> Iterator[float]:
        """Moments at which to look at the search, in seconds waited, up to the permitted lag."""
        waited = 0.0
        for pause in (*LOOKS_AFTER_S, *(30.0 for _ in range(int(self._lag_s // 30) + 1))):
            seconds = min(pause, self._lag_s - waited)
            if waited and seconds <= 0:
                return
            self._api.pause(seconds)
            waited += seconds
            yield waited

    # Removed

    def remove(self) -> Sequence[str]:
        """Remove it, and whatever else came into being by the way.

        Returns:
            A sentence for each contact that stays.
        """
        known = [remote_id for remote_id in (self.id, *self._seconds) if remote_id]
        try:
            ids = dict.fromkeys([*known, *self._ours()])
        except SyncdError as error:
            ids = dict.fromkeys(known)
            if not ids and self._began is not None:
                return [_told(f"whether a contact was made is not known ({error.message})")]
        return [said for remote_id in ids if (said := self._removed(remote_id))]

    def _removed(self, remote_id: str) -> str:
        try:
            self._api.call("DELETE", PATH, {"contact_id": remote_id}, repeatable=True)
        except GoneError:
            return ""
        except SyncdError as error:
            return _told(f"contact {remote_id} was not removed ({error.message})")
        return ""


def _told(what: str) -> str:
    said = f"{what}: look for it, and remove it by hand in GHL"
    log.warning("ghl, probe: %s", said)
    return said


def _id_in(answer: Mapping[str, Any]) -> str:
    contact = answer.get("contact")
    found = usable_id(contact) if isinstance(contact, Mapping) else None
    if found is None:
        raise InDoubtError("a contact was made for the probe, but the answer does not show it")
    return found


def _unfit(why: str) -> ConfigError:
    return ConfigError(
        f"The address for the probe {why}.",
        hint="Give another one with `--address`, at a domain that nobody reads.",
    )
