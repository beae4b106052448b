"""The transform `map`: values of the left, and what they are called on the right."""

from collections.abc import Callable
from typing import Any

from syncd.mapping.shape import Made, Shape, UnfitError, each, untranslatable
from syncd.model.rule import Direction
from syncd.model.side import SIDES, Side
from syncd.model.spec import Kind
from syncd.model.values import Value

_OTHERS = ("park", "keep", "empty")
_HINT = "Type e.g. map: {male: m, female: f}, the left's value first."


def make_map(argument: Any, others: str, shape: Shape) -> Made:
    """A table of values.

    Args:
        others: what happens to a value that is not in it: `park` reports the record,
            `keep` lets it through, `empty` leaves the target empty (one direction only).

    Raises:
        UnfitError: it is no table, or a field cannot hold one of its values.
    """
    shape.expect_one("map")
    for side in SIDES:
        shape.expect(side, frozenset(Kind) - {Kind.SET, Kind.CONSENT}, "map")
    if not isinstance(argument, dict) or not argument:
        raise UnfitError("`map` needs pairs of values.", _HINT)
    if others not in _OTHERS:
        raise UnfitError(f"`others` needs {', '.join(_OTHERS[:-1])} or {_OTHERS[-1]}.")
    if not all(isinstance(value, str | int | float | bool) for value in argument.values()):
        raise UnfitError("`map` needs one value for each value.", _HINT)
    table: dict[Value, Value] = {
        shape.stored(Side.LEFT, key): shape.stored(Side.RIGHT, value)
        for key, value in argument.items()
    }
    if len(table) != len(argument):
        raise UnfitError("`map` has one value of the left twice.")
    inverse = {value: key for key, value in table.items()}
    twice = next((v for v in inverse if list(table.values()).count(v) > 1), None)
    ambiguity = "" if twice is None else f"several values of the left become `{twice}`"
    if others == "empty" and shape.direction is Direction.BOTH:
        ambiguity = "`others: empty` cannot be undone"
    forward = _looked_up(table, others, shape.names(Side.LEFT))
    backward = None if ambiguity else each(_looked_up(inverse, others, shape.names(Side.RIGHT)))
    return Made(Side.LEFT, each(forward), backward, Kind.TEXT, ambiguity=ambiguity)


def _looked_up(
    table: dict[Value, Value], others: str, fields: tuple[str, ...]
) -> Callable[[Value], Value]:
    results = frozenset(table.values())

    def look_up(value: Value) -> Value:
        if value in table:
            return table[value]
        if others == "empty":
            return None
        if others == "keep" and value not in results:
            return value  # and so it comes back as itself
        raise untranslatable("`map` does not list its value", fields)

    return look_up
