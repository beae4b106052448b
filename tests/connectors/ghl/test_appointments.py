"""Appointments as they are read: windows of calendars, lists of a contact, direct looks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncd.connectors.ghl.spec import SPEC
from syncd.errors import (
    AccountError,
    RecordError,
    TransientError,
)
from syncd.model.record import Extent, Record, Resource, Window
from syncd.model.spec import Listing

from .booking import (
    ALL,
    APPOINTMENT,
    HTML,
    NEAR,
    ONE,
    START,
    add,
    booked,
    child,
    of_path,
    pull,
    queries,
)
from .fake import NOW, ids, records


def test_an_appointment_shows_every_field_and_its_version_sorts() -> None:
    spec = SPEC.resources[APPOINTMENT]
    assert (spec.listing, spec.incremental, spec.parent) == (Listing.FLAT, False, Resource.CONTACT)
    (listed,) = records(pull(booked()))
    looked_at = child(booked())
    assert listed.fields == looked_at.fields
    assert listed.fields == {
        "calendarId": "cal1",
        "title": "Visit",
        "startTime": START,
        "endTime": START + timedelta(hours=1),
        "appointmentStatus": "confirmed",
        "assignedUserId": "u1",
        "notes": "Second floor",
        "address": "Example Street 1",
        "dateAdded": datetime(2026, 10, 1, 8, 0, tzinfo=UTC),
        "dateUpdated": datetime(2026, 10, 2, 8, 0, tzinfo=UTC),
    }
    for record in (listed, looked_at):
        assert (record.remote_id, record.parent_id) == ("a1", "c1")
        assert record.version == "2026-10-02T08:00:00.000Z"
        assert record.modified == record.fields["dateUpdated"]
    assert (listed.certain, looked_at.certain) == (False, True)


def test_each_calendar_is_asked_for_the_span_of_time_around_now() -> None:
    """4.4: `locationId`, `startTime` and `endTime` in epoch ms as texts, one calendar each."""
    fake = booked()
    pages = pull(fake, Extent(back=timedelta(days=1), ahead=timedelta(days=2)))
    first, second = queries(fake)
    assert first.keys() == {"locationId", "calendarId", "startTime", "endTime"}
    assert [first["calendarId"], second["calendarId"]] == ["cal1", "cal2"]
    assert first["startTime"] == str(round((NOW - timedelta(days=1)).timestamp() * 1000))
    assert int(first["endTime"]) > (NOW + timedelta(days=2)).timestamp() * 1000
    assert [page.last for page in pages] == [False, True]
    for request in fake.requests:
        assert request.headers["version"] == "2021-04-15"
        assert request.url.path in ("/calendars/", "/calendars/events")


def test_only_the_calendars_of_the_extent_are_asked_and_no_list_of_them() -> None:
    fake = booked()
    pages = pull(fake, Extent(only={"calendarId": frozenset({"cal2"})}))
    assert ids(pages) == []
    assert [query["calendarId"] for query in queries(fake)] == ["cal2"]
    assert len(fake.log) == 1


def test_an_extent_without_bounds_and_a_location_without_calendars() -> None:
    assert ids(pull(booked(), Extent())) == ["a1"]
    fake = booked()
    fake.nested.calendars = []
    (page,) = pull(fake)
    assert (page.records, page.last) == ((), True)


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        (NOW - timedelta(days=7), True),
        (NOW + timedelta(days=7), True),
        (NOW + timedelta(days=7, seconds=1), False),
        (NOW + timedelta(days=90), False),
    ],
)
def test_rows_beyond_the_window_are_dropped_and_are_not_gone(start: datetime, shown: bool) -> None:
    """Gotcha 25: rows after `endTime` come back."""
    found = records(pull(booked(start)))
    assert [(record.remote_id, record.gone) for record in found] == [("a1", False)] * shown


def test_what_lies_outside_is_not_shown_under_its_contact_but_can_be_looked_at() -> None:
    fake = booked(NOW + timedelta(days=90))
    ghl = fake.open()
    ghl.keep_to(APPOINTMENT, NEAR)
    assert ghl.children(APPOINTMENT, "c1", fields=ALL) == []
    assert not ghl.child(APPOINTMENT, "a1", "c1", fields=ALL).gone


def test_a_listing_goes_on_behind_any_calendar_and_begins_anew_behind_the_last() -> None:
    fake = booked()
    add(fake, "a2", calendarId="cal2")
    first, last = pull(fake)
    assert ids(pull(fake, NEAR, first.cursor)) == ids([last]) == ["a2"]
    assert ids(pull(fake, NEAR, last.cursor)) == ["a1", "a2"]
    assert ids(pull(fake, NEAR, "of another kind")) == ["a1", "a2"]


@pytest.mark.parametrize(
    "shown", [{"contactId": None}, {"contactId": ""}, {"id": ".."}, {"deleted": True}]
)
def test_a_row_without_a_contact_or_that_is_deleted_is_left_out(shown: Any) -> None:
    assert records(pull(booked(**shown))) == []


def test_a_start_that_makes_no_sense_is_shown_as_odd_and_not_passed_over() -> None:
    fake = booked()
    odd = {**fake.nested.appointments["a1"], "startTime": "soon", "dateUpdated": None}
    fake.meddle = of_path("/calendars/events", {"status_code": 200, "json": {"events": [odd]}})
    record = records(pull(fake))[0]
    assert record.odd == {"startTime"}
    assert "startTime" not in record.fields
    assert record.version is None


def test_a_window_of_changes_is_listed_by_the_times_that_rows_show() -> None:
    fake = booked()
    add(fake, "a2", dateUpdated=None, dateAdded=None)
    ghl = fake.open()
    changed = datetime(2026, 10, 2, 8, 0, tzinfo=UTC)
    inside = Window(changed, changed + timedelta(hours=1))
    assert ids(list(ghl.pull(APPOINTMENT, None, fields=ALL, window=inside))) == ["a1"]
    later = Window(inside.until, NOW)
    assert ids(list(ghl.pull(APPOINTMENT, None, fields=ALL, window=later))) == []


@pytest.mark.parametrize("path", ["/calendars/", "/calendars/events"])
@pytest.mark.parametrize(
    ("response", "error"),
    [
        ({"status_code": 200, "text": HTML}, TransientError),
        ({"status_code": 200, "json": {}}, TransientError),
        ({"status_code": 200, "json": {"events": [{}], "calendars": [{}]}}, TransientError),
        ({"status_code": 400, "json": {"message": "Bad Request"}}, AccountError),
        ({"status_code": 404, "json": {"message": "Cannot GET /"}}, AccountError),
        ({"status_code": 503}, TransientError),
    ],
)
def test_a_listing_is_whole_or_an_error(path: str, response: Any, error: type[Exception]) -> None:
    fake = booked()
    fake.meddle = of_path(path, response)
    with pytest.raises(error):
        pull(fake)


@pytest.mark.parametrize(
    ("path", "scope"),
    [("/calendars/", "calendars.readonly"), ("/calendars/events", "calendars/events.readonly")],
)
def test_a_missing_scope_is_named(path: str, scope: str) -> None:
    denied = {"message": "The token is not authorized for this scope."}
    fake = booked()
    fake.meddle = of_path(path, {"status_code": 401, "json": denied})
    with pytest.raises(AccountError, match=f"scope {scope} .* tick {scope}"):
        pull(fake)


def test_an_unknown_id_is_gone_unless_the_contacts_list_has_it() -> None:
    """4.4: an unknown event id gives 400 "The event id is invalid"; 11: re-check."""
    fake = booked()
    fake.meddle = of_path(ONE, {"status_code": 400, "json": {"message": "The event id is invalid"}})
    with pytest.raises(TransientError, match="the list of its contact has it"):
        child(fake)
    fake.nested.appointments.clear()
    fake.meddle = lambda _: None
    assert child(fake) == Record("a1", {}, gone=True, parent_id="c1")


def test_one_that_v3_shows_as_deleted_is_gone() -> None:
    assert child(booked(deleted=True)).gone


def test_another_refusal_says_nothing_as_the_contacts_list_may_leave_out_past_ones() -> None:
    fake = booked()
    fake.meddle = of_path(ONE, {"status_code": 400, "json": {"message": "Bad Request"}})
    fake.nested.appointments.clear()
    with pytest.raises(RecordError):
        child(fake)


@pytest.mark.parametrize("body", [{}, {"event": {}}, {"event": {"id": "a2"}}, {"event": None}])
def test_an_answer_with_another_appointment_or_none_is_an_error(body: Any) -> None:
    fake = booked()
    fake.meddle = of_path(ONE, {"status_code": 200, "json": body})
    with pytest.raises((TransientError, RecordError)):
        child(fake)


def test_an_appointment_of_another_contact_now_says_whose_it_is() -> None:
    record = child(booked(contactId="c2"))
    assert (record.gone, record.parent_id) == (False, "c2")
