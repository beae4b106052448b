"""Values of records as a person reads them."""

from datetime import UTC, datetime, timedelta

from syncd.model.values import Consent, SetDelta, Value

EMPTY = "(empty)"
LONGEST = 60


def shown(value: Value | SetDelta) -> str:
    """One value in one line; long texts are cut, and invisible characters made visible."""
    match value:
        case None:
            return EMPTY
        case SetDelta(add, remove):
            return " ".join([*(f"+{m}" for m in sorted(add)), *(f"-{m}" for m in sorted(remove))])
        case Consent(level, at, source):
            since = f" since {at:%Y-%m-%d %H:%M}" if at else ""
            return f"{level.value}{since}" + (f" ({source})" if source else "")
        case frozenset():
            return ", ".join(sorted(value)) or EMPTY
        case bool():
            return "yes" if value else "no"
        case datetime():
            return moment(value)
        case _:
            text = printable(str(value))
            return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def printable(text: str) -> str:
    """Text that cannot move the cursor, change colours or hide: all of it is somebody's input."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def moment(at: datetime | None) -> str:
    """A time in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "never"


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago, in one unit."""
    if at is None:
        return "never"
    passed = max(now - at, timedelta())
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if passed.total_seconds() >= 2 * seconds:
            return f"{passed.total_seconds() / seconds:.0f} {unit} ago"
    return f"{passed.total_seconds():.0f} s ago"
