"""The list that a backfill works through, so that it can go on after a crash."""

from typing import Any

import pytest
import sqlalchemy as sa

from syncd.model.link import State
from syncd.model.op import OpKind, OpState
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import backfills, members, ops, tallies
from syncd.store.backfills import Fate

from .samples import CONTACT, PAIR, counted, draft, member

RUN = 7


def add(store: sa.Engine, *ids: str, side: Side = Side.LEFT, run: int = RUN) -> None:
    with store.begin() as db:
        backfills.add(db, run, CONTACT, side, ids)


def waiting(store: sa.Engine, limit: int = 100, after: int = 0) -> list[backfills.Item]:
    with store.connect() as db:
        return backfills.waiting(db, RUN, CONTACT, limit, after)


def test_records_wait_in_the_order_they_were_added(store: sa.Engine) -> None:
    add(store, "b", "a")
    add(store, "a", side=Side.RIGHT)
    add(store, "z", run=RUN + 1)
    listed = [(item.side, item.remote_id) for item in waiting(store)]
    assert listed == [(Side.LEFT, "b"), (Side.LEFT, "a"), (Side.RIGHT, "a")]


def test_a_repeated_page_adds_nothing_and_undoes_nothing(store: sa.Engine) -> None:
    add(store, "a", "b")
    done = waiting(store)[0]
    with store.begin() as db:
        backfills.finish(db, [done.id])
    add(store, "a", "b", "c")
    assert [item.remote_id for item in waiting(store)] == ["b", "c"]
    with store.connect() as db:
        assert backfills.count(db, RUN, CONTACT) == (1, 3)


def test_the_list_can_be_read_in_parts(store: sa.Engine) -> None:
    add(store, *"abc")
    first = waiting(store, limit=2)
    assert [item.remote_id for item in waiting(store, after=first[-1].id)] == ["c"]


def sent(
    store: sa.Engine,
    link_id: int,
    state: OpState,
    side: Side = Side.RIGHT,
    run: int = RUN,
    **values: object,
) -> None:
    """An op of the run in a state."""
    with store.begin() as db:
        ops.stage(db, PAIR, run, CONTACT, [draft(link_id, side, **values)])
        newest = max(op["id"] for op in tallies.of_link(db, link_id))
        ops.settle(db, {newest: (state, None)})


def linked(store: sa.Engine, *ids: str, side: Side = Side.LEFT, **values: object) -> None:
    """List records and link each, `r7` by link 7."""
    add(store, *ids, side=side)
    with store.begin() as db:
        found = [member(i, side, link_id=int(i[1:]), **values) for i in ids]
        members.save(db, PAIR, CONTACT, found)


def people(store: sa.Engine, *, planned: bool = False) -> backfills.People:
    with store.connect() as db:
        return backfills.people(db, RUN, PAIR, CONTACT, planned=planned)


def finish_all(store: sa.Engine) -> None:
    with store.begin() as db:
        backfills.finish(db, [item.id for item in backfills.waiting(db, RUN, CONTACT, 1000)])


def test_a_link_is_one_person_and_so_is_a_record_without_one(store: sa.Engine) -> None:
    linked(store, "r1", "r2")
    linked(store, "r1", side=Side.RIGHT)
    add(store, "alone", "unheard of")
    with store.begin() as db:
        members.save(db, PAIR, CONTACT, [member("alone")])
        members.save(db, "other", CONTACT, [member("alone", link_id=1)])
    assert people(store) == backfills.People({Fate.TO_DO: 4}, done=0)
    finish_all(store)
    assert people(store) == backfills.People({Fate.UNCHANGED: 4}, done=4)


def test_who_is_worked_through_in_part_is_not_done(store: sa.Engine) -> None:
    linked(store, "r1")
    linked(store, "r1", side=Side.RIGHT)
    first = waiting(store)[0]
    with store.begin() as db:
        backfills.finish(db, [first.id])
    assert people(store).done == 0


CREATE, UPDATE = OpKind.CREATE, OpKind.UPDATE
DONE, DEAD, DROPPED = OpState.DONE, OpState.DEAD, OpState.DROPPED


@pytest.mark.parametrize(
    ("written", "fate"),
    [
        ([], Fate.UNCHANGED),
        ([(UPDATE, DONE, {})], Fate.UPDATED),
        ([(CREATE, DONE, {}), (UPDATE, DONE, {"side": Side.LEFT})], Fate.CREATED),
        ([(UPDATE, DONE, {"routine": True})], Fate.UNCHANGED),
        ([(OpKind.DELETE, DONE, {}), (UPDATE, DONE, {"side": Side.LEFT})], Fate.DELETED),
        ([(CREATE, DONE, {}), (UPDATE, DONE, {"urgent": True})], Fate.OPTED_OUT),
        ([(OpKind.SUPPRESS, DONE, {"urgent": True})], Fate.OPTED_OUT),
        ([(CREATE, OpState.SENDING, {})], Fate.AWAITED),
        ([(UPDATE, DEAD, {}), (UPDATE, DONE, {"side": Side.LEFT})], Fate.FAILED),
        ([(UPDATE, DEAD, {}), (UPDATE, DONE, {})], Fate.UPDATED),
        ([(CREATE, DROPPED, {})], Fate.LEFT),
        ([(CREATE, DROPPED, {}), (CREATE, DONE, {})], Fate.CREATED),
        ([(UPDATE, DONE, {}), (UPDATE, OpState.HELD, {})], Fate.TO_DO),
        ([(CREATE, DONE, {"run": RUN + 1})], Fate.UNCHANGED),
    ],
)
def test_what_was_written_says_what_became_of_a_person(
    store: sa.Engine,
    written: list[tuple[OpKind, OpState, dict[str, Any]]],
    fate: Fate,
) -> None:
    linked(store, "r1", todo=fate is Fate.LEFT)
    finish_all(store)
    for kind, state, how in written:
        sent(store, 1, state, kind=kind, **how)
    assert people(store).fates == {fate: 1}


def test_a_dropped_op_of_which_nothing_is_left_to_do_leaves_nothing(store: sa.Engine) -> None:
    linked(store, "r1", todo=False)
    finish_all(store)
    sent(store, 1, DROPPED, kind=CREATE)
    assert people(store).fates == {Fate.UNCHANGED: 1}


def test_after_a_plan_who_has_no_op_waiting_needs_nothing(store: sa.Engine) -> None:
    linked(store, "r1", "r2")
    linked(store, "r3", state=State.PARKED, cause="no_key")
    sent(store, 1, OpState.HELD, kind=UPDATE)
    wanted = {Fate.TO_DO: 1, Fate.UNCHANGED: 1, Fate.PARKED: 1}
    assert people(store, planned=True) == backfills.People(wanted, done=0)
    assert people(store).fates == {Fate.TO_DO: 3}


def test_who_was_written_to_outside_the_list_is_counted_once(store: sa.Engine) -> None:
    linked(store, "r1")
    sent(store, 1, DONE)
    for side in Side:
        sent(store, 9, DONE, side=side, urgent=True)
    sent(store, 8, DEAD)
    with store.connect() as db:
        assert backfills.count_written_elsewhere(db, RUN, PAIR, CONTACT) == 1


def test_an_ended_backfill_is_forgotten(store: sa.Engine) -> None:
    add(store, "a")
    add(store, "a", run=RUN + 1)
    with store.begin() as db:
        backfills.clear(db, RUN)
        assert backfills.count(db, RUN, CONTACT) == (0, 0)
        assert backfills.count(db, RUN + 1, CONTACT) == (0, 1)


def test_a_page_is_a_handful_of_statements(store: sa.Engine) -> None:
    with counted(store) as statements:
        add(store, *(f"r{n}" for n in range(500)))
    items = waiting(store, limit=500)
    assert len(items) == 500
    with counted(store) as more, store.begin() as db:
        backfills.finish(db, [item.id for item in items])
        assert backfills.count(db, RUN, CONTACT) == (500, 500)
    assert len(statements) == 1
    assert len(more) == 2


def test_these_are_the_words_for_what_became_of_people() -> None:
    """As `syncd backfill --json` tells them."""
    assert " ".join(Fate) == (
        "to_do failed opted_out awaited created deleted updated parked waiting left unchanged"
    )


def test_the_people_on_the_list_of_another_run_are_not_on_this_one(store: sa.Engine) -> None:
    linked(store, "r1")
    add(store, "r2", run=RUN + 1)
    with store.begin() as db:
        members.save(db, PAIR, CONTACT, [member("r2", link_id=2)])
    sent(store, 2, DONE)
    assert people(store) == backfills.People({Fate.TO_DO: 1}, done=0)
    with store.connect() as db:
        assert backfills.count_written_elsewhere(db, RUN, PAIR, CONTACT) == 1
        assert backfills.count_written_elsewhere(db, RUN + 1, PAIR, CONTACT) == 0


@pytest.mark.parametrize(("pair", "side"), [("other", Side.LEFT), (PAIR, Side.RIGHT)])
def test_a_record_of_another_pair_or_side_with_the_same_id_is_somebody_else(
    store: sa.Engine, pair: str, side: Side
) -> None:
    add(store, "r1")
    with store.begin() as db:
        members.save(db, pair, CONTACT, [member("r1", side, link_id=1, state=State.PARKED)])
        members.save(db, PAIR, Resource.NOTE, [member("r1", link_id=1, state=State.PARKED)])
    finish_all(store)
    assert people(store).fates == {Fate.UNCHANGED: 1}


def test_what_became_of_a_person_is_the_first_of_these(store: sa.Engine) -> None:
    """Whatever else is true of them too."""
    written = [
        (UPDATE, OpState.READY, {}, Fate.TO_DO),
        (UPDATE, DEAD, {"side": Side.LEFT}, Fate.FAILED),
        (UPDATE, DONE, {"urgent": True, "side": Side.RIGHT}, Fate.OPTED_OUT),
        (UPDATE, OpState.TAKEN, {}, Fate.AWAITED),
        (CREATE, DONE, {}, Fate.CREATED),
        (OpKind.DELETE, DONE, {}, Fate.DELETED),
        (UPDATE, DONE, {}, Fate.UPDATED),
    ]
    for link, _ in enumerate(written, start=1):
        linked(store, f"r{link}", state=State.PARKED, todo=True)
        sent(store, link, DROPPED, side=Side.LEFT)
        for kind, state, how, _ in reversed(written[link - 1 :]):
            sent(store, link, state, kind=kind, **how)
    finish_all(store)
    assert people(store) == backfills.People({fate: 1 for *_, fate in written}, done=len(written))


def test_what_another_run_wrote_is_not_counted_for_this_one(store: sa.Engine) -> None:
    linked(store, "r1")
    sent(store, 2, DONE, run=RUN + 1)
    with store.connect() as db:
        assert backfills.count_written_elsewhere(db, RUN, PAIR, CONTACT) == 0
