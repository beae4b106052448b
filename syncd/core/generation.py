"""Which field stands behind a name: the same as before, or another one that was given its name.

Nothing that was known of the old field says anything of the new one, which is empty because
it is new and not because anybody emptied it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from syncd.model.spec import Catalogue, FieldSpec


@dataclass(frozen=True, slots=True)
class Generation:
    """The field behind a name, as it was last listed.

    Attributes:
        number: counts the fields that have had this name, from 0.
        kind, identity: as its spec says.
        present: the last catalogue listed it.
    """

    number: int
    kind: str
    identity: str | None = None
    present: bool = True

    @property
    def next(self) -> int:
        """The number of the field of this name that there is, or that would be made now."""
        return self.number if self.present else self.number + 1


def listed(
    known: Mapping[str, Generation], shown: Catalogue
) -> tuple[dict[str, Generation], frozenset[str]]:
    """What is known after a catalogue was read.

    Where a platform has no ids, a field of another kind is another one, and so is one that a
    catalogue in between did not list.

    Returns:
        What has changed, by name; and the names of fields whose values say nothing any more.

    >>> old = {"custom.size": Generation(0, "text", "f1")}
    >>> listed(old, {"custom.size": FieldSpec("custom.size", identity="f2")})[1]
    frozenset({'custom.size'})
    >>> listed(old, {"custom.size": FieldSpec("custom.size", identity="f1")})
    ({}, frozenset())
    """
    changed: dict[str, Generation] = {}
    forgotten: set[str] = set()
    for name in known.keys() - shown.keys():
        if known[name].present:
            changed[name] = replace(known[name], present=False)
            forgotten.add(name)
    for name, spec in shown.items():
        old = known.get(name)
        if old is None:
            changed[name] = Generation(0, spec.kind.value, spec.identity)
        elif not is_same(old, spec):
            changed[name] = Generation(old.number + 1, spec.kind.value, spec.identity)
            forgotten.add(name)
        elif old.identity is None and spec.identity is not None:
            changed[name] = replace(old, identity=spec.identity)
    return changed, frozenset(forgotten)


def is_same(known: Generation, shown: FieldSpec) -> bool:
    """Whether a listed field is the one that is known under its name."""
    ids = {known.identity, shown.identity} - {None}
    return known.present and known.kind == shown.kind.value and len(ids) < 2
