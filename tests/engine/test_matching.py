"""Which records are joined, with what stands in the store made by hand."""

from dataclasses import replace
from typing import Any

import pytest

from syncd.engine.matching import match
from syncd.model.link import Member, State
from syncd.model.record import Resource
from syncd.model.side import Both, Side
from syncd.store import links, members
from tests.engine.pairs import FIELDS
from tests.engine.test_index_lag import working
from tests.engine.world import Build, World

CONTACT = Resource.CONTACT
LEFT, RIGHT = Side.LEFT, Side.RIGHT


@pytest.fixture
def world(made: Build) -> World:
    return made()


def member(side: Side, remote_id: str, **values: Any) -> Member:
    given: dict[str, Any] = {"key": f"{remote_id}@example.org", "second": None}
    return Member(side, remote_id, **{**given, "state": State.WAITING, **values})


def matched(world: World, *those: Member, linked: Both[str | None] | None = None) -> set[Any]:
    """The ids of all links after matching; members with link -1 belong to the given one."""
    with working(world) as cycle:
        with cycle.writing() as db:
            ids = links.open_new(db, world.name, CONTACT, [linked] if linked else [])
            standing = [m if m.link_id is None else replace(m, link_id=ids[0]) for m in those]
            members.save(db, world.name, CONTACT, standing)
        match(cycle)
        with world.reading() as db:
            found = links.load(db, range(1, 100))
    return {tuple(link.ids) for link in found}


def test_a_record_that_bears_the_id_of_another_is_joined_to_it(world: World) -> None:
    """Whatever their addresses are by now, and from either side."""
    found = matched(world, member(LEFT, "l1"), member(RIGHT, "r1", reference="l1"))
    assert found == {("l1", "r1")}


def test_it_is_joined_to_one_whose_counterpart_does_not_exist_yet(world: World) -> None:
    waits = member(LEFT, "l1", link_id=-1)
    found = matched(world, waits, member(RIGHT, "r1", reference="l1"), linked=Both("l1", None))
    assert found == {("l1", "r1")}


def test_it_is_not_joined_to_one_that_has_its_counterpart(world: World) -> None:
    pair = (member(LEFT, "l1", link_id=-1), member(RIGHT, "r0", link_id=-1))
    copy = member(RIGHT, "r1", reference="l1")
    found = matched(world, *pair, copy, linked=Both("l1", "r0"))
    assert ("l1", "r0") in found
    assert found <= {("l1", "r0"), (None, "r1")}


def test_a_reference_to_nobody_joins_nobody(world: World) -> None:
    found = matched(world, member(LEFT, "l1"), member(RIGHT, "r1", reference="l9"))
    assert ("l1", "r1") not in found


def test_records_with_one_address_are_joined(world: World) -> None:
    same = {"key": "ada@example.org"}
    others = (member(LEFT, "l2"), member(RIGHT, "r2"))
    found = matched(world, member(LEFT, "l1", **same), member(RIGHT, "r1", **same), *others)
    assert ("l1", "r1") in found
    assert not {("l2", "r2"), ("l1", "r2"), ("l2", "r1")} & found


def test_who_has_no_address_is_parked_and_who_is_gone_stays_so(world: World) -> None:
    lost = member(LEFT, "l1", key=None)
    gone = member(LEFT, "l2", key=None, state=State.GONE)
    assert matched(world, lost, gone) == set()
    with world.reading() as db:
        found = members.load(db, world.name, CONTACT, LEFT, ["l1", "l2"])
    told = {name: (m.state, m.cause, m.todo) for name, m in found.items()}
    assert told == {"l1": (State.PARKED, "no_key", False), "l2": (State.GONE, None, False)}


def test_who_waits_alone_is_joined_to_a_newcomer_with_the_same_second_key(made: Build) -> None:
    """Nothing has changed about the one who waits, and yet there is somebody to join now."""
    keys = {"key": "email", "second": {"left": "phone", "right": "custom.phone"}}
    waits = member(RIGHT, "r1", second="+41315550100", state=State.FILTERED, todo=False)
    newcomer = member(LEFT, "l1", second="+41315550100")
    assert matched(made(identity=keys), waits, newcomer) == {("l1", "r1")}


def test_a_record_that_is_gone_and_was_never_linked_needs_nothing_more(world: World) -> None:
    gone = member(LEFT, "l1", state=State.GONE, todo=True)
    assert matched(world, gone) == set()
    with world.reading() as db:
        (known,) = members.load(db, world.name, CONTACT, LEFT, ["l1"]).values()
    assert not known.todo


def test_where_the_pair_maps_the_field_an_id_that_we_once_kept_there_joins_nobody(
    made: Build,
) -> None:
    mapped = made(fields=[*FIELDS, {"left": "address1", "right": "external_id"}])
    found = matched(mapped, member(LEFT, "l1"), member(RIGHT, "r1", reference="l1"))
    assert ("l1", "r1") not in found
