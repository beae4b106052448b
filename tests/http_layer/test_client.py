"""One request: encoded once, limited, tried again only where that is harmless, and redacted."""

import gc
import ssl
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from syncd.connectors.api import Wire
from syncd.errors import InDoubtError, InvariantError, ThrottledError, TransientError
from syncd.http.answer import MAX_BODY_BYTES, Answer
from syncd.http.client import ApiClient
from syncd.http.limits import Limiter, Rate

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Handler = Callable[[httpx.Request], httpx.Response]


class Platform:
    """Answers with one thing after another, the last one for ever."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **options: object) -> ApiClient:
        wire = Wire(
            transport=httpx.MockTransport(self),
            now=lambda: NOW,
            sleep=self.slept.append,
            monotonic=lambda: sum(self.slept),
        )
        limiter = Limiter(Rate(None), monotonic=wire.monotonic, sleep=wire.sleep)
        settings = {"headers": {}, "judge": lambda _: None, **options}
        base_url = str(settings.pop("base_url", "https://api.example.org/v1"))
        return ApiClient(base_url, wire=wire, limiter=limiter, **settings)


OK = httpx.Response(200, json={"ok": True})


def test_values_are_encoded_in_the_path_and_only_the_pattern_is_told() -> None:
    platform = Platform(httpx.Response(200, html="<html>blocked</html>"))
    answer = platform.client().request("GET", "/email/{email}", {"email": "jo+a/b@example.org"})
    assert platform.asked[0].url.raw_path == b"/v1/email/jo%2Ba%2Fb%40example.org"
    with pytest.raises(TransientError) as error:
        answer.json()
    assert "GET /email/{email}" in str(error.value)
    assert "example.org" not in str(error.value)


@pytest.mark.parametrize("base_url", ["https://api.example.org/v1", "https://api.example.org/v1/"])
def test_a_path_goes_below_the_base_url_with_or_without_a_slash(base_url: str) -> None:
    platform = Platform(OK)
    platform.client(base_url=base_url).request("GET", "/lists/{id}", {"id": "//evil.example/.."})
    sent = platform.asked[0].url
    assert (sent.host, sent.raw_path) == ("api.example.org", b"/v1/lists/%2F%2Fevil.example%2F..")


def test_lists_repeat_their_key_and_spaces_are_percent_encoded() -> None:
    platform = Platform(OK)
    platform.client().request("GET", "/x", query={"f": ["A", "B"], "after": "2026-01-01 00:00:00"})
    assert platform.asked[0].url.query == b"f=A&f=B&after=2026-01-01%2000%3A00%3A00"


def test_an_own_user_agent_is_sent() -> None:
    platform = Platform(OK)
    platform.client().request("GET", "/x")
    assert platform.asked[0].headers["user-agent"].startswith("syncd/")


@pytest.mark.parametrize(
    "failure", [httpx.ReadError("x"), httpx.Response(502), httpx.ReadTimeout("x")]
)
def test_a_read_is_tried_again(failure: httpx.Response | Exception) -> None:
    platform = Platform(failure, failure, OK)
    assert platform.client().request("GET", "/x").ok
    assert len(platform.asked) == 3


@pytest.mark.parametrize(
    "failure", [httpx.ReadError("x"), httpx.Response(500), httpx.ReadTimeout("x")]
)
def test_a_create_whose_answer_is_lost_is_in_doubt_and_never_repeated(
    failure: httpx.Response | Exception,
) -> None:
    platform = Platform(failure, OK)
    with pytest.raises(InDoubtError):
        platform.client().request("POST", "/x", json={})
    assert len(platform.asked) == 1


def test_a_create_that_never_left_is_tried_again() -> None:
    platform = Platform(httpx.ConnectError("x"), OK)
    assert platform.client().request("POST", "/x", json={}).ok
    assert len(platform.asked) == 2


def test_a_repeatable_write_that_stays_unanswered_is_in_doubt_at_the_end() -> None:
    platform = Platform(httpx.ReadError("x"), httpx.ConnectError("x"))
    with pytest.raises(InDoubtError) as caught:
        platform.client(attempts=3).request("PUT", "/x", json={}, repeatable=True)
    assert "othing was sent" not in str(caught.value)
    assert len(platform.asked) == 3


def test_where_nobody_answers_the_host_is_named_and_nothing_was_sent() -> None:
    platform = Platform(httpx.ConnectError("x"))
    for method in ("GET", "POST"):
        with pytest.raises(TransientError) as caught:
            platform.client(attempts=3).request(method, "/x")
        said = (
            "https://api.example.org does not answer (3 tries). Nothing was sent by this request."
        )
        assert caught.value.message == said
        assert "base_url" in caught.value.hint
        assert type(caught.value) is TransientError


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("Fri, 20 Nov 2026 12:00:09 GMT", 9.0)]
)
def test_a_refusal_waits_as_long_as_the_platform_says(header: str, seconds: float) -> None:
    platform = Platform(httpx.Response(429, headers={"Retry-After": header}), OK)
    assert platform.client().request("POST", "/x", json={}).ok
    assert platform.slept[0] == pytest.approx(seconds, abs=0.3)


def test_a_refusal_of_hours_is_not_waited_for() -> None:
    platform = Platform(httpx.Response(429, headers={"Retry-After": "7200"}))
    with pytest.raises(ThrottledError) as error:
        platform.client().request("GET", "/x")
    assert error.value.retry_after_s == 7200
    assert len(platform.asked) == 1


def test_a_forbidden_call_is_never_sent() -> None:
    platform = Platform(OK)
    with pytest.raises(InvariantError):
        platform.client(forbidden=["^DELETE /contacts$"]).request("DELETE", "/contacts")
    assert platform.asked == []


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    endless = httpx.Response(200, content=b"x" * (MAX_BODY_BYTES + 1))
    with pytest.raises(TransientError, match="longer than"):
        Platform(endless).client(attempts=1).request("GET", "/x")


def test_redirects_are_not_followed() -> None:
    platform = Platform(httpx.Response(302, headers={"Location": "https://elsewhere.example.org"}))
    assert platform.client().request("GET", "/x").status == 302
    assert len(platform.asked) == 1


def answer(body: bytes) -> Answer:
    return Answer("GET /x", 200, httpx.Headers({"content-type": "application/json"}), body)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"<!DOCTYPE html><p>", b"\xff\xfe"])
def test_what_is_no_json_is_a_passing_failure(body: bytes) -> None:
    with pytest.raises(TransientError):
        answer(body).json()


def test_json_that_is_no_object_is_refused_where_one_is_due() -> None:
    with pytest.raises(TransientError):
        answer(b"[1]").json_object()


def test_lone_surrogates_become_replacement_characters() -> None:
    read = answer(rb'{"name": "A\ud800B", "fine": "\ud83d\ude00"}').json()
    assert read == {"name": "A\ufffdB", "fine": "\U0001f600"}


def test_all_clients_share_one_list_of_whom_to_trust() -> None:
    """Each would read hundreds of certificates, and keep nearly a megabyte of them."""

    def lists() -> int:
        return sum(isinstance(found, ssl.SSLContext) for found in gc.get_objects())

    def client() -> ApiClient:
        wire = Wire()
        limiter = Limiter(Rate(None), monotonic=wire.monotonic, sleep=wire.sleep)
        url = "https://api.example.org"
        return ApiClient(url, wire=wire, limiter=limiter, headers={}, judge=lambda _: None)

    first = client()
    before = lists()
    others = [client() for _ in range(5)]
    assert lists() == before
    for each in (first, *others):
        each.close()
