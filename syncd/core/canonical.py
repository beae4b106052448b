"""The form in which a platform stores a value, and in which two values of it are compared.

Shadows, digests and comparisons hold canonical values only. Empty is None for every
kind, also for a set. What cannot be brought into form is kept as it is and reported.
"""

import math
import unicodedata
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from syncd.core.countries import country_code
from syncd.core.normalise import (
    clean_text,
    identity_key,
    is_ambiguous_date,
    parse_boolean,
    parse_date,
    parse_datetime,
    parse_integer,
    parse_number,
    phone_number,
    visible_text,
)
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Level, Value

RESERVED = "reserved"
AMBIGUOUS_DATE = "ambiguous_date"
LONGEST_DIGITS = 30  # before or after the point


@dataclass(frozen=True, slots=True)
class Canonical:
    """A value in canonical form.

    Attributes:
        problem: None, or a short stable word: `too_long` (a plain text, which is cut), `reserved`
            (a member of a set), `invalid_<kind>` (the value is kept as it was; also if it is
            too long) or `ambiguous_date` (kept too: day or month first, nobody can tell).
    """

    value: Value
    problem: str | None = None


def canonical(value: Value, spec: FieldSpec, *, country: str | None, cut: bool = True) -> Canonical:
    """The form in which the field stores a value.

    Doing it twice changes nothing.

    Args:
        value: in any form; a text is read as what the field holds.
        country: ISO alpha-2, for phones without a country code and for dates like 3/4/1990.
        cut: whether a text may be no longer than the field takes.

    >>> canonical(" Ada\\r\\nKing ", FieldSpec("note", max_length=5), country=None)
    Canonical(value='Ada\\nK', problem='too_long')
    >>> canonical("030 23125001", FieldSpec("phone", Kind.PHONE), country="DE")
    Canonical(value='+493023125001', problem=None)
    >>> canonical("soon", FieldSpec("birthday", Kind.DATE), country=None)
    Canonical(value='soon', problem='invalid_date')
    >>> canonical("  ", FieldSpec("birthday", Kind.DATE), country=None)
    Canonical(value=None, problem=None)
    """
    if isinstance(value, str):
        value = clean_text(value) or None
    if value is None or (isinstance(value, frozenset) and not value):
        return Canonical(None)
    if spec.kind is Kind.SET:
        return _set(value, spec, cut=cut)
    read = _READERS[spec.kind](value, spec, country)
    if read is None:
        return Canonical(value, _unread(value, spec, country))
    return _stored_text(read, spec, cut=cut) if isinstance(read, str) else Canonical(read)


def is_empty(value: Value) -> bool:
    """Whether the canonical form of a value is None, in whichever field that takes its like.

    >>> is_empty("  "), is_empty(frozenset({""})), is_empty(0)
    (True, True, False)
    """
    if isinstance(value, frozenset):
        return all(map(is_empty, value))
    return value is None or (isinstance(value, str) and not clean_text(value))


def _unread(value: Value, spec: FieldSpec, country: str | None) -> str:
    """Why a reader made nothing of a value."""
    is_date = spec.kind is Kind.DATE and isinstance(value, str)
    if is_date and is_ambiguous_date(str(value), country):
        return AMBIGUOUS_DATE
    return f"invalid_{spec.kind.value}"


def same(a: Value, b: Value, spec: FieldSpec) -> bool:
    """Whether two canonical values of one field say the same.

    E-mail addresses by `identity_key`, consents by level only (None is unknown).

    >>> same("Ada@Example.org", "ada@example.org", FieldSpec("email", Kind.EMAIL))
    True
    >>> same(True, 1, FieldSpec("x"))
    False
    """
    if type(a) is type(b) and (a == b or (_is_nan(a) and _is_nan(b))):
        return True
    if spec.kind is Kind.CONSENT:
        return _level(a) == _level(b)
    if spec.kind is Kind.EMAIL and isinstance(a, str) and isinstance(b, str):
        return (identity_key(a) or a) == (identity_key(b) or b)
    return False


def form(value: Value, spec: FieldSpec) -> Hashable:
    """What is equal of two canonical values of one field where they are the `same`.

    >>> email = FieldSpec("email", Kind.EMAIL)
    >>> form("Ada@Example.org", email) == form("ada@example.org", email)
    True
    >>> form(True, FieldSpec("x")) == form(1, FieldSpec("x"))
    False
    """
    if spec.kind is Kind.CONSENT:
        return _level(value)
    if spec.kind is Kind.EMAIL and isinstance(value, str):
        return identity_key(value) or value
    return (type(value), None if _is_nan(value) else value)


def text_of(value: Value) -> str | None:
    """A value as text, so that the readers above can read it back; None for sets and consents.

    People read it in their mails: a whole number has no `.0`, and only what is longer than
    any amount or id has an exponent.

    >>> text_of(True), text_of(12.0), text_of(date(1990, 4, 3))
    ('true', '12', '1990-04-03')
    >>> text_of(1e16), text_of(0.00001), text_of(1e99)
    ('10000000000000000', '0.00001', '1e+99')
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _digits(value)
        case datetime() | date():
            return value.isoformat()
        case _:
            return None


def _digits(number: float) -> str:
    """The shortest digits that stand for a number, without exponent where that is readable."""
    if not 10**-LONGEST_DIGITS < abs(number) < 10**LONGEST_DIGITS:
        return repr(number + 0.0).removesuffix(".0")  # and no minus before a zero
    return f"{Decimal(repr(number)):f}".removesuffix(".0")


def _is_nan(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _level(value: Value) -> Level | Value:
    match value:
        case None:
            return Level.UNKNOWN
        case Consent(level=level):
            return level
        case _:
            return value


def _set(value: Value, spec: FieldSpec, *, cut: bool) -> Canonical:
    if not isinstance(value, str | frozenset):
        return Canonical(value, "invalid_set")
    members = value if isinstance(value, frozenset) else (value,)
    stored = [_stored_text(clean_text(m), spec, cut=cut) for m in members]
    kept = frozenset(s.value for s in stored if isinstance(s.value, str))
    return Canonical(kept or None, next((s.problem for s in stored if s.problem), None))


def is_reserved(member: str, spec: FieldSpec) -> bool:
    """Whether a member of a set is the connector's own, however people write it."""
    return unicodedata.normalize("NFC", clean_text(member).lower()) in spec.reserved


def _stored_text(text: str, spec: FieldSpec, *, cut: bool) -> Canonical:
    if not text:
        return Canonical(None)
    if spec.reserved and is_reserved(text, spec):
        return Canonical(text.lower() if spec.lower else text, RESERVED)
    if spec.choices:
        listed = _choice(text, spec)
        return Canonical(listed, None if listed in spec.choices else "invalid_choice")
    if spec.lower:
        text = unicodedata.normalize("NFC", text.lower())
    if not cut or spec.max_length is None or len(text) <= spec.max_length:
        return Canonical(text)
    if spec.kind is not Kind.TEXT:  # cut, it would be another address, number or tag
        return Canonical(text, f"invalid_{spec.kind.value}")
    return Canonical(text[: spec.max_length].rstrip(), "too_long")


def _choice(text: str, spec: FieldSpec) -> str:
    """The listed spelling of a choice, where only the case differs."""
    if text in spec.choices:
        return text
    return next((c for c in spec.choices if c.lower() == text.lower()), text)


def _text(value: Value, _spec: FieldSpec, _country: str | None) -> str | None:
    return text_of(value)  # which is clean: of other values it has printable ASCII only


def _email(value: Value, _spec: FieldSpec, _country: str | None) -> str | None:
    return visible_text(value) if isinstance(value, str) and identity_key(value) else None


def _phone(value: Value, _spec: FieldSpec, country: str | None) -> str | None:
    return phone_number(value, country) if isinstance(value, str) else None


def _country(value: Value, spec: FieldSpec, _default: str | None) -> str | None:
    if not isinstance(value, str):
        return None
    return country_code(value) or (value if spec.free_text else None)


def _date(value: Value, _spec: FieldSpec, country: str | None) -> date | None:
    match value:
        case datetime():
            return value.date()
        case date():
            return value
        case str():
            return parse_date(value, country)
        case _:
            return None


def _datetime(value: Value, _spec: FieldSpec, _country: str | None) -> datetime | None:
    match value:
        case datetime() if value.utcoffset() is not None:
            return value.astimezone(UTC)
        case str():
            return parse_datetime(value)
        case _:
            return None


def _integer(value: Value, _spec: FieldSpec, _country: str | None) -> int | None:
    match value:
        case bool():
            return None
        case int():
            return value
        case float() if value.is_integer():
            return int(value)
        case str():
            return parse_integer(value)
        case _:
            return None


def _number(value: Value, _spec: FieldSpec, _country: str | None) -> float | None:
    match value:
        case bool():
            return None
        case int() | float():
            return parse_number(repr(value))
        case str():
            return parse_number(value)
        case _:
            return None


def _boolean(value: Value, _spec: FieldSpec, _country: str | None) -> bool | None:
    text = text_of(value)
    return None if text is None else parse_boolean(text)


def _consent(value: Value, _spec: FieldSpec, _country: str | None) -> Consent | None:
    if not isinstance(value, Consent):
        return None
    at = value.at.astimezone(UTC) if value.at and value.at.utcoffset() is not None else value.at
    return Consent(value.level, at, value.source)


_READERS: dict[Kind, Callable[[Value, FieldSpec, str | None], Value]] = {
    Kind.TEXT: _text,
    Kind.CHOICE: _text,
    Kind.EMAIL: _email,
    Kind.PHONE: _phone,
    Kind.COUNTRY: _country,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.CONSENT: _consent,
}
