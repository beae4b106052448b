"""Contacts on the wire and as records: `to_record` and `to_wire`, each the other's inverse.

Source: ghl.md 3.2 (rows of a search), 3.5 (one contact), 3.6 and 3.8 (writing), 3.12.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import Enum, auto
from typing import Any

from syncd.connectors.ghl import dnd
from syncd.connectors.ghl.catalogue import CustomField, CustomFields
from syncd.connectors.ghl.spec import ADDITIONAL, CONSENT, CUSTOM, FIELDS, TAGS
from syncd.connectors.ghl.values import ODD, READERS, Unknown, moment, read_addresses
from syncd.errors import RecordError
from syncd.model.record import Record, is_usable_id
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Patch, Value


class Shape(Enum):
    """Where an object that shows a contact comes from; decides what a missing key means."""

    ROW = auto()  # of a search: names in lower case, an index that lags; missing is unknown
    WHOLE = auto()  # GET by id: GHL leaves empty values out, so missing is empty
    ANSWER = auto()  # of a write: missing is unknown


LONGEST_TIME = 40  # characters; an ISO time with nine decimals has 35

# Keys under which a search row shows a field, if not under its own name (3.2). The plain
# names of a row are in lower case and are therefore never read.
ROW_KEYS = {"firstName": "firstNameRaw", "lastName": "lastNameRaw"}
ROW_ALIASES = {"address1": "address"}


# What a key tells, by the field it belongs to; of None it makes what stands for empty.
_READERS = {
    name: read_addresses if name == ADDITIONAL else READERS[spec.kind]
    for name, spec in FIELDS.items()
    if name != CONSENT
}


def to_record(contact: Mapping[str, Any], custom: CustomFields, shape: Shape) -> Record | None:
    """One contact as GHL shows it; None if it has no id.

    A value of the wrong type makes that one field unknown, and odd.
    """
    return Decoder(custom, shape).record(contact)


class Decoder:
    """Reads many contacts of one shape; what depends on the fields alone is settled once."""

    def __init__(self, custom: CustomFields, shape: Shape) -> None:
        self._shape = shape
        keys = ROW_KEYS if shape is Shape.ROW else {}
        # Name, key, what reads the key's value, and what stands for empty.
        self._standard = [
            (name, keys.get(name, name), read, read(None)) for name, read in _READERS.items()
        ]
        self._by_id = {
            field.id: (field.spec.name, READERS[field.spec.kind]) for field in custom.by_id.values()
        }
        # In the answer of a write nothing says that it lists all custom fields.
        blank = () if shape is Shape.ANSWER else custom.by_name.items()
        self._blank = {name: READERS[field.spec.kind](None) for name, field in blank}

    def record(self, contact: Mapping[str, Any]) -> Record | None:
        """As `to_record`."""
        remote_id = usable_id(contact)
        if remote_id is None:
            return None
        fields = self._shown(contact)
        odd: frozenset[str] = frozenset()
        if ODD in fields.values():
            odd = frozenset(name for name, value in fields.items() if value is ODD)
            fields = {name: value for name, value in fields.items() if value is not ODD}
        updated = contact.get("dateUpdated")
        modified = moment(updated)
        return Record(
            remote_id,
            fields,
            version=_version(updated, modified),
            modified=modified,
            certain=self._shape is not Shape.ROW,
            odd=odd,
        )

    def _shown(self, contact: Mapping[str, Any]) -> dict[str, Any]:
        """What is shown of every field, `ODD` among it, and what is known to be empty."""
        fields: dict[str, Any] = {}
        for name, key, read, empty in self._standard:
            if key in contact:
                value = contact[key]
                fields[name] = empty if value is None else read(value)
            elif self._shape is Shape.WHOLE and name != TAGS:
                # Tags are shown as a list, empty or not, so their absence says nothing.
                fields[name] = empty
            elif self._shape is Shape.ROW and (other := row_key(contact, name)) is not None:
                fields[name] = read(contact[other])
        consent = _consent(contact, self._shape)
        if consent is not None:
            fields[CONSENT] = consent
        listed = contact.get("customFields")
        if isinstance(listed, list):  # custom fields that it does not name are empty
            fields.update(self._blank)
            fields.update(self._custom(listed))
        return fields

    def _custom(self, listed: list[Any]) -> Iterator[tuple[str, Value | Unknown]]:
        for item in listed:
            remote_id = item.get("id") if isinstance(item, dict) else None
            if isinstance(remote_id, str) and remote_id in self._by_id:
                name, read = self._by_id[remote_id]
                yield name, read(_value_of(item))


def usable_id(contact: Mapping[str, Any]) -> str | None:
    """GHL's id of a contact; None for one that could not be put into a path."""
    return usable(contact.get("id"))


def usable(remote_id: Any) -> str | None:
    """An id that can be kept, and put into a path; None for anything else."""
    if not isinstance(remote_id, str) or not remote_id.strip(". "):
        return None
    return remote_id if is_usable_id(remote_id) else None


def _version(updated: Any, modified: datetime | None) -> str | None:
    if modified is None:
        return None
    if isinstance(updated, str) and len(updated) <= LONGEST_TIME:
        return updated
    return modified.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def row_key(row: Mapping[str, Any], name: str) -> str | None:
    """The key under which a search row shows a field as it was typed; None if it does not."""
    raw = ROW_KEYS.get(name)
    if raw is not None:
        if raw in row:
            return raw
        return name if name in row and row[name] is None else None
    if name in row:
        return name
    alias = ROW_ALIASES.get(name)
    return alias if alias in row else None


def _consent(contact: Mapping[str, Any], shape: Shape) -> Consent | None:
    """None if it is not shown."""
    shown = dnd.consent(contact)
    if shown is None and shape is Shape.WHOLE and contact.get("dndSettings") is None:
        return dnd.consent({"dndSettings": {}})
    return shown


def _value_of(item: Mapping[str, Any]) -> Any:
    """Reading says `value`, writing `field_value`, v3 `fieldValue` (3.8)."""
    for key in ("value", "field_value", "fieldValue"):
        if key in item:
            return item[key]
    return None


def to_wire(patch: Patch, custom: CustomFields) -> dict[str, Any]:
    """The body that writes these values; the inverse of `to_record`.

    Sets must be whole. Consent has no place here: it needs the other channels (`dnd`), nor
    have tags, whose replacement would wipe what others added (gotcha 5).

    Raises:
        RecordError: `unknown_field`, or `bad_value` for what the field cannot hold.
    """
    body: dict[str, Any] = {}
    listed: list[dict[str, Any]] = []
    for name, value in patch.items():
        field = custom.by_name.get(name)
        if field is not None:
            listed.append({"id": field.id, "field_value": _custom_to_wire(field, value)})
        elif name in FIELDS and name not in (TAGS, CONSENT, ADDITIONAL):
            body[name] = _plain_to_wire(FIELDS[name], value)
        else:
            raise RecordError(
                f"'{name}' cannot be written here",
                code="unknown_field",
                fields=(name,),
                hint=f"Is it still under Settings > Custom Fields? Its name starts with {CUSTOM}"
                if name.startswith(CUSTOM)
                else "",
            )
    if listed:
        body["customFields"] = listed
    return body


def _plain_to_wire(spec: FieldSpec, value: object) -> Any:
    match spec.kind, value:
        case _, None:
            return None
        case ((Kind.TEXT | Kind.EMAIL | Kind.PHONE | Kind.COUNTRY | Kind.CHOICE), str()):
            _require(not spec.choices or value in spec.choices, spec, "not_a_choice")
            return value
        case Kind.DATE, date():
            return value.isoformat()[:10]
        case ((Kind.NUMBER | Kind.INTEGER), bool()):
            pass
        case ((Kind.NUMBER | Kind.INTEGER), int() | float()) if math.isfinite(value):
            return int(value) if float(value).is_integer() else value
        case Kind.BOOLEAN, bool():
            return str(value).lower()
        case Kind.SET, frozenset():
            _require(not spec.choices or value <= set(spec.choices), spec, "not_a_choice")
            return sorted(value)
    raise _bad(spec, "bad_value")


def _custom_to_wire(field: CustomField, value: object) -> Any:
    """An empty custom field is written as "" or []: the schema has no null for it (3.8)."""
    if value is None or value == frozenset():
        return [] if field.listed else ""
    wired = _plain_to_wire(field.spec, value)
    return [wired] if field.listed and isinstance(wired, str) else wired


def _require(holds: bool, spec: FieldSpec, code: str) -> None:
    if not holds:
        raise _bad(spec, code)


def _bad(spec: FieldSpec, code: str) -> RecordError:
    what = "none of its options" if code == "not_a_choice" else f"no {spec.kind.value}"
    return RecordError(
        f"the value for '{spec.name}' is {what}; GHL would drop it or refuse the contact",
        code=code,
        fields=(spec.name,),
    )
