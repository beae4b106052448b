"""The last record seen: replaced as a whole, and marked by the sweeps that saw it."""

from datetime import UTC, date, datetime

import sqlalchemy as sa

from syncd.model.record import Resource
from syncd.model.values import Consent, Fields, Level
from syncd.store import observations

from .samples import CONTACT, NOW, counted, observation

ACCOUNT = "crm"


def save(store: sa.Engine, *ids: str, sweep: int = 0, **values: object) -> None:
    with store.begin() as db:
        observations.save(
            db, ACCOUNT, CONTACT, [observation(i, **values) for i in ids], sweep=sweep
        )


def mark(store: sa.Engine, ids: str, sweep: int) -> None:
    with store.begin() as db:
        observations.mark_swept(db, ACCOUNT, CONTACT, list(ids), sweep)


def unswept(store: sa.Engine, sweep: int, limit: int = 100, after: str = "") -> list[str]:
    with store.connect() as db:
        found = observations.unswept(db, ACCOUNT, CONTACT, sweep, limit, after)
        if not after and limit >= 100:
            assert observations.count_unswept(db, ACCOUNT, CONTACT, sweep) == len(found)
        return found


def test_what_is_saved_comes_out_as_it_went_in(store: sa.Engine) -> None:
    fields: Fields = {
        "email": "zoë@example.org",
        "tags": frozenset({"b", "a"}),
        "none": None,
        "consent": Consent(Level.GRANTED, datetime(2026, 1, 1, tzinfo=UTC), "form"),
        "born": date(1990, 4, 3),
        "rate": 12.5,
        "yes": True,
    }
    seen = observation(
        "a", fields=fields, version="2026-03-02T08:15:00Z", modified=NOW, gone=True, parent_id="p"
    )
    with store.begin() as db:
        observations.save(db, ACCOUNT, CONTACT, [seen])
        assert observations.load(db, ACCOUNT, CONTACT, ["a", "unknown"]) == {"a": seen}


def test_a_later_look_replaces_the_earlier(store: sa.Engine) -> None:
    save(store, "a", version="1")
    save(store, "a", fields={"city": "Bonn"}, digest="d2", version=None)
    with store.connect() as db:
        [seen] = observations.load(db, ACCOUNT, CONTACT, ["a"]).values()
    assert seen == observation("a", fields={"city": "Bonn"}, digest="d2")


def test_accounts_and_resources_are_kept_apart(store: sa.Engine) -> None:
    save(store, "a")
    with store.begin() as db:
        observations.save(db, "other", CONTACT, [observation("a", digest="d2")])
        observations.save(db, ACCOUNT, Resource.NOTE, [observation("a", digest="d3")])
        assert observations.load(db, ACCOUNT, CONTACT, ["a"])["a"].digest == "d1"
        assert observations.load(db, ACCOUNT, Resource.TASK, ["a"]) == {}


def test_a_sweep_misses_exactly_what_it_did_not_see(store: sa.Engine) -> None:
    save(store, "a", "b", "c")
    mark(store, "ac", 7)
    assert unswept(store, 7) == ["b"]


def test_the_number_of_a_later_sweep_is_never_lowered(store: sa.Engine) -> None:
    save(store, "a", "b")
    mark(store, "ab", 9)
    mark(store, "ab", 7)  # of another pair with the same account
    assert unswept(store, 9) == []


def test_a_change_does_not_lower_the_number_of_the_sweep_that_saw_it(store: sa.Engine) -> None:
    save(store, "a", sweep=9)
    save(store, "a", digest="d2", sweep=0)
    assert unswept(store, 9) == []


def test_what_a_sweep_finds_new_counts_as_seen_by_it(store: sa.Engine) -> None:
    save(store, "a", sweep=7)
    assert unswept(store, 7) == []
    assert unswept(store, 8) == ["a"]


def test_what_is_gone_is_not_missed_again(store: sa.Engine) -> None:
    save(store, "a", gone=True)
    save(store, "b")
    assert unswept(store, 7) == ["b"]
    with store.connect() as db:
        assert observations.count(db, ACCOUNT, CONTACT) == 1


def test_what_is_missed_can_be_read_in_parts(store: sa.Engine) -> None:
    save(store, *"abcde")
    first = unswept(store, 7, limit=2)
    assert first == ["a", "b"]
    assert unswept(store, 7, after=first[-1]) == ["c", "d", "e"]


def test_saving_and_marking_a_page_is_a_handful_of_statements(store: sa.Engine) -> None:
    page = [observation(f"r{n}") for n in range(500)]
    with counted(store) as statements, store.begin() as db:
        observations.save(db, ACCOUNT, CONTACT, page, sweep=3)
        observations.mark_swept(db, ACCOUNT, CONTACT, [o.remote_id for o in page], 4)
        assert len(observations.load(db, ACCOUNT, CONTACT, [o.remote_id for o in page])) == 500
    assert len(statements) <= 4


def test_before_there_are_statistics_records_are_found_by_their_ids(
    postgres_store: sa.Engine,
) -> None:
    """PostgreSQL believes then that an account has one record, wherever an index finds those."""
    ids = [f"a{n}" for n in range(500)]
    save(postgres_store, *ids)
    said: list[tuple[str, object]] = []
    sa.event.listen(
        postgres_store, "before_cursor_execute", lambda _c, _k, *sent: said.append(sent[:2])
    )
    with postgres_store.connect() as db:
        assert len(observations.load(db, ACCOUNT, CONTACT, ids[:100])) == 100
        [(statement, values)] = said
        db.exec_driver_sql("SET enable_seqscan = off")  # of so few rows, all are read anyway
        plan = db.exec_driver_sql(f"EXPLAIN {statement}", values).scalars().all()
    assert "pk_observation" in plan[0] + plan[1]
    assert any("Index Cond" in line and "remote_id" in line for line in plan)
