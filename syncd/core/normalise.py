"""One form for what people type in many: addresses, phones, dates, names, numbers.

Every function returns None for what it cannot read; nothing is guessed.
"""

import math
import re
import unicodedata
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import lru_cache

# What XML 1.0 cannot hold (section 2.2), and with it neither Maileon nor a JSON in UTF-8.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOCAL_PART = re.compile(r"""[^\s@<>()\[\],;:"\\]{1,64}""")
_PHONE = re.compile(r"[\d\s().+/‐‑‒–—−-]+")
_INTEGER = re.compile(r"[+-]?\d{1,300}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,300}(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})([-/._])(\d{1,2})\2(\d{1,2})", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/_])(\d{1,2})\2(\d{4})", re.ASCII)
# Countries that write the month before the day, and countries where a date that ends in its
# year says nothing: they begin with the year, or their languages differ, or their habits do.
# Short dates of the official languages, Unicode CLDR (Babel 2.19, read 2026-11).
_MONTHS_FIRST = "AS GU MH MP UM US VI"
_UNSETTLED = "AF BI BT CA CN ER FM GH GL HU IR JP KP KR LT MN NP PA PH PR PW SE TW ZA"
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.(\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)


def clean_text(text: str) -> str:
    """NFC, lines ended by LF, no characters that XML forbids, no white space around it.

    >>> clean_text(" Zoe\\u0308\\r\\nMu\\x00ster ")
    'Zoë\\nMuster'
    """
    if text.isascii() and text.isprintable():
        return text.strip()  # as nearly all texts are, and nothing else can be in it
    legal = _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", legal).strip()


def visible_text(text: str) -> str:
    """Clean text without invisible characters (zero width, direction marks); case is kept.

    >>> visible_text(" Ada@Example.org\\u200b")
    'Ada@Example.org'
    """
    if text.isascii():
        return clean_text(text)
    return clean_text("".join(c for c in text if unicodedata.category(c) != "Cf"))


@lru_cache(maxsize=20_000)
def identity_key(email: str) -> str | None:
    """The form in which two e-mail addresses are compared; None if it is no address.

    Lower case, domain in its ASCII form. Dots and `+tags` stay: whether they matter
    is the provider's secret, and two people must never become one. Lower case and not
    case folding, as that would make `straße@` and `strasse@` one mailbox. The part
    before the @ is read more widely than RFC 5322 allows (`a..b@`), since such mailboxes
    exist and their opt-outs must be found.

    >>> identity_key(" Ada.Lovelace+news@EXAMPLE.org ")
    'ada.lovelace+news@example.org'
    >>> identity_key("zoë@Bücher.example"), identity_key("ada at example.org")
    ('zoë@xn--bcher-kva.example', None)
    """
    local, at, domain = visible_text(email).rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local):
        return None
    ascii_domain = _ascii_domain(domain)
    if ascii_domain is None:
        return None
    return f"{unicodedata.normalize('NFC', local.lower())}@{ascii_domain}"


@lru_cache(maxsize=10_000)
def _ascii_domain(domain: str) -> str | None:
    # Loaded with the first address, as a command that reads no address need not wait for it.
    from email_validator import EmailNotValidError, validate_email

    try:
        checked = validate_email(f"x@{domain}", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return checked.ascii_domain if "." in checked.ascii_domain else None


@lru_cache(maxsize=20_000)
def phone_number(text: str, country: str | None) -> str | None:
    """A telephone number in E.164; None if it is none or says more than a number.

    To a number without a country code we add one, so it has to be valid in that country. A
    number with a `+` says for itself where it belongs, and is taken at its word if it
    has a length that exists there: numbers in use are missing from every table, and the
    platform that shows it has judged it. Only a zero that cannot follow the country code
    shows that somebody put a `+` before another country's number.

    Args:
        country: ISO alpha-2, for numbers without a country code; None: they cannot be read.

    >>> phone_number("030 23125-001", "DE"), phone_number("+1 (202) 555-0123", None)
    ('+493023125001', '+12025550123')
    >>> phone_number("030 23125-001", None), phone_number("030 23125001 (office)", "DE")
    (None, None)
    >>> phone_number("030 2312500", "US"), phone_number("+1 030 2312500", None)
    (None, None)
    """
    import phonenumbers  # with the first phone: many pairs keep none in step

    digits = visible_text(text).removeprefix("tel:")
    if not _PHONE.fullmatch(digits):
        return None
    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE or number.extension:
        return None  # too short, too long, or without its area code
    is_given = digits.lstrip("( ").startswith("+") and not number.italian_leading_zero
    if not is_given and not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def person_name(text: str) -> str:
    """A name for comparing people: white space collapsed; case is kept.

    >>> person_name("  Ada   King\\tNoel ")
    'Ada King Noel'
    """
    return " ".join(clean_text(text).split())


def parse_date(text: str, country: str | None = None) -> date | None:
    """A day; of a moment the day as written, without regard to its zone.

    Year first with `-`, `/`, `.` or `_` between. Year last with dots is day first
    everywhere: no country writes a month first with dots. Year last with another mark is
    read as the country does, and where that says nothing only if it can be read in one
    way; see `is_ambiguous_date`. A year of two digits is none.

    Args:
        country: ISO alpha-2, of the account whose people type such dates.

    >>> parse_date("1990/4/3"), parse_date("3.4.1990"), parse_date("1990-04-03T00:00:00.000Z")
    (datetime.date(1990, 4, 3), datetime.date(1990, 4, 3), datetime.date(1990, 4, 3))
    >>> parse_date("04/03/1990", "US"), parse_date("03/04/1990", "GB"), parse_date("03/04/1990")
    (datetime.date(1990, 4, 3), datetime.date(1990, 4, 3), None)
    """
    days = _days_meant(text, country)
    return days.pop() if len(days) == 1 else None


def is_ambiguous_date(text: str, country: str | None = None) -> bool:
    """Whether a text is a date, but nobody can tell which number is the month.

    >>> is_ambiguous_date("03/04/1990"), is_ambiguous_date("03/04/1990", "DE")
    (True, False)
    >>> is_ambiguous_date("13/04/1990"), is_ambiguous_date("soon")
    (False, False)
    """
    return len(_days_meant(text, country)) > 1


def _days_meant(text: str, country: str | None) -> set[date]:
    """Every day that a text can mean to people of a country."""
    bare = clean_text(text)
    if moment := _MOMENT.fullmatch(bare):
        bare = moment[1]
    if found := _YEAR_FIRST.fullmatch(bare):
        return _calendar_days((found[1], found[3], found[4]))
    if found := _DOTTED.fullmatch(bare):
        return _calendar_days((found[3], found[2], found[1]))
    if not (found := _YEAR_LAST.fullmatch(bare)):
        return set()
    day_first, month_first = (found[4], found[3], found[1]), (found[4], found[1], found[3])
    habit = {month_first} if country in _MONTHS_FIRST.split() else {day_first}
    if country is None or country in _UNSETTLED.split():
        habit = {day_first, month_first}
    return _calendar_days(*habit) or _calendar_days(day_first, month_first)


def _calendar_days(*parts: tuple[str, str, str]) -> set[date]:
    """Those of (year, month, day) that are in the calendar."""
    days = set()
    for year, month, day in parts:
        with suppress(ValueError):
            days.add(date(int(year), int(month), int(day)))
    return days


def parse_datetime(text: str) -> datetime | None:
    """A moment in UTC from its ISO form; None without a zone, since the zone is not ours to guess.

    >>> parse_datetime("2026-03-02T09:15:30.25+01:00")
    datetime.datetime(2026, 3, 2, 8, 15, 30, 250000, tzinfo=datetime.timezone.utc)
    >>> parse_datetime("2026-03-02 09:15:30") is None
    True
    """
    found = _MOMENT.fullmatch(clean_text(text))
    if not found or not found[5]:
        return None
    day, clock, seconds, fraction, zone = found.groups()
    micros = (fraction or "0")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{day}T{clock}{seconds or ':00'}.{micros}{zone}").astimezone(
            UTC
        )
    except (ValueError, OverflowError):
        return None


def parse_integer(text: str) -> int | None:
    """A whole number in ASCII digits.

    >>> parse_integer("-07"), parse_integer("12.0"), parse_integer("1,000")
    (-7, None, None)
    """
    bare = clean_text(text)
    return int(bare) if _INTEGER.fullmatch(bare) else None


def parse_number(text: str) -> float | None:
    """A finite number with a decimal point; no thousands separators, as they are ambiguous.

    >>> parse_number("12.50"), parse_number("1e3"), parse_number("12,50")
    (12.5, 1000.0, None)
    """
    bare = clean_text(text)
    number = float(bare) if _NUMBER.fullmatch(bare) else math.inf
    return number + 0.0 if math.isfinite(number) else None


def parse_boolean(text: str) -> bool | None:
    """Yes or no in the words that the platforms' own forms use.

    >>> parse_boolean("TRUE"), parse_boolean("0"), parse_boolean("ja")
    (True, False, None)
    """
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
        clean_text(text).lower()
    )
