"""Gate of the GHL emulator: sections 0, 0.1, 1 and 2 of the platform document."""

import pytest

from .ghl_client import Api, lines


def test_every_body_carries_a_trace_id() -> None:
    """Section 0."""
    api = Api()
    seen = {api.search().json()["traceId"] for _ in range(3)}
    assert len(seen) == 3


def test_a_missing_version_header_is_a_401_that_names_it() -> None:
    """Section 0, T5."""
    api = Api()
    del api.http.headers["Version"]
    answer = api.search()
    assert lines(answer, 401) == ["version header was not found."]


def test_an_unknown_version_is_a_401() -> None:
    """Section 0, T5."""
    api = Api()
    api.http.headers["Version"] = "2020-01-01"
    assert lines(api.search(), 401) == ["version header is invalid"]


@pytest.mark.parametrize("version", ["2021-04-15", "2021-07-28", "2023-02-21", "legacy", "v3"])
def test_established_paths_answer_under_every_published_version(version: str) -> None:
    """Section 0, T5; section 8."""
    api = Api()
    api.http.headers["Version"] = version
    assert api.send("GET", "/contacts/", locationId=api.location).status_code == 200


@pytest.mark.parametrize(
    ("switch", "agent"),
    [
        ("urllib", "Python-urllib/3.11"),
        ("all", "Python-urllib/3.11"),
        ("all", "python-httpx/0.28.1"),
        ("all_but_sdk", "python-requests/2.32"),
        ("all", "Python/3.11 aiohttp/3.9.5"),
    ],
)
def test_a_default_python_agent_is_blocked_by_the_proxy_with_html(switch: str, agent: str) -> None:
    """Section 0, T3; gotcha 19: it looks like a dead token."""
    api = Api(block_python_agents=switch)
    api.http.headers["User-Agent"] = agent
    answer = api.search()
    assert answer.status_code == 403
    assert "Error 1010" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "agent",
    [
        "python-requests/2.32.3",
        "python-httpx/0.28.1",
        "Python/3.11 aiohttp/3.9.5",
        "python-urllib3/2.2.1",
        "",
    ],
)
def test_other_libraries_of_python_pass_as_they_come(agent: str) -> None:
    """The vendor's own first example is `requests.get` without an agent."""
    api = Api()
    api.http.headers["User-Agent"] = agent
    assert api.search().status_code == 200


@pytest.mark.parametrize(("switch", "status"), [("all_but_sdk", 200), ("all", 403), ("off", 200)])
def test_the_official_sdk_is_told_by_its_own_header(switch: str, status: int) -> None:
    """Section 0, T3: SDK 3.0.0 sends httpx's default agent and GHL-SDK-Version."""
    api = Api(block_python_agents=switch)
    api.http.headers["User-Agent"] = "python-httpx/0.28.1"
    api.http.headers["GHL-SDK-Version"] = "python/3.0.0"
    assert api.search().status_code == status


@pytest.mark.parametrize(
    ("kind", "scopes", "path", "status", "message"),
    [
        ("pit", [], "/contacts/x", 401, "The token is not authorized for this scope."),
        ("agency_pit", None, "/contacts/x", 401, "Token's user type mismatch!"),
        (
            "company",
            None,
            "/contacts/x",
            401,
            "This authClass type is not allowed to access this scope.",
        ),
        (
            "pit",
            None,
            "/locations/elsewhere",
            403,
            "The token does not have access to this location.",
        ),
    ],
)
def test_each_way_to_lack_a_right_has_its_own_message(
    kind: str, scopes: list[str] | None, path: str, status: int, message: str
) -> None:
    """Table 0.1."""
    api = Api()
    wanted = {} if scopes is None else {"scopes": scopes}
    token = api.act("make_token", kind=kind, **wanted)["token"]
    api.http.headers["Authorization"] = f"Bearer {token}"
    assert lines(api.send("GET", path), status) == [message]


def test_a_missing_scope_hides_a_wrong_location() -> None:
    """Table 0.1, T1, T15: the scope is checked before the location."""
    api = Api()
    token = api.act("make_token", scopes=["contacts.write"])["token"]
    api.http.headers["Authorization"] = f"Bearer {token}"
    answer = api.search(locationId=api.info["other_location"]["location_id"])
    assert lines(answer, 401) == ["The token is not authorized for this scope."]


def test_a_contact_of_another_location_is_a_403() -> None:
    """Table 0.1."""
    api = Api()
    id_ = api.create(email="ada@example.org")
    api.http.headers["Authorization"] = f"Bearer {api.info['other_location']['token']}"
    answer = api.send("GET", f"/contacts/{id_}")
    assert lines(answer, 403) == ["The token does not have access to this location."]


def test_revoked_tokens_say_what_they_were() -> None:
    """Table 0.1, T14."""
    api = Api()
    pit = api.act("make_token", revoked=True)["token"]
    api.http.headers["Authorization"] = f"Bearer {pit}"
    assert lines(api.search(), 401) == ["Invalid Private Integration token"]
    oauth = api.act("make_token", kind="location", revoked=True)["token"]
    api.http.headers["Authorization"] = f"Bearer {oauth}"
    assert lines(api.search(), 401) == ["Invalid token: access token is invalid"]
    api.http.headers["Authorization"] = "Bearer nonsense"
    assert lines(api.search(), 401) == ["Invalid JWT"]


def test_opportunities_without_their_slash_are_no_route() -> None:
    """Section 0, T12."""
    answer = Api().send("POST", "/opportunities", {"name": "A sale"})
    assert lines(answer, 404) == ["Cannot POST /opportunities"]


def test_an_unexpected_location_in_the_query_of_a_sub_resource_is_a_422() -> None:
    """Section 0, T11."""
    api = Api()
    id_ = api.create(email="ada@example.org")
    wrong = {"locationId": api.location}
    place = f"/locations/{api.location}"
    answers = [
        api.send("POST", f"/contacts/{id_}/tags", {"tags": ["a"]}, **wrong),
        api.send("GET", f"{place}/customFields", **wrong),
        api.send("GET", f"{place}/tags", **wrong),
    ]
    for answer in answers:
        assert lines(answer) == ["property locationId should not exist"]


def form(api: Api, **fields: str) -> dict[str, str]:
    oauth = api.info["oauth"]
    return {"client_id": oauth["client_id"], "client_secret": oauth["client_secret"], **fields}


def test_a_code_is_good_once_and_gives_a_working_pair() -> None:
    """1.3; no Version header needed."""
    api = Api()
    code = api.act("authorize")["code"]
    del api.http.headers["Version"]
    wish = form(api, grant_type="authorization_code", code=code)
    pair = api.http.post("/oauth/token", data=wish).json()
    assert (pair["userType"], pair["locationId"]) == ("Location", api.location)
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 86399)
    again = api.http.post("/oauth/token", data=wish)
    assert again.status_code == 401
    assert again.json()["error_description"] == "Authorization code not found"
    api.http.headers.update({"Authorization": f"Bearer {pair['access_token']}", "Version": "v3"})
    assert api.search().status_code == 200


def test_a_refresh_token_is_good_once() -> None:
    """1.4; gotcha 16."""
    api = Api()
    code = api.act("authorize")["code"]
    wish = form(api, grant_type="authorization_code", code=code)
    first = api.http.post("/oauth/token", data=wish).json()["refresh_token"]
    wish = form(api, grant_type="refresh_token", refresh_token=first)
    second = api.http.post("/oauth/token", data=wish)
    assert second.json()["refresh_token"] != first
    again = api.http.post("/oauth/token", data=wish)
    assert lines(again, 400) == ["Invalid grant: refresh token is invalid"]


def test_an_access_token_lives_a_day() -> None:
    """1.4."""
    api = Api()
    token = api.act("make_token", kind="location", expires_in_s=86_399)["token"]
    api.http.headers["Authorization"] = f"Bearer {token}"
    api.later(86_398)
    assert api.search().status_code == 200
    api.later(1)
    assert lines(api.search(), 401) == ["Invalid token: access token is invalid"]


def test_an_install_from_the_agency_gives_a_company_token_to_exchange() -> None:
    """1.2, 1.5; gotcha 17."""
    api = Api()
    code = api.act("authorize", user_type="Company")["code"]
    wish = form(api, grant_type="authorization_code", code=code)
    pair = api.http.post("/oauth/token", data=wish).json()
    assert pair["userType"] == "Company"
    assert "locationId" not in pair
    api.http.headers["Authorization"] = f"Bearer {pair['access_token']}"
    wish = {"companyId": api.info["company_id"], "locationId": api.location}
    answer = api.http.post("/oauth/locationToken", data=wish)
    assert answer.status_code == 201
    assert "refresh_token" not in answer.json()
    api.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    assert api.search().status_code == 200


def test_the_kebab_path_exists_under_v3_only() -> None:
    """1.5, T1, T5."""
    api = Api()
    token = api.act("make_token", kind="company", scopes=["oauth.write"])["token"]
    api.http.headers["Authorization"] = f"Bearer {token}"
    wish = {"companyId": api.info["company_id"], "locationId": api.location}
    assert api.http.post("/oauth/location-token", data=wish).status_code == 404
    api.http.headers["Version"] = "v3"
    answer = api.http.post("/oauth/location-token", data=wish)
    assert answer.status_code == 201
    assert {"accessToken", "refreshToken"} <= set(answer.json())


def test_a_private_token_cannot_be_exchanged() -> None:
    """1.5, T1."""
    api = Api()
    wish = {"companyId": api.info["company_id"], "locationId": api.location}
    assert api.http.post("/oauth/locationToken", data=wish).status_code == 401


def test_v3_speaks_camel_case_and_takes_json() -> None:
    """1.3 [spec: oauth-v3]."""
    api = Api()
    api.http.headers["Version"] = "v3"
    oauth, code = api.info["oauth"], api.act("authorize")["code"]
    wish = {
        "clientId": oauth["client_id"],
        "clientSecret": oauth["client_secret"],
        "grantType": "authorization_code",
        "code": code,
    }
    pair = api.http.post("/oauth/token", json=wish).json()
    assert {"accessToken", "refreshToken", "expiresIn", "tokenType"} <= set(pair)


def test_what_the_token_endpoint_misses_it_names() -> None:
    """1.3 [spec: oauth-v3 examples]."""
    api = Api()
    answer = api.http.post("/oauth/token", data={"grant_type": "refresh_token"})
    assert lines(answer, 400) == ["Missing parameter: clientId"]
    answer = api.http.post("/oauth/token", data=form(api, grant_type="password"))
    assert lines(answer, 400) == ["Invalid parameter: grantType"]
