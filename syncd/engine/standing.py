"""Records as they stand are written down here, and what belongs to them is looked at again."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from syncd.engine.context import Stream
from syncd.model.link import Member, State
from syncd.model.side import SIDES
from syncd.store import members, parents, wake
from syncd.store.parents import Shelf


def keep(
    db: sa.Connection,
    stream: Stream,
    records: Sequence[Member],
    *,
    listed: Mapping[str, int] | None = None,
    waking: bool = True,
) -> None:
    """Write records as they stand now; as `members.save`."""
    members.save(db, stream.pair, stream.resource, records, listed=listed, waking=waking)
    stir(db, stream, records)


def stir(db: sa.Connection, stream: Stream, records: Sequence[Member]) -> None:
    """Have what belongs to records looked at again, as where these stand decides about it."""
    if not stream.children:
        return
    for side in SIDES:
        here = [record for record in records if record.side is side]
        wake.children(db, stream.pair, side, [record.remote_id for record in here])
        left_out = [record.remote_id for record in here if record.state is State.FILTERED]
        linked = {record.remote_id for record in here if record.link_id is not None}
        for resource, sides in stream.children.items():
            if side in sides:
                shelf = Shelf(stream.pair, side, resource)
                parents.note_due(db, shelf, linked - {*left_out})
                parents.forget(db, shelf, left_out)
