"""Single updates, changes of address, opt-outs."""

import httpx
import pytest

from syncd.errors import (
    AccountError,
    InDoubtError,
    OptedOutError,
    RecordError,
    StaleError,
    SyncdError,
)
from syncd.model.op import Op, OpKind
from syncd.model.values import Consent, Level

from .fake import (
    BY_ID,
    CONTACT,
    Fake,
    contact,
    contacts,
    empty,
    error,
    fake,
    push,
    single,
    updating,
    xml,
)

PUT = ("PUT", "/contacts/contact")
PUT_OLD = ("PUT", "/contacts/email/old@example.org")
NEW = ("GET", "/contacts/emails/new@example.org")
NEW_MARKER = ("GET", "/contacts/email/new@example.org/unsubscription")
MARK = ("PUT", "/contacts/email/old@example.org/unsubscription")
LEAVE = ("DELETE", "/contacts/contact/unsubscribe")
REVOKED = Consent(Level.REVOKED)


def sent(world: Fake) -> list[tuple[str, str]]:
    return [(a.method, a.path) for a in world.asked if a.method != "GET"]


def changing(world: Fake, *shown: str) -> SyncdError | None:
    """Change the address of contact 7, which shows these addresses one after the other."""
    world.on(BY_ID, *(single(7, email) for email in shown))
    op = updating(1, "7", "old@example.org", email="New@example.org", CITY="Ulm")
    return push(world.connector(), op)[1].error


def free() -> Fake:
    return (
        fake()
        .on(NEW, contacts())
        .on(NEW_MARKER, error(404))
        .on(PUT_OLD, empty(201))
        .on(PUT, empty(204))
    )


def test_only_the_fields_of_the_patch_are_written_and_no_permission() -> None:
    world = fake().on(PUT, empty(204))
    op = updating(1, "7", "old@example.org", CITY="Ulm & Neu-Ulm", ZIP=None)
    assert push(world.connector(), op)[1].error is None
    call = world.calls(*PUT)[0]
    assert call.query == {"id": ["7"], "ignore_checksum": ["true"]}
    assert b"<id>" not in call.body
    assert b"permission" not in call.body
    assert b"email" not in call.body
    assert b"Ulm &amp; Neu-Ulm" in call.body


def test_consent_is_never_given() -> None:
    for kind in (Level.GRANTED, Level.UNKNOWN):
        world = fake()
        caught = push(world.connector(), updating(1, "7", consent=Consent(kind)))[1].error
        assert isinstance(caught, RecordError)
        assert caught.code == "not_grantable"
        assert world.asked == []


def test_a_new_address_goes_in_a_request_of_its_own() -> None:
    world = free()
    assert changing(world, "old@example.org", "new@example.org") is None
    assert sent(world) == [PUT_OLD, PUT]
    body = world.calls(*PUT_OLD)[0].body
    assert b"<contact><email>new@example.org</email></contact>" in body
    assert world.calls(*PUT_OLD)[0].query == {}
    assert b"email" not in world.calls(*PUT)[0].body


def test_an_address_that_opted_out_is_given_to_nobody() -> None:
    world = free().on(NEW_MARKER, xml("<unsubscription/>"))
    assert isinstance(changing(world, "old@example.org"), OptedOutError)
    assert sent(world) == []


def test_an_address_that_another_contact_has_is_not_taken() -> None:
    world = free().on(NEW, contacts([contact(8, "new@example.org")]))
    caught = changing(world, "old@example.org")
    assert isinstance(caught, RecordError)
    assert caught.code == "duplicate_key"
    assert sent(world) == []


def test_an_address_that_somebody_changed_meanwhile_is_planned_again() -> None:
    world = free()
    assert isinstance(changing(world, "third@example.org"), StaleError)
    assert sent(world) == []


def test_a_change_that_is_already_made_is_done() -> None:
    world = free()
    assert changing(world, "new@example.org") is None
    assert sent(world) == [PUT]


def test_after_a_lost_answer_the_contact_is_looked_at_before_anything_is_repeated() -> None:
    world = free().on(PUT_OLD, httpx.ReadTimeout("slow"))
    assert changing(world, "old@example.org", "new@example.org") is None
    assert len(world.calls(*PUT_OLD)) == 1
    again = free().on(PUT_OLD, httpx.ReadTimeout("slow"), empty(201))
    assert changing(again, "old@example.org", "old@example.org", "new@example.org") is None
    assert len(again.calls(*PUT_OLD)) == 2


def test_a_change_that_never_shows_is_in_doubt() -> None:
    assert isinstance(changing(free(), "old@example.org"), InDoubtError)


def opting_out(world: Fake, **current: object) -> SyncdError | None:
    op = Op(1, CONTACT, OpKind.UPDATE, "7", {"consent": REVOKED, "CITY": "Ulm"}, current)  # type: ignore[arg-type]
    return push(world.connector(), op)[1].error


def test_an_opt_out_ends_the_contact_and_marks_the_address_and_writes_nothing_else() -> None:
    world = fake().on(LEAVE, empty(204)).on(MARK, empty(201))
    assert opting_out(world, email="Old@example.org") is None
    assert sent(world) == [LEAVE, MARK]
    assert world.calls(*LEAVE)[0].query["id"] == ["7"]
    assert world.calls(*LEAVE)[0].query["reason"][0].startswith("other|")


def test_an_opt_out_of_somebody_who_has_left_is_done_and_still_marked() -> None:
    world = fake().on(LEAVE, error(404)).on(MARK, empty(200))
    assert opting_out(world, email="old@example.org") is None
    assert sent(world) == [LEAVE, MARK]


def test_the_address_to_mark_is_looked_up_before_the_contact_ends() -> None:
    world = (
        fake().on(BY_ID, single(7, "old@example.org")).on(LEAVE, empty(204)).on(MARK, empty(201))
    )
    assert opting_out(world) is None
    assert [(a.method, a.path) for a in world.asked] == [BY_ID, LEAVE, MARK]


def test_a_key_without_delete_still_marks_the_address() -> None:
    world = fake().on(LEAVE, error(403)).on(MARK, empty(201))
    with pytest.raises(AccountError):
        opting_out(world, email="old@example.org")
    assert sent(world) == [LEAVE, MARK]


@pytest.mark.parametrize("answer", [empty(200), empty(201)])
def test_an_address_without_a_contact_is_marked(answer: httpx.Response) -> None:
    world = fake().on(MARK, answer)
    op = Op(1, CONTACT, OpKind.SUPPRESS, None, {"email": "Old@example.org"})
    assert push(world.connector(), op)[1].error is None
    assert sent(world) == [MARK]


def test_opt_outs_go_before_everything_else() -> None:
    world = fake().on(PUT, empty(204)).on(LEAVE, empty(204)).on(MARK, empty(201))
    ops = updating(1, "8", CITY="Ulm"), updating(2, "7", "old@example.org", consent=REVOKED)
    push(world.connector(), *ops)
    assert sent(world) == [LEAVE, MARK, PUT]
