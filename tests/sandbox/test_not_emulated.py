"""A call that no emulator knows: the sandbox says so, and never as a platform says "not found"."""

import json
from typing import Any

import httpx
import pytest
from lxml import etree

from syncd.testing.inprocess import sandbox

from .ghl_client import Api as Ghl
from .ghl_client import lines
from .maileon_client import Api as Maileon
from .mailercloud_client import Api as Mailercloud

ID = "ocQHyuzHvysMo5N5VsXc"
CALLS: dict[str, tuple[tuple[str, str], ...]] = {
    "ghl": (
        ("POST", "/businesses/"),
        ("PUT", f"/businesses/{ID}"),
        ("DELETE", f"/contacts/{ID}/campaigns/removeAll"),
        ("POST", f"/contacts/{ID}/workflow/w1"),
        ("POST", "/calendars/"),
        ("GET", f"/calendars/appointments/{ID}/notes"),
        ("POST", "/calendars/events/block-slots"),
        ("GET", "/workflows/"),
        ("GET", "/opportunities/search"),
        ("POST", "/opportunities/"),
        ("POST", "/conversations/messages"),
        ("GET", "/oauth/installedLocations"),
        ("GET", "/oauth/chooselocation"),
        ("GET", "/locations/search"),
        ("GET", f"/locations/{ID}/customValues"),
        ("PATCH", f"/contacts/{ID}"),
        ("DELETE", "/contacts/"),
        ("GET", "/users"),
        ("GET", "/webhooks"),
        ("GET", "/asdf/qwer"),
        ("GET", "/"),
        ("GET", ""),
    ),
    "maileon": (
        ("GET", "/webhooks"),
        ("POST", "/transactions"),
        ("GET", "/transactions/types"),
        ("GET", "/transactions/types/some-type"),
        ("POST", "/dataextensions"),
        ("POST", "/contactfilters/v2"),
        ("PUT", "/contactfilters/contactfilter/4"),
        ("POST", "/marketingautomation/4"),
        ("GET", "/mailings/filter/states"),
        ("GET", "/targetgroups"),
        ("GET", "/contacts/nobody@example.org"),
        ("DELETE", "/contacts/nobody@example.org"),
        ("GET", "/contact"),
        ("GET", "/<&>"),
        ("GET", "/"),
    ),
    "mailercloud": (
        ("GET", "/lists"),
        ("PUT", "/list/KqWzRb"),
        ("DELETE", "/list/KqWzRb"),
        ("DELETE", "/webhooks/abc"),
        ("POST", "/contact"),
        ("POST", "/segments/search"),
        ("POST", "/automations/search"),
        ("POST", "/message/send"),
        ("GET", "/asdf"),
        ("GET", "/"),
    ),
}
EVERY = [(platform, *call) for platform, calls in CALLS.items() for call in calls]


def send(platform: str, method: str, path: str, *, key: bool = True) -> httpx.Response:
    api: Any = {"ghl": Ghl, "maileon": Maileon, "mailercloud": Mailercloud}[platform]()
    if platform == "maileon":
        answer: httpx.Response = api.call(method, path, **({} if key else {"Authorization": ""}))
        return answer
    if not key:
        del api.http.headers["Authorization"]
    sent: httpx.Response = api.http.request(method, path)
    return sent


@pytest.mark.parametrize("key", [True, False], ids=["key", "no-key"])
@pytest.mark.parametrize(("platform", "method", "path"), EVERY)
def test_a_call_that_is_not_emulated_is_a_501_that_names_it(
    platform: str, method: str, path: str, key: bool
) -> None:
    answer = send(platform, method, path, key=key)
    assert answer.status_code == 501
    if platform == "maileon":
        said = etree.fromstring(answer.content).findtext("message") or ""
    else:
        body = json.loads(answer.content)
        said = body["message"]
        assert body["traceId"] if platform == "ghl" else body["errors"][0]["message"] == said
    assert "not emulated here" in said
    assert f"{method} {path}" in said


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/contacts/{ID}/workflow/w1"),
        ("POST", f"/contacts/{ID}/workflow/w1/"),
        ("POST", f"/contacts/{ID}/campaigns/c1/"),
        ("POST", "/conversations/messages"),
        ("POST", "/conversations/messages/"),
        ("POST", "/locations/"),
        ("POST", "/locations"),
        ("DELETE", f"/locations/{ID}/"),
        ("DELETE", f"/users/{ID}"),
        ("POST", "/calendars/"),
        ("PUT", f"/calendars/{ID}"),
        ("DELETE", f"/calendars/{ID}"),
        ("PUT", f"/businesses/{ID}"),
        ("DELETE", f"/businesses/{ID}"),
        ("DELETE", f"/locations/{ID}/tags/t1/"),
        ("DELETE", f"/locations/{ID}/customFields/f1/"),
    ],
)
def test_what_would_have_done_harm_is_written_down_all_the_same(method: str, path: str) -> None:
    api = Ghl()
    assert api.http.request(method, path).status_code == 501
    assert api.box.world.forbidden == [f"{method} {path}"]
    assert api.box.world.requests[f"ghl {method} (no route)"] == 1


def test_what_is_known_to_be_none_stays_as_documented() -> None:
    """ghl.md 0, T12; maileon.md 8 row 16; mailercloud.md 14."""
    assert lines(Ghl().send("POST", "/opportunities"), 404) == ["Cannot POST /opportunities"]
    assert Maileon().get("/reports/bounces/unique").status_code == 404
    assert Mailercloud().send("GET", "/list").status_code == 405


def test_control_and_paths_of_no_platform_answer_as_before() -> None:
    http = httpx.Client(transport=sandbox().transport, base_url="http://sandbox.test")
    assert http.get("/_control/nothing").status_code == 404
    assert http.get("/nothing").status_code == 404
