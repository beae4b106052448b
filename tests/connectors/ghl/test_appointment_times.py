"""Times of appointments that are shown without a zone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.ghl.location import in_zone
from syncd.errors import (
    RecordError,
    TransientError,
)

from .booking import (
    ALL,
    APPOINTMENT,
    HTML,
    LIST,
    LOCATED,
    ONE,
    POST,
    START,
    add,
    booked,
    children,
    of_path,
)
from .fake import LOCATION, FakeGhl
from .fake_nested import zoneless


def test_times_of_a_contacts_list_are_in_the_locations_zone_once_that_is_proved() -> None:
    """4.3, 12.15: no zone, presumably the location's; one direct look tells for all."""
    fake = booked()
    add(fake, "a2", START + timedelta(days=200))  # in summer
    add(fake, "a3", START + timedelta(days=300))
    listed = children(fake)
    assert [record.fields["startTime"] for record in listed] == [
        START,
        START + timedelta(days=200),
        START + timedelta(days=300),
    ]
    assert [path for _, path in fake.log] == [LIST, LOCATED, ONE]


def test_where_the_zone_is_another_one_every_appointment_is_looked_at() -> None:
    fake = booked()
    add(fake, "a2", START + timedelta(days=1))
    elsewhere = {"id": LOCATION, "timezone": "America/New_York"}
    fake.meddle = of_path(LOCATED, {"status_code": 200, "json": {"location": elsewhere}})
    listed = children(fake)
    assert [record.fields["startTime"] for record in listed] == [START, START + timedelta(days=1)]
    assert [path for _, path in fake.log].count(ONE) == 1
    assert f"{POST}/a2" in [path for _, path in fake.log]


def test_a_direct_look_without_an_offset_proves_nothing() -> None:
    fake = booked()
    ghl = fake.open()
    event = zoneless(fake.nested.appointments["a1"])
    fake.meddle = of_path(ONE, {"status_code": 200, "json": {"event": event}})
    for _ in range(2):
        (record,) = ghl.children(APPOINTMENT, "c1", fields=ALL)
        assert record.fields["startTime"] == START
    assert [path for _, path in fake.log].count(ONE) == 2


@pytest.mark.parametrize(
    "response",
    [
        {"status_code": 200, "json": {"location": {"id": LOCATION}}},
        {"status_code": 200, "json": {"location": {"id": LOCATION, "timezone": "../Mars"}}},
        {"status_code": 200, "json": {"location": {"id": LOCATION, "timezone": "Europe"}}},
        {"status_code": 401, "json": {"message": "not authorized for this scope"}},
    ],
)
def test_without_a_zone_every_appointment_is_looked_at(response: Any) -> None:
    fake = booked()
    fake.meddle = of_path(LOCATED, response)
    (record,) = children(fake)
    assert record.fields["startTime"] == START
    assert record.odd == frozenset()


@pytest.mark.parametrize(
    ("wall", "moment"),
    [
        ("2026-07-01 09:00:00", datetime(2026, 7, 1, 7, 0, tzinfo=UTC)),
        ("2026-03-29 01:59:59", datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)),
        ("2026-03-29 02:30:00", None),  # the clock goes from 2 to 3
        ("2026-03-29 03:00:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2026-10-25 02:30:00", None),  # and here from 3 to 2
        ("2026-10-25 03:00:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_a_wall_clock_tells_a_moment_unless_it_shows_it_twice_or_never(
    wall: str, moment: datetime | None
) -> None:
    assert in_zone(datetime.fromisoformat(wall), ZoneInfo("Europe/Berlin")) == moment


@given(
    st.integers(950_000_000, 2_200_000_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_a_wall_clock_never_tells_another_moment(moment: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    wall = moment.astimezone(zone).replace(tzinfo=None)
    assert in_zone(wall, zone) in (moment, None)


def test_an_appointment_in_the_hour_that_comes_twice_is_looked_up() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    fake = booked()
    add(fake, "a2", first)
    add(fake, "a3", second)
    listed = children(fake)
    assert [record.fields["startTime"] for record in listed] == [START, first, second]
    assert not any(record.odd for record in listed)


def test_where_no_direct_look_helps_the_times_are_unknown_and_nothing_is_moved() -> None:
    fake = booked()
    fake.meddle = of_path(ONE, {"status_code": 400, "json": {"message": "Bad Request"}})
    (record,) = children(fake)
    assert record.fields.keys() & {"startTime", "endTime"} == set()
    assert record.fields["title"] == "Visit"


def test_a_contacts_list_shows_no_version_of_a_zone_that_is_presumed_and_no_notes() -> None:
    """A version that lay ahead would hide later changes; only `description` is what we write."""
    fake = booked()
    add(fake, "a2")
    proved = children(fake)[1]
    assert (proved.version, proved.modified) == (None, None)
    assert proved.fields.keys() & {"dateAdded", "dateUpdated", "notes"} == set()
    described = {**fake.nested.appointments["a2"], "description": "Ring twice"}
    fake.meddle = of_path(LIST, {"status_code": 200, "json": {"events": [described]}})
    assert children(fake)[0].fields["notes"] == "Ring twice"


def test_a_contacts_list_may_call_them_appointments() -> None:
    """4.3: some clients have seen an `appointments` key instead."""
    fake = booked()
    rows = list(fake.nested.appointments.values())
    fake.meddle = of_path(LIST, {"status_code": 200, "json": {"appointments": rows}})
    (record,) = children(fake)
    assert record.fields["startTime"] == START  # with an offset, so nobody was asked
    assert len(fake.log) == 1


@pytest.mark.parametrize(
    ("response", "error"),
    [
        ({"status_code": 200, "json": {}}, TransientError),
        ({"status_code": 200, "json": {"events": [7]}}, TransientError),
        ({"status_code": 200, "json": {"events": [{"id": "a1", "contactId": 7}]}}, TransientError),
        ({"status_code": 400, "json": {"message": "Bad Request"}}, RecordError),
        ({"status_code": 200, "text": HTML}, TransientError),
    ],
)
def test_the_list_of_a_contact_is_whole_or_an_error(response: Any, error: type[Exception]) -> None:
    fake = booked()
    fake.meddle = of_path(LIST, response)
    with pytest.raises(error):
        children(fake)


def test_rows_of_another_contact_are_left_out_and_a_contact_that_is_gone_has_none() -> None:
    fake = booked()
    rows = [{**fake.nested.appointments["a1"], "contactId": "c2"}]
    fake.meddle = of_path(LIST, {"status_code": 200, "json": {"events": rows}})
    assert children(fake) == []
    assert FakeGhl().open().children(APPOINTMENT, "c9", fields=ALL) == []
