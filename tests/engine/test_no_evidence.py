"""What is no evidence that somebody was deleted: a look that is refused, half a listing."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from syncd.engine.backfill import BackfillRequest, carry_out, start
from syncd.engine.cycle import Mode
from syncd.errors import StoppedError, SyncdError, TransientError
from syncd.model.op import OpKind
from syncd.model.record import Resource, Window
from syncd.model.side import Side
from syncd.store import cursors, doubts
from syncd.store.cursors import Cursor
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.scenes import ADA, BOB, CY
from tests.engine.world import LAG, Build, World, assert_alike

DI = "di@example.org"
EVERYBODY = (ADA, BOB, CY, DI)
LIMITLESS = {kind: {"count": 1000, "percent": 100} for kind in ("creates", "updates", "deletes")}


@dataclass(frozen=True)
class Place:
    """One side of one pair, and how its platform lists people and shows one of them.

    Attributes:
        listing, look: methods and paths of the calls; look: of one record by its id.
    """

    platform: str
    side: Side
    listing: tuple[str, str]
    look: tuple[str, str]

    def view(self, world: World) -> World:
        return world.news if self.platform == MAILERCLOUD else world

    def lists(self, request: httpx.Request) -> bool:
        method, path = self.listing
        _, _, below = request.url.path.partition(f"/{self.platform}/")
        below = re.sub(r"^(1\.0|v1)/", "", below)
        return request.method == method and bool(below and re.search(path, f"/{below}"))


PLACES = {
    GHL: Place(
        GHL, Side.LEFT, ("POST", "^/contacts/search$"), ("GET", "^/contacts/[A-Za-z0-9]{15,}$")
    ),
    MAILEON: Place(MAILEON, Side.RIGHT, ("GET", "^/contacts/?$"), ("GET", "^/contacts/contact")),
    MAILERCLOUD: Place(
        MAILERCLOUD, Side.RIGHT, ("POST", "^/contact/search/"), ("GET", "^/contacts/")
    ),
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Place:
    return PLACES[request.param]


@pytest.fixture
def linked(made: Build, place: Place) -> World:
    """Four people in all accounts, seen from the pair of the place."""
    small = {"crm": {"page_size": 2}, "mail": {"page_size": 2}}
    world = made(
        news=place.platform == MAILERCLOUD, delete="delete", guards=LIMITLESS, accounts=small
    )
    for email in EVERYBODY:
        world.act(GHL, "create", fields={"email": email, "city": "Bern"}, tags=["vip"])
    view = place.view(world)
    for _ in range(4):
        view.wait(3 * LAG.total_seconds())
        view.cycle()
    assert set(view.by_email(Side.RIGHT)) == set(EVERYBODY)
    return view


def refuse_looks(world: World, place: Place) -> Any:
    method, path = place.look
    body = {"message": "Unprocessable", "errors": []}
    return world.fault(
        "status", platform=place.platform, method=method, path=path, status=422, body=str(body)
    )


def states(world: World, side: Side) -> set[str]:
    return {state for state, _ in world.standing(side).values()}


def assert_nobody_deleted(world: World) -> None:
    for side in Side:
        assert set(world.by_email(side)) == set(EVERYBODY)
        assert "gone" not in states(world, side)


# -- looks that are refused ----------------------------------------------------------------


def test_a_listing_that_flickers_and_looks_that_are_refused_delete_nobody(
    linked: World, place: Place
) -> None:
    if place.platform == GHL:
        linked.configure(GHL, flicker=1.0)
    linked.line.rewrite = without(ADA, place)
    refuse_looks(linked, place)
    linked.wait(3 * LAG.total_seconds())
    linked.cycle(Mode.FULL)
    assert linked.box.world.struck[f"{place.platform} status"] >= 1, "nobody was asked for"
    linked.configure(GHL, flicker=0.0)
    linked.line.rewrite = None
    linked.box.world.faults.clear()
    for mode in (Mode.SYNC, Mode.FULL):
        linked.wait(3 * LAG.total_seconds())
        linked.cycle(mode)
    assert_nobody_deleted(linked)
    assert_alike(linked)


def without(email: str, place: Place) -> Callable[[httpx.Request, httpx.Response], httpx.Response]:
    """Leaves somebody out of the listing of a place; the counts stay what they are."""
    row = {
        MAILEON: rb"<contact>(?:(?!</contact>).)*%s.*?</contact>",
        MAILERCLOUD: rb"\{[^{}]*%s(?:[^{}]|\{[^{}]*\})*\},?",
        GHL: rb"(?!)%s",  # it flickers by itself
    }[place.platform] % re.escape(email).encode()

    def rewrite(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not place.lists(request):
            return response
        rest = re.sub(row, b"", response.content, flags=re.DOTALL).replace(b"},]", b"}]")
        headers = {k: v for k, v in response.headers.items() if k.lower() != "content-length"}
        return httpx.Response(response.status_code, headers=headers, content=rest)

    return rewrite


def test_a_doubtful_row_whose_look_is_refused_deletes_nobody_and_undoes_nothing(
    linked: World, place: Place
) -> None:
    """The index still shows what was there before our own write."""
    lag = {GHL: "index_lag_s", MAILERCLOUD: "search_lag_s"}.get(place.platform)
    if lag:
        linked.configure(place.platform, **{lag: 100.0})
    edit_elsewhere(linked, place, ADA, "Chur")
    linked.settle()
    linked.cycle()
    refuse_looks(linked, place)
    for mode in (Mode.SYNC, Mode.FULL):
        linked.wait(5)
        linked.cycle(mode)
    linked.box.world.faults.clear()
    assert_nobody_deleted(linked)
    for side in Side:
        assert linked.row(side, ADA).fields["city"] == "Chur"


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_delete_in_doubt_whose_look_is_refused_is_sent_again(
    pair_of: Build, carried_out: bool
) -> None:
    """Maileon's contact is deleted after GHL's; whether it is gone, nobody says."""
    world = pair_of(ADA, BOB, delete="delete", guards=LIMITLESS)
    world.act(GHL, "delete", email=ADA)
    world.settle()
    world.line.rest()
    world.line.carried_out = carried_out
    world.line.crash_in = lambda request: request.method == "DELETE"
    with pytest.raises(CrashError):
        world.cycle(Mode.FULL)
    world.line.rest()
    world.end_process()
    refuse_looks(world, PLACES[MAILEON])
    world.settle()
    world.cycle()
    with world.reading() as db:
        doubtful = [sent.op.kind for sent in doubts.in_doubt(db, world.name, Resource.CONTACT, 9)]
    assert OpKind.DELETE not in doubtful
    world.box.world.faults.clear()
    world.cycles()
    assert set(world.by_email(Side.RIGHT)) == {BOB}


def test_a_look_after_a_refused_write_that_is_itself_refused_deletes_nobody(
    pair_of: Build,
) -> None:
    """GHL says of a write that nobody is there, and of a look nothing."""
    world = pair_of(*EVERYBODY, delete="delete", guards=LIMITLESS)
    world.act(MAILEON, "edit", email=ADA, standard_fields={"FIRSTNAME": "Ada"})
    world.settle()
    body = '{"message": "Contact not found", "statusCode": 404}'
    fault = world.fault("status", platform=GHL, method="PUT", path="^/contacts/", status=404)
    fault.body = body
    refuse_looks(world, PLACES[GHL])
    world.cycle()
    world.box.world.faults.clear()
    world.cycles()
    assert_nobody_deleted(world)
    assert world.row(Side.LEFT, ADA).fields["firstName"] == "Ada"


def test_a_backfill_whose_looks_are_refused_deletes_nobody(linked: World, place: Place) -> None:
    edit_elsewhere(linked, place, ADA, "Chur")
    linked.settle()
    window = Window(linked.now.replace(year=2020), linked.now.replace(year=2030))
    run = start(linked.environment, linked.pair(), BackfillRequest(window, chunk=2))
    refuse_looks(linked, place)
    carry_out(linked.pair(), linked.environment, run)
    linked.box.world.faults.clear()
    linked.cycles()
    assert_nobody_deleted(linked)
    assert_alike(linked)


def edit_elsewhere(world: World, place: Place, email: str, city: str) -> None:
    """Edit somebody on the side that is not the place's."""
    if place.side is Side.RIGHT:
        world.act(GHL, "edit", email=email, fields={"city": city})
    else:
        world.act(MAILEON, "edit", email=email, standard_fields={"CITY": city})


# -- listings that end before their end ----------------------------------------------------


def fault(kind: str, **how: Any) -> Callable[[World, Place], None]:
    def strike(world: World, place: Place) -> None:
        method, path = place.listing
        world.fault(kind, platform=place.platform, method=method, path=path, after=1, **how)

    return strike


def read_from_now_on(world: World, place: Place) -> list[httpx.Request]:
    """The pages of the listing that have been asked for since."""
    asked: list[httpx.Request] = []

    def note(request: httpx.Request) -> bool:
        if place.lists(request):
            asked.append(request)
        return False

    world.line.crash_in = note
    return asked


def die(world: World, place: Place) -> None:
    asked = read_from_now_on(world, place)

    def crash(name: str) -> None:
        if name == "sweep" and asked:
            raise CrashError

    world.crash = crash


def die_in_the_request(world: World, place: Place) -> None:
    asked: list[httpx.Request] = []

    def second(request: httpx.Request) -> bool:
        if place.lists(request):
            asked.append(request)
        return len(asked) > 1

    world.line.crash_in = second
    world.line.carried_out = False


def stop(world: World, place: Place) -> None:
    asked = read_from_now_on(world, place)
    world.stopping = lambda: bool(asked)


BREAKS: dict[str, Callable[[World, Place], None]] = {
    "answers 500": fault("status", status=500),
    "answers 401": fault("status", status=401),
    "answers 422": fault("status", status=422, body='{"message": "no"}'),
    "refuses connections": fault("refused"),
    "loses its answers": fault("lost_answer"),
    "cuts its answers": fault("truncated"),
    "answers with a page of a proxy": fault("html", status=502),
    "is left by a death": die,
    "is left by a death in a request": die_in_the_request,
    "is left by a stop": stop,
}


def cursor_of(world: World, side: Side) -> Cursor:
    with world.reading() as db:
        return cursors.load(db, world.name, side, world.stream().resource)


@pytest.mark.parametrize("how", BREAKS)
def test_a_listing_that_breaks_off_is_no_evidence(made: Build, place: Place, how: str) -> None:
    """Whoever was deleted is found to be gone by the next one that comes to its end."""
    if place.platform == MAILERCLOUD:
        view = crowded(made)
    else:
        small = {"crm": {"page_size": 2}, "mail": {"page_size": 2}}
        view = made(guards=LIMITLESS, accounts=small)
        for email in EVERYBODY:
            view.act(GHL, "create", fields={"email": email})
        view.cycles()
    victim = view.row(place.side, ADA).id
    view.act(place.platform, "delete", id=victim)
    view.wait(3 * LAG.total_seconds())
    view.pair()  # opened before anything goes wrong
    before = cursor_of(view, place.side)
    BREAKS[how](view, place)
    with pytest.raises((SyncdError, CrashError, StoppedError)):
        view.cycle(Mode.FULL)
    assert view.standing(place.side)[victim][0] == "linked"
    after = cursor_of(view, place.side)
    assert (after.swept_at, after.swept_count) == (before.swept_at, before.swept_count)
    assert after.sweep is not None, "the next run would not go on with it"
    view.box.world.faults.clear()
    view.line.rest()
    view.lives()
    view.stopping = lambda: False
    view.start_process()
    view.wait(3 * LAG.total_seconds())
    view.cycle(Mode.FULL)
    assert view.standing(place.side)[victim][0] == "gone"


def crowded(made: Build) -> World:
    """More people in Mailercloud than a page shows, of whom one is in GHL too."""
    world = made(news=True, guards=LIMITLESS, create="right").news
    world.act(GHL, "create", fields={"email": ADA})
    for n in range(101):
        world.act(MAILERCLOUD, "create", email=f"n{n}@example.org")
    for _ in range(2):
        world.wait(3 * LAG.total_seconds())
        world.cycle()
    assert world.count_linked() == 1
    return world


def test_a_second_page_that_fails_is_no_end_of_the_list(made: Build) -> None:
    """Everything else answers, also the looks by which somebody is found to be gone."""
    world = crowded(made)
    victim = world.row(Side.RIGHT, ADA).id
    world.act(MAILERCLOUD, "delete", id=victim)
    world.wait(3 * LAG.total_seconds())
    before = cursor_of(world, Side.RIGHT)

    def fail(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        listed = PLACES[MAILERCLOUD].lists(request)
        second = listed and json.loads(request.content)["page"] == 2
        return httpx.Response(500, text="{}") if second else response

    world.line.rewrite = fail
    for mode in (Mode.SYNC, Mode.FULL):
        with pytest.raises(TransientError):
            world.cycle(mode)
        assert not gone(world, victim)
        assert cursor_of(world, Side.RIGHT).swept_at == before.swept_at


def gone(world: World, remote_id: str) -> bool:
    return world.standing(Side.RIGHT)[remote_id][0] == "gone"
