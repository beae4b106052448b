"""One value of a field, and the JSON in which Mailercloud carries it.

Source: mailercloud.md 6.1 (numbers are whole, dates are YYYY-MM-DD, lengths), 6.2.
"""

import math
import re
from datetime import date, datetime
from typing import Any

from syncd.connectors.mailercloud.fields import DIGITS
from syncd.errors import RecordError
from syncd.http import xml
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import SetDelta, Value

LONGEST_SHOWN = 10_000  # no field holds as much, so what is longer is no value of one
LONGEST_EMAIL = 200

_INTEGER = re.compile(rf"[+-]?[0-9]{{1,{DIGITS}}}(\.0*)?")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})([T ].*)?")
_ATOM = r"[^\s@.,;:<>()\[\]\\\"\x00-\x20\x7f]+"
_LABEL = r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?"
_ADDRESS = re.compile(
    rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?![0-9]){_LABEL}(?<=[^.]{{2}})"
)


class OddValueError(ValueError):
    """The JSON cannot be a value of this field; it is then unknown, not empty."""


def from_wire(shown: Any, spec: FieldSpec) -> Value:
    """The value that an answer shows; None if it is empty.

    Raises:
        OddValueError: as its docstring says.
    """
    if shown is None or shown == "":
        return None
    if isinstance(shown, str):
        return _from_text(shown, spec)
    if isinstance(shown, bool) or not isinstance(shown, (int, float)):
        raise OddValueError(spec.name)
    if spec.kind is Kind.INTEGER:
        return _whole(shown, spec)
    if spec.kind is Kind.DATE:
        raise OddValueError(spec.name)
    if isinstance(shown, float):
        return str(int(shown)) if shown.is_integer() else _finite(shown, spec)
    return str(shown)


def _finite(shown: float, spec: FieldSpec) -> str:
    if not math.isfinite(shown):
        raise OddValueError(spec.name)
    return repr(shown)


def _whole(shown: float, spec: FieldSpec) -> int:
    if isinstance(shown, float) and not shown.is_integer():
        raise OddValueError(spec.name)
    if len(str(int(shown))) > DIGITS:
        raise OddValueError(spec.name)
    return int(shown)


def _from_text(text: str, spec: FieldSpec) -> Value:
    bare = text.strip()
    if not bare:
        return None
    if len(text) > LONGEST_SHOWN:
        raise OddValueError(spec.name)
    match spec.kind:
        case Kind.INTEGER:
            if _INTEGER.fullmatch(bare):
                return int(bare.partition(".")[0])
            raise OddValueError(spec.name)
        case Kind.DATE:
            return _date(bare, spec)
        case _:
            return text


def _date(text: str, spec: FieldSpec) -> date | None:
    if text.startswith("0000-00-00"):
        return None
    found = _DATE.fullmatch(text)
    if found is None:
        raise OddValueError(spec.name)
    try:
        return date.fromisoformat(found[1])
    except ValueError as cause:
        raise OddValueError(spec.name) from cause


def to_wire(value: Value | SetDelta, spec: FieldSpec) -> str | int | None:
    """The JSON to send; None to empty the field. Nothing is ever cut.

    Raises:
        RecordError: `too_long`, `out_of_range` or `invalid`: Mailercloud could not store it.
    """
    match spec.kind, value:
        case _, None:
            return None
        case Kind.DATE, date():
            return (value.date() if isinstance(value, datetime) else value).isoformat()
        case Kind.INTEGER, int() if not isinstance(value, bool):
            if len(str(value)) > DIGITS:
                raise _unfit(spec, "out_of_range", f"has more than {DIGITS} digits")
            return value
        case Kind.TEXT | Kind.PHONE | Kind.COUNTRY, str():
            text = xml.legal(value).strip()
            if spec.max_length is not None and len(text) > spec.max_length:
                raise _unfit(spec, "too_long", f"is longer than {spec.max_length} characters")
            return text or None
    raise _unfit(spec, "invalid", f"is no {spec.kind.value}")


def wire_email(email: object) -> str:
    """An address as it is sent: trimmed and in lower case, as we fold before they do.

    Raises:
        RecordError: it is missing, too long, or cannot be an address.
    """
    if email is None or email == "":
        raise RecordError("The contact has no e-mail", code="missing", fields=("email",))
    text = xml.legal(email).strip().lower() if isinstance(email, str) else ""
    if len(text) > LONGEST_EMAIL:
        raise RecordError(
            f"The e-mail is longer than {LONGEST_EMAIL} characters",
            code="too_long",
            fields=("email",),
        )
    if not _ADDRESS.fullmatch(text):
        raise RecordError("The e-mail is no address", code="invalid", fields=("email",))
    return text


def folded(email: object) -> str:
    """An address for comparing; "" for what is none."""
    return email.strip().lower() if isinstance(email, str) else ""


def _unfit(spec: FieldSpec, code: str, why: str) -> RecordError:
    return RecordError(f"The value of {spec.name} {why}", code=code, fields=(spec.name,))
