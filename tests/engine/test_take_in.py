"""What one record, as it is seen, makes of what is known of it: each row of the two tables."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from syncd.core.consent import CONSENT
from syncd.engine.observe import PullReport, look_again, take_in
from syncd.model.link import Member, Observation, State
from syncd.model.record import Record, Resource
from syncd.model.side import Side
from syncd.model.values import Consent, Level
from syncd.store import members, observations
from tests.engine.pairs import MAILERCLOUD
from tests.engine.scenes import ADA
from tests.engine.test_index_lag import working
from tests.engine.world import NOON, Build, World

CONTACT = Resource.CONTACT
RIGHT = Side.RIGHT
SEEN = Record("r1", {"email": ADA, "city": "Bern"}, version="v1", modified=NOON, parent_id="p")
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def world(made: Build) -> World:
    return made(news=True).news


def taken(world: World, record: Record, side: Side = RIGHT, **how: Any) -> PullReport:
    with working(world) as cycle, cycle.writing() as db:
        return take_in(db, cycle, side, [record], **how)


def account(world: World, side: Side = RIGHT) -> str:
    return world.stream().accounts[side].name


def known(world: World, remote_id: str = "r1") -> tuple[Observation | None, Member | None]:
    with world.reading() as db:
        seen = observations.load(db, account(world), CONTACT, [remote_id])
        standing = members.load(db, world.name, CONTACT, RIGHT, [remote_id])
    return seen.get(remote_id), standing.get(remote_id)


def observed(world: World) -> Observation:
    seen, _ = known(world)
    assert seen is not None
    return seen


def standing(world: World, **changed: Any) -> Member:
    """How the record stands; with changes, after making them."""
    _, found = known(world)
    assert found is not None
    if changed:
        with working(world) as cycle, cycle.writing() as db:
            members.save(db, world.name, CONTACT, [replace(found, **changed)])
        return standing(world)
    return found


def hide(world: World) -> None:
    with working(world) as cycle, cycle.writing() as db:
        observations.hide(db, account(world), CONTACT, ["r1"])
    assert observed(world).hidden


def test_a_new_record_is_known_and_waits(world: World) -> None:
    assert taken(world, SEEN) == PullReport(1, 1, frozenset())
    seen = observed(world)
    assert (seen.fields["city"], seen.version, seen.modified) == ("Bern", "v1", NOON)
    assert (seen.gone, seen.hidden, seen.parent_id) == (False, False, "p")
    found = standing(world)
    assert (found.key, found.state, found.cause, found.todo) == (ADA, State.WAITING, None, True)
    assert (found.digest, found.link_id) == (seen.digest, None)


def test_what_a_direct_look_shows_is_taken_in(world: World) -> None:
    world.act(MAILERCLOUD, "create", email=ADA, fields={"city": "Bern"})
    (remote_id,) = world.rows(RIGHT)
    with working(world) as cycle:
        look_again(cycle, RIGHT, remote_id)
    seen, found = known(world, remote_id)
    assert seen is not None
    assert found is not None
    assert (seen.fields["city"], found.key, found.state) == ("Bern", ADA, State.WAITING)


def test_what_is_the_same_touches_nobody(world: World) -> None:
    taken(world, SEEN)
    standing(world, todo=False)
    assert taken(world, SEEN) == PullReport(1, 0, frozenset())
    assert not standing(world).todo


def test_a_record_without_a_version_or_a_date_keeps_those_that_were_known(world: World) -> None:
    taken(world, SEEN)
    taken(world, Record("r1", {"city": "Chur"}))
    seen = observed(world)
    assert (seen.fields["city"], seen.fields["email"]) == ("Chur", ADA)
    assert (seen.version, seen.modified) == ("v1", NOON)
    taken(world, replace(SEEN, version="v2", modified=LATER))
    assert (observed(world).version, observed(world).modified) == ("v2", LATER)


@pytest.mark.parametrize("state", [State.LINKED, State.PARKED, State.FILTERED, State.WAITING])
def test_a_change_keeps_the_state_with_its_cause_and_link(world: World, state: State) -> None:
    taken(world, SEEN)
    before = standing(world, state=state, cause="why", link_id=9, todo=False)
    taken(world, Record("r1", {"city": "Chur"}))
    after = standing(world)
    assert replace(after, digest=None, todo=False) == replace(before, digest=None)
    assert (after.todo, after.digest) == (True, observed(world).digest)


def test_who_is_gone_loses_the_cause_and_who_comes_back_waits(world: World) -> None:
    taken(world, SEEN)
    standing(world, state=State.PARKED, cause="why", link_id=9)
    assert taken(world, Record("r1", {}, gone=True)).changed == 1
    gone = standing(world)
    assert (gone.state, gone.cause, gone.link_id) == (State.GONE, None, 9)
    assert observed(world).gone
    taken(world, SEEN)
    back = standing(world)
    assert (back.state, back.cause, back.link_id) == (State.WAITING, None, 9)
    assert not observed(world).gone


def test_who_is_gone_and_was_never_known_is_not_taken_in(world: World) -> None:
    assert taken(world, replace(SEEN, gone=True)).changed == 0
    assert known(world) == (None, None)


def test_a_record_without_an_id_is_not_taken_in(world: World) -> None:
    assert taken(world, Record("", {"email": ADA}, gone=True)) == PullReport(0, 0, frozenset())
    assert known(world, "") == (None, None)


@pytest.mark.parametrize(
    ("record", "sweep", "hidden"),
    [
        (SEEN, 0, True),  # read directly
        (replace(SEEN, certain=False), 0, True),  # found by a search
        (SEEN, 3, True),  # read directly while a sweep was under way
        (replace(SEEN, certain=False), 3, False),  # listed
        (replace(SEEN, gone=True), 0, False),
    ],
)
def test_what_a_listing_hid_is_hidden_until_a_listing_shows_it(
    world: World, record: Record, sweep: int, hidden: bool
) -> None:
    taken(world, SEEN)
    hide(world)
    taken(world, record, sweep=sweep)
    assert observed(world).hidden is hidden


@pytest.mark.parametrize(("side", "hidden"), [(RIGHT, True), (Side.LEFT, False)])
def test_who_has_moved_by_a_direct_look_is_hidden_only_where_listings_leave_people_out(
    world: World, side: Side, hidden: bool
) -> None:
    """GHL lists everybody, and shows who has opted out; Mailercloud does neither."""
    taken(world, SEEN, side)
    taken(world, Record("r1", {"email": "new@example.org"}), side)
    with world.reading() as db:
        seen = observations.load(db, account(world, side), CONTACT, ["r1"])
    assert seen["r1"].hidden is hidden


OUT = Consent(Level.REVOKED, NOON, "report")
LISTED = replace(SEEN, certain=False)
ELSEWHERE = replace(LISTED, fields={"email": "new@example.org"})


@pytest.mark.parametrize(
    ("hidden", "record", "sweep", "kept"),
    [
        (False, LISTED, 3, True),
        (False, SEEN, 0, True),
        (True, SEEN, 0, True),
        (True, LISTED, 0, True),
        (True, LISTED, 3, False),
        (False, ELSEWHERE, 3, False),
        (False, ELSEWHERE, 0, True),
        (False, replace(LISTED, fields={"city": "Chur"}), 3, True),
        (True, replace(LISTED, fields={"email": ADA, CONSENT: OUT}), 3, True),
    ],
)
def test_an_opt_out_that_records_do_not_show_is_kept_until_a_listing_of_the_others_shows_it(
    world: World, hidden: bool, record: Record, sweep: int, kept: bool
) -> None:
    taken(world, replace(SEEN, fields={**SEEN.fields, CONSENT: OUT}))
    if hidden:
        hide(world)
    taken(world, record, sweep=sweep)
    assert observed(world).fields[CONSENT] == (OUT if kept else None)


def test_a_sweep_marks_what_it_shows_and_nothing_else_does(world: World) -> None:
    def unswept(sweep: int) -> list[str]:
        with world.reading() as db:
            return observations.unswept(db, account(world), CONTACT, sweep, 10)

    taken(world, SEEN)
    assert unswept(1) == ["r1"]
    taken(world, SEEN, sweep=4)
    assert (unswept(4), unswept(5)) == ([], ["r1"])
    taken(world, SEEN)
    assert unswept(4) == []


def test_a_change_of_address_wakes_its_namesakes_old_and_new(world: World) -> None:
    new = "new@example.org"
    for remote_id, address in (("r1", ADA), ("r2", ADA), ("r3", new), ("r4", "x@example.org")):
        taken(world, replace(SEEN, remote_id=remote_id, fields={"email": address}))
    with working(world) as cycle, cycle.writing() as db:
        found = members.load(db, world.name, CONTACT, RIGHT, ["r1", "r2", "r3", "r4"])
        rested = [replace(member, todo=False) for member in found.values()]
        members.save(db, world.name, CONTACT, rested)
    taken(world, Record("r1", {"email": new}))
    woken = [i for i in ("r1", "r2", "r3", "r4") if (m := known(world, i)[1]) and m.todo]
    assert woken == ["r1", "r2", "r3"]
