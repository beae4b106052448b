"""Opt-outs told by the address alone, to accounts that may hide who bears it."""

from syncd.engine.inquire import AT_ONCE
from syncd.model.side import Side
from syncd.store import inquiries
from tests.engine.pairs import MAILEON, MAILERCLOUD
from tests.engine.scenes import opt_out
from tests.engine.test_three_platforms import settled
from tests.engine.world import Build

ZOE = "zoe@example.org"


def test_however_many_need_not_be_told_of_any_more_who_opts_out_is(made: Build) -> None:
    """These were let in again, or are linked by now; all of them come before Zoe."""
    world = made(news=True)
    world.act(MAILERCLOUD, "create", email=ZOE, contact_type="bounce")
    world.act(MAILEON, "create", email=ZOE)
    settled(world)
    place = (world.news.name, Side.RIGHT)
    with world.running().store.begin() as db:
        inquiries.add(db, [place], [f"p{n}@example.org" for n in range(AT_ONCE)])
    opt_out(world, Side.RIGHT, ZOE)
    settled(world)
    assert world.news.row(Side.RIGHT, ZOE).opted_out
    with world.reading() as db:
        assert inquiries.waiting(db, place, 1) == []
