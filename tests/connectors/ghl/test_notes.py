"""Notes: whole lists of one contact, direct looks, and writes that are never repeated blindly."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from syncd.connectors.api import Nested
from syncd.connectors.ghl.spec import SPEC
from syncd.errors import (
    AccountError,
    ConfigError,
    InDoubtError,
    RecordError,
    StaleError,
    TransientError,
)
from syncd.model.op import Op, OpKind
from syncd.model.record import Record, Resource
from syncd.model.spec import FieldSpec, Listing
from syncd.model.values import Patch

from .fake import NOW, FakeGhl, last_body, once, refusal
from .fake_nested import child_op, push_child

NOTE = Resource.NOTE
CREATE, UPDATE, DELETE = OpKind.CREATE, OpKind.UPDATE, OpKind.DELETE
LIST, ONE = "/contacts/c1/notes", "/contacts/c1/notes/n1"
ALL = frozenset(SPEC.resources[NOTE].fields)
LOST = httpx.ReadTimeout("lost")
HTML = "<!DOCTYPE html><html>blocked</html>"


def noted(**shown: Any) -> FakeGhl:
    """A contact with one note, as 4.1 shows it."""
    fake = FakeGhl()
    fake.put("c1")
    fake.nested.notes["n1"] = {
        "id": "n1",
        "body": "<p>Called</p>",
        "userId": "u1",
        "dateAdded": "2026-07-08T12:02:11.285Z",
        "contactId": "c1",
        "title": "Call",
        "color": "#FFAA00",
        "pinned": True,
        **shown,
    }
    return fake


def children(fake: FakeGhl, parent_id: str = "c1") -> list[Record]:
    return list(fake.open().children(NOTE, parent_id, fields=ALL))


def child(fake: FakeGhl) -> Record:
    return fake.open().child(NOTE, "n1", "c1", fields=ALL)


def answer(path: str, status: int, body: Any) -> FakeGhl:
    fake = noted()
    fake.meddle = lambda request: (
        httpx.Response(status, **({"text": body} if isinstance(body, str) else {"json": body}))
        if request.url.path == path
        else None
    )
    return fake


def test_notes_are_listed_by_contact_and_by_nothing_else() -> None:
    """4.1: no bulk or location-wide listing; 9: no modified-since listing."""
    spec = SPEC.resources[NOTE]
    fake = noted()
    ghl = fake.open()
    assert isinstance(ghl, Nested)
    assert (spec.listing, spec.incremental) == (Listing.BY_PARENT, False)
    assert (spec.parent, spec.finds) == (Resource.CONTACT, frozenset())
    assert list(ghl.pull(NOTE, None, fields=ALL, full=True)) == []
    assert ghl.catalogue(NOTE) == spec.fields
    assert fake.log == []


def test_a_note_shows_every_field_and_its_html_as_it_is() -> None:
    """4.1: bodies written by people are HTML; there is no dateUpdated, so no version."""
    for record in (*children(noted()), child(noted())):
        assert record.fields == {
            "body": "<p>Called</p>",
            "title": "Call",
            "color": "#FFAA00",
            "pinned": True,
            "userId": "u1",
            "dateAdded": datetime(2026, 7, 8, 12, 2, 11, 285000, UTC),
        }
        assert (record.remote_id, record.parent_id) == ("n1", "c1")
        assert (record.version, record.modified, record.certain) == (None, None, True)


def test_what_a_note_does_not_show_is_unknown_and_what_makes_no_sense_is_odd() -> None:
    fake = noted(title=None, color="", pinned="maybe", dateAdded="2026-07-08 12:02:11", userId=7)
    del fake.nested.notes["n1"]["body"]
    (record,) = children(fake)
    assert record.fields == {"title": None, "color": None}
    assert record.odd == {"pinned", "dateAdded", "userId"}


@pytest.mark.parametrize("contact", [None, ""])
def test_a_note_that_does_not_say_whose_it_is_belongs_to_the_contact_that_lists_it(
    contact: str | None,
) -> None:
    assert [record.parent_id for record in children(noted(contactId="c1"))] == ["c1"]
    rows = {"notes": [{"id": "n1", "body": "x", "contactId": contact}]}
    assert [record.parent_id for record in children(answer(LIST, 200, rows))] == ["c1"]


def test_a_contact_that_is_gone_has_no_notes() -> None:
    """Gotcha 14: an unknown contact is a 400 and not a 404."""
    assert children(noted(), "c9") == []


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, HTML, TransientError),
        (200, {}, TransientError),
        (200, {"notes": None}, TransientError),
        (200, {"notes": {"n1": {}}}, TransientError),
        (200, {"notes": ["n1"]}, TransientError),
        (200, {"notes": [{"body": "x"}]}, TransientError),
        (200, {"notes": [{"id": 7}]}, TransientError),
        (200, {"notes": [{"id": "n1", "contactId": 7}]}, TransientError),
        (200, [], TransientError),
        (400, {"message": "Bad Request"}, RecordError),
        (404, {"message": "Cannot GET /contacts/c1/notes"}, AccountError),
        (404, {}, AccountError),
        (422, {"message": ["property locationId should not exist"]}, RecordError),
        (401, {"message": "The token is not authorized for this scope."}, AccountError),
        (503, {}, TransientError),
    ],
)
def test_a_list_is_whole_or_an_error(status: int, body: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        children(answer(LIST, status, body))


@pytest.mark.parametrize(
    "row",
    [
        {"id": "x" * 256, "contactId": "c1"},
        {"id": "..", "contactId": "c1"},
        {"id": "n\n2", "contactId": "c1"},
        {"id": "n2", "contactId": "c2"},
        {"id": "n2", "contactId": ".."},
    ],
)
def test_a_row_that_cannot_be_kept_or_is_of_another_contact_is_left_out(row: Any) -> None:
    fake = noted()
    listed = [*fake.nested.notes.values(), row]
    fake.meddle = once("GET", LIST, httpx.Response(200, json={"notes": listed}))
    assert [record.remote_id for record in children(fake)] == ["n1"]


@pytest.mark.parametrize(
    ("status", "message"),
    [(404, "Note not found"), (404, ""), (404, "Not Found"), (400, "Bad Request"), (422, "")],
)
def test_a_note_is_gone_once_the_list_of_its_contact_says_so_too(status: int, message: str) -> None:
    """0.1: a 404 is seen for what is missing, its text is documented nowhere; 11: re-check."""
    fake = answer(ONE, status, {"message": message})
    with pytest.raises((TransientError, RecordError)):
        child(fake)
    fake.nested.notes.clear()
    gone = child(fake)
    assert gone == Record("n1", {}, gone=True, parent_id="c1")


def test_a_note_of_a_contact_that_is_gone_is_gone() -> None:
    fake = noted()
    fake.contacts.clear()
    assert child(fake).gone


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (404, "Cannot GET /contacts/c1/notes/n1", AccountError),
        (401, "The token is not authorized for this scope.", AccountError),
        (503, "", TransientError),
    ],
)
def test_no_other_answer_says_that_a_note_is_gone(
    status: int, message: str, error: type[Exception]
) -> None:
    fake = answer(ONE, status, {"message": message})
    fake.nested.notes.clear()
    with pytest.raises(error):
        child(fake)


def test_a_note_that_is_under_another_contact_now_is_gone_here() -> None:
    fake = noted()
    moved = {**fake.nested.notes["n1"], "contactId": "c2"}
    fake.nested.notes.clear()
    fake.meddle = once("GET", ONE, httpx.Response(200, json={"note": moved}))
    assert child(fake).gone


@pytest.mark.parametrize(
    "body", [{}, {"note": None}, {"note": []}, {"note": {"id": "n2"}}, {"note": {}}, HTML]
)
def test_an_answer_with_another_note_or_none_is_an_error(body: Any) -> None:
    with pytest.raises((TransientError, RecordError)):
        child(answer(ONE, 200, body))


def test_a_create_sends_what_is_filled_and_shows_what_ghl_made_of_it() -> None:
    """4.1: `body` is required, the others are not; 201 `{note}`."""
    fake = noted()
    patch: Patch = {"body": "Hello", "title": "T", "color": None, "pinned": False, "userId": "u1"}
    receipt = push_child(fake.open(), child_op(NOTE, CREATE, patch=patch))
    assert receipt.error is None
    assert receipt.remote_id == "note1"
    assert receipt.record is not None
    assert receipt.record.parent_id == "c1"
    assert receipt.record.fields["body"] == "Hello"
    assert "dateAdded" not in receipt.record.fields  # the answer did not have it
    sent = {"body": "Hello", "title": "T", "pinned": False, "userId": "u1"}
    assert last_body(fake, "POST") == sent


@pytest.mark.parametrize("patch", [{}, {"title": "T"}, {"body": None}, {"body": ""}])
def test_a_note_without_a_text_is_not_sent(patch: Patch) -> None:
    fake = noted()
    receipt = push_child(fake.open(), child_op(NOTE, CREATE, patch=patch))
    assert isinstance(receipt.error, RecordError)
    assert receipt.error.fields == ("body",)
    assert fake.log == []


@pytest.mark.parametrize(
    "lost",
    [
        LOST,
        httpx.Response(502),
        httpx.Response(201, text=HTML),
        httpx.Response(201, json={}),
        httpx.Response(201, json={"note": {"body": "Hello"}}),
        httpx.Response(201, json={"note": {"id": "n9", "contactId": "c2"}}),
    ],
)
def test_a_create_whose_answer_is_lost_is_in_doubt_and_never_repeated(lost: Any) -> None:
    """4.4: there is no idempotency key anywhere in the API."""
    fake = noted()
    fake.after = once("POST", LIST, lost)
    receipt = push_child(fake.open(), child_op(NOTE, CREATE, patch={"body": "Hello"}))
    assert isinstance(receipt.error, InDoubtError)
    assert fake.log.count(("POST", LIST)) == 1


def test_a_create_that_never_left_is_raised_and_may_be_sent_again() -> None:
    fake = noted()
    fake.meddle = once("POST", LIST, *[httpx.ConnectError("no")] * 9)
    with pytest.raises(TransientError) as caught:
        push_child(fake.open(), child_op(NOTE, CREATE, patch={"body": "Hello"}))
    assert not isinstance(caught.value, InDoubtError)


def test_a_create_that_is_refused_is_in_doubt_only_if_one_like_it_is_there() -> None:
    """Gotcha 9 and 11: a 422 was seen on a create that had been carried out."""
    made = noted()
    made.after = once("POST", LIST, refusal(422, ["title must be a string"]))
    receipt = push_child(made.open(), child_op(NOTE, CREATE, patch={"body": "x", "title": None}))
    assert isinstance(receipt.error, InDoubtError)
    refused = noted()
    refused.meddle = once("POST", LIST, refusal(422, ["title must be a string"]))
    receipt = push_child(refused.open(), child_op(NOTE, CREATE, patch={"body": "x"}))
    assert isinstance(receipt.error, RecordError)
    assert receipt.error.fields == ("title",)


def test_a_refused_create_that_nobody_can_look_for_is_in_doubt() -> None:
    fake = answer(LIST, 422, {"message": ["no"]})
    receipt = push_child(fake.open(), child_op(NOTE, CREATE, patch={"body": "x"}))
    assert isinstance(receipt.error, InDoubtError)


def test_a_note_for_a_contact_that_is_gone_is_planned_again() -> None:
    fake = FakeGhl()
    receipt = push_child(fake.open(), child_op(NOTE, CREATE, patch={"body": "x"}))
    assert isinstance(receipt.error, StaleError)


def test_an_update_sends_only_what_changed() -> None:
    fake = noted()
    receipt = push_child(fake.open(), child_op(NOTE, UPDATE, "n1", {"title": None}))
    assert receipt.error is None
    assert last_body(fake, "PUT") == {"title": ""}
    assert receipt.record is not None
    assert receipt.record.fields["title"] is None


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ({"body": None}, "not_clearable"),
        ({"dateAdded": NOW}, "read_only"),
        ({"contactId": "c2"}, "unknown_field"),
        ({"pinned": "yes"}, "bad_value"),
        ({"title": 7}, "bad_value"),
    ],
)
def test_what_a_note_cannot_hold_is_not_sent(patch: Patch, code: str) -> None:
    fake = noted()
    receipt = push_child(fake.open(), child_op(NOTE, UPDATE, "n1", patch))
    assert isinstance(receipt.error, RecordError)
    assert (receipt.error.code, receipt.error.fields) == (code, tuple(patch))
    assert fake.log == []


def test_an_update_whose_answer_is_lost_is_repeated_and_looked_at() -> None:
    """11: a PUT is idempotent, so it is repeated, and read back."""
    one = child_op(NOTE, UPDATE, "n1", {"body": "new"})
    fake = noted()
    fake.after = once("PUT", ONE, LOST, httpx.Response(503))
    assert push_child(fake.open(), one).error is None
    fake = noted()
    fake.after = once("PUT", ONE, *[httpx.Response(503)] * 9)
    assert push_child(fake.open(), one).error is None
    fake = noted()
    fake.meddle = once("PUT", ONE, *[httpx.Response(503)] * 9)
    assert isinstance(push_child(fake.open(), one).error, InDoubtError)


@pytest.mark.parametrize("shown", [{"id": "n2"}, {"id": "n1", "contactId": "c2"}])
def test_an_update_that_is_answered_with_another_note_is_looked_at(shown: Any) -> None:
    told = httpx.Response(200, json={"note": shown})
    fake = noted()
    fake.after = once("PUT", ONE, told)
    receipt = push_child(fake.open(), child_op(NOTE, UPDATE, "n1", {"body": "new"}))
    assert (receipt.error, receipt.record) == (None, None)
    fake = noted()
    fake.meddle = once("PUT", ONE, told)
    receipt = push_child(fake.open(), child_op(NOTE, UPDATE, "n1", {"body": "new"}))
    assert isinstance(receipt.error, InDoubtError)


def test_an_update_of_a_note_that_is_gone_is_planned_again() -> None:
    fake = noted()
    receipt = push_child(fake.open(), child_op(NOTE, UPDATE, "n9", {"body": "new"}))
    assert isinstance(receipt.error, StaleError)


def test_deleting_what_is_gone_is_done_but_only_once_it_is_gone() -> None:
    fake = noted()
    ghl = fake.open()
    assert push_child(ghl, child_op(NOTE, DELETE, "n1")).error is None
    assert fake.nested.notes == {}
    assert push_child(ghl, child_op(NOTE, DELETE, "n1")).error is None
    fake = noted()
    fake.meddle = once("DELETE", ONE, refusal(404, ""))
    with pytest.raises(TransientError, match="still there"):
        push_child(fake.open(), child_op(NOTE, DELETE, "n1"))


def test_a_note_of_no_contact_and_a_write_of_no_kind_are_refused() -> None:
    fake = noted()
    orphan = Op(7, NOTE, CREATE, None, {"body": "x"})
    for one in (orphan, child_op(NOTE, OpKind.SUPPRESS, None, {"body": "x"})):
        assert isinstance(push_child(fake.open(), one).error, RecordError)
    assert fake.log == []


def test_what_only_contacts_have_is_refused_for_notes() -> None:
    ghl = noted().open()
    with pytest.raises(ConfigError):
        ghl.fetch(NOTE, "n1", fields=ALL)
    with pytest.raises(ConfigError):
        ghl.find(NOTE, "title", "x", fields=ALL)
    with pytest.raises(ConfigError):
        ghl.create_field(NOTE, FieldSpec("custom.A"))
    with pytest.raises(ConfigError):
        ghl.children(Resource.CONTACT, "c1", fields=ALL)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_no_error_holds_a_text_of_a_note(status: int) -> None:
    fake = answer(LIST, status, {"message": "Zebedee note not found", "traceId": "Zebedee x"})
    try:
        error: Any = push_child(
            fake.open(), child_op(NOTE, CREATE, patch={"body": "Zebedee"})
        ).error
    except (AccountError, TransientError) as cause:
        error = cause
    assert error is not None
    assert "Zebedee" not in f"{error} {error!r} {error.__cause__!r}"
