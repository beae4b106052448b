"""A contact of ExampleMail as JSON and as a record: two pure functions, inverse to each other."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from syncd.core.normalise import clean_text
from syncd.errors import RecordError, TransientError
from syncd.http.answer import Answer
from syncd.model.record import Record, is_usable_id
from syncd.model.values import Consent, Level, Patch, SetDelta, Value

TEXTS = ("email", "first_name", "note")


def to_record(item: Any, answer: Answer) -> Record:
    """What one item shows. What it does not mention is left out: unknown, and not empty.

    What cannot be read as a value of its field is left out as well, and named as odd.

    Raises:
        TransientError: it is no contact.
    """
    if not isinstance(item, Mapping) or not is_usable_id(str(item.get("id", ""))):
        raise missing(answer, "a contact with an id")
    if item.get("deleted") is True:
        return Record(item["id"], {}, version=item.get("changed_at"), gone=True)
    fields: dict[str, Value] = {}
    odd: set[str] = set()
    for name, read in _READERS.items():
        if name in item:
            try:
                fields[name] = read(item[name])
            except (ValueError, TypeError):
                odd.add(name)
    if isinstance(opted_out := item.get("opted_out"), bool):
        fields["consent"] = Consent(Level.REVOKED if opted_out else Level.UNKNOWN)
    changed = item.get("changed_at")
    return Record(
        item["id"],
        fields,
        version=changed,
        modified=moment_of(changed),
        odd=frozenset(odd),
    )


def _text(shown: Any) -> str | None:
    if not isinstance(shown, str | None):
        raise TypeError
    return shown or None


def _points(shown: Any) -> int | None:
    if type(shown) not in (int, type(None)):
        raise TypeError
    points: int | None = shown
    return points


def _birthday(shown: Any) -> date | None:
    return None if shown is None else date.fromisoformat(shown)


def _labels(shown: Any) -> frozenset[str]:
    if not isinstance(shown, list) or not all(isinstance(label, str) for label in shown):
        raise TypeError
    return frozenset(shown)


_READERS: Mapping[str, Callable[[Any], Value]] = {
    **dict.fromkeys(TEXTS, _text),
    "points": _points,
    "birthday": _birthday,
    "labels": _labels,
}


def to_wire(patch: Patch) -> dict[str, Any]:
    """The JSON that writes the fields of a patch and no other.

    Raises:
        RecordError: a field cannot hold the value. Nothing is ever cut.
    """
    return {_NAMES.get(name, name): _wired(name, value) for name, value in patch.items()}


_NAMES = {"consent": "opted_out"}


def _wired(name: str, value: Value | SetDelta) -> Any:
    match name, value:
        case _, None:
            return [] if name == "labels" else None
        case _, str() if name in TEXTS:
            return clean_text(value) or None
        case "points", int() if not isinstance(value, bool):
            return value
        case "birthday", date():
            return value.isoformat()[:10]
        case "labels", frozenset():
            return sorted(value)
        case "labels", SetDelta(add, remove):
            return {"add": sorted(add), "remove": sorted(remove)}
        case "consent", Consent(Level.REVOKED):
            return True
    raise RecordError(f"'{name}' cannot hold this value", code="bad_value", fields=(name,))


def moment_of(text: Any) -> datetime | None:
    """A time of the API, which is ISO with a zone."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None
    except ValueError:
        return None


def missing(answer: Answer, what: str) -> TransientError:
    """The error for an answer that lacks something without which it says nothing."""
    return TransientError(f"{answer.label} was answered {answer.status} without {what}")
