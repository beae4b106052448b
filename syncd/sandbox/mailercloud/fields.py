"""Standard fields with their two vocabularies, and the kinds of custom properties.

Source: mailercloud.md §6.1, §6.2.
"""

import re
from dataclasses import dataclass
from datetime import date

EMAIL_CHARS_MOST = 200
EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    r"[A-Za-z0-9-]{2,63}"
)


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard field: its names, label, kind, and how many characters it holds."""

    classic: str
    modern: str
    label: str
    chars_most: int
    kind: str = "Text"


STANDARD = (
    Standard("name", "first_name", "First Name", 25),
    Standard("middle_name", "middle_name", "Middle Name", 25),
    Standard("last_name", "last_name", "Last Name", 25),
    Standard("phone", "phone", "Phone", 25),
    Standard("city", "city", "City", 100),
    Standard("state", "state", "State", 100),
    Standard("country", "country", "Country", 50),
    Standard("zip", "postal_code", "Zip", 25),
    Standard("organization", "company_name", "Organization", 150),
    Standard("job_title", "job_title", "Job Title", 100),
    Standard("department", "department", "Department", 100),
    Standard("industry", "industry", "Industry", 100),
    Standard("salary", "salary", "Salary", 30, "Number"),
    Standard("lead_source", "lead_source", "Lead Source", 50),
)
BY_CLASSIC = {each.classic: each for each in STANDARD}
BY_MODERN = {each.modern: each for each in STANDARD}
READ_ONLY = {  # seen in field lists (§6.2): label and kind
    "userip": ("User IP", "Text"),
    "mailbox_provider": ("Mailbox Provider", "Text"),
    "dob": ("Date of Birth", "Date"),
    "details": ("Details", "Textarea"),
}
# What clients were seen to read from a row of the search (§5.7).
KNOWN_IN_ROWS = frozenset(
    {"name", "middle_name", "last_name", "phone", "country", "city", "state", "zip"}
)
KINDS = {"text": 100, "number": 30, "textarea": 500, "date": 10}  # characters at most
SHOWN_KINDS = {"text": "Text", "number": "Number", "textarea": "Textarea", "date": "Date"}
_NUMBER = re.compile(r"-?[0-9]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BadValueError(ValueError):
    """A value that the platform does not take; the text says why."""


def names(vocabulary: str) -> dict[str, Standard]:
    """Wire name -> field, for writing under `classic`, `modern` or `both`."""
    match vocabulary:
        case "classic":
            return BY_CLASSIC
        case "modern":
            return BY_MODERN
        case _:
            return BY_CLASSIC | BY_MODERN


def check_email(email: object, refused_domains: tuple[str, ...] = ()) -> str:
    """The trimmed address.

    Raises:
        BadValueError: no address, or at a domain that the platform does not accept.
    """
    if not isinstance(email, str) or not email.strip():
        raise BadValueError("Email is required")
    email = email.strip()
    if len(email) > EMAIL_CHARS_MOST or not EMAIL.fullmatch(email):
        raise BadValueError("Invalid email")
    if email.rpartition("@")[2].lower() in refused_domains:
        raise BadValueError("Invalid email")
    return email


def stored(value: object, kind: str, chars_most: int, *, cut: bool) -> str:
    """The text that is kept for a value of `text`, `number`, `textarea` or `date`.

    Numbers are whole, days are `YYYY-MM-DD` (§6.1).

    Raises:
        BadValueError: the wrong type, not of that kind, or too long.
    """
    if kind == "number":
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**chars_most:
            value = str(value)
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            raise BadValueError("must be a whole number")
    if not isinstance(value, str):
        raise BadValueError("must be a string")
    if len(value) > chars_most:
        if not cut or kind in ("number", "date"):
            raise BadValueError(f"must not exceed {chars_most} characters")
        value = value[:chars_most]
    if kind == "date" and not _is_day(value):
        raise BadValueError("must be a date as YYYY-MM-DD")
    return value


def _is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
