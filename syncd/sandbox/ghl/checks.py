"""The strict validator of section 0 for bodies below contacts: one line per violation."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}")
YEARS = (1971, 2999)  # far from the ends of the calendar in every time zone


@dataclass(frozen=True, slots=True)
class Property:
    """What a property may be, and what is said behind its name if it is not."""

    fits: Callable[[object], bool]
    says: str
    nullable: bool = True  # where null clears at all


def one_of(*choices: str) -> Property:
    text = f"must be one of the following values: {', '.join(choices)}"
    return Property(lambda value: value in choices, text, nullable=False)


def moment(text: str, naive: tzinfo | None = UTC) -> int | None:
    """Epoch milliseconds of an ISO 8601 time; None for any other text.

    Args:
        naive: the time zone of a time that names none; without it such a time is none.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=naive)
    if at.tzinfo is None or not YEARS[0] <= at.year <= YEARS[1]:
        return None
    return int(at.timestamp() * 1000)


TEXT = Property(lambda value: isinstance(value, str), "must be a string")
FILLED = Property(
    lambda value: isinstance(value, str) and bool(value), "should not be empty", nullable=False
)
FLAG = Property(lambda value: isinstance(value, bool), "must be a boolean value", nullable=False)
HEX = Property(
    lambda value: isinstance(value, str) and COLOUR.fullmatch(value) is not None,
    "must be a hexadecimal color",
)
WHEN = Property(
    lambda value: isinstance(value, str) and moment(value) is not None,
    "must be a valid ISO 8601 date string",
    nullable=False,
)
OFFSET = Property(
    lambda value: isinstance(value, str) and moment(value, naive=None) is not None,
    "must be a valid ISO 8601 date string with an offset",
    nullable=False,
)
TEXTS = Property(
    lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    "must be an array of strings",
)
COUNT = Property(
    lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "must be a number",
    nullable=False,
)


def violations(
    body: Mapping[str, Any],
    known: Mapping[str, Property],
    required: Collection[str] = (),
    *,
    null_clears: bool = False,
) -> list[str]:
    """The lines of a 422; none if the body is valid.

    Args:
        null_clears: null is taken for every property that can be without a value.
    """
    lines = [f"property {name} should not exist" for name in body if name not in known]
    for name, one in known.items():
        if name not in body and name not in required:
            continue
        value = body.get(name)
        if not one.fits(value) and not (value is None and null_clears and one.nullable):
            lines.append(f"{name} {one.says}")
    return lines
