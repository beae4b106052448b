"""Writes of tasks: what is required, what goes together, and changes of two requests."""

from datetime import timedelta, timezone
from typing import Any

import httpx
import pytest

from syncd.errors import InDoubtError, RecordError, TransientError
from syncd.model.values import Patch

from .fake import last_body, once, refusal
from .fake_nested import child_op, push_child
from .tasking import CREATE, DELETE, DONE, DUE, LIST, LOST, ONE, TASK, UPDATE, tasked


def test_a_create_always_sends_title_due_date_and_completed() -> None:
    """4.2: the three are required; 201 `{task}`."""
    fake = tasked(0)
    due = DUE.astimezone(timezone(timedelta(hours=2)))
    patch: Patch = {"title": "Call", "dueDate": due, "body": None}
    receipt = push_child(fake.open(), child_op(TASK, CREATE, patch=patch))
    assert receipt.error is None
    sent = {"title": "Call", "dueDate": "2026-12-01T09:00:00+00:00", "completed": False}
    assert last_body(fake, "POST") == sent
    assert receipt.record is not None
    assert receipt.record.fields["dueDate"] == DUE


@pytest.mark.parametrize(
    ("patch", "missing"),
    [({"title": "x"}, ("dueDate",)), ({"dueDate": DUE}, ("title",)), ({}, ("title", "dueDate"))],
)
def test_a_task_that_lacks_what_is_required_is_not_sent(
    patch: Patch, missing: tuple[str, ...]
) -> None:
    fake = tasked()
    receipt = push_child(fake.open(), child_op(TASK, CREATE, patch=patch))
    assert isinstance(receipt.error, RecordError)
    assert receipt.error.fields == missing
    assert fake.log == []


def test_a_create_whose_answer_is_lost_is_in_doubt_and_never_repeated() -> None:
    fake = tasked(0)
    fake.after = once("POST", LIST, LOST)
    patch: Patch = {"title": "Call", "dueDate": DUE}
    receipt = push_child(fake.open(), child_op(TASK, CREATE, patch=patch))
    assert isinstance(receipt.error, InDoubtError)
    assert fake.log.count(("POST", LIST)) == 1


@pytest.mark.parametrize(
    ("patch", "sent"),
    [
        ({"body": None}, {"body": ""}),
        ({"assignedTo": "u2"}, {"assignedTo": "u2"}),
        ({"title": "New"}, {"title": "New"}),
        ({"dueDate": DUE + timedelta(days=1)}, {"dueDate": "2026-12-02T09:00:00+00:00"}),
    ],
)
def test_title_and_due_date_go_together_and_the_other_is_sent_as_it_is_now(
    patch: Patch, sent: dict[str, Any]
) -> None:
    """4.2: one integrator needed `title` together with `dueDate`."""
    fake = tasked()
    ghl = fake.open()
    fake.nested.tasks["t0000"]["title"] = "As a person just wrote it"
    assert push_child(ghl, child_op(TASK, UPDATE, "t0000", patch)).error is None
    now = {"title": "As a person just wrote it", "dueDate": "2026-12-01T09:00:00+00:00"}
    assert last_body(fake, "PUT") == {**now, **sent}


def test_an_update_of_both_needs_no_look() -> None:
    fake = tasked()
    patch: Patch = {"title": "New", "dueDate": DUE}
    assert push_child(fake.open(), child_op(TASK, UPDATE, "t0000", patch)).error is None
    assert fake.log == [("PUT", ONE)]


@pytest.mark.parametrize("completed", [True, False])
def test_completed_has_a_call_of_its_own(completed: bool) -> None:
    """4.2: PUT …/completed takes `completed` alone."""
    fake = tasked(completed=not completed)
    receipt = push_child(fake.open(), child_op(TASK, UPDATE, "t0000", {"completed": completed}))
    assert receipt.error is None
    assert (fake.log, fake.bodies) == ([("PUT", DONE)], [{"completed": completed}])
    assert receipt.record is not None
    assert receipt.record.fields["completed"] is completed


BOTH: Patch = {"title": "New", "dueDate": DUE, "completed": True}


def test_a_change_of_both_takes_two_requests_and_the_receipt_shows_what_came_last() -> None:
    fake = tasked()
    receipt = push_child(fake.open(), child_op(TASK, UPDATE, "t0000", BOTH))
    assert fake.log == [("PUT", ONE), ("PUT", DONE)]
    assert receipt.record is not None
    assert receipt.record.fields["completed"] is True
    assert receipt.record.fields["title"] == "New"
    fake = tasked()
    fake.after = once("PUT", DONE, httpx.Response(200, json={}))
    receipt = push_child(fake.open(), child_op(TASK, UPDATE, "t0000", BOTH))
    assert receipt.record is not None
    assert "completed" not in receipt.record.fields  # the first answer showed it as it was


def test_what_cannot_be_sent_as_a_whole_is_not_sent_in_part() -> None:
    fake = tasked()
    receipt = push_child(fake.open(), child_op(TASK, UPDATE, "t0000", {**BOTH, "completed": None}))
    assert isinstance(receipt.error, RecordError)
    assert fake.log == []


@pytest.mark.parametrize(
    "second",
    [
        [httpx.Response(503)] * 9,
        [httpx.Response(429)] * 9,
        [httpx.ConnectError("no")] * 9,
        [refusal(401, "The token is not authorized for this scope.")] * 9,
    ],
)
def test_half_of_a_change_is_in_doubt_and_never_taken_for_none_of_it(second: Any) -> None:
    fake = tasked()
    fake.meddle = once("PUT", DONE, *second)
    receipt = push_child(fake.open(), child_op(TASK, UPDATE, "t0000", BOTH))
    assert isinstance(receipt.error, InDoubtError)
    assert fake.nested.tasks["t0000"]["title"] == "New"


def test_half_of_a_change_is_in_doubt_even_if_nobody_may_look() -> None:
    fake = tasked()
    denied = {"message": "The token is not authorized for this scope."}
    fake.meddle = lambda request: (
        None
        if request.url.path == ONE and request.method == "PUT"
        else httpx.Response(401, json=denied)
    )
    receipt = push_child(fake.open(), child_op(TASK, UPDATE, "t0000", BOTH))
    assert isinstance(receipt.error, InDoubtError)


def test_a_lost_second_answer_that_shows_to_be_applied_is_done() -> None:
    fake = tasked()
    fake.after = once("PUT", DONE, *[LOST] * 9)
    assert push_child(fake.open(), child_op(TASK, UPDATE, "t0000", BOTH)).error is None


def test_a_second_request_that_is_refused_says_that_the_rest_was_written() -> None:
    fake = tasked()
    fake.meddle = once("PUT", DONE, refusal(422, ["completed must be a boolean"]))
    receipt = push_child(fake.open(), child_op(TASK, UPDATE, "t0000", BOTH))
    assert isinstance(receipt.error, RecordError)
    assert receipt.error.fields == ("completed",)
    assert "the rest of the change was written" in str(receipt.error)


def test_a_throttled_change_of_completed_alone_was_not_carried_out() -> None:
    fake = tasked()
    fake.meddle = once("PUT", DONE, *[httpx.Response(429)] * 9)
    with pytest.raises(TransientError) as caught:
        push_child(fake.open(), child_op(TASK, UPDATE, "t0000", {"completed": True}))
    assert not isinstance(caught.value, InDoubtError)


def test_deleting_a_task_that_is_gone_is_done() -> None:
    """Gotcha 22: the answer says `succeded`, which nothing depends on."""
    fake = tasked()
    ghl = fake.open()
    assert push_child(ghl, child_op(TASK, DELETE, "t0000")).error is None
    assert fake.nested.tasks == {}
    assert push_child(ghl, child_op(TASK, DELETE, "t0000")).error is None
