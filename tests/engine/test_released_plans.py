"""Plan, release, run: a person's word on what a plan has shown, and on nothing else."""

from typing import Any

import pytest

from syncd.engine.backfill import BackfillRequest, carry_out, resumable, start
from syncd.engine.cycle import Mode, run_cycle
from syncd.engine.word import Terms, approve, held_message
from syncd.errors import ConfigError
from syncd.model.record import Window
from syncd.model.side import Side
from syncd.store.runs import Run, RunState
from tests.engine.pairs import FIELDS, GHL, MAILEON, PAIR, configure
from tests.engine.scenes import ADA, BOB
from tests.engine.world import NOON, Build, World, assert_alike, assert_quiet

FEW = {"creates": {"count": 2, "percent": 100}}
NOTE = {"left": "companyName", "right": "custom.firm", "direction": "right", "create_missing": True}


def person(world: World, *emails: str) -> None:
    for email in emails:
        world.act(GHL, "create", fields={"email": email, "city": "Bern"})
    world.settle()


def reconfigured(world: World, **settings: Any) -> None:
    configure(world.folder, store=world.store, **settings)
    world.start_process()
    world.settle()


def test_what_a_plan_of_a_new_pair_has_shown_is_sent_by_the_next_cycle(made: Build) -> None:
    world = made(contacts=6, baseline="held")
    plan = world.cycle(Mode.PLAN)
    assert (plan.state, world.writes()) == (RunState.PLANNED, 0)
    released = approve(world.environment, PAIR)
    assert (released.id, released.approved) == (plan.run_id, plan.counts)
    done = world.cycle()
    assert (done.state, done.run_id) == (RunState.DONE, plan.run_id)
    world.cycles()
    assert_alike(world)
    assert_quiet(world)


def test_so_is_what_the_plan_of_a_pair_over_its_limits_has_shown(pair_of: Build) -> None:
    world = pair_of(ADA, guards=FEW)
    person(world, *(f"{n}@example.org" for n in range(3)))
    plan = world.cycle(Mode.PLAN)
    assert "3 contacts would be created" in plan.reasons[0]
    approve(world.environment, PAIR, plan.run_id)
    world.cycles()
    assert len(world.rows(Side.RIGHT)) == 4


def test_a_word_is_not_given_to_a_run_of_which_nothing_waits_any_more(made: Build) -> None:
    """It is held only because a line of the mapping rests, and ends with the next cycle."""
    city = {"left": "city", "right": "CITY"}
    world = made(guards=FEW, fields=[city, {"left": "custom.Colour", "right": "custom.colour"}])
    world.act(MAILEON, "create_custom_field", name="colour", type="string")
    person(world, ADA)
    world.cycles()
    world.act(MAILEON, "delete_custom_field", name="colour")
    world.pair(anew=True)
    spent = world.cycle()
    assert (spent.state, spent.spent) == (RunState.HELD, True)
    person(world, *(f"{n}@example.org" for n in range(3)))
    plan = world.cycle(Mode.PLAN)
    released = approve(world.environment, PAIR, plan.run_id)
    assert released.id != spent.run_id
    world.cycle()
    assert len(world.rows(Side.RIGHT)) == 4


def test_a_run_that_wants_more_than_the_plan_showed_is_held(pair_of: Build) -> None:
    world = pair_of(ADA, guards=FEW)
    person(world, *(f"{n}@example.org" for n in range(3)))
    plan = world.cycle(Mode.PLAN)
    approve(world.environment, PAIR)
    person(world, *(f"{n}@example.org" for n in range(3, 6)))
    held = world.cycle()
    assert (held.state, held.run_id) == (RunState.HELD, plan.run_id)
    assert "6 contacts would be created" in held.reasons[0]
    assert len(world.rows(Side.RIGHT)) == 1


def test_where_a_run_is_held_already_it_goes_on_as_the_newer_plan_showed_it(
    pair_of: Build,
) -> None:
    world = pair_of(ADA, guards=FEW)
    person(world, *(f"{n}@example.org" for n in range(3)))
    held = world.cycle()
    person(world, *(f"{n}@example.org" for n in range(3, 6)))
    plan = world.cycle(Mode.PLAN)
    released = approve(world.environment, PAIR)
    assert (released.id, released.approved) == (held.run_id, plan.counts)
    done = world.cycle()
    assert (done.state, done.run_id) == (RunState.DONE, held.run_id)
    assert len(world.rows(Side.RIGHT)) == 7
    for again in (None, plan.run_id, held.run_id):
        with pytest.raises(ConfigError, match="Nothing was released"):
            approve(world.environment, PAIR, again)


def test_the_held_run_itself_can_still_be_named(pair_of: Build) -> None:
    world = pair_of(ADA, guards=FEW)
    person(world, *(f"{n}@example.org" for n in range(3)))
    held = world.cycle()
    person(world, *(f"{n}@example.org" for n in range(3, 6)))
    world.cycle(Mode.PLAN)
    assert approve(world.environment, PAIR, held.run_id).approved == {"mail.creates": 3}
    assert world.cycle().state is RunState.HELD


def test_a_word_outlasts_a_run_in_which_nothing_but_opt_outs_may_travel(pair_of: Build) -> None:
    world = pair_of(ADA, guards=FEW)
    person(world, *(f"{n}@example.org" for n in range(3)))
    held = world.cycle()
    approve(world.environment, PAIR)
    fault = world.fault("status", platform=GHL, path="/customFields", status=500)
    reduced = run_cycle(world.pair(anew=True), world.environment)
    assert (reduced.state, reduced.run_id) == (RunState.HELD, held.run_id)
    assert "nothing but opt-outs travels" in " ".join(reduced.reasons)
    assert not reduced.spent
    world.box.world.faults.remove(fault)
    done = run_cycle(world.pair(anew=True), world.environment)
    assert (done.state, done.run_id) == (RunState.DONE, held.run_id)
    assert len(world.rows(Side.RIGHT)) == 4


@pytest.mark.parametrize(
    ("noted", "said"),
    [
        (None, ""),
        ({"setup": "s", "accounts": ["a", "b"]}, ""),
        ({"setup": "t"}, "The mapping, the filter or a policy was changed"),
        ({"setup": "t", "accounts": ["b", "a"]}, "The credentials lead to another account"),
    ],
)
def test_what_is_not_as_it_was_when_a_run_was_planned_is_told(noted: Any, said: str) -> None:
    run = Run(1, PAIR, "plan", RunState.PLANNED, NOON, progress=noted)
    assert Terms("s", ("a", "b")).otherwise(run) == said


def test_a_plan_that_would_not_be_held_needs_nobodys_word(pair_of: Build) -> None:
    world = pair_of(ADA)
    person(world, BOB)
    assert world.cycle(Mode.PLAN).reasons == ()
    with pytest.raises(ConfigError, match="needs nobody's word") as caught:
        approve(world.environment, PAIR)
    assert "`syncd sync shop`" in caught.value.hint


def test_a_plan_after_which_something_was_done_shows_what_is_no_more(pair_of: Build) -> None:
    world = pair_of(ADA, guards=FEW)
    person(world, *(f"{n}@example.org" for n in range(3)))
    plan = world.cycle(Mode.PLAN)
    world.act(GHL, "delete", email="2@example.org")
    world.settle()
    assert world.cycle(Mode.FULL).state is RunState.DONE
    with pytest.raises(ConfigError, match="shows what is no more"):
        approve(world.environment, PAIR, plan.run_id)


def test_a_plan_that_met_another_account_cannot_be_released(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.configure(MAILEON, account_id=7302)
    world.settle()
    world.start_process()
    world.pair(anew=True)
    plan = world.cycle(Mode.PLAN)
    assert not plan.releasable
    with pytest.raises(ConfigError, match="cannot be released"):
        approve(world.environment, PAIR, plan.run_id)


# -- the pair is another one by now -------------------------------------------------------


def another_mapping(world: World) -> None:
    reconfigured(world, baseline="held", fields=FIELDS[:2])


def another_account(world: World) -> None:
    world.configure(MAILEON, account_id=7302)
    world.start_process()
    world.settle()
    world.pair(anew=True)


OTHERS = pytest.mark.parametrize("change", [another_mapping, another_account])


@OTHERS
def test_a_plan_of_another_pair_is_refused(made: Build, change: Any) -> None:
    world = made(contacts=6, baseline="held")
    world.cycle(Mode.PLAN)
    change(world)
    words = "mapping, the filter or a policy" if change is another_mapping else "another account"
    with pytest.raises(ConfigError, match=f"{words}.*Nothing was released") as caught:
        approve(world.environment, PAIR, opened=world.stream())
    assert "syncd plan shop" in caught.value.hint
    assert world.cycle().state is RunState.HELD
    assert world.writes() == 0


@OTHERS
@pytest.mark.parametrize("mode", [Mode.PLAN, Mode.SYNC])
def test_a_word_that_was_given_is_taken_back_when_the_pair_becomes_another(
    made: Build, change: Any, mode: Mode
) -> None:
    world = made(contacts=6, baseline="held")
    world.cycle(mode)
    approve(world.environment, PAIR)
    change(world)
    assert world.cycle().state is RunState.HELD
    assert world.cycle().state is RunState.HELD
    assert world.writes() == 0, "neither a contact nor a field"


def test_the_word_on_a_backfill_is_taken_back_too(pair_of: Build) -> None:
    world = pair_of(ADA, guards=FEW)
    person(world, *(f"{n}@example.org" for n in range(5)))
    run = start(
        world.environment, world.pair(), BackfillRequest(Window(NOON, NOON.replace(year=2030)))
    )
    assert carry_out(world.pair(), world.environment, run).state is RunState.HELD
    approve(world.environment, PAIR, run.id)
    reconfigured(world, guards=FEW, fields=FIELDS[:2])
    report = carry_out(world.pair(), world.environment, resumable(world.environment, PAIR, run.id))
    assert report.state is RunState.HELD
    assert "mapping" in report.reasons[0]
    assert len(world.rows(Side.RIGHT)) == 1


def test_no_field_is_made_by_a_word_on_another_mapping(pair_of: Build) -> None:
    world = pair_of(ADA, guards=FEW)
    person(world, *(f"{n}@example.org" for n in range(3)))
    world.cycle(Mode.PLAN)
    approve(world.environment, PAIR)
    writes = world.writes()
    reconfigured(world, guards=FEW, fields=[*FIELDS, NOTE])
    assert world.stream().imagined.right == {"custom.firm"}
    assert world.writes() == writes


def test_no_field_is_made_in_another_account(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(MAILEON, "delete_custom_field", name="colour")
    world.configure(MAILEON, account_id=7302)
    world.start_process()
    world.settle()
    writes = world.writes()
    world.pair(anew=True)
    assert world.cycle().state is RunState.HELD
    assert world.writes() == writes


@pytest.mark.parametrize(
    ("progress", "says"),
    [
        ({}, "Nothing was sent."),
        ({"optouts": 1}, "Nothing was sent but 1 opt-out."),
        ({"optouts": 1200}, "Nothing was sent but 1,200 opt-outs."),
        ({"optouts": 2, "others": 3}, "5 writes of this run were sent before or beside that."),
        ({"others": 1}, "1 write of this run was sent before or beside that."),
        ({"others": 3}, "3 writes of this run were sent before or beside that."),
        ({"spent": True, "others": 3}, "All else that it wanted was sent."),
    ],
)
def test_a_held_run_says_what_of_it_went_out_all_the_same(
    progress: dict[str, Any], says: str
) -> None:
    run = Run(7, PAIR, "sync", RunState.HELD, NOON, reasons=["6 creates."], progress=progress)
    said = held_message(PAIR, run)
    assert f"6 creates. {says}" in said
    assert said.endswith("or repair the source and wait for the next cycle.")
