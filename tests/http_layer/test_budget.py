"""One budget for several threads and three classes, on a clock that moves when all sleep."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from syncd.connectors.spending import (
    MANY,
    Rate,
    Spend,
    Told,
    carried,
    for_so_many,
    spending,
    spent_for,
)
from syncd.errors import SpentError, StoppedError
from syncd.http.budget import RECHECK, SharedBudget, left_by
from syncd.http.limits import Limiter

from .together import BEGAN, Together

LIVE, INCREMENTAL, BULK = Spend
LATENCY_S = 0.2


class Scene:
    """Workers of several pairs, each with a limiter of its own, on the budget of one account."""

    def __init__(self, rate: Rate) -> None:
        self.time = Together()
        self.budget = SharedBudget(monotonic=self.time.monotonic, now=self.time.now)
        self.rate = rate
        self.sent: list[tuple[float, Spend]] = []
        self.waited: dict[Spend, list[float]] = {spend: [] for spend in Spend}

    def worker(self, spend: Spend, times: int, pause_s: float = 0.0, first_s: float = 0.0) -> None:
        limiter = Limiter(
            self.rate,
            monotonic=self.time.monotonic,
            sleep=self.time.sleep,
            budget=self.budget,
        )

        def work() -> None:
            self.time.sleep(first_s)
            for _ in range(times):
                asked_s = self.time.monotonic()
                with spending(spend), limiter.slot():
                    self.waited[spend].append(self.time.monotonic() - asked_s)
                    self.sent.append((self.time.monotonic(), spend))
                    self.time.sleep(LATENCY_S)
                self.time.sleep(pause_s)

        self.time.begin(work)


@pytest.mark.parametrize("permitted", [20, 25, 100])
def test_an_opt_out_never_waits_behind_a_backfill(permitted: int) -> None:
    scene = Scene(Rate(permitted, 10.0))
    for _ in range(16):
        scene.worker(BULK, permitted // 4)
    scene.worker(LIVE, 4, pause_s=11.0, first_s=0.7)  # one in a window, by when that is full
    scene.time.run()
    assert scene.waited[LIVE] == [0.0] * 4
    assert max(scene.waited[BULK]) > 5


def test_where_the_window_is_full_opt_outs_go_before_changes_and_these_before_the_rest() -> None:
    scene = Scene(Rate(10, 10.0))
    scene.worker(INCREMENTAL, 10)  # all of one window
    for spend in (BULK, BULK, INCREMENTAL, INCREMENTAL, LIVE, LIVE):
        scene.worker(spend, 1, first_s=5.0)
    scene.time.run()
    later = [spend for at_s, spend in scene.sent if at_s > 5]
    assert later == [LIVE, LIVE, INCREMENTAL, INCREMENTAL, BULK, BULK]


def test_who_came_first_waits_all_the_same_for_those_above() -> None:
    scene = Scene(Rate(1, 10.0))
    scene.worker(BULK, 3)
    scene.worker(LIVE, 3, first_s=1.0)
    scene.time.run()
    assert [spend for _, spend in scene.sent] == [BULK, LIVE, LIVE, LIVE, BULK, BULK]


@pytest.mark.parametrize("permitted", [20, 25, 100, 400])
@pytest.mark.parametrize("spend", Spend)
def test_each_class_alone_uses_at_least_95_percent(permitted: int, spend: Spend) -> None:
    scene = Scene(Rate(permitted, 10.0))
    for _ in range(16):
        scene.worker(spend, permitted // 2)
    scene.time.run()
    seconds = scene.sent[-1][0] - LATENCY_S * 7  # an answer is awaited in each window
    windows = int(seconds // 10.0)
    within = sum(1 for at_s, _ in scene.sent if at_s < windows * (10.0 + LATENCY_S))
    assert within >= 0.95 * permitted * windows


def test_no_more_are_under_way_than_may_be_at_once() -> None:
    scene = Scene(Rate(None, at_once=2))
    for _ in range(5):
        scene.worker(BULK, 4)
    scene.worker(LIVE, 1, first_s=0.1)
    scene.time.run()
    under_way = [
        sum(1 for other, _ in scene.sent if at_s - LATENCY_S < other <= at_s)
        for at_s, _ in scene.sent
    ]
    assert max(under_way) == 2
    assert scene.waited[LIVE][0] <= LATENCY_S  # for one of the two to be answered


def test_small_windows_are_not_kept_free() -> None:
    assert [left_by(BULK, n) for n in (1, 19, 20, 34, 67, 100)] == [0, 0, 1, 1, 2, 3]
    assert {left_by(spend, 100) for spend in (LIVE, INCREMENTAL)} == {0}


def test_who_stops_waiting_holds_nobody_up() -> None:
    time = Together()
    budget = SharedBudget(monotonic=time.monotonic, now=time.now)
    budget.begin(Rate(1, 10.0))
    assert budget.enter(BULK, 1) == 0
    assert budget.enter(LIVE, 2) > 0
    budget.leave()
    budget.begin(Rate(2, 10.0))
    assert budget.enter(BULK, 3) > 0  # somebody above waits
    budget.give_up(2)
    assert budget.enter(BULK, 3) == 0


def test_a_stop_ends_the_waiting_of_a_limiter_and_holds_nobody_up() -> None:
    time = Together()
    budget = SharedBudget(monotonic=time.monotonic, now=time.now)

    def stopped(_: float) -> None:
        raise StoppedError("somebody asked for it")

    limiter = Limiter(Rate(1), monotonic=time.monotonic, sleep=stopped, budget=budget)
    with limiter.slot(), pytest.raises(StoppedError), spending(LIVE), limiter.slot():
        raise AssertionError("there was no place")
    budget.begin(Rate(2))
    assert budget.enter(BULK, object()) == 0


def test_another_door_to_a_budget_does_not_undo_what_it_has_learned() -> None:
    time = Together()
    budget = SharedBudget(monotonic=time.monotonic, now=time.now)
    budget.begin(Rate(100, 10.0))
    budget.learn(Rate(25, 10.0), None)
    budget.begin(Rate(100, 10.0))
    assert budget.allowed == 25
    budget.begin(Rate(50, 10.0))  # the configuration has changed
    assert budget.allowed == 50


# -- the day ------------------------------------------------------------------------------------


class Day:
    """A budget whose platform has told of its day."""

    def __init__(self, limit: int, left: int, reserve: int = 0) -> None:
        self.passed_s = 0.0
        self.budget = self.another()
        self.budget.begin(Rate(None), reserve=reserve)
        self.budget.learn_day(limit, left)

    def another(self) -> SharedBudget:
        return SharedBudget(
            monotonic=lambda: self.passed_s,
            now=lambda: BEGAN + timedelta(seconds=self.passed_s),
        )

    def lets(self, spend: Spend) -> bool:
        rests = self.budget.rests(spend)
        try:
            self.budget.enter(spend, object())
        except SpentError:
            assert rests
            return False
        assert not rests
        self.budget.leave()
        return True


@pytest.mark.parametrize(
    ("left", "passing"),
    [
        (10_000, [LIVE, INCREMENTAL, BULK]),
        (9_999, [LIVE, INCREMENTAL]),
        (2_000, [LIVE, INCREMENTAL]),
        (1_999, [LIVE]),
        (1, [LIVE]),
        (0, []),
    ],
)
def test_the_end_of_a_day_is_kept_for_what_is_urgent(left: int, passing: list[Spend]) -> None:
    day = Day(200_000, left)
    assert [spend for spend in Spend if day.lets(spend)] == passing


def test_a_person_may_keep_back_more_for_opt_outs() -> None:
    day = Day(200_000, 19_999, reserve=20_000)
    assert [spend for spend in Spend if day.lets(spend)] == [LIVE]


def test_what_is_under_way_is_not_left_any_more() -> None:
    day = Day(100, 2)
    for _ in range(2):
        assert day.budget.enter(LIVE, object()) == 0
    with pytest.raises(SpentError):
        day.budget.enter(LIVE, object())


def test_nothing_is_known_of_a_day_that_nobody_tells_of() -> None:
    day = Day(200_000, 5)
    day.budget = day.another()
    assert day.lets(BULK)


def test_one_request_in_ten_minutes_looks_whether_the_day_has_begun_anew() -> None:
    day = Day(200_000, 0)
    day.passed_s = RECHECK.total_seconds() - 1
    assert not day.lets(BULK)
    day.passed_s += 1
    assert day.lets(BULK)
    assert not day.lets(LIVE)
    day.budget.learn_day(200_000, 199_999)
    assert day.lets(BULK)


def test_a_spent_day_says_until_when_at_the_latest() -> None:
    day = Day(200_000, 0)
    assert day.budget.spent().until == BEGAN + timedelta(days=1)
    day.passed_s = 3 * 3600.0
    day.budget.learn_day(200_000, 199_990)  # it began since
    day.passed_s = 5 * 3600.0
    day.budget.learn_day(200_000, 0)
    spent = day.budget.spent()
    assert spent.until == BEGAN + timedelta(hours=27)
    assert "2026-11-04 15:00 UTC" in spent.message


def test_answers_that_overtake_each_other_begin_no_day() -> None:
    day = Day(200_000, 500)
    day.passed_s = 3600.0
    day.budget.learn_day(200_000, 508)
    assert day.budget.spent().until == BEGAN + timedelta(hours=25)


@pytest.mark.parametrize(
    ("hours", "left", "lets"), [(0, 9_000, False), (1, 9_000, True), (25, 9_000, True)]
)
def test_a_process_that_starts_knows_what_the_last_one_was_told(
    hours: int, left: int, lets: bool
) -> None:
    """After a while it looks for itself, as it does within a process."""
    day = Day(200_000, 0)
    day.budget = day.another()
    day.passed_s = hours * 3600.0
    day.budget.recall(Told(day=200_000, day_left=left, at=BEGAN))
    assert day.lets(BULK) is lets


def test_what_was_told_here_counts_more_than_what_another_process_was_told() -> None:
    day = Day(200_000, 150_000)
    day.budget.recall(Told(day=200_000, day_left=10, at=BEGAN))
    assert day.budget.told.day_left == 150_000


# -- for what it is spent -----------------------------------------------------------------------


def test_a_thread_spends_for_what_changed_unless_it_says_otherwise() -> None:
    assert spent_for() is INCREMENTAL
    with spending(BULK):
        assert spent_for() is BULK
    assert spent_for() is INCREMENTAL


@pytest.mark.parametrize(
    ("outer", "inner", "counts"),
    [
        (LIVE, BULK, LIVE),
        (LIVE, INCREMENTAL, LIVE),
        (BULK, LIVE, LIVE),
        (BULK, INCREMENTAL, BULK),  # an ordinary write of a backfill
        (INCREMENTAL, BULK, BULK),
        (INCREMENTAL, LIVE, LIVE),
    ],
)
def test_a_part_is_what_the_whole_is_unless_it_is_more_urgent(
    outer: Spend, inner: Spend, counts: Spend
) -> None:
    with spending(outer):
        with spending(inner):
            assert spent_for() is counts
        assert spent_for() is outer


def test_another_thread_spends_for_the_one_that_has_called_it() -> None:
    with spending(BULK):
        call: Callable[[], Spend] = carried(spent_for)
    assert spent_for() is INCREMENTAL
    assert call() is BULK


def test_much_at_once_is_bulk() -> None:
    assert [for_so_many(n) for n in (0, MANY, MANY + 1)] == [INCREMENTAL, INCREMENTAL, BULK]
