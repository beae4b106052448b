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
    if shown is None or (isinstance(shown, str) and not shown.strip()):
        return None
    if isinstance(shown, str) and len(shown) > LONGEST_SHOWN:
        raise OddValueError(spec.name)
    if isinstance(shown, bool) or not isinstance(shown, str | int | float):
        raise OddValueError(spec.name)
    match spec.kind:
        case Kind.INTEGER:
            return _integer(shown, spec)
        case Kind.DATE:
            return _date(shown, spec)
        case _ if isinstance(shown, float) and not shown.is_integer():
            return _finite(shown, spec)
        case _:
            return str(int(shown)) if isinstance(shown, float) else str(shown)


def _finite(shown: float, spec: FieldSpec) -> str:
    if not math.isfinite(shown):
        raise OddValueError(spec.name)
    return repr(shown)


def _integer(shown: str | float, spec: FieldSpec) -> int:
    if isinstance(shown, str):
        text = shown.strip()
        if re.fullmatch(rf"[+-]?[0-9]{{1,{DIGITS}}}(\.0*)?", text):
            return int(text.partition(".")[0])
    elif math.isfinite(shown) and shown == int(shown) and len(str(int(shown))) <= DIGITS:
        return int(shown)
    raise OddValueError(spec.name)


def _date(shown: str | float, spec: FieldSpec) -> date | None:
    if not isinstance(shown, str):
        raise OddValueError(spec.name)
    text = shown.strip()
    if text.startswith("0000-00-00"):
        return None
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})([T ].*)?", text)
    try:
        return date.fromisoformat(found[1]) if found else _no_date(spec)
    except ValueError as cause:
        raise OddValueError(spec.name) from cause


def _no_date(spec: FieldSpec) -> date:
    raise OddValueError(spec.name)


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
