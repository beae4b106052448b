"""Reading the list, and the opt-outs before it."""

import json
from typing import Any

import httpx
import pytest

from syncd.connectors.mailercloud.optouts import reported
from syncd.errors import AccountError, RecordError, TransientError
from syncd.model.record import Page, Record, Window
from syncd.model.values import Consent, Level

from .fake import CAMPAIGNS, CONTACT, LISTING, NOW, Fake, everything, html, ok, prop

FIELDS = frozenset({"email", "name", "city", "tags", "custom.Tier", "consent"})


def full(contacts: int) -> Fake:
    world = Fake()
    for i in range(contacts):
        custom = {"pRoP1": "gold"}
        world.add(f"p{i}@example.org", name=f"N{i}", city="Ulm", custom_fields=custom)
    return world


def pull(world: Fake, cursor: str | None = None, **settings: Any) -> list[Page]:
    return list(world.connector(**settings).pull(CONTACT, cursor, fields=FIELDS))


@pytest.mark.parametrize(("contacts", "requests"), [(0, 1), (99, 1), (100, 2), (250, 3)])
def test_a_sweep_shows_everything_once(contacts: int, requests: int) -> None:
    world = full(contacts)
    pages = pull(world)
    assert everything(pages) == list(world.contacts)
    assert len(world.calls(LISTING)) == requests
    assert [call.body["page"] for call in world.calls(LISTING)] == [*range(1, requests + 1)]
    assert pages[0].total == contacts


def test_rows_are_not_certain_and_hold_what_was_asked_for() -> None:
    record = pull(full(1))[0].records[0]
    assert not record.certain
    assert record.version is None
    assert record.fields["custom.Tier"] == "gold"
    assert FIELDS - {"consent"} <= record.fields.keys()
    assert "consent" not in record.fields


def test_a_status_that_is_shown_is_read() -> None:
    world = full(0)
    world.shows_status = True
    world.add("gone@example.org", contact_type="abuse")
    world.add("here@example.org", contact_type="active")
    gone, here = pull(world)[0].records
    consent = gone.fields["consent"]
    assert isinstance(consent, Consent)
    assert consent.level is Level.REVOKED
    assert "consent" not in here.fields


@pytest.mark.parametrize("after", range(3))
def test_a_sweep_goes_on_behind_any_page(after: int) -> None:
    world = full(250)
    whole = pull(world)
    rest = pull(world, whole[after].cursor)
    if after < 2:
        assert everything(rest) == everything(whole[after + 1 :])
    else:  # that was the last: everything anew
        assert everything(rest) == everything(whole)


def test_full_begins_anew_when_the_last_sweep_was_complete() -> None:
    world = full(150)
    connector = world.connector()
    last = list(connector.pull(CONTACT, None, fields=FIELDS))[-1].cursor
    again = list(connector.pull(CONTACT, last, fields=FIELDS, full=True))
    assert everything(again) == list(world.contacts)


def test_a_window_takes_everything_as_no_row_tells_when_it_changed() -> None:
    world = full(3)
    window = Window(NOW, NOW)
    pages = world.connector().pull(CONTACT, None, fields=FIELDS, window=window)
    assert everything(pages) == list(world.contacts)


@pytest.mark.parametrize("cursor", ["", "{", "[]", '{"v":2}', '{"v":1,"page":7}', "null"])
def test_a_cursor_that_is_not_ours_starts_everything_anew(cursor: str) -> None:
    assert len(everything(pull(full(3), cursor))) == 3


def test_a_page_that_was_shown_before_ends_the_listing() -> None:
    world = full(100)
    row = {"id": "x", "email": "x@example.org"}
    rows = [{**row, "id": f"x{i}"} for i in range(100)]
    world.on(LISTING, ok({"data": rows, "contact_count": 100}))
    assert len(everything(pull(world))) == 100
    assert len(world.calls(LISTING)) == 2


def test_pages_that_go_in_circles_end_too() -> None:
    world = Fake()
    pages = [
        ok({"data": [{"id": f"{p}-{i}", "email": "x@example.org"} for i in range(100)]})
        for p in range(3)
    ]
    world.on(LISTING, *pages, pages[1])
    assert len(everything(pull(world))) == 300


def test_a_row_shown_on_two_pages_is_one_record() -> None:
    world = Fake()
    first = [{"id": f"x{i}", "email": f"x{i}@example.org"} for i in range(100)]
    second = [first[99], {"id": "y", "email": "y@example.org"}]
    world.on(
        LISTING,
        ok({"data": first, "contact_count": 101}),
        ok({"data": second, "contact_count": 101}),
    )
    found = everything(pull(world))
    assert len(found) == len(set(found)) == 101


def test_a_listing_that_is_cut_short_is_not_taken_for_complete() -> None:
    world = full(150)
    world.extra_count = 50
    cursors = short(world, None)
    world.extra_count = 0
    again = pull(world, cursors[-1])  # from the first page on
    assert everything(again) == list(world.contacts)
    assert json.loads(again[-1].cursor)["page"] == 0


def short(world: Fake, cursor: str | None) -> list[str]:
    """The cursors of a pull that ends because the listing came out short."""
    cursors: list[str] = []

    def read() -> None:
        pages = world.connector().pull(CONTACT, cursor, fields=FIELDS)
        cursors.extend(page.cursor for page in pages)

    with pytest.raises(TransientError, match="changed while it was read"):
        read()
    return cursors


def test_a_gap_that_stays_is_accepted_and_told() -> None:
    world = full(150)
    world.extra_count = 50
    cursor = short(world, None)[-1]
    connector = world.connector()
    assert len(everything(connector.pull(CONTACT, cursor, fields=FIELDS))) == 150
    assert any("hides" in remark for remark in connector.check().remarks)


@pytest.mark.parametrize("extra", [1, 2])
def test_a_few_rows_written_meanwhile_are_no_gap(extra: int) -> None:
    world = full(120)
    world.extra_count = extra
    assert len(everything(pull(world))) == 120


@pytest.mark.parametrize(
    "answer",
    [
        ok({}),
        ok({"data": "x", "contact_count": 1}),
        ok({"data": None}),
        ok({"errors": [{"message": "x"}], "data": []}),
        ok([1]),
        html(),
        httpx.Response(200, content=b'{"data": [{"id": "x"'),
        httpx.Response(200, content=b"\xff\xfe"),
        ok({"data": [{"id": f"{i}"} for i in range(101)], "contact_count": 101}),
    ],
)
def test_an_answer_that_is_no_page_is_an_error_and_no_empty_list(answer: httpx.Response) -> None:
    with pytest.raises(TransientError):
        pull(full(3).on(LISTING, answer))


def test_data_may_be_an_object_with_numbers_as_keys() -> None:
    rows = {"0": {"id": "a", "email": "a@example.org"}, "1": {"id": "b"}, "2": "junk"}
    assert everything(pull(Fake().on(LISTING, ok({"data": rows, "contact_count": 2})))) == [
        "a",
        "b",
    ]


def test_hostile_values_leave_the_other_fields_alone() -> None:
    row = {"id": "a", "email": "a@example.org", "city": {"x": 1}, "name": "Ada", "tags": 7}
    content = json.dumps({"data": [row], "contact_count": 1}).replace('{"x": 1}', "NaN")
    content = content.replace("Ada", "A\\ud800da" + "x" * 10)
    world = Fake().on(LISTING, httpx.Response(200, content=content.encode()))
    record = pull(world)[0].records[0]
    assert record.fields["name"] == "A\ufffdda" + "x" * 10
    assert "city" not in record.fields


def test_a_field_of_ten_megabytes_is_no_value() -> None:
    row = {"id": "a", "email": "a@example.org", "city": "x" * 10_000_000}
    record = pull(Fake().on(LISTING, ok({"data": [row], "contact_count": 1})))[0].records[0]
    assert "city" not in record.fields


def test_a_property_that_is_gone_stops_the_account() -> None:
    world = full(1)
    world.properties = [prop("s", "email", "email", "Text", default=1)]
    with pytest.raises(AccountError, match=r"custom\.Tier"):
        pull(world)


def test_what_the_listing_hides_is_read_directly() -> None:
    world = full(3)
    world.hides = frozenset({"city", "custom_fields"})
    connector = world.connector()
    records = [r for p in connector.pull(CONTACT, None, fields=FIELDS) for r in p.records]
    assert {(r.fields["city"], r.fields["custom.Tier"], r.certain) for r in records} == {
        ("Ulm", "gold", True)
    }
    assert any("custom.Tier" in remark for remark in connector.check().remarks)


# Opt-outs of campaigns


def campaign(campaign_id: str, opens: int = 1, status: str = "Finished") -> dict[str, Any]:
    return {"id": campaign_id, "status": status, "report_summary": {"opens": opens}}


def told(pages: list[Page]) -> list[str]:
    return [str(r.fields["email"]) for p in pages for r in p.records if not r.remote_id]


def test_opt_outs_come_before_the_listing() -> None:
    world = full(1)
    world.campaigns = [campaign("cAmP01")]
    world.unsubs = {"cAmP01": [{"email": "Ada@Example.org", "ts_event": 1767225600}]}
    pages = pull(world)
    record = pages[0].records[0]
    assert (record.remote_id, record.gone) == ("", True)
    consent = record.fields["consent"]
    assert isinstance(consent, Consent)
    assert (consent.level, consent.at.isoformat() if consent.at else None, consent.source) == (
        Level.REVOKED,
        "2026-01-01T00:00:00+00:00",
        "mailercloud:campaign:cAmP01",
    )
    assert told(pages) == ["ada@example.org"]


def test_an_idle_cycle_costs_one_request_for_opt_outs() -> None:
    world = full(1)
    world.campaigns = [campaign("cAmP01"), campaign("draft", status="Draft")]
    world.unsubs = {"cAmP01": [{"email": "a@example.org"}]}
    cursor = pull(world)[-1].cursor
    world.asked.clear()
    assert told(pull(world, cursor)) == []
    assert [a.path for a in world.asked if a.path.startswith("/campaign")] == ["/campaign/list"]


def test_a_report_is_read_again_when_its_summary_changes() -> None:
    world = full(1)
    world.campaigns = [campaign("cAmP01"), campaign("cAmP02")]
    world.unsubs = {"cAmP01": [{"email": "a@example.org"}], "cAmP02": []}
    cursor = pull(world)[-1].cursor
    world.campaigns[1] = campaign("cAmP02", opens=2)
    world.unsubs["cAmP02"] = [{"email": "b@example.org"}]
    assert told(pull(world, cursor)) == ["b@example.org"]


def test_the_first_pull_asks_for_two_years_and_later_ones_for_less() -> None:
    world = full(1)
    cursor = pull(world)[-1].cursor
    pull(world, cursor, campaign_days=30)
    first, later = (call.body for call in world.calls(CAMPAIGNS))
    assert first["date_from"] == "2024-08-19"
    assert later["date_from"] == "2026-07-20"
    assert later["date_to"] == "2026-08-21"


def test_a_long_report_goes_on_where_it_stopped() -> None:
    world = full(1)
    world.campaigns = [campaign("cAmP01")]
    world.unsubs = {"cAmP01": [{"email": f"u{i}@example.org"} for i in range(250)]}
    first = next(iter(world.connector().pull(CONTACT, None, fields=FIELDS)))
    assert len(first.records) == 100
    rest = pull(world, first.cursor)
    assert told(rest) == [f"u{i}@example.org" for i in range(100, 250)]


def test_a_sweep_under_way_reads_opt_outs_too_and_goes_on() -> None:
    world = full(250)
    first = pull(world)[0]
    world.campaigns = [campaign("cAmP01")]
    world.unsubs = {"cAmP01": [{"email": "a@example.org"}]}
    rest = pull(world, first.cursor)
    assert told(rest) == ["a@example.org"]
    assert len(everything(rest)) == 150


def test_opt_outs_can_be_switched_off() -> None:
    world = full(1)
    pull(world, campaign_days=0)
    assert not world.calls(CAMPAIGNS)


def test_a_report_that_cannot_be_read_is_asked_for_again() -> None:
    world = full(1)
    world.campaigns = [campaign("cAmP01")]
    world.unsubs = {"cAmP01": [{"email": "a@example.org"}]}
    world.on(("POST", "/campaign/cAmP01/unsubs"), ok({"message": "not found"}, 404), None)
    cursor = pull(world)[-1].cursor
    assert told(pull(world, cursor)) == ["a@example.org"]


@pytest.mark.parametrize(
    "row",
    [
        {"email": "a@example.org"},
        {"recipient_email": " A@example.org "},
        {"recipient": "a@example.org"},
        {"emails": ["a@example.org"]},
        {"contact": {"mail": "a@example.org"}, "sender_email": "us@example.com"},
        "a@example.org",
        {"Address": "a@example.org", "ts": float("nan")},
        {"email": "a@example.org", "ts": "1767225600000"},
        {"email": "a@example.org", "ts": True},
    ],
)
def test_every_address_of_a_report_counts(row: Any) -> None:
    records = reported(row, "c1")
    assert [r.fields["email"] for r in records] == ["a@example.org"]


@pytest.mark.parametrize("row", [None, 7, {}, [], {"email": None}, {"sender_email": "us@x.org"}])
def test_a_row_without_an_address_says_nothing(row: Any) -> None:
    assert reported(row, "c1") == []


# Looking at one


def test_fetch_reads_the_contact_directly() -> None:
    world = full(3)
    record = world.connector().fetch(CONTACT, "cOn00001", fields=FIELDS)
    assert record.certain
    assert record.fields["email"] == "p1@example.org"


def test_a_contact_without_a_wrapper_is_read_too() -> None:
    world = full(1)
    shown = {"id": "cOn00000", "email": "p0@example.org", "first_name": "Ada"}
    world.on(("GET", "/contacts/cOn00000"), ok(shown))
    assert world.connector().fetch(CONTACT, "cOn00000", fields=FIELDS).fields["name"] == "Ada"


@pytest.mark.parametrize(
    "answer", [ok({"message": "Contact not found"}, 404), ok({"message": "no such contact"}, 400)]
)
def test_a_contact_that_is_gone(answer: httpx.Response) -> None:
    world = full(1).on(("GET", "/contacts/gOnE"), answer)
    assert world.connector().fetch(CONTACT, "gOnE", fields=FIELDS) == Record("gOnE", {}, gone=True)


def test_where_no_contact_can_be_looked_at_nothing_is_gone() -> None:
    world = full(2)
    for remote_id in ("gOnE", *world.contacts):
        world.on(("GET", f"/contacts/{remote_id}"), ok({"message": "not found"}, 404))
    with pytest.raises(RecordError, match="nothing is believed") as refused:
        world.connector().fetch(CONTACT, "gOnE", fields=FIELDS)
    assert refused.value.code == "unproven"


@pytest.mark.parametrize(
    "answer",
    [html(404), ok({"data": {}}), ok({"data": {"id": "other"}}), ok({"data": []}), html()],
)
def test_an_odd_answer_is_no_proof_of_anything(answer: httpx.Response) -> None:
    world = full(1).on(("GET", "/contacts/cOn00000"), answer)
    with pytest.raises(TransientError):
        world.connector().fetch(CONTACT, "cOn00000", fields=FIELDS)


def test_a_contact_that_is_on_other_lists_only_is_gone_from_ours() -> None:
    world = full(1)
    shown = {"id": "cOn00000", "email": "p0@example.org", "lists": [{"id": "oThErL"}]}
    world.on(("GET", "/contacts/cOn00000"), ok({"data": shown}))
    assert world.connector().fetch(CONTACT, "cOn00000", fields=FIELDS).gone


def test_find_compares_by_itself() -> None:
    world = full(0)
    world.add("xada@example.org")
    wanted = world.add("ada@example.org", name="Ada")
    found = world.connector().find(CONTACT, "email", " Ada@Example.org", fields=FIELDS)
    assert [r.remote_id for r in found] == [wanted]
    assert world.connector().find(CONTACT, "email", "nobody", fields=FIELDS) == ()
    assert world.connector().find(CONTACT, "email", "no@example.org", fields=FIELDS) == ()
