"""Values that a platform shows and that nobody can read: text in a field for numbers, and so on.

Such a field is not empty, and no longer what it was. So nothing is decided about it until it
can be read again, nothing is written over it, and it is told.
"""

from collections.abc import Set as AbstractSet

from syncd.model.rule import Rule
from syncd.model.side import Side
from syncd.model.values import Fields

UNREADABLE = "unreadable"
ODD = "$odd"  # where the fields of an observation name those that cannot be read


def noted(known: Fields, shown: Fields, odd: AbstractSet[str]) -> Fields:
    """What is known of a record that shows some fields, and others in a way nobody can read.

    >>> noted({"age": 7.0}, {}, {"age"})
    {'age': 7.0, '$odd': frozenset({'age'})}
    >>> noted({"age": 7.0, "$odd": frozenset({"age"})}, {"age": 8.0}, frozenset())
    {'age': 8.0}
    """
    fields = {**known, **shown}
    stays = (odd_names(known) - shown.keys()) | odd
    fields.pop(ODD, None)
    return {**fields, ODD: frozenset(stays)} if stays else fields


def odd_names(fields: Fields) -> frozenset[str]:
    """The fields of an observation that hold what nobody can read."""
    names = fields.get(ODD)
    return names if isinstance(names, frozenset) else frozenset()


def is_odd(rule: Rule, side: Side, fields: Fields) -> bool:
    """Whether one of a rule's fields on this side cannot be read."""
    return not odd_names(fields).isdisjoint(rule.fields(side))
