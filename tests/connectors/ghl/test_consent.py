"""Opting out, and lifting an opt-out: other channels stay as they are."""

from typing import Any

import httpx
import pytest

from syncd.errors import RecordError
from syncd.model.op import OpKind
from syncd.model.values import Consent, Level

from .fake import FakeGhl, last_body, once, op, push, refusal

REVOKED, GRANTED = Consent(Level.REVOKED), Consent(Level.GRANTED)
UPDATE = OpKind.UPDATE


@pytest.mark.parametrize("replaces", [True, False])
def test_an_opt_out_keeps_every_other_channel(replaces: bool) -> None:
    others = {
        "SMS": {"status": "active", "message": "stop", "code": "103"},
        "RCS": {"status": "permanent"},
        "Call": {"status": "inactive"},
    }
    fake = FakeGhl(replaces_dnd=replaces)
    fake.put("c1", dndSettings={**others, "Email": {"status": "inactive"}})
    receipt = push(fake.open(), op(UPDATE, "c1", {"consent": REVOKED}))
    assert receipt.error is None
    assert receipt.record is not None
    assert receipt.record.fields["consent"] == Consent(Level.REVOKED, None, "ghl")
    after = fake.contacts["c1"]["dndSettings"]
    assert after.pop("Email")["status"] == "active"
    assert after == others


def test_an_opt_out_goes_first_and_alone() -> None:
    fake = FakeGhl()
    fake.put("c1")
    fake.meddle = lambda request: (
        refusal(422, ["city is bad"]) if b"city" in request.content else None
    )
    receipt = push(fake.open(), op(UPDATE, "c1", {"city": "Ulm", "consent": REVOKED}))
    assert isinstance(receipt.error, RecordError)
    assert fake.contacts["c1"]["dndSettings"]["Email"]["status"] == "active"


def test_an_opt_out_gets_through_where_an_undocumented_channel_is_refused() -> None:
    fake = FakeGhl()
    fake.put("c1", dndSettings={"RCS": {"status": "inactive"}, "SMS": {"status": "active"}})
    fake.meddle = lambda request: (
        refusal(422, ["property RCS should not exist"]) if b"RCS" in request.content else None
    )
    assert push(fake.open(), op(UPDATE, "c1", {"consent": REVOKED})).error is None
    assert last_body(fake, "PUT")["dndSettings"].keys() == {"SMS", "Email"}


@pytest.mark.parametrize(
    "shown",
    [
        {"dnd": True},
        {"dndSettings": {"Email": {"status": "active"}}},
        {"dndSettings": {"email": {"status": "permanent"}}},
    ],
)
def test_who_is_opted_out_already_is_not_written(shown: dict[str, Any]) -> None:
    fake = FakeGhl()
    fake.put("c1", **shown)
    assert push(fake.open(), op(UPDATE, "c1", {"consent": REVOKED})).error is None
    assert "PUT" not in {method for method, _ in fake.log}


def test_a_change_of_another_channel_is_reported() -> None:
    fake = FakeGhl()
    contact = fake.put("c1", dndSettings={"SMS": {"status": "active"}})
    changed = {"Email": {"status": "active"}, "SMS": {"status": "inactive"}}
    fake.after = once(
        "PUT",
        "/contacts/c1",
        httpx.Response(200, json={"contact": {**contact, "dndSettings": changed}}),
    )
    error = push(fake.open(), op(UPDATE, "c1", {"consent": REVOKED})).error
    assert isinstance(error, RecordError)
    assert error.code == "dnd_channels"


def test_an_opt_out_that_is_not_shown_is_reported() -> None:
    fake = FakeGhl()
    contact = fake.put("c1")
    fake.meddle = once("PUT", "/contacts/c1", httpx.Response(200, json={"contact": contact}))
    error = push(fake.open(), op(UPDATE, "c1", {"consent": REVOKED})).error
    assert isinstance(error, RecordError)
    assert error.code == "dnd_not_taken"


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        ({"dnd": True}, "dnd_all"),
        ({"dndSettings": {"Email": {"status": "permanent"}}}, "dnd_permanent"),
    ],
)
def test_what_is_not_ours_to_lift_is_never_lifted(shown: dict[str, Any], code: str) -> None:
    fake = FakeGhl()
    fake.put("c1", **shown)
    error = push(fake.open(), op(UPDATE, "c1", {"consent": GRANTED})).error
    assert isinstance(error, RecordError)
    assert error.code == code
    assert "PUT" not in {method for method, _ in fake.log}


def test_an_opt_out_is_lifted_only_where_the_op_says_so() -> None:
    fake = FakeGhl()
    fake.put("c1", dndSettings={"Email": {"status": "active"}, "SMS": {"status": "active"}})
    ghl = fake.open()
    push(ghl, op(UPDATE, "c1", {"consent": Consent(Level.UNKNOWN)}))
    assert fake.log == []
    assert push(ghl, op(UPDATE, "c1", {"consent": GRANTED})).error is None
    settings = fake.contacts["c1"]["dndSettings"]
    assert (settings["Email"]["status"], settings["SMS"]["status"]) == ("inactive", "active")
