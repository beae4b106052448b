"""What a backfill has to work through, so that it can go on after a crash."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from syncd.model.link import State
from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.upsert import chunks


@dataclass(frozen=True, slots=True)
class Item:
    """One record that a backfill has to look at."""

    id: int
    side: Side
    remote_id: str


_B = t.backfill_item.c


def add(db: sa.Connection, run_id: int, side: Side, ids: Sequence[str]) -> None:
    """Put records on the list; those that stand there already stay as they are."""
    if not ids:
        return
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    statement = insert(t.backfill_item).on_conflict_do_nothing(
        index_elements=["run_id", "side", "remote_id"]
    )
    rows = [{"run_id": run_id, "side": side.value, "remote_id": i, "done": False} for i in ids]
    db.execute(statement, rows)


def waiting(db: sa.Connection, run_id: int, limit: int, after: int = 0) -> list[Item]:
    """The next records to look at, in order, beginning after one."""
    rows = db.execute(
        sa.select(_B.id, _B.side, _B.remote_id)
        .where(_B.run_id == run_id, ~_B.done, _B.id > after)
        .order_by(_B.id)
        .limit(limit)
    )
    return [Item(item_id, Side(side), remote_id) for item_id, side, remote_id in rows]


def finish(db: sa.Connection, ids: Iterable[int]) -> None:
    """These need not be looked at again."""
    for some in chunks(ids):
        db.execute(t.backfill_item.update().where(_B.id.in_(some)).values(done=True))


def count(db: sa.Connection, run_id: int) -> tuple[int, int]:
    """How many records are done, and how many there are."""
    row = db.execute(
        sa.select(
            sa.func.count().filter(_B.done),
            sa.func.count(),
        ).where(_B.run_id == run_id)
    ).one()
    return int(row[0]), int(row[1])


def count_parked(db: sa.Connection, run_id: int, pair: str) -> int:
    """How many of the records are parked."""
    m = t.member.c
    counted = (
        sa.select(sa.func.count())
        .select_from(t.backfill_item)
        .join(t.member, sa.and_(m.side == _B.side, m.remote_id == _B.remote_id))
        .where(_B.run_id == run_id, m.pair == pair, m.state == State.PARKED.value)
    )
    return int(db.execute(counted).scalar_one())


def clear(db: sa.Connection, run_id: int) -> None:
    """Forget the list of an ended backfill."""
    db.execute(t.backfill_item.delete().where(_B.run_id == run_id))
