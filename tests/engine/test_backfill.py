"""A window of time, worked through in chunks that are read back, and resumed after a kill."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from syncd.engine.backfill import BackfillReport, BackfillRequest, carry_out, resumable, start
from syncd.engine.sessions import Spent
from syncd.engine.word import approve
from syncd.errors import ConfigError
from syncd.model.record import Window
from syncd.model.side import Side
from syncd.store import runs
from syncd.store.backfills import Fate
from syncd.store.runs import RunState
from tests.engine.pairs import FIELDS, GHL, MAILEON, MAILERCLOUD, PAIR, configure
from tests.engine.scenes import ADA, BOB
from tests.engine.world import NOON, Build, CrashError, World, assert_alike, assert_quiet

ALWAYS = Window(NOON - timedelta(days=4000), NOON + timedelta(days=4000))


def backfill(world: World, request: BackfillRequest, *, dry_run: bool = False) -> BackfillReport:
    run = start(world.environment, world.pair(), request)
    return carry_out(world.pair(), world.environment, run, dry_run=dry_run)


def go_on(world: World, run_id: int) -> BackfillReport:
    return carry_out(
        world.pair(), world.environment, resumable(world.environment, world.name, run_id)
    )


def killed(world: World, request: BackfillRequest, point: str, times: int = 1) -> int:
    """The number of a backfill that was killed at a place, in a world that goes on."""
    run = start(world.environment, world.pair(), request)
    world.dies_at(point, times)
    with pytest.raises(CrashError):
        carry_out(world.pair(), world.environment, run)
    world.lives()
    world.start_process()
    world.settle()
    return run.id


def fates(report: BackfillReport) -> dict[Fate, int]:
    return {fate: n for fate, n in report.people.fates.items() if n}


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
    report = backfill(world, BackfillRequest(ALWAYS, chunk=7))
    assert report.state is RunState.DONE
    assert report.listed == report.done > 40
    assert report.differing == 0
    assert report.verified >= report.count(Fate.CREATED) > 0
    world.cycles()
    assert_alike(world)
    assert_quiet(world)


def test_people_in_step_are_counted_once_though_both_sides_list_them(made: Build) -> None:
    world = made()
    people(world, GHL, 9, "left")
    people(world, MAILEON, 5, "right")
    world.cycles()
    for report in (
        backfill(world, BackfillRequest(ALWAYS, chunk=4), dry_run=True),
        backfill(world, BackfillRequest(ALWAYS, chunk=4)),
    ):
        assert fates(report) == {Fate.UNCHANGED: 14}
        assert report.listed == 14
    assert report.done == 14


def test_everybody_ends_in_one_row(made: Build) -> None:
    """One of each: created, updated, opted out, unchanged, parked, failed."""
    world = made()
    world.configure(GHL, allow_duplicates=True)
    edited, left, _ = people(world, GHL, 3, "known")
    world.cycles()
    people(world, GHL, 1, "new")
    world.act(GHL, "edit", email=edited, fields={"city": "Bern"})
    world.act(GHL, "dnd", email=left, channel="Email")
    world.act(GHL, "create", fields={"phone": "+12025550101"})  # nobody can tell who it is
    for _ in range(2):
        world.act(GHL, "create", fields={"email": "twice@example.org"})
    people(world, MAILEON, 1, "refused")
    body = {"statusCode": 422, "message": "email must be an email", "traceId": "x"}
    make = {"platform": GHL, "method": "POST", "path": "^/contacts/?$"}
    world.fault("status", **make, times=1, status=422, body=json.dumps(body))
    wanted = {
        Fate.CREATED: 1,
        Fate.UPDATED: 1,
        Fate.OPTED_OUT: 1,
        Fate.UNCHANGED: 1,
        Fate.PARKED: 3,
        Fate.FAILED: 1,
    }
    dry = backfill(world, BackfillRequest(ALWAYS, chunk=2), dry_run=True)
    assert fates(dry) == {Fate.TO_DO: 4, Fate.UNCHANGED: 1, Fate.PARKED: 3}
    report = backfill(world, BackfillRequest(ALWAYS, chunk=2))
    assert fates(report) == wanted
    assert report.listed == report.done == 8


def test_a_create_whose_answer_was_lost_is_awaited_until_a_platform_shows_it(made: Build) -> None:
    world = made()
    world.configure(GHL, index_lag_s=60.0, duplicate_lags=True)
    people(world, MAILEON, 3, "right")
    world.fault("lost_answer", platform=GHL, method="POST", path="^/contacts/?$", times=2)
    report = backfill(world, BackfillRequest(ALWAYS))
    assert fates(report) == {Fate.AWAITED: 2, Fate.CREATED: 1}
    world.cycles()
    assert len(world.rows(Side.LEFT)) == 3


def test_what_could_not_be_written_is_left_to_the_next_sync(made: Build) -> None:
    world = made()
    people(world, GHL, 3, "left")
    world.pair()
    fault = world.fault("status", platform=MAILEON, method="POST", path="contacts", status=429)
    report = backfill(world, BackfillRequest(ALWAYS, frozenset({Side.RIGHT})))
    assert fates(report) == {Fate.LEFT: 3}
    fault.times = 0
    world.cycles()
    assert len(world.rows(Side.RIGHT)) == 3


def test_who_opted_out_elsewhere_is_counted_beside_the_window(made: Build) -> None:
    world = made()
    (email,) = people(world, GHL, 1, "early")
    world.cycles()
    world.wait(86_400)
    begun = world.now
    people(world, GHL, 2, "late")
    run = start(world.environment, world.pair(), BackfillRequest(Window(begun, world.now), chunk=1))

    def opt_out(name: str) -> None:
        if name == "claimed":
            world.lives()
            world.act(GHL, "dnd", email=email, channel="Email")
            world.settle()

    world.crash = opt_out
    report = carry_out(world.pair(), world.environment, run)
    assert fates(report) == {Fate.CREATED: 2}
    assert report.elsewhere == 1


def test_who_was_not_touched_in_the_window_stays_where_they_are(made: Build) -> None:
    world = made()
    early = people(world, GHL, 3, "early")
    world.wait(86_400)
    begun = world.now
    late = people(world, GHL, 3, "late")
    report = backfill(world, BackfillRequest(Window(begun, world.now)))
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
    report = backfill(world, BackfillRequest(Window(begun, world.now)))
    assert report.count(Fate.CREATED) == 0
    assert len(world.by_email(Side.RIGHT)[email]) == 1


@pytest.mark.parametrize("side", list(Side))
def test_a_direction_writes_on_one_side_only(made: Build, side: Side) -> None:
    world = made()
    people(world, GHL, 2, "left")
    people(world, MAILEON, 2, "right")
    backfill(world, BackfillRequest(ALWAYS, frozenset({side})))
    other = {Side.LEFT: "right", Side.RIGHT: "left"}[side]
    assert {e for e in world.by_email(side) if e.startswith(other)}
    assert not {e for e in world.by_email(side.other) if not e.startswith(other)}


def test_a_dry_run_says_what_it_would_do_and_sends_nothing(made: Build) -> None:
    world = made()
    people(world, GHL, 3, "left")
    world.pair()  # makes the custom fields
    writes = world.writes()
    report = backfill(world, BackfillRequest(ALWAYS), dry_run=True)
    assert report.wanted == {"mail.creates": 3}
    assert world.writes() == writes


def test_more_than_the_limits_is_held_until_it_is_released(made: Build) -> None:
    world = made(guards={"creates": {"count": 2, "percent": 100}})
    people(world, GHL, 1, "first")
    world.cycles()  # the pair is approved from here on
    people(world, GHL, 5, "left")
    report = backfill(world, BackfillRequest(ALWAYS))
    assert report.state is RunState.HELD
    assert "5" in report.reasons[0]
    assert len(world.rows(Side.RIGHT)) == 1
    approve(world.environment, PAIR, report.run_id)
    report = go_on(world, report.run_id)
    assert report.state is RunState.DONE
    assert report.count(Fate.CREATED) == 5
    assert len(world.rows(Side.RIGHT)) == 6


POINTS = ("listed", "claimed", "answered", "confirmed", "chunk", "pull", "sweep")


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("point", ["claimed", "answered", "confirmed", "chunk"])
def test_killed_anywhere_it_counts_everybody_once(made: Build, point: str, times: int) -> None:
    world = made()
    people(world, GHL, 5, "both")
    world.cycles()
    people(world, GHL, 6, "left")
    people(world, MAILEON, 4, "right")
    run_id = killed(world, BackfillRequest(ALWAYS, chunk=4), point, times)
    report = go_on(world, run_id)
    assert fates(report) == {Fate.UNCHANGED: 5, Fate.CREATED: 10}


def test_killed_it_is_judged_by_what_was_accepted_and_not_as_a_new_run(made: Build) -> None:
    world = made()
    people(world, GHL, 45, "left")
    request = BackfillRequest(ALWAYS, chunk=5)
    run_id = killed(world, request, "chunk")
    world.dies_at("chunk")
    with pytest.raises(CrashError):
        go_on(world, run_id)
    world.lives()
    world.start_process()
    world.settle()
    report = go_on(world, run_id)
    assert report.state is RunState.DONE
    assert fates(report) == {Fate.CREATED: 45}


def test_what_was_accepted_says_nothing_of_more_than_that(made: Build) -> None:
    world = made(guards={"creates": {"count": 20, "percent": 100}})
    people(world, GHL, 5, "linked")
    world.cycles()
    people(world, GHL, 19, "left")
    run_id = killed(world, BackfillRequest(ALWAYS, chunk=100), "accepted")
    people(world, GHL, 60, "more")
    with world.running().store.begin() as db:
        listed = runs.get(db, run_id)
        assert listed is not None
        assert listed.progress is not None
        runs.update(db, run_id, progress={**listed.progress, "listed": False})
    report = go_on(world, run_id)
    assert report.state is RunState.HELD


def test_what_was_accepted_says_nothing_of_another_mapping(made: Build) -> None:
    world = made()
    people(world, GHL, 8, "left")
    run_id = killed(world, BackfillRequest(ALWAYS, chunk=5), "chunk")
    fields = [rule for rule in FIELDS if rule["left"] != "city"]
    configure(world.folder, store=world.store, fields=fields)
    world.start_process()
    report = go_on(world, run_id)
    assert report.state is RunState.HELD
    assert "mapping" in report.reasons[0]
    assert fates(report) == {Fate.CREATED: 5, Fate.TO_DO: 3}
    approve(world.environment, PAIR, run_id)
    world.start_process()
    assert fates(go_on(world, run_id)) == {Fate.CREATED: 8}


@pytest.mark.parametrize("point", ["sweep", "arrived", "read back"])
def test_killed_while_everything_is_read_back_it_goes_on(made: Build, point: str) -> None:
    world = made(news=True).news
    world.chunk = 4
    people(world, GHL, 11, "left")
    chunks = 0

    def count(name: str) -> None:
        nonlocal chunks
        chunks += name == "chunk"
        if name == point and chunks == 3:
            world.lives()
            raise CrashError

    run = start(world.environment, world.pair(), BackfillRequest(ALWAYS, chunk=4))
    world.crash = count
    with pytest.raises(CrashError):
        carry_out(world.pair(), world.environment, run)
    world.start_process()
    world.settle()
    writes = world.writes()
    report = go_on(world, run.id)
    assert world.writes() == writes, "a contact was written twice"
    assert report.state is RunState.DONE
    assert fates(report) == {Fate.CREATED: 11}
    assert report.verified == 11
    world.cycles()
    assert_alike(world)


def test_what_it_took_is_summed_over_sessions(made: Build) -> None:
    world = made()
    people(world, GHL, 6, "left")
    run = start(world.environment, world.pair(), BackfillRequest(ALWAYS, chunk=2))
    world.dies_at("chunk", times=2)
    first = Spent(8.0, {"crm": 30, "mail": 4})
    with pytest.raises(CrashError):
        carry_out(world.pair(), world.environment, run, spent=lambda: first)
    world.lives()
    world.start_process()
    run = resumable(world.environment, PAIR, run.id)
    last = Spent(3.5, {"mail": 1})
    report = carry_out(world.pair(), world.environment, run, spent=lambda: last)
    assert report.spent == Spent(11.5, {"crm": 30, "mail": 5}, sessions=2)


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_it_goes_on_and_doubles_nothing(made: Build, point: str) -> None:
    world = made(contacts=24)
    world.settle()
    run = start(world.environment, world.pair(), BackfillRequest(ALWAYS, chunk=5))
    world.dies_at(point, times=2)
    with pytest.raises(CrashError):
        carry_out(world.pair(), world.environment, run)
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
    run = start(world.environment, world.pair(), BackfillRequest(ALWAYS, chunk=4))
    for _ in range(12):
        world.line.rest()
        world.line.crash_at = 6
        with pytest.raises(CrashError):
            carry_out(world.pair(), world.environment, run)
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
    run = start(world.environment, world.pair(), BackfillRequest(ALWAYS, chunk=3))
    chunks: list[str] = []
    environment = replace(
        world.environment,
        crash=lambda name: chunks.append(name) if name == "chunk" else None,
        stopping=lambda: bool(chunks),
    )
    report = carry_out(world.pair(), environment, run)
    assert report.state is RunState.OPEN
    assert 0 < report.done < report.listed
    assert go_on(world, run.id).state is RunState.DONE
    assert len(world.rows(Side.RIGHT)) == 9


def test_asked_to_stop_while_sending_it_leaves_nobody_out(made: Build) -> None:
    world = made()
    people(world, MAILEON, 9, "right")
    run = start(world.environment, world.pair(), BackfillRequest(ALWAYS, chunk=9))
    world.stopping = lambda: len(world.rows(Side.LEFT)) > 2
    report = carry_out(world.pair(), world.environment, run)
    assert report.state is RunState.OPEN
    made_so_far = len(world.rows(Side.LEFT))
    assert fates(report) == {Fate.TO_DO: 9 - made_so_far, Fate.CREATED: made_so_far}
    world.stopping = lambda: False
    report = go_on(world, run.id)
    assert fates(report) == {Fate.CREATED: 9}
    assert len(world.rows(Side.LEFT)) == 9


def test_asked_to_stop_while_reading_it_can_be_resumed(made: Build) -> None:
    world = made()
    people(world, GHL, 3, "left")
    run = start(world.environment, world.pair(), BackfillRequest(ALWAYS))
    world.stopping = lambda: True
    assert carry_out(world.pair(), world.environment, run).state is RunState.OPEN
    world.stopping = lambda: False
    assert fates(go_on(world, run.id)) == {Fate.CREATED: 3}


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
    report = backfill(world, BackfillRequest(ALWAYS, frozenset({Side.RIGHT})))
    assert report.count(Fate.CREATED) == 3
    assert report.differing == 1
    assert report.verified == 2


def test_what_the_change_feed_does_not_show_is_looked_at_directly(made: Build) -> None:
    world = made()
    people(world, GHL, 3, "left")
    world.pair()

    def hide(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if MAILEON not in request.url.path or request.method != "GET":
            return response
        shown = response.content
        if request.url.path.endswith("/contacts"):
            shown = re.sub(
                rb"<contact>(?:(?!</contact>).)*Ann1.*?</contact>", b"", shown, flags=re.S
            )
        shown = shown.replace(b"Ann1", b"Zzz1")
        return httpx.Response(response.status_code, headers=response.headers, content=shown)

    world.line.rewrite = hide
    report = backfill(world, BackfillRequest(ALWAYS, frozenset({Side.RIGHT})))
    assert (report.verified, report.differing) == (2, 1)


def test_an_opt_out_on_the_way_is_carried_on_before_the_next_chunk(made: Build) -> None:
    world = made()
    emails = people(world, GHL, 6, "left")
    run = start(world.environment, world.pair(), BackfillRequest(ALWAYS, chunk=2))
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
    carry_out(world.pair(), world.environment, run)
    assert len(world.by_email(Side.RIGHT)) <= 4, "chunks after the opt-out were mailed to"
    world.lives()
    world.cycles()
    assert world.by_email(Side.RIGHT) == {}


def test_what_is_no_backfill_cannot_be_resumed(made: Build) -> None:
    world = made()
    people(world, GHL, 1, "left")
    done = backfill(world, BackfillRequest(ALWAYS))
    with pytest.raises(ConfigError, match="is done"):
        resumable(world.environment, PAIR, done.run_id)
    with pytest.raises(ConfigError, match="no backfill"):
        resumable(world.environment, PAIR, 4711)


def test_opt_outs_that_a_report_tells_are_nobody_of_the_window(made: Build) -> None:
    news = made(news=True).news
    news.act(GHL, "create", fields={"email": ADA})
    for _ in range(3):
        news.wait(900)
        news.cycle()
    news.act(MAILERCLOUD, "unsubscribe", email=ADA)
    news.act(MAILERCLOUD, "create", email=BOB)
    news.wait(900)
    report = backfill(news, BackfillRequest(ALWAYS, targets=frozenset({Side.LEFT})))
    assert report.people.listed == 1
    assert set(news.by_email(Side.LEFT)) == {ADA, BOB}
    news.cycle()
    assert news.row(Side.LEFT, ADA).opted_out
