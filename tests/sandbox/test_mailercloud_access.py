"""Key, edge, pace, shapes of errors, plan, and what is never called (mailercloud.md §2, §14)."""

from typing import Any

import pytest

from .mailercloud_client import ADA, Api, page, refused


def test_the_raw_key_is_the_whole_header() -> None:
    """§2, §17.1: no `Bearer`, no `Basic`."""
    api = Api()
    key = api.info["api_key"]
    assert api.send("GET", "/client/plan").status_code == 200
    for header in ("", f"Bearer {key}", f"Basic {key}", key.upper(), "x"):
        answer = api.send("GET", "/client/plan", Authorization=header)
        assert answer.status_code == 401
        assert answer.json()["code"] == "invalid_api_key"


def test_keys_are_made_revoked_and_no_more_than_ten() -> None:
    """§2."""
    api = Api()
    made = [api.act("make_key")["api_key"] for _ in range(9)]
    with pytest.raises(ValueError, match="at most 10"):
        api.act("make_key")
    assert api.send("GET", "/client/plan", Authorization=made[0]).status_code == 200
    api.act("revoke_key", key=made[0])
    assert api.send("GET", "/client/plan", Authorization=made[0]).status_code == 401
    api.act("revoke_key", key=api.info["api_key"])
    assert api.send("GET", "/client/plan").status_code == 401
    api.platform.reset()
    assert api.send("GET", "/client/plan").status_code == 200


def verifies(answer: Any) -> bool:
    """How the vendor's WordPress plugin tells a good key (§14, traps): never by the status.

    Its transport adds an empty `data` to a body with a `message`, unless it has `errors`.
    """
    body = answer.json()
    if "message" in body and "errors" not in body:
        body = {**body, "data": []}
    return "data" in body


def test_the_vendors_plugin_tells_a_bad_key_from_a_good_one() -> None:
    """§14: missing, mistyped, with a scheme, and revoked."""
    api = Api()
    key = api.info["api_key"]
    assert verifies(api.send("GET", "/client/plan"))
    revoked = api.act("make_key")["api_key"]
    api.act("revoke_key", key=revoked)
    for header in ("", "x", f"Bearer {key}", revoked):
        answer = api.send("GET", "/client/plan", Authorization=header)
        assert answer.status_code == 401
        assert not verifies(answer)
    del api.http.headers["Authorization"]
    for method, path in (
        ("GET", "/client/plan"),
        ("POST", "/contacts"),
        ("PUT", f"/contacts/{ADA}"),
    ):
        answer = api.send(method, path, {} if method != "GET" else None)
        assert (answer.status_code, verifies(answer)) == (401, False)
        assert answer.json()["errors"][0]["message"] == "Invalid API key"


def test_a_wrong_list_is_no_success_to_the_vendors_plugin_either() -> None:
    """§4.3, §14: 401 with a good key, by every call that names a list."""
    api = Api()
    for answer in (
        api.create(list_id="nolist"),
        api.upsert(list_id="nolist"),
        api.batch({"email": ADA}, list_id="nolist"),
        api.search("nolist"),
    ):
        assert (answer.status_code, verifies(answer)) == (401, False)


def test_a_bad_key_without_errors_is_a_switch() -> None:
    """§14: the other mark of the same shape; the plugin then takes any key."""
    api = Api(bad_key_has_errors=False)
    answer = api.send("GET", "/client/plan", Authorization="x")
    assert answer.json() == {"code": "invalid_api_key", "message": "Invalid API key"}
    assert verifies(answer)


def test_the_agent_of_urllib_is_blocked_at_the_edge_in_html() -> None:
    """§2: an HTML 403 is no bad key."""
    api = Api()
    answer = api.send("GET", "/client/plan", **{"User-Agent": "Python-urllib/3.11"})
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    api.platform.configure({"block_python_agents": "off"})
    assert api.send("GET", "/client/plan", **{"User-Agent": "Python-urllib/3.11"}).is_success


@pytest.mark.parametrize(
    "agent", ["python-httpx/0.28.1", "python-requests/2.32", "aiohttp/3.9", " ", ""]
)
def test_whether_other_generic_agents_are_blocked_is_a_switch(agent: str) -> None:
    """§2: nobody tells of them."""
    api = Api()
    assert api.send("GET", "/client/plan", **{"User-Agent": agent}).is_success
    api.platform.configure({"block_python_agents": "all"})
    answer = api.send("GET", "/client/plan", **{"User-Agent": agent})
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "Cloudflare" in answer.text


def test_the_plan_counts_contacts_against_the_quota() -> None:
    """§2."""
    api = Api()
    api.upsert()
    api.act("set_quota", total=2)
    assert api.send("GET", "/client/plan").json()["data"] == {
        "name": "Sandbox Bakery",
        "email": "ops@bakery.example.com",
        "plan": "Premium",
        "total_contacts": 2,
        "used_contacts": 1,
        "remaining_contacts": 1,
    }
    api.upsert("bob@example.org")
    assert "limit" in refused(api.upsert("cy@example.org"), 403)
    assert api.put(city="Bern").status_code == 200
    assert api.batch({"email": "dee@example.org"}, {"email": ADA}).json()["data"] == {
        "submitted": 2,
        "inserted": 0,
        "updated": 1,
        "skipped": 1,
    }


def test_a_rejected_upsert_uses_quota_all_the_same() -> None:
    """§17.2; until the address is saved after all."""
    api = Api()

    def used() -> int:
        return int(api.send("GET", "/client/plan").json()["data"]["used_contacts"])

    assert api.upsert(tags=["unknown"]).status_code == 400
    assert used() == 1
    api.platform.configure({"rejected_upsert_uses_quota": False})
    assert used() == 0
    api.platform.configure({"rejected_upsert_uses_quota": True})
    api.upsert()
    assert used() == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "expected"),
    [
        ("POST", "/contacts", {}, 400, {"errors": [{"field": "email", "message": "…"}]}),
        ("POST", "/contacts/batch", {"list_id": "KqWzRb"}, 400, {"errors": {"message": "…"}}),
        ("POST", "/tags/search", page(limit=5), 400, {"error": {"message": "…"}}),
        ("PUT", "/contacts/nobody@example.org", {}, 404, {"message": "…"}),
        ("GET", "/contacts/nobody", None, 404, {"message": "…"}),
        ("GET", "/list", None, 405, {"message": "…"}),
        ("GET", "/lists/search", None, 405, {"message": "…"}),
    ],
)
def test_an_error_has_the_shape_of_its_route(
    method: str, path: str, body: Any, status: int, expected: dict[str, Any]
) -> None:
    """§14, one row each; the fifth, `code`, is that of a bad key."""
    answer = Api().send(method, path, body)
    assert answer.status_code == status
    assert shape(answer.json()) == expected


def shape(body: Any) -> Any:
    """The body with every message replaced by dots."""
    if isinstance(body, list):
        return [shape(one) for one in body]
    if isinstance(body, dict):
        return {k: "…" if k == "message" else shape(v) for k, v in body.items()}
    return body


def test_a_message_stands_in_failures_and_successes_of_put_alike() -> None:
    """§14 traps: only the status tells them apart."""
    api = Api()
    api.upsert()
    good, bad = api.put(city="Bern"), api.put(city="x" * 101)
    assert (good.status_code, set(good.json())) == (200, {"message"})
    assert (bad.status_code, set(bad.json())) == (400, {"message"})


@pytest.mark.parametrize("status", [422, 200])
def test_validation_may_be_422_or_even_200_with_an_errors_key(status: int) -> None:
    """§14: "A 200 with an `errors` key"."""
    api = Api(validation_status=status)
    answer = api.upsert("no address")
    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == "email"
    assert api.emails() == []
    assert api.send("POST", "/tags/search", page(limit=5)).status_code == (400, 422)[status == 422]


def test_a_bad_list_id_is_401_whatever_its_type() -> None:
    """§4.3, §14: and the key is good; ids that differ by case are two."""
    api = Api()
    for list_id in ("QrStUv", 7, ["KqWzRb"], {"id": "KqWzRb"}, True):
        answer = api.upsert(list_id=list_id)
        assert refused(answer, 401) == "list_id: Unauthorized list id"
        assert answer.json().get("code") is None
    for answer in (api.search("zzzzzz"), api.batch({"email": ADA}, list_id="zzzzzz")):
        assert refused(answer, 401) == "list_id: Unauthorized list id"
    assert api.upsert(list_id=None).status_code == 400
    assert api.main.lower() == api.second.lower()
    assert api.main != api.second
    api.platform.configure({"bad_list_status": 400})
    assert api.upsert(list_id=7).status_code == 400


def test_no_limit_unless_limits_are_real() -> None:
    api = Api()
    assert {api.send("GET", "/client/plan").status_code for _ in range(80)} == {200}


def test_fifty_requests_a_second_then_the_address_is_blocked_for_a_while() -> None:
    """§15: no headers tell, and a block is worse than slowness."""
    api = Api(limits="real")
    answers = [api.send("GET", "/client/plan") for _ in range(51)]
    assert [one.status_code for one in answers] == [200] * 50 + [429]
    assert refused(answers[-1], 429) == "Too Many Requests"
    assert "retry-after" not in answers[-1].headers
    assert api.box.world.refusals["mailercloud"] == 1
    api.later(seconds=59)
    assert api.send("GET", "/client/plan").status_code == 429
    api.later(seconds=1)
    assert api.send("GET", "/client/plan").status_code == 200


def test_a_429_may_say_how_long_and_block_nobody() -> None:
    """§14: honour `Retry-After` if given."""
    api = Api(limits="real", requests_per_second=1, limit_block_s=0, retry_after_s=3)
    answers = [api.send("GET", "/client/plan") for _ in range(2)]
    assert answers[1].headers["retry-after"] == "3"
    api.later(seconds=1)
    assert api.send("GET", "/client/plan").status_code == 200


@pytest.mark.parametrize("path", ["/ticket", "/campaign/save", "/campaign/schedule/cAmP01"])
def test_what_alerts_people_or_sends_mail_is_refused_and_noted(path: str) -> None:
    """§3, §12, §17.1."""
    api = Api()
    assert api.send("POST", path, {}).status_code == 403
    assert api.box.world.forbidden == [f"POST {path}"]


def test_requests_and_writes_are_counted_by_route() -> None:
    api = Api()
    api.upsert()
    api.put(city="Bern")
    api.put("bob@example.org", city="Bern")
    api.rows()
    world = api.box.world
    assert world.requests["mailercloud PUT /contacts/{who}"] == 2
    assert world.requests["mailercloud POST /contact/search/{list_id}"] == 1
    assert world.writes["mailercloud"] == 2


def test_senders_are_listed() -> None:
    """§3."""
    rows = Api().send("GET", "/senders").json()["data"]
    assert rows[0]["sender_email"] == "news@bakery.example.com"


def test_only_json_objects_are_understood() -> None:
    """§2."""
    api = Api()
    for raw in (b"{", b"[]", b"1", b"\xff", b'{"email": "\\ud800"}', b"[" * 5000, b'{"x": NaN}'):
        answer = api.http.post(
            "/contacts/upsert", content=raw, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400
    assert api.http.post("/contacts/upsert", data={"email": ADA}).status_code == 400
