"""One bad record or one bad value never stops a batch."""

import json

import sqlalchemy as sa

from syncd.model.side import Side
from syncd.store import tables as t
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA, BOB
from tests.engine.world import Build, assert_alike, assert_quiet


def test_a_record_that_is_refused_is_parked_and_the_others_travel(pair_of: Build) -> None:
    world = pair_of(ADA)
    for n in range(12):
        world.act(MAILEON, "create", email=f"{n}@example.org")
    body = {"statusCode": 422, "message": "email must be an email", "traceId": "x"}
    create = {"platform": GHL, "method": "POST", "path": "^/contacts/?$"}
    world.fault("status", **create, times=1, status=422, body=json.dumps(body))
    world.cycles()
    assert len(world.rows(Side.LEFT)) == 12
    (parked,) = [s for s in world.standing(Side.RIGHT).values() if s[0] != "linked"]
    assert parked[0] == "parked"
    assert parked[1]
    world.act(MAILEON, "edit", email="0@example.org", standard_fields={"CITY": "Genf"})
    world.cycles()
    assert_alike(world)


def test_a_value_that_is_refused_keeps_nothing_else_from_travelling(pair_of: Build) -> None:
    """Two people cannot have one phone in GHL."""
    world = pair_of(ADA, BOB)
    world.act(GHL, "edit", email=ADA, fields={"phone": "+12025550101"})
    world.cycles()
    world.act(
        MAILEON,
        "edit",
        email=BOB,
        standard_fields={"CITY": "Basel"},
        custom_fields={"phone": "+12025550101"},
    )
    world.cycles()
    there = world.row(Side.LEFT, BOB)
    assert (there.fields["city"], there.fields["phone"]) == ("Basel", "")
    assert list(world.listed().values()) == [{"phone = custom.phone"}]
    assert_quiet(world)


def test_a_record_is_parked_if_a_value_is_refused_that_was_not_written(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(MAILEON, "edit", email=ADA, standard_fields={"CITY": "Genf"})
    body = {"statusCode": 422, "message": "phone must be a valid phone number", "traceId": "x"}
    world.fault("status", platform=GHL, method="PUT", times=1, status=422, body=json.dumps(body))
    world.settle()
    world.cycle()
    assert set(world.standing(Side.LEFT).values()) == {("parked", "bad_phone")}
    with world.reading() as db:
        told = db.execute(sa.select(t.op.c.error).where(t.op.c.state == "dead")).scalar_one()
    assert told.endswith("was answered 422: the phone is not accepted")
