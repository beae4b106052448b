"""Calendars, the slots they offer, and the endpoints that read them (4.4)."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from syncd.sandbox.ghl.children import Appointment

SLOT_MIN = 30
WEEKDAYS = (1, 2, 3, 4, 5)  # 0 is Sunday
OPENS, CLOSES = 9, 17  # hours in the zone of the location
DAYS_AHEAD = 365
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar that is open on weekdays from nine to five, in the zone of its location.

    Attributes:
        team: ids of the users whose time is booked; empty for a calendar of nobody.
    """

    id: str
    name: str
    location_id: str
    team: tuple[str, ...] = ()
    group_id: str | None = None

    def wire(self) -> dict[str, Any]:
        hours = {"openHour": OPENS, "openMinute": 0, "closeHour": CLOSES, "closeMinute": 0}
        return {
            "id": self.id,
            "locationId": self.location_id,
            "groupId": self.group_id,
            "name": self.name,
            "description": "",
            "calendarType": "round_robin" if self.team else "event",
            "eventType": "RoundRobin_OptimizeForAvailability",
            "eventTitle": "{{contact.name}}",
            "teamMembers": [
                {"userId": user_id, "priority": 0.5, "isPrimary": user_id == self.team[0]}
                for user_id in self.team
            ],
            "slotDuration": SLOT_MIN,
            "slotDurationUnit": "mins",
            "slotInterval": SLOT_MIN,
            "slotIntervalUnit": "mins",
            "allowBookingFor": DAYS_AHEAD,
            "allowBookingForUnit": "days",
            "openHours": [{"daysOfTheWeek": [day], "hours": [hours]} for day in WEEKDAYS],
            "autoConfirm": True,
            "isActive": True,
        }


def of_location(location_id: str, staff: Sequence[str], seed: int) -> dict[str, Calendar]:
    """One calendar of a team, which has a group, and one of nobody; the same ids per seed."""
    dice = random.Random(f"ghl calendars {seed} {location_id}")
    first, second, group = (f"{dice.getrandbits(80):020x}" for _ in range(3))
    return {
        first: Calendar(first, "Consultations", location_id, tuple(staff), group),
        second: Calendar(second, "Open Day", location_id),
    }


def out_of_range(start: int, now: int) -> bool:
    """Is it past, or further ahead than can be booked? Epoch milliseconds."""
    return not now <= start <= last_day(now)


def last_day(now: int) -> int:
    """Until when can be booked (epoch ms)."""
    return now + DAYS_AHEAD * 24 * 60 * MINUTE_MS


def no_free_slot(one: Appointment, others: Iterable[Appointment], timezone: str) -> bool:
    """Is it off hours, off the half hours, or at the time of another one of the same user?"""
    zone = ZoneInfo(timezone)
    starts = datetime.fromtimestamp(one.start / 1000, zone)
    ends = starts + timedelta(milliseconds=one.end - one.start)
    closing = starts.replace(hour=CLOSES, minute=0, second=0, microsecond=0)
    fits = (
        starts.isoweekday() % 7 in WEEKDAYS
        and starts.hour >= OPENS
        and ends <= closing
        and (one.start // MINUTE_MS) % SLOT_MIN == 0
        and one.start % MINUTE_MS == 0
    )
    return not fits or any(_in_the_way(one, other) for other in others)


def free_slots(
    calendar: Calendar,
    users: Sequence[str],
    window: tuple[int, int],
    others: Sequence[Appointment],
    timezone: str,
) -> list[int]:
    """Starts (epoch ms) within a window, both ends included, at which one of `users` is free."""
    step = SLOT_MIN * MINUTE_MS
    first = -(-window[0] // step) * step
    return [
        start
        for start in range(first, window[1] + 1, step)
        if any(
            not no_free_slot(_wanted(calendar, user, start, start + step), others, timezone)
            for user in users or (None,)
        )
    ]


def _wanted(calendar: Calendar, user: str | None, start: int, end: int) -> Appointment:
    return Appointment("", None, calendar.id, start, end, None, start, start, assigned=user)


def _in_the_way(one: Appointment, other: Appointment) -> bool:
    return (
        other.id != one.id
        and other.status != "cancelled"
        and other.calendar_id == one.calendar_id
        and other.assigned == one.assigned
        and other.start < one.end
        and one.start < other.end
    )
