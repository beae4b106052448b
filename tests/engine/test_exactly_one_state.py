"""Every record is in exactly one state, and the census counts all of them."""

from syncd.model.side import SIDES
from tests.engine.pairs import GHL
from tests.engine.scenes import ADA
from tests.engine.world import Build


def test_every_record_is_in_exactly_one_state(made: Build) -> None:
    world = made(contacts=30, filter={"left": {"not": {"tag": "old"}}})
    world.configure(GHL, allow_duplicates=True)
    for city in ("Bern", "Basel"):
        world.act(GHL, "create", fields={"email": ADA, "city": city})
    world.act(GHL, "create", fields={"firstName": "Nobody", "phone": "+447700900001"})
    world.cycles()
    for side in SIDES:
        standing = world.standing(side)
        alive = {i for i, (state, _) in standing.items() if state != "gone"}
        assert alive == set(world.rows(side))
    assert sum(world.census().values()) >= sum(len(world.rows(side)) for side in SIDES)
    assert world.census()["parked", "duplicate_key"] == 2
    assert world.census()["parked", "no_key"] == 1
    assert not any(state == "waiting" for state, _ in world.census())
