"""An opt-out wins, whatever the dates and policies say, and it outlives the contact."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from syncd.engine.context import Cycle, leased
from syncd.engine.cycle import Mode
from syncd.engine.observe import take_in
from syncd.model.record import Record
from syncd.model.side import SIDES, Side
from syncd.model.values import Consent, Level
from syncd.store import runs
from syncd.store.suppressions import OptOut
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA, BOB, cause, opt_out
from tests.engine.world import NOON, Build, World, assert_quiet


@pytest.mark.parametrize("how", [{"channel": "Email"}, {"channel": "all"}, {"status": "permanent"}])
def test_an_opt_out_in_ghl_ends_the_contact_in_maileon(pair_of: Build, how: Any) -> None:
    world = pair_of(ADA, BOB)
    opt_out(world, Side.LEFT, ADA, **how)
    world.cycles()
    assert set(world.by_email(Side.RIGHT)) == {BOB}
    assert ADA in world.unsubscribed()
    assert_quiet(world)


@pytest.mark.parametrize("source", ["link", "reply", "complaint", "other"])
def test_an_opt_out_in_maileon_sets_dnd_in_ghl(pair_of: Build, source: str) -> None:
    world = pair_of(ADA, BOB)
    opt_out(world, Side.RIGHT, ADA, source=source)
    world.cycles()
    assert world.row(Side.LEFT, ADA).opted_out
    assert not world.row(Side.LEFT, BOB).opted_out
    assert_quiet(world)


def test_dnd_of_another_channel_and_a_bounce_are_no_opt_outs(pair_of: Build) -> None:
    world = pair_of(ADA, BOB)
    opt_out(world, Side.LEFT, ADA, channel="SMS")
    world.act(MAILEON, "bounce", email=BOB, type="permanent", blocks=True)
    world.cycles()
    assert set(world.by_email(Side.RIGHT)) == {ADA, BOB}
    assert not world.row(Side.LEFT, BOB).opted_out


@pytest.mark.parametrize("side", SIDES)
def test_the_ledger_outlives_the_contact_on_both_platforms(pair_of: Build, side: Side) -> None:
    world = pair_of(ADA)
    opt_out(world, side, ADA)
    world.cycles()
    world.act(GHL, "delete", email=ADA)
    world.act(MAILEON, "wipe_unsubscribers")
    world.settle()
    world.cycle(Mode.FULL)
    world.act(GHL, "create", fields={"email": ADA.upper()})
    world.start_process()
    world.cycles()
    assert world.rows(Side.RIGHT) == {}
    assert world.row(Side.LEFT, ADA).opted_out


def test_somebody_who_never_had_a_contact_in_maileon_is_suppressed_there(made: Build) -> None:
    world = made()
    world.act(GHL, "create", fields={"email": ADA})
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    assert world.rows(Side.RIGHT) == {}
    markers = world.act(MAILEON, "opt_outs")["markers"]
    assert [entry["email"] for entry in markers] == [ADA]


def test_coming_back_lifts_nothing_by_default(pair_of: Build) -> None:
    world = pair_of(ADA)
    opt_out(world, Side.RIGHT, ADA)
    world.cycles()
    world.act(MAILEON, "resubscribe", email=ADA)
    world.act(GHL, "undnd", email=ADA)
    world.cycles()
    assert world.rows(Side.RIGHT) == {}
    assert world.row(Side.LEFT, ADA).opted_out


def test_an_opt_out_without_a_date_is_lifted_by_no_opt_in(pair_of: Build) -> None:
    """GHL does not say when; even where the pair would allow it, a person has to.

    `test_coming_back.py` tells what becomes of the opt-in.
    """
    world = pair_of(ADA, consent={"resubscribe": "newer"})
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    world.act(MAILEON, "resubscribe", email=ADA)
    world.cycles()
    assert world.row(Side.LEFT, ADA).opted_out


def test_a_record_nobody_can_decide_about_still_opts_out(made: Build) -> None:
    """It is parked, as its address is taken by somebody else's link."""
    world = made()
    world.act(GHL, "create", fields={"email": ADA})
    world.cycles()
    world.act(GHL, "edit", email=ADA, fields={"email": BOB})
    world.act(MAILEON, "create", email=BOB, permission=5)
    world.cycles()
    assert len(world.by_email(Side.RIGHT)[BOB]) == 1
    opt_out(world, Side.LEFT, BOB)
    world.cycles()
    assert BOB not in world.by_email(Side.RIGHT)


def test_an_opt_out_in_the_middle_of_a_cycle_is_carried_on_by_the_next(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"city": "Basel"})
    world.settle()
    world.line.rest()
    world.line.errands[4] = lambda: opt_out(world, Side.LEFT, ADA)
    world.cycle()
    world.cycles()
    assert world.rows(Side.RIGHT) == {}


def test_the_last_look_spares_an_address_that_opted_out_after_the_plan(made: Build) -> None:
    """The ledger hears of it between plan and push, as from another pair of the account."""
    world = made()
    world.act(GHL, "create", fields={"email": ADA})
    world.act(GHL, "create", fields={"email": BOB})
    world.settle()

    def another_pair_hears(point: str) -> None:
        if point == "claimed":
            with world.running().store.begin() as db:
                heard = [OptOut("mail", ADA, None, "another pair")]
                world.running().ledger.record(db, heard, world.now)

    world.crash = another_pair_hears
    world.cycle()
    world.lives()
    world.settle()
    assert set(world.by_email(Side.RIGHT)) == {BOB}
    assert world.unsubscribed() == set(), "it was made, and then opted out again"


def test_leaving_the_filter_is_no_opt_out(pair_of: Build) -> None:
    world = pair_of(ADA, filter={"left": {"tag": "vip"}})
    world.act(GHL, "untag", email=ADA, tags=["vip"])
    world.cycles()
    assert set(world.by_email(Side.RIGHT)) == {ADA}
    assert world.unsubscribed() == set()
    assert cause(world, Side.LEFT, ADA) == ("filtered", "filter")


def test_an_opt_out_reaches_a_contact_that_left_the_filter(pair_of: Build) -> None:
    world = pair_of(ADA, filter={"left": {"tag": "vip"}})
    world.act(GHL, "untag", email=ADA, tags=["vip"])
    world.cycles()
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    assert world.rows(Side.RIGHT) == {}


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("seconds", [-1, 0, 1, None])
@pytest.mark.parametrize("reported_alone", [True, False])
def test_only_a_newer_dated_opt_in_of_the_same_address_speaks_against_a_report(
    made: Build, seconds: int | None, level: Level, reported_alone: bool
) -> None:
    world = made()
    at = None if seconds is None else NOON + timedelta(seconds=seconds)
    opt_in = Record("17", {"email": ADA.upper(), "consent": Consent(level, at)})
    report = Record("16", {"email": ADA, "consent": Consent(Level.REVOKED, NOON)}, gone=True)
    pages = [[opt_in], [report]] if reported_alone else [[opt_in, report]]
    with working(world) as cycle:
        for page in pages:
            with cycle.writing() as db:
                take_in(db, cycle, Side.RIGHT, page)
        with cycle.writing() as db:
            known = cycle.environment.ledger.suppressed(db, [ADA], cycle.stream.relatives)
    lifted = level is Level.GRANTED and seconds == 1
    assert bool(known) is not lifted


@pytest.mark.parametrize("mistaken", ["another side", "another address", "gone"])
def test_no_other_opt_in_speaks_against_a_report(made: Build, mistaken: str) -> None:
    world = made()
    later = Consent(Level.GRANTED, NOON + timedelta(days=1))
    address = BOB if mistaken == "another address" else ADA
    opt_in = Record("17", {"email": address, "consent": later})
    report = Record("16", {"email": ADA, "consent": Consent(Level.REVOKED, NOON)}, gone=True)
    with working(world) as cycle:
        with cycle.writing() as db:
            side = Side.LEFT if mistaken == "another side" else Side.RIGHT
            take_in(db, cycle, side, [opt_in])
        with cycle.writing() as db:
            seen = [replace(opt_in, gone=True)] if mistaken == "gone" else []
            take_in(db, cycle, Side.RIGHT, [*seen, report])
            known = cycle.environment.ledger.suppressed(db, [ADA], cycle.stream.relatives)
    assert known


@contextmanager
def working(world: World) -> Iterator[Cycle]:
    """A cycle whose steps a test takes by itself."""
    stream, environment = world.stream(), world.environment
    with leased(stream.pair, environment) as lease:
        with environment.writing(lease) as db:
            run = runs.start(db, stream.pair, Mode.SYNC.value, environment.now())
        yield Cycle(stream, environment, lease, run.id)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("platform", [GHL, MAILEON])
def test_an_opt_out_is_sent_before_an_edit_that_waits_on_whichever_side(
    pair_of: Build, platform: str, swapped: bool
) -> None:
    """The opt-out is written on one platform, the edit on the other."""
    world = pair_of(ADA, BOB, swapped=swapped)
    if platform == GHL:
        opt_out(world, Side.RIGHT, ADA)
        world.act(GHL, "edit", email=BOB, fields={"city": "Chur"})
    else:
        opt_out(world, Side.LEFT, ADA)
        world.act(MAILEON, "edit", email=BOB, standard_fields={"FIRSTNAME": "Bob"})
    world.settle()
    sent: list[bool] = []

    def note(point: str) -> None:
        if point == "confirmed":
            here = world.row(Side.LEFT, ADA).opted_out
            sent.append(here and ADA not in world.by_email(Side.RIGHT))

    world.crash = note
    world.cycle()
    assert sent[0], "something else was sent before the opt-out"
    assert len(sent) > 1, "the edit was not sent in this cycle"
