"""Symmetric: left and right can be swapped, pages come in any order, and a page comes twice."""

from typing import Any

import pytest
import sqlalchemy as sa

from syncd.core.consent import CONSENT
from syncd.engine.cycle import Mode
from syncd.model.side import Side
from syncd.store import tables as t
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON
from tests.engine.world import Build, World, assert_alike


def _planned(world: World) -> set[tuple[str, str, str, str]]:
    """What is to be written where, without regard to which side that is."""
    with world.reading() as db:
        rows = db.execute(sa.select(t.op.c.side, t.op.c.kind, t.op.c.remote_id, t.op.c.patch)).all()
    names = world.stream().accounts
    return {
        (names[Side(side)].name, kind, remote_id, repr(sorted(_undated(patch).items())))
        for side, kind, remote_id, patch in rows
    }


def _undated(patch: dict[str, Any]) -> dict[str, Any]:
    """Without when an opt-out is written to have been: we may have seen it first only then."""
    consent = patch.get(CONSENT)
    return patch if consent is None else {**patch, CONSENT: consent["$consent"][::2]}


def test_swapping_left_and_right_swaps_the_plan(made: Build) -> None:
    worlds = [made(contacts=40, swapped=swapped) for swapped in (False, True)]
    for world in worlds:
        world.cycle(Mode.PLAN)
    straight, swapped = (_planned(world) for world in worlds)
    assert straight == swapped
    assert straight
    for world in worlds:
        world.cycles()
        world.act(GHL, "dnd", email=sorted(world.by_email(Side.LEFT))[0])
        for email in sorted(world.by_email(Side.RIGHT))[5:15]:
            world.act(MAILEON, "edit", email=email, standard_fields={"CITY": "Basel"})
        world.settle()
        world.cycle(Mode.PLAN)
    straight, swapped = (_planned(world) for world in worlds)
    assert straight == swapped


@pytest.mark.parametrize("order", ["newest", "updated", "shuffled"])
def test_the_order_of_pages_does_not_matter(made: Build, order: str) -> None:
    settings = {"accounts": {"mail": {"page_size": 7}, "crm": {"page_size": 6}}}
    straight, turned = made(contacts=30), made(contacts=30, **settings)
    turned.configure(MAILEON, list_order=order)
    for world in (straight, turned):
        world.cycle(Mode.PLAN)
    assert _planned(straight) == _planned(turned)


def test_a_repeated_page_is_harmless(made: Build) -> None:
    """Whoever died behind a page reads on there; who starts over sees everything twice."""
    world = made(contacts=30, accounts={"mail": {"page_size": 5}, "crm": {"page_size": 5}})
    for times in (2, 3, 4):
        world.dies_at("sweep", times)
        with pytest.raises(CrashError):
            world.cycle()
        world.end_process()
    world.cycle()
    world.settle()
    world.cycle(Mode.FULL)
    world.cycle(Mode.FULL)
    world.cycles()
    assert_alike(world)
