"""The search over all tasks of a location (4.2), which lags behind all that happens."""

from typing import Any

import pytest

from .ghl_client import Api, lines
from .ghl_tasked import add, ids, search, task, with_task


def test_the_search_filters_and_pages() -> None:
    """4.2: `limit` is 25 if nothing is said."""
    api = Api()
    ada, bob = api.create(email="ada@example.org"), api.create(email="bob@example.org")
    user = api.ghl.agency.main.users[0].id
    mine = add(api, ada, title="Write", body="a LETTER", assignedTo=user)
    his = add(api, bob, title="Call", completed=True)
    assert ids(api) == [his, mine]
    assert search(api)[1] == task(api, ada, mine)
    assert ids(api, contactId=[ada]) == [mine]
    assert ids(api, contactId=[ada, bob]) == [his, mine]
    assert ids(api, assignedTo=[user]) == [mine]
    assert ids(api, completed=True) == [his]
    assert ids(api, completed=False) == [mine]
    assert ids(api, query="Letter") == [mine]
    assert ids(api, query="cal") == [his]
    assert ids(api, limit=1) == [his]
    assert ids(api, limit=1, skip=1) == [mine]
    assert ids(api, skip=2) == []
    for place in range(30):
        add(api, ada, title=f"t{place}")
    assert len(ids(api)) == 25
    assert len(ids(api, skip=25)) == 7
    assert len(ids(api, limit=100)) == 32
    api.ghl.configure({"page_most": 10})
    assert len(ids(api, limit=100)) == 10


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({"contactId": "x"}, "contactId must be an array of strings"),
        ({"assignedTo": [5]}, "assignedTo must be an array of strings"),
        ({"completed": "true"}, "completed must be a boolean value"),
        ({"limit": "25"}, "limit must be a number"),
        ({"skip": -1}, "skip must be a number"),
        ({"page": 1}, "property page should not exist"),
    ],
)
def test_search_bodies_are_validated(body: dict[str, Any], line: str) -> None:
    api = Api()
    assert lines(api.send("POST", f"/locations/{api.location}/tasks/search", body)) == [line]


def test_the_search_lags_behind_writes_and_deletes() -> None:
    """4.2, T39: GET by id does not."""
    api, contact, id_ = with_task(index_lag_s=5.0, delete_lag_s=60.0)
    assert task(api, contact, id_)["id"] == id_
    assert ids(api) == []
    api.later(5)
    assert ids(api) == [id_]
    api.send("PUT", f"/contacts/{contact}/tasks/{id_}", {"title": "new"})
    assert search(api)[0]["title"] == "Call"
    api.later(5)
    assert search(api)[0]["title"] == "new"
    api.send("DELETE", f"/contacts/{contact}/tasks/{id_}")
    api.later(59)
    assert ids(api) == [id_]
    api.later(1)
    assert ids(api) == []


def test_a_late_version_never_brings_back_what_was_deleted() -> None:
    api, contact, id_ = with_task(index_lag_s=60.0, delete_lag_s=5.0)
    api.send("DELETE", f"/contacts/{contact}/tasks/{id_}")
    api.later(5)
    assert ids(api) == []
    api.later(60)
    assert ids(api) == []


def test_the_search_lists_tasks_of_contacts_that_are_gone() -> None:
    """4.2, T39: `contactId` of nobody."""
    api, contact, id_ = with_task(delete_lag_s=60.0)
    api.send("DELETE", f"/contacts/{contact}")
    assert [(one["id"], one["contactId"]) for one in search(api)] == [(id_, contact)]
    assert api.send("GET", f"/contacts/{contact}").status_code == 400
    assert api.ghl.children() == {}
    api.later(60)
    assert ids(api) == []


def test_the_search_lists_tasks_without_a_contact() -> None:
    """4.2, T39."""
    api = Api()
    made = api.act("add_task", title="Buy milk")["task"]
    assert made["contactId"] is None
    assert search(api) == [made]
    assert api.ghl.children() == {"": {"notes": [], "tasks": [made], "appointments": []}}
