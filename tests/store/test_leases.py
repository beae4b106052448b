"""The right to write for a pair: one holder at a time, and a number that proves it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from syncd.errors import BusyError, LeaseLostError
from syncd.store import leases
from syncd.store.database import reading

from .samples import HERE, HOUR, NOW, PAIR, THERE, take, wait_until_another_waits


def test_a_free_pair_can_be_taken(store: sa.Engine) -> None:
    lease = take(store)
    assert lease == leases.Lease(PAIR, HERE, 1)
    with store.begin() as db:
        leases.hold(db, lease, NOW)


def test_a_held_pair_refuses_a_second_holder_and_says_who_has_it(store: sa.Engine) -> None:
    lease = take(store)
    with pytest.raises(BusyError, match="process 17 on host-a"):
        take(store, THERE)
    with store.begin() as db:
        leases.hold(db, lease, NOW)  # nothing was changed


def test_one_pair_does_not_stand_in_the_way_of_another(store: sa.Engine) -> None:
    take(store)
    with store.begin() as db:
        assert leases.take(db, "other", THERE, NOW).fence == 1


def test_an_expired_lease_can_be_taken_and_the_fence_rises(store: sa.Engine) -> None:
    first = take(store)
    second = take(store, THERE, NOW + leases.TTL)
    assert second.fence > first.fence


def test_who_takes_what_a_clock_that_was_ahead_has_dated_is_told(store: sa.Engine) -> None:
    assert not take(store).unsure
    assert not take(store, HERE, NOW + leases.TTL).unsure
    assert take(store, HERE, NOW).unsure


def test_a_lease_is_held_until_its_last_moment(store: sa.Engine) -> None:
    take(store)
    with pytest.raises(BusyError):
        take(store, THERE, NOW + leases.TTL * 0.999)


def test_a_worker_that_slept_through_its_lease_cannot_go_on(store: sa.Engine) -> None:
    slept = take(store)
    take(store, THERE, NOW + HOUR)
    with pytest.raises(LeaseLostError), store.begin() as db:
        leases.hold(db, slept, NOW + HOUR)


def test_a_lease_is_proved_without_prolonging_it(store: sa.Engine) -> None:
    lease = take(store)
    with reading(store) as db:
        leases.prove(db, lease)
    take(store, THERE, NOW + leases.TTL)
    with pytest.raises(LeaseLostError), reading(store) as db:
        leases.prove(db, lease)


def test_a_worker_that_slept_and_took_the_lease_again_has_lost_the_old_one(
    store: sa.Engine,
) -> None:
    slept = take(store)
    take(store, THERE, NOW + HOUR)
    again = take(store, HERE, NOW + 2 * HOUR)
    with store.begin() as db:
        leases.hold(db, again, NOW + 2 * HOUR)
    with pytest.raises(LeaseLostError), store.begin() as db:
        leases.hold(db, slept, NOW + 2 * HOUR)


def test_holding_prolongs(store: sa.Engine) -> None:
    lease = take(store)
    with store.begin() as db:
        leases.hold(db, lease, NOW + leases.TTL * 0.9)
    with pytest.raises(BusyError):
        take(store, THERE, NOW + leases.TTL * 1.8)


def test_a_lease_that_expired_but_nobody_took_is_still_ours(store: sa.Engine) -> None:
    lease = take(store)
    with store.begin() as db:
        leases.hold(db, lease, NOW + HOUR)


def test_a_lease_given_back_is_free_at_once(store: sa.Engine) -> None:
    lease = take(store)
    with store.begin() as db:
        leases.give_back(db, lease, NOW)
    assert take(store, THERE).fence == lease.fence + 1


def test_giving_back_a_lost_lease_takes_nothing_from_its_new_holder(store: sa.Engine) -> None:
    lost = take(store)
    taken = take(store, THERE, NOW + HOUR)
    with store.begin() as db:
        leases.give_back(db, lost, NOW + HOUR)
    with pytest.raises(BusyError):
        take(store, HERE, NOW + HOUR)
    with store.begin() as db:
        leases.hold(db, taken, NOW + HOUR)


def test_the_lease_of_a_dead_process_of_this_host_is_free_at_once(store: sa.Engine) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    take(store, f"{leases.this_host()}:{dead.pid}:mark")
    assert take(store).fence == 2


def test_the_lease_of_an_earlier_process_with_our_number_is_free_at_once(
    store: sa.Engine,
) -> None:
    take(store, f"{leases.this_host()}:{os.getpid()}:an-earlier-mark")
    assert take(store).fence == 2


def test_the_lease_of_a_living_process_of_this_host_is_not_free(store: sa.Engine) -> None:
    take(store, f"{leases.this_host()}:{os.getppid()}:mark")
    with pytest.raises(BusyError):
        take(store)


def test_our_own_lease_is_not_taken_for_a_dead_one(store: sa.Engine) -> None:
    take(store, leases.this_holder())
    with pytest.raises(BusyError):
        take(store, THERE)


def test_a_host_with_colons_in_its_name_is_read_right(store: sa.Engine) -> None:
    take(store, "fe80::1:17:mark")
    with pytest.raises(BusyError, match="process 17 on fe80::1"):
        take(store)


def test_of_two_who_take_a_new_pair_at_once_one_is_refused(store: sa.Engine) -> None:
    """The second finds no row to wait for, and must not conclude that the pair is free."""
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as first:
            mine = leases.take(first, PAIR, HERE, NOW)
            theirs = pool.submit(take, store, THERE)
            wait_until_another_waits(first)
        with pytest.raises(BusyError):
            theirs.result(timeout=30)
    with store.begin() as db:
        leases.hold(db, mine, NOW)
