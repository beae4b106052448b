"""When a request is tried again, how long that waits, and what is in doubt at the end."""

import logging

import httpx
import pytest

from syncd.errors import InDoubtError, ThrottledError, TransientError
from syncd.http import answer as answers
from syncd.http.answer import Answer
from syncd.http.client import RETRIED_STATUSES, retry_after_s

from .test_answer import answered
from .test_client import NOW, OK, Platform


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        (" 12 ", 12.0),
        ("Fri, 20 Nov 2026 12:00:09 GMT", 9.0),
        ("Fri, 20 Nov 2026 11:59:00 GMT", 0.0),
        ("Fri, 20 Nov 2026 12:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
        ("", None),
    ],
)
def test_what_a_platform_says_of_a_wait_is_read(header: str, seconds: float | None) -> None:
    assert retry_after_s(answered(429, retry_after=header), NOW.timestamp()) == seconds


def test_without_the_header_nothing_is_said_of_a_wait() -> None:
    assert retry_after_s(answered(429), NOW.timestamp()) is None


@pytest.mark.parametrize(("seconds", "tries"), [("120", 2), ("121", 1)])
def test_a_wait_of_two_minutes_is_the_longest(seconds: str, tries: int) -> None:
    platform = Platform(httpx.Response(429, headers={"Retry-After": seconds}))
    with pytest.raises(ThrottledError) as caught:
        platform.client(attempts=2).request("GET", "/x")
    assert caught.value.retry_after_s == float(seconds)
    assert len(platform.asked) == tries


def test_a_refusal_that_names_no_time_is_tried_again_and_holds_all_for_a_second() -> None:
    platform = Platform(httpx.Response(429), OK)
    client = platform.client()
    assert client.request("POST", "/x", json={}).ok
    assert 1.0 <= platform.slept[0] <= 2.0
    held = Platform(httpx.Response(429), OK)
    with pytest.raises(ThrottledError):
        (again := held.client(attempts=1)).request("GET", "/x")
    again.request("GET", "/x")
    assert held.slept == [1.0]


def test_between_tries_the_waits_double_up_to_a_minute_with_jitter() -> None:
    platform = Platform(httpx.Response(503))
    with pytest.raises(TransientError):
        platform.client(attempts=8).request("GET", "/x")
    assert len(platform.slept) == 7
    for slept, most in zip(platform.slept, (2, 4, 8, 16, 32, 60, 60), strict=True):
        assert most / 2 <= slept <= most


def test_a_wait_that_the_platform_names_is_kept_and_hardly_exceeded() -> None:
    platform = Platform(httpx.Response(429, headers={"Retry-After": "7"}), OK)
    platform.client().request("GET", "/x")
    assert 7.0 <= sum(platform.slept) <= 7.25


def test_five_tries_are_made() -> None:
    platform = Platform(httpx.ReadTimeout("x"))
    with pytest.raises(TransientError):
        platform.client().request("GET", "/x")
    assert len(platform.asked) == 5


@pytest.mark.parametrize("status", sorted(RETRIED_STATUSES))
def test_every_way_in_which_a_platform_fails_is_tried_again(status: int) -> None:
    platform = Platform(httpx.Response(status), OK)
    assert platform.client().request("GET", "/x").ok
    assert sorted(RETRIED_STATUSES) == [500, 502, 503, 504, 520, 521, 522, 523, 524]


@pytest.mark.parametrize("status", [200, 400, 404, 409, 501, 505])
def test_every_other_answer_is_judged_once(status: int) -> None:
    judged: list[int] = []
    platform = Platform(httpx.Response(status))
    platform.client(judge=lambda answer: judged.append(answer.status)).request("GET", "/x")
    assert (judged, len(platform.asked)) == ([status], 1)


@pytest.mark.parametrize("status", [404, 429, 500])
def test_what_the_caller_reads_itself_is_neither_tried_again_nor_judged(status: int) -> None:
    judged: list[Answer] = []
    platform = Platform(httpx.Response(status))
    read = platform.client(judge=judged.append).request("POST", "/x", accept=frozenset({status}))
    assert (read.status, judged, len(platform.asked)) == (status, [], 1)


def test_every_answer_is_learnt_from_before_anything_else() -> None:
    learnt: list[int] = []
    platform = Platform(httpx.Response(503), httpx.Response(429), httpx.Response(404))
    platform.client(learn=lambda answer: learnt.append(answer.status)).request("GET", "/x")
    assert learnt == [503, 429, 404]


def test_a_write_may_be_repeated_only_where_that_is_said() -> None:
    for method, repeatable, tries in (("GET", None, 2), ("PUT", None, 1), ("PUT", True, 2)):
        platform = Platform(httpx.ReadError("x"), OK)
        client = platform.client()
        if tries == 1:
            with pytest.raises(InDoubtError):
                client.request(method, "/x", repeatable=repeatable)
        else:
            client.request(method, "/x", repeatable=repeatable)
        assert len(platform.asked) == tries
    with pytest.raises(InDoubtError):
        Platform(httpx.ReadError("x")).client().request("GET", "/x", repeatable=False)


def test_a_read_is_never_in_doubt_and_a_write_that_was_never_answered_is() -> None:
    for failures in ((httpx.ReadError("x"),), (httpx.ReadError("x"), httpx.ConnectError("x"))):
        with pytest.raises(TransientError) as caught:
            Platform(*failures).client(attempts=2).request("GET", "/x")
        assert not isinstance(caught.value, InDoubtError)
        with pytest.raises(InDoubtError, match="an earlier try may have worked"):
            Platform(*failures).client(attempts=2).request("PUT", "/x", repeatable=True)


def test_all_connections_in_use_means_that_nothing_was_sent() -> None:
    platform = Platform(httpx.PoolTimeout("x"))
    with pytest.raises(TransientError, match="all connections are in use") as caught:
        platform.client(attempts=2).request("POST", "/x", json={})
    assert not isinstance(caught.value, InDoubtError)
    assert len(platform.asked) == 2


@pytest.mark.parametrize("failure", [httpx.ConnectError("x"), httpx.ConnectTimeout("x")])
def test_the_host_is_named_without_what_else_an_address_holds(failure: Exception) -> None:
    with pytest.raises(TransientError) as caught:
        Platform(failure).client(attempts=1).request("GET", "/x/{id}", {"id": "secret"})
    assert caught.value.message.startswith("https://api.example.org does not answer (1 tries)")


def test_an_answer_as_long_as_is_taken_is_read() -> None:
    longest = answers.MAX_BODY_BYTES
    assert longest == 64 * 1024 * 1024
    whole = Platform(httpx.Response(200, content=b"x" * longest)).client().request("GET", "/x")
    assert len(whole.body) == longest


def test_times_out_when_the_caller_says_and_else_after_a_minute() -> None:
    platform = Platform(OK)
    client = platform.client()
    client.request("GET", "/x")
    client.request("GET", "/x", timeout_s=300.0)
    client = platform.client(timeout_s=20.0)
    client.request("GET", "/x")
    asked = [request.extensions["timeout"] for request in platform.asked]
    assert [(each["read"], each["connect"]) for each in asked] == [(60, 10), (300, 10), (20, 10)]


def test_what_is_sent_is_as_the_caller_gave_it() -> None:
    platform = Platform(OK)
    client = platform.client(headers={"Authorization": "Bearer of-tests"})
    client.request("POST", "/x", json={"a": 1}, headers={"X-One": "1"})
    client.request("PUT", "/y", content=b"<a/>")
    first, second = platform.asked
    assert (first.method, first.url.path, first.content) == ("POST", "/v1/x", b'{"a":1}')
    assert (first.headers["x-one"], first.headers["authorization"]) == ("1", "Bearer of-tests")
    assert (second.method, second.content) == ("PUT", b"<a/>")


def test_the_library_does_not_log_addresses() -> None:
    for name in ("httpx", "httpcore"):
        assert logging.getLogger(name).level == logging.WARNING
