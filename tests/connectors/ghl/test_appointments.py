"""Appointments: windows of calendars, times without a zone, and writes that tell nobody."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.ghl.location import in_zone
from syncd.connectors.ghl.spec import SPEC
from syncd.errors import (
    AccountError,
    InDoubtError,
    InvariantError,
    RecordError,
    StaleError,
    TransientError,
)
from syncd.model.op import OpKind
from syncd.model.record import Extent, Page, Record, Resource, Window
from syncd.model.spec import Listing
from syncd.model.values import Patch

from .fake import LOCATION, NOW, FakeGhl, ids, last_body, once, records, refusal
from .fake_nested import child_op, push_child

APPOINTMENT = Resource.APPOINTMENT
CREATE, UPDATE, DELETE = OpKind.CREATE, OpKind.UPDATE, OpKind.DELETE
LIST, POST = "/contacts/c1/appointments", "/calendars/events/appointments"
ONE, EVENT = f"{POST}/a1", "/calendars/events/a1"
LOCATED = f"/locations/{LOCATION}"
START = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
ALL = frozenset(SPEC.resources[APPOINTMENT].fields)
LOST = httpx.ReadTimeout("lost")
HTML = "<!DOCTYPE html><html>blocked</html>"
NEAR = Extent(back=timedelta(days=7), ahead=timedelta(days=7))


def booked(start: datetime = START, **shown: Any) -> FakeGhl:
    """A contact with one appointment in the calendar `cal1`, as 4.4 shows it."""
    fake = FakeGhl()
    fake.put("c1")
    fake.nested.calendars = [{"id": "cal1", "name": "Visits"}, {"id": "cal2", "name": "Calls"}]
    add(fake, "a1", start, **shown)
    return fake


def add(fake: FakeGhl, remote_id: str, start: datetime = START, **shown: Any) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    fake.nested.appointments[remote_id] = {
        "id": remote_id,
        "calendarId": "cal1",
        "locationId": LOCATION,
        "contactId": "c1",
        "title": "Visit",
        "appointmentStatus": "confirmed",
        "assignedUserId": "u1",
        "notes": "Second floor",
        "address": "Example Street 1",
        "startTime": start.astimezone(berlin).isoformat(),
        "endTime": (start + timedelta(hours=1)).astimezone(berlin).isoformat(),
        "dateAdded": "2026-10-01T10:00:00+02:00",
        "dateUpdated": "2026-10-02T10:00:00+02:00",
        **shown,
    }


def pull(fake: FakeGhl, extent: Extent = NEAR, cursor: str | None = None) -> list[Page]:
    ghl = fake.open()
    ghl.keep_to(APPOINTMENT, extent)
    return list(ghl.pull(APPOINTMENT, cursor, fields=ALL, full=True))


def child(fake: FakeGhl) -> Record:
    return fake.open().child(APPOINTMENT, "a1", "c1", fields=ALL)


def children(fake: FakeGhl) -> list[Record]:
    return list(fake.open().children(APPOINTMENT, "c1", fields=ALL))


def push(fake: FakeGhl, kind: OpKind, remote_id: str | None, patch: Patch) -> Any:
    return push_child(fake.open(), child_op(APPOINTMENT, kind, remote_id, patch))


def of_path(path: str, response: dict[str, Any]) -> Any:
    return lambda request: httpx.Response(**response) if request.url.path == path else None


def queries(fake: FakeGhl) -> list[dict[str, str]]:
    asked = (r for r in fake.requests if r.url.path == "/calendars/events")
    return [dict(request.url.params) for request in asked]


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


# --- times without a zone ---------------------------------------------------------------


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


# --- direct looks ------------------------------------------------------------------------


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


# --- writes ------------------------------------------------------------------------------

NEW: Patch = {
    "calendarId": "cal1",
    "startTime": START,
    "endTime": START + timedelta(hours=1),
    "title": "Visit",
    "appointmentStatus": "confirmed",
    "notes": "Ring twice",
    "address": None,
}


def test_a_create_tells_nobody_and_takes_any_time() -> None:
    """4.4: create is 200 and flat; `toNotify: false`, or customers get messages [T4]."""
    fake = booked()
    receipt = push(fake, CREATE, None, NEW)
    assert receipt.error is None
    assert last_body(fake, "POST") == {
        "calendarId": "cal1",
        "locationId": LOCATION,
        "contactId": "c1",
        "startTime": "2026-11-03T09:00:00+00:00",
        "endTime": "2026-11-03T10:00:00+00:00",
        "title": "Visit",
        "appointmentStatus": "confirmed",
        "description": "Ring twice",
        "toNotify": False,
        "ignoreFreeSlotValidation": True,
        "ignoreDateRange": True,
    }
    assert fake.requests[-1].headers["version"] == "2021-04-15"
    record = receipt.record
    assert (receipt.remote_id, record.parent_id) == ("appointment1", "c1")
    assert record.fields["startTime"] == START
    assert "notes" not in record.fields  # the answer does not have it
    assert record.version is None  # nor times of its own (issue #246)
    assert child_of(fake, "appointment1").fields["notes"] == "Ring twice"


def child_of(fake: FakeGhl, remote_id: str) -> Record:
    return fake.open().child(APPOINTMENT, remote_id, "c1", fields=ALL)


@pytest.mark.parametrize("missing", ["calendarId", "startTime"])
def test_an_appointment_that_lacks_what_is_required_is_not_sent(missing: str) -> None:
    fake = booked()
    patch = {name: value for name, value in NEW.items() if name != missing}
    error = push(fake, CREATE, None, patch).error
    assert isinstance(error, RecordError)
    assert error.fields == (missing,)
    assert fake.log == []


@pytest.mark.parametrize(
    "lost",
    [LOST, httpx.Response(502), httpx.Response(200, text=HTML), httpx.Response(200, json={})],
)
def test_a_create_whose_answer_is_lost_is_in_doubt_and_never_repeated(lost: Any) -> None:
    """4.4: posting twice books twice."""
    fake = booked()
    fake.after = once("POST", POST, lost)
    assert isinstance(push(fake, CREATE, None, NEW).error, InDoubtError)
    assert fake.log.count(("POST", POST)) == 1


def test_a_calendar_with_a_team_needs_a_user_and_the_error_says_so() -> None:
    """Gotcha 26: the error says that a user or assignedUserId is required."""
    fake = booked()
    fake.meddle = once("POST", POST, refusal(422, ["userId or assignedUserId is required"]))
    error = push(fake, CREATE, None, NEW).error
    assert isinstance(error, RecordError)
    assert "assignedUserId" in error.fields


def test_a_create_that_is_refused_is_in_doubt_only_if_one_like_it_is_there() -> None:
    """Gotcha 9 and 11. A contact's list does not show the notes, which so deny nothing."""
    fake = booked(START + timedelta(days=1))
    fake.after = once("POST", POST, refusal(422, ["title is too long"]))
    assert isinstance(push(fake, CREATE, None, NEW).error, InDoubtError)
    fake = booked(START + timedelta(days=1))
    fake.meddle = once("POST", POST, refusal(422, ["title is too long"]))
    assert isinstance(push(fake, CREATE, None, NEW).error, RecordError)


def test_a_refused_create_that_nobody_may_look_for_is_in_doubt() -> None:
    fake = booked()
    fake.meddle = lambda request: {
        POST: refusal(422, ["no"]),
        LIST: refusal(401, "The token is not authorized for this scope."),
    }.get(request.url.path)
    assert isinstance(push(fake, CREATE, None, NEW).error, InDoubtError)


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ({"appointmentStatus": "completed"}, "not_a_choice"),  # of v3 alone (4.4)
        ({"startTime": datetime(2026, 11, 3, 9, 0)}, "bad_value"),  # noqa: DTZ001
        ({"startTime": None}, "not_clearable"),
        ({"dateUpdated": NOW}, "read_only"),
    ],
)
def test_what_an_appointment_cannot_hold_is_not_sent(patch: Patch, code: str) -> None:
    fake = booked()
    error = push(fake, UPDATE, "a1", patch).error
    assert isinstance(error, RecordError)
    assert error.code == code
    assert fake.log == []


def test_an_update_sends_only_what_changed_and_tells_nobody_either() -> None:
    fake = booked()
    receipt = push(fake, UPDATE, "a1", {"appointmentStatus": "cancelled", "notes": None})
    assert receipt.error is None
    assert last_body(fake, "PUT") == {
        "appointmentStatus": "cancelled",
        "description": "",
        "toNotify": False,
        "ignoreFreeSlotValidation": True,
        "ignoreDateRange": True,
    }
    assert receipt.record.fields["appointmentStatus"] == "cancelled"


def test_an_update_whose_answer_is_lost_is_looked_at() -> None:
    fake = booked()
    fake.after = once("PUT", ONE, *[LOST] * 9)
    assert push(fake, UPDATE, "a1", {"title": "New"}).error is None
    fake = booked()
    fake.meddle = once("PUT", ONE, *[LOST] * 9)
    assert isinstance(push(fake, UPDATE, "a1", {"title": "New"}).error, InDoubtError)


def test_an_update_of_one_that_is_gone_is_planned_again() -> None:
    assert isinstance(push(booked(), UPDATE, "a9", {"title": "New"}).error, StaleError)


def test_a_delete_goes_to_the_event_with_an_empty_object_and_is_answered_201() -> None:
    """4.4, gotchas 23 and 24."""
    fake = booked()
    assert push(fake, DELETE, "a1", {}).error is None
    assert fake.nested.appointments == {}
    assert (fake.log, fake.bodies) == ([("DELETE", EVENT)], [{}])
    assert push(fake, DELETE, "a1", {}).error is None


def test_the_route_that_answers_as_if_the_token_were_at_fault_is_never_called() -> None:
    """4.4: DELETE on /calendars/events/appointments/{id} answered 401."""
    fake = booked()
    with pytest.raises(InvariantError):
        fake.open()._api.call(
            "DELETE", "/calendars/events/appointments/{child_id}", {"child_id": "a1"}
        )
    assert fake.log == []
