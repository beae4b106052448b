"""One value of a field, and the text in which Maileon carries it.

Source: maileon.md 2.8, 2.9 and the error codes of 2.5.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial

from syncd.errors import RecordError
from syncd.http import xml
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import SetDelta, Value

_INTEGERS = range(-(2**31), 2**31)
_WORDS = {"true": True, "1": True, "false": False, "0": False}
_LOCALE = re.compile(r"[a-z]{2}(_[A-Z]{2})?")


class OddValueError(ValueError):
    """The text cannot be a value of this field; it is then unknown, not empty."""


def reader(field: FieldSpec) -> Callable[[str | None], Value]:
    """What makes a value of the text that an answer shows of a field; None if it is empty.

    It raises OddValueError, as its docstring says.
    """
    parse = _PARSERS.get(field.kind)
    if field.kind is Kind.CHOICE:
        parse = {choice: choice for choice in field.choices}.__getitem__
    return partial(_read, parse, field.name) if parse else _as_it_is


def _as_it_is(text: str | None) -> str | None:
    return text or None


def _read(parse: Callable[[str], Value], name: str, text: str | None) -> Value:
    if not text:
        return None
    try:
        return parse(text)
    except (ValueError, KeyError) as cause:
        raise OddValueError(name) from cause


def to_text(value: Value | SetDelta, field: FieldSpec) -> str | None:
    """The text to send; None to empty the field. Nothing is ever cut.

    Raises:
        RecordError: `too_long`, `out_of_range` or `invalid`: Maileon could not store it.
    """
    match field.kind, value:
        case _, None:
            return None
        case Kind.DATE, date():
            return (value.date() if isinstance(value, datetime) else value).isoformat()
        case Kind.BOOLEAN, bool():
            return "true" if value else "false"
        case Kind.INTEGER, int() if not isinstance(value, bool):
            if value not in _INTEGERS:
                raise _unfit(field, "out_of_range", "is no 32-bit integer")
            return str(value)
        case Kind.NUMBER, int() | float() if not isinstance(value, bool):
            return _number(value, field)
        case Kind.TEXT | Kind.EMAIL | Kind.COUNTRY | Kind.CHOICE, str():
            return _letters(value, field)
    raise _unfit(field, "invalid", f"is no {field.kind.value}")


def _letters(value: str, field: FieldSpec) -> str | None:
    text = xml.legal(value)
    if field.max_length is not None and len(text) > field.max_length:
        raise _unfit(field, "too_long", f"is longer than {field.max_length} characters")
    if text and field.choices and text not in field.choices:
        raise _unfit(field, "invalid", f"is none of {', '.join(field.choices)}")
    if text and field.name == "LOCALE" and not _LOCALE.fullmatch(text):
        raise _unfit(field, "invalid", "is not of the form xx or xx_XX")
    return text or None


def _number(value: float, field: FieldSpec) -> str:
    try:
        return repr(_finite(float(value))).removesuffix(".0")  # a mail may show it as sent
    except (ValueError, OverflowError) as cause:
        raise _unfit(field, "out_of_range", "is no 64-bit number") from cause


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


_PARSERS: Mapping[Kind, Callable[[str], Value]] = {
    Kind.DATE: lambda text: date.fromisoformat(text.strip()[:10]),
    Kind.INTEGER: int,
    Kind.NUMBER: lambda text: _finite(float(text)),
    Kind.BOOLEAN: lambda text: _WORDS[text.strip().lower()],
}


def _unfit(field: FieldSpec, code: str, why: str) -> RecordError:
    return RecordError(f"The value of {field.name} {why}", code=code, fields=(field.name,))
