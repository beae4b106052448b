"""Settled: links of which planning again, after a write of ours, would decide nothing new.

A write that did what was planned leaves both sides as was agreed, so that most links need not
be looked at again. What is said here follows from all that planning looks at: whoever gives it
something else to look at must say it here too (`tests/engine/test_planned_once.py`).
"""

from collections import Counter
from collections.abc import Set as AbstractSet

from syncd.core.consent import CONSENT
from syncd.engine.context import Stream
from syncd.model.link import Member, State
from syncd.model.op import OpKind
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields
from syncd.store.ops import Sent


def fields_heeded(stream: Stream, side: Side) -> frozenset[str]:
    """Fields of a side from which more follows than that the other side shows the same."""
    consent = stream.specs[side].consent
    read = Counter(name for rule in stream.mapping.rules for name in rule.fields(side))
    shared = {name for name, times in read.items() if times > 1}
    further = {consent.addresses} if consent and consent.addresses else set()
    return frozenset(shared | stream.looked_at[side] | further)


def is_plain(stream: Stream, sent: Sent, before: Member | None, heeded: AbstractSet[str]) -> bool:
    """Whether nothing follows from a write but that both sides show what was agreed.

    Whom the filter may take otherwise now, who has another address or consent or is parked, and
    what another line reads, is planned again.

    Args:
        before: the record that was written, as it stood; None for a new one.
        heeded: see `fields_heeded`.
    """
    op = sent.op
    if op.urgent or sent.ends is not None or CONSENT in op.patch:
        return False
    if op.kind is OpKind.UPDATE:
        if before is None or before.state is not State.LINKED or op.moves:
            return False
        return not op.patch.keys() & heeded
    return op.kind is OpKind.CREATE and before is None and stream.policy.filter[sent.side] is None


def is_whole(stream: Stream, side: Side, shadow: Both[Fields]) -> bool:
    """Whether a new record of a side shows all that it is to show, and nobody learns its id."""
    planner = stream.planner
    return planner.references[side.other] is None and all(
        name in shadow[there]
        for rule in planner.mapping.rules
        for there in SIDES
        for name in rule.shadows[there]
    )
