"""Contacts on the wire and as records: `to_record` and `to_wire`, each the other's inverse.

Source: ghl.md 3.2 (rows of a search), 3.5 (one contact), 3.6 and 3.8 (writing), 3.12.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum, auto
from typing import Any, Final

from syncd.connectors.ghl import dnd
from syncd.connectors.ghl.catalogue import CustomField, CustomFields
from syncd.connectors.ghl.spec import ADDITIONAL, CONSENT, CUSTOM, FIELDS, TAGS
from syncd.errors import RecordError
from syncd.model.record import Record, is_usable_id
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Patch, Value


class Shape(Enum):
    """Where an object that shows a contact comes from; decides what a missing key means."""

    ROW = auto()  # of a search: names in lower case, an index that lags; missing is unknown
    WHOLE = auto()  # GET by id: GHL leaves empty values out, so missing is empty
    ANSWER = auto()  # of a write: missing is unknown


class _Unknown(Enum):
    """What stands for the value of a field that tells none; it is never taken for empty."""

    HIDDEN = auto()  # it is not shown
    ODD = auto()  # it holds what is no value of its kind


HIDDEN: Final = _Unknown.HIDDEN
ODD: Final = _Unknown.ODD
LONGEST_TIME = 40  # characters; an ISO time with nine decimals has 35
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_FIRST = re.compile(r"(\d{4})[-/._](\d{2})[-/._](\d{2})(?:$|[T ])")
_YEAR_LAST = re.compile(r"(\d{2})[-/._](\d{2})[-/._](\d{4})$")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?$")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?$")

# Keys under which a search row shows a field, if not under its own name (3.2). The plain
# names of a row are in lower case and are therefore never read.
ROW_KEYS = {"firstName": "firstNameRaw", "lastName": "lastNameRaw"}
ROW_ALIASES = {"address1": "address"}


def to_record(contact: Mapping[str, Any], custom: CustomFields, shape: Shape) -> Record | None:
    """One contact as GHL shows it; None if it has no id.

    A value of the wrong type makes that one field unknown, and odd.
    """
    remote_id = usable_id(contact)
    if remote_id is None:
        return None
    read = {name: _standard(contact, name, spec, shape) for name, spec in FIELDS.items()}
    read.update(_custom(contact, custom, shape))
    updated = contact.get("dateUpdated")
    modified = moment(updated)
    return Record(
        remote_id,
        {name: value for name, value in read.items() if not isinstance(value, _Unknown)},
        version=_version(updated, modified),
        modified=modified,
        certain=shape is not Shape.ROW,
        odd=frozenset(name for name, value in read.items() if value is ODD),
    )


def usable_id(contact: Mapping[str, Any]) -> str | None:
    """GHL's id of a contact; None for one that could not be put into a path."""
    remote_id = contact.get("id")
    if not isinstance(remote_id, str) or not remote_id.strip(". "):
        return None
    return remote_id if is_usable_id(remote_id) else None


def _version(updated: Any, modified: datetime | None) -> str | None:
    if modified is None:
        return None
    if isinstance(updated, str) and len(updated) <= LONGEST_TIME:
        return updated
    return modified.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _standard(
    contact: Mapping[str, Any], name: str, spec: FieldSpec, shape: Shape
) -> Value | _Unknown:
    if name == CONSENT:
        return _consent(contact, shape)
    key = row_key(contact, name) if shape is Shape.ROW else name
    if key is None or key not in contact:
        # Tags are shown as a list, empty or not, so their absence says nothing.
        return empty(spec.kind) if shape is Shape.WHOLE and name != TAGS else HIDDEN
    return _read_addresses(contact[key]) if name == ADDITIONAL else READERS[spec.kind](contact[key])


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


def _consent(contact: Mapping[str, Any], shape: Shape) -> Consent | _Unknown:
    shown = dnd.consent(contact)
    if shown is not None:
        return shown
    if shape is Shape.WHOLE and contact.get("dndSettings") is None:
        return dnd.consent({"dndSettings": {}}) or HIDDEN
    return HIDDEN


def _custom(
    contact: Mapping[str, Any], custom: CustomFields, shape: Shape
) -> dict[str, Value | _Unknown]:
    """Values of custom fields; those that the list does not name are empty.

    In the answer of a write they are unknown instead: nothing says that it lists all.
    """
    listed = contact.get("customFields")
    if not isinstance(listed, list):
        return {}
    fields: dict[str, Value | _Unknown] = {}
    if shape is not Shape.ANSWER:
        fields = {name: empty(field.spec.kind) for name, field in custom.by_name.items()}
    for item in listed:
        field = custom.by_id.get(item["id"]) if _names_a_field(item) else None
        if field is None:
            continue
        fields[field.spec.name] = READERS[field.spec.kind](_value_of(item))
    return fields


def _names_a_field(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("id"), str)


def _value_of(item: Mapping[str, Any]) -> Any:
    """Reading says `value`, writing `field_value`, v3 `fieldValue` (3.8)."""
    for key in ("value", "field_value", "fieldValue"):
        if key in item:
            return item[key]
    return None


def empty(kind: Kind) -> Value:
    return frozenset() if kind is Kind.SET else None


def _read_text(value: Any) -> str | _Unknown | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else ODD


def _read_date(value: Any) -> date | _Unknown | None:
    """YYYY-MM-DD, any form that GHL accepts, an ISO time, or epoch milliseconds."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        year_first, year_last = _YEAR_FIRST.match(value), _YEAR_LAST.match(value)
        try:
            if year_first:
                year, month, day = map(int, year_first.groups())
                return date(year, month, day)
            if year_last:
                month, day, year = map(int, year_last.groups())
                return date(year, month, day)
        except ValueError:
            return ODD
        return ODD
    at = moment(value)
    return at.date() if at else ODD


def _read_number(value: Any) -> float | _Unknown | None:
    """A number, or its text; GHL's money may hold thousands separators (3.8)."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        text = value.strip()
        if _THOUSANDS.match(text):
            text = text.replace(",", "")
        if not _NUMBER.match(text):
            return ODD
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ODD
    try:
        number = float(value)
    except OverflowError:
        return ODD
    return number if math.isfinite(number) else ODD


def _read_boolean(value: Any) -> bool | _Unknown | None:
    """A checkbox reads back as `["true"]` (3.8)."""
    match value:
        case None | "" | []:
            return None
        case bool():
            return value
        case (str() as text) | [str() as text] if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case _:
            return ODD


def _read_set(value: Any) -> frozenset[str] | _Unknown:
    if value is None or value == "":
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
        return ODD
    return frozenset(member for member in value if member)


def _read_addresses(value: Any) -> frozenset[str] | _Unknown:
    """Objects `{email, …}`, as a contact shows them (3.5), or plain texts; null is none."""
    if value is not None and not isinstance(value, list):
        return ODD
    shown = [one.get("email") if isinstance(one, Mapping) else one for one in value or ()]
    return frozenset(address for address in shown if isinstance(address, str) and address)


READERS: Mapping[Kind, Callable[[Any], Value | _Unknown]] = {
    Kind.TEXT: _read_text,
    Kind.EMAIL: _read_text,
    Kind.PHONE: _read_text,
    Kind.COUNTRY: _read_text,
    Kind.CHOICE: _read_text,
    Kind.DATE: _read_date,
    Kind.NUMBER: _read_number,
    Kind.BOOLEAN: _read_boolean,
    Kind.SET: _read_set,
}


def moment(value: Any) -> datetime | None:
    """An ISO text or epoch milliseconds as aware UTC; None if it is neither."""
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _EPOCH + timedelta(milliseconds=value)
    except (ValueError, OverflowError):
        return None
    return None


def epoch_ms(at: datetime) -> int:
    """Whole milliseconds since 1970, rounded down; GHL's filters take nothing else safely."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


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
