"""Requests to the GHL emulator, and the statuses the vendor's files name for them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from syncd.testing.inprocess import Sandbox


@dataclass(frozen=True)
class World:
    """What the requests are about."""

    box: Sandbox
    http: httpx.Client
    location: str
    company: str
    user: str
    contact: str
    other: str
    field: str
    tag: str
    note: str
    task: str
    calendar: str
    event: str
    business: str


@dataclass(frozen=True)
class Case:
    """One request and the status it is to get; `template` is the path in the files."""

    family: str
    method: str
    template: str
    status: int
    path: Callable[[World], str]
    body: Callable[[World], Any] = lambda _: None
    params: Callable[[World], dict[str, Any]] = lambda _: {}
    only: str | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.template} {self.status}"


def contact(world: World) -> str:
    return f"/contacts/{world.contact}"


def place(world: World) -> str:
    return f"/locations/{world.location}"


def here(world: World) -> dict[str, Any]:
    return {"locationId": world.location}


def fixed(path: str) -> Callable[[World], str]:
    return lambda _: path


RICH = {
    "firstName": "Zoë",
    "lastName": "O'Łabędź",
    "email": "zoe@example.org",
    "phone": "+12015550199",
    "address1": "1 Example Ave",
    "city": "Springfield",
    "country": "US",
    "postalCode": "62701",
    "dateOfBirth": "1990-09-25",
    "tags": ["One"],
    "dnd": True,
    "dndSettings": {"SMS": {"status": "active", "message": "no", "code": "1"}},
    "inboundDndSettings": {"all": {"status": "active"}},
}
CONTACT, TAGS = "/contacts/{contactId}", "/contacts/{contactId}/tags"
FIELDS, FIELD = "/locations/{locationId}/customFields", "/locations/{locationId}/customFields/{id}"
NAMES, NAME = "/locations/{locationId}/tags", "/locations/{locationId}/tags/{tagId}"
BULK = "/contacts/bulk/tags/update/{type}"
BAD = {"nickname": "x", "email": ""}
CASES = [
    Case("contacts", "POST", "/contacts/", 201, fixed("/contacts/"), lambda w: here(w) | RICH),
    Case(
        "contacts",
        "POST",
        "/contacts/",
        400,
        fixed("/contacts/"),
        lambda w: here(w) | {"email": "ada@example.org"},
    ),
    Case("contacts", "POST", "/contacts/", 422, fixed("/contacts/"), lambda w: here(w) | BAD),
    Case("contacts", "GET", CONTACT, 200, contact),
    Case("contacts", "GET", CONTACT, 400, fixed("/contacts/AAAAAAAAAAAAAAAAAAAA")),
    Case("contacts", "PUT", CONTACT, 200, contact, lambda _: {"city": "Bern"}),
    Case("contacts", "PUT", CONTACT, 400, contact, lambda _: {"email": "bob@example.org"}),
    Case("contacts", "PUT", CONTACT, 422, contact, lambda _: BAD),
    Case("contacts", "DELETE", CONTACT, 200, contact),
    Case("contacts", "DELETE", CONTACT, 400, fixed("/contacts/AAAAAAAAAAAAAAAAAAAA")),
    Case(
        "contacts",
        "POST",
        "/contacts/upsert",
        200,
        fixed("/contacts/upsert"),
        lambda w: here(w) | RICH,
    ),
    Case("contacts", "POST", "/contacts/upsert", 400, fixed("/contacts/upsert"), lambda w: here(w)),
    Case("contacts", "POST", "/contacts/upsert", 422, fixed("/contacts/upsert"), lambda _: BAD),
    Case("contacts", "GET", "/contacts/", 200, fixed("/contacts/"), params=here, only="2021-07-28"),
    Case(
        "contacts",
        "GET",
        "/contacts/",
        422,
        fixed("/contacts/"),
        params=lambda w: here(w) | {"limit": "9999"},
        only="2021-07-28",
    ),
    Case(
        "contacts",
        "POST",
        "/contacts/search",
        200,
        fixed("/contacts/search"),
        lambda w: here(w) | {"pageLimit": 5},
    ),
    Case(
        "contacts",
        "GET",
        "/contacts/search/duplicate",
        200,
        fixed("/contacts/search/duplicate"),
        params=lambda w: here(w) | {"email": "ada@example.org"},
    ),
    Case(
        "contacts",
        "GET",
        "/contacts/search/duplicate",
        400,
        fixed("/contacts/search/duplicate"),
        params=here,
    ),
    Case("contacts", "POST", TAGS, 201, lambda w: contact(w) + "/tags", lambda _: {"tags": ["x"]}),
    Case("contacts", "POST", TAGS, 422, lambda w: contact(w) + "/tags", lambda _: {"tags": "x"}),
    Case(
        "contacts", "DELETE", TAGS, 200, lambda w: contact(w) + "/tags", lambda _: {"tags": ["x"]}
    ),
    Case("contacts", "DELETE", TAGS, 400, fixed("/contacts/x/tags"), lambda _: {"tags": ["x"]}),
    Case(
        "contacts",
        "POST",
        BULK,
        201,
        fixed("/contacts/bulk/tags/update/add"),
        lambda w: here(w) | {"contacts": [w.contact, "x"], "tags": ["y"]},
    ),
    Case("contacts", "POST", BULK, 422, fixed("/contacts/bulk/tags/update/add"), here),
    Case(
        "contacts",
        "POST",
        "/contacts/{contactId}/followers",
        201,
        lambda w: contact(w) + "/followers",
        lambda w: {"followers": [w.user]},
    ),
    Case(
        "contacts",
        "DELETE",
        "/contacts/{contactId}/followers",
        200,
        lambda w: contact(w) + "/followers",
        lambda w: {"followers": [w.user]},
    ),
    Case("locations", "GET", "/locations/{locationId}", 200, place),
    Case("locations", "GET", FIELDS, 200, lambda w: place(w) + "/customFields"),
    Case(
        "locations",
        "GET",
        FIELDS,
        422,
        lambda w: place(w) + "/customFields",
        params=lambda _: {"model": "pet"},
    ),
    Case(
        "locations",
        "POST",
        FIELDS,
        201,
        lambda w: place(w) + "/customFields",
        lambda _: {"name": "New", "dataType": "TEXT"},
    ),
    Case(
        "locations",
        "POST",
        FIELDS,
        400,
        lambda w: place(w) + "/customFields",
        lambda _: {"name": "Colour", "dataType": "TEXT"},
    ),
    Case("locations", "POST", FIELDS, 422, lambda w: place(w) + "/customFields", lambda _: {}),
    Case("locations", "GET", FIELD, 200, lambda w: f"{place(w)}/customFields/{w.field}"),
    Case("locations", "GET", FIELD, 400, lambda w: f"{place(w)}/customFields/x"),
    Case(
        "locations",
        "PUT",
        FIELD,
        200,
        lambda w: f"{place(w)}/customFields/{w.field}",
        lambda _: {"name": "Color"},
    ),
    Case("locations", "DELETE", FIELD, 200, lambda w: f"{place(w)}/customFields/{w.field}"),
    Case("locations", "GET", NAMES, 200, lambda w: place(w) + "/tags"),
    Case("locations", "POST", NAMES, 200, lambda w: place(w) + "/tags", lambda _: {"name": "t"}),
    Case("locations", "POST", NAMES, 422, lambda w: place(w) + "/tags", lambda _: {}),
    Case("locations", "GET", NAME, 200, lambda w: f"{place(w)}/tags/{w.tag}"),
    Case(
        "locations",
        "PUT",
        NAME,
        200,
        lambda w: f"{place(w)}/tags/{w.tag}",
        lambda _: {"name": "u"},
    ),
    Case("locations", "DELETE", NAME, 200, lambda w: f"{place(w)}/tags/{w.tag}"),
    Case(
        "users",
        "GET",
        "/users/search",
        200,
        fixed("/users/search"),
        params=lambda w: {"companyId": w.company},
    ),
    Case("users", "GET", "/users/search", 422, fixed("/users/search")),
    Case("users", "GET", "/users/{userId}", 200, lambda w: f"/users/{w.user}"),
    Case("users", "GET", "/users/{userId}", 400, fixed("/users/x")),
    Case("users", "GET", "/users/", 200, fixed("/users/"), params=here, only="2021-07-28"),
]
