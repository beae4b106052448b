"""The outbox: every intended write, before it is sent."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from syncd.errors import LeaseLostError
from syncd.model.op import OpKind, OpState
from syncd.model.plan import Draft
from syncd.model.record import Resource
from syncd.model.side import Both, Side
from syncd.model.values import Consent, Level, SetDelta
from syncd.store import doubts, leases, ops, readback, tallies
from syncd.store.ops import Sent
from syncd.store.tallies import Tally

from .samples import CONTACT, HERE, HOUR, NOW, PAIR, THERE, counted, draft, take

RUN = 7


def stage(store: sa.Engine, *drafts: Draft, ready: bool = True, run: int = RUN) -> None:
    with store.begin() as db:
        ops.stage(db, PAIR, run, CONTACT, drafts)
        if ready:
            ops.release(db, run, Resource.CONTACT)


def claim(
    store: sa.Engine, lease: leases.Lease, limit: int = 100, *, urgent: bool = False
) -> list[Sent]:
    with store.begin() as db:
        return ops.claim(db, lease, CONTACT, Side.RIGHT, limit, NOW, RUN, urgent=urgent)


def settle(store: sa.Engine, sent: Sent, state: OpState, error: str | None = None) -> None:
    with store.begin() as db:
        ops.settle(db, {sent.op.id: (state, error)})


def states(store: sa.Engine) -> list[str]:
    with store.connect() as db:
        return [s for (s,) in db.execute(sa.text("select state from op order by id"))]


def test_what_is_staged_comes_out_as_it_went_in(store: sa.Engine) -> None:
    moment = datetime(2026, 3, 2, 8, 15, 30, 250000, tzinfo=UTC)
    delta = SetDelta(frozenset({"vip"}), frozenset({"lead"}))
    wanted = draft(
        link_id=12,
        patch={
            "firstName": "Zoë",
            "consent": Consent(Level.REVOKED, moment, "form"),
            "tags": delta,
            "born": date(1990, 4, 3),
            "seen": moment,
            "city": None,
            "newsletter": True,
            "visits": 3,
        },
        current={"tags": frozenset({"lead"}), "email": "zoe@example.org"},
        advance=Both({"tags": delta}, {"tags": delta, "firstName": "Zoë"}),
        ends="opted_out",
        urgent=True,
    )
    stage(store, wanted)
    [sent] = claim(store, take(store), urgent=True)
    assert (sent.op.patch, sent.op.current) == (wanted.patch, wanted.current)
    assert (sent.advance, sent.ends, sent.link_id) == (wanted.advance, "opted_out", 12)
    assert (sent.op.urgent, sent.op.kind, sent.op.remote_id) == (True, OpKind.UPDATE, "r1")
    assert (sent.op.attempts, sent.sent_at, sent.side) == (1, NOW, Side.RIGHT)
    assert sent.op.patch["newsletter"] is True


def test_nothing_is_claimed_before_it_is_released(store: sa.Engine) -> None:
    stage(store, draft(), ready=False)
    assert claim(store, take(store)) == []
    assert states(store) == ["held"]


def test_opt_outs_are_claimed_apart_and_the_rest_in_order(store: sa.Engine) -> None:
    stage(store, draft(1), draft(2), draft(3, urgent=True), draft(4, urgent=True), draft(5))
    lease = take(store)
    assert [s.link_id for s in claim(store, lease, urgent=True)] == [3, 4]
    assert claim(store, lease, urgent=True) == []
    assert [s.link_id for s in claim(store, lease, limit=2)] == [1, 2]
    assert [s.link_id for s in claim(store, lease, limit=2)] == [5]


def test_only_the_asked_side_resource_pair_and_run_are_claimed(store: sa.Engine) -> None:
    stage(store, draft(1, Side.LEFT), draft(2))
    stage(store, draft(3), run=RUN + 1)
    with store.begin() as db:
        ops.stage(db, PAIR, RUN, Resource.NOTE, [draft(4)])
        ops.stage(db, "other", RUN, CONTACT, [draft(5)])
        ops.release(db, RUN, Resource.CONTACT)
    assert [s.link_id for s in claim(store, take(store))] == [2]


def test_what_is_claimed_is_not_claimed_again(store: sa.Engine) -> None:
    stage(store, draft(1), draft(2))
    lease = take(store)
    assert len(claim(store, lease)) == 2
    assert claim(store, lease) == []
    assert states(store) == ["sending", "sending"]


def test_a_worker_that_lost_its_lease_cannot_claim(store: sa.Engine) -> None:
    stage(store, draft())
    slept = take(store)
    take(store, THERE, NOW + HOUR)
    with pytest.raises(LeaseLostError):
        claim(store, slept)
    assert states(store) == ["ready"]


def test_two_claimers_at_once_never_get_the_same_op(postgres_store: sa.Engine) -> None:
    stage(postgres_store, *(draft(n) for n in range(200)))
    lease = take(postgres_store)

    def drain() -> list[int]:
        mine: list[int] = []
        while sent := claim(postgres_store, lease, limit=7):
            mine.extend(s.op.id for s in sent)
        return mine

    with ThreadPoolExecutor(4) as pool:
        got = [op_id for each in [pool.submit(drain) for _ in range(4)] for op_id in each.result()]
    assert len(got) == 200
    assert len(set(got)) == 200


def test_a_claimer_skips_what_another_transaction_has_locked(postgres_store: sa.Engine) -> None:
    stage(postgres_store, draft(1), draft(2))
    lease = take(postgres_store)
    with postgres_store.connect() as other, postgres_store.begin() as db:
        other.execute(sa.text("select id from op where link_id = 1 for update"))
        db.execute(sa.text("set local lock_timeout = '5s'"))  # fail, rather than wait for ever
        sent = ops.claim(db, lease, CONTACT, Side.RIGHT, 100, NOW, RUN, urgent=False)
    assert [s.link_id for s in sent] == [2]


def test_a_settled_op_is_in_doubt_no_more(store: sa.Engine) -> None:
    stage(store, draft(1), draft(2))
    first, second = claim(store, take(store))
    settle(store, first, OpState.DONE)
    with store.connect() as db:
        assert [s.op.id for s in doubts.in_doubt(db, PAIR, Resource.CONTACT, 10)] == [second.op.id]
        assert doubts.in_doubt(db, "other", Resource.CONTACT, 10) == []


def test_settling_keeps_the_text_of_the_error(store: sa.Engine) -> None:
    stage(store, draft(5))
    [sent] = claim(store, take(store))
    settle(store, sent, OpState.DEAD, "invalid_phone")
    with store.connect() as db:
        [row] = tallies.of_link(db, 5)
    assert (row["state"], row["error"], row["attempts"]) == ("dead", "invalid_phone", 1)


def test_dropping_spares_what_was_sent(store: sa.Engine) -> None:
    stage(store, draft(1))
    claim(store, take(store))
    stage(store, draft(2))
    stage(store, draft(3), ready=False)
    with store.begin() as db:
        ops.stage(db, "other", RUN, CONTACT, [draft(4)])
        assert ops.drop_unsent(db, PAIR) == 2
    assert states(store) == ["sending", "held"]


def test_releasing_lets_a_run_out_and_no_other(store: sa.Engine) -> None:
    stage(store, draft(1), ready=False)
    stage(store, draft(2), ready=False, run=RUN + 1)
    with store.begin() as db:
        assert ops.release(db, RUN, Resource.CONTACT) == 1
    assert states(store) == ["ready", "held"]


def test_opt_outs_can_be_released_alone(store: sa.Engine) -> None:
    stage(store, draft(1), draft(2, urgent=True), ready=False)
    with store.begin() as db:
        assert ops.release(db, RUN, Resource.CONTACT, urgent_only=True) == 1
    assert states(store) == ["held", "ready"]


def test_the_tally_counts_a_run_by_what_its_ops_are(store: sa.Engine) -> None:
    create = replace(draft(9), kind=OpKind.CREATE, remote_id=None)
    stage(store, draft(1), draft(2), create, draft(3, urgent=True), draft(4, Side.LEFT))
    stage(store, draft(5, routine=True), ready=False)
    stage(store, draft(6), run=RUN + 1)
    with store.connect() as db:
        alike = tallies.tally(db, RUN)
    contact, right, update = Resource.CONTACT, Side.RIGHT, OpKind.UPDATE
    assert set(alike) == {
        Tally(contact, right, OpKind.CREATE, False, False, OpState.READY, 1),
        Tally(contact, right, update, False, False, OpState.READY, 2),
        Tally(contact, right, update, True, False, OpState.READY, 1),
        Tally(contact, right, update, False, True, OpState.HELD, 1),
        Tally(contact, Side.LEFT, update, False, False, OpState.READY, 1),
    }


def test_links_with_open_ops_are_those_planned_ready_or_in_doubt(store: sa.Engine) -> None:
    stage(store, draft(1), draft(2))
    done, _doubt = claim(store, take(store))
    settle(store, done, OpState.DONE)
    stage(store, draft(3))
    stage(store, draft(4), ready=False)
    with store.connect() as db:
        assert ops.links_with_open_ops(db, range(1000)) == {2, 3, 4}


def test_done_ops_are_unverified_until_somebody_has_looked(store: sa.Engine) -> None:
    stage(store, draft(1), draft(2), draft(3))
    sent = claim(store, take(store))
    for each in sent[:2]:
        settle(store, each, OpState.DONE)
    with store.begin() as db:
        readback.note_verified(db, {sent[0].op.id: True})
        assert [s.link_id for s in readback.unverified(db, RUN, [1, 2, 3])] == [2]
        readback.note_verified(db, {sent[1].op.id: False})
        assert readback.unverified(db, RUN, [1, 2, 3]) == []
        assert readback.count_verified(db, RUN, CONTACT, so=True) == 1
        assert readback.count_verified(db, RUN, CONTACT, so=False) == 1


def test_the_sample_of_a_run_begins_with_its_opt_outs(store: sa.Engine) -> None:
    stage(store, draft(1), draft(2), draft(3, urgent=True), ready=False)
    with store.connect() as db:
        assert [s.link_id for s in tallies.sample(db, RUN, 2)] == [3, 1]


def test_the_history_of_a_link_is_newest_first_and_limited(store: sa.Engine) -> None:
    for city in ("Bonn", "Kiel", "Ulm"):
        stage(store, draft(5, patch={"city": city}))
    with store.connect() as db:
        assert [row["patch"]["city"] for row in tallies.of_link(db, 5, limit=2)] == ["Ulm", "Kiel"]


def test_staging_and_settling_many_is_a_handful_of_statements(store: sa.Engine) -> None:
    with counted(store) as statements:
        stage(store, *(draft(n) for n in range(500)))
    assert len(statements) <= 3
    lease = take(store, HERE)
    with counted(store) as statements:
        sent = claim(store, lease, limit=500)
    assert len(sent) == 500
    assert len(statements) <= 5
    with counted(store) as statements, store.begin() as db:
        ops.settle(db, {s.op.id: (OpState.DONE, None) for s in sent})
        readback.note_verified(db, {s.op.id: True for s in sent})
    assert len(statements) <= 3


def test_writes_in_doubt_do_nothing_to_the_shadows_of_a_field_that_is_another(
    store: sa.Engine,
) -> None:
    """Three of five were sent and not answered, in two portions; one is another resource's."""
    moving = Both({"phone": "1", "city": "Ulm"}, {"custom.phone": "1", "CITY": "Ulm"})
    stage(store, *(draft(link_id=n, advance=moving) for n in range(5)))
    sent = claim(store, take(store))
    ended = (OpState.DONE, OpState.TAKEN, OpState.DOUBTED)
    for one, state in zip(sent, ended, strict=False):
        settle(store, one, state)
    with store.begin() as db:
        db.execute(sa.text("update op set resource = 'note' where link_id = 4"))
        doubts.forget_advances(db, PAIR, CONTACT, Both(("phone",), ("custom.phone", "none")), 2)
        doubts.forget_advances(db, "another", CONTACT, Both(("city",), ("CITY",)), 2)
        after = [one.advance for one in ops.load(db, [one.op.id for one in sent])]
    without: Both[dict[str, object]] = Both({"city": "Ulm"}, {"CITY": "Ulm"})
    assert after == [moving, without, without, without, moving]
