"""The location itself, and the zone in which it writes times that have none.

Source: ghl.md 4.3 (times without a zone), 5.3 and 12.15: that these are in the location's
zone is presumed, and documented nowhere.
"""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syncd.connectors.ghl.answers import ScopeError
from syncd.connectors.ghl.api import Api, Family
from syncd.connectors.ghl.child_codec import has_offset, zoned_time
from syncd.connectors.ghl.values import ODD, Unknown
from syncd.errors import AccountError, RecordError, StaleError

PATH = "/locations/{location_id}"
ZONE_RECHECK = timedelta(hours=1)  # people change it under Settings > Business Profile
LONGEST_DATE = 10  # characters; what is longer tells a time of the day too


def read_location(api: Api) -> Mapping[str, Any]:
    """The location with its settings.

    Raises:
        AccountError: it is not shown, or is another one.
    """
    try:
        answer = api.call("GET", PATH, {"location_id": api.location_id}, family=Family.LOCATIONS)
    except (RecordError, StaleError) as cause:
        raise AccountError(
            f"GHL does not show this location ({cause.message})",
            hint="Compare `location_id` with Settings > Business Profile; then type `syncd check`.",
        ) from cause
    location = answer.json_object().get("location")
    if not isinstance(location, Mapping):
        raise AccountError(f"{answer.label} was answered without a location")
    if location.get("id", api.location_id) != api.location_id:
        raise AccountError(
            "The token opens another location than `location_id` says; nothing was read",
            hint="Put the id of the token's own sub-account into `location_id`.",
        )
    return location


class LocationZone:
    """Reads times as the location writes them; safe to use from several threads."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._zone: ZoneInfo | None = None
        self._read_at: float | None = None

    def read(self, value: Any) -> datetime | Unknown | None:
        """A time as aware UTC; without an offset it is one of the location's clock.

        Odd is what that clock never shows or shows twice, and every time without an offset
        as long as the zone is not known: an appointment must not be moved by a guess.
        """
        if not isinstance(value, str) or not value or has_offset(value):
            return zoned_time(value)
        try:
            wall = datetime.fromisoformat(value)
        except ValueError:
            return ODD
        zone = self._known() if len(value) > LONGEST_DATE else None
        return (in_zone(wall, zone) if zone else None) or ODD

    def _known(self) -> ZoneInfo | None:
        with self._lock:
            now = self._api.monotonic()
            if self._read_at is None or now - self._read_at >= ZONE_RECHECK.total_seconds():
                self._zone, self._read_at = self._named(), now
            return self._zone

    def _named(self) -> ZoneInfo | None:
        try:
            name = read_location(self._api).get("timezone")
        except ScopeError:
            return None
        try:
            return ZoneInfo(name) if isinstance(name, str) and name else None
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None


def in_zone(wall: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment at which a clock of the zone shows this; None if it never does, or twice.

    >>> in_zone(datetime(2026, 7, 1, 9), ZoneInfo("Europe/Berlin"))
    datetime.datetime(2026, 7, 1, 7, 0, tzinfo=datetime.timezone.utc)
    """
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        return None
    return first.astimezone(UTC)
