"""JSON as it comes in, at every entrance of the sandbox: read whole, or refused in one way.

What is refused would be kept and then break an answer: numbers that are none, half a
character, and nesting at which a reader of Python gives up half-way.
"""

import json
import math
import re
from typing import Any

MOST_LEVELS = 100
_SURROGATE = re.compile(r"\\u[dD][89abABcdefCDEF]")


def parse(raw: bytes) -> Any:
    """The value that was sent.

    Raises:
        ValueError: not JSON in UTF-8, or nothing that could be sent back; the text says why,
            and holds nothing of what was sent.
    """
    text = raw.decode("utf-8-sig")
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as exc:
        raise ValueError(_too_deep()) from exc
    if text.count("[") + text.count("{") > MOST_LEVELS and _levels(value) > MOST_LEVELS:
        raise ValueError(_too_deep())
    if _SURROGATE.search(text):
        json.dumps(value, ensure_ascii=False).encode()  # a pair is one character, a half is none
    return value


def whole(text: str, digits_most: int = 18) -> int | None:
    """The whole number that a text is, 0 or more; None for any other text.

    >>> whole("12"), whole("²"), whole("-1"), whole("9" * 5000)
    (12, None, None, None)
    """
    if text.isascii() and text.isdigit() and len(text) <= digits_most:
        return int(text)
    return None


def _levels(value: Any) -> int:
    """How deep lists and objects are nested."""
    level, here = 0, [value]
    while here := [one for one in here if isinstance(one, list | dict)]:
        level += 1
        here = [inner for one in here for inner in (one.values() if isinstance(one, dict) else one)]
    return level


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _too_deep() -> str:
    return f"nested more than {MOST_LEVELS} levels deep"
