"""Tasks of contacts (4.2): the routes, and what people do."""

from typing import Any

import pytest

from .ghl_client import lines
from .ghl_tasked import CALL, add, ids, search, task, with_task


def test_a_task_lives_through_all_its_calls() -> None:
    """4.2: 201 with the task, 200 for PUT, `…/completed`, `succeded` (gotcha 22)."""
    api, contact, id_ = with_task()
    place = f"/contacts/{contact}/tasks"
    first = {
        "id": id_,
        "title": "Call",
        "body": None,
        "assignedTo": None,
        "dueDate": "2026-12-01T08:00:00.000Z",
        "completed": False,
        "contactId": contact,
    }
    assert task(api, contact, id_) == first
    user = api.ghl.agency.main.users[0].id
    changed = api.send("PUT", f"{place}/{id_}", {"body": "soon", "assignedTo": user})
    assert changed.json()["task"] == {**first, "body": "soon", "assignedTo": user}
    done = api.send("PUT", f"{place}/{id_}/completed", {"completed": True})
    assert done.json()["task"] == task(api, contact, id_)
    assert task(api, contact, id_)["completed"] is True
    second = add(api, contact, title="second")
    assert [one["id"] for one in api.send("GET", place).json()["tasks"]] == [second, id_]
    gone = api.send("DELETE", f"{place}/{id_}")
    assert (gone.status_code, gone.json()["succeded"]) == (200, True)
    assert [one["id"] for one in api.send("GET", place).json()["tasks"]] == [second]


def test_no_time_tells_of_a_change_and_posting_twice_makes_two() -> None:
    """4.2: no timestamps. 4.4: no idempotency key anywhere in the API."""
    api, contact, id_ = with_task()
    before = task(api, contact, id_)
    assert not [name for name in before if name.startswith(("date", "updated", "created"))]
    api.later(60)
    api.send("PUT", f"/contacts/{contact}/tasks/{id_}", {"title": "other"})
    assert task(api, contact, id_) == {**before, "title": "other"}
    assert add(api, contact) != add(api, contact)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"title": None}, "title should not be empty"),
        ({"title": ""}, "title should not be empty"),
        ({"dueDate": None}, "dueDate must be a valid ISO 8601 date string"),
        ({"dueDate": "tomorrow"}, "dueDate must be a valid ISO 8601 date string"),
        ({"dueDate": 1_790_812_800_000}, "dueDate must be a valid ISO 8601 date string"),
        ({"completed": "no"}, "completed must be a boolean value"),
        ({"body": None}, "body must be a string"),
        ({"assignedTo": 5}, "assignedTo must be a string"),
        ({"contactId": "c"}, "property contactId should not exist"),
        ({"id": "c"}, "property id should not exist"),
    ],
)
def test_bodies_are_validated(change: dict[str, Any], line: str) -> None:
    """Section 0: a strict validator; never echo a GET body back."""
    api, contact, id_ = with_task()
    before = task(api, contact, id_)
    assert lines(api.send("POST", f"/contacts/{contact}/tasks", {**CALL, **change})) == [line]
    assert lines(api.send("PUT", f"/contacts/{contact}/tasks/{id_}", change)) == [line]
    assert api.ghl.children() == {contact: {"notes": [], "tasks": [before], "appointments": []}}


def test_a_create_needs_title_due_date_and_state_and_completed_its_flag() -> None:
    """4.2: starred there."""
    api, contact, id_ = with_task()
    assert lines(api.send("POST", f"/contacts/{contact}/tasks", {})) == [
        "title should not be empty",
        "dueDate must be a valid ISO 8601 date string",
        "completed must be a boolean value",
    ]
    place = f"/contacts/{contact}/tasks/{id_}/completed"
    assert lines(api.send("PUT", place, {})) == ["completed must be a boolean value"]
    both = api.send("PUT", place, {"completed": True, "title": "x"})
    assert lines(both) == ["property title should not exist"]


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({"dueDate": CALL["dueDate"]}, "title should not be empty"),
        ({"title": "x"}, "dueDate must be a valid ISO 8601 date string"),
    ],
)
def test_title_and_due_date_may_have_to_come_together(body: dict[str, Any], missing: str) -> None:
    """4.2, T38."""
    api, contact, id_ = with_task(title_and_due_together=True)
    place = f"/contacts/{contact}/tasks/{id_}"
    assert lines(api.send("PUT", place, body)) == [missing]
    both = {"title": "x", "dueDate": CALL["dueDate"]}
    assert api.send("PUT", place, both).status_code == 200
    assert api.send("PUT", place, {"body": "x"}).status_code == 200
    api.ghl.configure({"title_and_due_together": False})
    assert api.send("PUT", place, body).status_code == 200


def test_due_dates_come_back_in_utc_and_descriptions_can_be_cleared() -> None:
    """4.2 (ISO); 12 row 6."""
    api, contact, id_ = with_task(clear_not_nullable=True)
    place = f"/contacts/{contact}/tasks/{id_}"
    for sent, kept in (
        ("2026-12-01", "2026-12-01T00:00:00.000Z"),
        ("2026-12-01T23:30:00-05:00", "2026-12-02T04:30:00.000Z"),
        ("2026-12-01T10:00:00.5Z", "2026-12-01T10:00:00.500Z"),
    ):
        assert api.send("PUT", place, {"dueDate": sent}).json()["task"]["dueDate"] == kept
    for empty in ("", None):
        api.send("PUT", place, {"body": "x"})
        assert api.send("PUT", place, {"body": empty}).json()["task"]["body"] is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/{id}"),
        ("PUT", "/{id}"),
        ("DELETE", "/{id}"),
        ("PUT", "/{id}/completed"),
    ],
)
def test_an_unknown_task_is_a_404_and_a_task_of_nobody_a_400(method: str, path: str) -> None:
    """0.1, T4; gotcha 14."""
    api, contact, id_ = with_task()
    other = api.create(email="bob@example.org")
    for wanted in ("x", id_):
        where = f"/contacts/{other}/tasks{path}".replace("{id}", wanted)
        answer = api.send(method, where, {"completed": True})
        assert lines(answer, 404) == [f"Task with id {wanted} not found"]
    api.send("DELETE", f"/contacts/{contact}")
    answer = api.send(method, f"/contacts/{contact}/tasks{path}".replace("{id}", id_), {})
    assert lines(answer, 400) == [f"Contact with id {contact} not found"]


def test_a_merge_hands_the_tasks_of_the_loser_to_the_winner() -> None:
    """Unverified; 3.7. The search hears of it later."""
    api, loser, id_ = with_task(index_lag_s=5.0)
    winner = api.create(email="bob@example.org")
    api.later(5)
    api.act("merge", id=winner, loser=loser)
    assert task(api, winner, id_)["contactId"] == winner
    assert search(api)[0]["contactId"] == loser
    api.later(5)
    assert search(api) == [task(api, winner, id_)]


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        (["contacts.readonly"], (200, 401, 401)),
        (["contacts.write"], (401, 201, 401)),
        (["locations/tasks.readonly"], (401, 401, 200)),
    ],
)
def test_reading_writing_and_searching_need_their_scopes(
    scopes: list[str], status: tuple[int, int, int]
) -> None:
    """1.7."""
    api, contact, id_ = with_task()
    token = api.act("make_token", scopes=scopes)["token"]
    api.http.headers["Authorization"] = f"Bearer {token}"
    read = api.send("GET", f"/contacts/{contact}/tasks/{id_}")
    wrote = api.send("POST", f"/contacts/{contact}/tasks", CALL)
    found = api.send("POST", f"/locations/{api.location}/tasks/search", {})
    assert (read.status_code, wrote.status_code, found.status_code) == status
    for answer in (read, wrote, found):
        if answer.status_code == 401:
            assert lines(answer, 401) == ["The token is not authorized for this scope."]


def test_the_search_of_another_location_and_a_location_in_the_query_are_refused() -> None:
    """0.1; section 0, T11."""
    api, contact, id_ = with_task()
    there = api.info["other_location"]["location_id"]
    answer = api.send("POST", f"/locations/{there}/tasks/search", {"nope": 1})
    assert lines(answer, 403) == ["The token does not have access to this location."]
    for method, path in (
        ("POST", f"/locations/{api.location}/tasks/search"),
        ("GET", f"/contacts/{contact}/tasks"),
        ("GET", f"/contacts/{contact}/tasks/{id_}"),
    ):
        answer = api.send(method, path, {}, locationId=api.location)
        assert lines(answer) == ["property locationId should not exist"]


@pytest.mark.parametrize("bumps", [True, False])
def test_whether_a_task_moves_its_contact_is_a_switch(bumps: bool) -> None:
    """12 row 3."""
    api, contact, id_ = with_task(bump_on_children=bumps)
    before = api.get(contact)["dateUpdated"]
    for method, body in (("PUT", {"body": "x"}), ("DELETE", None)):
        api.later(60)
        api.send(method, f"/contacts/{contact}/tasks/{id_}", body)
        assert (api.get(contact)["dateUpdated"] > before) is bumps
        before = api.get(contact)["dateUpdated"]


def test_who_is_nobody_of_the_location_is_silently_not_assigned() -> None:
    """3.12, T6."""
    api, contact, _ = with_task()
    stranger = api.ghl.agency.branch.users[0].id
    assert task(api, contact, add(api, contact, assignedTo=stranger))["assignedTo"] is None


def test_people_add_edit_complete_reopen_and_delete() -> None:
    api, contact, _ = with_task()
    made = api.act("add_task", email="ada@example.org", title="Write", body="a letter")["task"]
    assert (made["dueDate"], made["completed"]) == ("2026-11-21T11:30:15.250Z", False)
    id_ = made["id"]
    edited = api.act("edit_task", task=id_, dueDate="2026-12-24", body=None)["task"]
    assert edited == {**made, "dueDate": "2026-12-24T00:00:00.000Z", "body": None}
    assert api.act("complete_task", task=id_)["task"] == {**edited, "completed": True}
    assert task(api, contact, id_)["completed"] is True
    assert api.act("reopen_task", task=id_)["task"] == edited
    assert ids(api, contactId=[contact])[0] == id_
    assert api.act("delete_task", task=id_) == {"id": id_}
    assert id_ not in ids(api)


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("add_task", {"email": "ada@example.org"}),
        ("add_task", {"email": "nobody@example.org", "title": "x"}),
        ("add_task", {"title": "x", "dueDate": "never"}),
        ("edit_task", {"task": "x"}),
        ("edit_task", {"title": "x"}),
        ("complete_task", {"task": 5}),
        ("reopen_task", {"task": "x"}),
        ("delete_task", {}),
    ],
)
def test_what_nobody_can_do_with_a_task_is_a_value_error(
    action: str, arguments: dict[str, Any]
) -> None:
    api, _, _ = with_task()
    before = api.ghl.children()
    with pytest.raises(ValueError, match=r"`|no task|no contact|dueDate"):
        api.act(action, **arguments)
    assert api.ghl.children() == before
