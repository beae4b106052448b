"""The feed, the sweep and the window: nothing is missed, and quiet cycles stay cheap."""

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.connectors.ghl import feed
from syncd.errors import AccountError, FieldsChangedError, TransientError
from syncd.model.record import Page, Window
from syncd.model.values import Consent, Level

from .fake import CONTACT, FIELDS, NOW, FakeGhl, ids, iso, pull, records

SEARCH = ("POST", "/contacts/search")


def searches(fake: FakeGhl, since: int) -> int:
    return fake.calls(since=since).count(SEARCH)


def drained(pages: Iterator[Page]) -> tuple[list[Page], str]:
    everything = list(pages)
    return everything, everything[-1].cursor


def swept(fake: FakeGhl, **how: Any) -> str:
    """A cursor between incremental pulls, with everything settled."""
    cursor: str | None = None
    for _ in range(3):
        _, cursor = drained(pull(fake.open(**how), cursor))
    fake.clock.sleep(1000)
    return str(cursor)


def test_a_sweep_sees_everything_once_and_then_the_feed_goes_on() -> None:
    fake = FakeGhl()
    for n in range(11):
        fake.put(f"c{n:02}", NOW - timedelta(days=11 - n))
    pages, cursor = drained(pull(fake.open(page_size=4), None))
    assert ids(pages) == [f"c{n:02}" for n in range(11)]
    assert pages[0].total == 11
    assert not any(record.certain for record in records(pages))
    fake.put("late", fake.clock.now())
    assert "late" in ids(list(pull(fake.open(page_size=4), cursor)))
    assert all("page" not in body for body in fake.bodies if body)


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_sweep_goes_on_after_any_page(stop: int) -> None:
    fake = FakeGhl()
    for n in range(12):
        fake.put(f"c{n:02}", NOW - timedelta(days=1))  # all in one millisecond
    first = list(islice(pull(fake.open(page_size=3), None, full=True), stop))
    fake.contacts["c11"]["dateUpdated"] = iso(NOW + timedelta(seconds=1))
    fake.clock.sleep(3600)
    rest, cursor = drained(pull(fake.open(page_size=3), first[-1].cursor, full=True))
    assert sorted(ids(first + rest)) == sorted(fake.contacts)
    assert "c11" in ids(list(pull(fake.open(page_size=3), cursor)))


def test_a_finished_sweep_starts_anew_when_asked_for_in_full() -> None:
    fake = FakeGhl()
    fake.put("c1", NOW - timedelta(days=9))
    cursor = swept(fake)
    assert ids(list(pull(fake.open(), cursor))) == []
    assert ids(list(pull(fake.open(), cursor, full=True))) == ["c1"]


def test_a_quiet_cycle_costs_one_search() -> None:
    fake = FakeGhl()
    fake.put("c1", NOW - timedelta(days=9))
    cursor = swept(fake)
    at = len(fake.log)
    pages, again = drained(pull(fake.open(), cursor))
    assert (ids(pages), again) == ([], cursor)
    assert searches(fake, at) == 1


def test_many_writes_cost_two_searches_a_cycle_and_are_read_once_more() -> None:
    fake = FakeGhl()
    cursor = swept(fake)
    for n in range(40):
        fake.put(f"c{n:02}", fake.clock.now() + timedelta(milliseconds=n))
    fake.clock.sleep(1)
    pages, cursor = drained(pull(fake.open(page_size=4), cursor))
    assert len(ids(pages)) == 40
    again: list[str] = []
    fake.clock.sleep(600)
    for _ in range(14):
        at = len(fake.log)
        pages, cursor = drained(pull(fake.open(page_size=4), cursor))
        again += ids(pages)
        assert searches(fake, at) <= 2
    assert sorted(set(again)) == sorted(fake.contacts)
    assert len(again) == 40
    at = len(fake.log)
    assert ids(list(pull(fake.open(page_size=4), cursor))) == []
    assert searches(fake, at) == 1


def test_a_row_indexed_behind_the_newest_one_is_found() -> None:
    fake = FakeGhl()
    cursor = swept(fake)
    fake.put("slow", fake.clock.now())
    fake.hidden.add("slow")
    fake.clock.sleep(1)
    fake.put("fast", fake.clock.now())
    pages, cursor = drained(pull(fake.open(), cursor))
    assert ids(pages) == ["fast"]
    fake.clock.sleep(60)
    fake.hidden.clear()
    found: list[str] = []
    for _ in range(3):
        fake.clock.sleep(60)
        pages, cursor = drained(pull(fake.open(), cursor))
        found += ids(pages)
    assert "slow" in found


def test_ties_of_one_millisecond_across_pages_are_neither_lost_nor_endless() -> None:
    fake = FakeGhl()
    cursor = swept(fake)
    for n in range(25):
        fake.put(f"c{n:02}", fake.clock.now())
    interrupted = list(islice(pull(fake.open(page_size=5), cursor), 2))
    pages, cursor = drained(pull(fake.open(page_size=5), interrupted[-1].cursor))
    assert sorted(ids(interrupted + pages)) == sorted(fake.contacts)
    fake.clock.sleep(600)
    for _ in range(8):
        pages, cursor = drained(pull(fake.open(page_size=5), cursor))
    state = feed.read(cursor)
    assert isinstance(state, feed.FeedCursor)
    assert state.settled_ms == state.newest_ms


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_no_change_is_missed_while_the_index_lags_and_pulls_break_off(
    seed: int, page_size: int
) -> None:
    dice = random.Random(seed)
    fake = FakeGhl()
    cursor = swept(fake, page_size=page_size)
    shows: dict[str, float] = {}
    seen: dict[str, str] = {}
    for step in range(80):
        if step < 40:
            for _ in range(dice.randrange(3)):
                name = f"c{dice.randrange(12):02}"
                at = fake.clock.now()
                fake.put(name, at)
                shows[name] = fake.clock.passed_s + dice.choice([0, 0, 20, 110])
        fake.clock.sleep(dice.choice([0.001, 5, 40]) if step < 40 else 60)
        fake.hidden = {name for name, at_s in shows.items() if at_s > fake.clock.passed_s}
        pages = pull(fake.open(page_size=page_size), cursor)
        keep = dice.choice([1, 99])
        for page in islice(pages, keep):
            cursor = page.cursor
            seen |= {record.remote_id: str(record.version) for record in page.records}
    assert seen == {name: one["dateUpdated"] for name, one in fake.contacts.items()}


def test_pages_that_repeat_are_tried_anew_once_and_then_given_up() -> None:
    fake = FakeGhl()
    for n in range(6):
        fake.put(f"c{n}")
    rows = [fake._row(contact, 5) for contact in list(fake.contacts.values())[:2]]
    fake._search = lambda _: {"contacts": rows, "total": 6}
    with pytest.raises(TransientError, match="out of order twice"):
        list(pull(fake.open(page_size=2), None))


def test_rows_out_of_order_are_read_anew() -> None:
    fake = FakeGhl()
    for n in range(4):
        fake.put(f"c{n}", NOW + timedelta(seconds=n))
    times = iter(range(9))

    def shuffled(request: httpx.Request) -> httpx.Response | None:
        if next(times):
            return None
        rows = [fake._row(fake.contacts[name], 5) for name in ("c3", "c0")]
        return httpx.Response(200, json={"contacts": rows, "total": 4})

    fake.meddle = shuffled
    assert ids(list(pull(fake.open(page_size=2), None))) == ["c0", "c1", "c2", "c3"]


def test_pages_shorter_than_asked_for_do_not_end_a_sweep() -> None:
    fake = FakeGhl()
    for n in range(9):
        fake.put(f"c{n}", NOW + timedelta(seconds=n))
    served = fake._search
    fake._search = lambda body: served({**body, "pageLimit": 2})
    assert len(ids(list(pull(fake.open(page_size=500), None)))) == 9


def test_the_window_holds_what_was_added_or_updated_in_it() -> None:
    fake = FakeGhl()
    window = Window(NOW, NOW + timedelta(hours=1))
    for name, added, updated in [
        ("before", -9, -5),
        ("touched", -9, 5),
        ("added", 5, 90),
        ("at_start", 0, 99),
        ("at_end", 60, 60),
    ]:
        contact = fake.put(name, NOW + timedelta(minutes=added))
        contact["dateUpdated"] = iso(NOW + timedelta(minutes=updated))
    pages = list(pull(fake.open(page_size=2), None, window=window))
    assert sorted(ids(pages)) == ["added", "at_start", "touched"]
    rest = list(pull(fake.open(page_size=2), pages[0].cursor, window=window))
    assert sorted(ids(pages[:1] + rest)) == ["added", "at_start", "touched"]
    other = Window(NOW, NOW + timedelta(hours=2))
    assert "at_end" in ids(list(pull(fake.open(), pages[-1].cursor, window=other)))


def test_rows_that_hide_something_are_read_by_id() -> None:
    fake = FakeGhl(bare_rows=True)
    fake.put("c1", firstName="Ann", dndSettings={"Email": {"status": "active"}})
    (record,) = records(list(pull(fake.open(), None)))
    assert record.certain
    assert record.fields["firstName"] == "Ann"
    assert record.fields["consent"] == Consent(Level.REVOKED, None, "ghl")


@pytest.mark.parametrize("dnd", [{"dnd": True}, {"dndSettings": {"Email": {"status": "active"}}}])
def test_a_row_that_opted_out_is_read_by_id_for_addresses_that_it_does_not_show(
    dnd: dict[str, Any],
) -> None:
    """Those who did not opt out are not: their further addresses are nobody's business."""
    fake = FakeGhl(left_out=frozenset({"additionalEmails"}))
    fake.put("c1", additionalEmails=[{"email": "a2@example.org"}], **dnd)
    fake.put("c2", additionalEmails=[{"email": "b2@example.org"}], dndSettings={})
    at = len(fake.log)
    fields = FIELDS | {"additionalEmails"}
    found = records(list(fake.open().pull(CONTACT, None, fields=fields)))
    assert {r.remote_id: r.certain for r in found} == {"c1": True, "c2": False}
    assert found[0].fields["additionalEmails"] == frozenset({"a2@example.org"})
    assert [path for _, path in fake.calls(since=at) if "/contacts/c" in path] == ["/contacts/c1"]


def test_what_was_read_by_id_is_not_read_again_to_settle() -> None:
    fake = FakeGhl(bare_rows=True)
    cursor = swept(fake)
    fake.put("c1", fake.clock.now(), firstName="Ann")
    ghl = fake.open()
    _, cursor = drained(pull(ghl, cursor))
    fake.clock.sleep(600)
    at = len(fake.log)
    pages, cursor = drained(pull(ghl, cursor))
    assert ids(pages) == []
    assert fake.calls(since=at) == [SEARCH, SEARCH]


def test_empty_custom_fields_of_a_row_are_believed_only_with_a_proof() -> None:
    fake = FakeGhl(custom=[{"id": "f1", "name": "Memo", "dataType": "TEXT"}])
    fake.put("c1")
    fields = FIELDS | {"custom.Memo"}
    (page,) = fake.open().pull(CONTACT, None, fields=fields)
    assert page.records[0].certain
    fake.put("c2", customFields=[{"id": "f1", "value": "x"}])
    (page,) = fake.open().pull(CONTACT, None, fields=fields)
    assert [record.fields["custom.Memo"] for record in page.records] == [None, "x"]
    assert not any(record.certain for record in page.records)


def test_a_deleted_contact_that_lingers_in_the_index_is_no_record() -> None:
    fake = FakeGhl(bare_rows=True)
    fake.put("c1")
    fake.put("c2")
    fake.meddle = lambda request: (
        httpx.Response(400, json={"message": "Contact with id c1 not found"})
        if request.url.path == "/contacts/c1"
        else None
    )
    assert ids(list(pull(fake.open(), None))) == ["c2"]


def test_a_row_without_an_id_or_of_an_odd_type_is_skipped() -> None:
    fake = FakeGhl()
    fake.put("c1")
    good = fake._row(fake.contacts["c1"], 5)
    rows = [good, {"email": "x@example.org"}, 7, None, {**good, "id": ".."}, {**good, "id": 5}]
    fake._search = lambda _: {"contacts": rows, "total": "many"}
    assert ids(list(pull(fake.open(), None))) == ["c1"]


def test_a_search_that_ghl_refuses_stops_the_account() -> None:
    fake = FakeGhl()
    fake.meddle = lambda _: httpx.Response(422, json={"message": ["locationId is bad"]})
    with pytest.raises(AccountError, match="refuses our search"):
        list(pull(fake.open(), None))


@pytest.mark.parametrize("text", ["", "{}", "nonsense", '["feed",1]', '["other",1,2]', "[]", "5"])
def test_a_foreign_cursor_leads_to_a_sweep(text: str) -> None:
    fake = FakeGhl()
    fake.put("c1", NOW - timedelta(days=99))
    assert ids(list(pull(fake.open(), text))) == ["c1"]


afters = st.none() | st.tuples(st.integers(), st.text(min_size=1))


@given(
    st.builds(feed.SweepCursor, afters, st.none() | st.integers())
    | st.builds(feed.WindowCursor, st.integers(), st.integers(), afters)
    | st.builds(
        feed.FeedCursor,
        st.integers(),
        st.integers(),
        st.frozensets(st.text()),
        afters,
        afters,
    )
)
def test_a_cursor_survives_its_text(cursor: feed.Cursor) -> None:
    assert feed.read(feed.write(cursor)) == cursor


def test_a_custom_field_that_is_gone_is_not_empty() -> None:
    fake = FakeGhl(custom=[{"id": "f1", "name": "Memo", "dataType": "TEXT"}])
    fake.put("c1", customFields=[{"id": "f1", "value": "x"}])
    fields = FIELDS | {"custom.Memo", "custom.Gone"}
    for read in (
        lambda: list(fake.open().pull(CONTACT, None, fields=fields)),
        lambda: fake.open().fetch(CONTACT, "c1", fields=fields),
    ):
        with pytest.raises(FieldsChangedError) as caught:
            read()
        assert (caught.value.fields, caught.value.missing) == (("custom.Gone",), True)
