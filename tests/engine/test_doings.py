"""What a run wants, as the guard counts it."""

from typing import Any

import pytest

from syncd.core.guard import HANDFUL, Doing
from syncd.engine.doings import counts_of, wanted, with_losses
from syncd.model.op import OpKind
from syncd.model.plan import Draft
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import ops
from tests.engine.test_index_lag import working
from tests.engine.world import Build, World

CREATE, UPDATE, DELETE, SUPPRESS = OpKind.CREATE, OpKind.UPDATE, OpKind.DELETE, OpKind.SUPPRESS


def draft(link: int, kind: OpKind = UPDATE, side: Side = Side.RIGHT, **more: Any) -> Draft:
    given: dict[str, Any] = {"remote_id": "r", "patch": {"CITY": "Bern"}, **more}
    return Draft(link, side, kind=kind, **given)


@pytest.fixture
def world(made: Build) -> World:
    return made()


def doings(world: World, *drafts: Draft) -> tuple[Doing, ...]:
    with working(world) as cycle:
        with cycle.writing() as db:
            ops.stage(db, world.name, cycle.run_id, Resource.CONTACT, drafts)
        with world.reading() as db:
            return with_losses(db, cycle, wanted(db, cycle))


def test_writes_are_counted_by_side_and_kind_and_what_is_routine_is_not(world: World) -> None:
    left, right = doings(
        world,
        draft(1),
        draft(2),
        draft(3, CREATE, remote_id=None),
        draft(4, DELETE),
        draft(5, urgent=True),
        draft(6, SUPPRESS, urgent=True, remote_id=None),
        draft(7, routine=True),
        draft(8, side=Side.LEFT),
    )
    assert left == Doing("crm", 0, updates=1)
    assert right == Doing("mail", 0, creates=1, updates=2, deletes=1, optouts=2)
    assert counts_of((left, right)) == {
        "crm.updates": 1,
        "mail.creates": 1,
        "mail.updates": 2,
        "mail.deletes": 1,
        "mail.optouts": 2,
    }


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("more", [0, 1])
def test_a_field_that_would_be_emptied_counts_above_a_handful(
    world: World, side: Side, more: int
) -> None:
    name = {Side.LEFT: "city", Side.RIGHT: "CITY"}[side]
    emptied = {"patch": {name: None}, "current": {name: "Bern"}, "side": side}
    found = doings(world, *(draft(n, **emptied) for n in range(1, HANDFUL + more + 1)))
    losses = {doing.account: [(one.field, one.emptied) for one in doing.losses] for doing in found}
    where = {Side.LEFT: "crm", Side.RIGHT: "mail"}[side]
    assert losses.pop(where) == ([(name, HANDFUL + 1)] if more else [])
    assert set(map(len, losses.values())) == {0}


def test_nothing_wanted_counts_as_nothing(world: World) -> None:
    assert counts_of(doings(world)) == {}
