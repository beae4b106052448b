"""What a chunk of a backfill does in which order, and which way opt-outs go."""

from collections.abc import Callable

import pytest

from syncd.engine.backfill import BackfillRequest, carry_out, resumable, start
from syncd.model.record import Resource, Window
from syncd.model.side import SIDES, Side
from syncd.store import backfills, runs
from syncd.store.runs import RunState
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.scenes import ADA, BOB, CY, opt_out
from tests.engine.world import Build, World, assert_alike


def window(world: World) -> Window:
    return Window(world.now.replace(year=2020), world.now.replace(year=2030))


def ticked_off(world: World, run_id: int) -> int:
    with world.reading() as db:
        return backfills.count(db, run_id, Resource.CONTACT)[0]


def people(world: World, *emails: str) -> None:
    for email in emails:
        world.act(GHL, "create", fields={"email": email})
    world.settle()


@pytest.mark.parametrize("point", ["answered", "confirmed", "pull"])
def test_nobody_is_ticked_off_before_they_were_read_back(made: Build, point: str) -> None:
    """The process dies on the way, at the latest when the first chunk is read back."""
    world = made()
    people(world, ADA, BOB, CY)
    run = start(
        world.environment, world.pair(), BackfillRequest(window(world), frozenset({Side.RIGHT}), 2)
    )
    came_to: list[str] = []

    def crash(name: str) -> None:
        came_to.append(name)
        if name == point and "claimed" in came_to:
            world.lives()
            raise CrashError

    world.crash = crash
    with pytest.raises(CrashError):
        carry_out(world.pair(), world.environment, run)
    assert ticked_off(world, run.id) == 0
    world.start_process()
    world.settle()
    report = carry_out(
        world.pair(), world.environment, resumable(world.environment, world.name, run.id)
    )
    assert (report.state, report.done) == (RunState.DONE, 3)
    world.cycles()
    assert_alike(world)


def test_nobody_is_ticked_off_before_an_opt_out_that_turned_up_was_carried_on(
    made: Build,
) -> None:
    world = made()
    people(world, ADA, BOB)
    run = start(world.environment, world.pair(), BackfillRequest(window(world), chunk=2))
    came_to: list[str] = []

    def crash(name: str) -> None:
        came_to.append(name)
        if name == "confirmed" and came_to.count(name) == 1:
            opt_out(world, Side.LEFT, ADA)
            world.settle()
        if name == "claimed" and "pull" in came_to[came_to.index("claimed") :]:
            world.lives()
            raise CrashError

    world.crash = crash
    with pytest.raises(CrashError):
        carry_out(world.pair(), world.environment, run)
    assert ticked_off(world, run.id) == 0
    world.start_process()
    world.settle()
    carry_out(world.pair(), world.environment, resumable(world.environment, world.name, run.id))
    assert set(world.by_email(Side.RIGHT)) == {BOB}


def test_a_chunk_is_ticked_off_together_with_what_it_took(made: Build) -> None:
    world = made()
    people(world, ADA, BOB, CY)
    run = start(world.environment, world.pair(), BackfillRequest(window(world), chunk=1))
    world.dies_at("chunk", 2)
    with pytest.raises(CrashError):
        carry_out(world.pair(), world.environment, run)
    assert ticked_off(world, run.id) == 2
    with world.reading() as db:
        stored = runs.get(db, run.id)
    assert stored is not None
    assert stored.state is not RunState.DONE


# -- opt-outs go both ways -----------------------------------------------------------------


def in_mailercloud(world: World, email: str) -> None:
    world.act(MAILERCLOUD, "unsubscribe", email=email)


def in_maileon(world: World, email: str) -> None:
    world.act(MAILEON, "unsubscribe", email=email)


def in_ghl(world: World, email: str) -> None:
    world.act(GHL, "dnd", email=email, channel="Email")


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize(
    ("targets", "leave", "news"),
    [
        (Side.RIGHT, in_maileon, False),
        (Side.RIGHT, in_ghl, False),
        (Side.LEFT, in_ghl, False),
        (Side.RIGHT, in_mailercloud, True),
        (Side.LEFT, in_ghl, True),
    ],
)
def test_an_opt_out_goes_back_within_a_backfill_that_writes_one_way(
    made: Build,
    targets: Side,
    leave: Callable[[World, str], None],
    news: bool,
    linked: bool,
) -> None:
    world = made(news=news)
    world = world.news if news else world
    people(world, ADA, BOB)
    if linked:
        for _ in range(3):
            world.wait(900)
            world.cycle()
    elif news:
        world.act(MAILERCLOUD, "create", email=ADA)
    else:
        world.act(MAILEON, "create", email=ADA)
    leave(world, ADA)
    if linked:
        world.act(GHL, "edit", email=BOB, fields={"city": "Chur"})
    world.wait(900)
    run = start(
        world.environment, world.pair(), BackfillRequest(window(world), frozenset({targets}))
    )
    report = carry_out(world.pair(), world.environment, run)
    assert report.state is RunState.DONE
    assert world.row(Side.LEFT, ADA).opted_out
    assert all(row.opted_out for row in world.by_email(Side.RIGHT).get(ADA, []))
    if linked and targets is Side.LEFT:
        assert world.row(Side.RIGHT, BOB).fields["city"] == "", "an edit went the other way"


@pytest.mark.parametrize("side", SIDES)
def test_nothing_else_goes_back(made: Build, side: Side) -> None:
    world = made()
    world.act(GHL, "create", fields={"email": ADA})
    world.act(MAILEON, "create", email=BOB)
    world.settle()
    world.pair()
    run = start(world.environment, world.pair(), BackfillRequest(window(world), frozenset({side})))
    carry_out(world.pair(), world.environment, run)
    assert set(world.by_email(side)) == {ADA, BOB}
    assert len(world.rows(side.other)) == 1
