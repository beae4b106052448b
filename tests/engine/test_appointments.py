"""Appointments are kept in step with the contacts to which they belong; no customer is told."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncd.engine.cycle import Mode, run_cycle
from syncd.model.side import Both
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


@pytest.mark.parametrize("mode", [Mode.SYNC, Mode.FULL])
def test_what_has_grown_too_old_is_left_as_it_is(tmp_path: Path, mode: Mode) -> None:
    """It is listed no more on either side, which is no deletion; and nobody looks for it."""
    place = booked(tmp_path, delete="delete", back="30d")
    for number in range(25):  # enough of them that a listing without them would hold the pair
        book(place, start=f"2026-11-{number + 4:02}T09:00:00Z", title=f"Visit {number}")
    place.cycles()
    assert len(place.in_app("appointments", "title")) == 25
    before = place.in_crm("appointments", "title"), place.in_app("appointments", "title")
    for _ in range(8):
        place.wait(days=10)
        place.cycle(mode)
    place.line.rest()
    place.wait(days=1)
    report = place.cycle(mode)
    assert (report.counts, report.reasons) == ({}, ())
    assert not [one for one in place.line.asked if "appointments/" in one]
    after = place.in_crm("appointments", "title"), place.in_app("appointments", "title")
    assert after == before
    assert [(row[2], n) for row, n in place.census().items() if row[0] == "appointment"] == [
        ("linked", 25)
    ] * 2
    assert_quiet(place)


def test_what_is_deleted_of_it_later_is_deleted_nowhere_else(tmp_path: Path) -> None:
    place = booked(tmp_path, delete="delete", back="30d")
    one = book(place)
    place.cycles()
    place.wait(days=60)
    place.cycle()
    place.act("delete_appointment", appointment=one)
    place.read_everything()
    assert place.in_app("appointments", "title") == [(ADA, "Visit")]
    assert_quiet(place)


def test_what_started_too_long_ago_or_is_too_far_ahead_is_not_made(tmp_path: Path) -> None:
    place = booked(tmp_path, back="30d", ahead="60d")
    book(place, start="2026-10-01T09:00:00Z", title="Old")
    book_there(place, start="2026-10-02T09:00:00Z", title="Old too")
    book(place, start="2027-03-01T09:00:00Z", title="Far")
    book_there(place, start="2027-03-02T09:00:00Z", title="Far too")
    place.cycles()
    assert len(place.in_crm("appointments", "title")) == 2
    assert len(place.in_app("appointments", "title")) == 2
    assert_quiet(place)
    place.wait(days=80)
    place.cycles()
    titles = ["Far", "Far too"]
    assert sorted(t for _, t in place.in_crm("appointments", "title") if "F" in t) == titles
    assert sorted(t for _, t in place.in_app("appointments", "title") if "F" in t) == titles
    assert_quiet(place)


def test_one_that_is_moved_far_ahead_is_moved_on_the_other_side(tmp_path: Path) -> None:
    place = booked(tmp_path, delete="delete", ahead="60d")
    one = book(place)
    place.cycles()
    place.act("move_appointment", appointment=one, startTime="2027-03-01T09:00:00Z")
    place.cycles()
    assert place.in_app("appointments", "start") == [(ADA, "2027-03-01T09:00:00+00:00")]
    assert_once(place)


def test_a_wider_part_is_read_at_once_on_both_sides(tmp_path: Path) -> None:
    """What both have already is not booked twice when it begins to take part."""
    place = booked(tmp_path, ahead="60d")
    far = "2027-03-01T09:00:00Z"
    place.cycles()
    book(place, start=far)
    book_there(place, start=far)
    place.cycles()
    path = place.folder / "office.yaml"
    path.write_text(path.read_text("utf-8").replace('"60d"', '"365d"'), "utf-8")
    place.opened = None
    place.cycles()
    place.release()
    place.cycles()
    assert_once(place)


@pytest.mark.parametrize("start", ["2026-08-05T12:10:00Z", "2027-11-03T12:10:00Z"])
@pytest.mark.parametrize("first", ["/calendars/events", "/appointments"])
def test_what_enters_or_leaves_between_two_lists_is_not_booked_twice(
    tmp_path: Path, start: str, first: str
) -> None:
    """90 days before the begin, or 365 after it; and ten minutes, which pass after one list."""
    place = booked(tmp_path)
    book(place, start=start)
    book_there(place, start=start)

    def passing(request: httpx.Request) -> bool:
        if request.method == "GET" and request.url.path.endswith(first):
            place.wait(minutes=20)
        return False

    place.line.loses = passing
    place.cycle()
    place.line.rest()
    place.cycles()
    assert_once(place)


def test_what_is_still_too_far_ahead_is_made_in_time(place: Office) -> None:
    book(place, start="2027-11-03T20:00:00Z")  # 365 days after the begin, and eight hours
    place.cycles()
    assert place.in_app("appointments", "title") == []
    assert_quiet(place)
    place.wait(hours=8)
    place.cycles()
    assert_once(place)


def test_of_a_wider_part_everything_is_read_at_once(tmp_path: Path) -> None:
    """A daemon reads a list a few pages at a time, and must not make what it has yet to read."""
    place = booked(tmp_path, calendar={"left": ["Consultations", "Open Day"]})
    place.cycles()

    def read() -> int:
        place.line.rest()
        pair = place.pair()
        one = Both(1, 1)
        pair = replace(pair, streams=tuple(replace(s, sweep_pages=one) for s in pair.streams))
        run_cycle(pair, place.running().environment)
        return sum(request.endswith("/calendars/events") for request in place.line.asked)

    assert read() == 1
    path = place.folder / "office.yaml"
    path.write_text(
        path.read_text("utf-8").replace('{"calendar"', '{ahead: 500d, "calendar"'), "utf-8"
    )
    place.opened = None
    assert read() == 2
    assert read() == 1


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
