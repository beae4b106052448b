"""The pairs as a graph: accounts joined by pairs must form a forest."""

from collections.abc import Mapping


def circles(pairs: Mapping[str, tuple[str, str]]) -> dict[str, list[str]]:
    """Pairs whose accounts others have joined already, each with the names of these others.

    On a circle every change comes back by another way, and two pairs with different rules
    would undo each other's writes for ever.

    Args:
        pairs: both accounts by the pair's name.

    >>> circles({"a": ("crm", "mail"), "b": ("crm", "news"), "c": ("mail", "news")})
    {'c': ['a', 'b']}
    """
    trees: dict[str, list[str]] = {}  # by account, the pairs of the tree that it stands in
    found: dict[str, list[str]] = {}
    for name, (left, right) in pairs.items():
        here, there = trees.setdefault(left, []), trees.setdefault(right, [])
        if here and here is there:
            found[name] = list(here)
            continue
        joined = [*here, *there, name]
        grown = {account for member in joined for account in pairs[member]}
        trees.update(dict.fromkeys(grown, joined))
    return found
