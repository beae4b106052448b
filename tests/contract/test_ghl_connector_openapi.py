"""Every request that the GHL connector sends is one that GHL's own OpenAPI files describe.

The files are not part of this repository. The search body has an empty schema in them, and
`options` of a custom field is documented nowhere, so both are checked by other tests.
"""

import json
import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from connectors.ghl.fake import CONTACT, FIELDS, NOW, FakeGhl, op, push
from connectors.ghl.fake_nested import push_child
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from syncd.connectors.ghl.connector import Ghl
from syncd.model.op import Op, OpKind
from syncd.model.record import Extent
from syncd.model.record import Resource as Kin
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Level, Patch, SetDelta

BESIDE_THE_REPOSITORY = Path(__file__).parents[3] / "shared" / "apis" / "specs" / "ghl"
SPECS = Path(os.environ.get("SYNCD_GHL_SPECS", BESIDE_THE_REPOSITORY))

pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(),
    reason="GHL's OpenAPI files are not here; point SYNCD_GHL_SPECS at a copy of them",
)


def operations(folder: Path, suffix: str) -> Iterator[tuple[str, str, Path, dict[str, Any]]]:
    for family in ("contacts", "locations", "calendars", "users"):
        path = folder / f"{family}{suffix}.json"
        for route, methods in json.loads(path.read_text())["paths"].items():
            for method, described in methods.items():
                yield method.upper(), route, path, described


def described(method: str, route: str, generation: str) -> tuple[Path, dict[str, Any]] | None:
    folder, suffix = (SPECS / "apps", "") if generation == "dated" else (SPECS / "apps/v3", "-v3")
    fitting = [
        (known, path, operation)
        for verb, known, path, operation in operations(folder, suffix)
        if verb == method and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", known), route)
    ]
    if not fitting:
        return None
    _, path, operation = min(fitting, key=lambda found: found[0].count("{"))
    return path, operation


def nullable(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema, and no unknown properties.

    `dateOfBirth` is called an object there, with a text as its example.
    """
    if isinstance(schema, list):
        return [nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: nullable(value) for key, value in schema.items() if key != "nullable"}
    if inner.get("type") == "object" and "properties" not in inner:
        inner.pop("type")
    if schema.get("nullable") and "type" in inner:
        inner["type"] = [inner["type"], "null"]
    if "properties" in inner:
        inner["additionalProperties"] = False
    return inner


def read(uri: str) -> Resource[Any]:
    schema = nullable(json.loads(Path(uri.removeprefix("file://")).read_text()))
    return Resource.from_contents(schema, default_specification=DRAFT202012)


REGISTRY: Registry[Any] = Registry(retrieve=read)


def problems(body: Any, path: Path, operation: dict[str, Any]) -> list[str]:
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    absolute = {"$ref": f"{path.as_uri()}{schema['$ref']}"} if "$ref" in schema else schema
    validator = Draft202012Validator(absolute, registry=REGISTRY)
    return [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(body)]


CHILDREN: dict[Kin, Patch] = {
    Kin.NOTE: {"body": "x", "title": "x", "color": "#FFAA00", "pinned": True, "userId": "u1"},
    Kin.TASK: {"title": "x", "body": "x", "dueDate": NOW, "completed": True, "assignedTo": "u1"},
    Kin.APPOINTMENT: {
        "calendarId": "cal1",
        "title": "x",
        "startTime": NOW,
        "endTime": NOW + timedelta(hours=1),
        "appointmentStatus": "confirmed",
        "assignedUserId": "u1",
        "notes": "x",
        "address": "x",
    },
}


def all_that_is_done_with(ghl: Ghl, resource: Kin, parent: str, patch: Patch) -> None:
    """Every call for what belongs to a contact, with every field that can be written."""
    made = push_child(ghl, Op(7, resource, OpKind.CREATE, None, patch, parent_id=parent))
    assert made.error is None
    assert made.remote_id is not None
    clearable = [one.name for one in ghl.spec.resources[resource].fields.values() if one.clearable]
    changes = [patch, dict.fromkeys(set(clearable) & patch.keys())]
    for change in changes:
        one = Op(7, resource, OpKind.UPDATE, made.remote_id, change, parent_id=parent)
        assert push_child(ghl, one).error is None
    ghl.keep_to(resource, Extent(only={"calendarId": frozenset({"cal1"})}))
    list(ghl.pull(resource, None, fields=FIELDS))
    assert len(ghl.children(resource, parent, fields=FIELDS)) == 1
    ghl.child(resource, made.remote_id, parent, fields=FIELDS)
    gone = Op(7, resource, OpKind.DELETE, made.remote_id, {}, parent_id=parent)
    assert push_child(ghl, gone).error is None


GENERATIONS = {
    "dated": {},
    "v3": dict.fromkeys(("contacts", "locations", "calendars", "users"), "v3"),
}


@pytest.fixture(scope="module", params=GENERATIONS)
def sent(request: pytest.FixtureRequest) -> tuple[str, FakeGhl]:
    """A generation of the API, and a fake that saw all that the connector does in it."""
    fake = FakeGhl(bare_rows=True)
    ghl = fake.open(versions=GENERATIONS[request.param])
    ghl.check()
    fields = {
        "custom.Memo": (FieldSpec("custom.Memo"), "text"),
        "custom.Size": (FieldSpec("custom.Size", Kind.NUMBER), 4.5),
        "custom.Day": (FieldSpec("custom.Day", Kind.DATE), date(2020, 2, 3)),
        "custom.Sure": (FieldSpec("custom.Sure", Kind.BOOLEAN), True),
        "custom.Level": (FieldSpec("custom.Level", Kind.CHOICE, choices=("a",)), "a"),
        "custom.Likes": (FieldSpec("custom.Likes", Kind.SET, choices=("a",)), frozenset({"a"})),
    }
    for field, _ in fields.values():
        ghl.create_field(CONTACT, field)
    custom = {name: value for name, (_, value) in fields.items()}
    texts = ("firstName", "lastName", "phone", "address1", "city", "state", "website", "source")
    plain = {**dict.fromkeys(texts, "x"), "timezone": "Europe/Berlin", "assignedTo": "u1"}
    plain |= {"email": "ann@example.org", "dateOfBirth": date(1990, 9, 25)}
    kept = {"postalCode": "01234", "country": "DE"}
    made = push(
        ghl,
        op(
            OpKind.CREATE,
            patch={
                **plain,
                **kept,
                **custom,
                "companyName": "Example Ltd",
                "tags": frozenset({"vip"}),
                "consent": Consent(Level.REVOKED),
            },
        ),
    )
    assert made.error is None
    assert made.remote_id is not None
    changes = [
        {**plain, **kept, **custom},
        dict.fromkeys([*plain, *custom]),
        {"consent": Consent(Level.GRANTED), "tags": SetDelta(frozenset("a"), frozenset("b"))},
        {"consent": Consent(Level.REVOKED)},
    ]
    for change in changes:
        assert push(ghl, op(OpKind.UPDATE, made.remote_id, change)).error is None
    *_, page = ghl.pull(CONTACT, None, fields=FIELDS)
    list(ghl.pull(CONTACT, page.cursor, fields=FIELDS))
    ghl.find(CONTACT, "email", "ann@example.org", fields=FIELDS)
    ghl.find(CONTACT, "phone", "+12025550123", fields=FIELDS)
    for resource, patch in CHILDREN.items():
        all_that_is_done_with(ghl, resource, made.remote_id, patch)
    assert push(ghl, op(OpKind.DELETE, made.remote_id)).error is None
    assert fake.clock.now() >= NOW
    return request.param, fake


def test_every_request_is_described(sent: tuple[str, FakeGhl]) -> None:
    generation, fake = sent
    wrong: list[str] = []
    for request, body in zip(fake.requests, fake.bodies, strict=True):
        label = f"{request.method} {request.url.path}"
        found = described(request.method, request.url.path, generation)
        if found is None:
            wrong.append(f"{label} is not described")
            continue
        path, operation = found
        parameters = operation.get("parameters", [])
        queries = {one["name"] for one in parameters if one["in"] == "query"}
        required = {one["name"] for one in parameters if one["in"] == "query" and one["required"]}
        given = set(request.url.params)
        if not required <= given <= queries:
            wrong.append(f"{label} has the query {sorted(given)}")
        if "requestBody" not in operation:
            wrong += [f"{label} has a body"] if body is not None else []
            continue
        if request.url.path == "/contacts/search":
            continue
        checked = {key: value for key, value in body.items() if key != "options"}
        wrong += [f"{label}: {problem}" for problem in problems(checked, path, operation)]
    assert wrong == []


def test_the_version_is_one_that_the_files_name(sent: tuple[str, FakeGhl]) -> None:
    generation, fake = sent
    for request in fake.requests:
        found = described(request.method, request.url.path, generation)
        assert found is not None
        headers = [one for one in found[1]["parameters"] if one["name"] == "Version"]
        assert request.headers["version"] in headers[0]["schema"]["enum"]


def test_a_body_that_the_files_do_not_describe_is_noticed() -> None:
    found = described("PUT", "/contacts/c1", "dated")
    assert found is not None
    assert problems({"companyName": "x"}, *found)
    assert problems({"postalCode": None}, *found)
    assert not problems({"email": None}, *found)
