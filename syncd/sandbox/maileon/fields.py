"""Standard and custom fields: their names, their types, what they store.

Source: maileon.md §2.5 (error codes), §2.8 (custom fields), §2.9 (standard fields).
"""

import re
from datetime import date, datetime

LONGEST = 255

# Name to the error code for a value that is too long; COUNTRY and SALUTATION have no
# code of their own in the list, so 26 ("string > 255") stands in for them.
_TEXTS = {
    "ADDRESS": 6,
    "CITY": 7,
    "COUNTRY": 26,
    "FIRSTNAME": 8,
    "FULLNAME": 9,
    "HNR": 10,
    "LASTNAME": 11,
    "ORGANIZATION": 12,
    "REGION": 13,
    "SALUTATION": 26,
    "STATE": 14,
    "TITLE": 15,
    "ZIP": 16,
}
_DATES = {"BIRTHDAY": 17, "NAMEDAY": 18}
STANDARD = frozenset({*_TEXTS, *_DATES, "GENDER", "LOCALE"})
READ_ONLY = frozenset({"PERMISSION_STATUS", "SENDOUT_STATUS", "CUSTOM_SOURCE", "CHECKSUM"})

TYPES = frozenset({"string", "integer", "float", "date", "boolean"})
_RESERVED = frozenset(
    {
        "id",
        "created",
        "external_id",
        "local_part",
        "permission_type",
        "permission_status",
        "sendout_status",
        "updated",
    }
)
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.\d+)?)?")
_INTEGER = re.compile(r"[+-]?\d{1,10}")
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_LOCALE = re.compile(r"[a-z]{2}(_[A-Z]{2})?")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?"
)
_BOOLEANS = {"true": "true", "1": "true", "false": "false", "0": "false"}


class BadValueError(Exception):
    """A value a field cannot hold: its code in a bulk report, its text in a 400."""

    def __init__(self, code: int, field: str | None, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.message = message


def check_email(email: str) -> None:
    """ASCII addresses only: what Maileon does with others is unknown (maileon.md §2.12)."""
    at = email.rfind("@")
    if (
        at < 1
        or at > 64
        or len(email) > LONGEST
        or not _LOCAL_PART.fullmatch(email, 0, at)
        or not _DOMAIN.fullmatch(email, at + 1)
    ):
        raise BadValueError(3, None, f"invalid email address: {email}")


def stored_standard(name: str, value: str, *, cut: bool) -> str:
    """The text Maileon keeps of a standard field's value.

    Args:
        cut: shorten what is too long instead of refusing it.
    """
    if name in _TEXTS:
        return _short(value, _TEXTS[name], name, cut=cut)
    if name in _DATES:
        return _date(value, _DATES[name], name)
    if name == "GENDER" and value not in ("m", "f", "d"):
        raise BadValueError(19, name, f"invalid value for GENDER: {value}")
    if name == "LOCALE" and not _LOCALE.fullmatch(value):
        raise BadValueError(20, name, f"invalid value for LOCALE: {value}")
    return value


def stored_custom(name: str, kind: str, value: str, *, cut: bool) -> str:
    """The text Maileon keeps of a custom field's value (maileon.md §2.8)."""
    match kind:
        case "date":
            return _date(value, 27, name)
        case "boolean":
            if value not in _BOOLEANS:
                raise BadValueError(22, name, f"invalid boolean for {name}: {value}")
            return _BOOLEANS[value]
        case "integer":
            if not _INTEGER.fullmatch(value) or not -(2**31) <= int(value) < 2**31:
                raise BadValueError(25, name, f"invalid integer for {name}: {value}")
            return str(int(value))
        case "float":
            if not _FLOAT.fullmatch(value):
                raise BadValueError(23, name, f"invalid float for {name}: {value}")
            return str(float(value))
    return _short(value, 26, name, cut=cut)


def check_custom_name(name: str) -> None:
    """3 to 64 characters, and no word that Maileon uses itself (maileon.md §2.8).

    Raises:
        ValueError: says which rule is broken.
    """
    if not 3 <= len(name) <= 64:
        raise ValueError("the name of a custom field must have 3 to 64 characters")
    if name.upper() in STANDARD | READ_ONLY or name.lower() in _RESERVED:
        raise ValueError(f"{name} is reserved")


def _short(value: str, code: int, name: str, *, cut: bool) -> str:
    if len(value) <= LONGEST:
        return value
    if cut:
        return value[:LONGEST]
    raise BadValueError(code, name, f"{name} is too long")


def _date(value: str, code: int, name: str) -> str:
    """The day alone: a time part is accepted and thrown away."""
    found = _DATE.fullmatch(value)
    try:
        if found is None:
            raise ValueError(value)
        if found[2]:
            datetime.strptime(found[2], "%H:%M:%S")  # noqa: DTZ007 - only checks the form
        return date.fromisoformat(found[1]).isoformat()
    except ValueError as exc:
        raise BadValueError(code, name, f"invalid date for {name}: {value}") from exc
