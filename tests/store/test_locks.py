"""Of processes that write the same rows of PostgreSQL one waits, and never each for the other.

All of them lock rows in the order of their keys.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.model.side import Side
from syncd.store import listed, members, observations, wake
from syncd.store import tables as t
from syncd.store.suppressions import Ledger, OptOut

from .samples import CONTACT, HOUR, NOW, PAIR, member, observation, wait_until_another_waits

# In the order of their bytes; a language would sort them otherwise.
IDS = ("A", "B", "a", "b", "ä")
LEDGER = Ledger(b"key")
ADDRESSES = sorted(IDS, key=LEDGER.hashed)

Deed = Callable[[sa.Connection, Sequence[str]], object]


def saves(db: sa.Connection, ids: Sequence[str]) -> None:
    members.save(db, PAIR, CONTACT, [member(i, digest="new") for i in ids])


def sees(db: sa.Connection, ids: Sequence[str]) -> None:
    observations.save(db, "crm", CONTACT, [observation(i, digest="new") for i in ids])


def hears(db: sa.Connection, ids: Sequence[str]) -> None:
    later = db.execute(sa.select(sa.func.max(t.suppression.c.since))).scalar_one() + HOUR
    LEDGER.record(db, [OptOut("crm", i, later, "crm") for i in ids], later)


def lists(db: sa.Connection, ids: Sequence[str]) -> None:
    listed.note(db, PAIR, CONTACT, Side.LEFT, dict.fromkeys(ids, 1))


def wakes_keys(db: sa.Connection, ids: Sequence[str]) -> None:
    wake.by_keys(db, [f"{i}@example.org" for i in ids])


def wakes_links(db: sa.Connection, ids: Sequence[str]) -> None:
    wake.by_links(db, map(IDS.index, ids))


def wakes_records(db: sa.Connection, ids: Sequence[str]) -> None:
    wake.by_records(db, [(PAIR, Side.LEFT)], CONTACT, ids)


def reads_keys(db: sa.Connection, ids: Sequence[str]) -> None:
    members.with_keys(db, PAIR, CONTACT, [f"{i}@example.org" for i in ids], locked=True)


def reads_links(db: sa.Connection, ids: Sequence[str]) -> None:
    members.of_links(db, map(IDS.index, ids), locked=True)


OF_MEMBERS = (saves, lists, wakes_keys, wakes_links, wakes_records, reads_keys, reads_links)
CASES: list[tuple[Deed, Any, Sequence[str]]] = [
    *((deed, t.member.c.remote_id, IDS) for deed in OF_MEMBERS),
    (sees, t.observation.c.remote_id, IDS),
    (hears, t.suppression.c.address_hash, [LEDGER.hashed(a) for a in ADDRESSES]),
]


@pytest.mark.parametrize(("deed", "key", "in_order"), CASES, ids=[c[0].__name__ for c in CASES])
def test_rows_are_locked_in_the_order_of_their_keys(
    postgres_store: sa.Engine, deed: Deed, key: Any, in_order: Sequence[str]
) -> None:
    with postgres_store.begin() as db:  # one by one, so that they lie there the other way round
        for n, one in reversed([*enumerate(IDS)]):
            members.save(db, PAIR, CONTACT, [member(one, link_id=n)])
            observations.save(db, "crm", CONTACT, [observation(one)])
        for one in reversed(ADDRESSES):
            LEDGER.record(db, [OptOut("crm", one, NOW, "crm")], NOW)

    def does() -> None:
        with postgres_store.begin() as db:
            deed(db, [*reversed(IDS)])

    for n, one in enumerate(in_order[:-1]):
        rest = sa.select(key).where(key.in_(in_order[n + 1 :]))
        with ThreadPoolExecutor(1) as pool:
            with postgres_store.begin() as db:
                db.execute(sa.select(key).where(key == one).with_for_update())
                done = pool.submit(does)
                wait_until_another_waits(db)
                free = db.execute(rest.with_for_update(skip_locked=True)).scalars().all()
                earlier = sa.select(key).where(key.in_(in_order[:n]))
                taken = db.execute(earlier.with_for_update(skip_locked=True)).scalars().all()
            done.result(timeout=30)
        assert sorted(free) == sorted(in_order[n + 1 :])
        assert taken == []
