"""What a cycle tells of itself, and what it leaves in the store for the next one."""

from typing import Any

import pytest
import sqlalchemy as sa

from syncd.engine.cycle import Mode, Report
from syncd.engine.word import approve
from syncd.errors import SyncdError
from syncd.model.side import Side
from syncd.store import conflicts, runs, windows
from syncd.store import tables as t
from syncd.store.conflicts import Conflict
from syncd.store.runs import Run, RunState
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.scenes import ADA, opt_out
from tests.engine.world import Build, World

BOB = "bob@example.org"


def stored(world: World, run_id: int | None = None) -> Run:
    with world.reading() as db:
        run = runs.get(db, run_id) if run_id else runs.last(db, world.name)
    assert run is not None
    return run


def open_conflicts(world: World) -> list[Conflict]:
    with world.reading() as db:
        return conflicts.of_pair(db, world.name)


def noted(world: World) -> dict[str, Any]:
    return dict(stored(world).progress or {})


def told(report: Report) -> dict[str, Any]:
    names = ("state", "counts", "outcomes", "written", "full", "releasable", "spent", "used_up")
    return {name: getattr(report, name) for name in names}


NOTHING = {"full": False, "releasable": False, "spent": False, "used_up": False}


@pytest.fixture
def ada(made: Build) -> World:
    """Ada in GHL, not yet brought over."""
    world = made()
    world.act(GHL, "create", fields={"email": ADA, "city": "Bern"})
    world.settle()
    return world


def test_a_plan_tells_what_would_be_written_and_writes_nothing(ada: World) -> None:
    ada.pair()  # opened, which makes the fields that are missing
    writes = ada.writes()
    report = ada.cycle(Mode.PLAN)
    assert told(report) == {
        **NOTHING,
        "state": RunState.PLANNED,
        "counts": {"mail.creates": 1},
        "outcomes": {"held": 1},
        "written": 0,
    }
    assert (report.finished, report.reasons, ada.writes()) == (True, (), writes)
    run = stored(ada)
    assert (run.id, run.mode, run.state) == (report.run_id, "plan", RunState.PLANNED)
    assert (run.counts, run.reasons, run.error) == ({"mail.creates": 1}, [], None)


def test_a_sync_tells_what_it_saw_and_wrote(ada: World) -> None:
    ada.act(MAILEON, "create", email=BOB)
    ada.settle()
    report = ada.cycle()
    assert report.state is RunState.DONE
    assert dict(report.counts) == {"mail.creates": 1, "crm.creates": 1}
    assert (report.outcomes, report.written) == ({"done": 3}, 3)  # one tells Maileon an id
    assert [side.changed for side in report.pulled] == [1, 1]
    assert (report.conflicts, report.in_doubt, report.finished) == (0, 0, True)
    run = stored(ada)
    assert (run.state, run.mode, run.counts) == (RunState.DONE, "sync", dict(report.counts))
    assert run.ended_at is not None
    assert run.started_at < run.ended_at
    kept = noted(ada)
    assert (kept["optouts"], kept["others"]) == (0, 3)
    assert (kept["setup"], kept["full"], kept["spent"]) == (ada.stream().setup, False, False)
    assert kept["accounts"] == [account.account_id for account in ada.stream().accounts]


def test_a_new_contact_counts_as_no_opt_out(ada: World) -> None:
    ada.cycles()
    ada.act(GHL, "create", fields={"email": BOB})
    ada.settle()
    ada.cycle()
    assert (noted(ada)["optouts"], noted(ada)["others"]) == (0, 1)


def test_a_held_run_says_why_and_keeps_its_number_until_it_is_released(made: Build) -> None:
    world = made(baseline="held")
    world.act(GHL, "create", fields={"email": ADA})
    world.settle()
    held = world.cycle()
    assert told(held) == {
        **NOTHING,
        "releasable": True,
        "state": RunState.HELD,
        "counts": {"mail.creates": 1},
        "outcomes": {"held": 1},
        "written": 0,
    }
    again = world.cycle()
    assert (again.run_id, again.state, again.reasons) == (held.run_id, held.state, held.reasons)
    assert (dict(again.counts), again.releasable) == ({"mail.creates": 1}, True)
    approve(world.environment, world.name, opened=world.stream())
    done = world.cycle()
    assert (done.run_id, done.state, done.used_up) == (held.run_id, RunState.DONE, True)
    with world.reading() as db:
        begun = windows.begun(db, world.name)
    assert begun is not None
    assert begun >= (stored(world).ended_at or begun)


def test_what_goes_by_nobodys_word_starts_no_window(ada: World) -> None:
    ada.cycle()
    ada.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    ada.settle()
    with ada.reading() as db:
        before = windows.begun(db, ada.name)
    assert not ada.cycle().used_up
    with ada.reading() as db:
        assert windows.begun(db, ada.name) == before


def test_a_full_account_is_told_and_looked_at_again_by_itself(made: Build) -> None:
    world = made(news=True)
    for address in (ADA, BOB):
        world.act(GHL, "create", fields={"email": address})
    world.act(MAILERCLOUD, "set_quota", total=1)
    world.settle()
    held = world.news.cycle()
    assert (held.state, held.full, held.releasable) == (RunState.HELD, True, False)
    assert noted(world.news)["full"] is True
    world.act(MAILERCLOUD, "set_quota", total=9)
    world.settle()
    done = world.news.cycle()
    assert (done.state, done.full, done.run_id) == (RunState.DONE, False, held.run_id)


def test_conflicts_of_the_pair_are_counted(ada: World) -> None:
    ada.cycles()
    ada.act(GHL, "edit", email=ADA, fields={"lastName": "King"})
    ada.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "Byron"})
    ada.settle()
    assert ada.cycle().conflicts == 1


def test_while_one_side_cannot_be_read_what_the_other_shows_settles_no_conflict(
    ada: World,
) -> None:
    """By what was last seen of GHL both sides show the same name; it shows another by now."""
    ada.cycles()
    ada.act(GHL, "edit", email=ADA, fields={"lastName": "King"})
    ada.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "Byron"})
    ada.settle()
    ada.cycle()
    ada.act(GHL, "edit", email=ADA, fields={"lastName": "Noel"})
    ada.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "King"})
    ada.settle()
    fault = ada.fault("status", platform=GHL, path="^/contacts/search$", status=403)
    with pytest.raises(SyncdError):
        ada.cycle()
    ada.box.world.faults.remove(fault)
    assert ada.cycle().conflicts == 1
    assert ada.row(Side.RIGHT, ADA).fields["lastName"] == "King"


def test_an_error_is_noted_until_a_run_ends_well(ada: World) -> None:
    ada.cycles()
    fault = ada.fault("status", platform=MAILEON, status=401)
    with pytest.raises(SyncdError) as caught:
        ada.cycle()
    run = stored(ada)
    assert (run.state, run.error) == (RunState.FAILED, str(caught.value))
    with ada.reading() as db:
        assert runs.facts(db, ada.name).error == str(caught.value)
    ada.box.world.faults.remove(fault)
    assert ada.cycle().state is RunState.DONE
    assert stored(ada).id != run.id
    with ada.reading() as db:
        assert runs.facts(db, ada.name).error is None


def test_a_new_run_begins_where_none_goes_on(ada: World) -> None:
    first, second = ada.cycle(), ada.cycle()
    planned = ada.cycle(Mode.PLAN)
    assert first.run_id < second.run_id < planned.run_id
    assert ada.row(Side.RIGHT, ADA).fields["city"] == "Bern"


def test_a_conflict_stays_the_one_it_was_while_nobody_decides(ada: World) -> None:
    ada.cycles()
    ada.act(GHL, "edit", email=ADA, fields={"lastName": "One"})
    ada.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "Two"})
    ada.settle()
    ada.cycle()
    (parked,) = open_conflicts(ada)
    ada.act(GHL, "edit", email=ADA, fields={"city": "Chur"})  # so that the link is planned again
    ada.settle()
    ada.cycle()
    assert open_conflicts(ada) == [parked]


def test_a_write_whose_answer_shows_it_counts_as_verified_at_once(ada: World) -> None:
    ada.cycles()
    ada.act(MAILEON, "edit", email=ADA, standard_fields={"CITY": "Chur"})
    ada.settle()
    ada.cycle()
    asked = sa.select(t.op.c.verified).where(t.op.c.side == "left", t.op.c.kind == "update")
    with ada.reading() as db:
        assert set(db.execute(asked).scalars()) == {True}


def test_an_opt_out_is_counted_apart_from_another_write_of_the_same_run(ada: World) -> None:
    ada.cycles()
    opt_out(ada, Side.LEFT, ADA)
    ada.act(GHL, "create", fields={"email": BOB})
    ada.settle()
    ada.cycle()
    assert (noted(ada)["optouts"], noted(ada)["others"]) == (1, 1)


def test_a_run_that_is_stopped_while_it_writes_says_that_it_is_not_finished(ada: World) -> None:
    ada.pair()  # opened, which makes the fields that are missing
    writes = ada.writes()
    ada.stopping = lambda: ada.writes() > writes
    assert ada.cycle().finished is False
    ada.stopping = lambda: False
    assert ada.cycle().finished is True
