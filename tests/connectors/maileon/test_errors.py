"""What statuses mean, what may never be sent, and that nothing personal shows up in errors."""

import httpx
import pytest

from syncd.connectors.maileon.calls import ALLOWED, FORBIDDEN
from syncd.connectors.maileon.codec import Selection
from syncd.errors import (
    AccountError,
    InDoubtError,
    InvariantError,
    RecordError,
    StaleError,
    SyncdError,
    ThrottledError,
    TransientError,
)
from syncd.model.op import Op, OpKind
from syncd.model.record import Record
from syncd.model.values import Consent, Level

from .fake import (
    BY_ID,
    CONTACT,
    KEY,
    LIST,
    REPORT,
    Fake,
    contact,
    contacts,
    empty,
    entries,
    entry,
    error,
    fake,
    page_of_html,
    push,
    single,
    updating,
)

PUT = ("PUT", "/contacts/contact")
FIELDS = frozenset({"email", "CITY"})


def fetch(world: Fake) -> Record:
    return world.connector().fetch(CONTACT, "7", fields=FIELDS)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(400), RecordError),
        (error(401), AccountError),
        (error(403), AccountError),
        (error(405), AccountError),
        (error(409), RecordError),
        (error(410), RecordError),
        (error(415), AccountError),
        (error(500), TransientError),
        (error(503), TransientError),
        (error(505), TransientError),
        (httpx.Response(429, headers={"Retry-After": "7"}), ThrottledError),
        (httpx.ConnectError("refused"), TransientError),
        (httpx.ReadTimeout("slow"), TransientError),
        (page_of_html(), TransientError),
        (page_of_html(404), TransientError),
        (single(8), TransientError),
    ],
)
def test_a_look_at_one_contact(answer: httpx.Response | Exception, kind: type[SyncdError]) -> None:
    with pytest.raises(kind):
        fetch(fake().on(BY_ID, answer))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(400), RecordError),
        (error(404), StaleError),
        (error(409), RecordError),
        (error(500), InDoubtError),
        (page_of_html(), InDoubtError),
        (page_of_html(404), TransientError),
        (httpx.ReadTimeout("slow"), InDoubtError),
        (httpx.ConnectError("refused"), TransientError),
        (httpx.Response(429), ThrottledError),
    ],
)
def test_a_write_of_one_contact(answer: httpx.Response | Exception, kind: type[SyncdError]) -> None:
    receipt = push(fake().on(PUT, answer).connector(), updating(1, "7", CITY="Ulm"))[1]
    assert type(receipt.error) is kind


def test_a_refused_key_stops_the_account_and_sends_nothing_more() -> None:
    world = fake().on(PUT, error(401))
    with pytest.raises(AccountError):
        push(world.connector(), updating(1, "7", CITY="A"), updating(2, "8", CITY="B"))
    assert len(world.calls(*PUT)) == 1


def test_a_refusal_names_the_fields_it_mentions_and_nothing_else() -> None:
    refusal = error(400, "value 'Secret Street 1' of field 'CITY' for ada@example.org is bad")
    world = fake().on(PUT, refusal)
    op = updating(1, "7", CITY="Secret Street 1", ZIP="89073")
    caught = push(world.connector(), op)[1].error
    assert isinstance(caught, RecordError)
    assert caught.fields == ("CITY",)
    assert "Secret" not in str(caught)
    assert "ada@" not in str(caught)


def test_no_error_holds_an_address_or_the_key() -> None:
    world = fake().on(("GET", "/contacts/email/ada@example.org"), error(401))
    with pytest.raises(AccountError) as caught:
        world.connector().find(CONTACT, "email", "ada@example.org", fields=FIELDS)
    assert "ada@example.org" not in f"{caught.value} {caught.value.__cause__!r}"
    assert KEY not in str(caught.value)
    assert "{email}" in str(caught.value)


def test_a_contact_that_is_gone_tells_why() -> None:
    world = fake().on(BY_ID, error(404)).on(REPORT, entries(entry(8), entry(7, "a@example.org")))
    record = fetch(world)
    consent = record.fields["consent"]
    assert isinstance(consent, Consent)
    assert (record.gone, consent.level) == (True, Level.REVOKED)
    assert world.calls(*REPORT)[0].query["ids"] == ["7"]


def test_a_contact_that_was_deleted_is_gone_without_a_reason() -> None:
    record = fetch(fake().on(BY_ID, error(404)))
    assert record == Record("7", {}, gone=True)


def test_a_wrong_base_url_is_no_proof_that_a_contact_is_gone() -> None:
    with pytest.raises(AccountError, match="base_url"):
        fetch(fake().on(BY_ID, error(404)).on(REPORT, error(404)))


def test_a_refused_list_concerns_the_account() -> None:
    with pytest.raises(AccountError):
        list(fake().on(LIST, error(400)).connector().pull(CONTACT, None, fields=FIELDS))


def test_finding() -> None:
    world = (
        fake()
        .on(("GET", "/contacts/email/ada+x@example.org"), single(7, "ada+x@example.org"))
        .on(("GET", "/contacts/email/nobody@example.org"), error(404))
        .on(("GET", "/contacts/email/odd@example"), error(400))
        .on(("GET", "/contacts/externalid/a/b"), contacts([contact(7), contact(8)]))
        .on(("GET", "/contacts/externalid/none"), error(404))
    )
    connector = world.connector()

    def found(key: str, value: str | None) -> list[str]:
        return [r.remote_id for r in connector.find(CONTACT, key, value, fields=FIELDS)]

    assert found("email", " Ada+X@example.org") == ["7"]
    assert found("email", "nobody@example.org") == []
    assert found("email", "odd@example") == []
    assert found("email", "no address") == []
    assert found("email", None) == []
    assert found("external_id", "a/b") == ["7", "8"]
    assert found("external_id", "none") == []
    with pytest.raises(InvariantError):
        found("FIRSTNAME", "Ada")


@pytest.mark.parametrize("value", ["\x00", "\x1b\x07", ".", "..", " ", " . "])
def test_what_cannot_stand_in_a_path_is_nobodys_reference_and_is_not_asked_for(value: str) -> None:
    connector = fake().connector()  # which knows no such path
    assert connector.find(CONTACT, "external_id", value, fields=FIELDS) == ()


@pytest.mark.parametrize(
    "label",
    [
        "POST /contacts/email/{email}",
        "POST /contacts/externalid/{external_id}",
        "DELETE /contacts/email/{email}/unsubscription",
        "DELETE /contacts/email/{email}",
        "DELETE /contacts",
        "DELETE /contacts/fields/standard/{name}/values",
        "DELETE /contacts/fields/custom/{name}",
        "PUT /contacts/fields/custom/{old}/{new}",
        "GET /contacts/filter/{id}",
        "POST /transactions",
        "POST /contacts/",
    ],
)
def test_no_other_call_gets_through_the_door(label: str) -> None:
    world = fake()
    method, _, path = label.partition(" ")
    http = world.connector()._account.calls._http
    with pytest.raises(InvariantError):
        http.request(
            method, path, dict.fromkeys(("email", "external_id", "name", "old", "new", "id"), "x")
        )
    assert world.asked == []


def test_what_is_allowed_gets_through_the_door() -> None:
    import re

    for label in ALLOWED[1:]:
        assert not re.search(FORBIDDEN, label)
    assert not re.search(FORBIDDEN, "DELETE /ping")


@pytest.mark.parametrize(
    "query",
    [
        {"override_permission": "true"},
        {"reimport_unsubscribed_contacts": "true"},
        {"doi": "true"},
        {"triggerdoi": "true"},
        {"authorized": "yes"},
    ],
)
def test_no_flag_that_takes_or_gives_consent_is_ever_sent(query: dict[str, str]) -> None:
    world = fake()
    with pytest.raises(InvariantError):
        world.connector()._account.calls.synchronise(query, b"<contacts/>")
    assert world.asked == []


def test_no_single_write_carries_a_permission() -> None:
    world = fake()
    with pytest.raises(InvariantError):
        world.connector()._account.calls._send("PUT", "/contacts/contact", query={"permission": 4})
    assert world.asked == []


def test_a_space_in_a_query_is_percent_encoded() -> None:
    world = fake().on(LIST, contacts())
    seen: list[str] = []
    world.on(LIST, lambda r: (seen.__iadd__([r.url.query.decode()]), contacts())[1])
    world.connector()._account.calls.contacts(1, Selection(), updated_after="2026-08-20 11:00:00")
    assert "updated_after=2026-08-20%2011%3A00%3A00" in seen[0]


def test_deleting_what_is_gone_is_done() -> None:
    world = fake().on(("DELETE", "/contacts/contact"), error(404))
    receipt = push(world.connector(), Op(1, CONTACT, OpKind.DELETE, "7", {}))[1]
    assert receipt.error is None


def test_an_empty_204_is_a_success() -> None:
    world = fake().on(PUT, empty(204))
    assert push(world.connector(), updating(1, "7", CITY="Ulm"))[1].error is None
