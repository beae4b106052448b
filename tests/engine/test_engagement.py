"""Who opened a mail, clicked in one or got none: a salesperson sees it in GHL."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from syncd.engine.engage import PAGES
from syncd.errors import AccountError, LeaseLostError
from syncd.model.side import Side
from syncd.sandbox.ghl.platform import Ghl
from syncd.store import tables as t
from tests.engine.line import CrashError
from tests.engine.pairs import FIELDS, GHL, MAILEON, MAILERCLOUD, NEWS_FIELDS
from tests.engine.test_lease_lost import DERIVED, theft
from tests.engine.world import Build, World

ADA, BOB = "ada@example.org", "bob@example.org"
OPENS = {"left": "custom.Last open", "right": "engagement.last_open_at", "create_missing": True}
CLICKS = {"left": "custom.Last click", "right": "engagement.last_click_at", "create_missing": True}
BOUNCES = {"left": "custom.Bounces", "right": "engagement.bounces", "create_missing": True}


def engaged(made: Build, *lines: Mapping[str, Any], **how: Any) -> World:
    """A world of two people, tracked by Maileon, whose clock is known."""
    world = made(fields=(*FIELDS, *lines), **how)
    for email in (ADA, BOB):
        world.act(MAILEON, "create", email=email, permission=5)
        world.act(GHL, "create", fields={"email": email, "city": "Bern"})
    world.cycles()
    return world


def later(world: World, hours: float = 1.1) -> None:
    """The next reports are read."""
    world.wait(hours * 3600)
    world.cycles()


def in_ghl(world: World, email: str = ADA) -> dict[str, Any]:
    """What a contact shows of its engagement, by the name of the custom field."""
    ghl = world.box.platform(GHL)
    assert isinstance(ghl, Ghl)
    names = {one.id: one.name for one in ghl.agency.main.fields.fields.values()}
    (contact,) = (one for one in ghl.dump() if one["email"] == email)
    return {names[one["id"]]: one["value"] for one in contact["customFields"]}


@contextmanager
def asked(world: World) -> Iterator[list[str]]:
    """The reports of engagement that Maileon is asked for meanwhile."""
    found: list[str] = []

    def note(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.endswith(("/opens", "/clicks", "/bounces")):
            found.append(request.url.path.rpartition("/")[2])
        return response

    world.line.rewrite = note
    yield found
    world.line.rewrite = None


def test_a_salesperson_sees_opens_clicks_and_bounces(made: Build) -> None:
    world = engaged(made, OPENS, CLICKS, BOUNCES)
    assert in_ghl(world) == in_ghl(world, BOB) == {}
    world.act(MAILEON, "open_mail", email=ADA)
    opened = world.now.replace(microsecond=0).isoformat()
    world.act(MAILEON, "bounce", email=BOB)
    later(world)
    assert in_ghl(world) == {"Last open": opened}
    assert in_ghl(world, BOB) == {"Bounces": 1}
    world.act(MAILEON, "click", email=ADA)
    clicked = world.now.replace(microsecond=0).isoformat()
    world.act(MAILEON, "bounce", email=BOB, type="transient")
    later(world)
    assert in_ghl(world) == {"Last open": opened, "Last click": clicked}
    assert in_ghl(world, BOB) == {"Bounces": 2}
    world.act(MAILEON, "open_mail", email=ADA)
    opened = world.now.replace(microsecond=0).isoformat()
    later(world)
    assert in_ghl(world)["Last open"] == opened
    later(world)
    assert not world.cycle().counts


def test_what_is_told_twice_or_late_changes_nothing(made: Build) -> None:
    """The last ten minutes are read twice; and everything, if the cursor is lost."""
    world = engaged(made, OPENS, BOUNCES)
    world.act(MAILEON, "open_mail", email=ADA)
    world.act(MAILEON, "bounce", email=ADA)
    later(world)
    before = in_ghl(world)
    assert before.keys() == {"Last open", "Bounces"}
    with world.running().store.begin() as db:
        db.execute(t.derived_field.update().values(cursor=None, read_at=None))
    writes = world.writes()
    later(world)
    assert in_ghl(world) == before
    assert world.writes() == writes


def test_who_is_not_to_be_tracked_is_left_out(made: Build) -> None:
    world = engaged(made, OPENS)
    world.act(MAILEON, "set_permission", email=BOB, permission=4)
    for email in (ADA, BOB):
        world.act(MAILEON, "open_mail", email=email)
    later(world)
    assert in_ghl(world).keys() == {"Last open"}
    assert in_ghl(world, BOB) == {}


def test_only_reports_of_named_fields_are_read_and_not_in_every_cycle(made: Build) -> None:
    world = engaged(made, BOUNCES)
    world.wait(3700)
    with asked(world) as found:
        for _ in range(3):
            world.settle()
            world.cycle()
    assert found == ["bounces"]
    plain = engaged(made)
    plain.wait(3700)
    with asked(plain) as found:
        plain.cycle()
    assert not found


def test_a_long_report_is_read_over_some_cycles(made: Build) -> None:
    """A page at a time, so that contacts need not wait for it."""
    world = engaged(made, OPENS, accounts={"mail": {"page_size": 1}})
    for number in range(PAGES + 5):
        world.act(MAILEON, "open_mail", email=ADA, mailing=number)
    last = world.now.replace(microsecond=0).isoformat()
    world.wait(3700)
    with asked(world) as found:
        world.cycle()
        assert len(found) == PAGES
        for _ in range(2):
            world.settle()
            world.cycle()
    assert len(found) == PAGES + 5
    assert in_ghl(world) == {"Last open": last}


def test_an_opt_out_goes_before_any_report(made: Build) -> None:
    world = engaged(made, OPENS)
    world.act(GHL, "dnd", email=ADA, channel="Email")
    world.wait(3700)
    left: list[set[str]] = []

    def note(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.endswith("/opens"):
            left.append(world.unsubscribed())
        return response

    world.line.rewrite = note
    world.cycle()
    assert left == [{ADA}]


def test_a_report_that_cannot_be_read_stops_no_contact(made: Build) -> None:
    world = engaged(made, OPENS)
    world.act(GHL, "edit", email=BOB, fields={"city": "Thun"})
    world.wait(3700)

    def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        refused = request.url.path.endswith("/opens")
        return httpx.Response(403, request=request) if refused else response

    world.line.rewrite = refuse
    with pytest.raises(AccountError):
        world.cycle()
    assert world.row(Side.RIGHT, BOB).says("city") == "Thun"


def test_a_process_that_dies_counts_nothing_twice(made: Build) -> None:
    world = engaged(made, BOUNCES)
    world.act(MAILEON, "bounce", email=ADA)
    world.wait(3700)
    world.dies_at("engaged")
    with pytest.raises(CrashError):
        world.cycle()
    world.end_process()
    world.lives()
    later(world)
    assert in_ghl(world) == {"Bounces": 1}


def test_who_has_lost_the_lease_takes_in_no_event(made: Build) -> None:
    world = engaged(made, OPENS)
    world.act(MAILEON, "open_mail", email=ADA)
    world.wait(3700)
    at = ("engage.py", "_read")
    assert at in DERIVED
    with theft(world, at) as thief:
        with pytest.raises(LeaseLostError):
            world.cycle()
        thief.assert_nothing_followed()
    assert thief.opened[-1] == at, "the next transaction must tell"
    world.wait(60)
    later(world)
    assert in_ghl(world).keys() == {"Last open"}


def test_mailercloud_tells_of_an_open_by_the_address(made: Build) -> None:
    line = {**OPENS, "right": "engagement.last_open_at"}
    world = made(
        news=True,
        news_fields=(*NEWS_FIELDS, line),
        accounts={"list": {"time_zone": "Asia/Kolkata"}},
    ).news
    world.act(GHL, "create", fields={"email": ADA})
    world.cycles()
    world.act(MAILERCLOUD, "open_mail", email=ADA)
    world.act(MAILERCLOUD, "create", email="new@example.org")
    opened = world.now.replace(microsecond=0).isoformat()
    later(world)
    assert in_ghl(world) == {"Last open": opened}
    assert not world.cycle().counts


def test_a_report_that_cannot_be_read_yet_is_tried_again_in_an_hour(made: Build) -> None:
    """Nobody has written to Maileon yet, so that its zone is not known."""
    world = made(fields=(*FIELDS, OPENS))
    world.cycle()
    (known,) = rows(world)
    assert known.cursor is None
    assert world.now - known.read_at < timedelta(minutes=1)
    with asked(world) as found:
        world.settle()
        world.cycle()
    assert not found


def rows(world: World) -> list[Any]:
    with world.running().store.connect() as db:
        return list(db.execute(sa.select(t.derived_field)))
