"""Insert or update: many rows in one statement."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.store import tables as t
from syncd.store.upsert import chunks, insert, update, upsert

from .samples import counted

PLAIN: dict[str, Any] = {
    "account": "crm",
    "resource": "contact",
    "fields": {},
    "digest": "d",
    "version": None,
    "modified": None,
    "gone": False,
    "sweep": 1,
    "hidden": True,
}
ODD = ["", "null", '"', "\\u0000", "\x00", "\ud800", "ü\u2028😀", "{}", "[1, 2]", " %s :x "]
Written = Callable[[sa.Connection, list[dict[str, Any]]], object]


def seen(store: sa.Engine) -> dict[str, Any]:
    with store.connect() as db:
        return {row.remote_id: row for row in db.execute(sa.select(t.observation))}


def by_upsert(db: sa.Connection, rows: list[dict[str, Any]]) -> None:
    upsert(db, t.observation, rows, [*rows[0].keys() - {"account", "resource", "remote_id"}])


def by_insert(db: sa.Connection, rows: list[dict[str, Any]]) -> None:
    insert(db, t.observation, rows)


def by_update(db: sa.Connection, rows: list[dict[str, Any]]) -> None:
    """Of rows that are there, with other values."""
    at = {"account": "crm", "resource": "contact"}
    old = {"fields": {"old": 1}, "version": "old", "modified": datetime(2020, 1, 1, tzinfo=UTC)}
    insert(db, t.observation, [{**row, **old} for row in rows])
    new = [{name: value for name, value in row.items() if name not in at} for row in rows]
    update(db, t.observation, new, key="remote_id", at=at)


WAYS = (by_upsert, by_insert, by_update)


def facts(store: sa.Engine) -> dict[str, str]:
    with store.connect() as db:
        return {row.name: row.value for row in db.execute(sa.select(t.meta))}


def test_new_rows_are_inserted_and_old_ones_updated(store: sa.Engine) -> None:
    with store.begin() as db:
        upsert(db, t.meta, [{"name": "a", "value": "1"}], ["value"])
        upsert(db, t.meta, [{"name": n, "value": "2"} for n in "ab"], ["value"])
    assert facts(store) == {"a": "2", "b": "2"}


def test_without_columns_to_update_an_old_row_stays_as_it_is(store: sa.Engine) -> None:
    with store.begin() as db:
        upsert(db, t.meta, [{"name": "a", "value": "1"}])
        upsert(db, t.meta, [{"name": n, "value": "2"} for n in "ab"])
    assert facts(store) == {"a": "1", "b": "2"}


def test_no_rows_are_no_statement(store: sa.Engine) -> None:
    with store.begin() as db:
        upsert(db, t.meta, [], ["value"])
    assert facts(store) == {}


def test_chunks_hold_every_value_once_and_in_order() -> None:
    assert list(chunks(range(7), size=3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunks([])) == []


@pytest.mark.parametrize("write", WAYS)
def test_values_of_every_kind_come_back_as_they_went(store: sa.Engine, write: Written) -> None:
    noon = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=3)))
    documents = [{"value": odd, odd: [None, True, 2**53, 1.5]} for odd in ODD]
    fitting = [odd for odd in ODD if odd.isprintable() or odd == "ü\u2028😀"]
    rows = [{**PLAIN, "remote_id": f"d{n}", "fields": d} for n, d in enumerate(documents)]
    rows += [{**PLAIN, "remote_id": f"v{n}", "version": v} for n, v in enumerate(fitting)]
    rows += [
        {**PLAIN, "remote_id": "m", "modified": noon, "sweep": 2**62, "gone": True},
        {**PLAIN, "remote_id": "n", "hidden": False},
    ]
    with store.begin() as db:
        write(db, rows)
    known = seen(store)
    assert [known[f"d{n}"].fields for n, _ in enumerate(documents)] == documents
    assert [known[f"v{n}"].version for n, _ in enumerate(fitting)] == fitting
    assert (known["m"].modified, known["m"].sweep, known["m"].gone) == (noon, 2**62, True)
    assert (known["n"].modified, known["n"].version, known["n"].hidden) == (None, None, False)


@pytest.mark.parametrize("write", WAYS)
def test_a_value_that_does_not_fit_is_refused_and_not_cut(
    postgres_store: sa.Engine, write: Written
) -> None:
    with pytest.raises(sa.exc.DataError), postgres_store.begin() as db:
        write(db, [{**PLAIN, "remote_id": "x" * 256}])
    assert seen(postgres_store) == {}


@pytest.mark.parametrize("write", WAYS)
def test_many_rows_are_the_statement_that_a_few_are(
    postgres_store: sa.Engine, write: Written
) -> None:
    said = []
    for count in (1, 2, 700):
        with counted(postgres_store) as statements, postgres_store.begin() as db:
            write(db, [{**PLAIN, "remote_id": f"{count}-{n}"} for n in range(count)])
        said.append(statements)
    assert said[0] == said[1] == said[2]
    assert len(said[0]) == (2 if write is by_update else 1)
    assert len(seen(postgres_store)) == 703


def test_inserted_rows_tell_what_the_store_gave_them(store: sa.Engine) -> None:
    rows = [
        {"run_id": 1, "resource": "contact", "side": "left", "remote_id": i, "done": False}
        for i in "cab"
    ]
    with store.begin() as db:
        made = insert(db, t.backfill_item, rows, ["id", "remote_id"])
        told = {row.remote_id: row.id for row in made}
        there = sa.select(t.backfill_item.c.remote_id, t.backfill_item.c.id)
        assert told == dict(map(tuple, db.execute(there))) != {}  # type: ignore[arg-type]
    assert sorted(told) == ["a", "b", "c"]


def test_an_update_leaves_other_rows_and_columns_and_makes_none(store: sa.Engine) -> None:
    at = {"account": "crm", "resource": "contact"}
    others = {("crm", "note", "a"), ("mail", "contact", "a"), ("crm", "contact", "b")}
    names = ("account", "resource", "remote_id")
    named = [dict(zip(names, place, strict=True)) for place in {*others, ("crm", "contact", "a")}]
    with store.begin() as db:
        insert(db, t.observation, [{**PLAIN, **place} for place in named])
        new = [{"remote_id": i, "digest": "new"} for i in ("a", "c")]
        update(db, t.observation, new, key="remote_id", at=at)
        update(db, t.observation, [], key="remote_id", at=at)
        rows = db.execute(sa.select(t.observation)).all()
    changed = {(r.account, r.resource, r.remote_id) for r in rows if r.digest == "new"}
    assert changed == {("crm", "contact", "a")}
    assert len(rows) == 4
    assert {(r.sweep, r.hidden, r.digest) for r in rows} == {(1, True, "d"), (1, True, "new")}
