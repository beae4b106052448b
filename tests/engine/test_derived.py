"""Contacts have fields that follow from the records that belong to them."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.errors import ConfigError
from syncd.store import database
from syncd.store import tables as t
from tests.engine.office import Office, office
from tests.engine.test_appointments import book, kept

pytestmark = pytest.mark.usefixtures("example_mail")

ADA, BOB = "ada@example.org", "bob@example.org"
DUE, LATER = "2026-11-05T15:30:00.000Z", "2026-11-09T08:00:00.000Z"


def deriving(folder: Path, *lines: str, **said: Any) -> Office:
    """An office whose mapping has these lines too."""
    place = office(folder)
    map_too(place, *lines)
    if said:
        place.write(**said)
    return place


def map_too(place: Office, *lines: str) -> None:
    """Have lines in the mapping of contacts from the next process on."""
    path = place.folder / "office.yaml"
    more = "".join(f"  - {line}\n" for line in lines)
    path.write_text(path.read_text("utf-8").replace("\ntasks:", f"\n{more}tasks:", 1), "utf-8")
    place.opened = None


def map_instead(place: Office, line: str, other: str) -> None:
    """Have another line in place of one, and a person's word for it."""
    path = place.folder / "office.yaml"
    text = path.read_text("utf-8").replace(f"  - {line}\n", f"  - {other}\n" if other else "")
    path.write_text(text, "utf-8")
    word(place)


def word(place: Office) -> None:
    """A person releases what another mapping wants."""
    place.opened = None
    place.cycle()
    place.release()


def rows(place: Office, table: sa.Table) -> list[Any]:
    with database.reading(place.running().store) as db:
        return list(db.execute(sa.select(table)))


def shown(place: Office, name: str) -> dict[str, Any]:
    """What contacts of ExampleMail show in a field, by address."""
    return {str(c["email"]): c.get(name) for c in place.app.contacts.values()}


TASKS = "{left: activity.open_tasks, right: points}"
DUES = "{left: activity.next_task_due_at, right: note}"
NEXT = "{left: activity.next_appointment_at, right: note}"
STATUS = "{left: activity.last_appointment_status, right: note}"
NOTE = "{left: activity.last_note, right: note}"
NOTED_AT = "{left: activity.last_note_at, right: note}"
IN_GHL = "{left: custom.Open tasks, right: activity.open_tasks, create_missing: true}"


def in_ghl(place: Office) -> dict[str, Any]:
    """What contacts of GHL show in their only custom field, by address."""
    return {
        str(one["email"]): next((each["value"] for each in one["customFields"]), None)
        for one in place.contacts()
    }


def assert_quiet(place: Office) -> None:
    for _ in range(2):
        place.wait(minutes=5)
        report = place.cycle()
        assert (report.counts, report.outcomes) == ({}, {})


def test_the_tasks_of_a_contact_are_counted(tmp_path: Path) -> None:
    place = deriving(tmp_path, TASKS)
    place.person(ADA)
    place.person(BOB)
    one = place.task(ADA, "Send the offer", dueDate=DUE)
    other = place.task(ADA, "Call", dueDate=LATER)
    place.wait(minutes=5)
    place.cycle()
    assert shown(place, "points") == {ADA: 2, BOB: None}
    place.act("complete_task", task=one)
    place.wait(minutes=5)
    place.cycle()
    assert shown(place, "points") == {ADA: 1, BOB: None}
    place.act("complete_task", task=other)
    place.cycles()
    assert shown(place, "points") == {ADA: 0, BOB: None}, "who has tasks has none open"
    assert_quiet(place)


def test_what_the_other_side_does_with_a_task_counts_as_well(tmp_path: Path) -> None:
    """What we write ourselves no listing shows as changed."""
    place = deriving(tmp_path, TASKS)
    place.person(ADA)
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    (there,) = place.app.children["tasks"]
    place.app.change_child("tasks", there, {"done": True})
    place.wait(minutes=5)
    place.cycle()
    assert shown(place, "points") == {ADA: 0}
    assert_quiet(place)


def test_the_next_one_is_another_when_its_time_has_passed(tmp_path: Path) -> None:
    place = deriving(tmp_path, DUES)
    place.person(ADA)
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.task(ADA, "Call", dueDate=LATER)
    place.cycles()
    assert shown(place, "note") == {ADA: "2026-11-05T15:30:00+00:00"}
    place.wait(days=3)
    place.cycle()
    assert shown(place, "note") == {ADA: "2026-11-09T08:00:00+00:00"}
    place.wait(days=7)
    place.cycle()
    assert shown(place, "note") == {ADA: None}
    assert_quiet(place)


def test_the_next_appointment_becomes_the_last_one(tmp_path: Path) -> None:
    place = deriving(tmp_path, NEXT, appointments=kept(assignee={"left": "Ugo User"}))
    place.person(ADA)
    book(place, start="2026-11-10T15:00:00Z")
    book(place, start="2026-11-06T15:00:00Z", appointmentStatus="cancelled")
    place.cycles()
    assert shown(place, "note") == {ADA: "2026-11-10T15:00:00+00:00"}, "nobody comes before"
    map_instead(place, NEXT, STATUS)
    place.cycles()
    assert shown(place, "note") == {ADA: None}
    place.wait(days=4)
    place.cycles()
    assert shown(place, "note") == {ADA: "cancelled"}
    place.wait(days=4)
    place.cycles()
    assert shown(place, "note") == {ADA: "confirmed"}
    assert_quiet(place)


def test_the_last_note_is_shown_as_people_read_it(tmp_path: Path) -> None:
    place = deriving(tmp_path, NOTE)
    place.person(ADA)
    place.note(ADA, "<p>Called, and <b>left</b> a message</p>")
    place.cycles()
    assert shown(place, "note") == {ADA: "Called, and left a message"}
    place.wait(minutes=5)
    newest = place.note(ADA, "Came by")
    place.read_everything()
    assert shown(place, "note") == {ADA: "Came by"}
    place.act("delete_note", note=newest)
    place.read_everything()
    assert shown(place, "note") == {ADA: "Called, and left a message"}
    map_instead(place, NOTE, NOTED_AT)
    place.cycles()
    assert shown(place, "note") == {ADA: "2026-11-03T12:00:00+00:00"}
    assert_quiet(place)


def test_a_record_that_is_given_to_another_contact_counts_there(tmp_path: Path) -> None:
    place = deriving(tmp_path, IN_GHL)
    for email in (ADA, BOB):
        place.app.create({"email": email, "first_name": "Ada"})
    ada, bob = place.app.contacts
    task = place.app.create_child("tasks", ada, {"title": "Call", "due": DUE, "done": False})
    place.app.create_child("tasks", bob, {"title": "Write", "due": DUE, "done": False})
    place.cycles()
    assert in_ghl(place) == {ADA: 1, BOB: 1}
    place.app.change_child("tasks", task["id"], {"contact_id": bob})
    place.cycles()
    assert in_ghl(place) == {ADA: None, BOB: 2}
    place.app.delete_child("tasks", task["id"])
    place.cycles()
    assert in_ghl(place) == {ADA: None, BOB: 1}
    assert_quiet(place)


def test_who_is_gone_stays_out_of_it(tmp_path: Path) -> None:
    place = deriving(tmp_path, TASKS)
    for email in (ADA, BOB):
        place.person(email)
        place.task(email, "Send the offer", dueDate=DUE)
    place.cycles()
    place.act("delete", email=BOB)
    place.read_everything()
    assert shown(place, "points") == {ADA: 1, BOB: 1}
    assert_quiet(place)


def test_a_field_that_is_named_later_is_known_of_everybody(tmp_path: Path) -> None:
    place = office(tmp_path)
    place.person(ADA)
    one = place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    assert not rows(place, t.derived_field)
    assert not rows(place, t.passing)
    map_too(place, TASKS)
    word(place)
    place.cycles()
    assert shown(place, "points") == {ADA: 1}
    map_instead(place, TASKS, "")
    place.act("complete_task", task=one)
    place.cycles()
    assert not rows(place, t.derived_field), "nobody keeps it up to date"
    map_too(place, TASKS)
    word(place)
    place.cycles()
    assert shown(place, "points") == {ADA: 0}
    assert_quiet(place)


def test_it_is_never_written(tmp_path: Path) -> None:
    place = deriving(tmp_path, "{left: activity.open_tasks, right: points, direction: left}")
    with pytest.raises(ConfigError, match=r"`activity\.open_tasks` of `crm` cannot be written"):
        place.pair()


def test_an_account_offers_what_it_can_feed(tmp_path: Path) -> None:
    """ExampleMail's notes show no times, so that nobody can tell which is the last."""
    place = deriving(tmp_path, "{left: lastName, right: activity.last_note}")
    with pytest.raises(ConfigError, match=r"`app` has no field `activity\.last_note`"):
        place.pair()


def test_a_filter_may_look_at_one(tmp_path: Path) -> None:
    place = office(tmp_path)
    place.write(filter="{left: {field: activity.open_tasks, exists: true}}")
    for email in (ADA, BOB):
        place.person(email)
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    assert shown(place, "email").keys() == {ADA}
    place.task(BOB, "Send the offer", dueDate=DUE)
    place.cycles()
    assert shown(place, "email").keys() == {ADA, BOB}


def test_a_text_may_be_made_with_one(tmp_path: Path) -> None:
    line = "{right: note, direction: right, transform: {template: '{activity.open_tasks} to do'}}"
    place = deriving(tmp_path, line)
    place.person(ADA)
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    assert shown(place, "note") == {ADA: "1 to do"}
