"""Sweeps, changes, windows and the report, read from composed answers."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from syncd.connectors.maileon.connector import Maileon
from syncd.errors import AccountError, TransientError
from syncd.model.record import Page, Record, Window
from syncd.model.values import Consent, Level

from .fake import (
    BY_ID,
    CONTACT,
    LIST,
    NOW,
    REPORT,
    Fake,
    contact,
    contacts,
    custom_fields,
    empty,
    entries,
    entry,
    error,
    fake,
    page_of_html,
    push,
    single,
    updating,
    xml,
)

FIELDS = frozenset({"email", "consent", "FIRSTNAME", "custom.a_string"})
OLD = "2026-08-19 08:00:00.0"


def sweep(connector: Maileon, cursor: str | None = None) -> list[Page]:
    return list(connector.pull(CONTACT, cursor, fields=FIELDS, full=True))


def changes(connector: Maileon, cursor: str) -> list[Page]:
    return list(connector.pull(CONTACT, cursor, fields=FIELDS))


def ids(pages: list[Page]) -> list[str]:
    return [record.remote_id for page in pages for record in page.records]


def asked_after(world: Fake) -> list[str]:
    return [a.query["updated_after"][0] for a in world.calls(*LIST) if "updated_after" in a.query]


def at_rest(world: Fake, updated: str = OLD, **settings: object) -> tuple[Maileon, str]:
    """A connector after a sweep of one contact, 7, and one round of changes."""
    connector = world.connector(**settings)
    world.on(LIST, contacts([contact(7, "ada@example.org", updated=updated)]))
    cursor = changes(connector, sweep(connector)[-1].cursor)[-1].cursor
    cursor = changes(connector, cursor)[-1].cursor
    world.asked.clear()
    return connector, cursor


def test_a_sweep_reads_all_pages_and_the_whole_report() -> None:
    world = fake().on(
        LIST,
        contacts([contact(1)], pages=2, items=2),
        contacts([contact(2)], pages=2, items=2),
    )
    world.on(REPORT, entries(entry(3, "gone@example.org")))
    pages = sweep(world.connector())
    assert ids(pages) == ["1", "2", "3"]
    assert [page.total for page in pages] == [2, 2, None]
    assert "updated_after" not in world.calls(*LIST)[0].query
    assert world.calls(*LIST)[0].query["page_size"] == ["1000"]
    asked = world.calls(*REPORT)[0].query
    assert (asked["from_date"], asked["exclude_anonymous"]) == (["0"], ["false"])


def test_a_report_entry_is_a_contact_that_is_gone_and_opted_out() -> None:
    world = fake().on(LIST, contacts()).on(REPORT, entries(entry(3, "gone@example.org"), entry(4)))
    records = sweep(world.connector(time_zone="Europe/Berlin"))[-1].records
    revoked = Consent(Level.REVOKED, datetime(2026, 8, 20, 8, 30, tzinfo=UTC), "maileon:link")
    assert records == [
        Record("3", {"email": "gone@example.org", "consent": revoked}, gone=True),
        Record("4", {"consent": revoked}, gone=True),
    ]


def test_entries_without_an_id_still_tell_of_the_address_that_opted_out() -> None:
    nobody = entry(None, None)
    world = fake().on(LIST, contacts())
    world.on(REPORT, entries(entry(None, "x@example.org"), nobody, entry(4)))
    records = sweep(world.connector())[-1].records
    assert [(r.remote_id, r.fields.get("email")) for r in records] == [
        ("", "x@example.org"),
        ("4", None),
    ]


def test_a_sweep_goes_on_after_any_page() -> None:
    def numbered(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page_index"])
        return contacts([contact(page)], pages=5, items=5)

    world = fake().on(LIST, numbered)
    whole = sweep(world.connector())
    for number, page in enumerate(whole):
        rest = sweep(world.connector(), page.cursor) if number < len(whole) - 1 else []
        assert ids(whole[: number + 1]) + ids(rest) == ids(whole)


def test_a_cycle_without_news_costs_two_requests() -> None:
    world = fake()
    connector, cursor = at_rest(world)
    pages = changes(connector, cursor)
    assert ids(pages) == ["7"]
    assert [a.path for a in world.asked] == ["/contacts", "/reports/unsubscriptions"]
    assert pages[-1].cursor == cursor


def test_changes_are_asked_for_from_the_newest_time_seen_less_two_seconds() -> None:
    world = fake()
    connector, cursor = at_rest(world, "2026-08-20 10:59:30.7")
    changes(connector, cursor)
    assert asked_after(world)[0] == "2026-08-20 10:59:28"


def test_every_changed_contact_is_read_once_more_a_page_per_cycle() -> None:
    world = fake()
    connector, cursor = at_rest(world)
    rows = [contact(n, updated="2026-08-20 10:00:00.0") for n in range(3)]

    def listed(request: httpx.Request) -> httpx.Response:
        after = request.url.params["updated_after"]
        page = int(request.url.params["page_index"])
        return contacts([rows[page - 1]] if after < "2026-08-20" else rows, pages=3, items=3)

    world.on(LIST, listed).on(BY_ID, error(404))
    cursor = changes(connector, cursor)[-1].cursor  # three pages: all of them are new
    world.on(
        LIST, lambda r: contacts(rows[:1], pages=1, items=1) if "08-20" in str(r.url) else listed(r)
    )
    settled = []
    for _ in range(4):
        world.asked.clear()
        pages = changes(connector, cursor)
        cursor = pages[-1].cursor
        settled.append([a.query["page_index"][0] for a in world.calls(*LIST)[1:]])
    assert settled == [["1"], ["2"], ["3"], []]


def test_the_report_is_asked_for_with_an_overlap_in_server_time() -> None:
    world = fake()
    connector, cursor = at_rest(world)
    world.now = NOW + timedelta(minutes=3)
    changes(connector, cursor)
    asked = world.calls(*REPORT)[0].query
    start, end = int(asked["from_date"][0]), int(asked["to_date"][0])
    assert start == NOW.timestamp() * 1000 + 1000 - 600_000
    assert end == world.now.timestamp() * 1000 + 1000


def test_a_list_that_grows_while_it_is_read_is_read_again() -> None:
    world = fake().on(
        LIST,
        contacts([contact(1)], pages=2, items=2),
        contacts([contact(3)], pages=2, items=3),
        contacts([contact(1)], pages=2, items=3),
        contacts([contact(2), contact(3)], pages=2, items=3),
    )
    assert set(ids(sweep(world.connector()))) == {"1", "2", "3"}
    assert [a.query["page_index"][0] for a in world.calls(*LIST)] == ["1", "2", "1", "2"]


def test_a_parameter_in_another_zone_is_noticed_and_the_overlap_becomes_wide() -> None:
    world = fake()
    connector, cursor = at_rest(world)
    row = contact(7, "ada@example.org", updated=OLD)

    def strange(request: httpx.Request) -> httpx.Response:
        """Reads the parameter as UTC, and shows times of UTC+2."""
        asked = datetime.fromisoformat(request.url.params["updated_after"])
        shown = datetime.fromisoformat("2026-08-19T08:00:00")
        return contacts([row] if shown - timedelta(hours=2) > asked else [])

    world.on(LIST, strange).on(BY_ID, single(7, "ada@example.org", updated=OLD))
    pages = changes(connector, cursor)
    assert ids(pages) == ["7"]
    assert json.loads(pages[-1].cursor)["wide"] is True
    world.asked.clear()
    assert ids(changes(connector, pages[-1].cursor)) == ["7"]
    assert [a.path for a in world.asked] == ["/contacts", "/reports/unsubscriptions"]


def test_a_newest_contact_that_is_gone_proves_nothing_about_the_zone() -> None:
    world = fake()
    connector, cursor = at_rest(world)
    world.on(LIST, contacts()).on(BY_ID, error(404))
    state = json.loads(changes(connector, cursor)[-1].cursor)
    assert "wide" not in state
    assert "anchor" not in state


def test_changes_in_the_hour_that_comes_twice_are_not_missed() -> None:
    world = fake()
    world.now = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    connector, cursor = at_rest(world, "2026-10-25 02:40:00.0")
    world.now += timedelta(minutes=30)
    changes(connector, cursor)
    assert asked_after(world)[0] <= "2026-10-25 02:00:00"


def test_a_window_is_filtered_by_the_moment() -> None:
    rows = [
        contact(1, created="2026-08-01 00:00:00.0", updated="2026-08-20 10:00:00.0"),
        contact(2, created="2026-08-10 12:00:00.0", updated="2026-08-19 10:00:00.0"),
        contact(3, created="2026-08-01 00:00:00.0", updated="2026-08-11 01:59:59.0"),
        contact(4, created="2026-08-01 00:00:00.0", updated="2026-08-11 02:00:00.0"),
    ]
    world = fake().on(LIST, contacts(rows))
    window = Window(datetime(2026, 8, 10, tzinfo=UTC), datetime(2026, 8, 11, tzinfo=UTC))
    connector = world.connector(time_zone="Europe/Berlin")
    pages = list(connector.pull(CONTACT, None, fields=FIELDS, window=window))
    assert ids(pages) == ["2", "3"]
    assert asked_after(world) == ["2026-08-10 01:59:58"]


def test_a_window_errs_on_the_wide_side_while_the_zone_is_unknown() -> None:
    rows = [
        contact(1, created="2026-08-11 09:00:00.0"),
        contact(2, created="2026-08-01 09:00:00.0"),
    ]
    world = fake().on(LIST, contacts(rows))
    window = Window(datetime(2026, 8, 10, tzinfo=UTC), datetime(2026, 8, 11, tzinfo=UTC))
    assert ids(list(world.connector().pull(CONTACT, None, fields=FIELDS, window=window))) == ["1"]


def test_the_zone_is_measured_by_our_own_writes() -> None:
    world = fake()
    connector, cursor = at_rest(world)
    world.on(("PUT", "/contacts/contact"), empty(204))
    push(connector, updating(1, "8", FIRSTNAME="Ann"), updating(2, "9", FIRSTNAME="Bo"))
    rows = [contact(n, updated="2026-08-20 11:00:01.0") for n in (8, 9)]
    world.on(LIST, contacts(rows)).on(BY_ID, error(404))
    pages = changes(connector, cursor)
    assert pages[0].records[0].modified == datetime(2026, 8, 20, 9, 0, 1, tzinfo=UTC)
    other = world.connector()
    again = changes(other, pages[-1].cursor)
    assert again[0].records[0].modified is not None


def test_a_field_that_was_deleted_is_an_error_and_not_empty() -> None:
    world = fake()
    connector, cursor = at_rest(world)
    world.on(("GET", "/contacts/fields/custom"), custom_fields({}))
    with pytest.raises(AccountError, match=r"custom\.a_string"):
        sweep(connector, cursor)


@pytest.mark.parametrize(
    "odd",
    [
        page_of_html(),
        xml("<contacts><contact><id>1</id>"),
        xml("<report/>"),
        xml("<contacts/>", X_Pages="1", X_Items="5"),
        xml("<contacts><surprise/></contacts>", X_Pages="1", X_Items="1"),
        xml('<!DOCTYPE c [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]><contacts>&b;</contacts>'),
        xml('<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/hostname">]><contacts>&x;</contacts>'),
        xml("<contacts>&undefined;</contacts>"),
        xml(""),
        page_of_html(404),
        empty(302),
    ],
)
def test_an_odd_page_is_tried_again_and_never_taken_for_an_empty_one(odd: httpx.Response) -> None:
    world = fake()
    connector, cursor = at_rest(world)
    world.on(LIST, odd)
    with pytest.raises(TransientError):
        changes(connector, cursor)


def test_an_odd_contact_costs_itself_and_not_its_page() -> None:
    rows = [
        contact(None, "x@example.org"),
        contact(2, permission="??"),
        "<contact><id>3</id></contact>",
    ]
    world = fake().on(LIST, contacts(rows))
    assert ids(sweep(world.connector())) == ["2", "3"]
