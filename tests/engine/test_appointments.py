"""Appointments are kept in step with the contacts to which they belong; no customer is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.office import Office, office

pytestmark = pytest.mark.usefixtures("example_mail")

ADA, BOB = "ada@example.org", "bob@example.org"
START, END = "2026-11-10T15:00:00Z", "2026-11-10T15:30:00Z"
LATER = "2026-11-12T09:00:00Z"
STATUSES = {"confirmed": "booked", "cancelled": "cancelled", "showed": "attended"}


def kept(**said: Any) -> str:
    """What the pair's file says of appointments."""
    fields = [
        {"left": "startTime", "right": "start"},
        {"left": "endTime", "right": "end"},
        {"left": "title", "right": "title"},
        {"left": "appointmentStatus", "right": "status", "transform": {"map": STATUSES}},
    ]
    return json.dumps({"calendar": {"left": "consultations"}, **said, "fields": fields})


def booked(folder: Path, **said: Any) -> Office:
    """An office that keeps appointments too."""
    place = office(folder)
    said = {"assignee": {"left": "Ugo User"}} | said
    place.write(appointments=kept(**said))
    place.person(ADA)
    return place


@pytest.fixture
def place(tmp_path: Path) -> Office:
    return booked(tmp_path)


def book(place: Office, email: str = ADA, start: str = START, **more: Any) -> str:
    """What a person enters in GHL; the id."""
    more = {"title": "Visit", "appointmentStatus": "confirmed"} | more
    made = place.act("book_appointment", email=email, startTime=start, **more)
    return str(made["appointment"]["id"])


def book_there(place: Office, email: str = ADA, start: str = START, **more: Any) -> str:
    """What a person enters in ExampleMail; the id."""
    known = [i for i, one in place.app.contacts.items() if one["email"] == email]
    contact = known[0] if known else place.app.create({"email": email, "first_name": "Ada"})["id"]
    body = {"title": "Visit", "start": start, "end": END if start == START else None, **more}
    body = {name: value for name, value in body.items() if value is not None}
    return str(place.app.create_child("appointments", contact, body)["id"])


def assert_quiet(place: Office) -> None:
    """Nothing is written any more, and no customer was told anything."""
    for _ in range(2):
        place.wait(minutes=5)
        report = place.cycle()
        assert (report.counts, report.outcomes) == ({}, {})
    assert not place.box.world.messages


def assert_once(place: Office) -> None:
    assert place.in_crm("appointments", "title") == [(ADA, "Visit")]
    assert place.in_app("appointments", "title") == [(ADA, "Visit")]
    assert_quiet(place)


def test_an_appointment_of_ghl_follows_its_contact(place: Office) -> None:
    book(place)
    place.cycles()
    assert_once(place)
    (there,) = place.app.children["appointments"].values()
    assert (there["start"], there["status"]) == ("2026-11-10T15:00:00+00:00", "booked")


def test_an_appointment_of_the_other_side_is_made_in_the_calendar_for_its_person(
    place: Office,
) -> None:
    book_there(place)
    place.cycles()
    assert_once(place)
    ghl = place.box.platform("ghl").agency.main  # type: ignore[attr-defined]
    (made,) = ghl.appointments
    assert ghl.calendars[made.calendar_id].name == "Consultations"
    assert [u.first_name for u in ghl.users if u.id == made.assigned] == ["Ugo"]


def test_nobody_is_told_unless_the_pair_says_so(tmp_path: Path) -> None:
    place = booked(tmp_path, notify=True)
    book_there(place)
    place.cycles()
    (there,) = place.app.children["appointments"]
    place.app.change_child("appointments", there, {"status": "cancelled"})
    place.cycles()
    assert place.box.world.messages == {"ghl appointment booked": 1, "ghl appointment changed": 1}


def test_an_edit_in_ghl_reaches_the_other_side(place: Office) -> None:
    one = book(place)
    place.cycles()
    place.act("move_appointment", appointment=one, startTime=LATER)
    place.cycles()
    assert place.in_app("appointments", "start") == [(ADA, "2026-11-12T09:00:00+00:00")]
    assert place.in_app("appointments", "end") == [(ADA, "2026-11-12T09:30:00+00:00")]
    place.act("cancel_appointment", appointment=one)
    place.cycles()
    assert place.in_app("appointments", "status") == [(ADA, "cancelled")]
    assert_once(place)


def test_an_edit_of_the_other_side_reaches_ghl(place: Office) -> None:
    book(place)
    place.cycles()
    (there,) = place.app.children["appointments"]
    place.app.change_child("appointments", there, {"start": LATER, "end": "2026-11-12T10:00:00Z"})
    place.cycles()
    ((_, start),) = place.in_crm("appointments", "startTime")
    assert start.startswith("2026-11-12T")
    place.app.change_child("appointments", there, {"status": "cancelled"})
    place.cycles()
    assert place.in_crm("appointments", "appointmentStatus") == [(ADA, "cancelled")]
    assert_once(place)


def test_what_people_change_of_calendar_and_person_stays(tmp_path: Path) -> None:
    place = booked(tmp_path, calendar={"left": ["Consultations", "Open Day"]})
    book_there(place)
    place.cycles()
    ghl = place.box.platform("ghl").agency.main  # type: ignore[attr-defined]
    (made,) = ghl.appointments
    ada = next(user.id for user in ghl.users if user.first_name == "Ada")
    place.act("edit_appointment", appointment=made.id, assignedUserId=ada)
    (there,) = place.app.children["appointments"]
    place.app.change_child("appointments", there, {"title": "Visit "})
    place.app.change_child("appointments", there, {"status": "attended"})
    place.cycles()
    (now,) = ghl.appointments
    assert (now.status, now.assigned) == ("showed", ada)
    assert_once(place)


def test_what_a_calendar_with_a_team_refuses_without_a_person_waits(tmp_path: Path) -> None:
    place = booked(tmp_path, assignee={})
    book_there(place)
    place.cycles()
    place.line.rest()
    place.cycles()
    assert place.in_crm("appointments", "title") == []
    assert not [one for one in place.line.asked if "POST" in one and "appointments" in one]
    (row,) = [row for row in place.census() if row[0] == "appointment"]
    assert (row[2], row[3]) == ("parked", "refused")
    text = (place.folder / "office.yaml").read_text("utf-8")
    named = text.replace('"assignee": {}', '"assignee": {"left": "Ugo User"}')
    (place.folder / "office.yaml").write_text(named, "utf-8")
    place.opened = None
    place.cycle()
    place.release()
    place.cycles()
    assert_once(place)


def test_other_calendars_take_no_part(place: Office) -> None:
    book(place, calendar="Open Day")
    place.cycles()
    assert place.in_app("appointments", "title") == []
    assert_quiet(place)


def test_what_both_sides_have_already_is_not_booked_twice(place: Office) -> None:
    book(place)
    book_there(place)
    place.cycles()
    assert_once(place)


@pytest.mark.parametrize("delete", ["keep", "delete"])
@pytest.mark.parametrize("side", ["crm", "app"])
def test_a_deletion_goes_as_far_as_the_pair_says(tmp_path: Path, delete: str, side: str) -> None:
    place = booked(tmp_path, delete=delete)
    one = book(place)
    place.cycles()
    if side == "crm":
        place.act("delete_appointment", appointment=one)
    else:
        (there,) = place.app.children["appointments"]
        place.app.delete_child("appointments", there)
    place.read_everything()
    left = place.in_app if side == "crm" else place.in_crm
    assert len(left("appointments", "title")) == (delete == "keep")
    assert_quiet(place)


def test_a_calendar_that_is_gone_lets_appointments_rest_and_nothing_else(place: Office) -> None:
    book(place)
    place.cycles()
    ghl = place.box.platform("ghl").agency.main  # type: ignore[attr-defined]
    ghl.calendars.clear()
    place.person(BOB)
    place.note(BOB, "called")
    place.wait(hours=2)
    place.cycles()
    assert place.in_app("notes", "text") == [(BOB, "called")]
    (reason,) = place.pair().contacts.resting
    assert "`crm` (GoHighLevel) has no calendar `consultations`.  There are none." in reason
    assert place.in_app("appointments", "title") == [(ADA, "Visit")]
