"""`/_control`, the faults, the errands, and the two ways to serve the sandbox."""

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from syncd.sandbox.server import start
from syncd.testing.inprocess import Sandbox, sandbox

from .ghl_client import NOW, Api


def control(box: Sandbox) -> httpx.Client:
    return httpx.Client(transport=box.transport, base_url="http://sandbox.test/_control")


def test_info_says_how_to_reach_each_platform() -> None:
    box = sandbox()
    known = control(box).get("/info").json()
    assert known["ghl"]["base_url"] == "http://sandbox.test/ghl"
    assert {"token", "location_id", "company_id", "oauth"} <= set(known["ghl"])
    assert known["maileon"]["base_url"] == "http://sandbox.test/maileon/1.0"
    assert known["mailercloud"]["base_url"] == "http://sandbox.test/mailercloud/v1"
    assert {"api_key", "list_id", "second_list_id", "account"} <= set(known["mailercloud"])


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("POST", "/info"), ("GET", "/acme/contacts"), ("PUT", "/ghl/act")],
)
def test_an_unknown_route_says_which_there_are(method: str, path: str) -> None:
    answer = control(sandbox()).request(method, path)
    assert answer.status_code == 404
    assert "POST /reset" in answer.json()["error"]


def test_no_platform_at_a_path_says_which_there_are() -> None:
    answer = httpx.Client(transport=sandbox().transport).get("http://sandbox.test/ghlx/contacts/")
    assert answer.status_code == 404
    assert "/ghl" in answer.json()["prefixes"]


@pytest.mark.parametrize(
    ("path", "body", "hint"),
    [
        ("/seed", {}, "contacts"),
        ("/seed", {"contacts": -1}, "contacts"),
        ("/seed", {"contacts": 1, "common": 2}, "common"),
        ("/seed", {"people": 1}, "allowed: contacts, common, seed"),
        ("/reset", {"seed": "x"}, "seed"),
        ("/clock", {}, "advance_s"),
        ("/clock", {"freeze_at": "noon"}, "ISO 8601"),
        ("/clock", {"freeze_at": 3}, "ISO 8601"),
        ("/clock", {"advance_s": "1"}, "number"),
        ("/faults", {"kind": "flood"}, "lost_answer"),
        ("/faults", {"kind": "status", "path": "("}, "regular expression"),
        ("/faults", {"kind": "status", "path": 3}, "regular expression"),
        ("/faults", {"kind": "status", "platform": "acme"}, "maileon"),
        ("/faults", {"kind": "status", "method": 3}, "string"),
        ("/faults", {"kind": "status", "probability": 2}, "probability"),
        ("/ghl/act", {}, "action"),
        ("/ghl/act", {"action": "dance"}, "unknown action"),
        ("/ghl/settings", {"speed": 1}, "unknown setting"),
        ("/mailercloud/act", {"action": "dance"}, "no action"),
        ("/mailercloud/settings", {"speed": 1}, "no setting"),
        ("/later", {"platform": "ghl"}, "action"),
        ("/later", {"platform": "ghl", "action": "empty", "before": 1, "after": 1}, "not both"),
        ("/later", {"platform": "ghl", "action": "empty", "before": 0}, "count from 1"),
        ("/later", {"platform": "ghl", "action": "empty", "on": {"route": "x"}}, "allowed"),
        ("/later", {"platform": "ghl", "action": "empty", "on": "x"}, "object"),
    ],
)
def test_a_bad_body_says_what_is_allowed(path: str, body: dict[str, Any], hint: str) -> None:
    answer = control(sandbox()).post(path, json=body)
    assert answer.status_code == 400
    assert hint in answer.json()["error"]


@pytest.mark.parametrize("raw", [b"{", b"[]"])
def test_a_body_that_is_no_object_is_refused(raw: bytes) -> None:
    assert control(sandbox()).post("/reset", content=raw).status_code == 400


def test_seeding_reset_and_seeding_again_repeats_itself() -> None:
    box = sandbox(contacts=20, frozen_at=NOW)
    http = control(box)
    before = http.get("/ghl/contacts").json()
    assert len(before) == 20
    added = http.post("/seed", json={"contacts": 5}).json()["seeded"]
    assert added == {"ghl": 5, "maileon": 5, "mailercloud": 5}
    assert len(http.get("/ghl/contacts").json()) == 25
    http.post("/reset", json={"contacts": 20})
    again = http.get("/ghl/contacts").json()
    assert again == before
    http.post("/reset", json={"seed": 8, "contacts": 20})
    other = http.get("/ghl/contacts").json()
    assert {one["email"] for one in other}.isdisjoint(one["email"] for one in before)


def test_reset_keeps_the_credentials_and_drops_the_settings() -> None:
    api = Api(allow_duplicates=True)
    http = control(api.box)
    api.act("revoke_token", token=api.info["token"])
    http.post("/reset", json={"seed": 99})
    assert http.get("/info").json()["ghl"] == api.info
    assert http.get("/ghl/settings").json()["allow_duplicates"] is False
    assert api.search().status_code == 200


def test_half_of_the_seeded_people_are_on_both_platforms() -> None:
    box = sandbox(contacts=60)
    ghl = {one["email"].lower() for one in box.platform("ghl").dump()}
    assert len(ghl) == 60
    http = control(box)
    http.post("/reset", json={})
    answer = http.post("/seed", json={"contacts": 40, "common": 1.0}).json()
    assert answer["seeded"] == {"ghl": 40, "maileon": 40, "mailercloud": 40}


def test_acting_as_a_person_and_settings_go_through_control() -> None:
    http = control(sandbox())
    body = {"action": "create", "fields": {"email": "a@example.org"}}
    id_ = http.post("/ghl/act", json=body).json()["id"]
    assert http.get("/ghl/contacts").json()[0]["id"] == id_
    assert http.post("/ghl/settings", json={"index_lag_s": 9}).json()["index_lag_s"] == 9
    assert http.get("/ghl/settings").json()["index_lag_s"] == 9


def test_the_date_header_of_every_answer_is_the_sandbox_clock() -> None:
    api = Api()
    http = control(api.box)
    assert api.search().headers["date"] == "Fri, 20 Nov 2026 11:30:15 GMT"
    http.post("/clock", json={"advance_s": 3600})
    assert http.get("/clock").headers["date"] == "Fri, 20 Nov 2026 12:30:15 GMT"
    http.post("/clock", json={"freeze_at": "2027-01-01T00:00:00"})
    assert http.get("/clock").json()["now"] == "2027-01-01T00:00:00+00:00"
    http.post("/clock", json={"run": True})
    now = datetime.fromisoformat(http.get("/clock").json()["now"])
    assert abs((datetime.now(UTC) - now).total_seconds()) < 60


def test_counters_count_by_endpoint_and_can_be_cleared() -> None:
    api = Api()
    http = control(api.box)
    id_ = api.create(email="a@example.org")
    api.get(id_)
    api.send("GET", "/contacts/unknown")
    api.send("POST", f"/contacts/{id_}/workflow/w1")
    shown = http.get("/counters").json()
    assert shown["requests"] == {
        "ghl POST /contacts/": 1,
        "ghl GET /contacts/{contactId}": 2,
        "ghl POST (no route)": 1,
    }
    assert shown["writes"] == {"ghl": 1}
    assert shown["forbidden"] == [f"POST /contacts/{id_}/workflow/w1"]
    assert http.delete("/counters").json()["requests"] == {}


def fault(api: Api, **fields: Any) -> None:
    control(api.box).post("/faults", json=fields).raise_for_status()


def test_a_status_fault_answers_instead_of_the_platform() -> None:
    """Table 0.1: 5xx; also the occasional 401 under load (T3)."""
    api = Api()
    body = {"statusCode": 401, "message": "Invalid JWT"}
    fault(api, kind="status", status=401, body=body, times=1, headers={"X-Why": "load"})
    answer = api.search()
    assert (answer.status_code, answer.json(), answer.headers["x-why"]) == (401, body, "load")
    assert api.search().status_code == 200
    shown = control(api.box).get("/counters").json()
    assert (shown["faults"], shown["requests"]) == (
        {"ghl status": 1},
        {"ghl POST /contacts/search": 1},
    )


def test_a_lost_answer_was_carried_out_and_a_refused_connection_not() -> None:
    """Section 11."""
    api = Api()
    fault(api, kind="lost_answer", method="POST", path="^/contacts/$", times=1)
    with pytest.raises(httpx.ReadError):
        api.create(email="a@example.org")
    assert len(api.rows()) == 1
    fault(api, kind="refused", method="POST", path="^/contacts/$", times=1)
    with pytest.raises(httpx.ConnectError):
        api.create(email="b@example.org")
    assert len(api.rows()) == 1


def test_a_status_can_come_after_the_deed() -> None:
    """3.6, T31: a 400 on a PUT that had in fact been applied."""
    api = Api()
    id_ = api.create(email="a@example.org")
    fault(api, kind="status_after", status=400, method="PUT", body={"message": "Bad Request"})
    assert api.put(id_, city="Bern").status_code == 400
    assert api.get(id_)["city"] == "Bern"


def test_answers_can_be_cut_replaced_or_a_proxys_page() -> None:
    api = Api()
    fault(api, kind="truncated", times=1)
    with pytest.raises(ValueError, match=r"\w"):
        api.search().json()
    fault(api, kind="body", body="[]", times=1)
    assert api.search().json() == []
    fault(api, kind="html", status=520, times=1)
    answer = api.search()
    assert (answer.status_code, answer.headers["content-type"][:9]) == (520, "text/html")


def test_faults_wait_choose_and_repeat_by_seed() -> None:
    def struck(seed: int) -> list[int]:
        api = Api()
        api.box.world.reset(seed)
        fault(api, kind="status", status=503, platform="ghl", after=2, probability=0.5)
        return [api.search().status_code for _ in range(20)]

    first = struck(1)
    assert first[:2] == [200, 200]
    assert 503 in first[2:]
    assert first == struck(1) != struck(2)


def test_faults_are_listed_and_cleared() -> None:
    api = Api()
    fault(api, kind="status", platform="maileon")
    assert api.search().status_code == 200
    http = control(api.box)
    assert http.get("/faults").json()["faults"][0]["platform"] == "maileon"
    assert http.delete("/faults").json() == {"faults": []}


@pytest.mark.parametrize(("moment", "seen"), [("before", "Basel"), ("after", "Bern")])
def test_a_person_can_edit_in_the_middle_of_a_cycle(moment: str, seen: str) -> None:
    api = Api()
    id_ = api.create(email="a@example.org", city="Bern")
    errand = {
        "on": {"platform": "ghl", "method": "GET", "path": "^/contacts/"},
        moment: 2,
        "platform": "ghl",
        "action": "edit",
        "id": id_,
        "fields": {"city": "Basel"},
    }
    http = control(api.box)
    assert len(http.post("/later", json=errand).json()["waiting"]) == 1
    assert [api.get(id_)["city"] for _ in range(3)] == ["Bern", seen, "Basel"]
    told = http.get("/later").json()
    assert told["waiting"] == []
    assert told["done"][0]["result"]["contact"]["city"] == "Basel"


def test_an_errand_that_cannot_be_done_is_told_and_breaks_nothing() -> None:
    api = Api()
    http = control(api.box)
    body = {"platform": "ghl", "action": "delete", "id": "nobody"}
    http.post("/later", json=body)
    assert api.search().status_code == 200
    assert "nobody" not in http.get("/later").json()["done"][0].get("result", {})
    assert "no contact" in http.get("/later").json()["done"][0]["error"]
    http.post("/later", json=body)
    assert http.delete("/later").json() == {"waiting": [], "done": []}


def test_a_broken_connection_does_not_swallow_the_errand_after_it() -> None:
    api = Api()
    http = control(api.box)
    for kind in ("lost_answer", "refused"):
        fault(api, kind=kind, times=1)
        fields = {"email": f"{kind}@example.org"}
        body = {"platform": "ghl", "action": "create", "fields": fields, "after": 1}
        http.post("/later", json=body)
        with pytest.raises(httpx.TransportError):
            api.search()
    assert [one["email"][:4] for one in api.ghl.dump()] == ["lost", "refu"]


def test_reset_takes_the_clock_back_to_where_it_stood() -> None:
    api = Api()
    api.later(3600)
    control(api.box).post("/reset")
    assert api.box.world.clock.now() == NOW


def test_limits_must_be_one_of_three() -> None:
    with pytest.raises(ValueError, match="off, real, agency"):
        sandbox(limits="none")


def test_over_a_socket_a_lost_answer_breaks_in_the_body() -> None:
    running = start(contacts=3)
    try:
        with httpx.Client(base_url=running.url) as http:
            info = http.get("/_control/info").json()["ghl"]
            assert info["base_url"] == f"{running.url}/ghl"
            http.post("/_control/faults", json={"kind": "lost_answer", "times": 1})
            with pytest.raises(httpx.RemoteProtocolError, match="received 2 bytes"):
                http.get("/ghl/users/")
            http.post("/_control/faults", json={"kind": "refused", "times": 1})
            with pytest.raises(httpx.TransportError):
                http.get("/ghl/users/")
            assert len(http.get("/_control/ghl/contacts").json()) == 3
    finally:
        running.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.url}/_control/info")


def test_serve_says_when_it_is_ready_and_stops_on_sigterm() -> None:
    code = "from syncd.sandbox.server import serve; serve(contacts=2)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as served:
        assert served.stdout is not None
        line = served.stdout.readline()
        assert line.startswith("sandbox ready on http://127.0.0.1:")
        known = httpx.get(line.split()[-1] + "/_control/info").json()
        assert set(known) == {"ghl", "maileon", "mailercloud"}
        served.terminate()
        assert served.wait(timeout=30) == 0
