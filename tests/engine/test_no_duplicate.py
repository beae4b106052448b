"""No duplicate: nobody is made twice, namesakes are parked, a link survives a changed address."""

import re

import pytest
import sqlalchemy as sa

from syncd.engine.cycle import Mode
from syncd.engine.recover import recover
from syncd.model.op import OpKind, OpState
from syncd.model.plan import Draft
from syncd.model.side import SIDES, Side
from syncd.store import ops
from syncd.store import tables as t
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA, BOB, both_ids, cause
from tests.engine.test_index_lag import working
from tests.engine.world import Build, assert_alike


def test_two_of_one_address_on_a_side_are_parked_and_never_copied(made: Build) -> None:
    world = made()
    world.configure(GHL, allow_duplicates=True)
    for city in ("Bern", "Basel"):
        world.act(GHL, "create", fields={"email": ADA, "city": city})
    world.act(GHL, "create", fields={"email": BOB})
    world.cycles()
    assert set(world.by_email(Side.RIGHT)) == {BOB}
    assert {state for state, _ in world.standing(Side.LEFT).values()} == {"parked", "linked"}
    assert world.census()["parked", "duplicate_key"] == 2


def test_a_pair_stays_a_pair_when_a_namesake_turns_up(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.configure(GHL, allow_duplicates=True)
    first, there = both_ids(world, ADA)
    world.act(GHL, "create", fields={"email": ADA, "city": "Genf"})
    world.act(MAILEON, "edit", email=ADA, standard_fields={"CITY": "Basel"})
    world.cycles()
    assert world.rows(Side.LEFT)[first].fields["city"] == "Basel"
    assert (first, there) in world.linked()
    assert len(world.rows(Side.RIGHT)) == 1


@pytest.mark.parametrize("side", SIDES)
def test_a_link_survives_a_changed_address(pair_of: Build, side: Side) -> None:
    world = pair_of(ADA)
    ids = both_ids(world, ADA)
    if side is Side.LEFT:
        world.act(GHL, "edit", email=ADA, fields={"email": BOB})
    else:
        world.act(MAILEON, "edit", email=ADA, new_email=BOB)
    world.cycles()
    assert both_ids(world, BOB) == ids
    assert not world.by_email(side).get(ADA)


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("kind", ["lost_answer", "status_after"])
def test_a_lost_answer_to_a_create_makes_no_second_contact(
    made: Build, kind: str, allowed: bool
) -> None:
    world = made()
    world.configure(GHL, allow_duplicates=allowed, index_lag_s=60.0)
    world.act(MAILEON, "create", email=ADA)
    world.act(GHL, "create", fields={"email": BOB})
    world.settle()
    world.fault(kind, method="POST", path="^/contacts/?$", times=2, status=502)
    for _ in range(4):
        world.cycle()
        world.wait(20)
    world.cycles()
    assert_alike(world)
    assert [len(world.rows(side)) for side in SIDES] == [2, 2]


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("platform", [GHL, MAILEON])
def test_a_death_in_the_middle_of_a_create_makes_no_second_contact(
    made: Build, platform: str, hidden: bool
) -> None:
    """Not even where GHL allows it, and its index does not show the first one for a while."""
    world = made()
    world.pair()
    world.configure(GHL, allow_duplicates=True, index_lag_s=45.0)
    world.act(MAILEON, "create", email=ADA)
    world.act(GHL, "create", fields={"email": BOB})
    world.settle()
    creates = f"/{platform}.*/contacts/?$"
    world.line.crash_in = lambda r: r.method == "POST" and bool(re.search(creates, r.url.path))
    with pytest.raises(CrashError):
        world.cycle()
    world.end_process()
    world.line.rest()
    if hidden:
        world.fault("body", path="/search/duplicate$", body='{"contact": null}', times=4)
    for _ in range(4):
        world.cycle()
        world.wait(5)
    world.cycles()
    assert_alike(world)
    assert [len(world.rows(side)) for side in SIDES] == [2, 2]


def test_an_index_that_lags_behind_our_own_write_undoes_nothing(pair_of: Build) -> None:
    world = pair_of(ADA)
    # With a custom value in it, a row of the search is complete, and used as it is.
    world.act(GHL, "edit", email=ADA, fields={"city": "Basel"}, custom={"Colour": "red"})
    world.cycles()
    world.configure(GHL, index_lag_s=60.0)
    world.act(MAILEON, "edit", email=ADA, standard_fields={"CITY": "Genf"})
    for mode in (Mode.SYNC, Mode.SYNC, Mode.FULL, Mode.SYNC):
        world.cycle(mode)
        world.wait(5)
        assert [world.row(side, ADA).fields["city"] for side in SIDES] == ["Genf", "Genf"]
    world.cycles()
    assert_alike(world)


def test_a_contact_waiting_for_its_counterpart_is_not_made_beside_a_namesake(
    made: Build,
) -> None:
    """Somebody else's contact took the address over, in a location that allows it twice."""
    world = made()
    world.configure(GHL, allow_duplicates=True, index_lag_s=0.0)
    world.act(GHL, "create", fields={"email": BOB})
    world.cycles()
    world.act(MAILEON, "create", email=ADA)
    world.fault("status", platform=GHL, method="POST", path="^/contacts/?$", times=1, status=400)
    world.cycle()
    assert cause(world, Side.RIGHT, ADA)[0] == "parked"
    world.act(GHL, "edit", email=BOB, fields={"email": ADA})
    world.act(MAILEON, "edit", email=ADA, custom_fields={"tags": "late"})
    world.cycles()
    assert len(world.by_email(Side.LEFT)[ADA]) == 1
    assert cause(world, Side.RIGHT, ADA) == ("parked", "ambiguous")


def test_a_create_in_doubt_whose_link_has_its_record_by_now_is_dropped_without_a_look(
    pair_of: Build,
) -> None:
    world = pair_of(ADA)
    with world.reading() as db:
        link_id = db.execute(sa.select(t.link.c.id)).scalar_one()
    create = Draft(link_id, Side.LEFT, OpKind.CREATE, None, {"email": BOB})
    with working(world) as cycle:
        with cycle.writing() as db:
            ops.stage(db, world.name, cycle.run_id, cycle.stream.resource, [create])
            mine = t.op.c.run_id == cycle.run_id
            sending = {"state": OpState.SENDING.value, "sent_at": world.now}
            db.execute(t.op.update().where(mine).values(sending))
        asked = world.line.sent
        assert recover(cycle) == 1
        assert world.line.sent == asked
    with world.reading() as db:
        assert db.execute(sa.select(t.op.c.state).where(mine)).scalar_one() == OpState.DROPPED
