"""How long the past is kept: what ended long ago is forgotten, a little with each cycle.

Whoever works on a pair does it, so that it needs no daemon. What is still asked for stays, however
old it is: what goes on or waits for a person, what is in doubt and all that was written to the
same contact, and the newest run of a pair.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from syncd.model.op import OpState
from syncd.model.side import SIDES
from syncd.store import journal, spent
from syncd.store import tables as t
from syncd.store.clocks import within
from syncd.store.runs import RunState
from syncd.store.upsert import upsert

KEPT = timedelta(days=90)  # writes that ended, and the runs that they belong to
KEPT_BRIEFLY = timedelta(days=30)  # runs that failed, or only planned
EVERY = timedelta(days=1)
MOST = 2_000  # rows of a kind that one cycle forgets, so that none is held up by it

_O, _R, _B = t.op.c, t.run.c, t.backfill_item.c


def tidy(
    db: sa.Connection,
    pair: str,
    tidied_at: datetime | None,
    now: datetime,
    most: int = MOST,
    *,
    journal_kept: timedelta = KEPT,
) -> int:
    """Forget what ended long ago, if that was not done within a day; how many rows that were.

    What is more than may go at once goes with the cycles that follow.

    Args:
        tidied_at: when it was last done to its end, as `runs.facts` tells.
        most: rows of a kind that may go at once.
        journal_kept: how long entries of the journal are kept, whichever pair they are of.
    """
    if tidied_at is not None and within(now, tidied_at, EVERY):
        return 0
    forgotten = (
        _forget_ops(db, pair, now - KEPT, most),
        _forget_lists(db, pair, now, most),
        _forget_runs(db, pair, now, most),
        journal.forget(db, now - journal_kept, most),
        spent.forget(db, now.date()),
    )
    if max(forgotten) < most:
        upsert(db, t.pair, [{"name": pair, "tidied_at": now}], ["tidied_at"])
    return sum(forgotten)


def _forget_ops(db: sa.Connection, pair: str, before: datetime, most: int) -> int:
    """Writes that ended in whatever way; `explain` then shows fewer."""
    ended = (OpState.DONE.value, OpState.DROPPED.value, OpState.DEAD.value)
    in_doubt = (OpState.SENDING.value, OpState.TAKEN.value, OpState.DOUBTED.value)
    other = t.op.alias()
    old = (
        sa.select(_O.id)
        .where(_O.pair == pair, _O.state.in_(ended), _O.side.in_([side.value for side in SIDES]))
        .where(_O.sent_at < before)
        .where(_O.run_id.not_in(_going_on(pair)))
        .where(
            _O.link_id.not_in(
                sa.select(other.c.link_id).where(other.c.pair == pair, other.c.state.in_(in_doubt))
            )
        )
        .limit(most)
    )
    return db.execute(t.op.delete().where(_O.id.in_(old))).rowcount


def _forget_lists(db: sa.Connection, pair: str, now: datetime, most: int) -> int:
    """What backfills had to work through that were only to be rehearsed."""
    old = sa.select(_B.id).where(_B.run_id.in_(_old_runs(pair, now))).limit(most)
    return db.execute(t.backfill_item.delete().where(_B.id.in_(old))).rowcount


def _forget_runs(db: sa.Connection, pair: str, now: datetime, most: int) -> int:
    wrote = sa.exists().where(_O.run_id == _R.id)
    listed = sa.exists().where(_B.run_id == _R.id)
    old = _old_runs(pair, now).where(~wrote, ~listed).limit(most)
    return db.execute(t.run.delete().where(_R.id.in_(old))).rowcount


def _old_runs(pair: str, now: datetime) -> sa.Select[tuple[int]]:
    ended = sa.func.coalesce(_R.ended_at, _R.started_at)
    briefly = (RunState.FAILED.value, RunState.PLANNED.value)
    newest = sa.select(sa.func.max(_R.id)).where(_R.pair == pair).scalar_subquery()
    return sa.select(_R.id).where(
        _R.pair == pair,
        sa.or_(
            (_R.state == RunState.DONE.value) & (ended < now - KEPT),
            _R.state.in_(briefly) & (ended < now - KEPT_BRIEFLY),
        ),
        _R.id < newest,
    )


def _going_on(pair: str) -> sa.Select[tuple[int]]:
    states: Sequence[str] = (RunState.OPEN.value, RunState.HELD.value)
    return sa.select(_R.id).where(_R.pair == pair, _R.state.in_(states))
