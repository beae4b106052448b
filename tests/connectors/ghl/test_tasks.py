"""Tasks as they are read: above all a search that moves meanwhile."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.connectors.ghl.child_spec import TASK_OVERLAP
from syncd.connectors.ghl.spec import SPEC
from syncd.errors import AccountError, ConfigError, InDoubtError, TransientError
from syncd.model.record import Extent, Record, Resource, Window
from syncd.model.spec import Listing

from .fake import NOW, ids, once, records, refusal
from .tasking import ALL, DUE, HTML, ONE, SEARCH, TASK, pull, searches, tasked


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
    assert len(pages) <= count // (serves - TASK_OVERLAP) + 2


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
    for gone, costs in ((TASK_OVERLAP - 1, 0), (TASK_OVERLAP + 1, 1)):
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
