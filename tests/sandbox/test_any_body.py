"""Whatever body is sent to whatever call of whatever platform: an answer, and never a crash.

The transport lets an exception of the emulator through, so a crash fails by itself. Random
parts are drawn from the seed that stands in the name of the test.
"""

import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from syncd.sandbox.ghl import appointments, businesses, notes, tasks
from syncd.sandbox.ghl.bodies import UPSERT
from syncd.sandbox.ghl.locations import CREATE as FIELD_KEYS
from syncd.sandbox.ghl.tags import BULK
from syncd.sandbox.mailercloud.fields import STANDARD
from syncd.testing.inprocess import sandbox

from .entrances import ADA, ENTRANCES, ODD, RAW, VND, Entrance, Place
from .ghl_client import NOW


@pytest.mark.parametrize("entrance", ENTRANCES, ids=str)
def test_a_body_that_makes_no_sense_is_answered(entrance: Entrance) -> None:
    place = Place()
    for name, raw in RAW.items():
        answer = place.send(entrance, raw)
        assert answer.status_code < 500, f"{name}: {answer.text}"
    place.still_answers()


DEEP_BODIES = [RAW[name] for name in ("deep lists", "deep objects", "deep value")]


@pytest.mark.parametrize("raw", DEEP_BODIES, ids=["lists", "objects", "value"])
@pytest.mark.parametrize(
    ("platform", "method", "path", "media"),
    [
        ("ghl", "POST", "/contacts/", "application/json"),
        ("ghl", "POST", "/contacts/search", "application/json"),
        ("ghl", "DELETE", "/contacts/{contactId}/tags", "application/json"),
        ("maileon", "PUT", "/contacts/email/{email}", VND),
        ("maileon", "POST", "/contacts/preference_categories", VND),
        ("mailercloud", "POST", "/contacts/batch", "application/json"),
        ("_control", "POST", "/_control/ghl/act", "application/json"),
    ],
)
def test_nesting_without_end_is_a_400(
    platform: str, method: str, path: str, media: str, raw: bytes
) -> None:
    answer = Place().send(Entrance(platform, method, path, media), raw)
    assert answer.status_code == 400, answer.text


KEYS: dict[str, tuple[str, ...]] = {
    "ghl": (
        *sorted(UPSERT),
        *sorted(FIELD_KEYS),
        *BULK,
        *(*notes.KNOWN, *tasks.KNOWN, *tasks.SEARCH, *appointments.CREATE, *businesses.MEMBERS),
        *("pageLimit", "page", "searchAfter", "query", "filters", "sort", "followers"),
        *("clientId", "clientSecret", "grantType", "code", "refreshToken", "companyId"),
    ),
    "maileon": (
        *("email", "permission", "external_id", "standard_fields", "custom_fields", "id"),
        *("preferences", "name", "description", "category", "anonymous", "created"),
    ),
    "mailercloud": (
        *(one.classic for one in STANDARD),
        *("email", "list_id", "tags", "custom_fields", "contact_type", "contacts", "limit", "page"),
        *("search", "search_name", "sort_field", "sort_order", "list_type", "type", "description"),
        *("url", "events", "status", "id", "tag_names", "date_from", "date_to"),
    ),
    "_control": (
        *("kind", "platform", "method", "path", "probability", "times", "after", "before", "on"),
        *(
            "status",
            "body",
            "headers",
            "advance_s",
            "freeze_at",
            "run",
            "seed",
            "common",
            "children",
        ),
        *("action", "email", "id", "fields", "custom", "tags", "channel", "location", "address"),
        *("index_lag_s", "burst_window_s", "report_lag_s", "unsubscribe_delay_s", "search_lag_s"),
        *("text", "html", "attachments", "title", "pinned", "dueDate", "startTime", "endTime"),
        *("server_zone", "account_zone", "limit_block_s", "retry_after_s", "delay_s"),
    ),
}
ACTIONS = (
    *("create", "edit", "unsubscribe", "bounce", "tag", "dnd", "make_token", "send_campaign"),
    *("add_note", "add_task", "book_appointment", "create_business"),
)
GOOD: dict[str, Any] = {"email": ADA, "action": "", "platform": "ghl", "kind": "status"}


def body_of(place: Place, to: Entrance, dice: random.Random) -> dict[str, Any]:
    """Some known keys with values of any type; now and then a good one, to get further."""
    keys = dice.sample(KEYS[to.platform], dice.randint(1, 6))
    body = {key: dice.choice(ODD) for key in keys}
    for key in dice.sample(sorted(GOOD), 2):
        body[key] = dice.choice(ACTIONS) if key == "action" else GOOD[key]
    if to.platform == "ghl" and dice.random() < 0.8:
        body["locationId"] = place.location
        body.setdefault("pageLimit", 10)
    if to.platform == "mailercloud" and dice.random() < 0.8:
        body["list_id"] = place.ids["{list_id}"]
    if to.platform != "_control" and dice.random() < 0.3:
        body["customFields"] = body["custom_fields"] = dice.sample(ODD, 3)
    return body


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("entrance", ENTRANCES, ids=str)
def test_known_keys_with_values_of_any_type_are_answered(entrance: Entrance, seed: int) -> None:
    place, dice = Place(), random.Random(f"{entrance} {seed}")
    for _ in range(20):
        body = body_of(place, entrance, dice)
        answer = place.send(entrance, json.dumps(body).encode())
        assert answer.status_code < 500, f"seed {seed}: {body} → {answer.text}"
    place.box.world.faults.clear()  # which were asked for
    place.still_answers()


UNSET: dict[str, Callable[[str], list[Any]]] = {
    "empty id": lambda _: [{"id": "", "value": "x"}],
    "empty key": lambda _: [{"key": "", "field_value": "x"}],
    "both empty": lambda _: [{"id": "", "key": "", "value": "x"}],
    "empty id, good key": lambda key: [{"id": "", "key": key, "field_value": "L"}],
}
WRONG: dict[str, list[Any]] = {
    "neither": [{"value": "x"}],
    "null id": [{"id": None, "value": "x"}],
    "number": [{"id": 5, "value": "x"}],
    "empty id, number as key": [{"id": "", "key": 5, "value": "x"}],
    "empty id, list as key": [{"id": "", "key": [], "value": "x"}],
    "no object": ["x"],
    "null": [None],
    "list": [[]],
}


class Written:
    """A location with one custom field, and the three ways to write a value into it."""

    def __init__(self, **settings: Any) -> None:
        self.box = sandbox(frozen_at=NOW, settings={"ghl": settings})
        ghl = self.box.platform("ghl")
        self.id = ghl.act("create", {"fields": {"email": ADA}})["id"]
        self.key = ghl.act("create_custom_field", {"name": "Size", "data_type": "TEXT"})["key"]
        info = self.box.info["ghl"]
        headers = {
            "Authorization": f"Bearer {info['token']}",
            "Version": "2021-07-28",
            "User-Agent": "sandbox-tests/1",
        }
        self.http = httpx.Client(
            transport=self.box.transport, base_url=info["base_url"], headers=headers
        )
        self.location = info["location_id"]

    def write(self, way: str, custom: list[Any]) -> httpx.Response:
        body = {"email": ADA, "city": "Bern", "customFields": custom}
        there = {**body, "locationId": self.location}
        match way:
            case "create":
                return self.http.post("/contacts/", json={**there, "email": "bob@example.org"})
            case "update":
                return self.http.put(f"/contacts/{self.id}", json=body)
            case _:
                return self.http.post("/contacts/upsert", json=there)


WAYS = ("create", "update", "upsert")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("unset", UNSET)
def test_a_custom_field_that_a_template_left_unset_is_dropped(way: str, unset: str) -> None:
    """3.8: as a field that does not exist; the rest is written."""
    written = Written()
    answer = written.write(way, UNSET[unset](written.key))
    assert answer.status_code in (200, 201), answer.text
    contact = answer.json()["contact"]
    assert contact["city"] == "Bern"
    kept = [one["value"] for one in contact["customFields"]]
    assert kept == (["L"] if unset == "empty id, good key" else [])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("unset", ["empty id", "empty key", "both empty"])
def test_where_unknown_custom_fields_are_refused_an_unset_one_is_too(way: str, unset: str) -> None:
    written = Written(unknown_custom_field="refuse")
    assert written.write(way, UNSET[unset](written.key)).status_code == 422


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_custom_field_without_a_name_is_refused_with_its_place(way: str, wrong: str) -> None:
    answer = Written().write(way, WRONG[wrong])
    assert answer.status_code == 422, answer.text
    assert answer.json()["traceId"]
    assert any(line.startswith("customFields.0") for line in answer.json()["message"])


@pytest.mark.parametrize("raw", [b"null", b"[]", b'"x"', b"0", b"[[]]"])
def test_credentials_that_are_no_object_are_refused(raw: bytes) -> None:
    """1.3, under v3."""
    answer = Place().send(Entrance("ghl", "POST", "/oauth/token", kind="v3"), raw)
    assert 400 <= answer.status_code < 500
    assert answer.json()["traceId"]


@pytest.mark.parametrize("digits", ["²", "९", "9" * 5_000, "-1", "1_0"])
@pytest.mark.parametrize(
    ("platform", "path"),
    [
        ("ghl", "/contacts/?locationId={locationId}&limit="),
        ("ghl", "/contacts/?locationId={locationId}&startAfter="),
        ("ghl", "/users/search?companyId={companyId}&skip="),
        ("ghl", "/businesses/?locationId={locationId}&limit="),
        ("ghl", "/calendars/events?locationId={locationId}&userId=x&endTime=1&startTime="),
        ("maileon", "/contacts?page_index="),
        ("maileon", "/contacts/filter/"),
        ("maileon", "/blacklists/"),
        ("maileon", "/contacts/contact?ignore_checksum=true&id="),
    ],
)
def test_digits_that_are_no_number_are_refused(platform: str, path: str, digits: str) -> None:
    place = Place()
    place.ids["{companyId}"] = place.box.info["ghl"]["company_id"]
    answer = place.send(Entrance(platform, "GET", path + quote(digits)), b"")
    assert 400 <= answer.status_code < 500, answer.text


def test_digits_without_end_in_a_filter_are_refused() -> None:
    """3.2."""
    place = Place()
    leaf = {"field": "dateAdded", "operator": "range", "value": {"gte": "9" * 5_000}}
    body = {"locationId": place.location, "pageLimit": 10, "filters": [leaf]}
    answer = place.send(Entrance("ghl", "POST", "/contacts/search"), json.dumps(body).encode())
    assert answer.status_code == 422
