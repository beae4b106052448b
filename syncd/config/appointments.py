"""What may be said of the appointments of a pair, beside what all streams have."""

from datetime import timedelta

from pydantic import field_validator

from syncd.config.parts import Duration, Part, Texts
from syncd.config.streams import StreamSettings
from syncd.model.side import Both, Side

SHORTEST = timedelta(days=1)
BACK, AHEAD = timedelta(days=90), timedelta(days=365)
LONGEST = timedelta(days=3650)  # what a platform can be asked for ends somewhere


class CalendarSettings(Part):
    """Calendars by name or id, on the sides that have any."""

    left: Texts = ()
    """One calendar of the left, or several."""
    right: Texts = ()
    """One calendar of the right, or several."""

    @property
    def both(self) -> Both[tuple[str, ...]]:
        return Both(self.left, self.right)


class AssigneeSettings(Part):
    """A person by name, e-mail address or id, on the sides that have any."""

    left: str | None = None
    """Whose time a new appointment of the left takes."""
    right: str | None = None
    """Whose time a new appointment of the right takes."""

    @property
    def both(self) -> Both[str | None]:
        return Both(self.left, self.right)


class AppointmentSettings(StreamSettings):
    """The appointments of the contacts."""

    calendar: CalendarSettings = CalendarSettings()
    """Which calendars take part, by name or id; new appointments go into the first one."""
    assignee: AssigneeSettings = AssigneeSettings()
    """Whose time a new appointment takes: a name, an e-mail address or an id."""
    back: Duration = BACK
    """Appointments that start no longer ago than this take part."""
    ahead: Duration = AHEAD
    """Appointments that start no later from now than this take part."""
    notify: bool = False
    """Let the platform tell customers of what is written."""

    @field_validator("back", "ahead")
    @classmethod
    def _is_possible(cls, span: timedelta) -> timedelta:
        if not SHORTEST <= span <= LONGEST:
            raise ValueError("must be between 1d and 3650d")
        return span

    def part_of(self, side: Side) -> tuple[frozenset[str], timedelta, timedelta]:
        """Which appointments of a side take part."""
        return frozenset(self.calendar.both[side]), self.back, self.ahead
