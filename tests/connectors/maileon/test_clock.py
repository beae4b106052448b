"""The zone of times that are shown without one."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.maileon.clock import ServerClock, is_repeated, offset_between

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 8, 20, 9, 0, tzinfo=UTC)
offsets = st.integers(-48, 56).map(lambda quarters: timedelta(minutes=15 * quarters))
delays = st.integers(-80, 80).map(lambda seconds: timedelta(seconds=seconds))


def naive(at: datetime, offset: timedelta) -> datetime:
    return at.replace(tzinfo=None) + offset


@given(offsets, delays)
def test_the_offset_is_found_in_spite_of_a_slow_answer(offset: timedelta, delay: timedelta) -> None:
    assert offset_between(naive(AT, offset) + delay, AT) == offset


def test_a_time_that_somebody_else_made_says_nothing() -> None:
    assert offset_between(naive(AT, timedelta(hours=2, minutes=7)), AT) is None
    assert offset_between(naive(AT, timedelta(days=3)), AT) is None


def test_two_observations_that_agree_decide_and_one_does_not() -> None:
    clock = ServerClock()
    clock.observe(naive(AT, timedelta(hours=2)), AT)
    assert clock.zone is None
    clock.observe(naive(AT, timedelta(hours=2, seconds=3)), AT)
    assert clock.zone == BERLIN


def test_observations_that_disagree_decide_nothing() -> None:
    clock = ServerClock()
    clock.observe(naive(AT, timedelta(hours=2)), AT)
    clock.observe(naive(AT, timedelta(hours=3)), AT)
    assert clock.zone is None


def test_a_hint_needs_one_observation_in_either_season() -> None:
    clock = ServerClock()
    clock.hint(datetime(2020, 1, 5, 12, 0, tzinfo=timezone(timedelta(hours=1))))
    assert clock.zone is None
    clock.observe(naive(AT, timedelta(hours=2)), AT)
    assert clock.zone == BERLIN


def test_an_offset_that_is_not_berlins_stays_an_offset() -> None:
    clock = ServerClock()
    clock.observe(naive(AT, timedelta(hours=-5)), AT, sure=True)
    assert clock.zone == timezone(timedelta(hours=-5))
    assert clock.label() == -300
    again = ServerClock()
    again.recall(-300)
    assert again.aware(naive(AT, timedelta(hours=-5))) == AT


def test_a_configured_zone_is_kept_but_a_contradiction_is_told() -> None:
    clock = ServerClock(ZoneInfo("UTC"))
    clock.observe(naive(AT, timedelta(hours=2)), AT, sure=True)
    assert clock.zone == ZoneInfo("UTC")
    assert clock.contradicted


def test_a_time_in_the_hour_that_comes_twice_is_no_moment() -> None:
    clock = ServerClock(BERLIN)
    twice = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001
    assert is_repeated(twice, BERLIN)
    assert clock.aware(twice) is None
    assert clock.earliest(twice) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert clock.latest(twice) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_after_a_time_in_that_hour_the_clock_may_go_back_an_hour() -> None:
    for clock in (ServerClock(BERLIN), ServerClock()):
        assert clock.repeated_before(datetime(2026, 10, 25, 2, 30)) == timedelta(hours=1)  # noqa: DTZ001
        assert clock.repeated_before(datetime(2026, 8, 20, 2, 30)) == timedelta()  # noqa: DTZ001


@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001
def test_moments_come_back_unless_they_are_ambiguous(shown: datetime) -> None:
    clock, shown = ServerClock(BERLIN), shown.replace(fold=0)  # a text has no fold
    at = clock.aware(shown)
    if at is not None and clock.local(at) != shown:
        assert BERLIN.utcoffset(shown) != BERLIN.utcoffset(shown + timedelta(hours=1))
