"""A column that is one of many values: a constant statement, whatever the values are."""

from typing import Any

import pytest
import sqlalchemy as sa

from syncd.store import members
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.within import within

from .samples import CONTACT, PAIR, counted, member

IDS = ["a", "A", "ä", "😀", "'", '"', "\\", "[1]", "null", "1", "%s", ":x", "\u2028", "x" * 255]
M = t.member.c


def saved(store: sa.Engine) -> None:
    with store.begin() as db:
        members.save(db, PAIR, CONTACT, [member(i, link_id=n) for n, i in enumerate(IDS)])


def found(store: sa.Engine, which: sa.ColumnElement[bool]) -> set[str]:
    with store.connect() as db:
        return set(db.execute(sa.select(M.remote_id).where(which)).scalars())


@pytest.mark.parametrize("given", [[], *([one] for one in IDS), IDS], ids=ascii)
def test_strings_are_found_as_they_are_spelled(store: sa.Engine, given: list[str]) -> None:
    saved(store)
    assert found(store, within(M.remote_id, given)) == {*given}
    assert found(store, ~within(M.remote_id, given)) == {*IDS} - {*given}


def test_numbers_are_found_and_what_is_null_is_not(store: sa.Engine) -> None:
    saved(store)
    with store.begin() as db:
        members.unlink(db, [3])
    assert found(store, within(M.link_id, [0, 2, 3, 2**62])) == {IDS[0], IDS[2]}


@pytest.mark.parametrize("kind", [list, tuple, frozenset, dict.fromkeys])
def test_values_may_come_in_any_collection(store: sa.Engine, kind: Any) -> None:
    saved(store)
    assert found(store, within(M.remote_id, kind("aä"))) == {"a", "ä"}


def test_what_is_longer_than_the_column_is_not_cut_to_what_is_there(store: sa.Engine) -> None:
    saved(store)
    assert found(store, within(M.remote_id, ["x" * 256])) == set()


def test_the_statement_is_the_same_for_every_number_of_values(store: sa.Engine) -> None:
    chosen = prepared(lambda ids: sa.select(M.remote_id).where(within(M.remote_id, ids)))
    saved(store)
    with counted(store) as statements, store.connect() as db:
        assert [len(chosen(db, ids=IDS[:n]).all()) for n in range(3)] == [0, 1, 2]
        for n in (1, 2, 3):
            assert len(db.execute(sa.select(M.side).where(within(M.remote_id, IDS[:n]))).all()) == n
    assert len(statements) == 6
    assert len(set(statements)) == 2


def test_a_condition_of_a_key_finds_rows_by_that_key(sqlite_store: sa.Engine) -> None:
    asked = sa.select(M.state).where(M.pair == PAIR, M.resource == "contact", M.side == "left")
    statement = str(asked.where(within(M.remote_id, IDS)).compile(sqlite_store))
    with sqlite_store.connect() as db:
        plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (PAIR, "c", "left", "[]"))
        assert "remote_id=?" in plan.all()[0].detail
