"""Writes: insert only, only what changed, and never in the dark about a lost answer."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from syncd.errors import (
    AccountError,
    DuplicateError,
    InDoubtError,
    RecordError,
    StaleError,
    TransientError,
)
from syncd.model.op import OpKind
from syncd.model.values import Consent, Level, Patch, SetDelta

from .fake import CONTACT, DUPLICATE, NOW, FakeGhl, last_body, once, op, push, refusal

ANN: Patch = {"email": "Ann@example.org", "firstName": "Ann", "phone": "+12025550123"}
REVOKED, GRANTED = Consent(Level.REVOKED), Consent(Level.GRANTED)
CREATE, UPDATE, DELETE = OpKind.CREATE, OpKind.UPDATE, OpKind.DELETE


LOST = httpx.ReadTimeout("lost")


def test_a_create_sends_everything_at_once_and_shows_what_ghl_made_of_it() -> None:
    fake = FakeGhl()
    patch = {**ANN, "tags": frozenset({"vip"}), "consent": REVOKED, "city": None}
    receipt = push(fake.open(), op(CREATE, patch=patch))
    assert receipt.error is None
    assert receipt.record is not None
    assert receipt.record.fields["consent"] == Consent(Level.REVOKED, None, "ghl")
    body = last_body(fake, "POST")
    assert body["locationId"] == "loc1"
    assert body["tags"] == ["vip"]
    assert "city" not in body
    assert body["dndSettings"]["Email"]["status"] == "active"


def test_a_create_without_a_key_is_not_sent() -> None:
    fake = FakeGhl()
    receipt = push(fake.open(), op(CREATE, patch={"firstName": "Ann"}))
    assert isinstance(receipt.error, RecordError)
    assert ("POST", "/contacts/") not in fake.log


def test_a_create_never_touches_a_contact_that_exists() -> None:
    fake = FakeGhl()
    before = dict(fake.put("c1", email="ann@example.org"))
    receipt = push(fake.open(), op(CREATE, patch=ANN))
    assert isinstance(receipt.error, DuplicateError)
    assert receipt.error.remote_id == "c1"
    assert fake.contacts == {"c1": before}


def test_a_duplicate_without_an_id_is_looked_up() -> None:
    fake = FakeGhl()
    fake.put("c1", email="ann@example.org")
    fake.meddle = once("POST", "/contacts/", refusal(409, DUPLICATE))
    receipt = push(fake.open(), op(CREATE, patch=ANN))
    assert isinstance(receipt.error, DuplicateError)
    assert receipt.error.remote_id == "c1"


def told(remote_id: str | None, matching: str | None) -> httpx.Response:
    """The refusal of a duplicate, with as much about it as GHL tells."""
    meta = {"contactId": remote_id, "matchingField": matching, "contactName": "Zebedee"}
    kept = {name: value for name, value in meta.items() if value is not None}
    return httpx.Response(400, json={"message": DUPLICATE, "meta": kept})


@pytest.mark.parametrize("matching", ["phone", None])
@pytest.mark.parametrize("named", ["c1", None])
@pytest.mark.parametrize(
    ("theirs", "shared"),
    [
        ({"phone": ANN["phone"]}, ("phone",)),
        ({"phone": ANN["phone"], "email": "eve@example.org"}, ("phone",)),
        ({"phone": ANN["phone"], "email": "ann@example.org"}, ("email", "phone")),
    ],
)
def test_a_duplicate_tells_all_that_it_shares_with_the_new_contact(
    theirs: Any, shared: tuple[str, ...], named: str | None, matching: str | None
) -> None:
    """Whoever shares the phone alone is somebody else; with the e-mail, it is a match."""
    fake = FakeGhl()
    fake.put("c1", **theirs)
    fake.meddle = once("POST", "/contacts/", told(named, matching))
    receipt = push(fake.open(), op(CREATE, patch=ANN))
    assert isinstance(receipt.error, DuplicateError)
    assert (receipt.error.remote_id, receipt.error.fields) == ("c1", shared)
    assert "Zebedee" not in str(receipt.error)


def test_a_duplicate_that_nobody_can_see_says_no_more_than_ghl_did() -> None:
    fake = FakeGhl()
    fake.meddle = once("POST", "/contacts/", told("c9", "phone"), told(None, None))
    seen = [push(fake.open(), op(CREATE, patch=ANN)).error for _ in range(2)]
    assert [(e.remote_id, e.fields) for e in seen if isinstance(e, DuplicateError)] == [
        ("c9", ("phone",)),
        (None, ()),
    ]


def test_an_update_to_the_phone_of_somebody_else_names_it_and_not_the_email() -> None:
    fake = FakeGhl()
    fake.put("c1", email="ann@example.org")
    fake.put("c2", phone="+12025550123")
    fake.meddle = once("PUT", "/contacts/c1", told(None, None))
    receipt = push(fake.open(), op(UPDATE, "c1", {**ANN, "email": "new@example.org"}))
    assert isinstance(receipt.error, RecordError)
    assert (receipt.error.fields, receipt.error.holder) == (("phone",), "c2")


@pytest.mark.parametrize("answer", [LOST, httpx.Response(502), httpx.Response(201, text="<html>")])
def test_a_create_whose_answer_was_lost_is_found_and_not_repeated(answer: Any) -> None:
    fake = FakeGhl()
    fake.clock.sleep(99)
    fake.after = once("POST", "/contacts/", answer)
    receipt = push(fake.open(), op(CREATE, patch={**ANN, "tags": frozenset({"vip"})}))
    assert receipt.error is None
    assert [receipt.remote_id] == list(fake.contacts)
    assert fake.log.count(("POST", "/contacts/")) == 1


def test_a_lost_create_that_cannot_be_found_stays_in_doubt() -> None:
    fake = FakeGhl()
    fake.meddle = once("POST", "/contacts/", LOST)
    receipt = push(fake.open(), op(CREATE, patch=ANN))
    assert isinstance(receipt.error, InDoubtError)
    assert not fake.contacts


def test_a_lost_create_does_not_claim_what_somebody_else_made() -> None:
    fake = FakeGhl()
    fake.put("theirs", NOW - timedelta(days=1), **ANN)  # every value alike, but older
    fake.meddle = once("POST", "/contacts/", LOST)
    receipt = push(fake.open(), op(CREATE, patch=ANN))
    assert isinstance(receipt.error, DuplicateError)
    assert receipt.error.remote_id == "theirs"


def test_a_create_that_never_left_is_raised_and_may_be_sent_again() -> None:
    fake = FakeGhl()
    fake.meddle = once("POST", "/contacts/", *[httpx.ConnectError("no")] * 9)
    with pytest.raises(TransientError) as caught:
        push(fake.open(), op(CREATE, patch=ANN))
    assert not isinstance(caught.value, InDoubtError)


def test_a_create_that_was_refused_and_made_all_the_same_is_matched() -> None:
    fake = FakeGhl()
    fake.after = once("POST", "/contacts/", refusal(422, ["website must be a URL"]))
    receipt = push(fake.open(), op(CREATE, patch=ANN))
    assert receipt.error is None
    assert [receipt.remote_id] == list(fake.contacts)


def test_a_create_that_was_refused_and_made_in_part_is_planned_again() -> None:
    fake = FakeGhl()
    fake.put("half", email="ann@example.org", firstName="Ann")
    fake.meddle = once("POST", "/contacts/", refusal(422, ["phone must be valid"]))
    receipt = push(fake.open(), op(CREATE, patch=ANN))
    assert isinstance(receipt.error, DuplicateError)
    assert receipt.error.remote_id == "half"


def test_a_create_that_was_refused_names_the_field() -> None:
    fake = FakeGhl()
    fake.meddle = once("POST", "/contacts/", refusal(422, ["phone must be valid"]))
    receipt = push(fake.open(), op(CREATE, patch=ANN))
    assert isinstance(receipt.error, RecordError)
    assert (receipt.error.code, receipt.error.fields) == ("bad_phone", ("phone",))


def test_an_update_sends_what_changed_and_tags_by_their_own_calls() -> None:
    fake = FakeGhl()
    fake.put("c1", email="ann@example.org", tags=["old", "kept"])
    delta = SetDelta(frozenset({"New"}), frozenset({"old"}))
    receipt = push(fake.open(), op(UPDATE, "c1", {"city": "Ulm", "phone": None, "tags": delta}))
    assert last_body(fake, "PUT") == {"city": "Ulm", "phone": None}
    assert fake.contacts["c1"]["tags"] == ["kept", "new"]
    assert receipt.record is not None
    assert receipt.record.fields["tags"] == frozenset({"kept", "new"})
    assert receipt.record.fields["city"] == "Ulm"


def test_what_an_update_cannot_change_is_reported_after_the_rest_was_written() -> None:
    fake = FakeGhl()
    fake.put("c1")
    patch = {"city": "Ulm", "companyName": "New Ltd", "postalCode": None}
    receipt = push(fake.open(), op(UPDATE, "c1", patch))
    assert isinstance(receipt.error, RecordError)
    assert receipt.error.fields == ("companyName", "postalCode")
    assert last_body(fake, "PUT") == {"city": "Ulm"}


def test_a_set_among_custom_fields_keeps_what_others_chose() -> None:
    fake = FakeGhl(custom=[{"id": "f1", "name": "Likes", "dataType": "CHECKBOX"}])
    fake.put("c1", customFields=[{"id": "f1", "value": ["tea", "jam"]}])
    delta = SetDelta(frozenset({"gin"}), frozenset({"jam"}))
    push(fake.open(), op(UPDATE, "c1", {"custom.Likes": delta}))
    assert last_body(fake, "PUT") == {"customFields": [{"id": "f1", "field_value": ["gin", "tea"]}]}


def test_an_update_to_a_key_of_somebody_else_is_parked() -> None:
    fake = FakeGhl()
    fake.put("c1")
    fake.meddle = once("PUT", "/contacts/c1", refusal(400, DUPLICATE))
    receipt = push(fake.open(), op(UPDATE, "c1", {"email": "bob@example.org"}))
    assert isinstance(receipt.error, RecordError)
    assert (receipt.error.code, receipt.error.fields) == ("duplicate_key", ("email",))


def test_an_update_refused_with_400_that_was_applied_is_done() -> None:
    fake = FakeGhl()
    fake.put("c1")
    fake.after = once("PUT", "/contacts/c1", refusal(400, "Bad Request"))
    receipt = push(fake.open(), op(UPDATE, "c1", {"city": "Ulm"}))
    assert (receipt.error, receipt.record) == (None, None)


def test_a_first_email_that_is_refused_with_other_fields_is_sent_alone() -> None:
    fake = FakeGhl()
    fake.put("c1")
    fake.meddle = once("PUT", "/contacts/c1", refusal(400, "Bad Request"))
    receipt = push(fake.open(), op(UPDATE, "c1", {"email": "a@example.org", "city": "Ulm"}))
    assert receipt.error is None
    assert fake.bodies[-2:] == [{"email": "a@example.org"}, {"city": "Ulm"}]


@pytest.mark.parametrize(
    ("patch", "method", "path"),
    [
        ({"city": "Ulm"}, "PUT", "/contacts/c1"),
        ({"consent": REVOKED}, "PUT", "/contacts/c1"),
        ({"tags": SetDelta(frozenset({"x"}))}, "POST", "/contacts/c1/tags"),
    ],
)
def test_an_update_is_repeated_and_in_doubt_only_if_it_does_not_show(
    patch: Patch, method: str, path: str
) -> None:
    fake = FakeGhl()
    fake.put("c1")
    fake.after = once(method, path, LOST)
    assert push(fake.open(), op(UPDATE, "c1", patch)).error is None
    fake = FakeGhl()
    fake.put("c1")
    fake.meddle = once(method, path, *[httpx.Response(503)] * 9)
    assert isinstance(push(fake.open(), op(UPDATE, "c1", patch)).error, InDoubtError)


@pytest.mark.parametrize(
    "patch",
    [
        {"city": "Ulm"},
        {"consent": REVOKED},
        {"tags": SetDelta(frozenset({"x"}))},
    ],
)
def test_an_update_of_a_contact_that_is_gone_is_planned_again(patch: Patch) -> None:
    assert isinstance(push(FakeGhl().open(), op(UPDATE, "c1", patch)).error, StaleError)


def test_deleting_what_is_gone_is_done() -> None:
    fake = FakeGhl()
    fake.put("c1")
    ghl = fake.open()
    assert push(ghl, op(DELETE, "c1")).error is None
    assert push(ghl, op(DELETE, "c1")).error is None
    assert ghl.fetch(CONTACT, "c1", fields=frozenset()).gone


def test_a_400_that_does_not_say_gone_is_an_error() -> None:
    fake = FakeGhl()
    fake.put("c1")
    fake.meddle = lambda request: (
        refusal(400, "Bad Request") if request.url.path == "/contacts/c1" else None
    )
    ghl = fake.open()
    with pytest.raises(RecordError):
        ghl.fetch(CONTACT, "c1", fields=frozenset())
    assert isinstance(push(ghl, op(DELETE, "c1")).error, RecordError)


def test_suppressing_an_address_without_a_contact_is_not_possible() -> None:
    receipt = push(FakeGhl().open(), op(OpKind.SUPPRESS, None, {"email": "x@example.org"}))
    assert isinstance(receipt.error, RecordError)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_no_error_holds_a_value_or_a_secret(status: int, method: str) -> None:
    secrets = ["ann@example.org", "+12025550123", "Zebedee", "pit-first"]
    fake = FakeGhl()
    fake.put("c1")
    body = {"message": [*secrets, "duplicate contact not found"], "traceId": "ann@example.org"}
    fake.meddle = lambda request: (
        httpx.Response(status, content=json.dumps(body).encode())
        if request.method == method and request.url.path in ("/contacts/", "/contacts/c1")
        else None
    )
    patch = {"email": secrets[0], "phone": secrets[1], "firstName": secrets[2]}
    one = op(CREATE, None, patch) if method == "POST" else op(UPDATE, "c1", patch)
    try:
        error: Any = push(fake.open(), one).error
    except AccountError as cause:
        error = cause
    told = f"{error} {error!r} {error.__cause__!r}"
    assert not [secret for secret in secrets if secret in told]
