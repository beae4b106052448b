"""Keys, media types, status codes, quirks of bodies (maileon.md §1, §6)."""

import base64

import pytest

from .maileon_client import JSON, XML, Api, contact, message, tree


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_ping_probes_each_method(method: str) -> None:
    """§1.3; it changes nothing."""
    api = Api()
    assert api.call(method, "/ping", body=b"hello", Content_Type="text/plain").status_code == 200
    api.key = api.person("make_key", methods=[m for m in ("GET", "POST") if m != method])["api_key"]
    assert api.call(method, "/ping").status_code == 403
    assert api.world.writes["maileon"] == 0


def test_the_bare_key_and_the_key_with_a_colon_are_accepted() -> None:
    """§1.2."""
    api = Api()
    for text in (api.key, f"{api.key}:"):
        assert api.get("/ping", Authorization=basic(text)).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        basic("an-unknown-key-of-some-length"),
        basic(":sandbox-maileon-key-7301"),
        basic(base64.b64encode(b"sandbox-maileon-key-7301").decode()),
        "Bearer sandbox-maileon-key-7301",
    ],
)
def test_another_credential_is_401(header: str) -> None:
    """§1.2, also for a key encoded twice."""
    answer = Api().get("/ping", Authorization=header)
    assert answer.status_code == 401
    assert message(answer) == "the API key is missing or invalid"


def test_a_key_expires_at_the_start_of_its_day() -> None:
    """§1.2, §8 rows 25 and 36: local midnight, 23:00 UTC."""
    api = Api()
    api.key = api.person("make_key", expires="2026-11-21")["api_key"]
    api.later(hours=11, minutes=29)
    assert api.get("/ping").status_code == 200
    api.later(minutes=1)
    assert api.get("/ping").status_code == 401
    api.key = api.person("make_key", key="another-expired-key", expired=True)["api_key"]
    assert api.get("/ping").status_code == 401


def test_a_blocked_account_is_401() -> None:
    """§1.2, §8 row 24."""
    api = Api()
    api.person("block_account")
    assert api.get("/ping").status_code == 401
    api.person("block_account", blocked=False)
    assert api.get("/ping").status_code == 200


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_may_be_bound_to_addresses(status: int) -> None:
    """§1.2, §8 row 36: which of the codes is unknown."""
    api = Api(ip_refused_status=status)
    api.key = api.person("make_key", ips=["192.0.2.7"])["api_key"]
    assert api.get("/ping").status_code == status


def test_a_read_only_key_cannot_write() -> None:
    """§1.2, §8 row 24."""
    api = Api()
    api.key = api.person("make_key", methods=["GET"])["api_key"]
    assert api.get("/contacts").status_code == 200
    assert api.post("/contacts/email/ada@example.org").status_code == 403
    assert api.emails() == []


def test_account_info_in_json_and_xml_shows_an_offset() -> None:
    """§1.4."""
    api = Api(account_type="production", account_id=99)
    facts = api.get("/account/info", Accept="application/json").json()
    assert (facts["id"], facts["type"]) == (99, "production")
    assert facts["created"].endswith("+0200")
    shown = tree(api.get("/account/info", Accept="application/xml"))
    assert shown.findtext("id") == "99"
    assert {each.tag for each in shown} == set(facts)
    assert api.get("/account/info").status_code == 406


def test_unknown_paths_methods_and_media_types_have_their_codes() -> None:
    """§6.1: 405, 406, 415, each with an error body; what is not emulated is a 501."""
    api = Api()
    ada = "/contacts/email/ada@example.org"
    answers = (
        (501, api.get("/contact")),
        (501, api.get("/webhooks")),
        (405, api.put("/contacts")),
        (405, api.call("HEAD", "/contacts/count")),
        (406, api.get("/contacts", Accept=JSON)),
        (406, api.get("/contacts", Accept="application/xml")),
        (415, api.post("/contacts", {}, "{}", Content_Type=JSON)),
        (415, api.post(ada, {}, "<contact/>", Content_Type="application/xml")),
        (415, api.post(ada, {}, "<contact/>", Content_Type="")),
        (415, api.post(ada, {}, "<contact/>", Content_Encoding="gzip")),
    )
    for status, answer in answers:
        assert answer.status_code == status
        assert not answer.content or message(answer)
    assert api.get("/contacts", Accept=f"text/html, {XML};q=0.9").status_code == 200
    assert api.get("/contacts", Accept="*/*").status_code == 200


def test_expect_continue_is_not_understood() -> None:
    """§1.5, §8 row 21."""
    answer = Api().post("/contacts", {}, "<contacts/>", Expect="100-continue")
    assert answer.status_code == 417


def test_bodies_begin_with_a_newline_or_lack_their_declaration_now_and_then() -> None:
    """§2.1, §8 row 22: no newline before a declaration, which would be no XML."""
    api = Api(quirk_share=0.5)
    bodies = {api.get("/contacts/count").text for _ in range(60)}
    declared = '<?xml version="1.0" encoding="UTF-8"?>\n<count>0</count>'
    assert bodies == {declared, "<count>0</count>", "\n<count>0</count>"}


def test_quirks_repeat_with_the_seed() -> None:
    api = Api(quirk_share=0.5)
    first = [api.get("/contacts/count").text for _ in range(20)]
    api.maileon.reset()
    api.maileon.configure({"quirk_share": 0.5})
    assert [api.get("/contacts/count").text for _ in range(20)] == first


def test_no_rate_limit_unless_one_is_set() -> None:
    """§6.3: none is documented."""
    api = Api()
    assert {api.get("/ping").status_code for _ in range(100)} == {200}
    api.maileon.configure({"requests_per_second": 3})
    assert [api.get("/ping").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert api.world.refusals["maileon"] == 1
    api.later(seconds=1)
    assert api.get("/ping").status_code == 200


def test_requests_and_writes_are_counted_by_route() -> None:
    api = Api()
    api.create("ada@example.org")
    api.get("/contacts/email/ada@example.org")
    api.get("/contacts/email/bob@example.org")
    api.put("/contacts/email/ada@example.org", {}, contact(CITY="A"))
    api.put("/contacts/email/bob@example.org", {}, contact(CITY="A"))
    assert api.world.requests["maileon GET /contacts/email/{email}"] == 2
    assert api.world.requests["maileon PUT /contacts/email/{email}"] == 2
    assert api.world.writes["maileon"] == 1
