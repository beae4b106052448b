"""Positions of a pull, as pure values."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.maileon import feed
from syncd.connectors.maileon.feed import MAX_RESTARTS, Stage, State, turned
from syncd.errors import ConfigError

FAR = datetime(2100, 1, 1)  # noqa: DTZ001


@given(
    st.sampled_from(Stage), st.integers(1, 99), st.booleans(), st.sampled_from([None, -300, "X"])
)
def test_a_cursor_is_the_state(stage: Stage, page: int, full: bool, zone: str | int | None) -> None:
    state = State(stage, full=full, page=page, mark="2026-08-20T11:00:00", zone=zone)
    assert feed.load(state.dump()) == state


@pytest.mark.parametrize("text", ["", "{}", "[]", "7", '{"v": 9}', '{"v": 1, "stage": "x"}'])
def test_something_else_is_no_cursor(text: str) -> None:
    with pytest.raises(ConfigError):
        feed.load(text)


def test_pages_are_read_to_the_end() -> None:
    state, done = turned(State(page=1), 2, 1500)
    assert (state.page, done) == (2, False)
    assert turned(state, 2, 1500)[1]


def test_a_list_that_changes_its_length_is_read_again_a_few_times() -> None:
    state = State(page=1)
    restarts = 0
    for items in range(2000, 2050):
        state, done = turned(state, 3, items)
        if done:
            break
        restarts += state.page == 1
    assert (done, restarts) == (True, MAX_RESTARTS)


def test_a_long_list_that_shrinks_is_read_again_from_one_page_back() -> None:
    state = replace(State(), page=500, items=900_000, high=499)
    state, done = turned(state, 900, 899_999)
    assert (state.page, done) == (499, False)
    state, _ = turned(state, 900, 899_999)
    assert state.page == 500


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=400))
def test_reading_ends_however_the_list_changes(lengths: list[int]) -> None:
    """With every answer telling another length, a list costs at most its pages, twice."""
    state, reads, done = State(page=1), 0, False
    while not done:
        items = lengths[reads % len(lengths)]
        state, done = turned(state, max(1, -(-items // 1000)), items)
        reads += 1
        assert reads <= 5 * (MAX_RESTARTS + 1) * 2


@given(st.lists(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31))))  # noqa: DTZ001
def test_the_mark_never_goes_back(times: list[datetime]) -> None:
    state = State(mark="2026-06-01T00:00:00", anchor="0", anchor_at="2026-06-01T00:00:00")
    rows = [(str(n), at) for n, at in enumerate(times)]
    after = feed.advanced(feed.seen(state, rows, FAR))
    newest = max([*times, datetime(2026, 6, 1)])  # noqa: DTZ001
    assert feed.parsed(after.mark) == newest


def test_a_time_in_the_future_does_not_move_the_mark() -> None:
    ceiling = datetime(2026, 8, 20, 11)  # noqa: DTZ001
    rows = [("1", datetime(2099, 1, 1)), ("2", datetime(2026, 8, 20, 10))]  # noqa: DTZ001
    assert feed.seen(State(), rows, ceiling).top_id == "2"


def test_the_overlap_is_wide_where_it_must_be() -> None:
    mark = "2026-10-25T02:30:00"
    assert feed.asked_after(mark, wide=False, repeated=timedelta()) == "2026-10-25 02:29:58"
    assert feed.asked_after(mark, wide=False, repeated=timedelta(hours=1)) == "2026-10-25 01:29:58"
    assert feed.asked_after(mark, wide=True, repeated=timedelta()) == "2026-10-24 00:29:58"
