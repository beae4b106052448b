"""What the switches of an emulator have in common: being shown, and being changed with care."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import inf
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class Rules:
    """What the switches of one platform may be, where their present value does not tell.

    Attributes:
        platform: its name in errors.
        choices: all that these switches can be.
        optional: switches that may be None, and what else they are.
        zones: switches that name a time zone.
        fractions_most: no switch that is a fraction is more than this.
        numbers_below: every number is less than this.
    """

    platform: str
    choices: Mapping[str, frozenset[Any]]
    optional: Mapping[str, type] = field(default_factory=dict)
    zones: Collection[str] = ()
    fractions_most: float = inf
    numbers_below: float = inf


@dataclass(frozen=True, slots=True)
class Switches:
    """The base of the settings of a platform, which adds its switches and their rules."""

    rules: ClassVar[Rules]

    def changed(self, wanted: Mapping[str, Any]) -> Self:
        """These settings with some replaced. Several names become a tuple in lower case.

        Raises:
            ValueError: a setting that does not exist, or a value it cannot have.
        """
        known = {each.name: getattr(self, each.name) for each in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                has = f"{self.rules.platform} has no setting {name!r}; it has {', '.join(known)}"
                raise ValueError(has)
            if not _fits(self.rules, name, known[name], value):
                raise ValueError(f"setting {name!r} cannot be {value!r}")
        names = {
            name: tuple(map(str.lower, value))
            for name, value in wanted.items()
            if isinstance(known[name], tuple)
        }
        return replace(self, **{**wanted, **names})

    def shown(self) -> dict[str, Any]:
        return asdict(self)


def _fits(rules: Rules, name: str, present: object, value: object) -> bool:
    if name in rules.choices:
        return not isinstance(value, bool) and any(value == each for each in rules.choices[name])
    if name in rules.optional and value is None:
        return True
    if name in rules.zones:
        return isinstance(value, str) and is_zone(value)
    kind = rules.optional.get(name, type(present))
    if kind is bool or isinstance(value, bool):
        return kind is bool and isinstance(value, bool)
    if kind is tuple:
        return isinstance(value, list | tuple | set | frozenset) and all(
            isinstance(each, str) for each in value
        )
    if kind is float:
        return (
            isinstance(value, int | float)
            and 0 <= value <= rules.fractions_most
            and value < rules.numbers_below
        )
    if kind is int:
        return isinstance(value, int) and 0 <= value < rules.numbers_below
    return isinstance(value, kind)


def is_zone(name: str) -> bool:
    """Does the name stand for a time zone?"""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Europe" is a folder
        return False
    return True
