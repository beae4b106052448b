"""Whether two records say the same, by what people see of them."""

from collections.abc import Sequence

from syncd.core.merge import merge
from syncd.core.translate import Mapping
from syncd.model.rule import Rule
from syncd.model.side import Both
from syncd.model.values import Fields

_NOTHING: Both[Fields] = Both({}, {})


def say_the_same(rules: Sequence[Rule], now: Both[Fields], mapping: Mapping) -> bool:
    """Whether both sides agree on all of these rules, and there are any.

    Two records that never met agree where nothing would have to be written.
    """
    return bool(rules) and all(_agree(rule, now, mapping) for rule in rules)


def _agree(rule: Rule, now: Both[Fields], mapping: Mapping) -> bool:
    merged = merge(rule, now, _NOTHING, None, mapping)
    return merged.agreed != _NOTHING and not merged.steps and not merged.conflict
