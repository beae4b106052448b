"""A short stand-in for fields, equal when and only when they are equal."""

import json
from functools import partial
from hashlib import blake2b
from typing import Any

from syncd.model.values import Fields, to_json

_encoder = partial(json.JSONEncoder, separators=(",", ":"), ensure_ascii=False, default=to_json)
_encoded = _encoder().encode
_sorted = _encoder(sort_keys=True).encode


def digest(fields: Fields, *, gone: bool = False) -> str:
    """32 hexadecimal digits over names and values; the order of names does not count.

    >>> digest({"a": None, "b": 1}) == digest({"b": 1, "a": None})
    True
    """
    return digest_json([fields, gone])


def digest_json(content: Any) -> str:
    """The same for anything that JSON can hold, and values of fields."""
    return _hash(_sorted(content), 16).hexdigest()


def digest_number(content: Any) -> int:
    """A shorter one, of 64 bits, for what need not be told from all others.

    The order of names counts, as to sort them takes longer than all the rest.
    """
    return int.from_bytes(_hash(_encoded(content), 8).digest(), "big", signed=True)


def _hash(encoded: str, size: int) -> blake2b:
    return blake2b(encoded.encode("utf-8", "surrogatepass"), digest_size=size)
