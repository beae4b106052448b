"""Notes and tasks are told in the journal as contacts are."""

from pathlib import Path

import pytest

from syncd.engine.cycle import Mode
from syncd.model.entry import CONTACT_OF, Entry, Kind
from syncd.model.record import Resource
from tests.engine.office import Office, office
from tests.engine.replay import Replay, story
from tests.engine.test_children_survive import populate

pytestmark = pytest.mark.usefixtures("example_mail")

ADA, BOB = "ada@example.org", "bob@example.org"


def told(place: Office, resource: Resource, *kinds: Kind) -> list[Entry]:
    entries = story(place.running().store, *kinds)
    return [entry for entry in entries if entry.resource is resource]


def test_a_note_appears_is_written_and_is_edited(tmp_path: Path) -> None:
    place = office(tmp_path)
    place.person(ADA)
    place.cycles()
    note = place.note(ADA, "called")
    place.read_everything()
    appeared, created = told(place, Resource.NOTE)
    assert (appeared.kind, appeared.account, appeared.remote_id) == (Kind.APPEARED, "crm", note)
    assert (created.kind, created.account, created.actor) == (Kind.CREATED, "app", "syncd")
    [(there, _)] = place.app.children["notes"].items()
    place.app.change_child("notes", there, {"text": "called back"})
    place.read_everything()
    changed, updated = told(place, Resource.NOTE)[2:]
    assert (changed.kind, changed.after) == (Kind.CHANGED, {"text": "called back"})
    assert (updated.kind, updated.account) == (Kind.UPDATED, "crm")


def test_the_first_listing_of_a_contact_is_marked_and_what_comes_later_is_not(
    tmp_path: Path,
) -> None:
    """Where notes are listed for one contact at a time, each contact has a first time."""
    place = office(tmp_path)
    place.person(ADA)
    place.note(ADA, "old")
    place.cycles()
    place.note(ADA, "new")
    place.read_everything()
    baseline = [entry.baseline for entry in told(place, Resource.NOTE, Kind.APPEARED)]
    assert baseline == [True, False]


def test_a_task_that_is_given_to_somebody_else_is_told_with_whose_it_was(tmp_path: Path) -> None:
    place = office(tmp_path)
    ada, bob = (place.app.create({"email": e, "first_name": "A"})["id"] for e in (ADA, BOB))
    task = place.app.create_child("tasks", ada, {"title": "Call"})["id"]
    place.cycles()
    place.app.change_child("tasks", task, {"contact_id": bob})
    place.read_everything()
    [moved] = told(place, Resource.TASK, Kind.MOVED)
    assert (moved.account, moved.remote_id) == ("app", task)
    assert (moved.before, moved.after) == ({CONTACT_OF: ada}, {CONTACT_OF: bob})


@pytest.mark.parametrize("kind", ["notes", "tasks"])
@pytest.mark.parametrize("host", ["ghl", "example-mail"])
def test_what_was_made_and_not_answered_for_is_nobody_elses(
    tmp_path: Path, kind: str, host: str
) -> None:
    place = office(tmp_path)
    populate(place)
    replay = Replay()
    place.lose_the_answer(host, kind)
    replay.check(place.running().store)
    for _ in range(3):
        place.wait(minutes=5)
        place.cycle(Mode.FULL)
        replay.check(place.running().store)
    resource = Resource.NOTE if kind == "notes" else Resource.TASK
    theirs = [e for e in told(place, resource, Kind.APPEARED) if e.actor == "platform"]
    entered = {"notes": 4, "tasks": 2}[kind]
    assert len(theirs) == entered
