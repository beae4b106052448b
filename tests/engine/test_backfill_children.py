"""A backfill brings over notes, tasks and appointments too, where it is asked for them."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.engine.backfill import BackfillReport, BackfillRequest, carry_out, resumable, start
from syncd.errors import ConfigError
from syncd.model.record import Resource, Window
from syncd.model.side import SIDES, Side
from syncd.store.backfills import Fate
from syncd.store.runs import RunState
from tests.engine.line import CrashError
from tests.engine.office import NOON, Office, office
from tests.engine.test_appointments import book, booked

pytestmark = pytest.mark.usefixtures("example_mail")

ADA, BOB = "ada@example.org", "bob@example.org"
DUE = "2026-11-05T15:30:00.000Z"
ALWAYS = Window(NOON - timedelta(days=4000), NOON + timedelta(days=4000))
ALL = frozenset({Resource.CONTACT, Resource.TASK, Resource.NOTE})


def backfill(
    place: Office,
    *resources: Resource,
    window: Window = ALWAYS,
    targets: frozenset[Side] = frozenset(SIDES),
    chunk: int = 2,
    dry_run: bool = False,
) -> BackfillReport:
    request = BackfillRequest(window, targets, chunk, frozenset(resources) or ALL)
    environment = replace(place.running().environment, crash=place.crash)
    run = start(environment, place.pair(), request)
    return carry_out(place.pair(), environment, run, dry_run=dry_run)


def go_on(place: Office, run_id: int) -> BackfillReport:
    environment = replace(place.running().environment, crash=place.crash)
    return carry_out(place.pair(), environment, resumable(environment, "office", run_id))


def app_person(place: Office, email: str) -> str:
    return str(place.app.create({"email": email, "first_name": "Bo"})["id"])


def fates(report: BackfillReport, resource: Resource) -> dict[Fate, int]:
    return {fate: n for fate, n in report.parts[resource].people.fates.items() if n}


def in_step(place: Office) -> None:
    """Both sides have the same, and nothing is left to write."""
    for kind, left, right in (("tasks", "title", "title"), ("notes", "body", "text")):
        assert place.in_crm(kind, left) == place.in_app(kind, right)
    before = place.writes()
    place.cycles()
    assert place.writes() == before


def test_what_belongs_to_contacts_comes_over_after_them(tmp_path: Path) -> None:
    place = office(tmp_path)
    for email in (ADA, BOB, "cy@example.org"):
        place.person(email)
        place.note(email, f"called {email}")
        place.task(email, "Send the offer", dueDate=DUE)
    place.task(ADA, "Ask again", dueDate=DUE)
    place.wait(minutes=5)
    report = backfill(place)
    assert report.state is RunState.DONE
    assert list(report.parts) == [Resource.CONTACT, Resource.TASK, Resource.NOTE]
    assert fates(report, Resource.CONTACT) == {Fate.CREATED: 3}
    assert fates(report, Resource.TASK) == {Fate.CREATED: 4}
    assert fates(report, Resource.NOTE) == {Fate.CREATED: 3}
    assert (report.listed, report.done, report.verified) == (10, 10, 10)
    assert report.differing == 0
    in_step(place)


def test_contacts_alone_are_what_nobody_asks_more_of(tmp_path: Path) -> None:
    place = office(tmp_path)
    place.person(ADA)
    place.note(ADA, "called")
    place.wait(minutes=5)
    report = backfill(place, Resource.CONTACT)
    assert (list(report.parts), report.done) == ([Resource.CONTACT], 1)
    assert place.in_app("notes", "text") == []


def test_where_no_times_are_told_it_is_what_contacts_in_the_window_have(tmp_path: Path) -> None:
    """GHL tells no times of notes and tasks."""
    place = office(tmp_path)
    place.person(ADA)
    place.note(ADA, "called Ada")
    place.task(ADA, "Ada's", dueDate=DUE)
    place.wait(days=10)
    since = place.now
    place.person(BOB)
    place.note(BOB, "called Bob")
    place.task(BOB, "Bob's", dueDate=DUE)
    place.wait(minutes=5)
    place.line.rest()
    report = backfill(place, window=Window(since, place.now))
    assert place.in_app("notes", "text") == [(BOB, "called Bob")]
    assert place.in_app("tasks", "title") == [(BOB, "Bob's")]
    assert (report.listed, report.done) == (3, 3)
    read = [one for one in place.line.asked if one.startswith("GET") and one.endswith("/notes")]
    assert len(read) == 2, "Bob's on either side, and nobody else's"


def test_where_times_are_told_they_count_and_not_those_of_the_contact(tmp_path: Path) -> None:
    """ExampleMail tells when a task was changed; its notes go by their contact."""
    place = office(tmp_path)
    place.person(ADA)
    place.person(BOB)
    place.cycles()
    theirs = {c["email"]: c["id"] for c in place.app.contacts.values()}
    place.app.create_child("tasks", theirs[ADA], {"title": "before", "due": DUE})
    place.wait(days=10)
    since = place.now
    place.app.create_child("tasks", theirs[BOB], {"title": "within", "due": DUE})
    place.app.create_child("notes", theirs[BOB], {"text": "of nobody in the window"})
    place.wait(minutes=5)
    report = backfill(place, window=Window(since, place.now))
    assert place.in_crm("tasks", "title") == [(BOB, "within")]
    assert place.in_crm("notes", "body") == []
    assert report.parts[Resource.TASK].listed == 1
    place.cycles()
    assert len(place.in_crm("tasks", "title")) == 2, "the rest comes with a sync"


def test_equal_ones_on_both_sides_pair_one_to_one(tmp_path: Path) -> None:
    place = office(tmp_path)
    place.person(ADA)
    for _ in range(2):
        place.note(ADA, "<p>called</p>")
    theirs = app_person(place, ADA)
    for _ in range(3):
        place.app.create_child("notes", theirs, {"text": "called"})
    place.wait(minutes=5)
    report = backfill(place, chunk=1)
    assert len(place.in_crm("notes", "body")) == len(place.in_app("notes", "text")) == 3
    assert report.parts[Resource.NOTE].people.listed == 3
    before = place.writes()
    place.cycles()
    assert place.writes() == before


def test_what_belongs_to_a_contact_without_a_counterpart_waits(tmp_path: Path) -> None:
    place = office(tmp_path)
    place.person(ADA)
    place.cycles()
    place.person(BOB)
    for email in (ADA, BOB):
        place.task(email, "Send the offer", dueDate=DUE)
    place.wait(minutes=5)
    report = backfill(place, Resource.TASK)
    assert list(report.parts) == [Resource.TASK]
    assert fates(report, Resource.TASK) == {Fate.CREATED: 1, Fate.WAITING: 1}
    assert place.in_app("tasks", "title") == [(ADA, "Send the offer")]
    assert len(place.app.contacts) == 1, "nobody asked for contacts"


def test_a_dry_run_writes_nothing_and_tells_what_waits(tmp_path: Path) -> None:
    place = office(tmp_path)
    place.person(ADA)
    place.cycles()
    place.note(ADA, "called")
    place.person(BOB)
    place.note(BOB, "called")
    place.wait(minutes=5)
    before = place.writes()
    report = backfill(place, dry_run=True)
    assert place.writes() == before
    assert report.state is RunState.PLANNED
    assert fates(report, Resource.CONTACT) == {Fate.UNCHANGED: 1, Fate.TO_DO: 1}
    assert fates(report, Resource.NOTE) == {Fate.TO_DO: 1, Fate.WAITING: 1}
    assert report.wanted == {"app.creates": 1, "app notes.creates": 1}


def test_only_the_named_direction_is_written(tmp_path: Path) -> None:
    place = office(tmp_path)
    place.person(ADA)
    theirs = app_person(place, ADA)
    place.note(ADA, "ours")
    place.app.create_child("notes", theirs, {"text": "theirs"})
    place.wait(minutes=5)
    backfill(place, targets=frozenset({Side.RIGHT}))
    assert place.in_app("notes", "text") == [(ADA, "ours"), (ADA, "theirs")]
    assert place.in_crm("notes", "body") == [(ADA, "ours")]


def test_each_stream_has_limits_of_its_own(tmp_path: Path) -> None:
    place = office(tmp_path)
    pair = tmp_path / "office.yaml"
    limits = "notes:\n  guards: {creates: {count: 2, percent: 100}}\n"
    pair.write_text(pair.read_text("utf-8").replace("notes:\n", limits), "utf-8")
    place.person(ADA)
    place.task(ADA, "Send the offer", dueDate=DUE)
    for n in range(3):
        place.note(ADA, f"called {n}")
    place.wait(minutes=5)
    held = backfill(place)
    assert held.state is RunState.HELD
    assert held.reasons == ("3 notes would be created on 'app'; the limit is 2.",)
    assert fates(held, Resource.TASK) == {Fate.CREATED: 1}
    assert fates(held, Resource.NOTE) == {Fate.TO_DO: 3}
    place.release()
    report = go_on(place, held.run_id)
    assert report.state is RunState.DONE
    assert fates(report, Resource.NOTE) == {Fate.CREATED: 3}
    in_step(place)


def test_a_new_pair_waits_for_a_person(tmp_path: Path) -> None:
    place = office(tmp_path, baseline="held")
    place.person(ADA)
    place.note(ADA, "called")
    place.wait(minutes=5)
    held = backfill(place)
    assert (held.state, place.writes()) == (RunState.HELD, 0)
    place.release()
    assert go_on(place, held.run_id).state is RunState.DONE
    in_step(place)


POINTS = ("listed", "nested", "accepted", "claimed", "answered", "confirmed", "chunk", "arrived")


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_it_goes_on_and_doubles_nothing(tmp_path: Path, point: str) -> None:
    """It dies when it comes to the place for the 1st, 2nd, 4th, 8th and 16th time."""
    place = office(tmp_path)
    for n in range(4):
        place.person(f"p{n}@example.org")
        place.note(f"p{n}@example.org", f"called {n}")
        place.task(f"p{n}@example.org", f"offer {n}", dueDate=DUE)
    place.wait(minutes=5)
    came, deaths = Counter[str](), 0

    def crash(name: str) -> None:
        came[name] += 1
        if name == point and came[name] in (1, 2, 4, 8, 16):
            raise CrashError

    place.crash = crash
    report = None
    while report is None:
        try:
            report = go_on(place, 1) if deaths else backfill(place)
        except CrashError:
            deaths += 1
            place.start()
            place.wait(minutes=5)
    assert deaths > 1
    assert (report.state, report.listed) == (RunState.DONE, 12)
    place.crash = lambda _: None
    for kind, name in (("notes", "text"), ("tasks", "title")):
        assert len(place.in_app(kind, name)) == 4
    in_step(place)


def test_contacts_are_asked_once_for_their_notes_however_often_it_is_broken_off(
    tmp_path: Path,
) -> None:
    place = office(tmp_path)
    for n in range(6):
        place.person(f"p{n}@example.org")
        place.note(f"p{n}@example.org", f"called {n}")
    place.cycles()
    place.note("p5@example.org", "again")
    place.wait(minutes=5)
    read = 0

    def crash(name: str) -> None:
        nonlocal read
        read += name == "nested"
        if name == "nested" and read == 3:
            raise CrashError

    place.crash = crash
    place.line.rest()
    with pytest.raises(CrashError):
        backfill(place, Resource.NOTE)
    place.start()
    place.wait(minutes=5)
    newest = 5
    with pytest.raises(ConfigError):
        go_on(place, newest)
    report = go_on(place, 4)
    assert report.state is RunState.DONE
    asked = Counter(a for a in place.line.asked if a.startswith("GET ") and a.endswith("/notes"))
    assert set(asked.values()) == {1}
    assert len(asked) == 12
    in_step(place)


def test_an_opt_out_does_not_wait_until_all_notes_are_written(tmp_path: Path) -> None:
    place = office(tmp_path)
    for n in range(4):
        place.person(f"p{n}@example.org")
        place.note(f"p{n}@example.org", f"called {n}")
    place.cycles()
    for n in range(4):
        place.note(f"p{n}@example.org", "again")
    place.wait(minutes=5)
    left: list[str] = []

    def opt_out(name: str) -> None:
        if name == "nested" and not left:
            place.act("dnd", email="p0@example.org", channel="Email")
            place.wait(minutes=5)
            left.append("p0")

    seen: list[bool] = []

    def crash(name: str) -> None:
        opt_out(name)
        if name == "chunk":
            seen.append(any(c["opted_out"] for c in place.app.contacts.values()))

    place.crash = crash
    backfill(place, Resource.CONTACT, Resource.NOTE, chunk=1)
    assert not seen[0], "contacts were in step"
    assert seen[-4:] == [True] * 4, "before the first note is written"


def test_a_stream_that_the_pair_no_longer_has_cannot_be_gone_on_with(tmp_path: Path) -> None:
    place = office(tmp_path, baseline="held")
    place.person(ADA)
    place.wait(minutes=5)
    held = backfill(place)
    pair = tmp_path / "office.yaml"
    pair.write_text(pair.read_text("utf-8").partition("notes:")[0], "utf-8")
    place.start()
    with pytest.raises(ConfigError, match="does not keep in step now"):
        go_on(place, held.run_id)


def test_appointments_in_the_window_come_over(tmp_path: Path) -> None:
    place = booked(tmp_path)
    book(place)
    place.wait(minutes=5)
    report = backfill(place, Resource.CONTACT, Resource.APPOINTMENT)
    assert report.state is RunState.DONE
    assert fates(report, Resource.APPOINTMENT) == {Fate.CREATED: 1}
    before = place.writes()
    place.cycles()
    assert place.writes() == before
