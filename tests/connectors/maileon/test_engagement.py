"""Opens, clicks and bounces from the reports (maileon.md 3.3), against the emulator."""

from datetime import timedelta

import pytest

from syncd.model.derived import BOUNCES, LAST_CLICK_AT, LAST_OPEN_AT
from syncd.model.engagement import Event
from syncd.model.op import Op, OpKind

from .test_sandbox import CONTACT, Harness

ADA, BOB = "ada@example.org", "bob@example.org"


def harness(**settings: object) -> Harness:
    made = Harness(time_zone="Europe/Berlin", **settings)
    for email in (ADA, BOB):
        made.act("create", email=email, permission=5)
    return made


def read(made: Harness, name: str, cursor: str | None = None) -> tuple[list[Event], str | None]:
    """The events of a report read to its end, and where that leaves it."""
    events: list[Event] = []
    last = False
    for page in made.connector.engagement(name, cursor):
        events += page.events
        cursor, last = page.cursor, page.last
    assert last
    return events, cursor


@pytest.mark.parametrize(
    ("name", "action"), [(LAST_OPEN_AT, "open_mail"), (LAST_CLICK_AT, "click"), (BOUNCES, "bounce")]
)
def test_events_are_told_with_their_contact_and_moment(name: str, action: str) -> None:
    made = harness()
    ada = made.act(action, email=ADA)["id"]
    made.wait(60)
    (event,), _ = read(made, name)
    assert event.remote_id == str(ada)
    assert event.at == made.now - timedelta(seconds=60)


def test_only_what_is_new_is_read_and_ten_minutes_before_it() -> None:
    made = harness()
    made.act("open_mail", email=ADA)
    made.wait(3600)
    events, cursor = read(made, LAST_OPEN_AT)
    assert len(events) == 1
    made.wait(3600)
    events, cursor = read(made, LAST_OPEN_AT, cursor)
    assert not events
    made.act("open_mail", email=BOB)
    made.wait(60)
    first, cursor = read(made, LAST_OPEN_AT, cursor)
    made.wait(60)
    again, _ = read(made, LAST_OPEN_AT, cursor)
    assert first == again, "what comes late is not missed, and told by the same identity"
    assert len(first) == 1


def test_a_report_is_read_a_page_at_a_time_and_goes_on_anywhere() -> None:
    made = harness(page_size=2)
    for number in range(5):
        made.act("bounce", email=ADA, status_code=f"5.1.{number}")
    made.wait(60)
    pages = made.connector.engagement(BOUNCES, None)
    first = next(pages)
    assert (len(first.events), first.last) == (2, False)
    rest, _ = read(made, BOUNCES, first.cursor)
    assert len({one.identity for one in [*first.events, *rest]}) == 5


def test_bounces_of_a_second_are_told_apart() -> None:
    made = harness()
    made.act("bounce", email=ADA, type="transient")
    made.act("bounce", email=ADA, type="permanent")
    made.wait(60)
    events, _ = read(made, BOUNCES)
    assert len({one.identity for one in events}) == 2


def test_who_is_shown_without_a_name_is_left_out() -> None:
    """2.11: no permission to track, so nobody is told what that person does."""
    made = harness()
    made.act("set_permission", email=BOB, permission=4)
    for email in (ADA, BOB):
        made.act("open_mail", email=email)
        made.act("bounce", email=email)
    made.wait(60)
    for name in (LAST_OPEN_AT, BOUNCES):
        events, _ = read(made, name)
        assert len(events) == 1


def test_nothing_is_asked_for_before_the_zone_of_the_rows_is_known() -> None:
    """U1: it is measured by our own writes; a guess would tell wrong times."""
    made = Harness()
    made.act("create", email=ADA, permission=5)
    made.act("open_mail", email=ADA)
    made.wait(60)
    before = len(made.requests)
    assert not list(made.connector.engagement(LAST_OPEN_AT, None))
    assert len(made.requests) == before
    made.pull(full=True)
    for op_id in (1, 2):
        (contact,) = made.seen
        made.push(Op(op_id, CONTACT, OpKind.UPDATE, contact, {"FIRSTNAME": f"Ada {op_id}"}))
        made.wait(60)
        made.pull()
    (event,), _ = read(made, LAST_OPEN_AT)
    assert event.remote_id == contact


def test_its_fields_are_those_that_contacts_offer() -> None:
    made = harness()
    assert made.connector.spec.resources
    for spec in made.connector.spec.resources.values():
        assert spec.engagement == {LAST_OPEN_AT, LAST_CLICK_AT, BOUNCES}
