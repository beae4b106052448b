"""Which derived fields a pair's file names: in its mapping, or in the filter of a side."""

from collections.abc import Iterator, Mapping
from typing import Any

from syncd.config.load import Pair
from syncd.model.derived import DERIVED
from syncd.model.side import Side


def derived_of(pair: Pair, side: Side) -> frozenset[str]:
    """Those that a pair asks of one side; a template's are asked of both."""
    settings = pair.settings
    condition = settings.filter.left if side is Side.LEFT else settings.filter.right
    texts = [
        *(name for line in pair.lines() for name in line.fields(side)),
        *(text for line in pair.lines() for text in _texts(line.transform)),
        *_texts(condition),
    ]
    return frozenset(name for name in DERIVED for text in texts if _is_in(name, text))


def _texts(said: Any) -> Iterator[str]:
    """Every text within something that a file says."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, Mapping):
        for one in said.values():
            yield from _texts(one)
    elif isinstance(said, list | tuple):
        for one in said:
            yield from _texts(one)


def _is_in(name: str, text: str) -> bool:
    """Whether a text is a name, or a template that has it."""
    return text == name or f"{{{name}}}" in text
