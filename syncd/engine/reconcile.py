"""Reconcile: match what is new, then decide about every link with something to do."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import sqlalchemy as sa

from syncd.core.consent import OptedOut
from syncd.core.plan import Showing, Situation
from syncd.engine.context import Cycle
from syncd.engine.matching import match
from syncd.engine.observe import keys_of
from syncd.model.link import Link, Member, Observation, State
from syncd.model.plan import LinkPlan
from syncd.model.side import SIDES, Both, Side
from syncd.store import conflicts, links, members, observations, ops, refusals
from syncd.store.conflicts import Conflict
from syncd.store.database import reading


def reconcile(cycle: Cycle) -> None:
    """Plan what has changed: new links, agreed shadows, held ops, parked conflicts.

    Each chunk is one transaction; a crash leaves whole chunks, and what they planned is
    thrown away and planned again. Reads and writes only the store.
    """
    match(cycle)
    after = 0
    while True:
        with reading(cycle.bench.store) as db:
            ids = members.todo_links(
                db, cycle.pair.name, cycle.pair.resource, cycle.pair.chunk, after
            )
        if not ids:
            return
        with cycle.writing() as db:
            plan_links(db, cycle, ids)
        after = ids[-1]
        cycle.bench.crash("reconcile")


def plan_links(db: sa.Connection, cycle: Cycle, ids: Sequence[int]) -> None:
    """Decide about these links and store what was decided."""
    pair = cycle.pair
    busy = ops.links_with_open_ops(db, ids)
    chosen = [link for link in links.load(db, ids) if link.id not in busy]
    standing = {
        (m.side, m.remote_id): m
        for m in members.of_links(db, pair.name, pair.resource, [k.id for k in chosen])
    }
    seen = Both(*(_observations(db, cycle, side, chosen) for side in SIDES))
    ledger = _ledger(db, cycle, seen)
    parked = conflicts.of_links(db, [link.id for link in chosen])
    refused = refusals.of_links(db, [link.id for link in chosen])
    rivalled = _rivalled(db, cycle, standing.values(), chosen)
    planner = pair.planner
    plans: dict[int, tuple[Link, LinkPlan]] = {}
    for link in chosen:
        situation = _situation(cycle, link, seen, ledger, parked)
        if situation is not None:
            at = replace(situation, refused=refused.get(link.id, {}), rivalled=link.id in rivalled)
            plans[link.id] = (link, planner.plan(at))
    _store_plans(db, cycle, plans, standing, parked)


def _rivalled(
    db: sa.Connection, cycle: Cycle, standing: Iterable[Member], chosen: Iterable[Link]
) -> set[int]:
    """Links that lack a side on which some record has their key already.

    That record is linked to somebody else or one of several; a create would double it.
    """
    pair = cycle.pair
    incomplete = {link.id for link in chosen if None in link.ids}
    lone = [m for m in standing if m.link_id in incomplete and m.key is not None]
    namesakes = members.with_keys(
        db, pair.name, pair.resource, sorted({m.key for m in lone if m.key is not None})
    )
    there = {(m.side, m.key) for m in namesakes}
    return {m.link_id for m in lone if m.link_id and (m.side.other, m.key) in there}


def _observations(
    db: sa.Connection, cycle: Cycle, side: Side, chosen: Iterable[Link]
) -> dict[str, Observation]:
    ids = [remote_id for link in chosen if (remote_id := link.ids[side]) is not None]
    return observations.load(db, cycle.pair.accounts[side].name, cycle.pair.resource, ids)


def _ledger(
    db: sa.Connection, cycle: Cycle, seen: Both[dict[str, Observation]]
) -> dict[str, OptedOut]:
    """What the suppression ledger holds of the addresses of these records."""
    addresses = {
        key
        for side in SIDES
        for observation in seen[side].values()
        if (key := keys_of(cycle, side, observation.fields)[0]) is not None
    }
    found = cycle.bench.ledger.suppressed(db, addresses, cycle.pair.relatives)
    return {address: OptedOut(moment) for address, moment in found.items()}


def _situation(
    cycle: Cycle,
    link: Link,
    seen: Both[dict[str, Observation]],
    ledger: dict[str, OptedOut],
    parked: dict[tuple[int, str], Conflict],
) -> Situation | None:
    """What the decision about a link rests on; None if one side was never read."""
    sides: dict[Side, Showing | None] = {}
    opted_out: OptedOut | None = None
    for side in SIDES:
        remote_id = link.ids[side]
        observation = seen[side].get(remote_id) if remote_id is not None else None
        if remote_id is not None and observation is None:
            return None
        sides[side] = _showing(observation, cycle.pair.imagined[side])
        if observation is not None and not observation.gone:
            address, _ = keys_of(cycle, side, observation.fields)
            opted_out = opted_out or ledger.get(address or "")
    choices = {
        rule: conflict.take
        for (link_id, rule), conflict in parked.items()
        if link_id == link.id
        and conflict.take is not None
        and _is_as_chosen(cycle, conflict, Both(sides[Side.LEFT], sides[Side.RIGHT]))
    }
    return Situation(link, Both(sides[Side.LEFT], sides[Side.RIGHT]), opted_out, choices)


def _is_as_chosen(cycle: Cycle, conflict: Conflict, sides: Both[Showing | None]) -> bool:
    """Whether both sides still show what the person saw who chose between them."""
    rule = next((r for r in cycle.pair.mapping.rules if r.name == conflict.rule), None)
    return rule is not None and all(
        (showing := sides[side]) is not None
        and tuple(showing.fields.get(n) for n in rule.fields(side)) == conflict.values[side]
        for side in SIDES
    )


def _showing(seen: Observation | None, imagined: frozenset[str]) -> Showing | None:
    if seen is None:
        return None
    fields = {**dict.fromkeys(imagined), **seen.fields}
    return Showing(seen.remote_id, fields, seen.gone, seen.modified)


def _store_plans(
    db: sa.Connection,
    cycle: Cycle,
    plans: dict[int, tuple[Link, LinkPlan]],
    standing: dict[tuple[Side, str], Member],
    parked: dict[tuple[int, str], Conflict],
) -> None:
    pair = cycle.pair
    drafts = [
        draft
        for _, plan in plans.values()
        for draft in plan.drafts
        if draft.urgent or draft.side in cycle.targets
    ]
    ops.stage(db, pair.name, cycle.run_id, pair.resource, drafts)
    links.save_shadows(
        db, {i: plan.shadow for i, (link, plan) in plans.items() if plan.shadow != link.shadow}
    )
    links.end(db, {i: plan.ended for i, (link, plan) in plans.items() if plan.ended != link.ended})
    new = [(i, rule, v) for i, (_, plan) in plans.items() for rule, v in plan.conflicts.items()]
    settled = [(i, rule) for i, rule in parked if i in plans and rule not in plans[i][1].conflicts]
    chosen_in_flight = {draft.link_id for draft in drafts}
    conflicts.close(
        db,
        [
            (i, rule)
            for i, rule in settled
            if parked[i, rule].take is None or i not in chosen_in_flight
        ],
    )
    conflicts.park(db, pair.name, new, cycle.bench.now())
    problems = {
        (i, rule): code for i, (_, plan) in plans.items() for rule, code in plan.problems.items()
    }
    conflicts.note_problems(db, pair.name, plans, problems)
    members.save(db, pair.name, pair.resource, _after_plan(plans, standing))


def _after_plan(
    plans: dict[int, tuple[Link, LinkPlan]], standing: dict[tuple[Side, str], Member]
) -> list[Member]:
    """Records whose link wants a write stay to be done: a later look must find nothing."""
    changed = []
    for link, plan in plans.values():
        todo = bool(plan.drafts)
        for side in SIDES:
            remote_id = link.ids[side]
            member = standing.get((side, remote_id)) if remote_id is not None else None
            if member is None:
                continue
            stand = plan.standing[side]
            state = State.GONE if member.state is State.GONE else stand.state
            after = replace(member, state=state, cause=stand.cause, todo=todo)
            if after != member:
                changed.append(after)
    return changed
