"""What clients that others wrote send to GHL, request by request, and what they go by."""

from typing import Any

import httpx
import pytest

from syncd.sandbox.ghl.routes import ROUTES

from .ghl_client import Api, lines, three

CONTACTS = [one for one in ROUTES if one.template.startswith("/contacts")]
BODIES: dict[str, dict[str, Any]] = {
    "/contacts/search": {"pageLimit": 10},
    "/contacts/": {"email": "new@example.org"},
    "/contacts/upsert": {"email": "ada@example.org", "city": "Bern"},
    "/contacts/{contactId}": {"city": "Bern"},
    "/contacts/{contactId}/tags": {"tags": ["a"]},
    "/contacts/bulk/tags/update/{type}": {"contacts": [], "tags": ["a"]},
    "/contacts/{contactId}/followers": {"followers": []},
    "/contacts/bulk/business": {"ids": [], "businessId": None},
    "/contacts/{contactId}/notes": {"body": "x"},
    "/contacts/{contactId}/notes/{id}": {"body": "x"},
    "/contacts/{contactId}/tasks": {"title": "x", "dueDate": "2026-12-01", "completed": False},
    "/contacts/{contactId}/tasks/{id}": {"title": "x"},
    "/contacts/{contactId}/tasks/{id}/completed": {"completed": True},
}
QUERIES = {"/contacts/search/duplicate": "email=ada@example.org&", "/contacts/": ""}
NAMED_IN_BODY = {"/contacts/search", "/contacts/", "/contacts/upsert"}


def ask(api: Api, method: str, template: str, end: str, id_: str) -> httpx.Response:
    """Send the call of a route with `end` in place of the slash it may have at its end."""
    path = template.removesuffix("/").replace("{contactId}", id_).replace("{type}", "add") + end
    for kind, made in api.ghl.children().get(id_, {}).items():
        if f"/{kind}/{{id}}" in path:
            path = path.replace("{id}", made[0]["id"])
    if method == "GET":
        query = "" if "/business/" in template else QUERIES.get(template)
        if query is not None:
            path += f"?{query}locationId={api.location}"
        return api.http.get(path)
    if method == "DELETE" and template == "/contacts/{contactId}":
        return api.http.delete(path)
    body = dict(BODIES[template])
    if template in NAMED_IN_BODY or "bulk" in template:
        body["locationId"] = api.location
    return api.http.request(method, path, json=body)


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("route", CONTACTS, ids=lambda one: f"{one.method}-{one.template}")
def test_a_slash_at_the_end_of_a_contacts_path_may_be_there_or_not(route: Any, end: str) -> None:
    """n8n #11353, #35392, #38965: `/contacts/{id}/`, `/contacts/upsert/`."""
    api = Api()
    id_ = api.create(email="ada@example.org")
    api.act("add_note", id=id_, text="x")
    api.act("add_task", id=id_, title="x")
    template = route.template.replace("{businessId}", api.act("create_business", name="x")["id"])
    answer = ask(api, route.method, template, end, id_)
    assert answer.status_code in (200, 201), answer.text
    assert api.box.world.requests[f"ghl {route.method} {route.template}"] >= 1


@pytest.mark.parametrize("route", CONTACTS, ids=lambda one: f"{one.method}-{one.template}")
def test_two_slashes_are_no_route(route: Any) -> None:
    api = Api()
    id_ = api.create(email="ada@example.org")
    assert ask(api, route.method, route.template, "//", id_).status_code == 501
    assert api.get(id_)["email"] == "ada@example.org"


def test_an_upsert_as_n8n_sends_it_is_written_and_found() -> None:
    """Create, update, read and delete, each with the slash; agent of axios."""
    api = Api()
    api.http.headers["User-Agent"] = "n8n"
    ada = {"email": "ada@example.org", "firstName": "Ada", "locationId": api.location}
    made = api.http.post("/contacts/upsert/", json=ada)
    assert made.json()["new"] is True
    id_ = made.json()["contact"]["id"]
    again = api.http.post("/contacts/upsert/", json={**ada, "city": "Bern"})
    assert (again.json()["new"], again.json()["contact"]["id"]) == (False, id_)
    assert api.http.put(f"/contacts/{id_}/", json={"city": "Basel"}).status_code == 200
    assert api.http.get(f"/contacts/{id_}/").json()["contact"]["city"] == "Basel"
    assert api.http.delete(f"/contacts/{id_}/").status_code == 200
    assert api.http.get(f"/contacts/{id_}/").status_code == 400


def test_a_second_page_that_lost_its_location_is_a_matter_of_access() -> None:
    """n8n #11353: the cursor alone, without `locationId`."""
    api = three()
    first = api.send("GET", "/contacts/", locationId=api.location, limit=1).json()["meta"]
    cursor = {"startAfter": first["startAfter"], "startAfterId": first["startAfterId"]}
    answer = api.send("GET", "/contacts/", **cursor)
    assert lines(answer, 403) == ["The token does not have access to this location."]


OTHER = "ve9EPM428h8vShlRW1KT"
VIOLATIONS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/contacts/?limit=9999&nope=1", None),
    ("GET", "/contacts/?locationId=&limit=9999", None),
    ("GET", f"/contacts/?locationId={OTHER}&limit=9999", None),
    ("GET", "/contacts/search/duplicate", None),
    ("GET", f"/contacts/search/duplicate?locationId={OTHER}", None),
    ("POST", "/contacts/search", {"locationId": OTHER, "pageLimit": 9999, "nope": 1}),
    ("POST", "/contacts/", {"locationId": OTHER, "email": "none", "nope": 1}),
    ("POST", "/contacts/upsert", {"locationId": OTHER, "tags": 5}),
    ("POST", "/contacts/bulk/tags/update/add", {"locationId": OTHER, "tags": 5}),
    ("GET", f"/locations/{OTHER}/customFields?model=nope&locationId={OTHER}", None),
    ("POST", f"/locations/{OTHER}/customFields?locationId={OTHER}", {"nope": 1}),
    ("GET", f"/locations/{OTHER}/customFields/x?locationId={OTHER}", None),
    ("PUT", f"/locations/{OTHER}/customFields/x?locationId={OTHER}", {"nope": 1}),
    ("GET", f"/locations/{OTHER}/tags?locationId={OTHER}", None),
    ("POST", f"/locations/{OTHER}/tags?locationId={OTHER}", {"nope": 1}),
    ("GET", f"/locations/{OTHER}/tags/x?locationId={OTHER}", None),
    ("PUT", f"/locations/{OTHER}/tags/x?locationId={OTHER}", {"nope": 1}),
    ("GET", "/users/?nope=1", None),
    ("GET", f"/users/search?locationId={OTHER}&limit=x", None),
)


@pytest.mark.parametrize(("method", "path", "body"), VIOLATIONS)
def test_the_location_is_looked_at_before_the_rest(method: str, path: str, body: Any) -> None:
    """Table 0.1: the scope, then the location; the validator comes after both."""
    answer = Api().send(method, path, body) if body else Api().http.request(method, path)
    assert lines(answer, 403) == ["The token does not have access to this location."]


@pytest.mark.parametrize("path", ["/contacts/search", "/contacts/", "/contacts/upsert"])
def test_a_body_without_its_location_is_the_validators_to_refuse(path: str) -> None:
    """3.2 (issue #31), 3.6, 3.7: a required property of the body."""
    answer = Api().send("POST", path, {"email": "ada@example.org"})
    assert "locationId must be a string" in lines(answer)


def test_the_tags_of_somebody_elsewhere_are_a_matter_of_access_too() -> None:
    api = Api()
    id_ = api.create(email="ada@example.org")
    api.http.headers["Authorization"] = f"Bearer {api.info['other_location']['token']}"
    for method in ("POST", "DELETE"):
        answer = api.send(method, f"/contacts/{id_}/tags", {"nope": 1}, locationId=api.location)
        assert lines(answer, 403) == ["The token does not have access to this location."]


def test_sorting_the_list_is_a_switch() -> None:
    """3.3: n8n offers `sortBy` and `order`, others send `page`; no document names them."""
    sort = {"sortBy": "date_updated", "order": "asc", "page": "1"}
    refused = lines(three().send("GET", "/contacts/", **sort, locationId=three().location))
    assert refused == [f"property {name} should not exist" for name in sort]
    api = three(list_takes_sort=True)
    api.put(api.ghl.dump()[0]["id"], city="Basel")
    place = {"locationId": api.location}

    def names(**query: str) -> list[str]:
        rows = api.send("GET", "/contacts/", **place, **query).json()["contacts"]
        return [row["firstNameRaw"] for row in rows]

    assert names() == ["Cy", "Bob", "Ann"]
    assert names(order="asc") == ["Ann", "Bob", "Cy"]
    assert names(sortBy="date_updated", order="desc") == ["Ann", "Cy", "Bob"]
    assert names(limit="1", page="2") == ["Bob"]
    meta = api.send("GET", "/contacts/", **place, limit="2", page="1").json()["meta"]
    assert (meta["currentPage"], meta["nextPage"], meta["prevPage"]) == (1, 2, None)
    for wrong in ({"sortBy": "name"}, {"order": "up"}, {"page": "0"}, {"page": "x"}):
        assert api.send("GET", "/contacts/", **place, **wrong).status_code == 422
