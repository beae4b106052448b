"""A window of time, worked through in chunks that are read back, and resumed after a kill."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from syncd.engine.backfill import BackfillReport, Order, carry_out, resumable, start
from syncd.engine.release import approve
from syncd.errors import ConfigError
from syncd.model.record import Window
from syncd.model.side import Side
from syncd.store import runs
from syncd.store.runs import RunState
from tests.engine.world import (
    GHL,
    MAILEON,
    NOON,
    PAIR,
    Build,
    CrashError,
    World,
    assert_alike,
    assert_quiet,
)

ALWAYS = Window(NOON - timedelta(days=4000), NOON + timedelta(days=4000))


def backfill(world: World, order: Order, *, dry_run: bool = False) -> BackfillReport:
    run = start(world.bench, world.pair(), order)
    return carry_out(world.pair(), world.bench, run, dry_run=dry_run)


def go_on(world: World, run_id: int) -> BackfillReport:
    return carry_out(world.pair(), world.bench, resumable(world.bench, PAIR, run_id))


def newest(world: World) -> runs.Run:
    with world.reading() as db:
        found = runs.last(db, PAIR, mode="backfill")
    assert found is not None
    return found


def people(world: World, platform: str, count: int, prefix: str) -> list[str]:
    """Invented people on one side; their addresses."""
    emails = [f"{prefix}{n}@example.org" for n in range(count)]
    for n, email in enumerate(emails):
        if platform == GHL:
            fields = {"email": email, "firstName": f"Ann{n}", "lastName": "Ott"}
            world.act(GHL, "create", fields=fields)
        else:
            fields = {"FIRSTNAME": f"Ben{n}", "LASTNAME": "Ott"}
            world.act(MAILEON, "create", email=email, permission=4, standard_fields=fields)
    world.settle()
    return emails


def test_everybody_in_the_window_is_brought_over_and_read_back(made: Build) -> None:
    world = made(contacts=40)
    world.settle()
    report = backfill(world, Order(ALWAYS, chunk=7))
    assert report.state is RunState.DONE
    assert report.listed == report.done > 40
    assert report.differing == 0
    assert report.verified >= report.created > 0
    world.cycles()
    assert_alike(world)
    assert_quiet(world)


def test_who_was_not_touched_in_the_window_stays_where_they_are(made: Build) -> None:
    world = made()
    early = people(world, GHL, 3, "early")
    world.wait(86_400)
    begun = world.now
    late = people(world, GHL, 3, "late")
    report = backfill(world, Order(Window(begun, world.now)))
    assert report.listed == 3
    assert set(world.by_email(Side.RIGHT)) == set(late)
    assert not set(early) & set(world.by_email(Side.RIGHT))


def test_a_counterpart_outside_the_window_is_matched_and_not_made_again(made: Build) -> None:
    world = made()
    (email,) = people(world, MAILEON, 1, "same")
    world.wait(86_400)
    begun = world.now
    world.act(GHL, "create", fields={"email": email, "firstName": "Ann"})
    world.settle()
    report = backfill(world, Order(Window(begun, world.now)))
    assert report.created == 0
    assert len(world.by_email(Side.RIGHT)[email]) == 1


@pytest.mark.parametrize("side", list(Side))
def test_a_direction_writes_on_one_side_only(made: Build, side: Side) -> None:
    world = made()
    people(world, GHL, 2, "left")
    people(world, MAILEON, 2, "right")
    backfill(world, Order(ALWAYS, frozenset({side})))
    other = {Side.LEFT: "right", Side.RIGHT: "left"}[side]
    assert {e for e in world.by_email(side) if e.startswith(other)}
    assert not {e for e in world.by_email(side.other) if not e.startswith(other)}


def test_a_dry_run_says_what_it_would_do_and_sends_nothing(made: Build) -> None:
    world = made()
    people(world, GHL, 3, "left")
    world.pair()  # makes the custom fields
    writes = world.writes()
    report = backfill(world, Order(ALWAYS), dry_run=True)
    assert report.wanted == {"mail.creates": 3}
    assert world.writes() == writes


def test_more_than_the_limits_is_held_until_it_is_released(made: Build) -> None:
    world = made(guards={"creates": {"count": 2, "percent": 100}})
    people(world, GHL, 1, "first")
    world.cycles()  # the pair is approved from here on
    people(world, GHL, 5, "left")
    report = backfill(world, Order(ALWAYS))
    assert report.state is RunState.HELD
    assert "5" in report.reasons[0]
    assert len(world.rows(Side.RIGHT)) == 1
    approve(world.bench, PAIR, report.run_id)
    report = go_on(world, report.run_id)
    assert report.state is RunState.DONE
    assert report.created == 5
    assert len(world.rows(Side.RIGHT)) == 6


POINTS = ("listed", "claimed", "answered", "confirmed", "chunk", "pull", "sweep")


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_it_goes_on_and_doubles_nothing(made: Build, point: str) -> None:
    world = made(contacts=24)
    world.settle()
    run = start(world.bench, world.pair(), Order(ALWAYS, chunk=5))
    world.dies_at(point, times=2)
    with pytest.raises(CrashError):
        carry_out(world.pair(), world.bench, run)
    world.lives()
    world.start_process()
    world.settle()
    report = go_on(world, run.id)
    assert report.state is RunState.DONE
    assert report.done == report.listed
    world.cycles()
    assert_alike(world)


def test_killed_at_every_request_it_still_ends(made: Build) -> None:
    world = made(contacts=12)
    world.settle()
    run = start(world.bench, world.pair(), Order(ALWAYS, chunk=4))
    for _ in range(12):
        world.line.rest()
        world.line.crash_at = 6
        with pytest.raises(CrashError):
            carry_out(world.pair(), world.bench, run)
        world.start_process()
        world.settle()
        run = newest(world)
    world.line.rest()
    if run.state is not RunState.DONE:
        go_on(world, run.id)
    world.cycles()
    assert_alike(world)


def test_asked_to_stop_it_stops_after_a_chunk_and_can_be_resumed(made: Build) -> None:
    world = made()
    people(world, GHL, 9, "left")
    run = start(world.bench, world.pair(), Order(ALWAYS, chunk=3))
    chunks: list[str] = []
    bench = replace(
        world.bench,
        crash=lambda name: chunks.append(name) if name == "chunk" else None,
        stopping=lambda: bool(chunks),
    )
    report = carry_out(world.pair(), bench, run)
    assert report.state is RunState.OPEN
    assert 0 < report.done < report.listed
    assert go_on(world, run.id).state is RunState.DONE
    assert len(world.rows(Side.RIGHT)) == 9


def test_a_value_that_the_platform_shows_otherwise_is_reported_as_differing(made: Build) -> None:
    world = made()
    people(world, GHL, 3, "left")
    world.pair()

    def swallow(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if MAILEON not in request.url.path:
            return response
        shown = response.content.replace(b"Ann1", b"Zzz1")
        return httpx.Response(response.status_code, headers=response.headers, content=shown)

    world.line.rewrite = swallow
    report = backfill(world, Order(ALWAYS, frozenset({Side.RIGHT})))
    assert report.created == 3
    assert report.differing == 1
    assert report.verified == 2


def test_an_opt_out_on_the_way_is_carried_on_before_the_next_chunk(made: Build) -> None:
    world = made()
    emails = people(world, GHL, 6, "left")
    run = start(world.bench, world.pair(), Order(ALWAYS, chunk=2))
    done = 0

    def opt_out_after_the_first_chunk(name: str) -> None:
        nonlocal done
        if name == "chunk":
            done += 1
            if done == 1:
                for email in emails:
                    world.act(GHL, "dnd", email=email, channel="Email")
                world.settle()

    world.crash = opt_out_after_the_first_chunk
    carry_out(world.pair(), world.bench, run)
    assert len(world.by_email(Side.RIGHT)) <= 4, "chunks after the opt-out were mailed to"
    world.lives()
    world.cycles()
    assert world.by_email(Side.RIGHT) == {}


def test_what_is_no_backfill_cannot_be_resumed(made: Build) -> None:
    world = made()
    people(world, GHL, 1, "left")
    done = backfill(world, Order(ALWAYS))
    with pytest.raises(ConfigError, match="is done"):
        resumable(world.bench, PAIR, done.run_id)
    with pytest.raises(ConfigError, match="no backfill"):
        resumable(world.bench, PAIR, 4711)
