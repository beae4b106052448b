"""One value of a field as GHL shows it: JSON in many spellings. Source: ghl.md 3.2, 3.5, 3.8."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum, auto
from typing import Any, Final

from syncd.model.spec import Kind
from syncd.model.values import Value


class Unknown(Enum):
    """What stands for the value of a field that tells none; it is never taken for empty."""

    ODD = auto()  # it holds what is no value of its kind


ODD: Final = Unknown.ODD
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[-/._](\d{2})[-/._](\d{2})(?:$|[T ])")
_YEAR_LAST = re.compile(r"(\d{2})[-/._](\d{2})[-/._](\d{4})$")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?$")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?$")


def _read_text(value: Any) -> str | Unknown | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else ODD


def _read_date(value: Any) -> date | Unknown | None:
    """YYYY-MM-DD, any form that GHL accepts, an ISO time, or epoch milliseconds."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _written_date(value)
    at = moment(value)
    return at.date() if at else ODD


def _written_date(text: str) -> date | Unknown:
    try:
        if _ISO_DATE.fullmatch(text):  # as nearly all are
            return date.fromisoformat(text)
        if found := _YEAR_FIRST.match(text):
            year, month, day = map(int, found.groups())
            return date(year, month, day)
        if found := _YEAR_LAST.match(text):
            month, day, year = map(int, found.groups())
            return date(year, month, day)
    except ValueError:
        return ODD
    return ODD


def _read_number(value: Any) -> float | Unknown | None:
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


def _read_boolean(value: Any) -> bool | Unknown | None:
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


def _read_set(value: Any) -> frozenset[str] | Unknown:
    if value is None or value == "":
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
        return ODD
    return frozenset(member for member in value if member)


def read_addresses(value: Any) -> frozenset[str] | Unknown:
    """Objects `{email, …}`, as a contact shows them (3.5), or plain texts; null is none."""
    if value is not None and not isinstance(value, list):
        return ODD
    shown = [one.get("email") if isinstance(one, Mapping) else one for one in value or ()]
    return frozenset(address for address in shown if isinstance(address, str) and address)


READERS: Mapping[Kind, Callable[[Any], Value | Unknown]] = {
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
    return (at - _EPOCH) // _MILLISECOND
