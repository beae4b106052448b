"""A write in doubt of fields that only a listing shows, edited again before that."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.engine.arrivals import settle_arrivals
from syncd.engine.backfill import BackfillRequest, carry_out, start
from syncd.engine.observe import PullReport, take_in
from syncd.model.op import OpKind, OpState
from syncd.model.plan import Draft
from syncd.model.record import Record, Window
from syncd.model.side import SIDES, Both, Side
from syncd.store import ops
from syncd.store import tables as t
from syncd.store.runs import RunState
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILERCLOUD
from tests.engine.scenes import ADA, BOB
from tests.engine.test_index_lag import working
from tests.engine.world import NOON, Build, World

MANY = [f"p{n:02}@example.org" for n in range(12)]
WRITES = "^/contacts|^/contact/tag"
DOUBTFUL = pytest.mark.parametrize("kind", ["lost_answer", "status_after"])


def tags(world: World, address: str = ADA) -> list[set[str]]:
    return [set(world.row(side, address).tags) for side in SIDES]


def settled(world: World, rounds: int = 4) -> World:
    for _ in range(rounds):
        world.wait(900)
        world.cycle()
    return world


def in_doubt(world: World, kind: str = "lost_answer") -> None:
    """A cycle of which no write to Mailercloud is answered, though all are carried out."""
    world.wait(60)
    world.fault(kind, platform=MAILERCLOUD, path=WRITES, times=50)
    world.cycle()
    world.box.world.faults.clear()


def states(world: World) -> set[str]:
    with world.reading() as db:
        return set(db.execute(t.op.select().with_only_columns(t.op.c.state)).scalars())


@pytest.fixture
def vip(made: Build) -> World:
    """Ada with a tag in both."""
    news = made(news=True).news
    news.act(GHL, "create", fields={"email": ADA}, tags=["vip"])
    settled(news)
    assert tags(news) == [{"vip"}, {"vip"}]
    return news


@DOUBTFUL
def test_a_tag_taken_off_again_stays_off(vip: World, kind: str) -> None:
    vip.act(GHL, "tag", email=ADA, tags=["old"])
    in_doubt(vip, kind)
    vip.act(GHL, "untag", email=ADA, tags=["old"])
    settled(vip)
    assert tags(vip) == [{"vip"}, {"vip"}]
    assert OpState.DOUBTED not in states(vip)


@DOUBTFUL
def test_a_tag_put_on_again_stays_on(vip: World, kind: str) -> None:
    vip.act(GHL, "untag", email=ADA, tags=["vip"])
    in_doubt(vip, kind)
    assert tags(vip) == [set(), set()]
    vip.act(GHL, "tag", email=ADA, tags=["vip"])
    settled(vip)
    assert tags(vip) == [{"vip"}, {"vip"}]


def test_what_was_not_carried_out_goes_again(vip: World) -> None:
    vip.act(GHL, "tag", email=ADA, tags=["old"])
    vip.wait(60)
    vip.fault("status", platform=MAILERCLOUD, path=WRITES, times=50)
    vip.cycle()
    vip.box.world.faults.clear()
    assert tags(vip) == [{"vip", "old"}, {"vip"}]
    settled(vip, 1)
    assert tags(vip) == [{"vip", "old"}, {"vip", "old"}]


def test_an_opt_out_does_not_wait_for_the_listing(vip: World) -> None:
    vip.act(GHL, "tag", email=ADA, tags=["old"])
    in_doubt(vip)
    vip.act(GHL, "dnd", email=ADA, channel="Email")
    vip.wait(60)
    vip.cycle()
    assert OpState.DOUBTED in states(vip)
    assert vip.row(Side.RIGHT, ADA).opted_out


def test_what_was_written_since_does_not_end_the_doubt_about_other_tags(vip: World) -> None:
    vip.act(GHL, "tag", email=ADA, tags=["old"])
    in_doubt(vip)
    vip.act(GHL, "untag", email=ADA, tags=["old"])
    vip.act(GHL, "tag", email=ADA, tags=["new"])
    vip.wait(60)
    vip.cycle()
    assert tags(vip) == [{"vip", "new"}, {"vip", "old", "new"}]
    settled(vip)
    assert tags(vip) == [{"vip", "new"}, {"vip", "new"}]


Creates = Callable[[World, list[str]], None]


def dies(world: World, addresses: list[str]) -> None:
    world.wait(60)
    world.dies_at("answered")
    with pytest.raises(CrashError):
        world.cycle()
    world.lives()


def unanswered(world: World, addresses: list[str]) -> None:
    in_doubt(world)


@pytest.mark.parametrize("away", [60, 4_000])
@pytest.mark.parametrize("addresses", [[ADA], MANY], ids=["single", "batch"])
@pytest.mark.parametrize("trouble", [dies, unanswered])
def test_an_edit_of_who_was_just_made_there_is_kept(
    made: Build, trouble: Creates, addresses: list[str], away: int
) -> None:
    """Also where the process is away until the listing shows them."""
    news = settled(made(news=True).news)
    for address in addresses:
        news.act(GHL, "create", fields={"email": address, "city": "Bern"}, tags=["vip", "old"])
    trouble(news, addresses)
    assert set(news.by_email(Side.RIGHT)) == set(addresses)
    for address in addresses:
        news.act(GHL, "untag", email=address, tags=["old"])
        news.act(GHL, "edit", email=address, fields={"city": "Chur"})
    news.wait(away)
    settled(news)
    for address in addresses:
        assert tags(news, address) == [{"vip"}, {"vip"}]
        cities = [news.row(side, address).fields["city"] for side in SIDES]
        assert cities == ["Chur", "Chur"]


def test_a_backfill_knows_them_too(made: Build) -> None:
    news = settled(made(news=True).news)
    news.act(GHL, "create", fields={"email": ADA, "city": "Bern"}, tags=["vip", "old"])
    unanswered(news, [ADA])
    news.act(GHL, "untag", email=ADA, tags=["old"])
    news.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    news.wait(4_000)
    window = Window(NOON - timedelta(days=4000), NOON + timedelta(days=4000))
    run = start(news.environment, news.pair(), BackfillRequest(window=window))
    assert carry_out(news.pair(), news.environment, run).state is RunState.DONE
    assert tags(news) == [{"vip"}, {"vip"}]
    assert [news.row(side, ADA).fields["city"] for side in SIDES] == ["Chur", "Chur"]


@pytest.mark.parametrize("trouble", [dies, unanswered])
def test_who_has_another_address_meanwhile_is_not_made_twice(made: Build, trouble: Creates) -> None:
    news = settled(made(news=True).news)
    news.act(GHL, "create", fields={"email": ADA, "city": "Bern"})
    trouble(news, [ADA])
    news.act(GHL, "edit", email=ADA, fields={"email": BOB})
    news.wait(60)
    news.cycle()
    assert [set(news.by_email(side)) for side in SIDES] == [{BOB}, {ADA}]
    settled(news)
    assert [set(news.by_email(side)) for side in SIDES] == [{BOB}, {ADA}]  # it cannot be changed
    assert OpState.DOUBTED not in states(news)


@pytest.mark.parametrize("trouble", [dies, unanswered])
def test_what_was_never_made_is_made_under_the_new_address(made: Build, trouble: Creates) -> None:
    news = settled(made(news=True).news)
    news.act(GHL, "create", fields={"email": ADA, "city": "Bern"})
    trouble(news, [ADA])
    news.act(MAILERCLOUD, "delete", email=ADA)
    news.act(GHL, "edit", email=ADA, fields={"email": BOB})
    settled(news)
    assert [set(news.by_email(side)) for side in SIDES] == [{BOB}, {BOB}]


@pytest.mark.parametrize("trouble", [dies, unanswered])
def test_who_is_joined_to_another_record_keeps_it(made: Build, trouble: Creates) -> None:
    """What was made for them shows later, and belongs to nobody."""
    news = settled(made(news=True).news)
    news.act(MAILERCLOUD, "create", email=BOB)
    news.wait(900)
    news.fault("status", platform=GHL, path="^/contacts/$", times=50, status=422)
    news.cycle()
    news.act(GHL, "create", fields={"email": ADA, "city": "Bern"})
    trouble(news, [ADA])
    news.act(GHL, "edit", email=ADA, fields={"email": BOB})
    news.wait(60)
    news.box.world.faults.clear()
    news.cycle()
    assert [set(news.by_email(side)) for side in SIDES] == [{BOB}, {ADA, BOB}]
    settled(news)
    assert [set(news.by_email(side)) for side in SIDES] == [{ADA, BOB}, {ADA, BOB}]
    with news.reading() as db:
        linked = db.execute(sa.text("SELECT left_id, right_id FROM link")).all()
    ids = [{row.id for row in news.rows(side).values()} for side in SIDES]
    assert [set(column) for column in zip(*linked, strict=True)] == ids


CITY: dict[str, Any] = {"kind": OpKind.UPDATE, "patch": {"city": "Bern"}}


@pytest.mark.parametrize("cause", ["unknown", "gone", "overtaken", ""])
def test_what_shows_a_write_in_effect_tells_that_only_of_one_who_is_there_and_of_the_last_write(
    vip: World, cause: str
) -> None:
    ada = vip.row(Side.RIGHT, ADA).id
    with vip.reading() as db:
        link_id = db.execute(sa.select(t.link.c.id).where(t.link.c.pair == vip.name)).scalar_one()
    remote_id = "nobody" if cause == "unknown" else ada
    shown = Record(ada, {"city": "Bern"}, gone=cause == "gone")
    draft = Draft(link_id, Side.RIGHT, remote_id=remote_id, **CITY)
    with working(vip) as cycle:
        with cycle.writing() as db:
            take_in(db, cycle, Side.RIGHT, [shown])
            ops.stage(db, vip.name, cycle.run_id, cycle.stream.resource, [draft, draft])
            mine = t.op.c.run_id == cycle.run_id
            first, later = db.execute(
                sa.select(t.op.c.id).where(mine).order_by(t.op.c.id)
            ).scalars()
            after = OpState.DONE if cause == "overtaken" else OpState.DROPPED
            ops.settle(db, {first: (OpState.DOUBTED, None), later: (after, None)})
        settle_arrivals(cycle, Both(PullReport(), PullReport()))
    with vip.reading() as db:
        state = db.execute(sa.select(t.op.c.state).where(t.op.c.id == first)).scalar_one()
    assert state == (OpState.DROPPED if cause else OpState.DONE)
