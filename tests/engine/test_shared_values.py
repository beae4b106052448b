"""What two people share, an address or a phone, stops nothing but itself, and is listed."""

import json
from datetime import timedelta

import pytest

from syncd.cli.advice import problem_told
from syncd.engine.backfill import BackfillRequest, carry_out, start
from syncd.model.record import Window
from syncd.model.side import Side
from syncd.store import conflicts
from syncd.store import tables as t
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA, BOB, both_ids, cause
from tests.engine.world import NOON, Build, World, assert_quiet

NEW = "ada.new@example.org"
LANDLINE = "+493023125001"


def problems(world: World, email: str, side: Side = Side.LEFT) -> dict[str, str]:
    """What is listed of somebody's link, by rule."""
    with world.reading() as db:
        link_id = db.execute(
            t.member.select().where(
                t.member.c.pair == world.name, t.member.c.remote_id == world.row(side, email).id
            )
        ).one()
        return conflicts.problems_of(db, link_id.link_id)


# -- an address that somebody else has there -----------------------------------------------


def test_a_new_address_that_is_taken_in_maileon_is_listed_and_the_rest_travels(
    pair_of: Build,
) -> None:
    world = pair_of(ADA)
    ids = both_ids(world, ADA)
    other = world.act(MAILEON, "create", email=NEW)["id"]
    world.act(GHL, "edit", email=ADA, fields={"email": NEW, "city": "Thun"})
    world.cycles()
    assert world.rows(Side.RIGHT)[ids[1]].fields["city"] == "Thun"
    assert world.listed() == {ids: {"email = email"}}
    assert problems(world, NEW) == {"email = email": f"duplicate_key: {other}"}
    assert world.standing(Side.LEFT)[ids[0]] == ("linked", None)
    assert world.standing(Side.RIGHT)[ids[1]] == ("linked", None)
    assert cause(world, Side.RIGHT, NEW) == ("parked", "ambiguous")
    assert_quiet(world)
    world.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "King"})
    world.cycles()
    assert world.rows(Side.LEFT)[ids[0]].fields["lastName"] == "King"


@pytest.mark.parametrize("allowed", [False, True])
def test_a_new_address_that_is_taken_in_ghl_is_listed_and_the_rest_travels(
    pair_of: Build, allowed: bool
) -> None:
    """Nor is a second contact with one address made where GHL would allow it."""
    world = pair_of(ADA)
    world.configure(GHL, allow_duplicates=allowed)
    ids = both_ids(world, ADA)
    other = world.act(GHL, "create", fields={"email": NEW})["id"]
    world.act(
        MAILEON,
        "edit",
        email=ADA,
        new_email=NEW,
        standard_fields={"CITY": "Thun"},
        custom_fields={"phone": LANDLINE},
    )
    world.cycles()
    row = world.rows(Side.LEFT)[ids[0]]
    assert (row.email, row.fields["city"], row.fields["phone"]) == (ADA, "Thun", LANDLINE)
    assert world.rows(Side.LEFT)[other].email == NEW
    assert world.listed() == {ids: {"email = email"}}
    assert world.standing(Side.RIGHT)[ids[1]] == ("linked", None)
    assert_quiet(world)
    world.act(GHL, "edit", id=other, fields={"email": "third@example.org"})
    world.cycles()
    assert both_ids(world, NEW) == ids
    assert world.listed() == {}


def test_an_address_that_becomes_free_travels_at_last(pair_of: Build) -> None:
    world = pair_of(ADA)
    ids = both_ids(world, ADA)
    other = world.act(MAILEON, "create", email=NEW)["id"]
    world.act(GHL, "edit", email=ADA, fields={"email": NEW})
    world.cycles()
    assert world.listed() == {ids: {"email = email"}}
    world.act(MAILEON, "edit", id=str(other), new_email=BOB)
    world.cycles()
    assert both_ids(world, NEW) == ids
    assert world.listed() == {}


def test_a_phone_that_becomes_free_travels_at_last(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"phone": LANDLINE})
    world.act(MAILEON, "create", email=BOB, custom_fields={"phone": LANDLINE})
    world.cycles()
    assert world.listed() == {both_ids(world, BOB): {"phone = custom.phone"}}
    world.act(GHL, "edit", email=ADA, fields={"phone": None})
    world.cycles()
    assert world.row(Side.LEFT, BOB).fields["phone"] == LANDLINE
    assert world.listed() == {}


# -- a phone that somebody else has there --------------------------------------------------


@pytest.mark.parametrize("phone_first", [False, True])
def test_a_contact_with_the_phone_of_somebody_else_is_made_without_it(
    pair_of: Build, phone_first: bool
) -> None:
    """A family's landline: the key is the address, and a phone is a value like any other."""
    world = pair_of(ADA)
    world.configure(GHL, match_phone_first=phone_first)
    world.act(GHL, "edit", email=ADA, fields={"phone": LANDLINE})
    world.act(
        MAILEON,
        "create",
        email=BOB,
        standard_fields={"CITY": "Thun"},
        custom_fields={"phone": LANDLINE, "tags": "vip"},
    )
    world.cycles()
    made = world.row(Side.LEFT, BOB)
    assert (made.fields["city"], made.fields["phone"], made.tags) == ("Thun", "", {"vip"})
    assert both_ids(world, BOB) in world.linked()
    assert world.listed() == {both_ids(world, BOB): {"phone = custom.phone"}}
    code = problems(world, BOB)["phone = custom.phone"]
    assert world.row(Side.LEFT, ADA).id in problem_told(code)
    assert LANDLINE not in problem_told(code)
    assert_quiet(world)
    world.act(MAILEON, "edit", email=BOB, custom_fields={"phone": "+493023125002"})
    world.cycles()
    assert world.row(Side.LEFT, BOB).fields["phone"] == "+493023125002"
    assert world.listed() == {}


def test_a_phone_that_is_taken_when_it_is_changed_names_who_has_it(pair_of: Build) -> None:
    world = pair_of(ADA, BOB)
    world.act(GHL, "edit", email=ADA, fields={"phone": LANDLINE})
    world.cycles()
    world.act(MAILEON, "edit", email=BOB, custom_fields={"phone": LANDLINE})
    world.cycles()
    code = problems(world, BOB)["phone = custom.phone"]
    assert world.row(Side.LEFT, ADA).id in problem_told(code)


def test_a_backfill_makes_it_without_the_phone_too(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"phone": LANDLINE})
    world.act(MAILEON, "create", email=BOB, custom_fields={"phone": LANDLINE, "colour": "red"})
    world.settle()
    always = Window(NOON - timedelta(days=99), NOON + timedelta(days=99))
    run = start(world.environment, world.pair(), BackfillRequest(always))
    carry_out(world.pair(), world.environment, run)
    made = world.row(Side.LEFT, BOB)
    assert (made.fields["colour"], made.fields["phone"]) == ("red", "")
    assert world.listed() == {both_ids(world, BOB): {"phone = custom.phone"}}


def test_where_the_phone_is_a_key_who_shares_it_is_parked_and_not_made(pair_of: Build) -> None:
    """Nobody knows whether they are one or two."""
    keys = {"key": "email", "second": {"left": "phone", "right": "custom.phone"}}
    world = pair_of(ADA, identity=keys)
    world.act(GHL, "edit", email=ADA, fields={"phone": LANDLINE})
    world.act(MAILEON, "create", email=BOB, custom_fields={"phone": LANDLINE})
    world.cycles()
    assert BOB not in world.by_email(Side.LEFT)
    assert cause(world, Side.RIGHT, BOB)[0] == "parked"


def test_a_duplicate_of_which_ghl_tells_nothing_is_looked_up(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"phone": LANDLINE})
    world.cycles()
    world.act(MAILEON, "create", email=BOB, custom_fields={"phone": LANDLINE})
    body = json.dumps({"message": "This location does not allow duplicated contacts."})
    create = {"platform": GHL, "method": "POST", "path": "^/contacts/?$"}
    world.fault("status", **create, times=1, status=400, body=body)
    world.cycles()
    assert both_ids(world, BOB) in world.linked()
    assert world.row(Side.LEFT, ADA).id in problems(world, BOB)["phone = custom.phone"]


def test_a_duplicate_that_has_the_address_too_is_a_match(made: Build) -> None:
    """GHL asks for the phone first, and the contact came into being after our reading."""
    world = made()
    world.pair()
    world.configure(GHL, match_phone_first=True, index_lag_s=90.0)
    world.act(MAILEON, "create", email=BOB, custom_fields={"phone": LANDLINE})
    world.act(GHL, "create", fields={"email": BOB, "phone": LANDLINE, "city": "Thun"})
    world.cycle()
    world.cycles()
    assert len(world.rows(Side.LEFT)) == 1
    assert both_ids(world, BOB) in world.linked()
    assert world.row(Side.RIGHT, BOB).fields["city"] == "Thun"
    assert world.listed() == {}


def test_a_duplicate_of_which_there_is_no_trace_is_parked_and_nobody_is_looked_at(
    pair_of: Build,
) -> None:
    world = pair_of(ADA)
    world.act(MAILEON, "create", email=BOB)
    body = json.dumps({"message": "This location does not allow duplicated contacts."})
    create = {"platform": GHL, "method": "POST", "path": "^/contacts/?$"}
    world.fault("status", **create, times=1, status=400, body=body)
    world.settle()
    world.box.world.requests.clear()
    world.cycle()
    assert cause(world, Side.RIGHT, BOB) == ("parked", "duplicate_there")
    assert world.box.world.requests["ghl GET /contacts/search/duplicate"] == 1
    assert world.box.world.requests["ghl GET /contacts/{contactId}"] == 0
