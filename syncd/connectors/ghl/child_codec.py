"""Notes, tasks and appointments on the wire and as records. Source: ghl.md 4.

A key that is missing says nothing: whether GHL leaves out what is empty, as it does with
contacts, is documented for none of them, and an edit must not be made up.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from syncd.connectors.ghl.codec import usable
from syncd.connectors.ghl.values import ODD, READERS, Unknown, moment
from syncd.errors import RecordError, TransientError
from syncd.http.answer import Answer
from syncd.model.record import Record
from syncd.model.spec import Catalogue, FieldSpec, Kind
from syncd.model.values import Patch, SetDelta, Value

ReadTime = Callable[[Any], datetime | Unknown | None]
UPDATED = "dateUpdated"


def zoned_time(value: Any) -> datetime | Unknown | None:
    """An ISO text with its offset, or epoch milliseconds, as aware UTC; what lacks one is odd."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and not has_offset(value):
        return ODD
    at = moment(value)
    return ODD if at is None else at


def has_offset(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def to_child(
    shown: Mapping[str, Any],
    fields: Catalogue,
    parent_id: str | None,
    *,
    read_time: ReadTime = zoned_time,
    certain: bool = True,
) -> Record | None:
    """One record as GHL shows it; None without a usable id, or without a contact.

    Args:
        parent_id: the contact that it belongs to unless it names another one.
    """
    remote_id = usable(shown.get("id"))
    parent = usable(shown["contactId"]) if shown.get("contactId") else parent_id
    if remote_id is None or parent is None:
        return None
    read = {
        name: _reader(spec, read_time)(shown[name])
        for name, spec in fields.items()
        if name in shown
    }
    odd = frozenset(name for name, value in read.items() if value is ODD)
    modified = read.get(UPDATED)
    modified = modified if isinstance(modified, datetime) else None
    return Record(
        remote_id,
        {name: value for name, value in read.items() if not isinstance(value, Unknown)},
        version=_sortable(modified) if modified else None,
        modified=modified,
        certain=certain,
        parent_id=parent,
        odd=odd,
    )


def _reader(spec: FieldSpec, read_time: ReadTime) -> Callable[[Any], Value | Unknown]:
    return read_time if spec.kind is Kind.DATETIME else READERS[spec.kind]


def _sortable(at: datetime) -> str:
    """The spellings of its own times differ from call to call, so none of them is kept."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rows_of(answer: Answer, *keys: str) -> list[Mapping[str, Any]]:
    """The rows of a listing that must be whole, under the first of the keys that is there.

    Raises:
        TransientError: it is no list of objects with ids, so that who is missing is unknown.
    """
    shown = answer.json_object()
    listed = next((shown[key] for key in keys if key in shown), None)
    if not isinstance(listed, list):
        raise TransientError(f"{answer.label} was answered without a list of {keys[0]}")
    if not all(isinstance(row, Mapping) and isinstance(row.get("id"), str) for row in listed):
        raise TransientError(f"{answer.label} was answered with {keys[0]} that have no id")
    return listed


def rows_of_contact(answer: Answer, *keys: str) -> list[Mapping[str, Any]]:
    """As `rows_of`, of a contact's own list, which tells who is gone.

    Raises:
        TransientError: also where it cannot be read of a row whose it is.
    """
    rows = rows_of(answer, *keys)
    if not all(isinstance(row.get("contactId"), str | None) for row in rows):
        raise TransientError(f"{answer.label} was answered with {keys[0]} of nobody")
    return rows


def to_body(patch: Patch, fields: Catalogue) -> dict[str, Any]:
    """The body that writes these values.

    Raises:
        RecordError: `unknown_field`, `read_only`, `not_clearable`, `not_a_choice`, or
            `bad_value` for what the field cannot hold.
    """
    return {name: _wired(name, fields.get(name), value) for name, value in patch.items()}


def _wired(name: str, spec: FieldSpec | None, value: Value | SetDelta) -> Any:
    if spec is None or spec.read_only:
        code = "unknown_field" if spec is None else "read_only"
        raise _refused(name, "cannot be written", code)
    match spec.kind, value:
        case _, None:
            if not spec.clearable:
                raise _refused(name, "cannot be emptied", "not_clearable")
            return ""
        case Kind.TEXT, str():
            return value
        case Kind.CHOICE, str():
            if value not in spec.choices:
                raise _refused(name, "is none of its options", "not_a_choice")
            return value
        case Kind.BOOLEAN, bool():
            return value
        case Kind.DATETIME, datetime() if value.tzinfo is not None:
            return to_wire_time(value)
    raise _refused(name, f"is no {spec.kind.value}", "bad_value")


def to_wire_time(at: datetime) -> str:
    """ISO 8601 with an offset, which appointments need (4.4); fractions only where there are."""
    at = at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds")


def _refused(name: str, why: str, code: str) -> RecordError:
    return RecordError(f"the value for '{name}' {why}; nothing was sent", code=code, fields=(name,))


def shows(record: Record, patch: Patch) -> bool:
    """Whether a record shows every value that was written; an empty text is an empty field."""
    return all(
        name in record.fields and _alike(record.fields[name], value)
        for name, value in patch.items()
    )


def could_be(record: Record, patch: Patch) -> bool:
    """Whether nothing that a record shows is other than what was written."""
    shown = {name: value for name, value in patch.items() if name in record.fields}
    return shows(record, shown)


def _alike(shown: Value, wanted: Value | SetDelta) -> bool:
    if isinstance(shown, str) and isinstance(wanted, str):
        return shown.strip() == wanted.strip()
    return shown == wanted or (shown in (None, "") and wanted in (None, ""))
