"""No lost edit: each one reaches the other side or is parked; equal ones are agreement."""

import pytest

from syncd.model.side import SIDES, Side
from syncd.store import conflicts
from syncd.store import tables as t
from tests.engine.line import CrashError
from tests.engine.scenes import ADA
from tests.engine.world import GHL, MAILEON, PAIR, Build


def test_edits_of_different_fields_at_once_all_arrive(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"city": "Basel"})
    world.act(GHL, "tag", email=ADA, tags=["news"])
    world.act(
        MAILEON,
        "edit",
        email=ADA,
        standard_fields={"FIRSTNAME": "Ada"},
        custom_fields={"tags": "old, vip"},
    )
    world.cycles()
    for side in SIDES:
        row = world.row(side, ADA)
        assert (row.fields["city"], row.fields["firstName"]) == ("Basel", "Ada")
        assert row.tags == {"vip", "news", "old"}


def test_equal_edits_on_both_sides_are_agreement_and_no_conflict(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"lastName": "King"})
    world.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "King"})
    writes = world.writes()
    world.cycles()
    assert (world.writes(), world.listed()) == (writes, {})


@pytest.mark.parametrize(
    ("policy", "wins"), [("left", "Left"), ("right", "Right"), ("newest", "Right")]
)
def test_a_field_edited_on_both_sides_goes_to_whom_the_policy_names(
    pair_of: Build, policy: str, wins: str
) -> None:
    rules = [{"left": "city", "right": "CITY", "policy": policy}]
    world = pair_of(ADA, fields=rules)
    world.act(GHL, "edit", email=ADA, fields={"city": "Left"})
    world.wait(90)
    world.act(MAILEON, "edit", email=ADA, standard_fields={"CITY": "Right"})
    world.cycles()
    assert [world.row(side, ADA).fields["city"] for side in SIDES] == [wins, wins]


@pytest.mark.parametrize("take", SIDES)
def test_a_conflict_waits_for_a_person_and_is_carried_out_as_chosen(
    pair_of: Build, take: Side
) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"lastName": "left"})
    world.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "right"})
    writes = world.writes()
    world.cycles()
    assert world.writes() == writes, "a conflict was settled by nobody"
    with world.running().store.begin() as db:
        (parked,) = conflicts.of_pair(db, PAIR)
        assert list(parked.values) == [("left",), ("right",)]
        conflicts.choose(db, parked.id, take)
        db.execute(t.member.update().values(todo=True))
    world.cycles()
    assert [world.row(side, ADA).fields["lastName"] for side in SIDES] == [take.value] * 2
    assert world.listed() == {}


def test_a_new_edit_of_one_side_asks_a_conflict_anew(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"lastName": "left"})
    world.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "right"})
    world.cycles()
    with world.running().store.begin() as db:
        (parked,) = conflicts.of_pair(db, PAIR)
        conflicts.choose(db, parked.id, Side.LEFT)
    world.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "later"})
    world.cycles()
    assert world.row(Side.RIGHT, ADA).fields["lastName"] == "later", "the choice was for another"
    with world.reading() as db:
        assert [c.values.right for c in conflicts.of_pair(db, PAIR)] == [("later",)]


def test_an_edit_between_our_read_and_our_write_of_another_field_survives(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"city": "Basel"})
    world.settle()
    world.line.rest()
    edit = {"email": ADA, "standard_fields": {"FIRSTNAME": "Ada"}}
    world.line.errands[5] = lambda: world.box.platform(MAILEON).act("edit", edit)
    world.cycle()
    world.cycles()
    for side in SIDES:
        shown = world.row(side, ADA).fields
        assert (shown["city"], shown["firstName"]) == ("Basel", "Ada")


def test_what_a_person_has_there_already_is_not_wiped_after_a_lost_create(made: Build) -> None:
    """The record found after a create in doubt may be a person's, with less in it."""
    world = made()
    world.pair()
    world.configure(GHL, index_lag_s=30.0)
    world.act(MAILEON, "create", email=ADA, standard_fields={"FIRSTNAME": "Ada"})
    world.act(GHL, "create", fields={"email": ADA, "city": "Bern"})
    world.dies_at("answered")
    with pytest.raises(CrashError):
        world.cycle()
    world.cycles()
    for side in SIDES:
        shown = world.row(side, ADA).fields
        assert (shown["firstName"], shown["city"]) == ("Ada", "Bern")
