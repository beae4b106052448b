"""Reconcile: match what is new, then decide about every link with something to do."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from syncd.core.consent import CONSENT, OptedOut
from syncd.core.flapping import ROUNDS, Parked
from syncd.core.plan import Showing, Situation
from syncd.core.reference import reference_name
from syncd.core.situation import Answer
from syncd.engine.context import Cycle
from syncd.engine.fields import require_as_opened
from syncd.engine.inquire import stage_told
from syncd.engine.matching import match
from syncd.engine.optouts import keys_of
from syncd.model.link import Link, Member, Observation, State
from syncd.model.op import Move, OpKind
from syncd.model.plan import LinkPlan
from syncd.model.side import SIDES, Both, Side
from syncd.store import conflicts, links, members, moves, observations, ops, refusals
from syncd.store.conflicts import Conflict
from syncd.store.database import reading


@dataclass(frozen=True, slots=True)
class _Words:
    """What the ledger holds of addresses: when they opted out, or up to when that was lifted."""

    opted_out: Mapping[str, datetime]
    lifted: Mapping[str, datetime]


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
            break
        with cycle.writing() as db:
            plan_links(db, cycle, ids)
        after = ids[-1]
        cycle.bench.crash("reconcile")
    stage_told(cycle)


def plan_links(db: sa.Connection, cycle: Cycle, ids: Sequence[int]) -> None:
    """Decide about these links and store what was decided."""
    pair = cycle.pair
    for side in SIDES:
        require_as_opened(db, cycle, side)
    busy = ops.links_with_open_ops(db, ids)
    chosen = [link for link in links.load(db, ids) if link.id not in busy]
    standing = {
        (m.side, m.remote_id): m for m in members.of_links(db, [k.id for k in chosen], locked=True)
    }
    seen = Both(*(_observations(db, cycle, side, chosen) for side in SIDES))
    ledger = _ledger(db, cycle, seen)
    parked = conflicts.of_links(db, [link.id for link in chosen])
    refused = refusals.of_links(db, [link.id for link in chosen])
    rivalled = _rivalled(db, cycle, standing, chosen)
    retired = _retired(db, cycle, seen, chosen)
    planner = pair.planner
    plans: dict[int, tuple[Link, LinkPlan]] = {}
    situations: dict[int, Situation] = {}
    for link in chosen:
        situation = _situation(cycle, link, seen, ledger, parked)
        if situation is not None:
            at = replace(
                situation,
                refused=refused.get(link.id, {}),
                rivalled=rivalled.get(link.id, {}),
                retired=retired,
            )
            situations[link.id] = at
            plans[link.id] = (link, planner.plan(at))
    for link_id, history in _histories(db, cycle, plans).items():
        situations[link_id] = replace(situations[link_id], history=history)
        plans[link_id] = (plans[link_id][0], planner.plan(situations[link_id]))
    for link_id, (_, plan) in plans.items():
        cycle.lifts.pop(link_id, None)
        if plan.lifts is not None:
            cycle.lifts[link_id] = (plan.lifts, situations[link_id].addresses)
    _store_plans(db, cycle, plans, standing, parked, seen)


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
    return moves.of_links(db, cycle.pair.name, wanted, least=ROUNDS) if wanted else {}


def _rivalled(
    db: sa.Connection,
    cycle: Cycle,
    standing: Mapping[tuple[Side, str], Member],
    chosen: Iterable[Link],
) -> dict[int, dict[Side, str]]:
    """Who else has the key of a record on the other side, by link and the record's side.

    Asked of links that lack a record, or whose two have different keys: what is written for
    one of them would then be written for somebody else, or made a second time.
    """
    pair = cycle.pair
    doubtful: list[tuple[Link, Member]] = []
    for link in chosen:
        alive = [
            member
            for side in SIDES
            if (member := standing.get((side, link.ids[side] or ""))) is not None
            and member.state is not State.GONE
        ]
        if len(alive) < len(SIDES) or alive[0].key != alive[1].key:
            doubtful.extend((link, member) for member in alive)
    keys = sorted({member.key for _, member in doubtful if member.key is not None})
    holders: dict[tuple[Side, str | None], list[str]] = {}
    for member in members.with_keys(db, pair.name, pair.resource, keys):
        holders.setdefault((member.side, member.key), []).append(member.remote_id)
    rivalled: dict[int, dict[Side, str]] = {}
    for link, member in doubtful:
        there = member.side.other
        others = [i for i in holders.get((there, member.key), ()) if i != link.ids[there]]
        if others:
            rivalled.setdefault(link.id, {})[member.side] = others[0]
    return rivalled


def _retired(
    db: sa.Connection, cycle: Cycle, seen: Both[dict[str, Observation]], chosen: Iterable[Link]
) -> frozenset[tuple[Side, str]]:
    """Of the references that lead to no counterpart: those that an ended link of ours left."""
    pair, retired = cycle.pair, set[tuple[Side, str]]()
    for side in SIDES:
        name = reference_name(pair.planner, side)
        if name is None:
            continue
        strange = {
            shown
            for link in chosen
            if (observed := seen[side].get(link.ids[side] or "")) is not None
            and isinstance(shown := observed.fields.get(name), str)
            and shown != link.ids[side.other]
        }
        known = members.load(db, pair.name, pair.resource, side.other, sorted(strange))
        linked = {m.link_id for m in known.values() if m.link_id is not None}
        living = {k.ids[side.other] for k in links.load(db, linked) if k.ended is None}
        retired.update(
            (side.other, member.remote_id)
            for member in known.values()
            if member.link_id is not None
            and (member.state is State.GONE or member.remote_id not in living)
        )
    return frozenset(retired)


def _observations(
    db: sa.Connection, cycle: Cycle, side: Side, chosen: Iterable[Link]
) -> dict[str, Observation]:
    ids = [remote_id for link in chosen if (remote_id := link.ids[side]) is not None]
    return observations.load(db, cycle.pair.accounts[side].name, cycle.pair.resource, ids)


def _ledger(db: sa.Connection, cycle: Cycle, seen: Both[dict[str, Observation]]) -> _Words:
    """What the suppression ledger holds of the addresses of these records."""
    addresses = {
        key
        for side in SIDES
        for observation in seen[side].values()
        if (key := keys_of(cycle, side, observation.fields)[0]) is not None
    }
    return _Words(*cycle.bench.ledger.words(db, addresses, cycle.pair.relatives))


def _situation(
    cycle: Cycle,
    link: Link,
    seen: Both[dict[str, Observation]],
    ledger: _Words,
    parked: dict[tuple[int, str], Conflict],
) -> Situation | None:
    """What the decision about a link rests on; None if one side was never read."""
    sides: dict[Side, Showing | None] = {}
    addresses: dict[Side, str | None] = dict.fromkeys(SIDES)
    for side in SIDES:
        remote_id = link.ids[side]
        observation = seen[side].get(remote_id) if remote_id is not None else None
        if remote_id is not None and observation is None:
            return None
        sides[side] = _showing(observation, cycle.pair.imagined[side])
        if observation is not None and not observation.gone:
            addresses[side], _ = keys_of(cycle, side, observation.fields)
    own = {rule: conflict for (link_id, rule), conflict in parked.items() if link_id == link.id}
    choices = {
        rule: conflict.take
        for rule, conflict in own.items()
        if conflict.take is not None
        and not conflict.flips
        and _is_as_chosen(cycle, conflict, Both(sides[Side.LEFT], sides[Side.RIGHT]))
    }
    known = frozenset(address for address in addresses.values() if address is not None)
    since = {a: ledger.opted_out[a] for a in known if a in ledger.opted_out}
    asked = own.get(CONSENT)
    return Situation(
        link,
        Both(sides[Side.LEFT], sides[Side.RIGHT]),
        OptedOut(max(since.values())) if since else None,
        choices,
        flipping={rule: Parked(c.values, c.take) for rule, c in own.items() if c.flips},
        let_in=Both(*(ledger.lifted.get(addresses[side] or "") for side in SIDES)),
        answer=_answer(asked) if asked else None,
        addresses=known,
        opted_out=frozenset(since),
    )


def _answer(asked: Conflict) -> Answer | None:
    """What a person said about a consent; None as long as nobody did."""
    if asked.take is None:
        return None
    return Answer(asked.take, asked.values, f"person:{asked.chosen_by or 'unknown'}")


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
    fields = {**seen.fields, **dict.fromkeys(imagined)}
    return Showing(seen.remote_id, fields, seen.gone, seen.modified)


def _store_plans(
    db: sa.Connection,
    cycle: Cycle,
    plans: dict[int, tuple[Link, LinkPlan]],
    standing: dict[tuple[Side, str], Member],
    parked: dict[tuple[int, str], Conflict],
    seen: Both[dict[str, Observation]],
) -> None:
    pair = cycle.pair
    wanted = [draft for _, plan in plans.values() for draft in plan.drafts]
    drafts = [d for d in wanted if d.urgent or (d.side in cycle.targets and not pair.reduced)]
    ops.stage(db, pair.name, cycle.run_id, pair.resource, drafts)
    if pair.reduced:
        return  # all else waits as it is until every field can be read again
    links.save_shadows(
        db, {i: plan.shadow for i, (link, plan) in plans.items() if plan.shadow != link.shadow}
    )
    links.end(db, {i: plan.ended for i, (link, plan) in plans.items() if plan.ended != link.ended})
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
    conflicts.park(db, pair.name, new, cycle.bench.now(), flipping)
    problems = {
        (i, rule): code for i, (_, plan) in plans.items() for rule, code in plan.problems.items()
    }
    conflicts.note_problems(db, pair.name, plans, problems)
    open_still = {i for i, (_, plan) in plans.items() if plan.lifts is not None}
    open_still |= {d.link_id for d in wanted if not d.urgent and d.side not in cycle.targets}
    members.save(db, pair.name, pair.resource, _after_plan(plans, standing, seen, open_still))


def _is_settled(conflict: Conflict, plan: LinkPlan) -> bool:
    """Whether a conflict is none any more.

    The sides of a field that flips differ as agreed, so nothing but its conflict tells of it:
    it stays until the field is decided about, or there are no two sides.
    """
    if conflict.flips and plan.ended is None:
        return conflict.rule in plan.stilled or any(s.state is State.GONE for s in plan.standing)
    return conflict.rule not in plan.conflicts


def _after_plan(
    plans: dict[int, tuple[Link, LinkPlan]],
    standing: dict[tuple[Side, str], Member],
    seen: Both[dict[str, Observation]],
    open_still: Collection[int],
) -> list[Member]:
    """Records as they stand now that their links are decided about.

    What was decided about is what was seen now, by whichever pair: only another observation
    is news. However a write of it ends, that wakes them again, and a later look must find
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
            stand = plan.standing[side]
            state = State.GONE if member.state is State.GONE else stand.state
            digest = seen[side][remote_id].digest if remote_id in seen[side] else member.digest
            after = replace(member, state=state, cause=stand.cause, todo=todo, digest=digest)
            if after != member:
                changed.append(after)
    return changed
