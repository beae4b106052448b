"""Moments that a clock which was ahead has dated."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import clocks, cursors, runs, windows
from syncd.store.cursors import Cursor
from syncd.store.database import reading

from .samples import HOUR, NOW, PAIR


def dated(store: sa.Engine, pair: str) -> list[object]:
    with reading(store) as db:
        run = runs.last(db, pair)
        swept = cursors.load(db, pair, Side.LEFT, Resource.CONTACT).swept_at
        assert run is not None
        return [run.started_at, run.ended_at, swept, windows.begun(db, pair)]


@pytest.mark.parametrize(
    ("ahead", "after"), [(2 * HOUR, NOW), (timedelta(), NOW), (-HOUR, NOW - HOUR)]
)
def test_what_was_done_after_now_was_done_now(
    store: sa.Engine, ahead: timedelta, after: object
) -> None:
    at = NOW + ahead
    with store.begin() as db:
        for pair in (PAIR, "other"):
            run = runs.start(db, pair, "sync", at)
            runs.update(db, run.id, ended_at=at)
            swept = replace(Cursor(), swept_at=at)
            cursors.save(db, pair, Side.LEFT, Resource.CONTACT, swept)
            windows.start_anew(db, pair, at)
        changed = clocks.set_right(db, PAIR, NOW)
    assert changed == (4 if ahead > timedelta() else 0)
    assert dated(store, PAIR) == [after] * 4
    assert dated(store, "other") == [at] * 4


def test_what_lies_ahead_is_not_within_any_span() -> None:
    assert clocks.within(NOW, NOW, HOUR)
    assert clocks.within(NOW, NOW - HOUR * 0.9, HOUR)
    assert not clocks.within(NOW, NOW - HOUR, HOUR)
    assert not clocks.within(NOW, NOW + timedelta(seconds=1), HOUR)
