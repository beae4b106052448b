"""Businesses, and the contacts that belong to them (3.1; apps/businesses.json)."""

from typing import Any

import pytest

from .ghl_client import Api, lines

NO_ACCESS = ["The token does not have access to this location."]


def with_business(**settings: Any) -> tuple[Api, str, str]:
    """Ada, and a business that she does not belong to."""
    api = Api(**settings)
    contact = api.create(email="ada@example.org", firstName="Ada", companyName="Own")
    made = api.act("create_business", name="Acme", city="Bern", email="info@example.org")
    return api, contact, made["id"]


def members(api: Api, business: str, **query: Any) -> tuple[list[str], int]:
    """Ids of a page, and the count of all."""
    where = {"locationId": api.location, **query}
    answer = api.send("GET", f"/contacts/business/{business}", **where)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["contacts"]], answer.json()["count"]


def assign(api: Api, ids: Any, business: Any, **rest: Any) -> Any:
    body = {"locationId": api.location, "ids": ids, "businessId": business, **rest}
    return api.send("POST", "/contacts/bulk/business", body)


def test_a_business_is_read_and_listed() -> None:
    api, _, id_ = with_business()
    one = api.send("GET", f"/businesses/{id_}").json()["business"]
    assert one == {
        "id": id_,
        "name": "Acme",
        "locationId": api.location,
        "createdAt": "2026-11-20T11:30:15.250Z",
        "updatedAt": "2026-11-20T11:30:15.250Z",
        "phone": None,
        "email": "info@example.org",
        "website": None,
        "address": None,
        "city": "Bern",
        "state": None,
        "postalCode": None,
        "country": None,
    }
    second = api.act("create_business", name="Bolt")["id"]
    place = {"locationId": api.location}
    listed = api.send("GET", "/businesses/", **place).json()["businesses"]
    assert (listed[0], [each["id"] for each in listed]) == (one, [id_, second])
    page = api.send("GET", "/businesses/", **place, skip="1", limit="1").json()["businesses"]
    assert [each["id"] for each in page] == [second]
    for limit in ("x", "-1"):
        answer = api.send("GET", "/businesses/", **place, limit=limit)
        assert lines(answer) == ["limit must be a number string"]


def test_who_belongs_to_a_business_shows_its_id_and_its_name_as_company() -> None:
    api, contact, id_ = with_business()
    joined = api.act("join_business", id=contact, business=id_)["contact"]
    assert (joined["businessId"], joined["companyName"]) == (id_, "Acme")
    assert api.get(contact) == joined
    (row,) = api.rows()
    assert (row["businessId"], row["businessName"], row["companyName"]) == (id_, "Acme", "Acme")
    left = api.act("leave_business", id=contact)["contact"]
    assert (left["businessId"], left["companyName"]) == (None, "Acme")
    assert api.rows()[0]["businessName"] is None


def test_the_contacts_of_a_business_are_listed_as_late_as_search_lists_them() -> None:
    """3.1, section 9."""
    api, ada, id_ = with_business(index_lag_s=5.0)
    bob = api.create(email="bob@example.org", firstName="Bob")
    api.later(5)
    for who in (ada, bob):
        api.act("join_business", id=who, business=id_)
    assert members(api, id_) == ([], 0)
    api.later(5)
    assert members(api, id_) == ([ada, bob], 2)
    assert members(api, id_, limit="1") == ([ada], 2)
    assert members(api, id_, limit="1", skip="1") == ([bob], 2)
    assert members(api, id_, query="BO") == ([bob], 1)
    api.act("delete", id=ada)
    assert members(api, id_) == ([ada, bob], 2)
    api.later(5)
    assert members(api, id_) == ([bob], 1)


def test_many_are_assigned_at_once_and_null_detaches() -> None:
    """3.1: who is not there is left out of the answer (unverified)."""
    api, ada, id_ = with_business()
    answer = assign(api, [ada, "x", ada], id_)
    assert answer.status_code == 200
    assert (answer.json()["success"], answer.json()["ids"]) == (True, [ada])
    assert api.get(ada)["businessId"] == id_
    assert assign(api, [ada], None).json()["ids"] == [ada]
    assert api.get(ada)["businessId"] is None


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"ids": "x"}, "ids must be an array of strings"),
        ({"ids": ["x"] * 51}, "ids must contain no more than 50 elements"),
        ({"businessId": 5}, "businessId must be a string or null"),
        ({"businessId": ""}, "businessId must be a string or null"),
        ({"nope": 1}, "property nope should not exist"),
    ],
)
def test_bulk_bodies_are_validated(change: dict[str, Any], line: str) -> None:
    api, ada, id_ = with_business()
    body = {"locationId": api.location, "ids": [ada], "businessId": id_, **change}
    assert lines(api.send("POST", "/contacts/bulk/business", body)) == [line]
    assert api.get(ada)["businessId"] is None


def test_a_bulk_body_needs_its_business_even_to_detach() -> None:
    api, ada, _ = with_business()
    answer = api.send("POST", "/contacts/bulk/business", {"locationId": api.location, "ids": [ada]})
    assert lines(answer) == ["businessId should not be empty"]


def test_unknown_businesses_are_a_400_and_those_elsewhere_a_403() -> None:
    api, ada, _ = with_business()
    gone = ["Business with id x not found"]
    assert lines(api.send("GET", "/businesses/x"), 400) == gone
    answer = api.send("GET", "/contacts/business/x", locationId=api.location)
    assert lines(answer, 400) == gone
    assert lines(assign(api, [ada], "x"), 400) == gone
    there = api.info["other_location"]["location_id"]
    other = api.act("create_business", name="Other", location=there)["id"]
    assert lines(api.send("GET", f"/businesses/{other}"), 403) == NO_ACCESS
    for path in ("/businesses/", f"/contacts/business/{other}"):
        assert lines(api.send("GET", path), 403) == NO_ACCESS
        assert lines(api.send("GET", path, locationId=there), 403) == NO_ACCESS
    assert lines(assign(api, [ada], other, locationId=there), 403) == NO_ACCESS


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/businesses/", "businesses.readonly"),
        ("GET", "/businesses/x", "businesses.readonly"),
        ("GET", "/contacts/business/x", "contacts.readonly"),
        ("POST", "/contacts/bulk/business", "contacts.write"),
    ],
)
def test_each_call_needs_its_scope(method: str, path: str, scope: str) -> None:
    """1.7; none is declared for the bulk call."""
    api, _, _ = with_business()
    known = {"businesses.readonly", "contacts.readonly", "contacts.write"}
    for granted, lacks in ((known - {scope}, True), ({scope}, False)):
        token = api.act("make_token", scopes=sorted(granted))["token"]
        api.http.headers["Authorization"] = f"Bearer {token}"
        answer = api.send(method, path, {} if method == "POST" else None)
        assert (answer.status_code == 401) is lacks


def test_tasks_are_searched_by_the_business_of_their_contact() -> None:
    """4.2."""
    api, ada, id_ = with_business()
    mine = api.act("add_task", id=ada, title="x")["task"]["id"]
    api.act("add_task", title="of nobody")
    place = f"/locations/{api.location}/tasks/search"
    assert api.send("POST", place, {"businessId": id_}).json()["tasks"] == []
    api.act("join_business", id=ada, business=id_)
    assert [one["id"] for one in api.send("POST", place, {"businessId": id_}).json()["tasks"]] == [
        mine
    ]


def test_after_a_merge_the_winner_belongs_where_the_loser_did() -> None:
    api, loser, id_ = with_business()
    api.act("join_business", id=loser, business=id_)
    winner = api.create(email="bob@example.org")
    merged = api.act("merge", id=winner, loser=loser)["contact"]
    assert (merged["businessId"], merged["companyName"]) == (id_, "Acme")


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("create_business", {}),
        ("create_business", {"name": "x", "city": 5}),
        ("join_business", {"email": "ada@example.org", "business": "x"}),
        ("join_business", {"email": "ada@example.org", "business": []}),
        ("leave_business", {"email": "nobody@example.org"}),
    ],
)
def test_what_nobody_can_do_with_a_business_is_a_value_error(
    action: str, arguments: dict[str, Any]
) -> None:
    api, contact, _ = with_business()
    with pytest.raises(ValueError, match=r"`|no business|no contact|city"):
        api.act(action, **arguments)
    assert api.get(contact)["businessId"] is None
