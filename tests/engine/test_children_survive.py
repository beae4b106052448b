"""However a process of ours ends, each note and each task is there once on both sides."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.line import CrashError
from tests.engine.office import Office, office

pytestmark = pytest.mark.usefixtures("example_mail")

ADA, BOB = "ada@example.org", "bob@example.org"
DUE = "2026-11-05T15:30:00.000Z"
NOTES = [(ADA, "called"), (ADA, "called"), (BOB, "wrote")]
TASKS = [(ADA, "Send it"), (BOB, "Call back")]


def populate(place: Office) -> None:
    """Ada and Bob with some of it on either side, and some on both."""
    there = {}
    for email in (ADA, BOB):
        place.person(email)
        there[email] = place.app.create({"email": email, "first_name": "Ada"})["id"]
    for _ in range(2):
        place.note(ADA, "called")
    place.app.create_child("notes", there[ADA], {"text": "called"})
    place.app.create_child("notes", there[BOB], {"text": "wrote"})
    place.task(ADA, "Send it", dueDate=DUE)
    place.app.create_child("tasks", there[BOB], {"title": "Call back", "due": DUE})
    place.wait(minutes=5)


def assert_in_step(place: Office) -> None:
    for _ in range(3):
        place.wait(minutes=5)
        place.cycle()
    assert place.in_app("notes", "text") == place.in_crm("notes", "body") == NOTES
    assert place.in_app("tasks", "title") == place.in_crm("tasks", "title") == TASKS
    assert place.cycle().outcomes == {}
    assert not [row for row in place.census() if row[2] in ("parked", "waiting")]


def requests_of_a_first_sync(folder: Path) -> int:
    folder.mkdir()
    place = office(folder)
    populate(place)
    place.line.rest()
    place.cycle()
    return place.line.sent


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_process_dies_in_any_request(tmp_path: Path, carried_out: bool) -> None:
    number = requests_of_a_first_sync(tmp_path / "whole")
    assert number > 20
    for n in range(1, number + 1):
        folder = tmp_path / str(n)
        folder.mkdir()
        place = office(folder)
        populate(place)
        place.line.rest()
        place.line.crash_at, place.line.carried_out = n, carried_out
        with pytest.raises(CrashError):
            place.cycle()
        place.line.rest()
        place.opened = None
        assert_in_step(place)


def test_a_process_dies_between_any_two_steps(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()

    def count(point: str) -> None:
        seen[point] += 1

    def run(folder: str, crash: Callable[[str], None]) -> Office:
        (tmp_path / folder).mkdir()
        place = office(tmp_path / folder)
        populate(place)
        place.crash = crash
        return place

    run("whole", count).cycle()
    assert seen["nested"] > 0
    for point, times in seen.items():
        for time in {1, times}:
            passed: Counter[str] = Counter()

            def die(
                here: str, at: str = point, passed: Counter[str] = passed, time: int = time
            ) -> None:
                passed[here] += 1
                if here == at and passed[here] == time:
                    raise CrashError

            place = run(f"{point} {time}", die)
            with pytest.raises(CrashError):
                place.cycle()
            place.crash, place.opened = (lambda _: None), None
            assert_in_step(place)


@pytest.mark.parametrize("kind", ["notes", "tasks"])
@pytest.mark.parametrize("host", ["ghl", "example-mail"])
def test_the_answer_to_a_create_is_lost(tmp_path: Path, kind: str, host: str) -> None:
    place = office(tmp_path)
    populate(place)
    place.lose_the_answer(host, kind)
    assert_in_step(place)


def test_what_a_create_in_doubt_has_made_is_known_although_somebody_ticked_it_off(
    tmp_path: Path,
) -> None:
    """What people know it by is as we sent it; the rest is an edit, and travels."""
    place = office(tmp_path)
    place.person(ADA)
    place.wait(minutes=5)
    place.cycle()
    ((there, _),) = place.app.contacts.items()
    place.app.create_child("tasks", there, {"title": "Send it", "due": DUE})
    place.crash = lambda name: (
        dies() if name == "answered" and place.in_crm("tasks", "id") else None
    )

    def dies() -> None:
        raise CrashError

    with pytest.raises(CrashError):
        place.cycle()
    place.crash, place.opened = (lambda _: None), None
    ((_, task),) = place.in_crm("tasks", "id")
    place.act("complete_task", task=task)
    for _ in range(3):
        place.cycle()
        place.wait(minutes=5)
    assert place.in_crm("tasks", "title") == place.in_app("tasks", "title") == [(ADA, "Send it")]
    assert place.in_app("tasks", "done") == [(ADA, True)]


def test_a_note_in_doubt_is_known_by_what_it_says_and_not_by_how_it_is_written(
    tmp_path: Path,
) -> None:
    """Somebody has it saved again by the editor, as HTML; and meanwhile it is edited there."""
    place = office(tmp_path)
    place.person(ADA)
    place.wait(minutes=5)
    place.cycle()
    ((there, _),) = place.app.contacts.items()
    note = place.app.create_child("notes", there, {"text": "called"})["id"]
    place.lose_the_answer("ghl", "notes")
    ((_, made),) = place.in_crm("notes", "id")
    place.act("edit_note", note=made)
    assert place.in_crm("notes", "body") != [(ADA, "called")], "it is HTML now"
    place.app.change_child("notes", note, {"text": "called twice"})
    before = place.writes()
    place.read_everything()
    assert place.in_app("notes", "text") == [(ADA, "called twice")]
    assert [one["id"] for _, one in place.family("notes")] == [made]
    assert place.writes() == before + 1, "the edit, and no second note"
