"""Values of records as a person reads them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from syncd.model.record import Resource
from syncd.model.values import Consent, SetDelta, Value

EMPTY = "(empty)"
LONGEST = 60
_WRITES = {"creates": "create", "updates": "update", "deletes": "delete", "optouts": "opt-out"}


def shown(value: Value | SetDelta, longest: int = LONGEST) -> str:
    """One value in one line; long texts are cut, and invisible characters made visible.

    Args:
        longest: in characters.
    """
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
            return text if len(text) <= longest else f"{text[: longest - 1]}…"


def printable(text: str) -> str:
    """Text that cannot move the cursor, change colours or hide: all of it is somebody's input."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def writes(counts: Mapping[str, int]) -> str:
    """How many writes of each kind go where.

    >>> writes({"crm.creates": 88, "crm.updates": 1, "mail.optouts": 15})
    '88 creates and 1 update on crm, 15 opt-outs on mail'
    >>> writes({"crm notes.creates": 2})
    '2 creates of notes on crm'

    Args:
        counts: by `account.kind` or `account noun.kind`, as the guard counts them.
    """
    by_account: dict[str, list[str]] = {}
    for name, n in counts.items():
        account, _, kind = name.rpartition(".")
        by_account.setdefault(account, []).append(counted(n, _WRITES[kind]))
    return ", ".join(f"{_listed(kinds)} {_on(a)}" for a, kinds in by_account.items()) or "nothing"


def _on(name: str) -> str:
    account, _, noun = name.partition(" ")
    return f"of {noun} on {account}" if noun else f"on {account}"


def of(resource: Resource) -> str:
    """Of what a line of the mapping is, in front of it; nothing for those of contacts.

    >>> of(Resource.TASK), of(Resource.CONTACT)
    ('task: ', '')
    """
    return "" if resource is Resource.CONTACT else f"{resource.value}: "


def counted(n: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "value"), counted(2000, "value"), counted(2, "record is", "records are")
    ('1 value', '2,000 values', '2 records are')
    """
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


def _listed(parts: Sequence[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def moment(at: datetime | None) -> str:
    """A time in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "never"


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago, in one unit."""
    if at is None:
        return "never"
    return f"{lasting(max(now - at, timedelta()))} ago"


def lasting(span: timedelta) -> str:
    """How long, in one unit."""
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if span.total_seconds() >= 2 * seconds:
            return f"{span.total_seconds() / seconds:.0f} {unit}"
    return f"{span.total_seconds():.0f} s"
