"""What the models of the configuration are made of."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from syncd.config.docstrings import describe

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"


def parse_duration(text: Any) -> timedelta:
    """A duration such as `90s`, `10m`, `1h30m` or `7d`.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)

    Raises:
        ValueError: it is none.
    """
    if isinstance(text, timedelta):
        return text
    found = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found or not any(found.groups()):
        raise ValueError("should be a duration: type a number and a unit, as in 90s, 10m, 24h, 7d")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError as error:
        raise ValueError("should be a duration of at most 999999999 days") from error


def duration_text(duration: timedelta) -> str:
    """The inverse of `parse_duration`.

    >>> duration_text(timedelta(minutes=90)), duration_text(timedelta(0))
    ('1h30m', '0s')
    """
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def _several(given: Any) -> Any:
    """One name, a list of names or nothing, as a tuple."""
    if given is None:
        return ()
    return tuple(given) if isinstance(given, list) else (given,)


def per_side(given: Any) -> Any:
    return {"left": given, "right": given} if isinstance(given, str) else given


_text_or_texts = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}

Name = Annotated[str, Field(pattern=_NAME)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_several), WithJsonSchema(_text_or_texts)]
Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(duration_text, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"}),
]


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """What is told of each field, and defaults as people write them."""
    describe(schema, model)
    for name, field in model.model_fields.items():
        if isinstance(field.default, timedelta):
            schema["properties"][name]["default"] = duration_text(field.default)


class Part(BaseModel):
    """A part of the configuration: unknown keys are refused, and nothing changes later."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, json_schema_extra=_describe
    )
