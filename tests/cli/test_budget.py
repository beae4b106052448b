"""`status --budget`: what accounts were sent today, what is left, and when a backfill ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.cli.budget import budget_status
from syncd.engine.backfill import BackfillRequest
from syncd.model.record import Resource, Window
from syncd.model.side import Side
from syncd.store import backfills, database, leases, runs
from syncd.store.runs import BACKFILL
from syncd.stored import Stored, open_stored
from tests.cli.conftest import Place

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)


def test_it_shows_what_every_account_was_sent_and_what_its_platform_says_is_left(
    place: Place,
) -> None:
    place.type("sync")
    told = place.json("status", "--budget")
    crm, mail = told["accounts"]["crm"], told["accounts"]["mail"]
    requests = place.box.counters()["requests"]
    assert sum(crm["used"].values()) == sum(n for r, n in requests.items() if r.startswith("ghl"))
    assert crm["used"]["bulk"] > 0  # a first look at everybody
    assert crm["day"]["left"] > 0
    assert crm["window"]["permitted"] > 0
    assert sum(mail["used"].values()) > 0
    assert mail["day"] == {"permitted": None, "left": None}  # Maileon tells nothing of it
    assert told["backfills"] == []
    shown = place.type("status", "--budget").stdout
    assert f"{crm['used']['bulk']:,}" in shown
    assert "left of day" in shown


def test_before_anything_was_read_there_is_nothing_to_show(place: Place) -> None:
    assert place.json("status", "--budget")["accounts"] == {}
    assert place.type("status", "--budget").exit_code == 0


@pytest.fixture
def known(place: Place) -> Stored:
    place.type("db", "upgrade")
    return open_stored(place.folder / "syncd.yaml", env=_env(place))


def _env(place: Place) -> dict[str, str]:
    lines = (place.folder / ".env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def begun(known: Stored, **progress: Any) -> int:
    """A backfill of ten records, of which four are done, by a process that is at work."""
    window = Window(NOW - timedelta(days=9), NOW)
    request = BackfillRequest(window, frozenset({Side.RIGHT})).to_json()
    with database.begin(known.store) as db:
        leases.take(db, "shop", leases.this_holder(), NOW)
        run = runs.start(db, "shop", BACKFILL, NOW, {"request": request, **progress})
        backfills.add(db, run.id, Resource.CONTACT, Side.LEFT, [f"c{n}" for n in range(10)])
        items = backfills.waiting(db, run.id, Resource.CONTACT, 4)
        backfills.finish(db, [item.id for item in items])
    return run.id


def test_a_backfill_under_way_ends_when_its_present_speed_says(known: Stored) -> None:
    """Two of ten were done by another process; two more took this one 60 s."""
    run = begun(known, paced_from={"done": 2, "s": 100.0}, spent={"seconds": 160.0})
    status = budget_status(known, ["shop"], NOW)
    (underway,) = status.underway
    assert (underway.run, underway.done, underway.listed) == (run, 4, 10)
    assert underway.ends_at == NOW + timedelta(seconds=180)
    assert "4 of 10 records; at this speed it ends in 3 min" in underway.told(NOW)


def test_before_its_first_chunk_nobody_knows_how_fast_it_is(known: Stored) -> None:
    begun(known, paced_from={"done": 4, "s": 100.0}, spent={"seconds": 160.0})
    (underway,) = budget_status(known, ["shop"], NOW).underway
    assert underway.ends_at is None
    assert "not known yet" in underway.told(NOW)


def test_a_backfill_at_which_nobody_works_does_not_end(known: Stored) -> None:
    begun(known)
    with database.begin(known.store) as db:
        db.execute(sa.text("DELETE FROM lease"))
    assert budget_status(known, ["shop"], NOW).underway == ()
