"""A pair that keeps no notes, tasks or appointments in step reads what its fields tell of."""

import json
from pathlib import Path

import pytest

from syncd.engine.cycle import Report
from syncd.errors import AccountError
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import database
from syncd.store import tables as t
from syncd.store.parents import Shelf, standing
from tests.engine.office import Office, office
from tests.engine.pairs import FIELDS, GHL, NEWS_FIELDS
from tests.engine.test_appointments import book, booked
from tests.engine.test_derived import (
    ADA,
    BOB,
    DUE,
    DUES,
    NEXT,
    NOTE,
    TASKS,
    assert_quiet,
    map_too,
    rows,
    shown,
)
from tests.engine.test_derived_survive import new, sent
from tests.engine.world import Build, World

pytestmark = pytest.mark.usefixtures("example_mail")


def alone(folder: Path, *lines: str) -> Office:
    """An office that keeps nothing in step but contacts."""
    place = office(folder)
    path = place.folder / "office.yaml"
    map_too(place, *lines)
    path.write_text(path.read_text("utf-8").split("\ntasks:")[0] + "\n", "utf-8")
    return place


def test_a_pair_without_tasks_counts_them_all_the_same(tmp_path: Path) -> None:
    place = alone(tmp_path, TASKS)
    place.person(ADA)
    place.person(BOB)
    one = place.task(ADA, "Send the offer", dueDate=DUE)
    place.cycles()
    assert shown(place, "points") == {ADA: 1, BOB: None}
    place.act("complete_task", task=one)
    place.cycles()
    assert shown(place, "points") == {ADA: 0, BOB: None}
    place.act("delete_task", task=one)
    place.read_everything()
    assert shown(place, "points") == {ADA: None, BOB: None}
    assert_quiet(place)


def test_nothing_of_them_is_linked_or_written(tmp_path: Path) -> None:
    place = alone(tmp_path, TASKS, NOTE)
    place.person(ADA)
    place.task(ADA, "Send the offer", dueDate=DUE)
    place.note(ADA, "called")
    place.cycles()
    assert shown(place, "note") == {ADA: "called"}
    assert not place.in_app("tasks", "title") + place.in_app("notes", "text")
    assert {row.resource for row in rows(place, t.member)} == {"contact"}
    assert {row.resource for row in rows(place, t.link)} == {"contact"}
    assert {row.resource for row in rows(place, t.op)} == {"contact"}
    assert {one[0] for one in place.census()} == {"contact"}


def test_notes_are_read_in_turns(tmp_path: Path) -> None:
    place = alone(tmp_path, NOTE)
    place.person(ADA)
    place.cycles()
    with database.reading(place.running().store) as db:
        assert (
            standing(
                db,
                Shelf("office", Side.LEFT, Resource.NOTE),
            ).contacts
            == 1
        )
    place.note(ADA, "called")
    place.wait(days=1)
    place.cycles()
    assert shown(place, "note") == {ADA: "called"}
    note = place.note(ADA, "came by")
    place.wait(days=1)
    place.cycles()
    assert shown(place, "note") == {ADA: "came by"}
    place.act("delete_note", note=note)
    place.wait(days=1)
    place.cycles()
    assert shown(place, "note") == {ADA: "called"}
    assert_quiet(place)


def test_appointments_of_every_calendar_count_from_90_days_ago_on(tmp_path: Path) -> None:
    place = alone(tmp_path, NEXT)
    place.person(ADA)
    book(place, start="2026-11-10T15:00:00Z", calendar="Open Day")
    place.person(BOB)
    book(place, BOB, start="2028-11-10T15:00:00Z")
    place.cycles()
    assert shown(place, "note") == {ADA: "2026-11-10T15:00:00+00:00", BOB: None}
    assert_quiet(place)


def test_a_field_of_no_stream_costs_its_reading_and_nothing_else(tmp_path: Path) -> None:
    plain, named = alone(new(tmp_path / "a")), alone(new(tmp_path / "b"), TASKS)
    asked = []
    for place in (plain, named):
        place.person(ADA)
        place.task(ADA, "Send the offer", dueDate=DUE)
        place.cycles()
        place.wait(minutes=5)
        place.line.rest()
        with sent(place) as found:
            place.cycle()
        asked.append(list(place.line.asked))
        assert (any("derived_field" in one for one in found)) is (place is named)
    assert [one for one in asked[1] if "tasks/search" in one]
    assert [one for one in asked[1] if "tasks/search" not in one] == asked[0]


def test_where_the_pair_has_the_stream_its_reading_is_used(tmp_path: Path) -> None:
    place = office(tmp_path)
    place.person(ADA)
    asked = []
    for named in (False, True):
        if named:
            map_too(place, TASKS, DUES)
            place.cycle()
            place.release()
        place.cycles()
        place.wait(minutes=5)
        place.line.rest()
        place.cycle()
        asked.append(list(place.line.asked))
    assert not place.pair().looks
    assert asked[0] == asked[1]


def test_an_opt_out_goes_before_anything_of_it_is_read(tmp_path: Path) -> None:
    place = alone(tmp_path, TASKS)
    place.person(ADA)
    place.cycles()
    place.act("dnd", email=ADA, channel="Email")
    place.wait(minutes=5)
    place.line.rest()
    place.line.refused = "tasks/search"
    with pytest.raises(AccountError):
        place.cycle()
    patched = [n for n, one in enumerate(place.line.asked) if one.startswith("PATCH")]
    read = [n for n, one in enumerate(place.line.asked) if "tasks/search" in one]
    assert patched
    assert max(patched) < min(read)


def test_pairs_of_one_account_look_at_the_same_appointments(tmp_path: Path) -> None:
    """What one of them says of calendars and times holds for what the other one derives."""
    place = booked(tmp_path, back="30d")
    info, root = place.box.info["maileon"], place.folder / "syncd.yaml"
    said = {"connector": "maileon", "api_key": info["api_key"], "base_url": info["base_url"]}
    text = root.read_text("utf-8").replace("[office.yaml]", "[office.yaml, shop.yaml]")
    root.write_text(text.replace("\npairs:", f"\n  mail: {json.dumps(said)}\npairs:"), "utf-8")
    line = "{left: activity.next_appointment_at, right: custom.next, create_missing: true}"
    pair = f"pair: shop\nleft: crm\nright: mail\nbaseline: auto\nfields:\n  - {line}\n"
    (place.folder / "shop.yaml").write_text(pair, "utf-8")
    (look,) = place.running().open_pair("shop", create_fields=False).looks
    kept_in_step = place.running().open_pair("office", create_fields=True).streams[-1]
    assert look.resource is kept_in_step.resource is Resource.APPOINTMENT
    assert look.extents.left == kept_in_step.extents.left
    assert look.extents.left.only
    assert look.sides == (Side.LEFT,)


def run(world: World) -> Report:
    """A cycle with all that the pair reads."""
    world.settle()
    app = world.running()
    return app.run_pair(world.name, world.environment, create_fields=True)[1]


def test_maileon_shows_when_somebody_comes_next(made: Build) -> None:
    """As the configuration's sample says it."""
    line = {
        "left": "activity.next_appointment_at",
        "right": "custom.next_appointment",
        "create_missing": True,
    }
    world = made(fields=(*FIELDS, line))
    world.act(GHL, "create", fields={"email": ADA})
    world.act(GHL, "book_appointment", email=ADA, startTime="2026-12-10T15:00:00Z")
    for _ in range(3):
        run(world)
    (row,) = world.box.platform("maileon").dump()
    assert row["custom_fields"]["next_appointment"].startswith("2026-12-10")
    assert not run(world).counts


def test_what_one_pair_has_read_concerns_another_one_of_the_account(made: Build) -> None:
    """Each reads the tasks, and whichever sees a change first tells both."""
    count = {"left": "activity.open_tasks", "right": "custom.tasks", "create_missing": True}
    world = made(
        news=True,
        fields=(*FIELDS, count),
        news_fields=(*NEWS_FIELDS, {**count, "right": "custom.Tasks"}),
    )
    news = world.news
    world.act(GHL, "create", fields={"email": ADA})
    world.act(GHL, "add_task", email=ADA, title="Call", dueDate=DUE)
    for _ in range(3):
        run(world)
        run(news)
    world.act(GHL, "add_task", email=ADA, title="Write", dueDate=DUE)
    for _ in range(2):
        run(world)
        run(news)
    (in_maileon,) = world.box.platform("maileon").dump()
    (in_mailercloud,) = world.box.platform("mailercloud").dump()
    assert in_maileon["custom_fields"]["tasks"] == "2"
    assert in_mailercloud["custom_by_label"]["Tasks"] in ("2", 2)
    assert not run(world).counts
    assert not run(news).counts
