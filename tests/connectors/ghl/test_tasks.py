"""Tasks: a search that moves while it is read, and changes that take two requests."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.connectors.ghl import task_search
from syncd.connectors.ghl.spec import SPEC
from syncd.errors import AccountError, ConfigError, InDoubtError, RecordError, TransientError
from syncd.model.op import OpKind
from syncd.model.record import Extent, Page, Record, Resource, Window
from syncd.model.spec import Listing
from syncd.model.values import Patch

from .fake import LOCATION, NOW, FakeGhl, ids, last_body, once, records, refusal
from .fake_nested import child_op, push_child

TASK = Resource.TASK
CREATE, UPDATE, DELETE = OpKind.CREATE, OpKind.UPDATE, OpKind.DELETE
SEARCH = f"/locations/{LOCATION}/tasks/search"
LIST, ONE = "/contacts/c1/tasks", "/contacts/c1/tasks/t0000"
DONE = f"{ONE}/completed"
DUE = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
ALL = frozenset(SPEC.resources[TASK].fields)
LOST = httpx.ReadTimeout("lost")
HTML = "<!DOCTYPE html><html>blocked</html>"


def tasked(count: int = 1, **shown: Any) -> FakeGhl:
    """A contact with tasks, as 4.2 shows them."""
    fake = FakeGhl()
    fake.put("c1")
    for n in range(count):
        fake.nested.tasks[f"t{n:04}"] = {
            "id": f"t{n:04}",
            "title": "Call back",
            "body": "about the offer",
            "assignedTo": "u1",
            "dueDate": "2026-12-01T09:00:00.000Z",
            "completed": False,
            "contactId": "c1",
            **shown,
        }
    return fake


def pull(fake: FakeGhl, cursor: str | None = None) -> Iterator[Page]:
    return fake.open().pull(TASK, cursor, fields=ALL, full=True)


def searches(fake: FakeGhl) -> list[Any]:
    calls = zip(fake.log, fake.bodies, strict=True)
    return [body for (_, path), body in calls if path == SEARCH]


def test_tasks_are_listed_flat_by_a_search_that_is_not_incremental() -> None:
    """4.2: no timestamps, and the scope `locations/tasks.readonly` for the search."""
    spec = SPEC.resources[TASK]
    assert (spec.listing, spec.incremental, spec.parent) == (Listing.FLAT, False, Resource.CONTACT)
    fake = tasked()
    (page,) = pull(fake)
    (record,) = page.records
    assert record.fields == {
        "title": "Call back",
        "body": "about the offer",
        "assignedTo": "u1",
        "dueDate": DUE,
        "completed": False,
    }
    assert (record.remote_id, record.parent_id, record.version) == ("t0000", "c1", None)
    assert not record.certain  # an index that lags
    assert page.last
    assert fake.requests[-1].headers["version"] == "2021-07-28"
    assert searches(fake)[0].keys() == {"limit", "skip"}


def test_a_direct_look_and_the_list_of_a_contact_are_certain() -> None:
    fake = tasked(2)
    ghl = fake.open()
    listed = ghl.children(TASK, "c1", fields=ALL)
    assert [record.remote_id for record in listed] == ["t0000", "t0001"]
    assert ghl.child(TASK, "t0001", "c1", fields=ALL) == listed[1]
    assert all(record.certain for record in listed)
    assert ghl.children(TASK, "c9", fields=ALL) == []


@pytest.mark.parametrize("contact", [None, "", "..", 7, "x" * 256])
def test_a_task_without_a_contact_is_left_out_and_is_not_gone(contact: Any) -> None:
    """4.2: the search can return tasks without a contact."""
    fake = tasked(2)
    fake.nested.tasks["t0001"]["contactId"] = contact
    found = records(list(pull(fake)))
    assert [record.remote_id for record in found] == ["t0000"]
    assert not any(record.gone for record in found)


def test_what_makes_no_sense_in_a_task_is_odd_and_what_is_missing_is_unknown() -> None:
    fake = tasked(dueDate="tomorrow", completed="perhaps", assignedTo=["u1"])
    del fake.nested.tasks["t0000"]["body"]
    (record,) = records(list(pull(fake)))
    assert record.fields == {"title": "Call back"}
    assert record.odd == {"dueDate", "completed", "assignedTo"}


@pytest.mark.parametrize("due", ["2026-12-01 09:00:00", "2026-12-01"])
def test_the_zone_of_a_due_date_is_not_guessed(due: str) -> None:
    (record,) = records(list(pull(tasked(dueDate=due))))
    assert record.odd == {"dueDate"}


@pytest.mark.parametrize("count", [0, 1, 2, 9, 10, 11, 12, 99, 100, 101, 190, 191, 300])
@pytest.mark.parametrize("serves", [100, 25])
def test_every_task_is_listed_however_many_a_page_serves(count: int, serves: int) -> None:
    fake = tasked(count)
    fake.nested.serves = serves
    pages = list(pull(fake))
    assert sorted(set(ids(pages))) == sorted(fake.nested.tasks)
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert len(pages) <= count // (serves - task_search.OVERLAP) + 2


@pytest.mark.parametrize("stop", [0, 1, 2])
def test_a_listing_goes_on_behind_any_page_and_begins_anew_behind_the_last(stop: int) -> None:
    fake = tasked(250)
    pages = list(pull(fake))
    rest = list(pull(fake, pages[stop].cursor))
    assert ids(rest) == ids(pages[stop + 1 :])
    assert ids(list(pull(fake, pages[-1].cursor))) == ids(pages)
    assert ids(list(pull(fake, "of another kind"))) == ids(pages)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_task_is_missed_that_was_there_all_the_while(data: st.DataObject) -> None:
    """Rows that vanish move those behind them up; a page in place of them would skip some."""
    fake = tasked(120)
    fake.nested.serves = 30
    stayed = set(fake.nested.tasks)
    seen: set[str] = set()
    try:
        for page in pull(fake):
            seen |= {record.remote_id for record in page.records}
            for doomed in data.draw(
                st.sets(st.sampled_from(sorted(fake.nested.tasks)), max_size=15)
            ):
                stayed.discard(doomed)
                del fake.nested.tasks[doomed]
    except TransientError:
        return
    assert stayed <= seen


def test_few_rows_that_vanish_cost_nothing_and_many_a_new_start() -> None:
    for gone, costs in ((task_search.OVERLAP - 1, 0), (task_search.OVERLAP + 1, 1)):
        fake = tasked(150)
        pages = pull(fake)
        seen = set(ids([next(pages)]))
        for n in range(gone):
            del fake.nested.tasks[f"t{n:04}"]
        seen |= set(ids(list(pages)))
        assert set(fake.nested.tasks) <= seen
        assert [body["skip"] for body in searches(fake)].count(0) == 1 + costs


def test_a_page_that_comes_back_ends_with_an_error_and_not_in_a_loop() -> None:
    """Gotcha 41: a list endpoint can loop on one page."""
    fake = tasked(30)
    first = list(fake.nested.tasks.values())
    fake.meddle = lambda request: (
        httpx.Response(200, json={"tasks": first}) if request.url.path == SEARCH else None
    )
    with pytest.raises(TransientError, match="moved twice"):
        list(pull(fake))
    assert len(searches(fake)) == 4


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, HTML, TransientError),
        (200, {}, TransientError),
        (200, {"tasks": [[{"id": "t1"}]]}, TransientError),  # as the schema has it
        (200, {"tasks": [{"title": "x"}]}, TransientError),
        (502, {}, TransientError),
        (422, {"message": ["property skip should not exist"]}, AccountError),
        (401, {"message": "The token is not authorized for this scope."}, AccountError),
    ],
)
def test_a_search_that_is_no_page_of_tasks_ends_with_an_error(
    status: int, body: Any, error: type[Exception]
) -> None:
    shown: Any = {"text": body} if isinstance(body, str) else {"json": body}
    fake = tasked()
    fake.meddle = lambda request: (
        httpx.Response(status, **shown) if request.url.path == SEARCH else None
    )
    with pytest.raises(error) as caught:
        list(pull(fake))
    assert not isinstance(caught.value, InDoubtError)
    if status == 401:
        assert "locations/tasks.readonly" in str(caught.value)


def test_a_window_of_tasks_cannot_be_listed() -> None:
    window = Window(NOW - timedelta(days=1), NOW)
    with pytest.raises(ConfigError):
        tasked().open().pull(TASK, None, fields=ALL, window=window)


def test_only_tasks_within_the_extent_are_listed_but_any_is_looked_at() -> None:
    fake = tasked(2)
    fake.nested.tasks["t0001"]["assignedTo"] = "u2"
    ghl = fake.open()
    ghl.keep_to(TASK, Extent(only={"assignedTo": frozenset({"u2"})}))
    assert ids(list(ghl.pull(TASK, None, fields=ALL))) == ["t0001"]
    assert [r.remote_id for r in ghl.children(TASK, "c1", fields=ALL)] == ["t0001"]
    assert not ghl.child(TASK, "t0000", "c1", fields=ALL).gone


@pytest.mark.parametrize("status", [404, 400])
def test_a_task_that_is_missing_under_its_contact_is_gone_there(status: int) -> None:
    fake = tasked()
    moved = fake.nested.tasks.pop("t0000")
    fake.nested.tasks["t0000"] = {**moved, "contactId": "c2"}
    fake.meddle = once("GET", ONE, refusal(status, "Task not found"))
    record = fake.open().child(TASK, "t0000", "c1", fields=ALL)
    assert record == Record("t0000", {}, gone=True, parent_id="c1")


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
