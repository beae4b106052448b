"""What was dated by a clock that was ahead, put right once the clock is."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from syncd.store import tables as t

_DATED = (
    (t.op, t.op.c.pair, t.op.c.sent_at),
    (t.cursor, t.cursor.c.pair, t.cursor.c.swept_at),
    (t.cursor, t.cursor.c.pair, t.cursor.c.sweep_began),
    (t.cursor, t.cursor.c.pair, t.cursor.c.swept_from),
    (t.cursor, t.cursor.c.pair, t.cursor.c.read_at),
    (t.run, t.run.c.pair, t.run.c.started_at),
    (t.run, t.run.c.pair, t.run.c.ended_at),
    (t.pair, t.pair.c.name, t.pair.c.window_from),
)


def set_right(db: sa.Connection, pair: str, now: datetime) -> int:
    """Date as of now what we did after now; how many moments that were.

    Looks at all that is kept of the pair, so it is for whoever finds a lease that lies ahead.
    Nothing of ours can have been done later. Left as they are, such moments would let a pair
    wait for as long as the clock was ahead: for ids, for its next sweep, to trust a row.
    """
    return sum(
        db.execute(table.update().where(of == pair, dated > now).values({dated: now})).rowcount
        for table, of, dated in _DATED
    )


def within(now: datetime, since: datetime, span: timedelta) -> bool:
    """Whether it is less than so long ago; what a clock that was ahead has dated is not."""
    return timedelta() <= now - since < span
