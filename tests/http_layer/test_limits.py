"""The limiter, on a clock that only moves when somebody sleeps."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.http.budget import SharedBudget
from syncd.http.limits import Limiter, Rate, number


@dataclass
class Time:
    now: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def limiter(time: Time, rate: Rate, share: float = 1.0) -> Limiter:
    return Limiter(rate, monotonic=time.monotonic, sleep=time.sleep, share=share)


def allowed(gate: Limiter) -> int | None:
    assert isinstance(gate.budget, SharedBudget)
    return gate.budget.allowed


def most_in_any_window(arrivals: list[float], seconds: float) -> int:
    return max(sum(1 for b in arrivals if a - seconds < b <= a) for a in arrivals)


@settings(deadline=None, max_examples=60)
@given(
    allowed=st.integers(1, 12),
    latencies=st.lists(st.floats(0.001, 3.0), min_size=1, max_size=80),
    counted_at=st.floats(0, 1),
)
def test_no_window_ever_sees_more_than_it_permits(
    allowed: int, latencies: list[float], counted_at: float
) -> None:
    """Wherever between sending and answering the platform counts a request."""
    time = Time()
    gate = limiter(time, Rate(allowed, 10.0))
    arrivals = []
    for latency in latencies:
        with gate.slot():
            arrivals.append(time.now + latency * counted_at)
            time.now += latency
    assert most_in_any_window(arrivals, 10.0) <= allowed


def test_nearly_all_of_the_permitted_rate_is_used() -> None:
    time = Time()
    gate = limiter(time, Rate(100, 10.0))
    begun = time.now
    for _ in range(1_000):
        with gate.slot():
            time.now += 0.02
    permitted = 100 + (time.now - begun) * 10
    assert 1_000 / permitted >= 0.95


def test_a_share_leaves_the_rest_to_others() -> None:
    time = Time()
    gate = limiter(time, Rate(10, 10.0), share=0.5)
    arrivals = []
    for _ in range(30):
        with gate.slot():
            arrivals.append(time.now)
    assert most_in_any_window(arrivals, 9.999) == 5


def test_without_a_limit_nobody_waits() -> None:
    time = Time()
    gate = limiter(time, Rate(None))
    for _ in range(1_000):
        with gate.slot():
            pass
    assert time.slept == []


def test_what_others_spend_is_held_against_the_window() -> None:
    time = Time()
    gate = limiter(time, Rate(10, 10.0))
    with gate.slot():
        pass
    gate.learn(Rate(10, 10.0), remaining=2)  # we sent 1; the platform counted 8
    for _ in range(2):
        with gate.slot():
            pass
    assert time.slept == []
    with gate.slot():
        pass
    assert sum(time.slept) == pytest.approx(10.0)


@pytest.mark.parametrize(("before", "after"), [(100, 25), (25, 100)])
def test_the_limit_follows_the_headers_up_and_down(before: int, after: int) -> None:
    gate = limiter(Time(), Rate(before, 10.0))
    gate.learn(Rate(after, 10.0), remaining=None)
    assert allowed(gate) == after


def test_a_refusal_stops_everybody_for_as_long_as_it_says() -> None:
    time = Time()
    gate = limiter(time, Rate(100, 10.0))
    gate.block(7.5)
    with gate.slot():
        assert time.now == pytest.approx(1_007.5)


def test_a_place_is_given_back_when_the_request_fails() -> None:
    time = Time()
    gate = limiter(time, Rate(1, 10.0))

    def failing() -> None:
        with gate.slot():
            raise ConnectionError

    with pytest.raises(ConnectionError):
        failing()
    with gate.slot():
        assert time.now == pytest.approx(1_010.0)


def test_a_later_and_shorter_refusal_shortens_no_wait() -> None:
    time = Time()
    gate = limiter(time, Rate(None))
    gate.block(7.0)
    gate.block(3.0)
    with gate.slot():
        assert time.now == pytest.approx(1_007.0)
    gate.block(3.0)
    gate.block(7.0)
    with gate.slot():
        assert time.now == pytest.approx(1_014.0)


def test_the_least_share_still_lets_one_through() -> None:
    gate = limiter(Time(), Rate(3, 10.0), share=0.1)
    assert allowed(gate) == 1
    assert allowed(limiter(Time(), Rate(10, 10.0), share=0.59)) == 5
    assert allowed(limiter(Time(), Rate(None))) is None


def test_a_full_window_is_waited_out_exactly() -> None:
    time = Time()
    gate = limiter(time, Rate(2, 10.0))
    for _ in range(2):
        with gate.slot():
            time.now += 1
    with gate.slot():  # the first was answered at 1,001
        assert time.now == pytest.approx(1_011.0)
    assert time.slept == [pytest.approx(9.0)]


def test_while_all_places_are_in_flight_one_looks_again_soon() -> None:
    time, looks = Time(), 0

    def sleep(seconds: float) -> None:
        nonlocal looks
        looks += 1
        assert seconds == pytest.approx(0.01)
        if looks == 3:
            raise InterruptedError

    gate = Limiter(Rate(1, 10.0), monotonic=time.monotonic, sleep=sleep)
    with gate.slot(), pytest.raises(InterruptedError), gate.slot():
        raise AssertionError("both got the one place")


@pytest.mark.parametrize(
    ("remaining", "free"), [(0, 0), (4, 4), (9, 9), (10, 9), (12, 9), (-50, 0)]
)
def test_what_the_platform_says_is_left_is_what_is_left(remaining: int, free: int) -> None:
    time = Time()
    gate = limiter(time, Rate(10, 10.0))
    with gate.slot():
        pass
    gate.learn(Rate(10, 10.0), remaining)
    for _ in range(free):
        with gate.slot():
            pass
    assert time.slept == []
    with gate.slot():
        pass
    assert time.slept != []


def test_what_is_in_flight_is_ours_and_not_others() -> None:
    time = Time()
    gate = limiter(time, Rate(3, 10.0))
    with gate.slot():
        gate.learn(Rate(3, 10.0), remaining=2)
    with gate.slot(), gate.slot():
        assert time.slept == []


def test_without_a_number_of_requests_nothing_is_held_against_the_window() -> None:
    time = Time()
    gate = limiter(time, Rate(10, 10.0))
    gate.learn(Rate(None), remaining=0)
    with gate.slot():
        assert time.slept == []


def test_a_rate_is_for_ten_seconds_unless_it_says_otherwise() -> None:
    assert Rate(5).interval_s == 10.0


@pytest.mark.parametrize(
    ("headers", "found"),
    [({"left": "17"}, 17), ({"left": "0"}, 0), ({"left": "x"}, None), ({}, None)],
)
def test_a_header_that_holds_no_number_holds_none(
    headers: dict[str, str], found: int | None
) -> None:
    assert number(headers, "left") == found
