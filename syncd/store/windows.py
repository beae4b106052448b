"""What a pair has carried out lately: the window of time over which its limits hold."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from syncd.model.link import NO_LINK
from syncd.model.op import OpKind, OpState
from syncd.model.record import Resource
from syncd.model.side import SIDES, Side
from syncd.store import tables as t
from syncd.store.upsert import upsert

_O = t.op.c
_CARRIED_OUT = (OpState.DONE.value, OpState.TAKEN.value)
_ALIKE = (_O.side, _O.kind, _O.urgent)
# A contact counts once, however often it was written to; an address without a contact too.
_CONTACT = sa.case((_O.link_id == NO_LINK, -_O.id), else_=_O.link_id).label("contact")

Deeds = Counter[tuple[Side, OpKind, bool]]  # side, kind of op, whether it is an opt-out


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What was carried out, in contacts.

    Attributes:
        earlier: before; total: together with what a run wants.
        ended: how many links came to their end by it.
    """

    earlier: Deeds
    total: Deeds
    ended: int


def begun(db: sa.Connection, pair: str) -> datetime | None:
    """Since when what was carried out counts; None if it always did."""
    c = t.pair.c
    found: datetime | None = db.execute(sa.select(c.window_from).where(c.name == pair)).scalar()
    return found


def start_anew(db: sa.Connection, pair: str, now: datetime) -> None:
    """Let nothing count any more that was carried out so far."""
    upsert(db, t.pair, [{"name": pair, "window_from": now}], ["window_from"])


def carried_out(
    db: sa.Connection, pair: str, resource: Resource, run_id: int, after: datetime
) -> CarriedOut:
    """What was carried out of a resource of a pair after a moment, and with what a run has planned.

    What no limit counts is left out, and so is what is in doubt: it is looked up before
    anything is planned.
    """
    did = (
        (_O.pair == pair)
        & _O.state.in_(_CARRIED_OUT)
        & _O.side.in_([side.value for side in SIDES])
        & (_O.sent_at > after)
        & (_O.resource == resource.value)
        & ~_O.routine
    )
    wants = (_O.run_id == run_id) & (_O.state == OpState.HELD.value) & ~_O.routine
    wants &= _O.resource == resource.value
    lately = sa.select(*_ALIKE, _CONTACT).where(did)
    earlier = _counted(db, lately.distinct().subquery())
    if not earlier:
        return CarriedOut(earlier, earlier, 0)
    both = sa.union(lately, sa.select(*_ALIKE, _CONTACT).where(wants)).subquery()
    ended = sa.select(sa.func.count()).where(did, _O.ends.is_not(None))
    return CarriedOut(earlier, _counted(db, both), int(db.execute(ended).scalar_one()))


def _counted(db: sa.Connection, rows: Any) -> Deeds:
    alike = (rows.c.side, rows.c.kind, rows.c.urgent)
    found = db.execute(sa.select(*alike, sa.func.count()).group_by(*alike))
    return Counter({(Side(side), OpKind(kind), bool(u)): n for side, kind, u, n in found})
