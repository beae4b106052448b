"""Retry: a person says that what was refused or parked may be tried again."""

from collections.abc import Sequence

from syncd.engine.context import Bench
from syncd.store import members, refusals
from syncd.store.database import explained


def retry(bench: Bench, pair: str, causes: Sequence[str] = ()) -> int:
    """Have parked records and refused values of a pair tried again by the next cycle.

    Args:
        causes: only records parked for one of these; empty for all, and then refused
            values too.

    Returns:
        How many records are tried again.
    """
    with explained(bench.store), bench.store.begin() as db:
        woken = members.wake_parked(db, pair, causes)
        if not causes:
            links = refusals.clear(db, pair)
            members.wake_links(db, links)
            woken += len(links)
    return woken
