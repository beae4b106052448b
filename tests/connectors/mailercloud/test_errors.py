"""What may never be sent, what is sent again, and that nothing personal shows up anywhere."""

import logging

import httpx
import pytest

from syncd.connectors.mailercloud import paths
from syncd.connectors.mailercloud.answers import complaint_of, words
from syncd.errors import AccountError, ConfigError, InvariantError, SyncdError, ThrottledError
from syncd.http.answer import Answer

from .fake import (
    BATCH,
    CONTACT,
    CREATE,
    KEY,
    LISTING,
    PLAN,
    Fake,
    creating,
    everything,
    ok,
    push,
    refused,
    updating,
)

FIELDS = frozenset({"email", "city"})
ADA = "ada.secret@example.org"


@pytest.mark.parametrize(
    "call",
    [
        ("POST", "/ticket"),
        ("POST", "/campaign/save"),
        ("POST", "/campaign/schedule/{id}"),
        ("DELETE", "/contacts"),
        ("DELETE", "/contacts/{contact_id}"),
        ("DELETE", "/contact/property/{id}"),
        ("DELETE", "/list/{id}"),
        ("PATCH", "/contact/property/{id}"),
        ("POST", "/webhooks/toggle/{id}"),
        ("POST", "/list"),
    ],
)
def test_a_call_that_is_not_ours_never_leaves(call: tuple[str, str]) -> None:
    fake = Fake()
    with pytest.raises(InvariantError):
        fake.connector()._account.calls._http.request(*call, {"id": "x", "contact_id": "x"})
    assert not fake.asked


def test_nobody_but_the_probe_deletes_and_only_what_it_made() -> None:
    fake = Fake()
    with pytest.raises(InvariantError):
        fake.connector()._account.calls.delete_own("aDa")
    assert not fake.asked


def test_the_irregular_paths() -> None:
    """Singular and plural as mailercloud.md 3 has them."""
    assert (paths.CONTACTS, paths.UPSERT, paths.BATCH) == (
        "/contacts",
        "/contacts/upsert",
        "/contacts/batch",
    )
    assert (paths.LISTING, paths.PROPERTY, paths.UNTAG) == (
        "/contact/search/{list_id}",
        "/contact/property",
        "/contact/tag/remove",
    )
    assert (paths.LISTS, paths.TAGS, paths.TAG) == ("/lists/search", "/tags/search", "/tags")


def test_lists_are_searched_by_their_own_word() -> None:
    fake = Fake()
    fake.connector().check()
    bodies = {a.path: a.body for a in fake.asked if a.body}
    assert "search_name" in bodies["/lists/search"]
    assert "search" not in bodies["/lists/search"]
    assert all("search" in bodies[p] for p in ("/tags/search", "/contact/property/search"))
    assert all(body["limit"] == 100 for body in bodies.values())


def test_reads_are_posts_and_may_be_sent_again() -> None:
    fake = Fake().on(LISTING, httpx.ReadTimeout("slow"), ok({}, 502), None)
    fake.add(ADA)
    pages = list(fake.connector().pull(CONTACT, None, fields=FIELDS))
    assert len(everything(pages)) == 1


def test_a_refusal_for_speed_waits_and_then_goes_on_more_slowly() -> None:
    fake = Fake().on(PLAN, httpx.Response(429), None)
    assert fake.connector().room(CONTACT) == 25000
    assert 30 <= max(fake.slept) < 31


def test_a_long_wait_is_left_to_the_caller() -> None:
    fake = Fake().on(PLAN, httpx.Response(429, headers={"Retry-After": "900"}))
    with pytest.raises(ThrottledError) as caught:
        fake.connector().room(CONTACT)
    assert caught.value.retry_after_s == 900
    assert len(fake.asked) == 1


def test_no_more_than_the_permitted_rate() -> None:
    fake = Fake()
    connector = fake.connector()
    for _ in range(25):
        connector.room(CONTACT)
    assert sum(fake.slept) >= 10 - 0.1  # 25 requests: 5 at once, and 2 a second from then on


def test_after_a_refusal_it_goes_on_at_half_the_rate() -> None:
    fake = Fake().on(PLAN, httpx.Response(429, headers={"Retry-After": "1"}), None)
    connector = fake.connector()
    connector.room(CONTACT)
    fake.slept.append(100)
    before = sum(fake.slept)
    for _ in range(25):
        connector.room(CONTACT)
    assert sum(fake.slept) - before >= 20 - 0.1


def test_redirects_are_not_followed() -> None:
    fake = Fake().on(PLAN, httpx.Response(302, headers={"Location": "https://example.net/"}))
    with pytest.raises(AccountError):
        fake.connector().room(CONTACT)
    assert len(fake.asked) == 1


def test_nothing_personal_and_no_key_in_errors_or_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    for status in (400, 401, 403, 404, 405, 409, 422, 429, 500, 503):
        text = f"{ADA} with key {KEY} and Secret Street is bad"
        answer = ok({"errors": [{"field": "email", "message": text}]}, status)
        for route in (
            CREATE,
            BATCH,
            ("PUT", f"/contacts/{ADA}"),
            ("GET", "/contacts/aDa"),
            LISTING,
        ):
            fake = Fake().on(route, answer)
            fake.add(ADA, "aDa")
            connector = fake.connector()
            for ops in (
                [creating(1, ADA, city="Secret Street")],
                [creating(i, f"{i}{ADA}", city="Secret Street") for i in range(5)],
                [updating(1, "aDa", {"email": ADA}, city="Secret Street")],
            ):
                try:
                    said += [repr(r.error) + str(r.error) for r in push(connector, *ops).values()]
                except SyncdError as error:
                    said += [str(error), repr(error), repr(error.__cause__)]
            for look in (
                lambda: connector.fetch(CONTACT, "aDa", fields=FIELDS),  # noqa: B023
                lambda: connector.find(CONTACT, "email", ADA, fields=FIELDS),  # noqa: B023
            ):
                try:
                    look()
                except SyncdError as error:
                    said += [str(error), repr(error), repr(error.__cause__)]
    everything_said = "\n".join([*said, caplog.text])
    assert said
    for secret in (ADA, "ada.secret", KEY, "Secret Street"):
        assert secret not in everything_said


def test_a_refused_list_is_the_accounts_and_not_a_contacts() -> None:
    with pytest.raises(ConfigError, match="list_id"):
        list(Fake().on(LISTING, refused("x", 401)).connector().pull(CONTACT, None, fields=FIELDS))


def test_the_shapes_of_errors_are_read_in_their_order() -> None:
    def texts(body: object) -> list[str]:
        response = ok(body, 400)
        answer = Answer("x", 400, response.headers, response.content)
        return [message for _, message in complaint_of(answer).texts]

    assert texts({"errors": [{"field": "a", "message": "one"}], "message": "two"}) == ["one"]
    assert texts({"errors": {"message": "one"}}) == ["one"]
    assert texts({"error": {"message": "one"}, "message": "two"}) == ["one"]
    assert texts({"code": "invalid_api_key", "message": "two"}) == ["invalid_api_key"]
    assert texts({"message": "two"}) == ["two"]
    assert texts({"errors": [["deep"], 7, None, "one"]}) == ["one"]
    assert texts([1]) == texts("x") == texts({"errors": 7}) == []
    assert words([{"a": "x"}, "y", 7, {"a": 1}], "a") == ["x", "y"]
