"""The list that a backfill works through, so that it can go on after a crash."""

import sqlalchemy as sa

from syncd.model.link import State
from syncd.model.side import Side
from syncd.store import backfills, members

from .samples import CONTACT, PAIR, counted, member

RUN = 7


def add(store: sa.Engine, *ids: str, side: Side = Side.LEFT, run: int = RUN) -> None:
    with store.begin() as db:
        backfills.add(db, run, side, ids)


def waiting(store: sa.Engine, limit: int = 100, after: int = 0) -> list[backfills.Item]:
    with store.connect() as db:
        return backfills.waiting(db, RUN, limit, after)


def test_records_wait_in_the_order_they_were_added(store: sa.Engine) -> None:
    add(store, "b", "a")
    add(store, "a", side=Side.RIGHT)
    add(store, "z", run=RUN + 1)
    listed = [(item.side, item.remote_id) for item in waiting(store)]
    assert listed == [(Side.LEFT, "b"), (Side.LEFT, "a"), (Side.RIGHT, "a")]


def test_a_repeated_page_adds_nothing_and_undoes_nothing(store: sa.Engine) -> None:
    add(store, "a", "b")
    done = waiting(store)[0]
    with store.begin() as db:
        backfills.finish(db, [done.id])
    add(store, "a", "b", "c")
    assert [item.remote_id for item in waiting(store)] == ["b", "c"]
    with store.connect() as db:
        assert backfills.count(db, RUN) == (1, 3)


def test_the_list_can_be_read_in_parts(store: sa.Engine) -> None:
    add(store, *"abc")
    first = waiting(store, limit=2)
    assert [item.remote_id for item in waiting(store, after=first[-1].id)] == ["c"]


def test_parked_records_of_the_list_are_counted(store: sa.Engine) -> None:
    add(store, "a", "b")
    with store.begin() as db:
        parked = [member(i, state=State.PARKED, cause="no_key") for i in ("a", "elsewhere")]
        members.save(db, PAIR, CONTACT, [*parked, member("b"), member("a", Side.RIGHT)])
        assert backfills.count_parked(db, RUN, PAIR) == 1
        assert backfills.count_parked(db, RUN, "other") == 0


def test_an_ended_backfill_is_forgotten(store: sa.Engine) -> None:
    add(store, "a")
    add(store, "a", run=RUN + 1)
    with store.begin() as db:
        backfills.clear(db, RUN)
        assert backfills.count(db, RUN) == (0, 0)
        assert backfills.count(db, RUN + 1) == (0, 1)


def test_a_page_is_a_handful_of_statements(store: sa.Engine) -> None:
    with counted(store) as statements:
        add(store, *(f"r{n}" for n in range(500)))
    items = waiting(store, limit=500)
    assert len(items) == 500
    with counted(store) as more, store.begin() as db:
        backfills.finish(db, [item.id for item in items])
        assert backfills.count(db, RUN) == (500, 500)
    assert len(statements) == 1
    assert len(more) == 2
