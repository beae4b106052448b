"""What belongs to a contact, as JSON and as a record: the kind of each field says how."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from syncd.core.normalise import clean_text
from syncd.errors import RecordError
from syncd.http.answer import Answer
from syncd.model.record import Record, is_usable_id
from syncd.model.spec import Catalogue, FieldSpec, Kind
from syncd.model.values import Patch, SetDelta, Value
from syncd.testing.example.codec import missing, moment_of


def to_child(item: Any, answer: Answer, fields: Catalogue, parent_id: str | None = None) -> Record:
    """What one item shows; as `to_record`, with the contact to which it belongs.

    Args:
        parent_id: its contact, where the item need not say so.

    Raises:
        TransientError: it is no record, or nobody can tell whose.
    """
    if not isinstance(item, Mapping) or not is_usable_id(str(item.get("id", ""))):
        raise missing(answer, "a record with an id")
    parent = item.get("contact_id", parent_id)
    if not isinstance(parent, str) or not is_usable_id(parent):
        raise missing(answer, "the contact of a record")
    changed = item.get("changed_at")
    if item.get("deleted") is True:
        return Record(item["id"], {}, version=changed, gone=True, parent_id=parent)
    values: dict[str, Value] = {}
    odd: set[str] = set()
    for name, spec in fields.items():
        if name in item:
            try:
                values[name] = _read(spec, item[name])
            except (ValueError, TypeError):
                odd.add(name)
    return Record(
        item["id"],
        values,
        version=changed,
        modified=moment_of(changed),
        parent_id=parent,
        odd=frozenset(odd),
    )


def _read(spec: FieldSpec, shown: Any) -> Value:
    match spec.kind, shown:
        case _, None:
            return None
        case Kind.BOOLEAN, bool():
            return shown
        case Kind.DATETIME, str() if at := moment_of(shown):
            return at
        case Kind.TEXT | Kind.CHOICE, str():
            return shown or None
    raise TypeError


def to_body(patch: Patch, fields: Catalogue) -> dict[str, Any]:
    """The JSON that writes the fields of a patch and no other.

    Raises:
        RecordError: a field cannot hold the value. Nothing is ever cut.
    """
    return {name: _wired(fields[name], value) for name, value in patch.items()}


def _wired(spec: FieldSpec, value: Value | SetDelta) -> Any:
    match spec.kind, clean_text(value) or None if isinstance(value, str) else value:
        case _, None if spec.clearable:
            return None
        case Kind.BOOLEAN, bool() as answer:
            return answer
        case Kind.DATETIME, datetime() as at:
            return at.isoformat()
        case Kind.TEXT | Kind.CHOICE, str() as text:
            return text
    raise RecordError(
        f"'{spec.name}' cannot hold this value", code="bad_value", fields=(spec.name,)
    )
