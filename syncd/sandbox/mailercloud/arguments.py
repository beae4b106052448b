"""Reading the arguments of what a person does."""

from typing import Any

Arguments = dict[str, Any]
Result = dict[str, Any]


def text(arguments: Arguments, name: str, default: str | None = None) -> str:
    """Raises ValueError: missing, or no text that a screen could take."""
    value = arguments.get(name, default)
    if not isinstance(value, str) or not value:
        raise ValueError(f"`{name}` is missing or no text")
    return enterable(value)


def texts(arguments: Arguments, name: str) -> list[str]:
    values = arguments.get(name, ())
    if not isinstance(values, list | tuple) or not all(isinstance(one, str) for one in values):
        raise ValueError(f"`{name}` must be a list of texts")
    return [enterable(one) for one in values]


def enterable(value: str) -> str:
    """Nobody types half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError as exc:
        raise ValueError("a text holds half of a character") from exc
    return value
