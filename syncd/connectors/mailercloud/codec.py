"""A contact as JSON, and as a record; each direction the inverse of the other.

Source: mailercloud.md 5.7, 5.8 (what answers show), 6.2 (both vocabularies are read), 7
(tags by name), 9 (status). What an answer does not mention is left out of the record
(unknown); what it shows as empty is None.
"""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from syncd.connectors.mailercloud.answers import words
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
from syncd.model.values import Consent, Level, Patch, SetDelta, Value

SOURCE = "mailercloud"

_CONTAINERS = ("custom_fields", "custom_properties", "properties")
_TAG_KEYS = ("tags", "tag_names", "tag")
_STATUS_KEYS = ("contact_type", "status")
# `bounce` is no opt-out: a soft one passes, and a hard one is nobody's wish (9.2).
_OPTED_OUT = ("unsub", "optedout", "optout", "abuse", "spam", "complain", "suppress")
_NOTHING = object()


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
    if not isinstance(contact, Mapping):
        return None
    remote_id = id_of(contact)
    if remote_id is None:
        return None
    odd: set[str] = set()
    fields = dict(_shown(contact, properties, odd))
    for name in silent:
        if name not in (EMAIL, CONSENT) and not _mentions(contact, name, properties):
            fields[name] = None
    return Record(remote_id, fields, certain=certain, odd=frozenset(odd))


def id_of(contact: Mapping[str, Any]) -> str | None:
    """The contact's id; None for one that could not be referred to or put into a path."""
    found = contact.get("id", contact.get("contact_id"))
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    remote_id = str(found)
    return remote_id if is_usable_id(remote_id) and remote_id.strip(". ") else None


def mentioned(contact: Mapping[str, Any], names: Collection[str], known: Properties) -> set[str]:
    """Those of the fields that an answer mentions, with a value or as empty."""
    return {name for name in names if _mentions(contact, name, known)}


def _mentions(contact: Mapping[str, Any], name: str, properties: Properties) -> bool:
    if name == TAGS:
        return any(key in contact for key in _TAG_KEYS)
    if name in STANDARD:
        return any(key in contact for key in (name, MODERN.get(name, name)))
    found = properties.custom.get(name)
    return found is not None and _custom_value(contact, found) is not _NOTHING


def _shown(
    contact: Mapping[str, Any], properties: Properties, odd: set[str]
) -> Iterator[tuple[str, Value]]:
    """The fields that are shown; names of those that cannot be read are added to `odd`."""
    email = contact.get(EMAIL)
    if isinstance(email, str) and email.strip():  # hidden, not empty, if it is not there
        yield EMAIL, email.strip()
    for name, spec in STANDARD.items():
        values = [contact[k] for k in _keys(name, properties) if k in contact]
        full = [v for v in values if v not in (None, "")]
        if values:
            yield from _decoded((full or values)[0], name, spec, odd)
    for name, found in properties.custom.items():
        value = _custom_value(contact, found)
        if value is not _NOTHING:
            yield from _decoded(value, name, found.spec, odd)
    tags = tags_of(contact)
    if tags is not None:
        yield TAGS, tags
    elif any(key in contact for key in _TAG_KEYS):
        odd.add(TAGS)
    if is_opt_out(status_of(contact)):
        yield CONSENT, Consent(Level.REVOKED, None, SOURCE)


def _keys(name: str, properties: Properties) -> tuple[str, ...]:
    word = properties.words.get(name, name)
    return (word, *(k for k in dict.fromkeys((name, MODERN.get(name, name))) if k != word))


def _decoded(shown: Any, name: str, spec: FieldSpec, odd: set[str]) -> Iterator[tuple[str, Value]]:
    try:
        yield name, from_wire(shown, spec)
    except OddValueError:
        odd.add(name)


def _custom_value(contact: Mapping[str, Any], wanted: Property) -> Any:
    """What an answer shows of a property, by its id, its key or its label.

    A container lists the values that there are, so one that it leaves out is empty.
    """
    listed = _NOTHING
    for container in _CONTAINERS:
        match contact.get(container):
            case Mapping() as values:
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
                if any(_is_nameless(row) for row in rows):
                    return None
                names = words(rows, "tag_name", "name")
            case str() as joined:
                names = joined.split(",")
            case None:
                names = []
            case _:
                continue
        stripped = {name.strip() for name in names} - {""}
        return frozenset(stripped) if max(map(len, stripped), default=0) <= LONGEST_SHOWN else None
    return None


def _is_nameless(row: Any) -> bool:
    named = (
        [row[k] for k in ("tag_name", "name") if k in row] if isinstance(row, Mapping) else [row]
    )
    return not named or not isinstance(named[0], str)


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
