"""Records that a listing shows just as it showed them before: nothing of them has to be looked at.

A sweep reads everybody, and hardly anybody has changed. So of what a record looked like when
it was taken in a stand-in is kept, made before anything is brought into its form, and with it
of what it was known as then. Where both are the same again, taking it in would change nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from syncd import __version__
from syncd.core import consent
from syncd.core.digest import digest_json, digest_number
from syncd.engine.context import Cycle
from syncd.model.link import Observation
from syncd.model.record import Record
from syncd.model.side import Side
from syncd.model.values import Level
from syncd.store import listed
from syncd.store.database import reading


def unchanged(cycle: Cycle, side: Side, records: Sequence[Record]) -> set[str]:
    """Ids of the records of a page that show just what they showed when they were taken in,
    and of which nothing else has been learned since."""
    stream, form = cycle.stream, _form(cycle, side)
    times = Counter(record.remote_id for record in records)  # of two, the last one counts
    with reading(cycle.environment.store) as db:
        account = stream.accounts[side].name
        known = listed.load(db, stream.pair, stream.resource, side, account, times)
    return {
        record.remote_id
        for record in records
        if (before := known.get(record.remote_id)) is not None
        and times[record.remote_id] == 1
        and before.shown == _stand_in(form, record, before.digest)
    }


def stand_ins(
    cycle: Cycle, side: Side, taken: Iterable[tuple[Record, Observation]]
) -> dict[str, int]:
    """By remote id, what to remember of records that a sweep has shown and that are taken in.

    Opt-outs are told to the ledger each time, and what cannot be read is listed each time: those
    records are taken in by every sweep.
    """
    form = _form(cycle, side)
    return {
        record.remote_id: _stand_in(form, record, seen.digest)
        for record, seen in taken
        if not (seen.gone or record.odd) and consent.shown(seen.fields).level is not Level.REVOKED
    }


def _form(cycle: Cycle, side: Side) -> str:
    """All that decides what a record is known as, besides what it shows."""
    stream = cycle.stream
    specs = [repr(stream.mapping.spec(side, name)) for name in sorted(stream.fields[side])]
    return digest_json([__version__, stream.mapping.country(side), specs])


def _stand_in(form: str, record: Record, known: str) -> int:
    """Of what a record shows, and of the digest of what it is known as."""
    modified = record.modified.isoformat() if record.modified else None
    said = [record.version, modified, record.parent_id, sorted(record.odd), record.fields]
    return digest_number([form, known, *said])
