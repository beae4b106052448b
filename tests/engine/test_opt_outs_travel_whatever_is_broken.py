"""A pair whose fields are not as they were keeps carrying opt-outs, and whatever else it can."""

from collections.abc import Callable
from typing import Any

import pytest

from syncd.cli.run_until_quiet import Outcome
from syncd.engine.cycle import run_cycle
from syncd.engine.word import approve
from syncd.errors import ConfigError, SyncdError
from syncd.model.side import Side
from syncd.runtime.stop import Stop
from syncd.runtime.worker import Worker
from syncd.store import runs
from syncd.store.runs import RunState
from tests.engine.daily import HOUR, sync
from tests.engine.pairs import FIELDS, GHL, MAILEON, MAILERCLOUD, NEWS_FIELDS, PAIR, configure
from tests.engine.scenes import ADA, BOB, CY, opt_out
from tests.engine.world import Build, World

DI, EVE, FAY = "di@example.org", "eve@example.org", "fay@example.org"
EVERYBODY = (ADA, BOB, CY, DI, EVE, FAY)
TOLD = [{**line, "create_missing": False} for line in FIELDS]  # who makes fields is a person
NEWS_TOLD = [{**line, "create_missing": False} for line in NEWS_FIELDS]


@pytest.fixture
def kind_of_store() -> str:
    """What is asked of the store here is asked of either kind in tests/store."""
    return "sqlite"


def linked(made: Build, **settings: Any) -> World:
    """Six people on both sides, with a colour and a tag; nothing of ours makes a field."""
    world = made(**{"fields": TOLD, **settings})
    for name in ("tags", "colour"):
        world.act(MAILEON, "create_custom_field", name=name)
    if settings.get("news"):
        world.act(MAILERCLOUD, "create_property", name="Colour")
    for email in EVERYBODY:
        world.act(
            GHL,
            "create",
            fields={"email": email, "city": "Bern"},
            custom={"Colour": "red"},
            tags=["vip"],
        )
    for each in (world, world.news) if settings.get("news") else (world,):
        for _ in range(3):
            each.settle()
            sync(each)
        assert len(each.by_email(Side.RIGHT)) == 6
    world.wait(2 * HOUR.total_seconds())
    return world


def days(world: World, count: int = 1) -> list[Outcome]:
    """A day and another, with a sync at its beginning and its end."""
    outcomes = []
    for _ in range(2 * count):
        world.wait(12 * HOUR.total_seconds())
        outcomes.append(sync(world))
    return outcomes


def without_scope(world: World) -> None:
    scopes = ["contacts.readonly", "contacts.write", "locations.readonly"]
    world.env = {**world.env, "GHL_TOKEN": world.act(GHL, "make_token", scopes=scopes)["token"]}


def refused(platform: str, path: str, status: int) -> Callable[[World], None]:
    def strike(world: World) -> None:
        world.fault("status", platform=platform, path=path, status=status)

    return strike


def filtered(world: World) -> None:
    """The filter looks at a field that is not there any more."""
    where = {"left": {"field": "custom.Colour", "equals": "red"}}
    configure(world.folder, fields=TOLD[:4], store=world.store, filter=where)
    sync(world)
    approve(world.start_process().environment, PAIR)
    sync(world)
    world.act(GHL, "delete_custom_field", name="Colour")


RESTING: dict[str, Callable[[World], Any]] = {
    "a field of Maileon is gone": lambda w: w.act(MAILEON, "delete_custom_field", name="colour"),
    "a field of GHL is gone": lambda w: w.act(GHL, "delete_custom_field", name="Colour"),
    "a field of GHL has another name": lambda w: w.act(
        GHL, "rename_custom_field", name="Colour", new_name="Hue"
    ),
    "a field of Maileon has another type": lambda w: (
        w.act(MAILEON, "delete_custom_field", name="tags"),
        w.act(MAILEON, "create_custom_field", name="tags", type="boolean"),
    ),
}
REDUCED: dict[str, Callable[[World], Any]] = {
    "the token of GHL lost the scope of fields": without_scope,
    "GHL refuses its fields": refused(GHL, "/customFields", 403),
    "GHL cannot show its fields": refused(GHL, "/customFields", 500),
    "Maileon refuses its fields": refused(MAILEON, "/fields/custom", 403),
    "Maileon cannot show its fields": refused(MAILEON, "/fields/custom", 500),
    "the filter looks at a field that is gone": filtered,
}


@pytest.mark.parametrize("cause", [*RESTING, *REDUCED])
def test_opt_outs_of_both_sides_travel(made: Build, cause: str) -> None:
    world = linked(made)
    {**RESTING, **REDUCED}[cause](world)
    opt_out(world, Side.LEFT, ADA)
    opt_out(world, Side.RIGHT, BOB)
    for outcome in days(world):
        assert outcome.held, "nobody is told"
        assert int(outcome.code) == 7
    assert {ADA, BOB} <= world.unsubscribed()
    assert world.row(Side.LEFT, BOB).opted_out
    assert {row.tags for row in world.rows(Side.LEFT).values()} == {frozenset({"vip"})}
    opt_out(world, Side.LEFT, CY)
    opt_out(world, Side.RIGHT, DI)
    days(world)
    assert CY in world.unsubscribed()
    assert world.row(Side.LEFT, DI).opted_out


@pytest.mark.parametrize("cause", RESTING)
def test_a_line_that_does_not_fit_rests_and_the_others_go_on(made: Build, cause: str) -> None:
    world = linked(made)
    RESTING[cause](world)
    world.act(GHL, "edit", email=EVE, fields={"city": "Genf"})
    world.act(MAILEON, "edit", email=FAY, standard_fields={"CITY": "Thun"})
    world.act(GHL, "create", fields={"email": "new@example.org", "city": "Olten"})
    world.settle()
    outcome = sync(world)
    assert outcome.held is not None
    assert "This line rests" in outcome.held
    assert "pair.yaml" in outcome.held
    world.settle()
    sync(world)
    assert world.row(Side.RIGHT, EVE).fields["city"] == "Genf"
    assert world.row(Side.LEFT, FAY).fields["city"] == "Thun"
    assert world.row(Side.RIGHT, "new@example.org").fields["city"] == "Olten"
    with pytest.raises(ConfigError, match="cannot be released"):
        approve(world.start_process().environment, PAIR)


def test_a_line_that_rested_fills_the_field_that_a_person_makes_again(made: Build) -> None:
    world = linked(made)
    world.act(MAILEON, "delete_custom_field", name="tags")
    days(world, 2)
    world.act(GHL, "tag", email=ADA, tags=["new"])
    days(world)
    world.act(MAILEON, "create_custom_field", name="tags")
    outcomes = [sync(world), *days(world)]
    assert not any(outcome.held for outcome in outcomes)
    assert world.row(Side.RIGHT, ADA).tags == {"vip", "new"}
    assert world.row(Side.RIGHT, BOB).tags == {"vip"}
    assert {row.tags - {"new"} for row in world.rows(Side.LEFT).values()} == {frozenset({"vip"})}


@pytest.mark.parametrize("cause", [c for c in REDUCED if "filter" not in c])
def test_edits_wait_while_only_opt_outs_travel_and_none_is_lost(made: Build, cause: str) -> None:
    world = linked(made)
    scoped = world.env
    REDUCED[cause](world)
    world.act(GHL, "edit", email=EVE, fields={"city": "Genf"}, custom={"Colour": "blue"})
    world.act(MAILEON, "edit", email=FAY, custom_fields={"colour": "green"})
    world.act(GHL, "create", fields={"email": "new@example.org", "city": "Olten"})
    writes = world.writes()
    outcome = days(world)[-1]
    assert outcome.held is not None
    assert "nothing but opt-outs travels" in outcome.held
    assert world.writes() == writes
    world.box.world.faults.clear()
    world.env = scoped
    assert not any(outcome.held for outcome in days(world))
    assert world.row(Side.RIGHT, EVE).fields["city"] == "Genf"
    assert world.row(Side.RIGHT, EVE).fields["colour"] == "blue"
    assert world.row(Side.LEFT, FAY).fields["colour"] == "green"
    assert world.row(Side.RIGHT, "new@example.org").fields["city"] == "Olten"


MAILERCLOUD_CAUSES: dict[str, Callable[[World], Any]] = {
    "a property is gone": lambda w: w.act(MAILERCLOUD, "delete_property", name="Colour"),
    "a property has another name": lambda w: w.act(
        MAILERCLOUD, "rename_property", name="Colour", new_name="Hue"
    ),
    "properties are refused": refused(MAILERCLOUD, "/contact/property/search", 403),
    "properties cannot be shown": refused(MAILERCLOUD, "/contact/property/search", 500),
}


@pytest.mark.parametrize("cause", MAILERCLOUD_CAUSES)
def test_opt_outs_travel_to_and_from_mailercloud(made: Build, cause: str) -> None:
    world = linked(made, news=True, news_fields=NEWS_TOLD)
    news = world.news
    world.act(MAILERCLOUD, "send_campaign", name="News")
    MAILERCLOUD_CAUSES[cause](world)
    opt_out(world, Side.LEFT, ADA)
    world.act(MAILERCLOUD, "unsubscribe", email=BOB)
    for outcome in days(news):
        assert outcome.held, "nobody is told"
    assert news.row(Side.RIGHT, ADA).opted_out
    assert world.row(Side.LEFT, BOB).opted_out
    assert {row.fields["colour"] for row in world.rows(Side.LEFT).values()} == {"red"}


# -- one kind of request is refused, for as long as it may be ---------------------------------

STATUSES = (403, 404, 422, 500)
# What is not read on one side cannot be carried to the other; the rest must be.
READS_CRM = [(GHL, "^/contacts/search$")]
READS_MAILEON = [(MAILEON, "^/contacts$"), (MAILEON, "/unsubscriptions$")]
OPENS = [(GHL, "^/locations/[^/]+$"), (MAILEON, "/account/info"), (MAILEON, "/ping")]
NEWS_OPENS = [
    (GHL, "^/locations/[^/]+$"),
    (GHL, "/customFields"),
    (MAILERCLOUD, "/client/plan"),
    (MAILERCLOUD, "/lists/search"),
    (MAILERCLOUD, "/contact/property/search"),
    (MAILERCLOUD, "/tags/search"),
    (MAILERCLOUD, "^/tags$"),
    (MAILERCLOUD, "^/contact/search/"),
]
NEWS_READS = [(MAILERCLOUD, "/campaign")]


def days_in_trouble(world: World) -> None:
    """A day on which the pair tells of something broken at every sync."""
    for _ in range(3):
        world.wait(12 * HOUR.total_seconds())
        try:
            outcome = sync(world)
        except SyncdError:
            continue
        assert outcome.held or outcome.refused or outcome.parked or not outcome.code


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("platform", "path"), OPENS + READS_MAILEON + READS_CRM)
def test_whatever_call_is_refused_opt_outs_travel_that_do_not_need_it(
    made: Build, platform: str, path: str, status: int
) -> None:
    world = linked(made)
    refused(platform, path, status)(world)
    opt_out(world, Side.LEFT, ADA)
    opt_out(world, Side.RIGHT, BOB)
    days_in_trouble(world)
    if (platform, path) not in READS_CRM:
        assert ADA in world.unsubscribed()
    if (platform, path) not in READS_MAILEON:
        assert world.row(Side.LEFT, BOB).opted_out


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("platform", "path"), NEWS_OPENS + NEWS_READS + READS_CRM)
def test_whatever_mailercloud_refuses_opt_outs_travel_that_do_not_need_it(
    made: Build, platform: str, path: str, status: int
) -> None:
    world = linked(made, news=True, news_fields=NEWS_TOLD)
    world.act(MAILERCLOUD, "send_campaign", name="News")
    refused(platform, path, status)(world)
    opt_out(world, Side.LEFT, ADA)
    world.act(MAILERCLOUD, "unsubscribe", email=BOB)
    days_in_trouble(world.news)
    if (platform, path) not in READS_CRM:
        assert world.news.row(Side.RIGHT, ADA).opted_out
    if (platform, path) not in NEWS_READS:
        assert world.row(Side.LEFT, BOB).opted_out


# -- in the daemon -----------------------------------------------------------------------


@pytest.mark.parametrize("cause", [*RESTING, *REDUCED])
def test_the_daemon_carries_opt_outs_at_its_next_interval(made: Build, cause: str) -> None:
    world = linked(made)
    {**RESTING, **REDUCED}[cause](world)
    worker = Worker(world.name, world.start_process(), Stop(), clock=lambda: 0.0)
    for _ in range(3):
        world.wait(worker.work().total_seconds())
    opt_out(world, Side.LEFT, ADA)
    opt_out(world, Side.RIGHT, BOB)
    world.settle()
    wait = worker.work()
    assert wait == worker.every, "a pair with something broken is put off"
    assert ADA in world.unsubscribed()
    assert world.row(Side.LEFT, BOB).opted_out
    with world.reading() as db:
        run = runs.last(db, PAIR)
    assert run is not None
    assert run.state is RunState.HELD
    assert run.reasons


# -- what stays as it was ----------------------------------------------------------------


@pytest.mark.parametrize("cause", [c for c in (*RESTING, *REDUCED) if "filter" not in c])
def test_a_pair_that_nobody_has_approved_does_not_open(made: Build, cause: str) -> None:
    world = made(fields=TOLD, baseline="held")
    for name in ("tags", "colour"):
        world.act(MAILEON, "create_custom_field", name=name)
    {**RESTING, **REDUCED}[cause](world)
    with pytest.raises(SyncdError):
        sync(world)
    assert world.writes() == 0


def test_a_backfill_needs_every_line(made: Build) -> None:
    world = linked(made)
    world.act(MAILEON, "delete_custom_field", name="colour")
    app = world.start_process()
    with pytest.raises(ConfigError, match=r"no field `custom\.colour`"):
        app.open_pair(PAIR, create_fields=True, complete=True)


# -- other reasons why a run is held -------------------------------------------------------


def changed_filter(world: World) -> None:
    configure(world.folder, fields=TOLD[:3], store=world.store)


def too_much(world: World) -> None:
    for n in range(30):
        world.act(GHL, "create", fields={"email": f"n{n}@example.org"})


@pytest.mark.parametrize("why", [changed_filter, too_much])
def test_an_opt_out_that_could_not_be_written_is_tried_again_although_the_run_is_held(
    made: Build, why: Callable[[World], None]
) -> None:
    world = linked(made, guards={"creates": {"count": 20, "percent": 10}})
    why(world)
    world.settle()
    assert sync(world).held
    opt_out(world, Side.LEFT, ADA)
    fault = world.fault("status", platform=MAILEON, path="unsubscribe", status=503)
    world.settle()
    assert sync(world).held
    assert ADA not in world.unsubscribed()
    world.box.world.faults.remove(fault)
    world.settle()
    assert sync(world).held
    assert ADA in world.unsubscribed()


def test_a_held_run_tells_of_opt_outs_that_another_pair_has_read(made: Build) -> None:
    limits = {"creates": {"count": 3, "percent": 100}}
    world = linked(made, news=True, news_fields=NEWS_TOLD, guards=limits)
    hidden = "hidden@example.org"
    world.act(MAILERCLOUD, "create", email=hidden, contact_type="bounce")
    world.act(MAILEON, "create", email=hidden)
    for n in range(5):
        world.act(GHL, "create", fields={"email": f"n{n}@example.org"})
    for _ in range(2):
        world.settle()
        assert sync(world.news).held
    opt_out(world, Side.RIGHT, hidden)
    world.settle()
    sync(world)
    assert sync(world.news).held
    assert world.news.row(Side.RIGHT, hidden).opted_out


def test_opt_outs_travel_although_the_other_side_shows_hardly_anybody(made: Build) -> None:
    world = made(contacts=50)
    world.cycles()
    ada = sorted(world.by_email(Side.LEFT).keys() & world.by_email(Side.RIGHT).keys())[0]
    world.act(GHL, "empty")
    opt_out(world, Side.RIGHT, ada)
    world.act(GHL, "create", fields={"email": BOB})
    world.act(MAILEON, "create", email=BOB)
    opt_out(world, Side.LEFT, BOB)
    for _ in range(2):
        world.settle()
        outcome = sync(world, full=True)
        assert outcome.held is not None
        assert "showed only" in outcome.held
    assert BOB in world.unsubscribed()
    assert ada in world.unsubscribed()


def test_opt_outs_travel_although_nobody_can_say_how_much_room_there_is(made: Build) -> None:
    world = linked(made, news=True, news_fields=NEWS_TOLD)
    news = world.news
    world.act(GHL, "create", fields={"email": "new@example.org"})
    opt_out(world, Side.LEFT, ADA)
    world.settle()
    app = world.start_process()
    pair = app.open_pair(news.name, create_fields=True)
    world.fault("status", platform=MAILERCLOUD, path="/client/plan", status=403)
    report = run_cycle(pair, app.environment)
    assert report.state is RunState.HELD
    assert any("room" in reason for reason in report.reasons)
    assert news.row(Side.RIGHT, ADA).opted_out
    assert "new@example.org" not in news.by_email(Side.RIGHT)
