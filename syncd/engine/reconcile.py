"""Reconcile: match what is new, then decide about every link with something to do."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

import sqlalchemy as sa

from syncd.core.consent import OptedOut
from syncd.core.match import NO_KEY, Join, match_group, match_second
from syncd.core.plan import Showing, Situation
from syncd.engine.context import Cycle
from syncd.engine.observe import keys_of
from syncd.model.link import Link, Member, Observation, State
from syncd.model.plan import LinkPlan
from syncd.model.side import SIDES, Both, Side
from syncd.store import conflicts, leases, links, members, observations, ops, refusals
from syncd.store.conflicts import Conflict
from syncd.store.database import reading


def reconcile(cycle: Cycle) -> None:
    """Plan what has changed: new links, agreed shadows, held ops, parked conflicts.

    Each chunk is one transaction; a crash leaves whole chunks, and what they planned is
    thrown away and planned again. Reads and writes only the store.
    """
    _match(cycle)
    after = 0
    while True:
        with reading(cycle.bench.store) as db:
            ids = members.todo_links(
                db, cycle.pair.name, cycle.pair.resource, cycle.pair.chunk, after
            )
        if not ids:
            return
        with cycle.bench.store.begin() as db:
            leases.hold(db, cycle.lease, cycle.bench.now())
            plan_links(db, cycle, ids)
        after = ids[-1]
        cycle.bench.crash("reconcile")


# -- matching ----------------------------------------------------------------------------


def _match(cycle: Cycle) -> None:
    pair = cycle.pair
    _park_keyless(cycle)
    after: str | None = None
    while True:
        with reading(cycle.bench.store) as db:
            keys = members.todo_keys(db, pair.name, pair.resource, pair.chunk, after)
        if not keys:
            return
        with cycle.bench.store.begin() as db:
            leases.hold(db, cycle.lease, cycle.bench.now())
            match_keys(db, cycle, keys)
        after = keys[-1]
        cycle.bench.crash("match")


def _park_keyless(cycle: Cycle) -> None:
    """Records without an address cannot be recognised, so nothing is done with them."""
    pair = cycle.pair
    while True:
        with cycle.bench.store.begin() as db:
            leases.hold(db, cycle.lease, cycle.bench.now())
            keyless = members.todo_keyless(db, pair.name, pair.resource, pair.chunk)
            parked = [
                m if m.state is State.GONE else replace(m, state=State.PARKED, cause=NO_KEY)
                for m in keyless
            ]
            members.save(db, pair.name, pair.resource, [replace(m, todo=False) for m in parked])
        if not keyless:
            return


def match_keys(db: sa.Connection, cycle: Cycle, keys: Sequence[str]) -> None:
    """Match the unlinked records of both sides that have one of the keys."""
    pair = cycle.pair
    _leave_the_gone(db, cycle, keys)
    group = members.with_keys(db, pair.name, pair.resource, keys)
    alive = _links_by_id(db, cycle, group)
    joins: list[Join] = []
    alone: list[Member] = []
    parked: list[tuple[Member, str]] = []
    by_key = sorted(group, key=lambda m: m.key or "")
    for _, namesakes in groupby(by_key, key=lambda m: m.key):
        matched = match_group(list(namesakes), lambda m: _lacks_other(m, alive))
        joins.extend(matched.joins)
        alone.extend(matched.alone)
        parked.extend(matched.parked)
    if pair.policy.keys.second:
        seconds = sorted({m.second for m in alone if m.second is not None})
        found = members.with_keys(db, pair.name, pair.resource, seconds, second=True)
        more, alone, doubtful = match_second(alone, found)
        joins.extend(more)
        parked.extend(doubtful)
    alone, parked = _set_apart_the_opted_out(db, cycle, alone, parked)
    _store_matches(db, cycle, joins, alone, parked, alive)


def _set_apart_the_opted_out(
    db: sa.Connection,
    cycle: Cycle,
    alone: Sequence[Member],
    parked: Sequence[tuple[Member, str]],
) -> tuple[list[Member], list[tuple[Member, str]]]:
    """Records that nobody can decide about still opt out if their address did.

    Each gets a link of its own, since only what has a link is written to.
    """
    keys = {m.key for m, _ in parked if m.key is not None}
    opted_out = cycle.bench.ledger.suppressed(db, keys, cycle.pair.relatives)
    apart = [m for m, _ in parked if m.key in opted_out and m.link_id is None]
    rest = [(m, cause) for m, cause in parked if m not in apart]
    return [*alone, *apart], rest


def _leave_the_gone(db: sa.Connection, cycle: Cycle, keys: Sequence[str]) -> None:
    """Unlinked records that are gone need nothing any more."""
    pair = cycle.pair
    gone = members.gone_with_keys(db, pair.name, pair.resource, keys)
    members.save(db, pair.name, pair.resource, [replace(m, todo=False) for m in gone])


def _links_by_id(
    db: sa.Connection, cycle: Cycle, group: Iterable[Member]
) -> dict[int, tuple[Link, set[Side]]]:
    """The links of these records, each with the sides whose record is alive."""
    ids = sorted({m.link_id for m in group if m.link_id is not None})
    present: dict[int, set[Side]] = {}
    for member in members.of_links(db, cycle.pair.name, cycle.pair.resource, ids):
        if member.state is not State.GONE and member.link_id is not None:
            present.setdefault(member.link_id, set()).add(member.side)
    return {link.id: (link, present.get(link.id, set())) for link in links.load(db, ids)}


def _lacks_other(member: Member, alive: dict[int, tuple[Link, set[Side]]]) -> bool:
    found = alive.get(member.link_id) if member.link_id is not None else None
    return found is not None and member.side.other not in found[1]


def _store_matches(
    db: sa.Connection,
    cycle: Cycle,
    joins: Sequence[Join],
    alone: Sequence[Member],
    parked: Sequence[tuple[Member, str]],
    alive: dict[int, tuple[Link, set[Side]]],
) -> None:
    pair = cycle.pair
    settled = [replace(m, state=State.PARKED, cause=cause, todo=False) for m, cause in parked]
    wanted: list[Both[str | None]] = []
    waiting: list[list[Member]] = []
    for join in joins:
        existing = join.left.link_id or join.right.link_id
        if existing is None:
            wanted.append(Both(join.left.remote_id, join.right.remote_id))
            waiting.append([join.left, join.right])
        else:
            settled.extend(_rejoin(db, join, alive))
    for member in alone:
        nobody: Both[str | None] = Both(None, None)
        wanted.append(nobody.having(member.side, member.remote_id))
        waiting.append([member])
    made = links.open_new(db, pair.name, pair.resource, wanted)
    for link_id, those in zip(made, waiting, strict=True):
        settled.extend(
            replace(m, state=State.WAITING, cause=None, link_id=link_id, todo=True) for m in those
        )
    members.save(db, pair.name, pair.resource, settled)


def _rejoin(
    db: sa.Connection, join: Join, alive: dict[int, tuple[Link, set[Side]]]
) -> list[Member]:
    """Give a link that lacks one side the record that turned up for it.

    Nothing was ever agreed with that record, so the shadows start anew.
    """
    keep = join.left if join.left.link_id is not None else join.right
    give = join.right if keep is join.left else join.left
    link_id = keep.link_id or 0
    if give.link_id is not None and give.link_id != link_id:
        members.unlink(db, [give.link_id])
        links.remove(db, [give.link_id])
        alive.pop(give.link_id, None)
    links.complete(db, link_id, give.side, give.remote_id)
    links.end(db, {link_id: None})
    links.save_shadows(db, {link_id: Both({}, {})})
    return [
        replace(m, state=State.WAITING, cause=None, link_id=link_id, todo=True)
        for m in (keep, give)
    ]


# -- planning ----------------------------------------------------------------------------


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
        sides[side] = _showing(observation)
        if observation is not None and not observation.gone:
            address, _ = keys_of(cycle, side, observation.fields)
            opted_out = opted_out or ledger.get(address or "")
    choices = {
        rule: conflict.take
        for (link_id, rule), conflict in parked.items()
        if link_id == link.id and conflict.take is not None
    }
    return Situation(link, Both(sides[Side.LEFT], sides[Side.RIGHT]), opted_out, choices)


def _showing(seen: Observation | None) -> Showing | None:
    return Showing(seen.remote_id, seen.fields, seen.gone, seen.modified) if seen else None


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
