"""A mistake in portions: the limits hold over a window of time, and not only for each run."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from syncd.engine.backfill import BackfillRequest, carry_out, resumable, start
from syncd.engine.cycle import Mode, Report
from syncd.engine.word import approve
from syncd.model.record import Window
from syncd.model.side import Side
from syncd.store.runs import RunState
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON, PAIR
from tests.engine.world import NOON, Build, World, assert_quiet

DAY_S = 24 * 3600
ALWAYS = Window(NOON, NOON + timedelta(days=4000))


@pytest.fixture
def kind_of_store() -> str:
    """What is asked of the store here is asked of either kind in tests/store."""
    return "sqlite"


def linked(made: Build, count: int, **settings: Any) -> World:
    """So many people on both sides, let in by a first run that needs nobody's word."""
    world = made(delete="delete", **settings)
    for email in addresses(count):
        world.act(GHL, "create", fields={"email": email})
    world.settle()
    assert world.cycle().state is RunState.DONE
    world.settle()
    assert world.cycle().written == 0
    return world


def addresses(count: int, prefix: str = "p") -> list[str]:
    return [f"{prefix}{n:03}@example.org" for n in range(count)]


def portions(of: Sequence[str], size: int) -> list[Sequence[str]]:
    return [of[n : n + size] for n in range(0, len(of), size)]


# -- by kind and side: what somebody does to one person ----------------------------------


def create(world: World, side: Side, email: str) -> None:
    if side is Side.LEFT:
        world.act(GHL, "create", fields={"email": f"new-{email}"})
    else:
        world.act(MAILEON, "create", email=f"new-{email}", permission=1)


def update(world: World, side: Side, email: str) -> None:
    if side is Side.LEFT:
        world.act(GHL, "edit", email=email, fields={"firstName": f"At {world.now:%H:%M:%S}"})
    else:
        fields = {"FIRSTNAME": f"At {world.now:%H:%M:%S}"}
        world.act(MAILEON, "edit", email=email, standard_fields=fields)


def delete(world: World, side: Side, email: str) -> None:
    world.act(GHL if side is Side.LEFT else MAILEON, "delete", email=email)


def opt_out(world: World, side: Side, email: str) -> None:
    if side is Side.LEFT:
        world.act(GHL, "dnd", email=email, channel="Email")
    else:
        world.act(MAILEON, "unsubscribe", email=email)


Deed = Callable[[World, Side, str], None]


def done_in_portions(
    world: World, side: Side, deed: Deed, parts: Sequence[Sequence[str]], pause_s: float = 600
) -> list[Report]:
    """A full sync after each portion, until one is held."""
    reports: list[Report] = []
    for part in parts:
        for email in part:
            deed(world, side, email)
        world.wait(pause_s)
        reports.append(world.cycle(Mode.FULL))
        if reports[-1].state is RunState.HELD:
            break
    return reports


def said(report: Report) -> str:
    return " ".join(report.reasons)


def test_deletions_in_portions_are_held_like_all_of_them_at_once(made: Build) -> None:
    world = linked(made, 300)
    parts = portions(addresses(168), 14)
    first, second = done_in_portions(world, Side.LEFT, delete, parts)
    assert first.state is RunState.DONE
    assert second.state is RunState.HELD
    assert said(second) == (
        "28 of 300 linked contacts would have been deleted on 'mail' within 24 hours (9%),"
        " 14 of them in earlier runs; the limit is 5%."
    )
    assert len(world.rows(Side.RIGHT)) == 286
    done_in_portions(world, Side.LEFT, delete, parts[2:])
    assert len(world.rows(Side.RIGHT)) == 286


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    ("deed", "size", "goes", "words"),
    [
        (create, 27, 3, "contacts would have been created"),
        (update, 19, 3, "linked contacts would have been changed"),
        (delete, 11, 1, "linked contacts would have been deleted"),
        (opt_out, 12, 1, "contacts would have been opted out"),
    ],
    ids=["creates", "updates", "deletes", "optouts"],
)
def test_so_is_every_kind_on_either_side(
    made: Build, deed: Deed, size: int, goes: int, words: str, side: Side
) -> None:
    world = linked(made, 120)
    *gone, last = done_in_portions(world, side, deed, portions(addresses(120), size))
    assert [report.state for report in gone] == [RunState.DONE] * goes
    assert last.state is RunState.HELD
    assert said(last).startswith(f"{size * (goes + 1)} of ")
    assert words in said(last)
    assert f"on '{'mail' if side is Side.LEFT else 'crm'}' within 24 hours" in said(last)
    assert f"{size * goes} of them in earlier runs" in said(last)


def test_the_count_of_deletions_holds_over_the_window_too(made: Build) -> None:
    world = linked(made, 6, guards={"deletes": {"count": 3, "percent": 100}})
    *_, last = done_in_portions(world, Side.LEFT, delete, portions(addresses(6), 2))
    assert said(last) == (
        "4 linked contacts would have been deleted on 'mail' within 24 hours, 2 of them in earlier"
        " runs; the limit is 3."
    )


def test_what_was_done_before_the_window_does_not_count(made: Build) -> None:
    world = linked(made, 60, guards={"window": "2h"})
    parts = portions(addresses(60), 15)
    reports = done_in_portions(world, Side.LEFT, delete, parts, pause_s=2.1 * 3600)
    assert [report.state for report in reports] == [RunState.DONE] * 4
    assert world.rows(Side.RIGHT) == {}


def test_without_a_window_each_run_is_judged_by_itself(made: Build) -> None:
    world = linked(made, 60, guards={"window": "0s"})
    reports = done_in_portions(world, Side.LEFT, delete, portions(addresses(60), 15))
    assert [report.state for report in reports] == [RunState.DONE] * 4


def test_time_alone_lets_nothing_go_that_waits_for_a_person(made: Build) -> None:
    world = linked(made, 60)
    done_in_portions(world, Side.LEFT, delete, portions(addresses(30), 15))
    world.wait(2 * DAY_S)
    update(world, Side.RIGHT, "p050@example.org")
    held = world.cycle(Mode.FULL)
    assert held.state is RunState.HELD
    assert "30 of 60" in said(held)
    assert len(world.rows(Side.RIGHT)) == 45


def test_the_source_repaired_a_held_run_goes_on(made: Build) -> None:
    world = linked(made, 60)
    done_in_portions(world, Side.LEFT, delete, portions(addresses(30), 15))
    for email in addresses(30)[15:]:
        world.act(GHL, "create", fields={"email": email})
    world.settle()
    world.cycle()
    world.cycles()
    assert len(world.rows(Side.RIGHT)) == 45
    assert_quiet(world)


def test_a_released_run_starts_the_window_anew(made: Build) -> None:
    world = linked(made, 200)
    parts = portions(addresses(90), 15)
    *_, held = done_in_portions(world, Side.LEFT, delete, parts[:2])
    approve(world.environment, PAIR, held.run_id)
    assert world.cycle().state is RunState.DONE
    third, fourth = done_in_portions(world, Side.LEFT, delete, parts[2:])
    assert (third.state, fourth.state) == (RunState.DONE, RunState.HELD)
    assert "30 of 170" in said(fourth)
    assert "15 of them in earlier runs" in said(fourth)


def test_what_a_released_run_did_before_it_was_killed_uses_its_word_up(made: Build) -> None:
    """Its number is kept and its release too, but not what it covered once more."""
    world = linked(made, 80, guards={"updates": {"count": 1000, "percent": 20}})
    first, second = portions(addresses(80), 40)
    (held,) = done_in_portions(world, Side.LEFT, update, [first])
    approve(world.environment, PAIR, held.run_id)
    world.dies_at("applied")  # all of it was carried out
    with pytest.raises(CrashError):
        world.cycle()
    world.start_process()
    (more,) = done_in_portions(world, Side.LEFT, update, [second])
    assert (more.state, more.run_id) == (RunState.HELD, held.run_id)
    assert more.counts == {"mail.updates": 40}
    assert "80 of 80 linked contacts would have been changed" in said(more)


def test_who_is_changed_many_times_a_day_counts_once(made: Build) -> None:
    world = linked(made, 60)
    often = addresses(29)
    reports = done_in_portions(world, Side.LEFT, update, [often] * 6)
    assert [report.state for report in reports] == [RunState.DONE] * 6
    assert all(report.written >= 29 for report in reports)


def test_a_young_pair_may_grow_by_ones_and_twos(made: Build) -> None:
    world = linked(made, 5)
    reports = done_in_portions(world, Side.LEFT, create, portions(addresses(30), 3))
    assert [report.state for report in reports] == [RunState.DONE] * 10


def test_opt_outs_go_out_while_other_limits_hold_and_do_not_add_up_meanwhile(
    made: Build,
) -> None:
    world = linked(made, 100)
    people = addresses(100)
    done_in_portions(world, Side.LEFT, delete, portions(people[:30], 15))
    for part in portions(people[30:60], 6):  # six per cent of them a day
        world.wait(DAY_S)
        for email in part:
            opt_out(world, Side.LEFT, email)
        world.settle()
        assert world.cycle().state is RunState.HELD
        assert not set(part) & set(world.by_email(Side.RIGHT))


def test_a_backfill_and_syncs_have_one_window(made: Build) -> None:
    world = linked(made, 30)
    reports = done_in_portions(world, Side.LEFT, create, portions(addresses(100), 20))
    assert [report.state for report in reports] == [RunState.DONE] * 5
    for email in addresses(8, "late"):
        world.act(GHL, "create", fields={"email": email})
    world.settle()
    run = start(world.environment, world.pair(), BackfillRequest(ALWAYS))
    held = carry_out(world.pair(), world.environment, run)
    assert held.state is RunState.HELD
    assert "108 of 30 contacts would have been created" in " ".join(held.reasons)
    approve(world.environment, PAIR, run.id)
    done = carry_out(world.pair(), world.environment, resumable(world.environment, PAIR, run.id))
    assert done.state is RunState.DONE
    (after,) = done_in_portions(world, Side.LEFT, create, [addresses(20, "even-later")])
    assert after.state is RunState.DONE
