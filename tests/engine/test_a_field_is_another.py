"""A field that is deleted, made again, renamed or of another type is not one that all emptied."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from syncd.engine.backfill import BackfillRequest, carry_out
from syncd.engine.backfill import start as new_backfill
from syncd.engine.observe import take_in
from syncd.engine.word import approve
from syncd.errors import FieldsChangedError
from syncd.model.record import Record, Resource, Window
from syncd.model.side import Side
from syncd.model.spec import FieldSpec, Kind
from syncd.store import fields
from syncd.store.runs import RunState
from tests.engine.daily import HOUR, Daemon, people, sync
from tests.engine.pairs import FIELDS, GHL, MAILEON, MAILERCLOUD, PAIR, configure
from tests.engine.scenes import opt_out
from tests.engine.test_index_lag import working
from tests.engine.world import NOON, Build, World

DAY = timedelta(days=1)
NAMES = ("tags", "phone", "colour")
BOTH_SIDES = (Side.LEFT, Side.RIGHT)
TOLD = [{**line, "create_missing": False} for line in FIELDS]  # who makes fields is a person


@pytest.fixture
def kind_of_store() -> str:
    """What is asked of the store here is asked of either kind in tests/store."""
    return "sqlite"


def having(world: World, side: Side, name: str) -> int:
    """How many contacts of a side show something in a field of the plain view."""
    return sum(bool(row.shows(name)) for row in world.rows(side).values())


def start(world: World, *worlds: World) -> None:
    """Sixty people on both sides, of whom 25 have everything."""
    people(world)
    for each in (world, *worlds):
        for _ in range(4):  # Mailercloud tells ids late
            each.settle()
            if sync(each).settled:
                break
        for name in NAMES:
            for side in BOTH_SIDES:
                assert having(each, side, name) == 25, (each.name, side, name)


def with_fields(made: Build) -> World:
    """The same, where nothing of ours makes a field."""
    world = made(fields=TOLD)
    for name in ("tags", "colour"):
        world.act(MAILEON, "create_custom_field", name=name)
    start(world)
    return world


def assert_untouched(world: World, name: str, side: Side = Side.LEFT) -> None:
    assert having(world, side, name) == 25, "taken for an edit of everybody"


# -- by name of the deed: what a person does to the field of a platform --------------------


def deleted(world: World, platform: str, name: str) -> None:
    match platform:
        case "maileon":
            world.act(MAILEON, "delete_custom_field", name=name)
        case "mailercloud":
            world.act(MAILERCLOUD, "delete_property", name=name)
        case _:
            world.act(GHL, "delete_custom_field", name=name)


def made_again(world: World, platform: str, name: str) -> None:
    match platform:
        case "maileon":
            world.act(MAILEON, "create_custom_field", name=name)
        case "mailercloud":
            world.act(MAILERCLOUD, "create_property", name=name)
        case _:
            world.act(GHL, "create_custom_field", name=name, data_type="TEXT")


def renamed(world: World, platform: str, name: str, new: str) -> None:
    if platform == MAILERCLOUD:
        world.act(MAILERCLOUD, "rename_property", name=name, new_name=new)
    else:
        world.act(platform, "rename_custom_field", name=name, new_name=new)


# -- the field is made anew by us -----------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_field_deleted_in_maileon_is_made_again_and_filled_by_the_daemon(
    made: Build, name: str
) -> None:
    world = made()
    start(world)
    daemon = Daemon(world)
    daemon.runs()
    deleted(world, MAILEON, name)
    for _ in range(8):
        daemon.runs()
        assert_untouched(world, name)
    assert having(world, Side.RIGHT, name) == 25


@pytest.mark.parametrize("name", NAMES)
def test_a_field_deleted_in_maileon_is_made_again_and_filled_by_a_backfill(
    made: Build, name: str
) -> None:
    world = made()
    start(world)
    deleted(world, MAILEON, name)
    world.wait(2 * HOUR.total_seconds())
    app = world.start_process()
    pair = app.open_pair(PAIR, create_fields=True, complete=True)
    window = Window(NOON - 4000 * DAY, NOON + 4000 * DAY)
    report = carry_out(
        pair, app.environment, new_backfill(app.environment, pair, BackfillRequest(window=window))
    )
    assert report.state is RunState.DONE, report.reasons
    assert_untouched(world, name)
    assert having(world, Side.RIGHT, name) == 25


@pytest.mark.parametrize("later", [None, 2 * HOUR], ids=["at once", "hours later"])
@pytest.mark.parametrize("change", ["deleted", "renamed"])
@pytest.mark.parametrize("platform", [GHL, MAILEON])
def test_a_lost_field_is_made_again_and_filled_by_a_sync(
    made: Build, platform: str, change: str, later: Any
) -> None:
    world = made()
    start(world)
    field = "Colour" if platform == GHL else "colour"
    if change == "deleted":
        deleted(world, platform, field)
    else:
        renamed(world, platform, field, "Hue")
    if later:
        world.wait(later.total_seconds())
    other = Side.RIGHT if platform == GHL else Side.LEFT
    for _ in range(3):
        sync(world, full=True)
        assert_untouched(world, "colour", other)
        world.settle()
    assert having(world, Side.LEFT, "colour") == having(world, Side.RIGHT, "colour") == 25


@pytest.mark.parametrize("change", ["deleted", "renamed", "made again"])
def test_a_lost_property_of_mailercloud_empties_nobody_on_three_platforms(
    made: Build, change: str
) -> None:
    world = made(news=True)
    start(world, world.news)
    daemon = Daemon(world.news)
    daemon.runs()
    if change == "renamed":
        renamed(world, MAILERCLOUD, "Colour", "Hue")
    else:
        deleted(world, MAILERCLOUD, "Colour")
    if change == "made again":
        made_again(world, MAILERCLOUD, "Colour")
    for _ in range(9):
        daemon.runs()
        assert_untouched(world, "colour")
    sync(world)
    assert_untouched(world, "colour", Side.RIGHT)
    assert having(world.news, Side.RIGHT, "colour") == 25


# -- the field is another one under its name ------------------------------------------------


@pytest.mark.parametrize("by", ["sync", "daemon"])
def test_a_field_of_ghl_that_a_person_made_again_is_filled(made: Build, by: str) -> None:
    world = made()
    start(world)
    daemon = Daemon(world) if by == "daemon" else None
    if daemon:
        daemon.runs()
    deleted(world, GHL, "Colour")
    made_again(world, GHL, "Colour")
    world.act(GHL, "touch", email="p00@example.org")  # so that the change feed shows one
    for _ in range(8):
        if daemon:
            daemon.runs()
        else:
            world.settle()
            sync(world)
        assert_untouched(world, "colour", Side.RIGHT)
        world.wait(600)
    assert having(world, Side.LEFT, "colour") == 25


def test_a_name_that_two_fields_of_ghl_exchanged_is_another_field(made: Build) -> None:
    world = made()
    world.act(GHL, "create_custom_field", name="Other", data_type="TEXT")
    start(world)
    renamed(world, GHL, "Colour", "Old colour")
    renamed(world, GHL, "Other", "Colour")
    world.wait(2 * HOUR.total_seconds())
    sync(world, full=True)
    assert_untouched(world, "colour", Side.RIGHT)
    assert having(world, Side.LEFT, "colour") == 25


@pytest.mark.parametrize("name", NAMES)
def test_what_nobody_can_tell_from_a_field_that_everybody_emptied_is_held(
    made: Build, name: str
) -> None:
    world = made()
    start(world)
    deleted(world, MAILEON, name)
    made_again(world, MAILEON, name)
    world.settle()
    held = sync(world, full=True)
    assert held.held is not None
    emptied = "custom.Colour" if name == "colour" else name
    assert f"25 of 25 linked contacts that have a value in `{emptied}` on 'crm'" in held.held
    assert f"`custom.{name}` of 'mail'" in held.held
    assert_untouched(world, name)
    opt_out(world, Side.LEFT, "p30@example.org")
    world.settle()
    assert sync(world).held
    assert "p30@example.org" in world.unsubscribed(), "an opt-out waits for a person"
    assert_untouched(world, name)


def test_a_person_may_empty_a_field_of_everybody(made: Build) -> None:
    world = made()
    start(world)
    for row in world.rows(Side.LEFT).values():
        world.act(GHL, "edit", id=row.id, custom={"Colour": ""}, tags=[])
    world.settle()
    held = sync(world)
    assert held.held is not None
    assert "`custom.colour` on 'mail'" in held.held
    assert "`custom.tags` on 'mail'" in held.held
    app = world.start_process()
    approve(app.environment, PAIR)
    assert sync(world).held is None
    assert having(world, Side.RIGHT, "colour") == having(world, Side.RIGHT, "tags") == 0


def test_what_the_held_message_says_to_do_fills_the_field(made: Build) -> None:
    world = made()
    start(world)
    deleted(world, MAILEON, "tags")
    made_again(world, MAILEON, "tags")
    assert sync(world, full=True).held
    deleted(world, MAILEON, "tags")
    world.start_process().checked("mail", anew=True)  # as `syncd check` does
    made_again(world, MAILEON, "tags")
    assert sync(world).held is None
    assert_untouched(world, "tags")
    assert having(world, Side.RIGHT, "tags") == 25


def test_a_field_of_another_type_in_maileon_starts_afresh(made: Build) -> None:
    world = made()
    start(world)
    deleted(world, MAILEON, "phone")
    world.act(MAILEON, "create_custom_field", name="phone", type="integer")
    world.wait(2 * HOUR.total_seconds())
    sync(world, full=True)
    assert_untouched(world, "phone")


def test_a_run_ends_if_another_process_found_out_that_a_field_is_another(made: Build) -> None:
    world = made()
    with working(world) as cycle, cycle.writing() as db:
        account, known = cycle.stream.accounts.right.name, cycle.stream.mapping.catalogues.right
        custom = {name: known[name] for name in cycle.stream.generations.right}
        other = {**custom, "custom.colour": FieldSpec("custom.colour", Kind.DATE)}
        fields.take_in(db, account, Resource.CONTACT, other)
        with pytest.raises(FieldsChangedError, match=r"custom.colour is another field now") as told:
            take_in(db, cycle, Side.RIGHT, [Record("r1", {"email": "ada@example.org"})])
    assert (told.value.fields, told.value.missing) == (("custom.colour",), False)


# -- in the middle of a pull ----------------------------------------------------------------

MOMENTS: dict[str, dict[str, Any]] = {
    "after the catalogue": {
        "platform": MAILEON, "method": "GET", "path": "/contacts/fields/custom", "before": False
    },
    "before the first page": {
        "platform": MAILEON, "method": "GET", "path": "/contacts$", "before": True
    },
}  # fmt: skip


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("again", [False, True], ids=["gone", "made again"])
def test_a_field_lost_in_the_middle_of_a_cycle_empties_nobody(
    made: Build, moment: str, again: bool
) -> None:
    world = made()
    start(world)
    world.wait(2 * HOUR.total_seconds())
    on = dict(MOMENTS[moment])
    place = "before" if on.pop("before") else "after"
    for action in (
        ("delete_custom_field", "create_custom_field") if again else ("delete_custom_field",)
    ):
        errand = {"on": on, place: 1, "platform": MAILEON, "action": action, "name": "tags"}
        later(world, errand)
    for _ in range(3):
        sync(world, full=True)
        assert_untouched(world, "tags")
        world.settle()


def later(world: World, errand: dict[str, Any]) -> None:
    client = httpx.Client(transport=world.box.transport, base_url="http://sandbox.test")
    answer = client.post("/_control/later", json=errand)
    assert answer.status_code == 200, answer.text


# -- one-way lines --------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["left", "right"])
@pytest.mark.parametrize("name", NAMES)
def test_a_one_way_line_neither_empties_its_target_for_a_lost_source(
    made: Build, name: str, direction: str
) -> None:
    lines = [
        {**line, "direction": direction} if str(line["right"]).endswith(name) else line
        for line in FIELDS
    ]
    world = made()
    start(world)
    configure(world.folder, fields=lines, store=world.store)
    held = sync(world)
    if held.held:
        approve(world.start_process().environment, PAIR)
        assert sync(world).held is None
    deleted(world, MAILEON, name)
    world.wait(2 * HOUR.total_seconds())
    for _ in range(3):
        sync(world, full=True)
        assert_untouched(world, name)
        world.settle()
    assert having(world, Side.RIGHT, name) == (25 if direction == "right" else 0)
