"""What differs between two looks at one record."""

from syncd.model.values import Fields


def changed(old: Fields, new: Fields) -> tuple[Fields, Fields]:
    """What differs, before and after; a field is missing where it is not known.

    >>> changed({"city": "Bern", "age": 7}, {"city": "Chur", "age": 7, "zip": None})
    ({'city': 'Bern'}, {'city': 'Chur', 'zip': None})
    """
    names = [n for n in old if n not in new or new[n] != old[n]]
    before = {name: old[name] for name in names}
    after = {n: value for n, value in new.items() if n in before or n not in old}
    return before, after


def replayed(fields: Fields, before: Fields, after: Fields) -> Fields:
    """A record's fields after a change, as `changed` tells it.

    >>> replayed({"city": "Bern", "age": 7}, {"city": "Bern"}, {"city": "Chur", "zip": None})
    {'age': 7, 'city': 'Chur', 'zip': None}
    """
    return {**{name: v for name, v in fields.items() if name not in before}, **after}
