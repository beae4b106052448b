"""Who has lost the lease writes nothing of what belongs to contacts either."""

from pathlib import Path

import pytest

from syncd.errors import LeaseLostError
from tests.engine.office import Office, office
from tests.engine.test_appointments import book, booked
from tests.engine.test_backfill_children import backfill
from tests.engine.test_lease_lost import (
    BELONGING,
    OF_APPOINTMENTS,
    OF_THEIR_BACKFILLS,
    Site,
    theft,
)

pytestmark = pytest.mark.usefixtures("example_mail")

DUE = "2026-11-05T15:30:00.000Z"


def populate(place: Office, number: int) -> None:
    email = f"ada{number}@example.org"
    place.person(email)
    place.note(email, "called")
    place.task(email, "Send the offer", dueDate=DUE)
    place.wait(minutes=5)


def test_who_has_lost_the_lease_writes_nothing_more(tmp_path: Path) -> None:
    """One process after the other loses it, each before another transaction."""
    place = office(tmp_path)
    populate(place, 0)
    with theft(place) as counted:
        place.cycle()
    sites: set[Site] = {*counted.opened}
    assert sites > BELONGING
    for number, at in enumerate(sorted(sites), 1):
        populate(place, number)
        with theft(place, at) as thief:
            with pytest.raises(LeaseLostError):
                place.cycle()
            thief.assert_nothing_followed()
        assert thief.opened[-1] == at, "the next transaction must tell"
        place.wait(minutes=5)
        place.cycle()
    place.cycles()
    assert len(place.in_app("notes", "text")) == len(place.in_app("tasks", "title")) == number + 1


def test_nor_does_their_backfill(tmp_path: Path) -> None:
    place = office(tmp_path)
    populate(place, 0)
    with theft(place) as counted:
        backfill(place)
    sites = {site for site in counted.opened if site[0].startswith("backfill")}
    assert sites > OF_THEIR_BACKFILLS
    for number, at in enumerate(sorted(sites), 1):
        populate(place, number)
        with theft(place, at) as thief:
            with pytest.raises(LeaseLostError):
                backfill(place)
            thief.assert_nothing_followed()
        assert thief.opened[-1] == at, "the next transaction must tell"
        place.wait(minutes=5)
        backfill(place)
    assert len(place.in_app("notes", "text")) == len(place.in_app("tasks", "title")) == number + 1


def test_nor_what_becomes_of_appointments_that_leave_the_span(tmp_path: Path) -> None:
    place = booked(tmp_path, back="30d")
    book(place)
    place.cycles()
    place.wait(days=60)
    with theft(place) as counted:
        place.cycle()
    assert {*counted.opened} >= OF_APPOINTMENTS
    for at in sorted(OF_APPOINTMENTS):
        place.wait(minutes=5)
        with theft(place, at) as thief:
            with pytest.raises(LeaseLostError):
                place.cycle()
            thief.assert_nothing_followed()
        assert thief.opened[-1] == at, "the next transaction must tell"
        place.wait(minutes=5)
        place.cycle()
