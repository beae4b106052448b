"""Reconcile: match what is new, then decide about every link with something to do."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from syncd.core.flapping import ROUNDS
from syncd.core.normalise import identity_key
from syncd.engine import journal
from syncd.engine.context import Cycle
from syncd.engine.fields import require_as_opened
from syncd.engine.inquire import stage_told
from syncd.engine.matching import match
from syncd.engine.situations import situations_of
from syncd.engine.standing import keep, stands_as_shown
from syncd.engine.within import match_within
from syncd.model.link import Link, Member, Observation, State
from syncd.model.op import Move, OpKind
from syncd.model.plan import Draft, LinkPlan
from syncd.model.side import SIDES, Both, Side
from syncd.store import conflicts, doubts, links, members, moves, observations, ops
from syncd.store.conflicts import Conflict
from syncd.store.database import reading


def reconcile(cycle: Cycle) -> None:
    """Plan what has changed: new links, agreed shadows, held ops, parked conflicts.

    Each chunk is one transaction; a crash leaves whole chunks, and what they planned is
    thrown away and planned again. Reads and writes only the store.
    """
    if cycle.stream.parent is None:
        match(cycle)
    else:
        match_within(cycle)
    after = 0
    while True:
        with reading(cycle.environment.store) as db:
            ids = members.todo_links(
                db, cycle.stream.pair, cycle.stream.resource, cycle.stream.chunk, after
            )
        if not ids:
            break
        with cycle.writing() as db:
            plan_links(db, cycle, ids)
        after = ids[-1]
        cycle.environment.crash("reconcile")
    stage_told(cycle)


def plan_links(db: sa.Connection, cycle: Cycle, ids: Sequence[int]) -> None:
    """Decide about these links and store what was decided."""
    stream = cycle.stream
    for side in SIDES:
        require_as_opened(db, cycle, side)
    busy = ops.links_with_open_ops(db, ids)
    chosen = [link for link in links.load(db, ids) if link.id not in busy]
    standing = {
        (m.side, m.remote_id): m for m in members.of_links(db, [k.id for k in chosen], locked=True)
    }
    seen = Both(*(_observations(db, cycle, side, chosen) for side in SIDES))
    parked = conflicts.of_links(db, [link.id for link in chosen])
    situations = situations_of(db, cycle, chosen, standing, seen, parked)
    planner = stream.planner
    plans = {i: (at.link, planner.plan(at)) for i, at in situations.items()}
    for link_id, history in _histories(db, cycle, plans).items():
        situations[link_id] = replace(situations[link_id], history=history)
        plans[link_id] = (plans[link_id][0], planner.plan(situations[link_id]))
    for link_id, (_, plan) in plans.items():
        cycle.lifts.pop(link_id, None)
        if plan.lifts is not None:
            cycle.lifts[link_id] = (plan.lifts, situations[link_id].addresses)
    unsure = _unsure(db, cycle, [draft for _, plan in plans.values() for draft in plan.drafts])
    _store_plans(db, cycle, plans, standing, parked, seen, unsure)


def _observations(
    db: sa.Connection, cycle: Cycle, side: Side, chosen: Iterable[Link]
) -> dict[str, Observation]:
    ids = [remote_id for link in chosen if (remote_id := link.ids[side]) is not None]
    return observations.load(db, cycle.stream.accounts[side].name, cycle.stream.resource, ids)


def _unsure(db: sa.Connection, cycle: Cycle, drafts: Iterable[Draft]) -> set[int]:
    """Links for which a record may exist already, under another address than they have now.

    A create that nobody can tell about may be sent again, as its platform keeps the address
    unique. Under another address it would make a second record for the same person: it waits
    until a listing shows what became of the first.
    """
    stream, unsure = cycle.stream, set[int]()
    for side in SIDES:
        wanted = {d.link_id: d for d in drafts if d.side is side and stream.awaits_id(side, d)}
        name = stream.policy.keys.first[side]
        for sent in ops.load(db, doubts.doubted(db, side, wanted).values()):
            now = wanted[sent.link_id].patch.get(name)
            if identity_key(str(now)) != identity_key(str(sent.op.patch.get(name))):
                unsure.add(sent.link_id)
    return unsure


def _histories(
    db: sa.Connection, cycle: Cycle, plans: Mapping[int, tuple[Link, LinkPlan]]
) -> dict[int, list[Move]]:
    """What was last written of links that want a write again, and have had some.

    Only for them is it looked up, so that whoever does not change costs nothing.
    """
    wanted = [
        link_id
        for link_id, (_, plan) in plans.items()
        if any(draft.kind is OpKind.UPDATE and not draft.urgent for draft in plan.drafts)
    ]
    return moves.of_links(db, cycle.stream.pair, wanted, least=ROUNDS) if wanted else {}


def _store_plans(
    db: sa.Connection,
    cycle: Cycle,
    plans: dict[int, tuple[Link, LinkPlan]],
    standing: dict[tuple[Side, str], Member],
    parked: dict[tuple[int, str], Conflict],
    seen: Both[dict[str, Observation]],
    unsure: Collection[int],
) -> None:
    stream = cycle.stream
    wanted = [draft for _, plan in plans.values() for draft in plan.drafts]
    wanted = [d for d in wanted if d.kind is not OpKind.CREATE or d.link_id not in unsure]
    drafts = [d for d in wanted if d.urgent or (d.side in cycle.targets and not stream.reduced)]
    ops.stage(db, stream.pair, cycle.run_id, stream.resource, drafts)
    if stream.reduced:
        return  # all else waits as it is until every field can be read again
    links.save_shadows(
        db, {i: plan.shadow for i, (link, plan) in plans.items() if plan.shadow != link.shadow}
    )
    links.end(db, {i: plan.ended for i, (link, plan) in plans.items() if plan.ended != link.ended})
    links.move(db, {i: p.parent for i, (_, p) in plans.items() if p.parent is not None})
    new = [(i, rule, v) for i, (_, plan) in plans.items() for rule, v in plan.conflicts.items()]
    settled = [
        (i, rule)
        for (i, rule), conflict in parked.items()
        if i in plans and _is_settled(conflict, plans[i][1])
    ]
    flipping = {(i, rule) for i, (_, plan) in plans.items() for rule in plan.flipping}
    chosen_in_flight = {draft.link_id for draft in drafts}
    chosen_in_flight |= {i for i, (_, plan) in plans.items() if plan.lifts is not None}
    conflicts.close(
        db,
        [
            (i, rule)
            for i, rule in settled
            if parked[i, rule].take is None or i not in chosen_in_flight
        ],
    )
    opened = conflicts.park(db, stream.pair, new, cycle.environment.now(), flipping)
    problems = {
        (i, rule): code for i, (_, plan) in plans.items() for rule, code in plan.problems.items()
    }
    conflicts.note_problems(db, stream.pair, plans, problems)
    open_still = {i for i, (_, plan) in plans.items() if plan.lifts is not None}
    open_still |= {d.link_id for d in wanted if not d.urgent and d.side not in cycle.targets}
    open_still |= {*unsure}
    after = _after_plan(cycle, plans, standing, seen, open_still)
    keep(db, stream, after)
    journal.planned(db, cycle, plans, opened, standing, after)


def _is_settled(conflict: Conflict, plan: LinkPlan) -> bool:
    """Whether a conflict is none any more.

    The sides of a field that flips differ as agreed, so nothing but its conflict tells of it:
    it stays until the field is decided about, or there are no two sides.
    """
    if conflict.flips and plan.ended is None:
        return conflict.rule in plan.stilled or any(s.state is State.GONE for s in plan.standing)
    return conflict.rule not in plan.conflicts


def _after_plan(
    cycle: Cycle,
    plans: dict[int, tuple[Link, LinkPlan]],
    standing: dict[tuple[Side, str], Member],
    seen: Both[dict[str, Observation]],
    open_still: Collection[int],
) -> list[Member]:
    """Records as they stand now that their links are decided about.

    What was decided about is what was seen now, by whichever pair: only another observation
    is news, unless the record has another address by it or has come back, which a look of this
    pair takes in. However a write of it ends, that wakes them again, and a later look must find
    nothing; until then to be done means that something else has happened.

    Args:
        open_still: ids of links of which not all is decided, or staged.
    """
    changed = []
    for link, plan in plans.values():
        todo = link.id in open_still
        for side in SIDES:
            remote_id = link.ids[side]
            member = standing.get((side, remote_id)) if remote_id is not None else None
            if member is None:
                continue
            stand, shown = plan.standing[side], seen[side].get(remote_id or "")
            same = shown is not None and stands_as_shown(cycle, side, member, shown)
            digest = shown.digest if shown is not None and same else member.digest
            after = replace(member, state=stand.state, cause=stand.cause, todo=todo, digest=digest)
            if after != member:
                changed.append(after)
    return changed
