"""What a backfill has to work through, so that it can go on after a crash."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from syncd.core.child import PARENT
from syncd.model.link import State
from syncd.model.op import OpKind, OpState
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import tables as t
from syncd.store.upsert import chunks, insert_into
from syncd.store.within import within


@dataclass(frozen=True, slots=True)
class Item:
    """One record that a backfill has to look at."""

    id: int
    side: Side
    remote_id: str


class Fate(StrEnum):
    """What a backfill made of one person, or one record; each has one, as `people` decides."""

    TO_DO = "to_do"  # still to be written, or not looked at yet
    FAILED = "failed"  # a write was refused for good
    OPTED_OUT = "opted_out"
    AWAITED = "awaited"  # written, and not shown by the platform yet
    CREATED = "created"
    DELETED = "deleted"
    UPDATED = "updated"
    PARKED = "parked"  # nothing was written, and the cause is noted
    WAITING = "waiting"  # belongs to a contact that has no counterpart yet
    LEFT = "left"  # could not be written; the next run tries again
    UNCHANGED = "unchanged"  # nothing was to be written


@dataclass(frozen=True, slots=True)
class People:
    """Who is on the list of a backfill: a link is one person, and so is a record without one.

    Of what belongs to contacts, a link is one record in the same way.

    Attributes:
        fates: how many ended how.
        done: how many have been worked through.
    """

    fates: Mapping[Fate, int]
    done: int

    @property
    def listed(self) -> int:
        return sum(self.fates.values())


_B = t.backfill_item.c
_O = t.op.c


def add(db: sa.Connection, run_id: int, resource: Resource, side: Side, ids: Sequence[str]) -> None:
    """Put records on the list; those that stand there already stay as they are."""
    if not ids:
        return
    insert = insert_into(t.backfill_item, sqlite=db.dialect.name == "sqlite")
    unique = ["run_id", "resource", "side", "remote_id"]
    at = {"run_id": run_id, "resource": resource.value, "side": side.value, "done": False}
    rows = [{**at, "remote_id": remote_id} for remote_id in ids]
    db.execute(insert.on_conflict_do_nothing(index_elements=unique), rows)


def _of(run_id: int, resource: Resource | None) -> sa.ColumnElement[bool]:
    of_run = _B.run_id == run_id
    return of_run if resource is None else sa.and_(of_run, _B.resource == resource.value)


def waiting(
    db: sa.Connection, run_id: int, resource: Resource, limit: int, after: int = 0
) -> list[Item]:
    """The next records to look at, in order, beginning after one."""
    rows = db.execute(
        sa.select(_B.id, _B.side, _B.remote_id)
        .where(_of(run_id, resource), ~_B.done, _B.id > after)
        .order_by(_B.id)
        .limit(limit)
    )
    return [Item(item_id, Side(side), remote_id) for item_id, side, remote_id in rows]


def finish(db: sa.Connection, ids: Iterable[int]) -> None:
    """These need not be looked at again."""
    for some in chunks(ids):
        db.execute(t.backfill_item.update().where(within(_B.id, some)).values(done=True))


def count(db: sa.Connection, run_id: int, resource: Resource | None = None) -> tuple[int, int]:
    """How many records are done, and how many there are: of one resource, or of all."""
    row = db.execute(
        sa.select(
            sa.func.count().filter(_B.done),
            sa.func.count(),
        ).where(_of(run_id, resource))
    ).one()
    return int(row[0]), int(row[1])


def people(
    db: sa.Connection, run_id: int, pair: str, resource: Resource, *, planned: bool = False
) -> People:
    """What became of everybody on the list, each counted once.

    It follows from what is stored and from nothing that a process remembers, so it is the
    same however often the run was broken off.

    Args:
        planned: all that is left was just planned: who has no op waiting needs nothing.
    """
    listed, written = _listed(run_id, pair, resource), _written(run_id)
    p, w = listed.c, written.c
    unseen = [] if planned else [(p.done == 0, Fate.TO_DO.value)]
    fate = sa.case(
        (w.open > 0, Fate.TO_DO.value),
        (w.failed > 0, Fate.FAILED.value),
        (w.opted_out > 0, Fate.OPTED_OUT.value),
        (w.awaited > 0, Fate.AWAITED.value),
        (w.created > 0, Fate.CREATED.value),
        (w.deleted > 0, Fate.DELETED.value),
        (w.updated > 0, Fate.UPDATED.value),
        *unseen,
        (p.parked > 0, Fate.PARKED.value),
        (p.waiting > 0, Fate.WAITING.value),
        (sa.and_(w.dropped > 0, p.todo > 0), Fate.LEFT.value),
        else_=Fate.UNCHANGED.value,
    )
    each = (
        sa.select(fate.label("fate"), p.done)
        .select_from(listed.outerjoin(written, w.link_id == p.person))
        .subquery()
    )
    rows = db.execute(
        sa.select(each.c.fate, sa.func.count(), sa.func.sum(each.c.done)).group_by(each.c.fate)
    ).all()
    return People({Fate(name): n for name, n, _ in rows}, sum(int(done) for _, _, done in rows))


def count_written_elsewhere(db: sa.Connection, run_id: int, pair: str, resource: Resource) -> int:
    """How many people the run wrote to who are not on its list."""
    listed = _listed(run_id, pair, resource)
    counted = sa.select(sa.func.count(_O.link_id.distinct())).where(
        _O.run_id == run_id,
        _O.resource == resource.value,
        _O.state == OpState.DONE.value,
        ~_O.routine,
        _O.link_id.not_in(sa.select(listed.c.person)),
    )
    return int(db.execute(counted).scalar_one())


def _listed(run_id: int, pair: str, resource: Resource) -> sa.Subquery:
    """The people on the list, by the number of their link, or less than 0 without one."""
    m = t.member.c
    person = sa.case((m.link_id.is_(None), -_B.id), else_=m.link_id)
    return (
        sa.select(
            person.label("person"),
            _least(_B.done).label("done"),
            _most(m.state == State.PARKED.value).label("parked"),
            _most(_awaits_contact()).label("waiting"),
            _most(m.todo).label("todo"),
        )
        .select_from(
            t.backfill_item.outerjoin(
                t.member,
                sa.and_(
                    m.pair == pair,
                    m.resource == resource.value,
                    m.side == _B.side,
                    m.remote_id == _B.remote_id,
                ),
            )
        )
        .where(_of(run_id, resource))
        .group_by(person)
        .subquery()
    )


def _awaits_contact() -> sa.ColumnElement[bool]:
    m = t.member.c
    return sa.and_(m.state == State.WAITING.value, m.cause == PARENT)


def _written(run_id: int) -> sa.Subquery:
    """What the ops of a run say about each link. Those that are routine say nothing.

    A refusal counts until something later was written on that side; a dropped op, until
    another one took its place.
    """
    done = _O.state == OpState.DONE.value
    dropped = _O.state.in_((OpState.DROPPED.value, OpState.DOUBTED.value))
    waits = _O.state.in_((OpState.HELD.value, OpState.READY.value))
    side = (
        sa.select(
            _O.link_id,
            _last(_O.state == OpState.DEAD.value).label("dead"),
            _last(done).label("done"),
            _last(dropped).label("dropped"),
            _last(~dropped).label("other"),
            _most(waits).label("open"),
            _most(_O.state.in_((OpState.SENDING.value, OpState.TAKEN.value))).label("awaited"),
            _most(sa.and_(done, _O.urgent)).label("opted_out"),
            *(
                _most(sa.and_(done, _O.kind == kind.value)).label(name)
                for kind, name in _DONE.items()
            ),
        )
        .where(_O.run_id == run_id, ~_O.routine)
        .group_by(_O.link_id, _O.side)
        .subquery()
        .c
    )
    same = ("open", "awaited", "opted_out", *_DONE.values())
    return (
        sa.select(
            side.link_id,
            _most(side.dead > side.done).label("failed"),
            _most(side.dropped > side.other).label("dropped"),
            *(sa.func.max(side[name]).label(name) for name in same),
        )
        .group_by(side.link_id)
        .subquery()
    )


_DONE = {OpKind.CREATE: "created", OpKind.UPDATE: "updated", OpKind.DELETE: "deleted"}


def _last(true: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """The newest op of which this is true; 0 without one."""
    return sa.func.max(sa.case((true, _O.id), else_=0))


def _most(true: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """1 if this is true of any."""
    return sa.func.max(sa.case((true, 1), else_=0))


def _least(true: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """1 if this is true of all."""
    return sa.func.min(sa.case((true, 1), else_=0))


def clear(db: sa.Connection, run_id: int) -> None:
    """Forget the list of an ended backfill."""
    db.execute(t.backfill_item.delete().where(_B.run_id == run_id))
