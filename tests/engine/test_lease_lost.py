"""Of two processes that both believe to hold a lease, the one that lost it writes nothing."""

import ast
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa

import syncd.engine
from syncd.app import App
from syncd.engine.backfill import BackfillRequest, carry_out, start
from syncd.engine.cycle import Mode, run_cycle
from syncd.engine.sessions import Spent
from syncd.engine.word import approve
from syncd.errors import FieldsChangedError, LeaseLostError, SyncdError
from syncd.model.record import Window
from syncd.model.side import SIDES, Side
from syncd.store import database, leases, runs
from syncd.store import tables as t
from syncd.store.runs import RunState
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON, PAIR, PLATFORM, RULES
from tests.engine.scenes import ADA, BOB
from tests.engine.world import Build, World, assert_alike

ENGINE = Path(syncd.engine.__file__).parent
# What belongs to contacts is for `test_children_lease.py`.
BELONGING = {("within.py", "match_within"), ("nested.py", "_read_one")}
OF_APPOINTMENTS = {("streams.py", "make_ready"), ("pull.py", "_pass_over")}
OF_THEIR_BACKFILLS = {("backfill_window.py", "_list_by_contact")}
# `test_derived_survive.py` and `test_engagement.py`
DERIVED = {("derive.py", "_spread"), ("derive.py", "_pass"), ("engage.py", "_read")}
THIEF = "elsewhere:17:another-process"
GENEROUS = {kind: {"count": 1000, "percent": 100} for kind in ("creates", "updates", "deletes")}

Site = tuple[str, str]  # a file of the engine, and a function in it
Run = Callable[[], object]
Scene = Callable[["Stage"], Run]  # prepares a run


# -- by construction ---------------------------------------------------------------------


def calls(path: Path, *names: str) -> set[Site]:
    """The innermost functions of a file in which something of such a name is called."""
    found: set[Site] = set()

    def walk(node: ast.AST, function: str) -> None:
        if isinstance(node, ast.FunctionDef):
            function = node.name
        called = node.func if isinstance(node, ast.Call) else None
        if getattr(called, "attr", getattr(called, "id", None)) in names:
            found.add((path.name, function))
        for child in ast.iter_child_nodes(node):
            walk(child, function)

    walk(ast.parse(path.read_text()), "")
    return found


def calls_of_the_engine(*names: str) -> set[Site]:
    return {site for path in ENGINE.rglob("*.py") for site in calls(path, *names)}


def test_there_is_one_way_to_open_a_transaction_and_it_proves_the_lease() -> None:
    assert calls_of_the_engine("begin", "begin_nested", "connect", "raw_connection") == {
        ("context.py", "writing"),  # which proves it
        ("context.py", "leased"),  # which takes it, and gives it back
        ("context.py", "hearing"),  # which takes down a person's word
    }
    assert calls_of_the_engine("hearing") == {("word.py", "approve")}


def test_a_transaction_of_a_lost_lease_ends_before_it_begins(made: Build) -> None:
    world = made()
    with world.running().store.begin() as db:
        lost = leases.take(db, world.name, leases.this_holder(), world.now)
    with theft(world) as thief:
        thief.take()
        with pytest.raises(LeaseLostError), world.environment.writing(lost):
            raise AssertionError("nobody may come here")
        thief.assert_nothing_followed()


# -- taken away before each of them ------------------------------------------------------


class Place(Protocol):
    """A pair of a world, as far as a thief has to know it."""

    name: str

    @property
    def now(self) -> datetime: ...

    def running(self) -> App: ...

    def writes(self) -> int: ...


class Theft:
    """Takes the lease away right before a write transaction begins.

    Attributes:
        at: before the first transaction of which function; None never takes it.
        opened: which functions have opened a transaction, so far.
        rows: what was in the store when the lease was taken away; writes: what had been sent.
    """

    def __init__(self, world: Place, at: Site | None) -> None:
        self.world, self.at = world, at
        self.opened: list[Site] = []
        self.rows: dict[str, list[str]] = {}
        self.writes = 0
        self.lease: leases.Lease | None = None
        url = world.running().store.url
        self.engine = database.open_store(url.render_as_string(hide_password=False))

    def connected(self, _: sa.Connection) -> None:
        """Called before the transaction begins, which on SQLite would keep the thief out."""
        if (site := opener()) is None:
            return
        self.opened.append(site)
        if self.lease is None and self.at == site:
            self.take()

    def take(self) -> None:
        late = self.world.now + leases.TTL * 2
        with self.engine.begin() as db:
            self.lease = leases.take(db, self.world.name, THIEF, late)
        self.rows, self.writes = self.dump(), self.world.writes()

    def assert_nothing_followed(self) -> None:
        assert self.lease is not None
        assert self.dump() == self.rows, f"written after {self.opened[-1]}"
        assert self.world.writes() == self.writes, f"sent after {self.opened[-1]}"

    def end(self) -> None:
        if self.lease is not None:
            with self.engine.begin() as db:
                leases.give_back(db, self.lease, self.world.now)
        self.engine.dispose()

    def dump(self) -> dict[str, list[str]]:
        """Every table but the one of the leases."""
        with database.reading(self.engine) as db:
            return {
                table.name: sorted(map(repr, db.execute(sa.select(table)).all()))
                for table in t.metadata.sorted_tables
                if table is not t.lease
            }


def opener() -> Site | None:
    """Which function of the engine is going to write; None if none is, or it takes the lease."""
    frame = sys._getframe()
    while frame is not None:
        path, name = Path(frame.f_code.co_filename), frame.f_code.co_name
        if name == "reading" or (path.parent == ENGINE and name == "leased"):
            return None
        if path.parent == ENGINE and path.name != "context.py":
            return path.name, name
        frame = frame.f_back  # type: ignore[assignment]
    return None


@contextmanager
def theft(world: Place, at: Site | None = None) -> Iterator[Theft]:
    """A theft that waits for its moment; without one it only counts."""
    thief, store = Theft(world, at), world.running().store
    sa.event.listen(store, "engine_connect", thief.connected)
    try:
        yield thief
    finally:
        sa.event.remove(store, "engine_connect", thief.connected)
        thief.end()


# -- what is going on while it is taken away ---------------------------------------------


class Stage:
    """A pair of a world, in which every run meets people of its own.

    Attributes:
        begun: when these people came.
    """

    def __init__(self, world: World, number: int) -> None:
        self.world, self.number, self.begun = world, number, world.now
        self.ada, self.bob, self.cy = (
            f"{name}{number}@example.org" for name in ("ada", "bob", "cy")
        )

    def person(self, *emails: str) -> None:
        for email in emails:
            self.world.act(GHL, "create", fields={"email": email, "city": "Bern"}, tags=["vip"])

    def keyless(self) -> None:
        self.world.act(GHL, "create", fields={"phone": f"+1202555{self.number:04}"})

    def backfill(self) -> None:
        world = self.world
        environment, pair, began = world.environment, world.pair(), world.now
        window = Window(self.begun, world.now + timedelta(days=1))
        run = start(environment, pair, BackfillRequest(window, chunk=2))
        carry_out(
            pair, environment, run, spent=lambda: Spent((world.now - began).total_seconds() * 99)
        )


def a_first_meeting(stage: Stage) -> Run:
    """Somebody on each side, somebody on both who opts out, somebody without an address."""
    world = stage.world
    stage.person(stage.ada, stage.cy)
    for email in (stage.bob, stage.cy):
        world.act(MAILEON, "create", email=email, permission=1)
    world.act(GHL, "dnd", email=stage.cy, channel="Email")
    stage.keyless()
    return world.cycle


def deletions_and_edits(stage: Stage) -> Run:
    """One deleted, one edited on either side; all of it is seen by a full sweep."""
    world = stage.world
    stage.person(stage.ada, stage.bob, stage.cy)
    world.settle()
    world.cycle()
    world.act(GHL, "delete", email=stage.ada)
    world.act(MAILEON, "edit", email=stage.bob, standard_fields={"CITY": "Thun"})
    world.act(GHL, "edit", email=stage.cy, fields={"city": "Chur"})
    return lambda: world.cycle(Mode.FULL)


def doubts(stage: Stage) -> Run:
    """A process died before it heard what became of its writes; one of them is not in effect."""
    world = stage.world
    stage.person(stage.ada, stage.bob)
    world.settle()
    world.cycle()
    world.act(GHL, "edit", email=stage.ada, fields={"city": "Chur"})
    world.act(GHL, "edit", email=stage.bob, fields={"city": "Thun"})
    stage.person(stage.cy)
    world.settle()
    world.dies_at("answered")
    with pytest.raises(CrashError):
        world.cycle()
    world.act(MAILEON, "edit", email=stage.ada, standard_fields={"CITY": "Lyss"})
    world.end_process()
    return world.cycle


def intents_that_were_never_sent(stage: Stage) -> Run:
    world = stage.world
    stage.person(stage.ada)
    world.settle()
    world.dies_at("reconcile")
    with pytest.raises(CrashError):
        world.cycle()
    world.end_process()
    return world.cycle


def a_field_that_is_another(stage: Stage) -> Run:
    world = stage.world
    world.act(GHL, "delete_custom_field", name="Colour")
    world.act(GHL, "create_custom_field", name="Colour", data_type="TEXT")
    return lambda: (world.pair(anew=True), world.cycle())


def ids_that_follow(stage: Stage) -> Run:
    """Mailercloud tells no id of what a batch creates: its listing shows it later."""
    world = stage.world
    stage.person(*(f"n{n}{stage.ada}" for n in range(12)))  # fewer are created one by one
    world.settle()
    world.cycle()
    return world.cycle


def an_error(stage: Stage) -> Run:
    """A platform refuses the credentials in mid-run."""
    stage.person(stage.ada)
    return failing(stage, stage.world.cycle)


def a_backfill(stage: Stage) -> Run:
    """Somebody opts out while it runs, and somebody has no address."""
    world = stage.world
    stage.person(stage.ada, stage.bob, stage.cy)
    stage.keyless()

    def opt_out(name: str) -> None:
        if name == "answered":
            world.lives()
            world.act(GHL, "dnd", email=stage.ada, channel="Email")
            world.settle()

    world.crash = opt_out
    return stage.backfill


def a_backfill_without_a_feed(stage: Stage) -> Run:
    """Everything is read back in the end, by a full sweep."""
    stage.person(stage.ada, stage.bob)
    return stage.backfill


def a_backfill_that_fails(stage: Stage) -> Run:
    stage.person(stage.ada)
    return failing(stage, stage.backfill)


def an_opt_out_told_by_address(stage: Stage) -> Run:
    """Mailercloud hides who left: somebody of whom it shows nothing opts out in GHL."""
    stage.person(stage.ada)
    stage.world.act(GHL, "dnd", email=stage.ada, channel="Email")
    return stage.world.cycle


def somebody_who_bears_our_reference(stage: Stage) -> Run:
    world = stage.world
    made = world.act(GHL, "create", fields={"email": stage.ada})
    world.act(MAILEON, "create", email=stage.bob, permission=1, external_id=made["id"])
    return world.cycle


def a_field_that_is_gone(stage: Stage) -> Run:
    """Seen in mid-run, when a person's edit shows it as empty."""
    world = stage.world
    world.pair(anew=True)  # it was put back after the run before
    stage.person(stage.ada)
    world.settle()
    world.cycle()
    world.act(MAILEON, "delete_custom_field", name="tags")
    world.act(MAILEON, "edit", email=stage.ada, standard_fields={"CITY": "Thun"})

    def run_and_put_back() -> None:
        try:
            with pytest.raises(FieldsChangedError):
                run_cycle(world.pair(), world.environment)
        finally:
            world.act(MAILEON, "create_custom_field", name="tags")

    return run_and_put_back


def what_the_other_pair_has_read(stage: Stage) -> Run:
    """Both read one account; this pair goes on where the other one is, and says for the first
    time that it reads it."""
    world = stage.world
    other = replace(world, name=PAIR, platform=PLATFORM, rules=RULES)
    stage.person(stage.ada)
    world.settle()
    other.pair(anew=True)
    other.cycle()
    with world.running().store.begin() as db:
        db.execute(t.reader.delete().where(t.reader.c.pair == world.name))
    world.pair(anew=True)
    return world.cycle


def a_released_run(stage: Stage) -> Run:
    world = stage.world
    stage.person(stage.ada)
    with world.running().store.begin() as db:
        run = runs.start(db, world.name, "sync", world.now)
        runs.update(db, run.id, state=RunState.HELD, counts={"mail.creates": 1})
    approve(world.environment, world.name, run.id)
    return world.cycle


def failing(stage: Stage, run: Run) -> Run:
    """The run, in which Maileon refuses the first write; that a lease was lost goes on."""
    fault = stage.world.fault("status", platform=MAILEON, method="POST", status=401)

    def run_and_fail() -> None:
        with pytest.raises(SyncdError) as caught:
            run()
        fault.times = 0
        if isinstance(caught.value, LeaseLostError):
            raise caught.value

    return run_and_fail


SCENES: tuple[Scene, ...] = (
    a_first_meeting,
    deletions_and_edits,
    doubts,
    intents_that_were_never_sent,
    a_field_that_is_another,
    ids_that_follow,
    an_error,
    a_backfill,
    a_backfill_without_a_feed,
    a_backfill_that_fails,
    an_opt_out_told_by_address,
    somebody_who_bears_our_reference,
    a_field_that_is_gone,
    a_released_run,
    what_the_other_pair_has_read,
)
OF_THE_SECOND_PAIR = (
    ids_that_follow,
    a_backfill_without_a_feed,
    an_opt_out_told_by_address,
    what_the_other_pair_has_read,
)


def built(made: Build, scene: Scene) -> World:
    second = scene in OF_THE_SECOND_PAIR
    world = made(news=second, delete="delete", guards=GENEROUS)
    world.configure(GHL, allow_duplicates=True)
    world = world.news if second else world
    world.chunk = 500 if second else 2
    world.cycle()  # the first sweep
    return world


def staged(world: World, scene: Scene, number: int) -> Run:
    run = scene(Stage(world, number))
    world.settle()
    world.pair()  # a process may have died
    return run


def test_who_has_lost_the_lease_writes_nothing_more(made: Build) -> None:
    """One process after the other loses it, each before another transaction."""
    tried: set[Site] = set()
    for scene in SCENES:
        world = built(made, scene)
        run = staged(world, scene, 0)
        with theft(world) as counted:
            run()
        for number, at in enumerate(sorted({*counted.opened} - tried), 1):
            run = staged(world, scene, number)
            with theft(world, at) as thief:
                try:
                    run()
                except LeaseLostError:
                    thief.assert_nothing_followed()
                else:
                    pytest.fail(f"{scene.__name__} came to its end: {at} was not reached, or lost")
                assert thief.opened[-1] == at, "the next transaction must tell"
            world.lives()
            world.pair(anew=True)
            world.cycle()
        tried.update(counted.opened)
    elsewhere = {("context.py", "writing"), *BELONGING, *OF_APPOINTMENTS}
    elsewhere |= OF_THEIR_BACKFILLS | DERIVED
    assert tried >= calls_of_the_engine("writing") - elsewhere


def test_a_worker_that_slept_between_its_claim_and_its_call_sends_nothing(made: Build) -> None:
    world = made()
    Stage(world, 1).person(ADA, BOB)
    world.settle()
    world.pair()
    with theft(world) as thief:
        world.crash = lambda name: thief.take() if name == "claimed" else None
        with pytest.raises(LeaseLostError):
            world.cycle()
        thief.assert_nothing_followed()
    world.lives()
    world.cycles()
    assert_alike(world)


@pytest.mark.parametrize("side", SIDES)
def test_an_answer_that_comes_after_the_lease_was_lost_moves_no_shadow(
    pair_of: Build, side: Side
) -> None:
    """The new holder finds the op in doubt, looks, and confirms it by itself."""
    world = pair_of(ADA)
    if side is Side.RIGHT:
        world.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    else:
        world.act(MAILEON, "edit", email=ADA, standard_fields={"FIRSTNAME": "Ada"})
    world.settle()
    before = shadows(world)
    with theft(world) as thief:
        world.crash = lambda name: thief.take() if name == "answered" else None
        with pytest.raises(LeaseLostError):
            world.cycle()
        thief.assert_nothing_followed()
    assert shadows(world) == before
    world.lives()
    world.cycles()
    assert shadows(world) != before
    assert_alike(world)


def shadows(world: World) -> Sequence[object]:
    with world.reading() as db:
        return db.execute(sa.select(t.link.c.left_shadow, t.link.c.right_shadow)).all()
