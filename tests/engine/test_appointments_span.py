"""Which appointments take part is a span of time: what leaves it is left as it is."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from syncd.engine.cycle import Mode, run_cycle
from syncd.model.side import Both
from tests.engine.office import Office
from tests.engine.test_appointments import ADA, assert_once, assert_quiet, book, book_there, booked

pytestmark = pytest.mark.usefixtures("example_mail")


@pytest.fixture
def place(tmp_path: Path) -> Office:
    return booked(tmp_path)


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
