"""What became of mail: told once, however often and in whatever order it is reported."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.model.derived import BOUNCES, LAST_CLICK_AT, LAST_OPEN_AT
from syncd.store import engagement

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERYTHING = frozenset({BOUNCES, LAST_CLICK_AT, LAST_OPEN_AT})


def note(store: sa.Engine, name: str, *events: tuple[str, datetime, str]) -> set[str]:
    with store.begin() as db:
        return engagement.note(db, "mail", name, events)


def told(store: sa.Engine, *ids: str, names: frozenset[str] = EVERYTHING) -> dict[str, Any]:
    with store.connect() as db:
        return {**engagement.told(db, "mail", ids, names)}


@pytest.mark.parametrize("name", [LAST_OPEN_AT, LAST_CLICK_AT])
def test_the_newest_counts(store: sa.Engine, name: str) -> None:
    assert note(store, name, ("ada", NOW, "2"), ("ada", NOW - HOUR, "1"), ("bob", NOW, "1")) == {
        "ada",
        "bob",
    }
    assert note(store, name, ("ada", NOW, "2"), ("bob", NOW - HOUR, "0")) == set()
    assert note(store, name, ("ada", NOW + HOUR, "3"), ("bob", NOW, "1")) == {"ada"}
    found = told(store, "ada", "bob", "cy", names=frozenset({name}))
    assert (found["ada"][name], found["bob"][name]) == (NOW + HOUR, NOW)
    assert "cy" not in found


def test_opens_and_clicks_do_not_get_into_each_others_way(store: sa.Engine) -> None:
    note(store, LAST_OPEN_AT, ("ada", NOW, "1"))
    note(store, LAST_CLICK_AT, ("ada", NOW + HOUR, "1"))
    assert told(store, "ada") == {"ada": {LAST_OPEN_AT: NOW, LAST_CLICK_AT: NOW + HOUR}}


def test_a_bounce_counts_once(store: sa.Engine) -> None:
    first, second = ("ada", NOW, "5512|5.1.1"), ("ada", NOW, "5512|4.2.2")
    assert note(store, BOUNCES, first, first, ("bob", NOW, "5512|5.1.1")) == {"ada", "bob"}
    assert note(store, BOUNCES, first) == set()
    assert note(store, BOUNCES, second, first) == {"ada"}
    assert told(store, "ada", "bob", "cy") == {"ada": {BOUNCES: 2}, "bob": {BOUNCES: 1}}


def test_accounts_know_nothing_of_each_other(store: sa.Engine) -> None:
    for name in EVERYTHING:
        note(store, name, ("ada", NOW, "1"))
    with store.connect() as db:
        assert engagement.told(db, "other", ["ada"], EVERYTHING) == {}


def test_nothing_is_taken_in_of_nothing(store: sa.Engine) -> None:
    for name in EVERYTHING:
        assert note(store, name) == set()
