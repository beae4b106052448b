"""Notes and tasks are kept in step with the contacts to which they belong."""

from pathlib import Path

import pytest

from syncd.engine.cycle import Mode
from syncd.errors import AccountError
from syncd.store.runs import RunState
from tests.engine.office import Office, office

pytestmark = pytest.mark.usefixtures("example_mail")

ADA, BOB = "ada@example.org", "bob@example.org"
DUE = "2026-11-05T15:30:00.000Z"


@pytest.fixture
def place(tmp_path: Path) -> Office:
    return office(tmp_path)


def assert_quiet(place: Office) -> None:
    """Nothing is written any more."""
    before = place.in_crm("notes", "body"), place.in_app("notes", "text")
    for _ in range(2):
        place.wait(minutes=5)
        report = place.cycle()
        assert (report.counts, report.outcomes) == ({}, {})
    assert (place.in_crm("notes", "body"), place.in_app("notes", "text")) == before


def test_what_belongs_to_a_new_contact_follows_it(place: Office) -> None:
    place.person(ADA)
    place.note(ADA, "called")
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    assert place.in_app("notes", "text") == [(ADA, "called")]
    assert place.in_app("tasks", "title") == [(ADA, "Send the offer")]
    assert_quiet(place)


def test_what_both_sides_have_already_is_not_made_twice(place: Office) -> None:
    place.person(ADA)
    place.note(ADA, "called")
    there = place.app.create({"email": ADA, "first_name": "Ada"})["id"]
    place.app.create_child("notes", there, {"text": "called"})
    place.app.create_child("tasks", there, {"title": "Send the offer", "due": DUE})
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    assert place.in_app("notes", "text") == place.in_crm("notes", "body") == [(ADA, "called")]
    assert place.in_app("tasks", "title") == place.in_crm("tasks", "title")
    assert len(place.in_app("tasks", "title")) == 1
    assert_quiet(place)


def test_an_edit_of_either_side_reaches_the_other(place: Office) -> None:
    place.person(ADA)
    task = place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    (there,) = place.app.children["tasks"]
    place.act("complete_task", task=task)
    place.cycles()
    assert place.in_app("tasks", "done") == [(ADA, True)]
    place.app.change_child("tasks", there, {"title": "Send it again"})
    place.cycles()
    assert place.in_crm("tasks", "title") == [(ADA, "Send it again")]
    assert_quiet(place)


def test_what_belongs_to_nobody_in_step_waits_for_its_contact(place: Office) -> None:
    """The pair's filter leaves Bob out; when he is taken in, his note follows."""
    place.person(BOB)
    place.note(BOB, "called")
    place.write(filter="{left: {tag: vip}}")
    place.cycles()
    assert place.in_app("notes", "text") == []
    place.act("tag", email=BOB, tags=["vip"])
    place.cycles()
    assert place.in_app("notes", "text") == [(BOB, "called")]
    assert_quiet(place)


def test_equal_ones_pair_one_to_one(place: Office) -> None:
    place.person(ADA)
    for _ in range(3):
        place.note(ADA, "called")
    there = place.app.create({"email": ADA, "first_name": "Ada"})["id"]
    place.app.create_child("notes", there, {"text": "called"})
    place.cycles()
    assert place.in_app("notes", "text") == [(ADA, "called")] * 3
    assert place.in_crm("notes", "body") == [(ADA, "called")] * 3
    assert_quiet(place)


@pytest.mark.parametrize("delete", ["keep", "delete"])
@pytest.mark.parametrize("side", ["crm", "app"])
def test_a_deletion_goes_as_far_as_the_pair_says(tmp_path: Path, delete: str, side: str) -> None:
    place = office(tmp_path, delete=delete)
    place.person(ADA)
    note, task = place.note(ADA, "called"), place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    if side == "crm":
        place.act("delete_note", note=note)
        place.act("delete_task", task=task)
    else:
        for kind in ("notes", "tasks"):
            (there,) = place.app.children[kind]
            place.app.delete_child(kind, there)
    place.read_everything()
    there_is = place.in_app if side == "crm" else place.in_crm
    text = "text" if side == "crm" else "body"
    assert len(there_is("notes", text)) == len(there_is("tasks", "title")) == (delete == "keep")
    assert_quiet(place)


def test_a_deleted_contact_takes_nothing_with_it_on_the_other_side(tmp_path: Path) -> None:
    place = office(tmp_path, delete="delete")
    place.person(ADA)
    place.note(ADA, "called")
    place.cycles()
    place.app.delete(next(iter(place.app.contacts)))
    place.read_everything()
    assert place.in_crm("notes", "body") == [(ADA, "called")]
    assert_quiet(place)


def test_a_task_that_is_given_to_another_contact_follows(place: Office) -> None:
    """In GHL it cannot be given to another one: it ends there, and is made anew."""
    for email in (ADA, BOB):
        place.person(email)
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    (there,) = place.app.children["tasks"]
    bob = next(i for i, one in place.app.contacts.items() if one["email"] == BOB)
    place.app.change_child("tasks", there, {"contact_id": bob})
    place.cycles()
    assert place.in_crm("tasks", "title") == [(BOB, "Send the offer")]
    assert place.in_app("tasks", "title") == [(BOB, "Send the offer")]
    assert_quiet(place)


def test_the_first_run_is_held_with_what_is_to_come(tmp_path: Path) -> None:
    """One word of a person is enough for contacts and what follows them."""
    place = office(tmp_path, baseline="held")
    place.person(ADA)
    for number in range(3):
        place.note(ADA, f"call {number}")
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.wait(minutes=5)
    report = place.cycle()
    assert dict(report.counts) == {"app.creates": 1, "app tasks.creates": 1, "app notes.creates": 3}
    assert place.in_app("notes", "text") == []
    place.release()
    sent = place.cycle()
    assert dict(sent.counts) == dict(report.counts), "what was to come counts once"
    assert sum(sent.outcomes.values()) == 5
    place.cycles()
    assert len(place.in_app("notes", "text")) == 3
    assert place.in_app("tasks", "title") == [(ADA, "Send the offer")]


def test_tasks_that_cannot_be_read_do_not_stop_contacts(place: Office) -> None:
    place.person(ADA)
    place.note(ADA, "called")
    place.wait(minutes=5)
    place.line.refused = "/tasks/search"
    with pytest.raises(AccountError):
        place.cycle()
    assert [one["email"] for one in place.app.contacts.values()] == [ADA]
    assert place.in_app("notes", "text") == [(ADA, "called")]


def test_who_is_deleted_in_a_platform_that_does_not_tell_takes_no_task_along(
    tmp_path: Path,
) -> None:
    """That Ada's task is gone shows at once; that she is gone herself, only a full sweep."""
    place = office(tmp_path, delete="delete")
    place.person(ADA)
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.note(ADA, "called")
    place.cycles()
    place.act("delete", email=ADA)
    place.cycles()
    assert place.in_app("tasks", "title") == [(ADA, "Send the offer")]
    assert place.in_app("notes", "text") == [(ADA, "called")]
    assert_quiet(place)


@pytest.mark.parametrize("delete", ["keep", "delete"])
def test_who_comes_back_gets_what_belongs_to_them_again(tmp_path: Path, delete: str) -> None:
    """Deleted with all that she had, and entered anew: nobody has deleted her notes."""
    place = office(tmp_path, delete=delete)
    place.person(ADA)
    place.note(ADA, "called")
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    place.app.delete(next(iter(place.app.contacts)))
    place.cycles()
    place.app.create({"email": ADA, "first_name": "Ada"})
    place.cycles()
    assert place.in_app("notes", "text") == place.in_crm("notes", "body") == [(ADA, "called")]
    assert place.in_app("tasks", "title") == place.in_crm("tasks", "title")
    assert len(place.in_crm("tasks", "title")) == 1
    assert_quiet(place)


def test_notes_in_html_and_in_plain_text_are_equal_where_they_say_the_same(place: Office) -> None:
    """What people write in GHL's editor is HTML; formatting alone is no edit."""
    place.person(ADA)
    note = str(place.act("add_note", email=ADA, text="called\nat noon")["note"]["id"])
    there = place.app.create({"email": ADA, "first_name": "Ada"})["id"]
    place.app.create_child("notes", there, {"text": "called\nat noon"})
    place.cycles()
    assert place.in_app("notes", "text") == [(ADA, "called\nat noon")]
    ((_, html),) = place.in_crm("notes", "body")
    assert html.startswith("<p>")
    place.act("edit_note", note=note, html=html.replace("called", "<strong>called</strong>"))
    place.read_everything()
    assert place.in_app("notes", "text") == [(ADA, "called\nat noon")]
    assert "<strong>" in str(place.in_crm("notes", "body"))
    (remote_id,) = place.app.children["notes"]
    place.app.change_child("notes", remote_id, {"text": "called at one"})
    place.read_everything()
    assert place.in_crm("notes", "body") == [(ADA, "called at one")]
    assert_quiet(place)


def test_opt_outs_do_not_wait_until_what_belongs_to_contacts_is_read(place: Office) -> None:
    for email in (ADA, BOB):
        place.person(email)
    place.cycles()
    place.act("dnd", email=ADA, channel="Email")
    place.act("edit", email=BOB, fields={"firstName": "Bob"})
    place.wait(minutes=5)
    place.line.rest()
    report = place.cycle()
    (told,) = [n for n, one in enumerate(place.line.asked) if one.startswith("PATCH /v1/contacts")][
        :1
    ]
    assert told < min(n for n, one in enumerate(place.line.asked) if one.endswith("/notes"))
    assert [one["email"] for one in place.app.contacts.values() if one["opted_out"]] == [ADA]
    assert dict(report.counts) == {"app.optouts": 1, "app.updates": 1}


def test_tasks_that_are_nearly_all_gone_at_once_hold_the_pair_and_opt_outs_travel(
    tmp_path: Path,
) -> None:
    place = office(tmp_path, delete="delete")
    place.person(ADA)
    tasks = [place.task(ADA, f"Call {number}", dueDate=DUE) for number in range(25)]
    place.cycles()
    for task in tasks:
        place.act("delete_task", task=task)
    place.act("dnd", email=ADA, channel="Email")
    place.act("edit", email=ADA, fields={"firstName": "Bea"})
    place.wait(minutes=5)
    report = place.cycle(Mode.FULL)
    assert report.state is RunState.HELD
    assert any("showed only 0 of 25 known tasks" in reason for reason in report.reasons)
    (ada,) = place.app.contacts.values()
    assert (ada["opted_out"], ada["first_name"]) == (True, "Ada")
    assert len(place.in_app("tasks", "title")) == 25


@pytest.mark.parametrize(("delete", "left"), [("keep", [(ADA, "Send the offer")]), ("delete", [])])
def test_what_is_given_to_another_contact_and_deleted_there_is_not_made_again(
    tmp_path: Path, delete: str, left: list[tuple[str, str]]
) -> None:
    """Both between two cycles, so that it was never seen under the other one."""
    place = office(tmp_path, delete=delete)
    place.person(ADA)
    place.person(BOB)
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    ((there, _),) = place.app.children["tasks"].items()
    bob = next(i for i, one in place.app.contacts.items() if one["email"] == BOB)
    place.app.change_child("tasks", there, {"contact_id": bob})
    place.app.delete_child("tasks", there)
    place.cycles()
    assert place.in_app("tasks", "title") == []
    assert place.in_crm("tasks", "title") == left
    assert_quiet(place)


def test_what_went_with_the_contact_to_whom_it_was_given_is_made_anew(tmp_path: Path) -> None:
    """Nobody has deleted it; ExampleMail tells that the contact is gone."""
    place = office(tmp_path, delete="delete")
    place.person(ADA)
    place.person(BOB)
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    ((there, _),) = place.app.children["tasks"].items()
    bob = next(i for i, one in place.app.contacts.items() if one["email"] == BOB)
    place.app.change_child("tasks", there, {"contact_id": bob})
    place.app.delete(bob)
    place.cycles()
    assert place.in_app("tasks", "title") == [(ADA, "Send the offer")]
    assert place.in_crm("tasks", "title") == [(ADA, "Send the offer")]
    assert_quiet(place)
