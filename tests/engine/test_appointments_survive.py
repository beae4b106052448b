"""However a process of ours ends, nothing is booked twice, and no customer is told of it."""

from pathlib import Path

import pytest

from tests.engine.line import CrashError
from tests.engine.office import Office
from tests.engine.test_appointments import ADA, LATER, book, book_there, booked

pytestmark = pytest.mark.usefixtures("example_mail")

TITLES = [(ADA, "Both"), (ADA, "Left"), (ADA, "Right")]
BOOKS = {
    "ghl": "/calendars/events/appointments",
    "example-mail": "/appointments",
}


def populate(folder: Path) -> Office:
    """Ada with an appointment on either side, and one on both."""
    place = booked(folder)
    place.app.create({"email": ADA, "first_name": "Ada"})
    book(place, start="2026-11-20T09:00:00Z", title="Left")
    book_there(place, start=LATER, title="Right")
    book(place, title="Both")
    book_there(place, title="Both")
    place.wait(minutes=5)
    place.line.rest()
    return place


def assert_in_step(place: Office) -> None:
    for _ in range(3):
        place.wait(minutes=5)
        place.cycle()
    assert place.in_app("appointments", "title") == TITLES
    assert place.in_crm("appointments", "title") == TITLES
    assert place.cycle().outcomes == {}
    assert not [row for row in place.census() if row[2] in ("parked", "waiting")]
    assert not place.box.world.messages


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_process_dies_in_any_request(tmp_path: Path, carried_out: bool) -> None:
    (tmp_path / "whole").mkdir()
    whole = populate(tmp_path / "whole")
    whole.cycle()
    assert whole.line.sent > 20
    for n in range(1, whole.line.sent + 1):
        folder = tmp_path / str(n)
        folder.mkdir()
        place = populate(folder)
        place.line.crash_at, place.line.carried_out = n, carried_out
        with pytest.raises(CrashError):
            place.cycle()
        place.line.rest()
        place.opened = None
        assert_in_step(place)


def lose_a_booking(place: Office, host: str) -> None:
    place.lose_the_answer(host, BOOKS[host])
    place.opened = None


@pytest.mark.parametrize("host", list(BOOKS))
def test_the_answer_to_a_create_is_lost(tmp_path: Path, host: str) -> None:
    place = populate(tmp_path)
    lose_a_booking(place, host)
    assert_in_step(place)


@pytest.mark.parametrize("host", list(BOOKS))
def test_it_is_lost_of_one_that_leaves_the_span_of_time_meanwhile(
    tmp_path: Path, host: str
) -> None:
    place = booked(tmp_path)
    place.app.create({"email": ADA, "first_name": "Ada"})
    make = book if host == "example-mail" else book_there
    make(place, start="2026-08-05T12:20:00Z")  # 90 days before the begin, and a few minutes
    lose_a_booking(place, host)
    place.wait(minutes=30)
    place.cycles()
    assert len(place.in_crm("appointments", "title")) == 1
    assert len(place.in_app("appointments", "title")) == 1


@pytest.mark.parametrize("host", list(BOOKS))
def test_it_is_lost_and_looked_for_long_after_it_has_left_the_span(
    tmp_path: Path, host: str
) -> None:
    place = booked(tmp_path)
    place.app.create({"email": ADA, "first_name": "Ada"})
    make = book if host == "example-mail" else book_there
    make(place, start="2026-08-05T12:20:00Z")
    lose_a_booking(place, host)
    place.wait(days=5)
    place.cycles()
    assert len(place.in_crm("appointments", "title")) == 1
    assert len(place.in_app("appointments", "title")) == 1
