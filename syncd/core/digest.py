"""A short stand-in for fields, equal when and only when they are equal."""

import json
from hashlib import blake2b
from typing import Any

from syncd.model.values import Fields, to_json

_encoded = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=to_json
).encode


def digest(fields: Fields, *, gone: bool = False) -> str:
    """32 hexadecimal digits over names and values; the order of names does not count.

    >>> digest({"a": None, "b": 1}) == digest({"b": 1, "a": None})
    True
    """
    return digest_json([fields, gone])


def digest_json(content: Any) -> str:
    """The same for anything that JSON can hold, and values of fields."""
    return _hash(content, 16).hexdigest()


def digest_number(content: Any) -> int:
    """A shorter one, of 64 bits, for what need not be told from all others."""
    return int.from_bytes(_hash(content, 8).digest(), "big", signed=True)


def _hash(content: Any, size: int) -> blake2b:
    return blake2b(_encoded(content).encode("utf-8", "surrogatepass"), digest_size=size)
