"""What a cycle asks of the store: how much of it, and never by walking a table.

The same cycles at 200 and at 20,000 contacts: what changed costs something, the others nothing.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bench.harness import Harness, people
from bench.invented import Invented
from syncd.connectors.registry import installed
from syncd.engine.cycle import Mode
from syncd.model.record import Resource
from syncd.model.values import Consent, Level, Value
from syncd.store import tables as t
from syncd.store import wake

FEW, TIMES = 200, 100  # contacts a side, and how many times as many the larger store has
# All but what people have to see to: conflicts are counted, and are few.
GROWING = (
    "member",
    "link",
    "observation",
    "op",
    "run",
    "suppression",
    "problem",
    "refusal",
    "journal",
)
# Who is found by these alone is one of many: a pair's, an account's, or a side's.
COARSE = {"pair", "resource", "side", "account", "gone", "hidden"}

TOLD = ("Node Type", "Relation Name", "Index Name", "Index Cond", "Filter")

Statement = tuple[str, Any]
Deed = Callable[[Harness, int], None]  # with a number: other contacts for each


@pytest.fixture
def harness(tmp_path: Path, new_store: Callable[[], dict[str, str]]) -> Iterator[Harness]:
    """Two invented accounts in step, of which each has contacts of its own."""
    made = Harness(tmp_path, new_store().get("store", "sqlite:///syncd.db"))
    people(made.accounts["single"], range(FEW))
    people(made.accounts["bulk"], range(FEW // 2, FEW // 2 + FEW))
    for _ in range(3):
        made.cycle()
    yield made
    made.app.store.dispose()
    for name in made.accounts:
        del installed()[name]  # type: ignore[attr-defined]  # a dict


def nothing(_: Harness, __: int) -> None:
    """Nobody does anything."""


def edits(harness: Harness, n: int) -> None:
    """Somebody changes one contact on either side."""
    for name, first in (("single", 0), ("bulk", FEW)):
        change(harness.accounts[name], f"{name}{first + n:07}", city="Chur")


def all_sorts(harness: Harness, n: int) -> None:
    """People opt out, move, are tagged and are new."""
    single, bulk = harness.accounts["single"], harness.accounts["bulk"]
    change(single, f"single{n:07}", consent=Consent(Level.REVOKED))
    change(bulk, f"bulk{FEW + n:07}", email=f"elsewhere{n}@example.org")
    change(single, f"single{20 + n:07}", tags=frozenset({"vip", "old"}))
    people(single, [90_000 + n])
    people(bulk, [91_000 + n])


def change(account: Invented, remote_id: str, **fields: Value) -> None:
    shown = account.fetch(Resource.CONTACT, remote_id, fields=frozenset()).fields
    account.put(remote_id, {**shown, **fields})


DEEDS: Sequence[Deed] = (nothing, edits, all_sorts)


@contextmanager
def executed(store: sa.Engine) -> Iterator[list[Statement]]:
    """The statements that are sent while this is open, with their values."""
    found: list[Statement] = []

    def note(_c: object, _k: object, statement: str, values: Any, _x: object, many: bool) -> None:
        if not statement.startswith(("BEGIN", "EXPLAIN")):
            found.append((statement, values[0] if many and isinstance(values, list) else values))

    sa.event.listen(store, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(store, "before_cursor_execute", note)


def statements(harness: Harness, deed: Deed, n: int = 0) -> list[Statement]:
    """The statements of a cycle after a deed."""
    deed(harness, n)
    with executed(harness.app.store) as found:
        harness.cycle()
    return found


def fill(store: sa.Engine, count: int) -> None:
    """So many more contacts, in step since long ago, each with a write and whatever else it may."""
    ids = range(1_000_000, 1_000_000 + count)
    place = {"pair": "bench", "resource": "contact"}
    plain = {"fields": {}, "digest": "d", "gone": False, "sweep": 1, "hidden": False}
    ended = {
        "run_id": 1,
        "side": "right",
        "kind": "create",
        "patch": {},
        "current": {},
        "advance": {},
        "urgent": False,
        "routine": False,
        "state": "done",
        "attempts": 1,
        "sent_at": datetime(2020, 1, 1, tzinfo=UTC),
    }
    sides = (("left", "crm"), ("right", "mail"))
    with store.begin() as db:
        for side, account in sides:
            rows = [{"account": account, "remote_id": f"{n}", **plain} for n in ids]
            db.execute(sa.insert(t.observation), [{**row, "resource": "contact"} for row in rows])
            members = {"side": side, "state": "linked", "digest": "d", "todo": False, **place}
            known = [{"remote_id": f"{n}", "key": f"p{n}@example.org", "link_id": n} for n in ids]
            db.execute(sa.insert(t.member), [{**members, **row} for row in known])
        shadows = {"left_shadow": {}, "right_shadow": {}, **place}
        links = [{"id": n, "left_id": f"{n}", "right_id": f"{n}", **shadows} for n in ids]
        db.execute(sa.insert(t.link), links)
        db.execute(sa.insert(t.op), [{"link_id": n, **place, **ended} for n in ids])
        past = {"pair": "bench", "mode": "sync", "state": "done", "started_at": ended["sent_at"]}
        ran = [{"id": -n, "counts": {}, "reasons": []} for n in ids]
        db.execute(sa.insert(t.run), [{**past, **row} for row in ran])
        told = {"account": "mail", "source": "mail", "recorded_at": ended["sent_at"]}
        hashes = [{"address_hash": f"{n}"} for n in ids]
        db.execute(sa.insert(t.suppression), [{**told, **row} for row in hashes])
        fault = {"pair": "bench", "code": "too_long"}
        problems = [{"link_id": n, "rule": "city = city", **fault} for n in ids]
        db.execute(sa.insert(t.problem), problems)
        told = {"pair": "bench", "account": "crm", "resource": "contact", "actor": "platform"}
        seen = {**told, "kind": "appeared", "at_ms": 1_577_836_800_000, "run_id": 1}
        db.execute(sa.insert(t.journal), [{"remote_id": f"{n}", **seen} for n in ids])
        refusals = [{"link_id": n, "side": "left", "field": "city", **fault} for n in ids]
        db.execute(sa.insert(t.refusal), refusals)
    if store.dialect.name == "postgresql":  # as it does itself after a while
        with store.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.exec_driver_sql("ANALYZE")


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_no_statement_of_a_cycle_walks_a_table(harness: Harness, deed: Deed) -> None:
    found = dict(statements(harness, deed))
    fill(harness.app.store, FEW * 20)
    with harness.app.store.connect() as db:
        walks = [
            f"{walk}: {statement}"
            for statement, values in found.items()
            for walk in walked(db, statement, values)
        ]
    assert len(found) > 20
    assert not walks, "\n\n".join(walks)


@pytest.mark.parametrize("kind_of_store", ["postgresql"])
def test_before_there_are_statistics_nothing_is_compared_with_everything(harness: Harness) -> None:
    """PostgreSQL without statistics believes that an account or a pair has one row."""
    found: list[Statement] = []
    for deed in DEEDS:
        deed(harness, 0)
        with executed(harness.app.store) as sent:
            harness.cycle(Mode.FULL)
        found += sent
    with harness.app.store.connect() as db:
        looked_at = {
            statement: rows_looked_at(db, statement, values)
            for statement, values in dict(found).items()
            if not statement.startswith("INSERT")
        }
    assert len(looked_at) > 40
    many = {statement: rows for statement, rows in looked_at.items() if rows > 10 * FEW}
    assert not many


def rows_looked_at(db: sa.Connection, statement: str, values: Any) -> float:
    """How many rows a statement looks at, each as often as it does; it is undone again."""
    asked = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
    shown = db.exec_driver_sql(asked, values).scalar_one()
    db.rollback()
    return sum(
        node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        for node in _nodes(shown[0]["Plan"])
        if "Relation Name" in node and node["Node Type"] != "ModifyTable"
    )


def walked(db: sa.Connection, statement: str, values: Any) -> list[str]:
    """The parts of a statement's plan that go through a table, or through all of a pair."""
    if db.dialect.name == "sqlite":
        plan = [row[-1] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
        return [line for line in plan if _walks_sqlite(line)]
    shown = db.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
    nodes = list(_nodes(shown[0]["Plan"]))
    return [str({k: v for k, v in node.items() if k in TOLD}) for node in nodes if _walks(node)]


def _walks_sqlite(line: str) -> bool:
    """Of lines like `SEARCH member USING INDEX ix_… (pair=? AND key>?)`."""
    found = re.match(
        r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX (\w+))?(?: \((.*)\))?", line
    )
    if found is None or _table(found[2]) not in GROWING:
        return False
    if found[1] == "SCAN":
        return True
    by = set(re.findall(r"(\w+)[=<>]", found[4] or "rowid="))
    return by <= COARSE and not (found[3] or "").startswith("ix_member_todo")


def _walks(node: dict[str, Any]) -> bool:
    table, index = node.get("Relation Name", ""), node.get("Index Name")
    if index is None:
        return node["Node Type"] == "Seq Scan" and table in GROWING
    by = set(re.findall(r"\(?(\w+)\)?(?:::\w+)? [=<>]", node.get("Index Cond", "")))
    return by <= COARSE and not index.startswith("ix_member_todo")


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _table(name: str) -> str:
    """The table behind an alias, such as `member_1`."""
    return re.sub(r"_\d+$", "", name)


def planned_again(harness: Harness, _: int) -> None:
    """Every link is looked at once more, and nothing has changed."""
    with harness.app.store.begin() as db:
        wake.everybody(db, "bench")


def test_what_was_written_before_is_looked_up_only_where_something_is_to_be_written(
    harness: Harness,
) -> None:
    for deed, looks in ((planned_again, False), (edits, True)):
        found = [statement for statement, _ in statements(harness, deed)]
        assert any("row_number()" in statement for statement in found) is looks


@pytest.mark.parametrize("kind_of_store", ["sqlite"])
def test_a_cycle_costs_the_same_among_many_contacts(harness: Harness) -> None:
    """By the statements that it sends, and by the steps of SQLite's machine that these take."""
    for deed in DEEDS:  # so that both are measured at their second time
        measured(harness, deed, 0)
    few = [measured(harness, deed, 1) for deed in DEEDS]
    fill(harness.app.store, FEW * TIMES)
    many = [measured(harness, deed, 2) for deed in DEEDS]
    assert [sent for sent, _ in many] == [sent for sent, _ in few]
    assert all(most <= 1.2 * least for (_, least), (_, most) in zip(few, many, strict=True))


def test_a_look_at_everybody_loads_nobody_whole_who_is_as_before(harness: Harness) -> None:
    for _ in range(2):  # the first notes what they look like
        harness.cycle(Mode.FULL)
    edits(harness, 0)
    with executed(harness.app.store) as found:
        harness.cycle(Mode.FULL)
    loaded = {
        remote_id
        for statement, values in found
        if "observation.fields" in statement
        for remote_id in re.findall(r"\b(?:single|bulk)\d{7}\b", str(values))
    }
    changed = {"single0000000", f"bulk{FEW:07}"}
    counterparts = {"bulk0000000", f"single{FEW:07}"}
    assert changed <= loaded <= changed | counterparts


def measured(harness: Harness, deed: Deed, n: int) -> tuple[int, int]:
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    def watch(connection: sqlite3.Connection, _: Any) -> None:
        connection.set_progress_handler(count, 10)

    store = harness.app.store
    sa.event.listen(store, "connect", watch)
    store.dispose()
    try:
        return len(statements(harness, deed, n)), steps
    finally:
        sa.event.remove(store, "connect", watch)
        store.dispose()
