"""Whatever ops there are, what is told of some of them is what one counts by hand, and what is
done to some of them is done to no other."""

from collections import Counter

import pytest
import sqlalchemy as sa

from syncd.model.op import OpKind, OpState
from syncd.model.record import Resource
from syncd.model.side import SIDES, Side
from syncd.model.values import SetDelta, Value, fields_to_json
from syncd.store import doubts, ops, readback, retention, tallies, windows
from syncd.store import tables as t
from syncd.store.tallies import Tally

from .many_ops import NEXT_RUN, RUN, Row, ids, many, states
from .samples import CONTACT, HOUR, NOW, OTHER, PAIR, take

HELD, READY, SENDING = OpState.HELD, OpState.READY, OpState.SENDING
TAKEN, DOUBTED, DONE = OpState.TAKEN, OpState.DOUBTED, OpState.DONE
DEAD, DROPPED = OpState.DEAD, OpState.DROPPED
SEED = 4
LAST = 10**6


@pytest.fixture
def rows(store: sa.Engine) -> list[Row]:
    return many(store, SEED)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("urgent", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 500])
def test_what_is_claimed(
    store: sa.Engine, rows: list[Row], side: Side, urgent: bool, limit: int
) -> None:
    def is_due(row: Row) -> bool:
        at = (row.pair, row.run_id, row.side, row.resource, row.state)
        return at == (PAIR, RUN, side, CONTACT, READY) and row.urgent is urgent

    due = sorted((row for row in rows if is_due(row)), key=lambda row: row.id)
    before, lease = states(store), take(store)
    with store.begin() as db:
        claimed = ops.claim(db, lease, CONTACT, side, limit, NOW, RUN, urgent=urgent)
    assert [sent.op.id for sent in claimed] == [row.id for row in due[:limit]]
    assert all((s.side, s.sent_at, s.op.attempts) == (side, NOW, 1) for s in claimed)
    after = states(store)
    assert {i: s for i, s in after.items() if s != before[i]} == {
        sent.op.id: SENDING.value for sent in claimed
    }


def test_what_is_in_doubt_or_to_follow(store: sa.Engine, rows: list[Row]) -> None:
    with store.connect() as db:
        for ask, asked in ((doubts.in_doubt, {SENDING}), (doubts.awaited, {TAKEN, DOUBTED})):
            for pair in (PAIR, OTHER):
                for of in (CONTACT, Resource.NOTE):
                    at = (pair, of)
                    wanted = ids(rows, lambda r: (r.pair, r.resource) == at and r.state in asked)  # noqa: B023
                    assert [sent.op.id for sent in ask(db, *at, LAST)] == wanted
                    assert [s.op.id for s in ask(db, *at, 2, after=wanted[0])] == wanted[1:3]
        unknown = (SENDING, TAKEN, DOUBTED)
        unshown = ids(rows, lambda row: row.pair == PAIR and row.state in unknown)
        assert tallies.count_in_doubt(db, PAIR) == len(unshown)


@pytest.mark.parametrize("side", SIDES)
def test_which_creates_may_have_been_carried_out(
    store: sa.Engine, rows: list[Row], side: Side
) -> None:
    may = {
        row.link_id: row.id
        for row in rows
        if (row.side, row.kind, row.state) == (side, OpKind.CREATE, DOUBTED)
    }
    with store.connect() as db:
        found = doubts.doubted(db, side, [1, 2, 99])
    assert found == {link: may[link] for link in (1, 2) if link in may}
    assert found


@pytest.mark.parametrize("value", ["Bonn", frozenset({"vip"}), SetDelta(frozenset({"vip"}))])
@pytest.mark.parametrize("what", ["side", "state", "link_id", "id", "patch", "nothing"])
def test_what_a_later_op_has_overtaken(store: sa.Engine, what: str, value: Value) -> None:
    """It wrote one of the same fields, which is no set of which it wrote other members."""
    many(store, SEED, 2)
    true = {"side": "left", "state": "done", "link_id": 1, "id": 9, "patch": {"city": "Chur"}}
    false = {"side": "right", "state": "dead", "link_id": 2, "id": 4, "patch": {"name": "Ada"}}
    with store.begin() as db:
        for op_id, values in (
            (1, {**true, "id": 5, "state": "doubted", "patch": fields_to_json({"city": value})}),
            (2, {name: (false if name == what else true)[name] for name in true}),
        ):
            db.execute(sa.update(ops.t.op).where(ops.t.op.c.id == op_id).values(**values))
        overtaken = doubts.overtaken(db, Side.LEFT, ops.load(db, [5]))
    assert overtaken == ({5} if what == "nothing" and not isinstance(value, SetDelta) else set())


@pytest.mark.parametrize("side", SIDES)
def test_when_something_was_last_sent(store: sa.Engine, rows: list[Row], side: Side) -> None:
    wanted = {
        link: max(r.sent_at for r in rows if (r.link_id, r.side) == (link, side) and r.sent_at)
        for link in (1, 3)
    }
    with store.connect() as db:
        assert ops.last_sent(db, side, [1, 3, 99]) == wanted


def test_of_which_links_something_is_open_or_was_refused(store: sa.Engine, rows: list[Row]) -> None:
    open_states = (HELD, READY, SENDING, TAKEN)
    for state in OpState:
        with store.begin() as db:
            ops.settle(db, {row.id: (DONE, None) for row in rows if row.link_id != 2})
            ops.settle(db, {row.id: (state, None) for row in rows if row.link_id == 3})
            found = ops.links_with_open_ops(db, [3, 4])
            refused = ops.refused_links(db, RUN, [3, 4])
        assert found == ({3} if state in open_states else set())
        assert refused == ({3} if state is DEAD else set())
    with store.begin() as db:
        ops.settle(db, {row.id: (DEAD, None) for row in rows if row.run_id == NEXT_RUN})
        ops.settle(db, {row.id: (DONE, None) for row in rows if row.run_id == RUN})
        assert ops.refused_links(db, RUN, range(5)) == set()


@pytest.mark.parametrize("urgent_only", [False, True])
@pytest.mark.parametrize("full", [(), (Side.LEFT,), SIDES])
def test_what_is_released(
    store: sa.Engine, rows: list[Row], urgent_only: bool, full: tuple[Side, ...]
) -> None:
    def goes(row: Row) -> bool:
        waits = row.kind is OpKind.CREATE and row.side in full
        free = row.urgent or not urgent_only
        ours = row.run_id == RUN and row.resource is CONTACT
        return ours and row.state is HELD and free and not waits

    before, wanted = states(store), ids(rows, goes)
    with store.begin() as db:
        count = ops.release(db, RUN, CONTACT, urgent_only=urgent_only, no_creates=full)
    after = states(store)
    assert {i: s for i, s in after.items() if s != before[i]} == dict.fromkeys(wanted, "ready")
    assert count == len(wanted)


def test_what_is_dropped_unsent(store: sa.Engine, rows: list[Row]) -> None:
    wanted = ids(rows, lambda row: row.pair == PAIR and row.state in (HELD, READY))
    with store.begin() as db:
        assert ops.drop_unsent(db, PAIR) == len(wanted)
    assert {row.id for row in rows} - states(store).keys() == set(wanted)


def test_what_is_forgotten(store: sa.Engine, rows: list[Row]) -> None:
    """All that ended before a moment, but of contacts to which something is in doubt."""
    doubtful = (SENDING, TAKEN, DOUBTED)
    sure = ids(rows, lambda row: row.link_id in (0, 1, 2) and row.state in doubtful)
    with store.begin() as db:
        db.execute(t.op.delete().where(t.op.c.id.in_(sure), t.op.c.pair == PAIR))
    before = states(store)
    there = [row for row in rows if row.id in before]
    unsure = {row.link_id for row in there if row.pair == PAIR and row.state in doubtful}
    assert unsure == {3, 4}

    def goes(row: Row) -> bool:
        old = row.sent_at is not None and row.sent_at < NOW
        ended = row.state in (DONE, DROPPED, DEAD)
        return row.pair == PAIR and ended and old and row.link_id not in unsure

    wanted = ids(there, goes)
    assert {row.state for row in there if goes(row)} == {DONE, DROPPED, DEAD}
    with store.begin() as db:
        assert retention.tidy(db, PAIR, None, NOW + retention.KEPT) == len(wanted)
    assert before.keys() - states(store).keys() == set(wanted)


def test_opt_outs_that_no_platform_has_shown(store: sa.Engine, rows: list[Row]) -> None:
    with store.connect() as db:
        for side in SIDES:
            wanted = {
                row.link_id
                for row in rows
                if (row.pair, row.side, row.state) == (PAIR, side, DONE)
                and row.urgent
                and row.verified is not True
            }
            assert tallies.count_unshown_opt_outs(db, PAIR, side) == len(wanted)
            assert tallies.count_unshown_opt_outs(db, "third", side) == 0


@pytest.mark.parametrize("what", ["pair", "side", "state", "urgent", "verified", "nothing"])
def test_an_opt_out_counts_as_unshown_only_where_all_is_so(store: sa.Engine, what: str) -> None:
    [row] = many(store, SEED, 1)
    true = {"pair": PAIR, "side": "left", "state": "done", "urgent": True, "verified": None}
    false = {"pair": OTHER, "side": "right", "state": "sending", "urgent": False, "verified": True}
    values = {name: (false if name == what else true)[name] for name in true}
    with store.begin() as db:
        db.execute(sa.update(ops.t.op).values(**values))
        expected = int(what == "nothing")
        assert tallies.count_unshown_opt_outs(db, PAIR, Side.LEFT) == expected
    assert row.id == 1


def test_the_tally_of_a_run(store: sa.Engine, rows: list[Row]) -> None:
    with store.connect() as db:
        told = tallies.tally(db, RUN)
    counted = Counter(
        (r.resource, r.side, r.kind, r.urgent, r.routine, r.state) for r in rows if r.run_id == RUN
    )
    assert set(told) == {Tally(*alike, n) for alike, n in counted.items()}
    assert len(told) == len(counted)


def test_the_last_ops_of_a_link_and_the_first_of_a_run(store: sa.Engine, rows: list[Row]) -> None:
    of_link = ids(rows, lambda row: row.link_id == 3)[::-1]
    of_run = [row for row in rows if row.run_id == RUN]
    first = [row.id for row in sorted(of_run, key=lambda row: (not row.urgent, row.id))]
    with store.connect() as db:
        assert [row["id"] for row in tallies.of_link(db, 3)] == of_link[:20]
        assert [row["id"] for row in tallies.of_link(db, 3, limit=LAST)] == of_link
        assert [sent.op.id for sent in tallies.sample(db, RUN, 5)] == first[:5]
        assert [sent.op.id for sent in tallies.sample(db, RUN, LAST)] == first
        loaded = ops.load(db, of_link)
    assert [sent.op.id for sent in loaded] == of_link[::-1]


def test_what_nobody_has_looked_at(store: sa.Engine, rows: list[Row]) -> None:
    def unlooked(row: Row) -> bool:
        return (row.run_id, row.state, row.verified) == (RUN, DONE, None)

    with store.connect() as db:
        found = readback.unverified(db, RUN, [2, 3])
        wanted = ids(rows, lambda row: unlooked(row) and row.link_id in (2, 3))
        assert sorted(sent.op.id for sent in found) == wanted
        ours = [row for row in rows if row.resource is CONTACT]
        links = sorted({row.link_id for row in ours if unlooked(row)})
        assert readback.unverified_links(db, RUN, CONTACT, LAST, -1) == links
        assert readback.unverified_links(db, RUN, CONTACT, 2, links[0]) == links[1:3]
        for so in (True, False):
            looked = ids(ours, lambda row: row.run_id == RUN and row.verified is so)  # noqa: B023
            assert readback.count_verified(db, RUN, CONTACT, so=so) == len(looked)


def test_an_opt_out_is_lost_until_another_one_of_that_record_follows(store: sa.Engine) -> None:
    many(store, SEED, 2)
    lost = {"run_id": RUN, "link_id": 1, "side": "left", "urgent": True, "state": "dropped"}
    later = {**lost, "state": "held"}

    def is_lost(first: dict[str, object], second: dict[str, object]) -> bool:
        with store.begin() as db:
            for op_id, values in ((1, first), (2, second)):
                db.execute(sa.update(ops.t.op).where(ops.t.op.c.id == op_id).values(**values))
            return ops.lost_opt_outs(db, RUN)

    assert not is_lost(lost, later)
    assert is_lost(later, lost)
    other = {"run_id": NEXT_RUN, "link_id": 2, "side": "right", "urgent": False}
    for name, value in other.items():
        assert is_lost(lost, {**later, name: value})
    nothing = {**later, "run_id": NEXT_RUN}
    assert is_lost(lost, nothing)
    for name, value in {**other, "state": "done"}.items():
        if name not in ("link_id", "side"):
            assert not is_lost({**lost, name: value}, nothing)


def test_what_was_carried_out_in_a_window(store: sa.Engine, rows: list[Row]) -> None:
    def did(row: Row) -> bool:
        lately = row.sent_at is not None and row.sent_at > NOW - HOUR
        ours = row.pair == PAIR and row.resource is CONTACT
        return ours and row.state in (DONE, TAKEN) and lately and not row.routine

    def wants(row: Row) -> bool:
        ours = row.run_id == RUN and row.resource is CONTACT
        return ours and row.state is HELD and not row.routine

    def contacts(found: list[Row]) -> Counter[tuple[Side, OpKind, bool]]:
        each = {(r.side, r.kind, r.urgent, r.link_id or -r.id) for r in found}
        return Counter((side, kind, urgent) for side, kind, urgent, _ in each)

    earlier = [row for row in rows if did(row)]
    with store.connect() as db:
        found = windows.carried_out(db, PAIR, CONTACT, RUN, NOW - HOUR)
    assert found.earlier == contacts(earlier)
    assert found.total == contacts([*earlier, *(row for row in rows if wants(row))])
    assert found.ended == 0
