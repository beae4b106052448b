"""Valid values per kind of field, for whoever has not named better ones."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import SetDelta, Value

_TEXTS = ("Zoë Müller", "\"Quoted\" & <b>bold</b>, 'x'\nsecond line")
_BY_KIND: dict[Kind, Sequence[Value]] = {
    Kind.EMAIL: ("second@example.org", "third@example.com"),
    Kind.PHONE: ("+493023125001", "+12025550123"),
    Kind.COUNTRY: ("DE", "US"),
    Kind.DATE: (date(1990, 4, 3), date(2000, 2, 29)),
    Kind.DATETIME: (
        datetime(2026, 3, 2, 8, 15, 30, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ),
    Kind.INTEGER: (7, -12_345),
    Kind.NUMBER: (12.5, -0.25),
    Kind.BOOLEAN: (True, False),
    Kind.SET: (frozenset({"gold", "early bird"}), frozenset({"gold", "zürich"})),
}


def samples_for(spec: FieldSpec) -> Sequence[Value]:
    """Two values that the field should be able to hold; () for a consent."""
    if spec.kind is Kind.SET and spec.choices:
        return frozenset(spec.choices[:2]), frozenset(spec.choices[-1:])
    if spec.choices:
        return spec.choices[0], spec.choices[-1]
    if spec.kind is Kind.TEXT:
        return tuple(_fitting(text, spec) for text in _TEXTS)
    return _BY_KIND.get(spec.kind, ())


def _fitting(text: str, spec: FieldSpec) -> str:
    return (text.lower() if spec.lower else text)[: spec.max_length].strip()


def as_change(before: Value, after: Value) -> Value | SetDelta:
    """A new value as an update holds it: sets by what to add and to remove."""
    if isinstance(before, frozenset) or isinstance(after, frozenset):
        old = before if isinstance(before, frozenset) else frozenset()
        new = after if isinstance(after, frozenset) else frozenset()
        return SetDelta(new - old, old - new)
    return after
