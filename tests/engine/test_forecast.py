"""What a plan says that a sync takes, beside what it takes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.at_limits import APP_HOST, GHL_HOST, AtLimits, at_limits, one_at_a_time
from bench.forecasts import compared
from syncd.connectors.spending import Rate
from syncd.engine.context import Stream
from syncd.engine.cycle import Mode
from syncd.forecast import hours_for
from syncd.http.budget import SharedBudget
from syncd.model.op import Op, OpKind
from syncd.model.record import Resource
from syncd.model.values import Consent, Level, Patch, SetDelta
from tests.engine.world import Build

CONTACT, NOTE, TASK = Resource.CONTACT, Resource.NOTE, Resource.TASK
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
BOTH_WAYS = SetDelta(frozenset({"vip"}), frozenset({"old"}))


def test_a_first_sync_takes_what_was_forecast(tmp_path: Path, example_mail: None) -> None:
    """100 contacts with 300 notes and tasks; `make bench` measures more."""
    found = compared(at_limits(tmp_path, 100))
    assert found.refused == 0
    assert found.cycles == found.ahead.cycles
    assert all(abs(error) <= 0.10 for error in found.errors.values()), found.errors


def test_where_nothing_is_to_be_written_nothing_is_forecast(
    tmp_path: Path, example_mail: None
) -> None:
    scene = at_limits(tmp_path, 5, children=0)
    scene.cycles("first")
    pair, report = scene.run("first", Mode.PLAN)
    ahead = scene.app.forecast(pair, report)
    assert [one.requests for one in ahead.accounts.values()] == [0, 0]
    assert ahead.hours is None


def test_what_goes_in_batches_is_forecast_as_batches(made: Build) -> None:
    world = made(contacts=150, guards={"creates": {"count": 5000, "percent": 100}})
    report = world.cycle(Mode.PLAN)
    app = world.running()
    ahead = app.forecast(world.pair(), report)
    before = dict(app.requests)
    world.cycles()
    came = {name: app.requests[name] - before[name] for name in ahead.accounts}
    assert report.counts["mail.creates"] > 2 * came["mail"]
    for name, one in ahead.accounts.items():
        assert abs(one.requests - came[name]) <= max(0.1 * came[name], 2)


@pytest.fixture
def crm(tmp_path: Path, example_mail: None) -> AtLimits:
    scene = at_limits(tmp_path, 1, children=0)
    scene.app.connect("crm").catalogue(CONTACT)
    return scene


@pytest.mark.parametrize(
    ("resource", "patch"),
    [
        (CONTACT, {"city": "Bern"}),
        (CONTACT, {"tags": BOTH_WAYS}),
        (CONTACT, {"city": "Bern", "tags": SetDelta(frozenset({"vip"}))}),
        (CONTACT, {"consent": Consent(Level.REVOKED)}),
        (NOTE, {"body": "Called again"}),
        (TASK, {"title": "Call once more"}),
        (TASK, {"completed": True}),
        (TASK, {"title": "Call once more", "completed": True}),
    ],
)
def test_a_change_in_ghl_takes_the_requests_that_its_spec_says(
    crm: AtLimits, resource: Resource, patch: Patch
) -> None:
    ghl, connector = crm.box.platform("ghl"), crm.app.connect("crm")
    contact_id = str(ghl.dump()[0]["id"])
    made = {
        CONTACT: lambda: contact_id,
        NOTE: lambda: ghl.act("add_note", {"id": contact_id, "html": "Called"})["note"]["id"],
        TASK: lambda: ghl.act("add_task", {"id": contact_id, "title": "Call"})["task"]["id"],
    }
    parent = None if resource is CONTACT else contact_id
    op = Op(1, resource, OpKind.UPDATE, made[resource](), patch, parent_id=parent)
    before = len(crm.arrivals[GHL_HOST])
    receipts: Sequence[object] = [r.error for r in connector.push(resource, [op])]
    assert receipts == [None]
    came = len(crm.arrivals[GHL_HOST]) - before
    assert came == connector.spec.resources[resource].costs.of_update(patch)


@pytest.mark.parametrize(
    ("requests", "left", "hours"),
    [
        (97, 200_000, 0.0),  # the window that nobody has used yet
        (97 + 3_492, 200_000, 0.1),
        (190_000, 200_000, (190_000 - 97) / 9.7 / 3600),
        (190_001, 200_000, 24.0),  # the last of them tomorrow
        (1_000, 10_000, 24.0 + (1_000 - 97) / 9.7 / 3600),  # nothing is left today but for others
        (2 * 190_000 + 97, 10_000, 72.0),
        (190_000, 10_000, 24.0 + (190_000 - 97) / 9.7 / 3600),
    ],
)
def test_hours_are_those_of_the_window_and_of_the_day(
    requests: int, left: int, hours: float
) -> None:
    budget = SharedBudget(monotonic=lambda: 0.0, now=lambda: NOW)
    budget.begin(Rate(100, 10.0))
    budget.learn_day(200_000, left)
    assert hours_for(requests, budget) == pytest.approx(hours)


def test_without_a_rate_nobody_knows_how_long_it_takes() -> None:
    assert hours_for(5, SharedBudget(monotonic=lambda: 0.0, now=lambda: NOW)) is None


def test_notes_of_who_waits_for_a_counterpart_are_not_listed_in_every_cycle(
    tmp_path: Path, example_mail: None
) -> None:
    """A first sync takes many slices of time, and each plans anew what the last one left."""
    scene = at_limits(tmp_path, 40)
    scene.cycle("first", Mode.PLAN)

    def short(stream: Stream) -> Stream:
        return replace(one_at_a_time(stream), slice=timedelta(seconds=-1))

    listed = []
    for _ in range(3):
        before = len(scene.arrivals[GHL_HOST])
        scene.app.run_pair("first", scene.app.environment, create_fields=True, shaped=short)
        listed.append(len(scene.arrivals[GHL_HOST]) - before)
    created = len(scene.mails[APP_HOST].contacts)
    assert 0 < created < 38  # of those with an address
    assert sum(listed) < created + 3 * 5
