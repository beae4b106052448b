"""What a pair's file says of appointments, held against what both platforms have."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncd.config.problems import ConfigProblemsError
from syncd.errors import ConfigError
from syncd.sandbox.ghl import appointments
from syncd.sandbox.ghl.platform import Ghl
from syncd.store.runs import RunState
from tests.engine.office import Office, office
from tests.engine.test_appointments import ADA, assert_once, assert_quiet, book, booked, kept

pytestmark = pytest.mark.usefixtures("example_mail")


def refused(folder: Path, **said: Any) -> list[str]:
    """What is wrong with a pair that says this of its appointments."""
    place = office(folder)
    place.write(appointments=kept(**said))
    with pytest.raises(ConfigProblemsError) as caught:
        place.pair()
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def calendars(place: Office) -> dict[str, str]:
    """Ids of the calendars in GHL by their names."""
    ghl = place.box.platform("ghl").agency.main  # type: ignore[attr-defined]
    return {one.name: one.id for one in ghl.calendars.values()}


def test_names_and_ids_lead_to_the_same(tmp_path: Path) -> None:
    place = office(tmp_path)
    known = calendars(place)
    both = [known["Open Day"], " consultations"]
    place.write(appointments=kept(calendar={"left": both}, assignee={"left": "UGO user"}))
    stream = place.pair().streams[-1]
    ids = {known["Open Day"], known["Consultations"]}
    assert stream.extents.left.only == {"calendarId": ids}
    assert stream.policy.given.left["calendarId"] == known["Open Day"]
    assert stream.policy.given.right == {}
    assert not stream.policy.notify


def test_everything_that_is_not_there_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    wrong = refused(tmp_path, calendar={"left": "Consultation"}, assignee={"left": "Nobody"})
    assert wrong == [
        "office.yaml:18: `crm` (GoHighLevel) has no calendar `Consultation`.  Did you mean"
        " `Consultations`? There are: Consultations, Open Day.",
        "office.yaml:18: `crm` (GoHighLevel) has no user `Nobody`."
        "  There are: Ada Admin, Ugo User.",
    ]


def test_ghl_needs_a_calendar_where_appointments_may_be_created(tmp_path: Path) -> None:
    (wrong,) = refused(tmp_path, calendar={})
    assert wrong == (
        "office.yaml:18: `crm` (GoHighLevel) makes no appointment without a calendar, and none is"
        " named.  Add `calendar: {left: …}` with a name or an id, or `create: right`."
    )


def test_it_needs_none_where_none_are_created(tmp_path: Path) -> None:
    place = office(tmp_path)
    place.write(appointments=kept(calendar={}, create="right"))
    stream = place.pair().streams[-1]
    assert stream.extents.left.only == {}


def test_a_side_without_calendars_refuses_to_hear_of_any(tmp_path: Path) -> None:
    said = {"calendar": {"left": "Consultations", "right": "Room 1"}, "assignee": {"right": "Bo"}}
    wrong = refused(tmp_path, **said)
    title = "`app` (ExampleMail (invented))"
    assert wrong == [
        f"office.yaml:18: {title} has no calendars, so that none can be named."
        "  Remove `right` from `calendar`.",
        f"office.yaml:18: {title} has no users, so that none can be named."
        "  Remove `right` from `assignee`.",
    ]


def test_names_are_asked_for_once_an_hour(tmp_path: Path) -> None:
    place = office(tmp_path)
    place.write(appointments=kept(assignee={"left": "Ugo User"}))
    place.pair()
    place.line.rest()
    for _ in range(10):
        place.wait(minutes=5)
        place.pair()
    assert [path for path in place.line.asked if "calendars" in path or "users" in path] == []
    place.wait(minutes=15)
    place.pair()
    assert "GET /ghl/calendars/" in place.line.asked


def test_what_is_moved_to_another_calendar_is_not_deleted(tmp_path: Path) -> None:
    place = booked(tmp_path, delete="delete")
    book(place)
    place.cycles()
    ghl = place.box.platform("ghl")
    assert isinstance(ghl, Ghl)
    (one,) = ghl.agency.main.appointments
    elsewhere = replace(one, calendar_id=calendars(place)["Open Day"])
    appointments.keep(ghl.agency, ghl.agency.main, elsewhere)
    place.read_everything()
    assert_once(place)


def test_a_calendar_that_takes_part_no_more_is_left_as_it_is(tmp_path: Path) -> None:
    """Although hardly anything of what is known is listed any more, which else holds a pair."""
    place = booked(tmp_path, delete="delete", calendar={"left": ["Consultations", "Open Day"]})
    for hour in range(8):
        for day in range(10, 14):
            start = f"2026-11-{day}T{hour + 9:02}:00:00Z"
            book(place, start=start, calendar="Open Day", title=f"{day} {hour}")
    place.cycles()
    path = place.folder / "office.yaml"
    path.write_text(path.read_text("utf-8").replace(', "Open Day"', ""), "utf-8")
    place.opened = None
    place.cycle()
    place.release()
    place.read_everything()
    assert len(place.in_app("appointments", "title")) == 32
    assert len(place.in_crm("appointments", "title")) == 32
    assert_quiet(place)


def two_pairs(folder: Path, **said: Any) -> Office:
    """Two pairs of one location; the second says this of its appointments."""
    place = office(folder)
    place.write(appointments=kept())
    root = (folder / "syncd.yaml").read_text("utf-8")
    second = "  app2:\n    connector: example_mail\n    token: x\n    base_url: http://two.test\n"
    root = root.replace("pairs: [office.yaml]", f"{second}pairs: [office.yaml, other.yaml]")
    (folder / "syncd.yaml").write_text(root, "utf-8")
    text = f"pair: other\nleft: crm\nright: app2\nappointments: {kept(**said)}\n"
    (folder / "other.yaml").write_text(text, "utf-8")
    return place


@pytest.mark.parametrize(
    "said", [{"back": "10d"}, {"ahead": "10d"}, {"calendar": {"left": "Open Day"}}]
)
def test_two_pairs_of_an_account_keep_the_same_of_it(tmp_path: Path, said: Any) -> None:
    with pytest.raises(ConfigError, match="keep different appointments of `crm`") as caught:
        two_pairs(tmp_path, **said).start()
    assert caught.value.where == f"{tmp_path}/other.yaml:4"
    assert caught.value.hint == (
        "Write the same `calendar` of `crm`, `back` and `ahead` into both."
    )


def test_two_pairs_of_an_account_may_differ_otherwise(tmp_path: Path) -> None:
    app = two_pairs(tmp_path, notify=True, create="right").start()
    assert list(app.configuration.pairs) == ["office", "other"]


@pytest.mark.parametrize("key", ["back", "ahead"])
@pytest.mark.parametrize("span", ["0s", "23h", "4000d"])
def test_a_span_that_nobody_can_mean_is_refused(tmp_path: Path, key: str, span: str) -> None:
    place = office(tmp_path)
    place.write(appointments=json.dumps({**json.loads(kept()), key: span}))
    with pytest.raises(ConfigError, match="must be between 1d and 3650d"):
        place.start()


def test_while_a_line_rests_other_calendars_stay_out_of_it(tmp_path: Path) -> None:
    """A field that is mapped is not there, in a process that never saw it otherwise."""
    place = booked(tmp_path)
    book(place)
    place.cycles()
    book(place, calendar="Open Day", start="2026-11-11T09:00:00Z", title="Elsewhere")
    path = place.folder / "office.yaml"
    path.write_text(path.read_text("utf-8").replace('"title"', '"titel"'), "utf-8")
    place.opened = None
    assert place.cycle().state is RunState.HELD  # as the mapping has changed
    place.release()
    place.cycles()
    assert place.in_app("appointments", "title") == [(ADA, "Visit")]
    assert {row[2] for row in place.census() if row[0] == "appointment"} == {"linked"}
