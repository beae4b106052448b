"""Crash anywhere: whichever step or request is the last, nothing is lost and nothing doubled."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.engine.cycle import Mode
from syncd.model.record import Resource
from syncd.model.side import SIDES, Side
from syncd.store import cursors
from syncd.store import tables as t
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA
from tests.engine.world import Build, World, assert_alike, assert_quiet

POINTS = ("sweep", "match", "reconcile", "claimed", "answered", "confirmed")


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("point", POINTS)
def test_a_death_between_any_two_steps_loses_and_doubles_nothing(
    made: Build, point: str, times: int
) -> None:
    world = made(contacts=8, seed=11)
    world.configure(GHL, allow_duplicates=True)
    world.chunk = 3
    world.dies_at(point, times)
    with pytest.raises(CrashError):
        world.cycle(Mode.FULL)
    world.end_process()
    world.cycles()
    assert_alike(world)
    assert_quiet(world)


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_death_in_any_request_loses_and_doubles_nothing(made: Build, carried_out: bool) -> None:
    """One process after the other dies, each one request further on."""
    world = made(contacts=6, seed=12)
    world.configure(GHL, allow_duplicates=True, index_lag_s=45.0)
    for number in range(1, 40):
        world.line.rest()
        world.line.crash_at, world.line.carried_out = number, carried_out
        try:
            world.cycle()
        except CrashError:
            world.end_process()
        world.wait(2)
    world.line.rest()
    world.cycles()
    assert_alike(world)
    assert_quiet(world)


def test_shadows_move_on_confirmation_only(pair_of: Build) -> None:
    world = pair_of(ADA)
    before = _shadows(world)
    world.act(GHL, "edit", email=ADA, fields={"city": "Basel"})
    world.settle()
    world.dies_at("answered")
    with pytest.raises(CrashError):
        world.cycle()
    assert _shadows(world) == before
    world.cycles()
    assert _shadows(world) != before


def _shadows(world: World) -> Sequence[Any]:
    with world.reading() as db:
        return db.execute(sa.select(t.link.c.left_shadow, t.link.c.right_shadow)).all()


@pytest.mark.parametrize("table", ["observation", "member", "cursor"])
@pytest.mark.parametrize("mode", [Mode.SYNC, Mode.FULL])
@pytest.mark.parametrize("side", SIDES)
def test_a_cursor_moves_only_with_what_it_stands_behind(
    pair_of: Build, side: Side, mode: Mode, table: str
) -> None:
    """The process dies while it stores a page: all of it is as if it had not been read."""
    world = pair_of(ADA)
    if side is Side.LEFT:
        world.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    else:
        world.act(MAILEON, "edit", email=ADA, standard_fields={"FIRSTNAME": "Ada"})
    world.settle()
    remote_id = world.row(side, ADA).id
    before = _read_so_far(world, side, remote_id)
    writes = re.compile(rf"^\s*(INSERT INTO|UPDATE) {table}\b")
    store = world.running().store

    def die(_c: Any, _k: Any, statement: str, parameters: Any, *_: Any) -> None:
        if writes.match(statement) and _is_of(parameters, side, table, remote_id):
            raise CrashError

    sa.event.listen(store, "before_cursor_execute", die)
    try:
        with pytest.raises(CrashError):
            world.cycle(mode)
    finally:
        sa.event.remove(store, "before_cursor_execute", die)
    assert _read_so_far(world, side, remote_id) == before
    world.end_process()
    world.cycles()
    name = "city" if side is Side.LEFT else "firstName"
    assert world.row(side.other, ADA).fields[name] in ("Chur", "Ada")
    assert _read_so_far(world, side, remote_id) != before


def _is_of(parameters: Any, side: Side, table: str, remote_id: str) -> bool:
    """Whether a statement is about the record, or about the cursor of its side."""
    return (
        re.search(rf"\b{remote_id if table != 'cursor' else side.value}\b", repr(parameters))
        is not None
    )


def _read_so_far(world: World, side: Side, remote_id: str) -> tuple[Any, ...]:
    """The cursor of one side, and what is known of one record."""
    o, m = t.observation.c, t.member.c
    with world.reading() as db:
        cursor = cursors.load(db, world.name, side, Resource.CONTACT)
        seen = db.execute(sa.select(o.digest, o.version).where(o.remote_id == remote_id)).all()
        member = db.execute(sa.select(m.digest, m.todo).where(m.remote_id == remote_id)).all()
    return (cursor, seen, member)


@pytest.mark.parametrize("point", ["reconcile", "claimed"])
def test_a_choice_that_a_person_made_outlives_a_death_before_it_is_written(
    pair_of: Build, point: str
) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"lastName": "One"})
    world.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "Two"})
    world.cycles()
    (conflict,) = world.conflicts()
    world.choose(conflict, Side.RIGHT)
    world.dies_at(point)
    with pytest.raises(CrashError):
        world.cycle()
    world.start_process()
    assert world.row(Side.LEFT, ADA).fields["lastName"] == "One"
    world.cycles()
    assert world.row(Side.LEFT, ADA).fields["lastName"] == "Two"
    assert world.conflicts() == []
