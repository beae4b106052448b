"""The budget of one location at GHL's real limits, used by whole runs; the clock is moved."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.at_limits import APP_HOST, GHL_HOST, AtLimits, at_limits, one_at_a_time
from syncd.engine.backfill import BackfillReport, BackfillRequest, carry_out, start
from syncd.engine.context import Pair
from syncd.model.record import Window
from syncd.model.side import Side
from syncd.store.runs import RunState

pytestmark = pytest.mark.usefixtures("example_mail")

ALL_TIME = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
PEOPLE = 350


def people(scene: AtLimits, host: str, count: int) -> None:
    for n in range(count):
        scene.mails[host].create({"email": f"p{n}@example.org", "first_name": f"Ada {n}"})


def backfill(scene: AtLimits, **hooks: object) -> BackfillReport:
    """Bring everybody of ExampleMail to GHL."""
    opened = scene.app.open_pair("first", create_fields=True)
    pair = Pair(opened.name, tuple(map(one_at_a_time, opened.streams)))
    environment = replace(scene.app.environment, **hooks)  # type: ignore[arg-type]
    run = start(environment, pair, BackfillRequest(ALL_TIME, targets=frozenset({Side.LEFT})))
    return carry_out(pair, environment, run)


@pytest.mark.parametrize(("limits", "permitted"), [("real", 100), ("agency", 25)])
def test_a_backfill_alone_uses_at_least_95_percent_without_a_refusal(
    tmp_path: Path, limits: str, permitted: int
) -> None:
    scene = at_limits(tmp_path, 0, children=0, limits=limits)
    people(scene, APP_HOST, PEOPLE)
    begun_s = scene.seconds()
    assert backfill(scene).state is RunState.DONE
    assert len(scene.box.platform("ghl").dump()) == PEOPLE
    assert scene.refused == 0
    assert scene.used(GHL_HOST, begun_s, permitted) >= 0.95


def test_a_pair_uses_at_least_95_percent_while_another_of_its_location_rests(
    tmp_path: Path,
) -> None:
    scene = at_limits(tmp_path, 0, children=0, pairs=2)
    people(scene, APP_HOST, PEOPLE)
    other = scene.beside()
    scene.cycle("second", app=other)
    cycles = []

    def crash(point: str) -> None:
        if point == "chunk":
            cycles.append(scene.cycle("second", app=other))

    begun_s = scene.seconds()
    backfill(scene, crash=crash)
    assert len(cycles) == 2
    assert scene.refused == 0
    assert scene.used(GHL_HOST, begun_s) >= 0.95
