"""Opens and clicks from the reports of campaigns (mailercloud.md 12), against the emulator."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from syncd.connectors.api import Wire
from syncd.connectors.mailercloud import CONNECTOR
from syncd.connectors.mailercloud.connector import Mailercloud
from syncd.model.derived import BOUNCES, LAST_CLICK_AT, LAST_OPEN_AT
from syncd.model.engagement import Event
from syncd.model.record import Resource
from syncd.testing.inprocess import sandbox

START = datetime(2026, 8, 20, 9, 0, tzinfo=UTC)
ADA = "ada@example.org"
ZONE = "Asia/Kolkata"  # of the emulated account


class Harness:
    """An emulated account and its connector, with the paths of what was asked."""

    def __init__(self, *, rows: str = "email", **settings: Any) -> None:
        self.box = sandbox(frozen_at=START, settings={"mailercloud": {"campaign_rows": rows}})
        self.asked: list[str] = []
        info = self.box.info["mailercloud"]
        chosen = CONNECTOR.settings(
            api_key=info["api_key"], list_id=info["list_id"], base_url=info["base_url"], **settings
        )
        clock, self.slept = self.box.world.clock, 0.0
        wire = Wire(
            transport=_Noting(self),
            now=clock.now,
            monotonic=lambda: self.slept,
            sleep=self._sleep,
        )
        opened = CONNECTOR.open(chosen, wire)
        assert isinstance(opened, Mailercloud)
        self.connector = opened
        self.act("create", email=ADA)

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds

    def act(self, action: str, **arguments: Any) -> Any:
        return self.box.platform("mailercloud").act(action, arguments)

    def wait(self, hours: float) -> None:
        self.box.world.clock.advance(timedelta(hours=hours))

    def read(self, name: str = LAST_OPEN_AT, cursor: str | None = None) -> tuple[list[Event], str]:
        """The events of a report read to its end, and where that leaves it."""
        self.asked.clear()
        pages = list(self.connector.engagement(name, cursor))
        assert pages[-1].last
        return [event for page in pages for event in page.events], pages[-1].cursor

    def reports(self) -> list[str]:
        return [path for path in self.asked if path.endswith(("/opens", "/clicks"))]


class _Noting(httpx.BaseTransport):
    def __init__(self, harness: Harness) -> None:
        self.harness = harness

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.harness.asked.append(request.url.path)
        return self.harness.box.transport.handle_request(request)


@pytest.fixture
def campaigned() -> Harness:
    """One whose zone is known."""
    return Harness(time_zone=ZONE)


@pytest.mark.parametrize(
    ("name", "action"), [(LAST_OPEN_AT, "open_mail"), (LAST_CLICK_AT, "click")]
)
def test_events_are_told_by_address_and_moment(campaigned: Harness, name: str, action: str) -> None:
    campaigned.act(action, email=ADA)
    (event,), _ = campaigned.read(name)
    assert (event.address, event.remote_id, event.at) == (ADA, None, START)


@pytest.mark.parametrize("rows", ["email", "recipient_email", "nested"])
def test_the_address_may_stand_anywhere_in_a_row(rows: str) -> None:
    made = Harness(rows=rows, time_zone=ZONE)
    made.act("open_mail", email=ADA)
    (event,), _ = made.read()
    assert event.address == ADA


def test_a_row_without_a_time_that_can_be_read_tells_nothing() -> None:
    """17.2: a local time without its zone, or none at all; a guess would tell wrong times."""
    for made in (Harness(), Harness(rows="text", time_zone=ZONE)):
        made.act("open_mail", email=ADA)
        events, _ = made.read()
        assert not events


def test_a_campaign_is_read_anew_only_when_its_summary_has_changed(campaigned: Harness) -> None:
    campaigned.act("open_mail", email=ADA)
    first, cursor = campaigned.read()
    assert len(campaigned.reports()) >= 1
    campaigned.wait(1)
    events, cursor = campaigned.read(cursor=cursor)
    assert not events
    assert not campaigned.reports()
    campaigned.act("open_mail", email=ADA)
    both, _ = campaigned.read(cursor=cursor)
    assert len(campaigned.reports()) == 1
    assert len(both) == 2
    assert first[0] in both, "told twice, by the same identity"


def test_a_long_report_is_read_anew_once_a_day_and_goes_on_anywhere(campaigned: Harness) -> None:
    for _ in range(350):
        campaigned.act("open_mail", email=ADA)
        campaigned.wait(1 / 60)
    pages = campaigned.connector.engagement(LAST_OPEN_AT, None)
    begun = next(page for page in pages if page.events)
    rest, cursor = campaigned.read(cursor=begun.cursor)
    assert len(begun.events) + len(rest) == 350
    campaigned.act("open_mail", email=ADA)
    _, cursor = campaigned.read(cursor=cursor)
    assert not campaigned.reports()
    campaigned.wait(24)
    events, _ = campaigned.read(cursor=cursor)
    assert len(events) == 351


def test_without_campaigns_to_look_at_nothing_is_asked_for() -> None:
    made = Harness(campaign_days=0)
    assert not list(made.connector.engagement(LAST_OPEN_AT, None))
    assert not made.asked


def test_bounces_have_no_report(campaigned: Harness) -> None:
    offered = campaigned.connector.spec.resources[Resource.CONTACT].engagement
    assert offered == {LAST_OPEN_AT, LAST_CLICK_AT}
    assert BOUNCES not in offered


@pytest.mark.parametrize("cursor", ["", "x", "{}", '{"v":1}', '{"v":1,"read":{},"reading":7}'])
def test_a_position_of_another_making_starts_anew(campaigned: Harness, cursor: str) -> None:
    campaigned.act("open_mail", email=ADA)
    events, _ = campaigned.read(cursor=cursor)
    assert len(events) == 1


def test_a_zone_is_an_iana_name() -> None:
    with pytest.raises(ValueError, match="IANA name"):
        Harness(time_zone="Kolkata/Asia")
