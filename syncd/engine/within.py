"""Match within: records of two contacts that are one are joined by what people see of them.

Nothing of them is unique. So this is done once, when both are new; from then on only their
link counts.
"""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from syncd.core.child import PARENT, ChildPlanner
from syncd.core.match import Join
from syncd.core.pairing import pair_up
from syncd.engine.context import Cycle
from syncd.engine.matching import lacks_other, links_by_id, store_matches
from syncd.engine.parents import contacts_of, parents_of
from syncd.engine.standing import keep
from syncd.model.link import Member, State
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields
from syncd.store import children, observations, ops
from syncd.store.database import reading


def match_within(cycle: Cycle) -> None:
    """Match all that is new, those of some contacts per transaction."""
    stream = cycle.stream
    while True:
        with reading(cycle.environment.store) as db:
            if not children.todo_unlinked(db, stream.pair, stream.resource, 1):
                return
        with cycle.writing() as db:
            some = children.todo_unlinked(db, stream.pair, stream.resource, stream.chunk)
            match_these(db, cycle, some)
        cycle.environment.crash("match")


def match_these(db: sa.Connection, cycle: Cycle, some: Sequence[Member]) -> None:
    """Match all that is new under the contacts of these records; the caller commits."""
    gone = [m for m in some if m.state is State.GONE and m.link_id is None]
    keep(db, cycle.stream, [replace(member, todo=False) for member in gone])
    here = [member for member in some if member.state is not State.GONE]
    homes = parents_of(db, cycle, here)
    lost = [m for m in here if m.link_id is None and (m.side, m.remote_id) not in homes]
    _leave_out(db, cycle, lost)
    contacts = {parent.link_id: parent for parent in homes.values()}
    group = [
        member
        for side in SIDES
        for member in children.under(
            db,
            cycle.stream.pair,
            cycle.stream.resource,
            side,
            [parent.ids[side] for parent in contacts.values()],
        )
    ]
    alive = links_by_id(db, group)
    busy = ops.links_with_open_ops(db, alive)
    home_of = {(side, p.ids[side]): p.link_id for p in contacts.values() for side in SIDES}
    free: dict[int, Both[list[Member]]] = {}
    for member in group:
        waits = lacks_other(member, alive) and member.link_id not in busy
        if member.link_id is None or waits:
            home = home_of[member.side, member.parent_id or ""]
            free.setdefault(home, Both([], []))[member.side].append(member)
    joins: list[Join] = []
    alone: list[Member] = []
    under: dict[Member, int] = {}
    single = [member for sides in free.values() for members in sides for member in members]
    seen = Both(*(_seen(db, cycle, side, single) for side in SIDES))
    planner = cycle.stream.planner
    assert isinstance(planner, ChildPlanner)  # noqa: S101 - only such streams are matched so
    # Those that say the same in all fields first, then in those by which people know them.
    passes = (planner.mapping.rules, planner.telling)
    for home, sides in free.items():
        joined, left_over = pair_up(sides, seen, passes, cycle.stream.mapping)
        joins += joined
        alone += [member for member in left_over if member.link_id is None]
        under |= dict.fromkeys([*sides.left, *sides.right], home)
    store_matches(db, cycle, joins, alone, (), alive, under)


def _leave_out(db: sa.Connection, cycle: Cycle, those: Sequence[Member]) -> None:
    """Records whose contact is not in step wait for it; or are left out as that is."""
    contacts = contacts_of(db, cycle, those)
    waiting: list[Member] = []
    for member in those:
        contact = contacts.get((member.side, member.parent_id or ""))
        on_its_way = contact is None or contact.state is State.WAITING
        state = State.WAITING if on_its_way else State.FILTERED
        waiting.append(replace(member, state=state, cause=PARENT, todo=False))
    keep(db, cycle.stream, waiting)


def _seen(
    db: sa.Connection, cycle: Cycle, side: Side, group: Sequence[Member]
) -> dict[str, Fields]:
    account = cycle.stream.accounts[side].name
    ids = [member.remote_id for member in group if member.side is side]
    found = observations.load(db, account, cycle.stream.resource, ids)
    return {remote_id: observation.fields for remote_id, observation in found.items()}
