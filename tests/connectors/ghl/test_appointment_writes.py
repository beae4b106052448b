"""Writes of appointments: nobody is told of them, and nothing is booked twice."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from syncd.errors import (
    InDoubtError,
    InvariantError,
    RecordError,
    StaleError,
)
from syncd.model.record import Record
from syncd.model.values import Patch

from .booking import (
    ALL,
    APPOINTMENT,
    CREATE,
    DELETE,
    EVENT,
    HTML,
    LIST,
    LOST,
    ONE,
    POST,
    START,
    UPDATE,
    booked,
    push,
)
from .fake import LOCATION, NOW, FakeGhl, last_body, once, refusal

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
