"""Writes are claimed so many at a time; one that takes long is broken off, not lost."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from syncd.engine.apply import CLAIM_SIZE, LONGEST
from syncd.model.side import Side
from syncd.store import leases
from syncd.store import tables as t
from tests.engine.pairs import GHL, MAILEON
from tests.engine.world import Build, World, assert_alike

PEOPLE = [f"p{n:03}@example.org" for n in range(CLAIM_SIZE + 20)]


@pytest.fixture
def kind_of_store() -> str:
    """What is asked of the store here is asked of either kind in tests/store."""
    return "sqlite"


def crowd(made: Build, **settings: object) -> World:
    """More people in Maileon than one claim holds, and nobody in GHL."""
    world = made(**settings)
    for email in PEOPLE:
        world.act(MAILEON, "create", email=email)
    world.settle()
    return world


def standing(world: World) -> Counter[tuple[str, int, bool]]:
    """How many ops there are by state, attempts and whether they are told to be sent."""
    asked = sa.select(t.op.c.state, t.op.c.attempts, t.op.c.sent_at.is_not(None))
    with world.reading() as db:
        return Counter((state, tries, bool(sent)) for state, tries, sent in db.execute(asked))


def watched(world: World) -> list[Counter[tuple[str, int, bool]]]:
    """How the ops stand after every claim of the cycles to come."""
    found: list[Counter[tuple[str, int, bool]]] = []
    world.crash = lambda name: found.append(standing(world)) if name == "confirmed" else None
    return found


def test_a_claim_is_sent_and_confirmed_at_once(made: Build) -> None:
    world = crowd(made)
    claims = watched(world)
    world.cycle()
    rest = len(PEOPLE) - CLAIM_SIZE
    assert claims[0] == {("done", 1, True): CLAIM_SIZE, ("ready", 0, False): rest}
    assert claims[1]["done", 1, True] == len(PEOPLE)


def test_a_claim_that_takes_long_is_broken_off_and_what_is_left_is_claimed_again(
    made: Build,
) -> None:
    """So that the lease is prolonged in time, however slow a platform is."""
    world = crowd(made, moment=timedelta(seconds=4))
    claims = watched(world)
    world.cycle()
    assert timedelta() < LONGEST < leases.TTL / 3
    sent = [claim["done", 1, True] for claim in claims]
    assert 0 < sent[0] < CLAIM_SIZE
    assert claims[0] == {("done", 1, True): sent[0], ("ready", 0, False): len(PEOPLE) - sent[0]}
    assert len(sent) > 1
    world.lives()
    for _ in range(len(PEOPLE)):
        world.cycle()
    assert len(world.rows(Side.LEFT)) == len(PEOPLE)
    assert_alike(world)


def test_one_call_that_fails_keeps_nobody_else_of_its_claim_waiting(made: Build) -> None:
    world = crowd(made, guards={"updates": {"count": 1000, "percent": 100}})
    world.cycles()
    for email in PEOPLE:
        world.act(MAILEON, "edit", email=email, standard_fields={"CITY": "Chur"})
    world.settle()
    world.fault("status", status=503, times=6, method="PUT", platform=GHL)
    world.cycle()
    changed = [row for row in world.rows(Side.LEFT).values() if row.fields["city"] == "Chur"]
    assert len(PEOPLE) - 8 <= len(changed) < len(PEOPLE)
    world.cycle()
    assert_alike(world)


def test_batches_under_way_at_once_are_all_confirmed(made: Build) -> None:
    world = crowd(made)
    stream = world.stream()
    world.set_up(replace(stream, specs=stream.specs.map(lambda spec: replace(spec, concurrency=8))))
    claims = watched(world)
    world.cycle()
    assert claims[0]["done", 1, True] == CLAIM_SIZE
    assert claims[1]["done", 1, True] == len(PEOPLE)
    assert set(world.by_email(Side.LEFT)) == set(PEOPLE)
