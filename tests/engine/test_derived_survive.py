"""Derived fields are right whatever process dies, and cost nothing where nobody names one."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from syncd.errors import LeaseLostError
from syncd.store import tables as t
from tests.engine.line import CrashError
from tests.engine.office import Office, office
from tests.engine.test_derived import DUE, DUES, LATER, TASKS, deriving, map_too, rows, shown
from tests.engine.test_lease_lost import DERIVED, theft

pytestmark = pytest.mark.usefixtures("example_mail")


@contextmanager
def sent(place: Office) -> Iterator[list[str]]:
    """The statements that the store gets meanwhile."""
    found: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        if statement != "BEGIN":
            found.append(statement)

    store = place.running().store
    sa.event.listen(store, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(store, "before_cursor_execute", note)


def populated(place: Office, number: int = 3) -> Office:
    for n in range(number):
        email = f"ada{n}@example.org"
        place.person(email)
        place.task(email, "Send the offer", dueDate=DUE)
    place.cycles()
    return place


def idle(place: Office) -> list[str]:
    place.wait(minutes=5)
    with sent(place) as found:
        assert not place.cycle().counts
    return found


def test_an_idle_cycle_costs_one_statement_more_and_nothing_where_no_field_is_named(
    tmp_path: Path,
) -> None:
    plain = populated(office(new(tmp_path / "plain")))
    named = populated(deriving(new(tmp_path / "named"), TASKS, DUES))
    idle(plain)
    idle(named)
    ours = {"derived_field", "passing", "parent_id IN"}
    without, others = idle(plain), idle(named)
    assert not [one for one in without for name in ours if name in one]
    assert len(others) == len(without) + 1
    assert not rows(plain, t.derived_field) + rows(plain, t.passing)


def new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_one_record_that_changes_costs_the_same_among_many(tmp_path: Path) -> None:
    costs = []
    for number in (2, 40):
        place = populated(deriving(new(tmp_path / f"{number}"), TASKS, DUES), number)
        idle(place)
        place.task("ada1@example.org", "Call", dueDate=LATER)
        place.wait(minutes=5)
        with sent(place) as found:
            place.cycle()
        assert shown(place, "points")["ada1@example.org"] == 2
        costs.append(len(found))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("step", ["derived", "passed", "nested", "sweep", "reconcile", "answered"])
def test_a_process_that_dies_leaves_nothing_undone(tmp_path: Path, step: str) -> None:
    place = populated(office(tmp_path))
    map_too(place, TASKS, DUES)
    place.task("ada0@example.org", "Call", dueDate=LATER)
    place.cycle()
    place.release()
    place.wait(days=3)  # so that what was next has passed
    place.crash = lambda name: die(name, step)
    for _ in range(2):
        with suppress(CrashError):
            place.cycle()
        place.opened = None
    place.crash = lambda _: None
    place.cycles()
    points = {f"ada{n}@example.org": 1 for n in range(3)} | {"ada0@example.org": 2}
    assert shown(place, "points") == points
    later = "2026-11-09T08:00:00+00:00"
    assert shown(place, "note") == dict.fromkeys(points) | {"ada0@example.org": later}


def die(name: str, step: str) -> None:
    if name == step:
        raise CrashError


def test_who_has_lost_the_lease_derives_nothing_more(tmp_path: Path) -> None:
    place = populated(deriving(tmp_path, DUES), 1)
    with place.running().store.begin() as db:
        db.execute(t.derived_field.delete())
    for at, passes in ((("derive.py", "_spread"), 0), (("derive.py", "_pass"), 3)):
        place.wait(minutes=5, days=passes)
        with theft(place, at) as thief:
            with pytest.raises(LeaseLostError):
                place.cycle()
            thief.assert_nothing_followed()
        assert thief.opened[-1] == at in DERIVED
        place.wait(minutes=5)
        place.cycle()
    place.cycles()
    assert shown(place, "note") == {"ada0@example.org": None}
