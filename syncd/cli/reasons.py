"""One record as the store knows it, and the reason why each field is as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncd.cli import advice
from syncd.core.merge import merge
from syncd.core.shadow import shadow_name
from syncd.core.translate import Mapping as CompiledMapping
from syncd.model.entry import Noted
from syncd.model.link import Link, Member, Observation, State
from syncd.model.record import Resource
from syncd.model.rule import Direction, Policy, Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields, Value
from syncd.store.conflicts import Conflict


@dataclass(frozen=True, slots=True)
class Subject:
    """A contact, or what belongs to one: its record on either side, and what connects them.

    Attributes:
        known_as: its address, or what people tell it by; empty if it has nothing of the kind.
        contacts: to which it belongs, as each side has it; None for a contact.
        seen: what each side showed last; None where there is nothing.
        opted_out: when the suppression ledger says that one of its addresses opted out.
        conflicts: by rule name.
        problems: by rule name, why a value cannot travel.
        ops: its last writes, newest first.
        history: its newest entries of the journal, oldest first.
    """

    pair: str
    resource: Resource
    known_as: str
    contacts: Both[Member | None]
    accounts: Both[str]
    mapping: CompiledMapping
    members: Both[Member | None]
    seen: Both[Observation | None]
    link: Link | None
    opted_out: datetime | None
    conflicts: Mapping[str, Conflict]
    problems: Mapping[str, str]
    ops: Sequence[Mapping[str, Any]]
    history: Sequence[Noted] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.mapping.rules

    def shown(self, side: Side) -> Fields:
        seen = self.seen[side]
        return seen.fields if seen is not None and not seen.gone else {}

    def values(self, rule: Rule) -> Both[tuple[Value, ...]]:
        """What both sides show for a rule."""
        return Both(*(tuple(self.shown(s).get(n) for n in rule.fields(s)) for s in SIDES))

    def shadow_of(self, rule: Rule) -> Both[tuple[Value, ...]]:
        """What both sides showed at the last agreement; empty if there was none."""
        if self.link is None:
            return Both((), ())
        found: list[tuple[Value, ...]] = []
        for side in SIDES:
            shadow = self.link.shadow[side]
            names = (shadow_name(rule, side),) if rule.as_set else rule.fields(side)
            found.append(tuple(shadow[n] for n in names) if set(names) <= shadow.keys() else ())
        return Both(*found)


# -- why ---------------------------------------------------------------------------------


def why(subject: Subject, rule: Rule) -> str:
    """Why a field is as it is, and what will happen to it."""
    if subject.link is None or not all(subject.shown(side) for side in SIDES):
        if rule.name in subject.problems:
            return f"cannot travel: {advice.problem_told(subject.problems[rule.name])}"
        return "there is only one side"
    if subject.link.ended:
        return f"nothing flows any more: {advice.told(subject.link.ended)}"
    if any(m is not None and m.state is not State.LINKED for m in subject.members):
        return "nothing flows while the record is not linked"
    if rule.name in subject.conflicts:
        return _conflict(subject, subject.conflicts[rule.name])
    if rule.name in subject.problems:
        return f"cannot travel: {advice.problem_told(subject.problems[rule.name])}"
    now = Both(*(subject.shown(side) for side in SIDES))
    if any(name not in now[side] for side in SIDES for name in rule.fields(side)):
        return "not read yet on both sides"
    return _decided(subject, rule, now)


def _conflict(subject: Subject, conflict: Conflict) -> str:
    number, take = conflict.id, conflict.take
    if take is None:
        why = advice.conflict_told(flips=conflict.flips)
        return f"conflict {number}: {why}; type `syncd conflicts show {number}`"
    return f"conflict {number}: a person chose '{subject.accounts[take]}'; the next cycle writes it"


def _decided(subject: Subject, rule: Rule, now: Both[Fields]) -> str:
    shadow = subject.link.shadow if subject.link else Both({}, {})
    merged = merge(rule, now, shadow, None, subject.mapping)
    if merged.conflict:
        if rule.policy is Policy.MANUAL:
            return "both sides changed; the next cycle parks it as a conflict"
        return f"both sides changed; the next cycle decides by `{rule.policy.value}`"
    if merged.problem:
        return f"cannot travel: {advice.problem_told(merged.problem)}"
    if merged.steps:
        targets = " and ".join(f"'{subject.accounts[side]}'" for side in merged.steps)
        return f"waits to be written to {targets}"
    if any(merged.agreed) or _say_the_same(subject, rule):
        return "agreed"
    if rule.direction is not Direction.BOTH and not any(subject.shadow_of(rule)):
        return "one-way, and the source is empty: the target is left alone"
    return "differs as it did at the last agreement: nobody has changed it since"


def _say_the_same(subject: Subject, rule: Rule) -> bool:
    """Whether either side's value is what the other's becomes when it travels."""
    shown = subject.values(rule)
    for side in SIDES:
        image = subject.mapping.across(rule, side, shown[side.other])
        values = image.values if image is not None else ()
        if values and subject.mapping.alike(rule, side, values, shown[side]):
            return True
    return False
