"""One contact as the store knows it, and the reason why each field is as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from syncd.app import App
from syncd.cli import advice
from syncd.core.merge import merge
from syncd.core.normalise import identity_key
from syncd.core.shadow import shadow_name
from syncd.core.translate import Mapping as CompiledMapping
from syncd.engine.context import Stream
from syncd.model.link import Link, Member, Observation, State
from syncd.model.op import OpState
from syncd.model.rule import Direction, Policy, Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields, Value
from syncd.store import conflicts, links, members, observations, runs, tallies
from syncd.store.conflicts import Conflict
from syncd.store.database import reading

UNANSWERED = "not sent"  # as the engine notes what it gave a connector and got no answer for


@dataclass(frozen=True, slots=True)
class Subject:
    """One contact: its record on either side, and what connects them.

    Attributes:
        seen: what each side showed last; None where there is nothing.
        opted_out: when the suppression ledger says that one of its addresses opted out.
        conflicts: by rule name.
        problems: by rule name, why a value cannot travel.
        ops: its last writes, newest first.
    """

    pair: str
    accounts: Both[str]
    mapping: CompiledMapping
    members: Both[Member | None]
    seen: Both[Observation | None]
    link: Link | None
    opted_out: datetime | None
    conflicts: Mapping[str, Conflict]
    problems: Mapping[str, str]
    ops: Sequence[Mapping[str, Any]]

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


def find(app: App, pair: str, contact: str) -> list[Subject]:
    """Every contact of a pair that this address or id names.

    Raises:
        SyncdError: the pair cannot be opened.
    """
    stream = app.open_pair(pair, create_fields=False).contacts
    name = identity_key(contact) or contact.strip()
    with reading(app.store) as db:
        named = members.known_as(db, pair, stream.resource, name)
        linked = {m.link_id for m in named if m.link_id is not None}
        alone = [m for m in named if m.link_id is None]
        return [
            *(_linked(db, app, stream, link) for link in links.load(db, linked)),
            *(_subject(db, app, stream, None, [member]) for member in alone),
        ]


def _linked(db: sa.Connection, app: App, stream: Stream, link: Link) -> Subject:
    return _subject(db, app, stream, link, members.of_links(db, [link.id]))


def _subject(
    db: sa.Connection, app: App, stream: Stream, link: Link | None, involved: Sequence[Member]
) -> Subject:
    by_side = Both(*(_on(side, link, involved) for side in SIDES))
    seen = Both(*(_observation(db, stream, side, by_side[side]) for side in SIDES))
    keys = {member.key for member in involved if member.key is not None}
    opted_out = app.ledger.suppressed(db, keys, stream.relatives)
    parked = conflicts.of_links(db, [link.id]) if link else {}
    return Subject(
        pair=stream.pair,
        accounts=stream.accounts.map(lambda account: account.name),
        mapping=stream.mapping,
        members=by_side,
        seen=seen,
        link=link,
        opted_out=max(opted_out.values(), default=None),
        conflicts={rule: conflict for (_, rule), conflict in parked.items()},
        problems=conflicts.problems_of(db, link.id) if link else {},
        ops=[_with_reason(db, op) for op in tallies.of_link(db, link.id, 10)] if link else (),
    )


def _with_reason(db: sa.Connection, op: Mapping[str, Any]) -> Mapping[str, Any]:
    """A write that its platform did not answer for itself: what ended the run says why."""
    if op["state"] != OpState.DROPPED or op["error"] != UNANSWERED:
        return op
    run = runs.get(db, op["run_id"])
    why = f", as the run ended: {run.error.partition('  ')[0]}" if run and run.error else ""
    return {**op, "error": f"it was not carried out{why}"}


def _on(side: Side, link: Link | None, involved: Sequence[Member]) -> Member | None:
    """The record of a side: the link's own, and not one that it has replaced."""
    found = [m for m in involved if m.side is side]
    own = [m for m in found if link is None or link.ids[side] == m.remote_id]
    alive = [m for m in found if m.state is not State.GONE]
    return next(iter(own or alive or found), None)


def _observation(
    db: sa.Connection, stream: Stream, side: Side, member: Member | None
) -> Observation | None:
    if member is None:
        return None
    account = stream.accounts[side].name
    return observations.load(db, account, stream.resource, [member.remote_id]).get(member.remote_id)


# -- why ---------------------------------------------------------------------------------


def why(subject: Subject, rule: Rule) -> str:
    """Why a field is as it is, and what will happen to it."""
    if subject.link is None or not all(subject.shown(side) for side in SIDES):
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
