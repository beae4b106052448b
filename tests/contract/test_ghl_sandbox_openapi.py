"""The sandbox's answers against the vendor's OpenAPI files, status and body, and what it takes.

The files are not part of this project. They are looked for beside the repository, or
where SYNCD_GHL_SPECS says. Three things of theirs are known to be untrue, and relaxed:

* `traceId` is in every body (0), and in few of their shapes;
* absent values are answered as null, which the files allow nowhere (3.2, T6, live);
* the schemas of `LIVE` (the values of custom fields, the rows of bulk tags, the rows of the
  search over tasks, the times of events, birthdays as sent) differ from their own examples
  or from live answers.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft4Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from syncd.testing.inprocess import sandbox

from .ghl_child_requests import CHILD_CASES
from .ghl_requests import CASES as CONTACT_CASES
from .ghl_requests import TAGS, Case, World, fixed

NOW = datetime(2026, 11, 20, 11, 30, 15, tzinfo=UTC)
BESIDE = Path(__file__).parents[3] / "shared" / "apis" / "specs" / "ghl"
SPECS = Path(os.environ.get("SYNCD_GHL_SPECS", BESIDE))
pytestmark = pytest.mark.skipif(
    not (SPECS / "apps" / "contacts.json").exists(),
    reason=f"the vendor's OpenAPI files are not at {SPECS}; set SYNCD_GHL_SPECS",
)

CASES = [*CONTACT_CASES, *CHILD_CASES]
OLD = {"calendars": "2021-04-15"}  # the other families are of 2021-07-28
GENERATIONS = {"2021-07-28": "apps/{}.json", "v3": "apps/v3/{}-v3.json"}
LIVE: dict[tuple[str, str], Any] = {
    ("CustomFieldSchema", "value"): {},
    ("LocationTaskListSuccessfulResponseDto", "tasks"): {
        "type": "array",
        "items": {"type": "object"},
    },
    **{
        (f"{verb}ContactDto{generation}", "dateOfBirth"): {"type": "string"}
        for verb in ("Create", "Update", "Upsert")
        for generation in ("", "V3")
    },
    **{
        ("CalendarEventDTO", name): {"type": "string"}
        for name in ("startTime", "endTime", "dateAdded", "dateUpdated")
    },
    ("UpdateTagsResponseDTO", "responses"): {"type": "array", "items": {"type": "object"}},
}
ROOT = "http://specs.test/"


def relaxed(schema: Any) -> Any:
    """Every property may be null too."""
    if isinstance(schema, list):
        return [relaxed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    whole = {name: relaxed(one) for name, one in schema.items()}
    if isinstance(whole.get("properties"), dict):
        whole["properties"] = {
            name: {"anyOf": [one, {"enum": [None]}]} for name, one in whole["properties"].items()
        }
    return whole


def corrected(document: Any) -> Any:
    """The document with what is known to be untrue replaced."""
    schemas = document.get("components", {}).get("schemas", {})
    for (name, prop), live in LIVE.items():
        properties = schemas.get(name, {}).get("properties", {})
        if prop in properties:
            properties[prop] = live
    return relaxed(document)


@pytest.fixture(scope="module")
def registry() -> Registry[Any]:
    found: Registry[Any] = Registry()
    for path in sorted(SPECS.rglob("*.json")):
        document = corrected(json.loads(path.read_text(encoding="utf-8")))
        uri = ROOT + path.relative_to(SPECS).as_posix()
        found = found.with_resource(uri, DRAFT4.create_resource(document))
    return found


@pytest.fixture
def world() -> Iterator[World]:
    lag = {"index_lag_s": 0.0, "declared_versions_only": True}
    box = sandbox(contacts=10, frozen_at=NOW, settings={"ghl": lag})
    info, act = box.info["ghl"], box.platform("ghl").act
    field = act("create_custom_field", {"name": "Colour", "data_type": "TEXT"})["id"]
    number = act("create_custom_field", {"name": "Size", "data_type": "NUMERICAL"})["id"]
    custom = {field: "red", number: 42}
    fields = {"email": "ada@example.org", "phone": "+12015550123", "firstName": "Ada"}
    made = act("create", {"fields": fields, "custom": custom, "tags": ["x"]})["id"]
    other = act("create", {"fields": {"email": "bob@example.org"}})["id"]
    note = act("add_note", {"id": made, "text": "lorem"})["note"]["id"]
    task = act("add_task", {"id": made, "title": "t"})["task"]["id"]
    business = act("create_business", {"name": "Acme"})["id"]
    act("join_business", {"id": made, "business": business})
    start = {"startTime": "2026-11-24T10:00:00"}
    event = act("book_appointment", {"id": made, **start})["appointment"]
    with httpx.Client(
        transport=box.transport,
        base_url=info["base_url"],
        headers={"Authorization": f"Bearer {info['token']}", "User-Agent": "contract/1"},
    ) as http:
        location = info["location_id"]
        headers = {"Version": "2021-07-28"}
        users = http.get("/users/", params={"locationId": location}, headers=headers).json()
        tags = http.get(f"/locations/{location}/tags", headers=headers).json()["tags"]
        yield World(
            box,
            http,
            location,
            info["company_id"],
            users["users"][0]["id"],
            made,
            other,
            field,
            tags[0]["id"],
            note,
            task,
            event["calendarId"],
            event["id"],
            business,
        )


def check(registry: Registry[Any], family: str, version: str, case: Case, answer: Any) -> None:
    """Status documented, and the body of the documented shape where there is one."""
    uri = ROOT + GENERATIONS[version].format(family)
    document = registry.contents(uri)
    operation = document["paths"][case.template][case.method.lower()]
    assert str(answer.status_code) in operation["responses"]
    response = operation["responses"][str(answer.status_code)]
    if "content" in response:
        pointer = "/".join(
            part.replace("~", "~0").replace("/", "~1")
            for part in (
                "paths",
                case.template,
                case.method.lower(),
                "responses",
                str(answer.status_code),
                "content",
                "application/json",
                "schema",
            )
        )
        validator = Draft4Validator({"$ref": f"{uri}#/{pointer}"}, registry=registry)
        body = {name: value for name, value in answer.json().items() if name != "traceId"}
        assert [error.message for error in validator.iter_errors(body)] == []


def sent_as(case: Case, version: str) -> str:
    """The Version that the file of the case declares."""
    return version if version == "v3" else OLD.get(case.family, version)


def check_sent(registry: Registry[Any], case: Case, version: str, body: Any) -> None:
    """What is taken is of the shape that is described."""
    uri = ROOT + GENERATIONS[version].format(case.family)
    operation = registry.contents(uri)["paths"][case.template][case.method.lower()]
    if "requestBody" not in operation:
        assert body is None
        return
    path = case.template.replace("~", "~0").replace("/", "~1")
    where = f"paths/{path}/{case.method.lower()}/requestBody/content/application~1json/schema"
    validator = Draft4Validator({"$ref": f"{uri}#/{where}"}, registry=registry)
    assert [error.message for error in validator.iter_errors(body)] == []


@pytest.mark.parametrize("version", GENERATIONS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_answers_keep_to_the_description(
    registry: Registry[Any], world: World, case: Case, version: str
) -> None:
    if case.only not in (None, version):
        pytest.skip("gone from the v3 files; it still answers (3.3, 5.3)")
    answer = world.http.request(
        case.method,
        case.path(world),
        json=case.body(world),
        params=case.params(world),
        headers={"Version": sent_as(case, version)},
    )
    assert answer.status_code == case.status, answer.text
    if case.status < 300:
        check_sent(registry, case, version, case.body(world))
    check(registry, case.family, version, case, answer)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_a_token_everything_is_the_documented_401(
    registry: Registry[Any], world: World, case: Case
) -> None:
    answer = world.http.request(
        case.method,
        case.path(world),
        headers={"Version": sent_as(case, "2021-07-28"), "Authorization": "Bearer nonsense"},
    )
    assert answer.status_code == 401
    if "/bulk/" not in case.template:  # the files name no 401 there
        check(registry, case.family, "2021-07-28", case, answer)


@pytest.mark.parametrize("version", GENERATIONS)
def test_tokens_keep_to_the_description(
    registry: Registry[Any], world: World, version: str
) -> None:
    oauth = world.box.info["ghl"]["oauth"]
    code = world.box.platform("ghl").act("authorize", {})["code"]
    snake = {
        "client_id": oauth["client_id"],
        "client_secret": oauth["client_secret"],
        "grant_type": "authorization_code",
        "code": code,
    }
    camel = dict(
        zip(("clientId", "clientSecret", "grantType", "code"), snake.values(), strict=True)
    )
    sent, headers = (camel if version == "v3" else snake), {"Version": version}
    case = Case("oauth", "POST", "/oauth/token", 200, fixed("/oauth/token"))
    answer = world.http.post("/oauth/token", data=sent, headers=headers)
    assert answer.status_code == 200
    check(registry, "oauth", version, case, answer)
    again = world.http.post("/oauth/token", data=sent, headers=headers)
    assert again.status_code == 401
    check(registry, "oauth", version, case, again)


def test_the_validator_would_see_a_wrong_answer(registry: Registry[Any]) -> None:
    case = Case("contacts", "POST", TAGS, 201, fixed("/"))
    wrong = httpx.Response(201, json={"tags": "x"})
    with pytest.raises(AssertionError):
        check(registry, "contacts", "2021-07-28", case, wrong)
