"""A contact as JSON, and as a record; each direction the inverse of the other.

Source: mailercloud.md 5.7, 5.8 (what answers show), 6.2 (both vocabularies are read), 7
(tags by name), 9 (status). What an answer does not mention is left out of the record
(unknown); what it shows as empty is None.
"""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from syncd.connectors.mailercloud.fields import (
    CONSENT,
    CUSTOM,
    EMAIL,
    MODERN,
    STANDARD,
    TAGS,
    Properties,
    Property,
)
from syncd.connectors.mailercloud.values import (
    LONGEST_SHOWN,
    OddValueError,
    from_wire,
    to_wire,
)
from syncd.errors import RecordError
from syncd.model.record import Record, is_usable_id
from syncd.model.spec import FieldSpec
from syncd.model.values import Consent, Fields, Level, Patch, SetDelta, Value

SOURCE = "mailercloud"

_CONTAINERS = ("custom_fields", "custom_properties", "properties")
_TAG_KEYS = ("tags", "tag_names", "tag")
_STATUS_KEYS = ("contact_type", "status")
# `bounce` is no opt-out: a soft one passes, and a hard one is nobody's wish (9.2).
_OPTED_OUT = ("unsub", "optedout", "optout", "abuse", "spam", "complain", "suppress")
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Shown:
    """What one row or contact shows.

    Attributes:
        fields: as they can be read; odd: names of those that cannot.
    """

    id: str
    fields: Fields
    odd: frozenset[str]

    def mentions(self, name: str) -> bool:
        """Whether it shows a field, with a value or as empty.

        Of an address or an opt-out that is not shown nothing can be told, so they never count.
        """
        return (name in self.fields or name in self.odd) and name not in (EMAIL, CONSENT)

    def record(self, *, certain: bool, silent: Collection[str] = ()) -> Record:
        """The record; as `to_record`."""
        unsaid = (n for n in silent if n not in self.fields and n not in self.odd)
        empty = {name: None for name in unsaid if name not in (EMAIL, CONSENT)}
        return Record(self.id, {**self.fields, **empty}, certain=certain, odd=self.odd)


def to_record(
    contact: Any,
    properties: Properties,
    *,
    certain: bool,
    silent: Collection[str] = frozenset(),
) -> Record | None:
    """What one row or contact shows; None if it has no id by which to refer to it.

    Args:
        silent: fields that are empty where they are not mentioned; others are unknown then.
    """
    shown = Decoder(properties).read(contact)
    return None if shown is None else shown.record(certain=certain, silent=silent)


def id_of(contact: Mapping[str, Any]) -> str | None:
    """The contact's id; None for one that could not be referred to or put into a path."""
    found = contact.get("id", contact.get("contact_id"))
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    remote_id = str(found)
    return remote_id if is_usable_id(remote_id) and remote_id.strip(". ") else None


class Decoder:
    """Reads many contacts; what depends on the catalogue alone is settled once."""

    def __init__(self, properties: Properties) -> None:
        self._standard = [(name, _keys(name, properties), spec) for name, spec in STANDARD.items()]
        self._custom = list(properties.custom.items())

    def read(self, contact: Any) -> Shown | None:
        """None if it has no id by which to refer to it."""
        remote_id = id_of(contact) if isinstance(contact, Mapping) else None
        if remote_id is None:
            return None
        fields: dict[str, Value] = {}
        odd: list[str] = []
        email = contact.get(EMAIL)
        if isinstance(email, str) and email.strip():  # hidden, not empty, if it is not there
            fields[EMAIL] = email.strip()
        for name, value, spec in self._values(contact):
            try:
                fields[name] = from_wire(value, spec)
            except OddValueError:
                odd.append(name)
        tags = tags_of(contact)
        if tags is not None:
            fields[TAGS] = tags
        elif any(key in contact for key in _TAG_KEYS):
            odd.append(TAGS)
        if is_opt_out(status_of(contact)):
            fields[CONSENT] = Consent(Level.REVOKED, None, SOURCE)
        return Shown(remote_id, fields, frozenset(odd))

    def _values(self, contact: Mapping[str, Any]) -> Iterator[tuple[str, Any, FieldSpec]]:
        """What is shown of each field under the first of its keys that has a value, or is there."""
        for name, keys, spec in self._standard:
            value = _NOTHING
            for key in keys:
                if key in contact and (value is _NOTHING or value in (None, "")):
                    value = contact[key]
            if value is not _NOTHING:
                yield name, value, spec
        for name, found in self._custom:
            value = _custom_value(contact, found)
            if value is not _NOTHING:
                yield name, value, found.spec


def _keys(name: str, properties: Properties) -> tuple[str, ...]:
    """What a standard field may be called: as it is in this account, then in either vocabulary."""
    word = properties.words.get(name, name)
    return tuple(dict.fromkeys((word, name, MODERN.get(name, name))))


def _custom_value(contact: Mapping[str, Any], wanted: Property) -> Any:
    """What an answer shows of a property, by its id, its key or its label.

    A container lists the values that there are, so one that it leaves out is empty.
    """
    listed = _NOTHING
    for container in _CONTAINERS:
        if container not in contact:
            continue
        match contact[container]:
            case dict() as values:
                for key in (wanted.id, wanted.key, wanted.label):
                    if key in values:
                        return values[key]
                listed = None
            case list() as entries:
                for entry in entries:
                    if isinstance(entry, Mapping) and _is_about(entry, wanted):
                        return entry.get("value", entry.get("field_value"))
                listed = None
    for key in (wanted.id, wanted.key):
        if key in contact and key not in STANDARD and key != EMAIL:
            return contact[key]
    return listed


def _is_about(entry: Mapping[str, Any], wanted: Property) -> bool:
    for key in ("id", "property_id", "field_id", "custom_field_id"):
        if key in entry:
            return bool(entry[key] == wanted.id)
    names = [entry[key] for key in ("key", "field_name", "name", "label") if key in entry]
    return wanted.label in names or wanted.key in names


def tags_of(contact: Mapping[str, Any]) -> frozenset[str] | None:
    """Names of tags; None if the answer does not mention them in a way that can be read.

    A tag whose name cannot be read makes all of them unknown: left out, it would look as if
    somebody had taken it off.
    """
    for key in _TAG_KEYS:
        match contact.get(key, _NOTHING):
            case list() as rows:
                named = [_tag_name(row) for row in rows]
                names = [name for name in named if name is not None]
                if len(names) < len(named):
                    return None
            case str() as joined:
                names = joined.split(",")
            case None:
                names = []
            case _:
                continue
        stripped = {name.strip() for name in names} - {""}
        return frozenset(stripped) if max(map(len, stripped), default=0) <= LONGEST_SHOWN else None
    return None


def _tag_name(row: Any) -> str | None:
    """The name of a tag, listed as such or in an object; None if it cannot be read."""
    if isinstance(row, Mapping):
        row = next((row[key] for key in ("tag_name", "name") if key in row), None)
    return row if isinstance(row, str) else None


def tag_key(name: str) -> str:
    """The form in which tags are compared, which is also how rules see them."""
    return unicodedata.normalize("NFC", name.strip().lower())


def status_of(contact: Mapping[str, Any]) -> str | None:
    """The status in lower case without spaces; None if none is shown."""
    for key in _STATUS_KEYS:
        shown = contact.get(key)
        if isinstance(shown, str) and shown.strip():
            return shown.lower().replace(" ", "").replace("_", "").replace("-", "")
    return None


def is_opt_out(status: str | None) -> bool:
    return status is not None and any(stem in status for stem in _OPTED_OUT)


def to_body(patch: Patch, properties: Properties, *, creating: bool) -> dict[str, Any]:
    """The JSON that writes the fields of a patch, without address, tags and consent.

    Empty is sent as "" in an update; a new contact leaves it out, as it has nothing yet
    and some calls refuse an empty text (mailercloud.md 5.3).

    Raises:
        RecordError: a field cannot be written, or its value could not be stored.
    """
    body: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for name, value in patch.items():
        if name in (EMAIL, TAGS, CONSENT):
            continue
        own = properties.custom.get(name)
        spec = own.spec if own else STANDARD.get(name)
        if spec is None or spec.read_only:
            code = "unknown_field" if spec is None and name.startswith(CUSTOM) else "not_writable"
            raise RecordError(f"The field {name} cannot be written", code=code, fields=(name,))
        sent = to_wire(value, spec)
        if sent is None and creating:
            continue
        place, key = (custom, own.id) if own else (body, properties.words[name])
        place[key] = "" if sent is None else sent
    return {**body, "custom_fields": custom} if custom else body


def tags_to_add(value: Value | SetDelta) -> frozenset[str]:
    """The tags that a patch wants there.

    Raises:
        RecordError: it is no set of names that Mailercloud could hold.
    """
    wanted = value.add if isinstance(value, SetDelta) else value
    if wanted is None:
        return frozenset()
    if not isinstance(wanted, frozenset) or not all(isinstance(tag, str) for tag in wanted):
        raise RecordError("The value of tags is no set", code="invalid", fields=(TAGS,))
    return frozenset(tag.strip() for tag in wanted if tag.strip())
