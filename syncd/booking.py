"""Where the appointments of a pair are: calendars and people by name, looked up on their platforms.

An account may have calendars, of which a pair keeps some in step and makes appointments in the
first; and people, one of whom an appointment that we make is assigned to.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncd.config.appointments import AHEAD, BACK, AppointmentSettings
from syncd.config.load import Pair
from syncd.config.problems import raise_any
from syncd.connectors.api import Names
from syncd.errors import ConfigError
from syncd.mapping.line import Line
from syncd.mapping.problem import Problem, did_you_mean
from syncd.model.record import Extent, Resource
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import ResourceSpec
from syncd.model.values import Fields

APPOINTMENT = Resource.APPOINTMENT
# Lists go further than what gets counterparts. What one side no longer shows, and the other side
# does, as its turn came a moment earlier, would else be booked twice.
FURTHER = timedelta(days=1)
EVERYWHERE = Extent(BACK + FURTHER, AHEAD + FURTHER)  # where no pair says anything of them
MOST_NAMES = 20  # in a message


@dataclass(frozen=True, slots=True)
class Chosen:
    """One calendar or person: its id, and a name to show."""

    remote_id: str
    name: str

    def __str__(self) -> str:
        known = self.name not in ("", self.remote_id)
        return f"'{self.name}' ({self.remote_id})" if known else f"'{self.remote_id}'"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the appointments of one side are, and whose they are if we make them."""

    calendars: tuple[Chosen, ...] = ()
    assignee: Chosen | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """What the connectors and the engine have to know of it."""

    settings: AppointmentSettings
    specs: Both[ResourceSpec]
    places: Both[Place] = field(default_factory=lambda: Both(Place(), Place()))

    @property
    def extents(self) -> Both[Extent]:
        """The part of the appointments that each side lists."""
        return Both(*(self._extent(side) for side in SIDES))

    @property
    def given(self) -> Both[Fields]:
        """What each appointment gets that is made on a side."""
        return Both(*(dict(self._given(side)) for side in SIDES))

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """What starts earlier, or later, gets no counterpart."""
        return now - self.settings.back, now + self.settings.ahead

    def told(self, side: Side) -> list[str]:
        """What was found on a side, for a person; nothing where there are no calendars."""
        place, spec = self.places[side], self.specs[side]
        first, *others = place.calendars or (None,)
        calendars = ["all calendars"] if spec.calendar else []
        if first is not None:
            calendars = [f"new ones in calendar {first}"]
            calendars += [f"also calendar {', '.join(map(str, others))}"] if others else []
        person = [f"for {place.assignee}"] if place.assignee else []
        return [*calendars, *person]

    def unstaffed(self, side: Side, lines: Iterable[Line]) -> Chosen | None:
        """The calendar of new appointments on a side, if nothing says whose time they take.

        Args:
            lines: the mapping of appointments.
        """
        place, name = self.places[side], self.specs[side].assignee
        if not name or not place.calendars or place.assignee is not None:
            return None
        if side not in self.settings.create.sides:
            return None
        mapped = any(name in one.fields(side) and one.direction.reaches(side) for one in lines)
        return None if mapped else place.calendars[0]

    def _extent(self, side: Side) -> Extent:
        ids = frozenset(one.remote_id for one in self.places[side].calendars)
        name = self.specs[side].calendar
        only = {name: ids} if name and ids else {}
        return Extent(self.settings.back + FURTHER, self.settings.ahead + FURTHER, only)

    def _given(self, side: Side) -> Iterator[tuple[str, str]]:
        place, spec = self.places[side], self.specs[side]
        if spec.calendar and place.calendars:
            yield spec.calendar, place.calendars[0].remote_id
        if spec.assignee and place.assignee:
            yield spec.assignee, place.assignee.remote_id


@dataclass(frozen=True, slots=True)
class Resolver:
    """Looks up what the appointments of one side say.

    Args:
        account: its name and its platform's, for messages.
        names: as `Naming.named`; asked where the file names something.
    """

    pair: Pair
    settings: AppointmentSettings
    side: Side
    spec: ResourceSpec
    account: str
    names: Callable[[str], Names]

    def place(self) -> Place:
        """The calendars and the person that the pair's file names.

        Raises:
            ConfigError: one of them is not there, or one is missing; all problems at once.
            AccountError, TransientError: the platform does not tell its names.
        """
        calendars, wrong = self._chosen("calendar", self.settings.calendar.both[self.side])
        assignee = self.settings.assignee.both[self.side]
        people, also = self._chosen("assignee", (assignee,) if assignee is not None else ())
        raise_any([*wrong, *also, *self._lacking()])
        return Place(calendars, people[0] if people else None)

    def _chosen(self, key: str, wanted: Sequence[str]) -> tuple[tuple[Chosen, ...], list[Problem]]:
        noun, name = (
            ("calendar", self.spec.calendar) if key == "calendar" else ("user", self.spec.assignee)
        )
        if not wanted:
            return (), []
        where = self.pair.place.where(*self.pair.steps(APPOINTMENT), key, self.side.value)
        if name is None:
            said = f"{self.account} has no {noun}s, so that none can be named."
            return (), [Problem(where, said, f"Remove `{self.side.value}` from `{key}`.")]
        known, chosen, problems = self.names(name), list[Chosen](), list[Problem]()
        for one in wanted:
            try:
                chosen.append(find(one, known, noun, self.account))
            except ConfigError as error:
                problems.append(Problem(where, error.message, error.hint or ""))
        return tuple(dict.fromkeys(chosen)), problems

    def _lacking(self) -> Iterator[Problem]:
        """An appointment of this platform is in a calendar, so that one has to be named."""
        field_name, side = self.spec.calendar, self.side
        named = self.settings.calendar.both[side] or any(
            field_name in line.fields(side) and line.direction.reaches(side)
            for line in self.pair.lines(APPOINTMENT)
        )
        if field_name and side in self.settings.create.sides and not named:
            yield Problem(
                self.pair.place.where(*self.pair.steps(APPOINTMENT)),
                f"{self.account} makes no appointment without a calendar, and none is named.",
                f"Add `calendar: {{{side.value}: …}}` with a name or an id, or `create:"
                f" {side.other.value}`.",
            )


def find(wanted: str, known: Names, noun: str, account: str) -> Chosen:
    """Who or what has an id or, without regard to case, a name.

    Raises:
        ConfigError: nobody is called so, or several are.
    """
    if wanted in known:
        return Chosen(wanted, _shown(known[wanted]))
    key = wanted.strip().casefold()
    found = sorted(
        remote_id
        for remote_id, names in known.items()
        if key and key in {name.strip().casefold() for name in names}
    )
    if len(found) == 1:
        return Chosen(found[0], _shown(known[found[0]]))
    if found:
        raise ConfigError(
            f"{account} has {len(found)} {noun}s called `{wanted}`: {', '.join(found)}.",
            hint="Write the id of one instead of the name.",
        )
    shown = sorted(_shown(names) or remote_id for remote_id, names in known.items())
    every = {name for names in known.values() for name in names}
    more = ", …" if len(shown) > MOST_NAMES else ""
    there = f"There are: {', '.join(shown[:MOST_NAMES])}{more}." if shown else "There are none."
    raise ConfigError(
        f"{account} has no {noun} `{wanted}`.",
        hint=" ".join(filter(None, (did_you_mean(wanted, every), there))),
    )


def _shown(names: Sequence[str]) -> str:
    return names[0].strip() if names else ""
