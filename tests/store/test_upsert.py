"""Insert or update: many rows in one statement."""

import sqlalchemy as sa

from syncd.store import tables as t
from syncd.store.upsert import chunks, upsert


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
