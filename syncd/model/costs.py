"""How many requests a platform takes for a write, as far as that can be told beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncd.model.values import Patch, SetDelta


@dataclass(frozen=True, slots=True)
class Costs:
    """Requests for one op of each kind; parts of one where a call takes many.

    What goes wrong costs more, and is left out.

    Attributes:
        beside: fields that are changed by calls of their own, and how many; a set takes them
            twice if members are added and others removed.
    """

    create: float = 1.0
    update: float = 1.0
    delete: float = 1.0
    optout: float = 1.0
    beside: Mapping[str, float] = field(default_factory=dict)

    def of_update(self, patch: Patch) -> float:
        """Requests for one change.

        >>> tags = SetDelta(frozenset({"a"}), frozenset({"b"}))
        >>> costs = Costs(beside={"tags": 1.0})
        >>> costs.of_update({"city": "Bern"}), costs.of_update({"city": "Bern", "tags": tags})
        (1.0, 3.0)
        >>> costs.of_update({"tags": tags})
        2.0
        """
        own = self.update if patch.keys() - self.beside.keys() else 0.0
        return own + sum(
            calls * (2 if _goes_both_ways(patch[name]) else 1)
            for name, calls in self.beside.items()
            if name in patch
        )


def _goes_both_ways(value: object) -> bool:
    return isinstance(value, SetDelta) and bool(value.add) and bool(value.remove)
