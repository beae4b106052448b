"""Whatever is sent, the emulator answers as an API does: never with a crash."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.sandbox.mailercloud import user_actions
from syncd.sandbox.mailercloud.fields import STANDARD

from .mailercloud_client import ADA, HOOK, Api, Receiver

CALM = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.text(st.characters(exclude_categories=())) | st.sampled_from(["", ADA, "crm", "1"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=6
)
api = Api(contacts=3)
api.act("create_tag", name="crm")
IDS = {kind: api.property(kind.title(), kind) for kind in ("text", "number", "textarea", "date")}
HOOK_ID = str(api.act("create_webhook", url=HOOK)["id"])
CAMPAIGN = str(api.act("campaigns")["campaigns"][0]["id"])
Receiver(api)
NAMES = [one.classic for one in STANDARD] + ["tags", "custom_fields", "contact_type", "x"]
bodies = st.dictionaries(st.sampled_from(NAMES) | texts, values)
emails = st.sampled_from([ADA, "bob@example.org"]) | values
lists = st.sampled_from([api.main, api.second]) | values
pages = st.dictionaries(
    st.sampled_from(
        ["limit", "page", "search", "search_name", "type", "sort_field", "sort_order", "list_type"]
    ),
    values,
)


def answered(method: str, path: str, body: Any) -> None:
    raw = json.dumps(body).encode()  # NaN and half characters included
    answer = api.http.request(
        method, path, content=raw, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (200, 201, 400, 401, 403, 404, 405, 501), answer.text
    assert isinstance(answer.json(), dict)


@CALM
@given(bodies, emails, lists)
def test_contact_bodies(body: dict[str, Any], email: Any, list_id: Any) -> None:
    whole = {**body, "email": email, "list_id": list_id}
    answered("POST", "/contacts", whole)
    answered("POST", "/contacts/upsert", whole)
    answered("PUT", f"/contacts/{ADA}", body)
    answered("DELETE", "/contacts", whole)
    answered("POST", "/contact/tag/remove", {"id": email, "tag_names": list_id})
    api.rows()
    api.platform.dump()


@CALM
@given(st.lists(bodies) | values, lists)
def test_batches(rows: Any, list_id: Any) -> None:
    answered("POST", "/contacts/batch", {"list_id": list_id, "contacts": rows})
    answered("POST", "/contacts/batch", rows)


@CALM
@given(st.sampled_from(sorted(IDS.values())), values)
def test_custom_field_values(held: str, value: Any) -> None:
    answered("POST", "/contacts/upsert", {"email": ADA, "list_id": api.main})
    answered("PUT", f"/contacts/{ADA}", {"custom_fields": {held: value}})
    api.rows()


@CALM
@given(pages, values)
def test_searches(body: dict[str, Any], other: Any) -> None:
    paths = ("/lists", "/contact/property", "/tags", "/webform", "/webhooks")
    for path in [f"/contact/search/{api.main}", *(f"{one}/search" for one in paths)]:
        answered("POST", path, body)
    answered("POST", "/campaign/list", {**body, "date_from": other, "date_to": "2030-01-01"})
    answered("POST", f"/campaign/{CAMPAIGN}/unsubs", body)


@CALM
@given(values, values, values)
def test_the_rest_of_the_account(one: Any, other: Any, third: Any) -> None:
    held = {"name": one, "type": other, "description": third}
    answered("POST", "/list", held)
    answered("POST", "/tags", held)
    answered("POST", "/contact/property", held)
    answered("PATCH", f"/contact/property/{IDS['text']}", {"name": one, "description": other})
    hook = {"name": one, "url": other, "events": third, "status": one}
    answered("POST", "/webhooks", hook)
    answered("PUT", f"/webhooks/{HOOK_ID}", hook)
    answered("POST", f"/webhooks/toggle/{HOOK_ID}", hook)
    api.platform.deliver()


@CALM
@given(st.sampled_from(["GET", "PUT", "DELETE", "POST", "PATCH"]), st.text(), values)
def test_paths(method: str, path: str, body: Any) -> None:
    answered(method, f"/contacts/{quote(path)}", body)


@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"x":' * 100_000, b'{"limit":' + b"9" * 5000])
def test_deep_and_huge_bodies(raw: bytes) -> None:
    answer = api.http.post("/tags", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


ACTIONS = sorted({*user_actions.ACTIONS, *api.platform.screens.actions} - {"revoke_key"})
ARGUMENTS = sorted(
    {"id", "email", "new_email", "fields", "custom", "tags", "list", "campaign", "contact_type"}
    | {"kind", "reason", "name", "type", "properties", "total", "url", "events", "webform"}
)


@CALM
@given(st.sampled_from(ACTIONS), st.dictionaries(st.sampled_from(ARGUMENTS), values))
def test_persons(action: str, arguments: dict[str, Any]) -> None:
    raw = json.dumps({"action": action, **arguments}).encode()
    url = "http://sandbox.test/_control/mailercloud/act"
    assert api.http.post(url, content=raw).status_code in (200, 400)
