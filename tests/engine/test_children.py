"""Notes and tasks are kept in step with the contacts to which they belong."""

from pathlib import Path

import pytest

from tests.engine.office import Office, office

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
