"""The zone of Maileon's times, which it shows without one.

`created`, `updated` and the rows of reports are local times of the server, and which
zone that is stands nowhere (maileon.md 3.1, U1). It is configured, or measured: a
contact that we have just written shows a time that differs from the `Date` header of
that write by the zone's offset, a multiple of 15 minutes, and by a few seconds.
"""

import threading
from collections import deque
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# The server's likely zone: the only offset that Maileon shows is that of Berlin (1.4).
LIKELY = "Europe/Berlin"
# While the zone is unknown, an hour that is repeated in any of these is read twice.
CANDIDATES = (LIKELY, "Europe/London", "America/New_York", "America/Los_Angeles")

UNKNOWN_ZONE = timedelta(hours=26)  # from UTC-12 to UTC+14
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_QUARTER = timedelta(minutes=15)
_PATIENCE = timedelta(seconds=90)
_REPEATED = timedelta(hours=1)


class ServerClock:
    """Translates between the server's local times (naive) and aware ones.

    Args:
        zone: as configured; None to measure it.
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._configured = zone
        self._measured: tzinfo | None = None
        self._votes: deque[tzinfo] = deque(maxlen=2)
        self._hint: tzinfo | None = None
        self._lock = threading.Lock()
        self.contradicted = False

    @property
    def zone(self) -> tzinfo | None:
        return self._configured or self._measured

    def observe(self, shown: datetime, at: datetime, *, sure: bool = False) -> None:
        """Take note that the server showed `shown` for something that happened at `at`.

        Two observations that agree decide, or one that agrees with the hint, or a sure one.
        One that is no multiple of 15 minutes apart says nothing: somebody else changed the
        contact in between.
        """
        offset = offset_between(shown, at)
        if offset is None:
            return
        zone = _zone_of(offset, at)
        with self._lock:
            agreed = zone in self._votes or zone == self._hint
            self._votes.append(zone)
            if not (sure or agreed):
                return
            if self._configured is not None:
                self.contradicted = at.astimezone(self._configured).utcoffset() != offset
            else:
                self._measured = zone

    def hint(self, shown: datetime) -> None:
        """Take note of an aware time that the server showed, for what its offset suggests."""
        offset = shown.utcoffset()
        if offset is not None:
            self._hint = _zone_of(offset, shown)

    def recall(self, label: str | int | None) -> None:
        """Go on with what was measured earlier; `label` is a former `label()`."""
        if self._measured is not None or label is None:
            return
        if isinstance(label, int):
            if abs(label) < 24 * 60:
                self._measured = timezone(timedelta(minutes=label))
        else:
            self._measured = _named(label)

    def label(self) -> str | int | None:
        """What was measured: an IANA name or minutes east of UTC; for a cursor."""
        if isinstance(self._measured, ZoneInfo):
            return self._measured.key
        if self._measured is None:
            return None
        return round((self._measured.utcoffset(None) or timedelta()).total_seconds() / 60)

    @property
    def name(self) -> str | None:
        """The IANA name, if the zone has one."""
        return self.zone.key if isinstance(self.zone, ZoneInfo) else None

    def aware(self, shown: datetime | None) -> datetime | None:
        """The moment; None if the zone is unknown or the hour is one that came twice."""
        zone = self.zone
        if shown is None or zone is None or is_repeated(shown, zone):
            return None
        return _moment(shown, zone)

    def latest(self, shown: datetime | None) -> datetime | None:
        """Like `aware`, but of an hour that came twice the second one."""
        zone = self.zone
        return None if shown is None or zone is None else _moment(shown.replace(fold=1), zone)

    def earliest(self, shown: datetime | None) -> datetime | None:
        """Like `aware`, but of an hour that came twice the first one."""
        zone = self.zone
        return None if shown is None or zone is None else _moment(_first(shown), zone)

    def local(self, moment: datetime) -> datetime | None:
        """What the server's clock shows at a moment; None if the zone is unknown."""
        if self.zone is None:
            return None
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def local_floor(self, moment: datetime) -> datetime:
        """The earliest that the server's clock can show at a moment, whatever its zone."""
        return self.local(moment) or _naive(moment) - UNKNOWN_ZONE

    def local_ceiling(self, moment: datetime) -> datetime:
        """The latest that the server's clock can show at a moment, whatever its zone."""
        return self.local(moment) or _naive(moment) + UNKNOWN_ZONE

    def repeated_before(self, shown: datetime) -> timedelta:
        """How far a later moment can show an earlier time than this: an hour, or nothing.

        In the night when summer time ends the clock goes back, and what changes after
        that shows a time before the newest one that was seen.
        """
        zones = [self.zone] if self.zone else [_named(name) for name in CANDIDATES]
        return _REPEATED if any(z and is_repeated(shown, z) for z in zones) else timedelta()


def offset_between(shown: datetime, at: datetime) -> timedelta | None:
    """The offset from UTC that explains a shown time; None if none does.

    >>> offset_between(datetime(2026, 7, 1, 12, 0, 2), datetime(2026, 7, 1, 10, 0, tzinfo=UTC))
    datetime.timedelta(seconds=7200)
    """
    apart = shown - _naive(at)
    offset = round(apart / _QUARTER) * _QUARTER
    if abs(apart - offset) > _PATIENCE or not timedelta(hours=-12) <= offset <= timedelta(hours=14):
        return None
    return offset


def is_repeated(shown: datetime, zone: tzinfo) -> bool:
    """Whether the clock of a zone shows this twice."""
    first, second = zone.utcoffset(_first(shown)), zone.utcoffset(shown.replace(fold=1))
    return first is not None and second is not None and first > second


def _first(shown: datetime) -> datetime:
    return shown.replace(fold=0) if shown.fold else shown


def _moment(shown: datetime, zone: tzinfo) -> datetime:
    """In UTC, what the clock of a zone shows."""
    return _EPOCH + (shown - _NAIVE_EPOCH - (zone.utcoffset(shown) or timedelta()))


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _zone_of(offset: timedelta, at: datetime) -> tzinfo:
    likely = _named(LIKELY)
    if likely is not None and at.astimezone(likely).utcoffset() == offset:
        return likely
    return timezone(offset)


def _named(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
