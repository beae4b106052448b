"""The journal on both stores: what is added, found, erased and forgotten, and by which index."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.model.entry import PLATFORM, SYNCD, Entry, Kind, Noted
from syncd.model.side import Both, Side
from syncd.model.values import Consent, Level
from syncd.store import choices, conflicts, journal, links, runs
from syncd.store import tables as t

from .samples import CONTACT, HOUR, NOTE, NOW, OTHER, PAIR, counted

CRM = ("crm", CONTACT)


def entry(remote_id: str = "a1", **said: Any) -> Entry:
    given = {"account": "crm", "resource": CONTACT, "remote_id": remote_id, "link_id": 7}
    return Entry(**{"kind": Kind.CHANGED, "actor": PLATFORM, **given, **said})


def add(
    store: sa.Engine,
    entries: Iterable[Entry],
    at: datetime = NOW,
    pair: str = PAIR,
    run_id: int | None = 4,
) -> None:
    with store.begin() as db:
        journal.add(db, pair, run_id, at, list(entries))


def every(store: sa.Engine) -> list[Noted]:
    with store.connect() as db:
        return journal.since(db, journal.BEGIN, [PAIR, OTHER], 10_000)


def test_an_entry_is_read_as_it_was_told(store: sa.Engine) -> None:
    at = NOW + timedelta(milliseconds=123)
    before = {
        "tags": frozenset({"vip"}),
        "city": "Zürich 😀'\"",
        "born": date(1990, 4, 3),
    }
    told = entry(
        before={**before, "at": NOW, "n": 7},
        after={**before, "consent": Consent(Level.REVOKED, NOW, "crm"), "city": None},
        cause="why",
        target="mail",
    )
    first = entry(kind=Kind.APPEARED, baseline=True, link_id=None)
    released = Entry(Kind.RELEASED, "person:ada@desk")
    add(store, [told, first, released], at)
    noted = every(store)
    assert [one.entry for one in noted] == [told, first, released]
    assert {(one.at, one.pair, one.run_id) for one in noted} == {(at, PAIR, 4)}


def test_a_page_is_one_statement_and_nothing_is_none(store: sa.Engine) -> None:
    with counted(store) as sent:
        add(store, [entry(f"a{n}") for n in range(500)])
        add(store, [])
    assert len(sent) == 1
    assert len(every(store)) == 500


def test_what_is_undone_was_never_told(store: sa.Engine) -> None:
    with store.connect() as db:
        journal.add(db, PAIR, 1, NOW, [entry()])
        db.rollback()
    assert every(store) == []


def test_the_newest_entries_of_a_record_are_found_oldest_first(store: sa.Engine) -> None:
    for n in range(5):
        add(store, [entry("a1", cause=str(n)), entry("a2"), entry("a1", account="mail")])
    add(store, [entry("a1", resource=NOTE)])
    with store.connect() as db:
        found = journal.of_records(db, {CRM: ["a1"]}, 3)
        both = journal.of_records(db, {CRM: ["a1"], ("mail", CONTACT): ["a1"]}, 100)
        assert journal.of_records(db, {}, 3) == []
        places = journal.places_of(db, "a1")
    assert [one.entry.cause for one in found] == ["2", "3", "4"]
    assert len(both) == 10
    assert [one.number for one in both] == sorted(one.number for one in both)
    assert sorted(places) == [("crm", CONTACT), ("crm", NOTE), ("mail", CONTACT)]


def test_entries_are_found_by_run_and_by_time(store: sa.Engine) -> None:
    add(store, [entry("a1"), entry("a2")], NOW - HOUR, run_id=1)
    add(store, [entry("a3")], NOW, run_id=2)
    add(store, [entry("a4")], NOW, pair=OTHER, run_id=3)

    def ids(found: Sequence[Noted]) -> list[str | None]:
        return [one.entry.remote_id for one in found]

    with store.connect() as db:
        assert ids(journal.of_run(db, 1, 10)) == ["a1", "a2"]
        assert ids(journal.of_run(db, 1, 1)) == ["a2"]
        assert ids(journal.since(db, NOW, [PAIR], 10)) == ["a3"]
        assert ids(journal.since(db, NOW, [PAIR, OTHER], 10)) == ["a3", "a4"]
        assert ids(journal.since(db, NOW - HOUR, [PAIR], 2)) == ["a2", "a3"]


def test_who_is_erased_leaves_what_happened_and_nothing_of_themselves(store: sa.Engine) -> None:
    mine = [entry(kind=Kind.CREATED), entry(before={"city": "Bern"}, after={"city": "Chur"})]
    others = [entry("a2", after={"city": "Thun"}), entry(resource=NOTE), entry(account="mail")]
    add(store, [*mine, *others])
    with store.begin() as db:
        assert journal.count(db, {CRM: ["a1"]}) == 2
        assert journal.erase(db, {CRM: ["a1"]}) == 2
        assert journal.count(db, {CRM: ["a1"]}) == 0
    nobody = {"remote_id": None, "link_id": None, "before": {}, "after": {}}
    left = [one.entry for one in every(store)]
    assert left == [*(replace(one, **nobody) for one in mine), *others]  # type: ignore[arg-type]
    with store.connect() as db:
        columns = db.execute(sa.select(t.journal).where(t.journal.c.remote_id.is_(None))).all()
    assert not re.search("a1|Bern|Chur", repr(columns))


def test_the_oldest_go_first_and_the_newest_never(store: sa.Engine) -> None:
    for n in range(4):
        add(store, [entry(f"a{n}")], NOW + n * HOUR, pair=OTHER if n == 1 else PAIR)
    late = NOW + 99 * HOUR
    with store.begin() as db:
        assert journal.forget(db, NOW + HOUR, 10) == 1
        assert journal.forget(db, late, 1) == 1
        assert journal.forget(db, late, 10) == 1
        assert journal.forget(db, late, 10) == 0
    [newest] = every(store)
    assert newest.entry.remote_id == "a3"
    add(store, [entry("a4")])
    assert max(every(store), key=lambda one: one.number).number > newest.number


def test_a_choice_is_told_with_who_made_it_and_what_is_right(store: sa.Engine) -> None:
    with store.begin() as db:
        [link] = links.open_new(db, PAIR, NOTE, [Both("l1", "r1")])
        conflicts.park(db, PAIR, [(link, "body = text", Both(("Bern",), ("Chur",)))], NOW)
        found = conflicts.of_pair(db, PAIR)
        choices.settle(db, PAIR, Both("crm", "mail"), found, Side.RIGHT, "ada@desk", NOW)
        assert conflicts.of_pair(db, PAIR) == []
    [told] = every(store)
    assert told.run_id is None
    assert told.entry == Entry(
        kind=Kind.CHOSEN,
        actor="person:ada@desk",
        account="mail",
        resource=NOTE,
        remote_id="r1",
        link_id=link,
        target="crm",
        after={"mail": "Chur"},
        cause="body = text",
    )


@pytest.mark.parametrize(("by", "actor"), [("ada@desk", "person:ada@desk"), (None, "person")])
def test_a_release_is_told_with_who_gave_it(store: sa.Engine, by: str | None, actor: str) -> None:
    with store.begin() as db:
        run = runs.start(db, PAIR, "sync", NOW)
        journal.released(db, run, NOW + HOUR, by)
    [told] = every(store)
    assert (told.run_id, told.at, told.entry) == (run.id, NOW + HOUR, Entry(Kind.RELEASED, actor))


Asked = Callable[[sa.Connection], object]
READS: dict[str, Asked] = {
    "records": lambda db: journal.of_records(db, {CRM: ["a17", "a18"]}, 10),
    "run": lambda db: journal.of_run(db, 17, 10),
    "since": lambda db: journal.since(db, NOW + 1_990 * HOUR, [PAIR], 50),
    "places": lambda db: journal.places_of(db, "a17"),
    "count": lambda db: journal.count(db, {CRM: ["a17"]}),
    "erase": lambda db: journal.erase(db, {CRM: ["a17"]}),
    "forget": lambda db: journal.forget(db, NOW + 5 * HOUR, 2_000),
}


@pytest.mark.parametrize("read", READS)
def test_whatever_is_asked_an_index_finds(store: sa.Engine, read: str) -> None:
    """Not by walking 2,000 entries; on PostgreSQL as it is planned with statistics."""
    with store.begin() as db:
        for n in range(2_000):
            journal.add(db, PAIR, n, NOW + n * HOUR, [entry(f"a{n}")])
    if store.dialect.name == "postgresql":
        with store.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.exec_driver_sql("ANALYZE journal")
    sent: list[tuple[str, Any]] = []
    sa.event.listen(store, "before_cursor_execute", lambda _c, _k, *one: sent.append(one[:2]))
    with store.connect() as db:
        READS[read](db)
        [(statement, values)] = [one for one in sent if not one[0].startswith("BEGIN")]
        assert not walked(db, statement, values)


def walked(db: sa.Connection, statement: str, values: Any) -> list[str]:
    """The parts of a plan that go through the journal."""
    if db.dialect.name == "sqlite":
        rows = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        assert any("journal" in str(row[-1]) for row in rows)
        return [str(row[-1]) for row in rows if str(row[-1]).startswith("SCAN journal")]
    rows = db.exec_driver_sql(f"EXPLAIN {statement}", values).all()
    assert any("journal" in str(row[0]) for row in rows)
    return [str(row[0]) for row in rows if "Seq Scan on journal" in str(row[0])]


def test_times_before_our_own_are_times_too(store: sa.Engine) -> None:
    """A clock may be wrong by decades."""
    add(store, [entry()], datetime(1969, 12, 31, 23, 59, tzinfo=UTC))
    with store.connect() as db:
        [told] = journal.of_run(db, 4, 1)
    assert told.at == datetime(1969, 12, 31, 23, 59, tzinfo=UTC)
    assert told.entry.actor != SYNCD
