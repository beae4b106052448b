"""What became of the writes of a run, as its platforms show it afterwards."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from syncd.model.op import OpState
from syncd.model.record import Resource
from syncd.store import tables as t
from syncd.store.ops import COLUMNS, Sent, sent_of
from syncd.store.upsert import chunks, update
from syncd.store.within import within

_O = t.op.c


def note_verified(db: sa.Connection, results: Mapping[int, bool]) -> None:
    """Note whether the platform shows ops in effect."""
    update(db, t.op, [{"id": op_id, "verified": so} for op_id, so in results.items()])


def unverified(db: sa.Connection, run_id: int, link_ids: Iterable[int]) -> list[Sent]:
    """Done ops of these links that nobody has looked at since."""
    found: list[Sent] = []
    for some in chunks(link_ids):
        rows = db.execute(
            sa.select(*COLUMNS).where(
                _O.run_id == run_id,
                within(_O.link_id, some),
                _O.state == OpState.DONE.value,
                _O.verified.is_(None),
            )
        )
        found.extend(map(sent_of, rows))
    return found


def unverified_links(
    db: sa.Connection, run_id: int, resource: Resource, limit: int, after: int
) -> list[int]:
    """Links with a done op that nobody has looked at since, in order, beginning after one."""
    unseen = (_O.state == OpState.DONE.value, _O.verified.is_(None))
    rows = db.execute(
        sa.select(_O.link_id)
        .where(_O.run_id == run_id, _O.resource == resource.value, *unseen)
        .where(_O.link_id > after)
        .distinct()
        .order_by(_O.link_id)
        .limit(limit)
    )
    return list(rows.scalars())


def count_verified(db: sa.Connection, run_id: int, resource: Resource, *, so: bool) -> int:
    """How many ops of a run the platform showed in effect, or showed not to be."""
    of_run = (_O.run_id == run_id, _O.resource == resource.value)
    counted = sa.select(sa.func.count()).where(*of_run, _O.verified.is_(so))
    return int(db.execute(counted).scalar_one())
