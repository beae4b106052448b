"""What was carried out within a window of time."""

from collections import Counter
from dataclasses import replace

import sqlalchemy as sa

from syncd.model.link import NO_LINK
from syncd.model.op import OpKind, OpState
from syncd.model.plan import Draft
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import ops, windows
from syncd.store import tables as t
from syncd.store.database import reading
from syncd.store.windows import CarriedOut

from .samples import CONTACT, HOUR, NOW, PAIR, counted, draft

EARLIER, NOW_ON = 7, 8  # runs
CHANGED = (Side.RIGHT, OpKind.UPDATE, False)


def carried_out(
    store: sa.Engine, *drafts: Draft, hours_ago: float = 1, state: OpState = OpState.DONE
) -> None:
    """Ops of an earlier run, as they were sent so long ago."""
    with store.begin() as db:
        ops.stage(db, PAIR, EARLIER, CONTACT, drafts)
        db.execute(
            t.op.update()
            .where(t.op.c.state == OpState.HELD.value, t.op.c.run_id == EARLIER)
            .values(state=state.value, sent_at=NOW - hours_ago * HOUR)
        )


def counts(store: sa.Engine, hours: float = 24, pair: str = PAIR) -> CarriedOut:
    with reading(store) as db:
        return windows.carried_out(db, pair, Resource.CONTACT, NOW_ON, NOW - hours * HOUR)


def test_it_is_counted_by_side_and_kind(store: sa.Engine) -> None:
    carried_out(
        store,
        draft(1),
        draft(2),
        draft(3, Side.LEFT),
        draft(4, kind=OpKind.DELETE, ends="counterpart_deleted"),
        draft(5, kind=OpKind.CREATE, remote_id=None),
        draft(6, urgent=True),
        draft(7, kind=OpKind.SUPPRESS, urgent=True, ends="opted_out"),
    )
    found = counts(store)
    assert found.earlier == {
        CHANGED: 2,
        (Side.LEFT, OpKind.UPDATE, False): 1,
        (Side.RIGHT, OpKind.DELETE, False): 1,
        (Side.RIGHT, OpKind.CREATE, False): 1,
        (Side.RIGHT, OpKind.UPDATE, True): 1,
        (Side.RIGHT, OpKind.SUPPRESS, True): 1,
    }
    assert found.total == found.earlier
    assert found.ended == 2


def test_a_contact_counts_once_in_what_was_done_and_what_is_wanted(store: sa.Engine) -> None:
    carried_out(store, draft(1), draft(2))
    carried_out(store, draft(1), draft(1), hours_ago=3)
    with store.begin() as db:
        ops.stage(db, PAIR, NOW_ON, CONTACT, [draft(2), draft(3)])
    found = counts(store)
    assert found.earlier == {CHANGED: 2}
    assert found.total == {CHANGED: 3}


def test_addresses_of_which_no_record_is_known_are_told_apart(store: sa.Engine) -> None:
    told = draft(NO_LINK, kind=OpKind.SUPPRESS, remote_id=None, urgent=True)
    carried_out(store, told, told)
    assert counts(store).earlier == {(Side.RIGHT, OpKind.SUPPRESS, True): 2}


def test_what_is_older_of_another_pair_routine_or_not_carried_out_is_left_out(
    store: sa.Engine,
) -> None:
    carried_out(store, draft(1), hours_ago=25)
    carried_out(store, draft(2, routine=True))
    for state in (OpState.DEAD, OpState.DROPPED, OpState.SENDING):
        carried_out(store, draft(3), state=state)
    with store.begin() as db:
        ops.stage(db, PAIR, NOW_ON, CONTACT, [draft(4)])
    assert counts(store) == CarriedOut(Counter(), Counter(), 0)
    assert counts(store, hours=26).earlier == {CHANGED: 1}
    assert counts(store, hours=26, pair="other").earlier == {}


def test_a_create_whose_id_is_still_to_follow_was_carried_out(store: sa.Engine) -> None:
    carried_out(store, draft(1, kind=OpKind.CREATE, remote_id=None), state=OpState.TAKEN)
    assert counts(store).earlier == {(Side.RIGHT, OpKind.CREATE, False): 1}


def test_a_window_begins_anew_when_told_and_only_for_that_pair(store: sa.Engine) -> None:
    with store.begin() as db:
        assert windows.begun(db, PAIR) is None
        windows.start_anew(db, PAIR, NOW)
        windows.start_anew(db, PAIR, NOW + HOUR)
    with reading(store) as db:
        assert windows.begun(db, PAIR) == NOW + HOUR
        assert windows.begun(db, "other") is None


def test_it_is_found_by_an_index_and_not_by_a_walk_over_everything(
    sqlite_store: sa.Engine,
) -> None:
    carried_out(sqlite_store, *(replace(draft(n), link_id=n) for n in range(1, 300)))
    with counted(sqlite_store) as statements:
        assert counts(sqlite_store).earlier == {CHANGED: 299}
    with sqlite_store.connect() as db:
        for statement in statements:
            blanks = (None,) * statement.count("?")
            steps = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", blanks).all()
            looked = [step.detail for step in steps if " op" in f" {step.detail}"]
            assert looked
            for detail in looked:
                assert "USING INDEX" in detail, detail
                assert "sent_at>?" in detail or "run_id=?" in detail, detail
