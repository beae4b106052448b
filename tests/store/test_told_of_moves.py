"""What was last written of a link: which writes count, how many, and how long ago in runs."""

import pytest
import sqlalchemy as sa

from syncd.model.op import OpKind, OpState
from syncd.model.side import Side
from syncd.store import moves, ops, retention, runs
from syncd.store import tables as t
from syncd.store.moves import LOOKED_BACK
from syncd.store.runs import RunState

from .samples import CONTACT, NOW, OTHER, PAIR, draft
from .test_backfills import sent

LEFT, RIGHT = Side.LEFT, Side.RIGHT


def begin(store: sa.Engine, *, pair: str = PAIR, planned: bool = False) -> int:
    with store.begin() as db:
        run = runs.start(db, pair, "sync", NOW)
        if planned:
            runs.update(db, run.id, state=RunState.PLANNED)
        return run.id


def wrote(store: sa.Engine, run: int, link: int = 1, side: Side = RIGHT, **values: object) -> None:
    sent(store, link, OpState.DONE, side, run, **values)


def told(store: sa.Engine, *links: int, least: int = 1) -> dict[int, list[moves.Move]]:
    with store.connect() as db:
        return moves.of_links(db, PAIR, links, least=least)


def agos(store: sa.Engine, least: int = 1) -> list[int]:
    return [move.ago for move in told(store, 1, least=least).get(1, [])]


def test_updates_are_told_newest_first_with_what_they_did_to_their_own_side(
    store: sa.Engine,
) -> None:
    run = begin(store)
    advance = {"left": {"city": "Bonn"}, "right": {"CITY": "BONN"}}
    for side in (LEFT, RIGHT):
        wrote(store, run, side=side, chosen=frozenset({"city = CITY"} if side is LEFT else ()))
    with store.begin() as db:
        db.execute(sa.update(t.op).values(advance=advance))
    newer, older = told(store, 1, 2)[1]
    assert (newer.side, newer.wrote, newer.chosen) == (RIGHT, {"CITY": "BONN"}, frozenset())
    assert (older.side, older.wrote) == (LEFT, {"city": "Bonn"})
    assert older.chosen == {"city = CITY"}


def test_how_long_ago_is_counted_in_runs_of_the_pair_that_could_write(store: sa.Engine) -> None:
    begin(store)
    first = begin(store)
    wrote(store, first)
    assert agos(store) == [0]
    begin(store, pair=OTHER)
    begin(store, planned=True)
    assert agos(store) == [0]
    second = begin(store)
    assert agos(store) == [1]
    wrote(store, second)
    begin(store)
    assert agos(store) == [1, 2]


def test_a_run_that_stands_for_many_cycles_counts_as_so_many(store: sa.Engine) -> None:
    for count in (0, 7, 0):
        run = begin(store)
        wrote(store, run)
        with store.begin() as db:
            runs.update(db, run, quiet=count)
    assert agos(store) == [0, 1, 8]


def test_how_long_ago_does_not_change_when_runs_are_forgotten(store: sa.Engine) -> None:
    """As long as the writes are known, which is longer than runs that failed are."""
    for _ in range(4):
        wrote(store, begin(store))
        begin(store)
    with store.begin() as db:
        db.execute(sa.update(t.run).values(state=RunState.DONE.value))
        db.execute(sa.update(t.op).values(sent_at=NOW))
    before = agos(store)
    assert before == [1, 3, 5, 7]
    with store.begin() as db:
        retention.tidy(db, PAIR, None, NOW + retention.KEPT)
    assert agos(store) == before


@pytest.mark.parametrize("count", [1, 2, 3])
def test_links_with_fewer_updates_are_left_out(store: sa.Engine, count: int) -> None:
    run = begin(store)
    for _ in range(count):
        wrote(store, run)
    wrote(store, run, link=2)
    found = told(store, 1, 2, least=2)
    assert {link: len(each) for link, each in found.items()} == ({1: count} if count > 1 else {})


def test_only_updates_that_were_carried_out_count(store: sa.Engine) -> None:
    run = begin(store)
    for state in OpState:
        sent(store, 1, state, run=run)
    for kind in OpKind:
        wrote(store, run, link=2, kind=kind)
    wrote(store, run, link=3, urgent=True)
    wrote(store, run, link=3)
    found = told(store, 1, 2, 3)
    assert {link: len(each) for link, each in found.items()} == {1: 1, 2: 1, 3: 1}


def test_no_more_are_told_than_anybody_looks_back(store: sa.Engine) -> None:
    run = begin(store)
    with store.begin() as db:
        ops.stage(db, PAIR, run, CONTACT, [draft(link) for link in (1, 2) for _ in range(41)])
        db.execute(sa.update(t.op).values(state=OpState.DONE.value))
    found = told(store, 1, 2, least=41)
    assert [len(found[link]) for link in (1, 2)] == [40, 40]
    assert LOOKED_BACK == 40
    assert told(store, 1, least=42) == {}
