"""Every message of table 0.1 leads to the repair that belongs to it."""

from typing import Any

import httpx
import pytest

from syncd.connectors.ghl.answers import (
    GoneError,
    LocationError,
    ScopeError,
    TokenRefusedError,
    judge,
    named_fields,
)
from syncd.errors import (
    AccountError,
    DuplicateError,
    InDoubtError,
    RecordError,
    SyncdError,
    TransientError,
)
from syncd.http.answer import Answer

LABEL = "PUT /contacts/{contact_id}"


def answer(status: int, body: Any = None, *, raw: bytes = b"", label: str = LABEL) -> Answer:
    shown = httpx.Response(status, json=body) if body is not None else httpx.Response(status)
    return Answer(label, status, shown.headers, raw or shown.content)


def verdict(status: int, body: Any = None, **how: Any) -> SyncdError:
    with pytest.raises(SyncdError) as caught:
        judge(answer(status, body, **how))
    return caught.value


@pytest.mark.parametrize(
    ("status", "message", "error", "hint"),
    [
        (401, "Invalid token: access token is invalid", TokenRefusedError, "new token"),
        (401, "Invalid JWT", TokenRefusedError, "new token"),
        (401, "Invalid Private Integration token", TokenRefusedError, "new token"),
        (401, "The token is not authorized for this scope.", ScopeError, "contacts.readonly"),
        (401, "Token's user type mismatch!", AccountError, "agency"),
        (
            401,
            "This authClass type is not allowed to access this scope. Please contact support",
            AccountError,
            "agency",
        ),
        (403, "The token does not have access to this location.", LocationError, "location_id"),
        (401, "version header was not found.", AccountError, "versions"),
        (401, "version header is invalid", AccountError, "versions"),
        (400, "Invalid API version segment 'x' at position 0", AccountError, "versions"),
        (404, "Cannot PUT /contacts/abc", AccountError, "versions"),
        (404, "Not Found", AccountError, "versions"),
    ],
)
def test_a_refusal_names_its_own_repair(
    status: int, message: str, error: type[SyncdError], hint: str
) -> None:
    caught = verdict(status, {"statusCode": status, "message": message})
    assert type(caught) is error
    assert hint in caught.hint


@pytest.mark.parametrize(
    "raw", [b"<!DOCTYPE html><title>Error 1010</title>", b"error code: 1010", b"<html>403</html>"]
)
def test_a_block_at_the_edge_is_not_blamed_on_the_token(raw: bytes) -> None:
    caught = verdict(403, raw=raw)
    assert type(caught) is AccountError
    assert "network" in caught.hint
    assert "new token" not in caught.hint


@pytest.mark.parametrize("status", [400, 404])
def test_only_a_message_about_a_contact_makes_it_gone(status: int) -> None:
    assert isinstance(verdict(status, {"message": "Contact with id x1 not found"}), GoneError)
    assert not isinstance(verdict(status, {"message": "not found"}), GoneError)
    assert not isinstance(verdict(status, {}), GoneError)
    assert not isinstance(verdict(status, raw=b"<html>not found</html>"), GoneError)


def test_a_duplicate_names_the_contact_in_the_way() -> None:
    body = {"message": "This location does not allow duplicated contacts."}
    assert isinstance(verdict(422, body), DuplicateError)
    caught = verdict(400, {**body, "meta": {"contactId": "c9", "matchingField": "email"}})
    assert isinstance(caught, DuplicateError)
    assert caught.remote_id == "c9"


def test_a_validation_error_tells_names_and_never_values() -> None:
    caught = verdict(422, {"message": ["email must be an email", "ann@example.org is bad"]})
    assert isinstance(caught, RecordError)
    assert caught.fields == ("email",)
    assert "ann@" not in str(caught)


def test_a_bad_phone_has_a_code_of_its_own() -> None:
    caught = verdict(422, {"message": ["phone must be a valid phone number"], "traceId": "t-1234"})
    assert isinstance(caught, RecordError)
    assert (caught.code, caught.fields) == ("bad_phone", ("phone",))
    assert "t-1234" in str(caught)


def test_a_trace_that_could_hold_anything_is_not_repeated() -> None:
    caught = verdict(422, {"message": "no", "traceId": "ann@example.org"})
    assert "ann@" not in str(caught)


@pytest.mark.parametrize("status", [408, 501, 529])
def test_a_failure_leaves_a_write_in_doubt_but_not_a_read(status: int) -> None:
    assert isinstance(verdict(status), InDoubtError)
    caught = verdict(status, label="GET /contacts/{contact_id}")
    assert isinstance(caught, TransientError)
    assert not isinstance(caught, InDoubtError)


def test_a_redirect_is_not_followed() -> None:
    assert "base_url" in verdict(302).hint


@pytest.mark.parametrize("body", [[], "text", 7, {"message": {"a": 1}}, {"message": [1, None]}])
def test_an_odd_error_body_is_still_an_error(body: Any) -> None:
    assert isinstance(verdict(422, body), RecordError)
    assert isinstance(verdict(401, body), TokenRefusedError)


def test_named_fields_come_in_a_fixed_order() -> None:
    assert named_fields("phone and firstname, and hat") == ("firstName", "phone")


NOTES = "/contacts/{contact_id}/notes"
ONE_NOTE = f"{NOTES}/{{child_id}}"
ONE_EVENT = "/calendars/events/appointments/{child_id}"


@pytest.mark.parametrize(
    ("label", "status", "message", "error"),
    [
        (f"GET {ONE_NOTE}", 404, "Note not found", GoneError),
        (f"GET {ONE_NOTE}", 400, "Note with id x does not exist", GoneError),
        (f"GET {ONE_NOTE}", 404, "", GoneError),
        (f"GET {ONE_NOTE}", 404, "Cannot GET /contacts/c1/notes/n1", AccountError),
        (f"GET {ONE_NOTE}", 400, "Invalid API version segment 'x' at position 0", AccountError),
        (f"PUT {ONE_NOTE}", 422, ["note must not be empty, or been deleted"], RecordError),
        (f"GET {ONE_EVENT}", 400, "The event id is invalid", GoneError),
        (f"GET {ONE_EVENT}", 400, "Bad Request", RecordError),
        (f"GET {NOTES}", 400, "Contact with id x not found", GoneError),
        (f"GET {NOTES}", 404, "Note not found", AccountError),
        (f"GET {NOTES}", 404, "", AccountError),
        (f"POST {NOTES}", 400, "Note already exists", RecordError),
        ("POST /calendars/events/appointments", 400, "duplicate slot", RecordError),
        ("PUT /contacts/{contact_id}/tasks/{child_id}/completed", 404, "", GoneError),
    ],
)
def test_only_what_names_one_note_task_or_appointment_can_be_gone(
    label: str, status: int, message: Any, error: type[SyncdError]
) -> None:
    """0.1, 4.4, gotcha 14; there are no duplicates among them."""
    assert type(verdict(status, {"message": message}, label=label)) is error


@pytest.mark.parametrize(
    ("label", "scope"),
    [
        (f"GET {NOTES}", "contacts.readonly"),
        (f"POST {NOTES}", "contacts.write"),
        (f"DELETE {ONE_NOTE}", "contacts.write"),
        ("POST /locations/{location_id}/tasks/search", "locations/tasks.readonly"),
        ("GET /calendars/", "calendars.readonly"),
        ("GET /calendars/events", "calendars/events.readonly"),
        ("POST /calendars/events/appointments", "calendars/events.write"),
        ("DELETE /calendars/events/{child_id}", "calendars/events.write"),
        ("GET /users/search", "users.readonly"),
        ("GET /locations/{location_id}", "locations.readonly"),
    ],
)
def test_the_scope_that_is_missing_is_named_and_so_is_where_to_tick_it(
    label: str, scope: str
) -> None:
    """1.7"""
    denied = {"message": "The token is not authorized for this scope."}
    told = str(verdict(401, denied, label=label))
    assert f"lacks the scope {scope} " in told
    assert scope in told.split("tick", 1)[1]
