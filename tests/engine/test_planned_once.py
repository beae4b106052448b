"""What was carried out to the letter is not planned again; whatever else an answer tells is."""

import pytest
import sqlalchemy as sa

from syncd.engine.advance import advance
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Resource
from syncd.model.side import Both, Side
from syncd.store import links
from syncd.store import tables as t
from syncd.store.ops import Sent
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA, BOB, CY
from tests.engine.test_index_lag import working
from tests.engine.world import Build, World, assert_alike


def awake_after(world: World, point: str = "applied") -> set[tuple[str, str | None]]:
    """Side and address of records with something to do, once a cycle's writes were answered."""
    world.dies_at(point)
    with pytest.raises(CrashError):
        world.cycle()
    awake = sa.select(t.member.c.side, t.member.c.key).where(t.member.c.todo)
    with world.reading() as db:
        found = {(side, key) for side, key in db.execute(awake)}
    world.start_process()
    return found


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_an_edit_that_was_carried_over_is_done_with(pair_of: Build, side: Side) -> None:
    world = pair_of(ADA, BOB)
    if side is Side.LEFT:
        world.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    else:
        world.act(MAILEON, "edit", email=ADA, standard_fields={"CITY": "Chur"})
    world.settle()
    assert awake_after(world) == set()
    world.cycle()
    assert_alike(world)


def test_a_new_contact_is_linked_at_once(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "create", fields={"email": CY, "city": "Bern"})
    world.settle()
    assert awake_after(world) == set()
    assert set(world.standing(Side.LEFT).values()) == {("linked", None)}
    assert set(world.standing(Side.RIGHT).values()) == {("linked", None)}


def test_whose_id_the_other_side_has_to_learn_is_planned_again(pair_of: Build) -> None:
    """Maileon keeps the id of the contact that was made in GHL."""
    world = pair_of(ADA)
    world.act(MAILEON, "create", email=CY)
    world.settle()
    assert awake_after(world) == {("left", CY), ("right", CY)}


def test_what_an_answer_shows_beyond_what_was_written_is_planned(pair_of: Build) -> None:
    """Somebody has changed the phone in GHL, which its search does not show yet."""
    world = pair_of(ADA, BOB)
    world.configure(GHL, index_lag_s=30.0)
    world.act(GHL, "edit", email=ADA, fields={"phone": "+12025550123"})
    world.act(MAILEON, "edit", email=ADA, standard_fields={"CITY": "Chur"})
    assert awake_after(world) == {("left", ADA), ("right", ADA)}
    world.settle()
    world.cycle()
    assert_alike(world)
    assert world.row(Side.RIGHT, ADA).fields["phone"] == "+12025550123"


def test_a_text_that_is_cut_one_way_is_listed_no_longer_once_it_is_there(made: Build) -> None:
    line = {"left": "city", "right": "CITY", "direction": "right"}
    world = made(fields=[line])
    world.act(GHL, "create", fields={"email": ADA, "city": "Bern"})
    world.cycles()
    world.act(GHL, "edit", email=ADA, fields={"city": "x" * 300})
    world.settle()
    world.cycle()
    assert world.row(Side.RIGHT, ADA).fields["city"] == "x" * 255
    assert world.listed() == {}


def test_what_another_line_reads_goes_on_from_there(made: Build) -> None:
    """The city goes to Maileon, and from there into another field of GHL."""
    lines = [
        {"left": "city", "right": "CITY"},
        {"left": "lastName", "right": "CITY", "direction": "left"},
    ]
    world = made(fields=lines)
    world.act(GHL, "create", fields={"email": ADA, "city": "Bern"})
    world.cycles()
    assert world.row(Side.LEFT, ADA).fields["lastName"] == "Bern"
    world.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    world.settle()
    world.cycle()
    assert world.row(Side.LEFT, ADA).fields["lastName"] == "Chur"


def test_a_link_that_has_ended_is_not_opened_by_a_write_that_ends_none(pair_of: Build) -> None:
    world = pair_of(ADA)
    remote_id = world.row(Side.RIGHT, ADA).id
    op = Op(99, Resource.CONTACT, OpKind.UPDATE, remote_id, {"city": "Chur"})
    with working(world) as cycle, cycle.writing() as db:
        link_id = db.execute(sa.select(t.link.c.id)).scalar_one()
        links.end(db, {link_id: "deleted"})
        sent = Sent(op, Side.RIGHT, link_id, Both({}, {}), None, world.now)
        advance(db, cycle, Side.RIGHT, [(sent, Receipt(op.id, remote_id))])
        (link,) = links.load(db, [link_id])
    assert link.ended == "deleted"
