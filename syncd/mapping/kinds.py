"""Which kinds of fields may be joined without a transform."""

from syncd.core.canonical import text_of
from syncd.model.rule import Values
from syncd.model.spec import Kind

_AS_TEXT = frozenset(Kind) - {Kind.SET, Kind.CONSENT}
_SIBLINGS = frozenset({Kind.INTEGER, Kind.NUMBER})


def converts(one: Kind, other: Kind) -> bool:
    """Whether values travel between two kinds, in both directions, as they are.

    Text takes the text form of everything but sets, and the target's canonical form
    reads it back; a text that is none, such as `soon` for a date, is reported there.

    >>> converts(Kind.DATE, Kind.TEXT), converts(Kind.DATETIME, Kind.DATE)
    (True, False)
    """
    if one is other:
        return one is not Kind.CONSENT
    kinds = {one, other}
    return kinds == _SIBLINGS or (Kind.TEXT in kinds and kinds <= _AS_TEXT)


def as_they_are(values: Values) -> Values:
    """The translation of values between kinds that convert: sets as they are, the rest as text.

    Text is what every kind reads and what keeps each digit of a number.

    >>> as_they_are((12, None, frozenset({"vip"})))
    ('12', None, frozenset({'vip'}))
    """
    return tuple(v if isinstance(v, frozenset) else text_of(v) for v in values)
