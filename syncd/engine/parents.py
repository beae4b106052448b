"""The contacts to which records belong, as far as these are in step."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from syncd.core.situation import ASKED, OPTED_OUT, Parent
from syncd.engine.context import Cycle
from syncd.model.link import Member, State
from syncd.model.side import SIDES, Both, Side
from syncd.store import links, members

# Who opted out keeps their notes and tasks in step, and so does who is being asked about.
_STILL_IN_STEP = (OPTED_OUT, ASKED)


def parents_of(
    db: sa.Connection, cycle: Cycle, children: Iterable[Member]
) -> Mapping[tuple[Side, str], Parent]:
    """By side and id of a record, the contact in step to which it belongs, if there is one."""
    children = list(children)
    contacts = contacts_of(db, cycle, children)
    by_link = {m.link_id for m in contacts.values() if m.link_id is not None}
    together: dict[int, list[Member]] = {}
    for member in members.of_links(db, sorted(by_link)):
        together.setdefault(member.link_id or 0, []).append(member)
    in_step = {
        link.id: Parent(link.id, Both(link.ids.left, link.ids.right))
        for link in links.load(db, by_link)
        if link.ids.left is not None
        and link.ids.right is not None
        and _are_in_step(together.get(link.id, ()), link.ids)
    }
    found: dict[tuple[Side, str], Parent] = {}
    for child in children:
        contact = contacts.get((child.side, child.parent_id or ""))
        parent = in_step.get(contact.link_id) if contact and contact.link_id else None
        if parent is not None and parent.ids[child.side] == child.parent_id:
            found[child.side, child.remote_id] = parent
    return found


def contacts_of(
    db: sa.Connection, cycle: Cycle, children: Iterable[Member]
) -> dict[tuple[Side, str], Member]:
    """By side and id, the contacts that are known of those to which records belong."""
    stream = cycle.stream
    assert stream.parent is not None  # noqa: S101 - only such streams ask
    wanted: Both[set[str]] = Both(set(), set())
    for child in children:
        if child.parent_id is not None:
            wanted[child.side].add(child.parent_id)
    return {
        (side, remote_id): member
        for side in SIDES
        for remote_id, member in members.load(
            db, stream.pair, stream.parent, side, wanted[side]
        ).items()
    }


def _are_in_step(both: Iterable[Member], ids: Both[str | None]) -> bool:
    """Whether both contacts of a link are there, and something flows between them."""
    standing = {m.side: m for m in both if m.remote_id == ids[m.side]}
    return len(standing) == len(SIDES) and all(
        m.state is State.LINKED or (m.state is State.PARKED and m.cause in _STILL_IN_STEP)
        for m in standing.values()
    )
