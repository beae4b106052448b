"""What one pair has seen of an account, and what others have still to take in of it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
import sqlalchemy as sa

from syncd.model.link import State
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import fanout, members, observations, readers
from syncd.store.readers import Reader

from .samples import CONTACT, PAIR, member, observation, wait_until_another_waits

LEFT, RIGHT = Side.LEFT, Side.RIGHT
ACCOUNT, OTHER = "crm", "news"


def register(store: sa.Engine, *who: tuple[str, Side, str], resource: Resource = CONTACT) -> None:
    with store.begin() as db:
        for pair, side, account in who:
            readers.register(db, Reader(account, (pair, side), frozenset({"city"})), resource)


def tell(store: sa.Engine, *ids: str, resource: Resource = CONTACT) -> None:
    with store.begin() as db:
        fanout.tell(db, ACCOUNT, resource, PAIR, ids)


def taken(store: sa.Engine, pair: str, side: Side = LEFT, limit: int = 500) -> list[str]:
    with store.begin() as db:
        there = fanout.waits(db, (pair, side), CONTACT)
        found = fanout.take(db, (pair, side), CONTACT, limit)
    assert there is bool(found)
    return sorted(found)


def test_all_others_that_read_the_account_are_told_and_nobody_else(store: sa.Engine) -> None:
    register(store, (PAIR, LEFT, ACCOUNT), (OTHER, RIGHT, ACCOUNT), ("far", LEFT, "elsewhere"))
    register(store, ("tasks", LEFT, ACCOUNT), resource=Resource.TASK)
    tell(store, "a", "b")
    tell(store, "b")
    tell(store)
    assert taken(store, OTHER, RIGHT) == ["a", "b"]
    for pair in (PAIR, OTHER, "far", "tasks"):
        assert taken(store, pair) == []


def test_what_is_taken_is_taken_once_and_in_parts(store: sa.Engine) -> None:
    register(store, (OTHER, LEFT, ACCOUNT))
    tell(store, "a", "b", "c")
    parts = [taken(store, OTHER, limit=2) for _ in range(3)]
    assert [len(part) for part in parts] == [2, 1, 0]
    assert sorted(chain(*parts)) == ["a", "b", "c"]


def test_who_is_known_to_another_pair_is_looked_at_again_there(store: sa.Engine) -> None:
    register(store, (OTHER, LEFT, ACCOUNT))
    with store.begin() as db:
        members.save(db, OTHER, CONTACT, [member("a"), member("b")])
    asleep(store)
    tell(store, "a")
    with store.connect() as db:
        known = members.load(db, OTHER, CONTACT, LEFT, ["a", "b"])
    assert {i: m.todo for i, m in known.items()} == {"a": True, "b": False}


def asleep(store: sa.Engine) -> None:
    with store.begin() as db:
        db.execute(sa.text("UPDATE member SET todo = :no"), {"no": False})


def known_of(store: sa.Engine, *seen: tuple[str, str, bool]) -> None:
    with store.begin() as db:
        rows = [observation(i, digest=digest, gone=gone) for i, digest, gone in seen]
        observations.save(db, ACCOUNT, CONTACT, rows)


@pytest.mark.parametrize(
    ("digest", "gone", "told"),
    [("d1", False, []), ("d2", False, ["a"]), ("d2", True, ["a"])],
    ids=["as_it_was", "changed_since", "gone_since"],
)
def test_who_begins_to_read_is_told_what_is_news_of_what_it_knows(
    store: sa.Engine, digest: str, gone: bool, told: Sequence[str]
) -> None:
    with store.begin() as db:
        members.save(db, OTHER, CONTACT, [member("a", state=State.LINKED, digest="d1")])
    known_of(store, ("a", digest, gone))
    register(store, (OTHER, LEFT, ACCOUNT))
    assert taken(store, OTHER) == told


def test_who_begins_to_read_is_told_of_all_that_are_there(store: sa.Engine) -> None:
    known_of(store, ("a", "d1", False), ("b", "d1", False), ("gone", "d1", True))
    with store.begin() as db:  # the same ids elsewhere
        observations.save(db, "elsewhere", CONTACT, [observation("x")])
        observations.save(db, ACCOUNT, Resource.NOTE, [observation("y")])
        members.save(db, OTHER, CONTACT, [member("a", RIGHT, digest="d1")])
        members.save(db, PAIR, CONTACT, [member("a", digest="d1")])
    register(store, (OTHER, LEFT, ACCOUNT))
    assert taken(store, OTHER) == ["a", "b"]


def test_who_says_it_again_is_told_nothing_anew_but_in_another_account(store: sa.Engine) -> None:
    known_of(store, ("a", "d1", False))
    register(store, (OTHER, LEFT, ACCOUNT))
    taken(store, OTHER)
    register(store, (OTHER, LEFT, ACCOUNT))
    assert taken(store, OTHER) == []
    register(store, (OTHER, LEFT, "elsewhere"), (OTHER, LEFT, ACCOUNT))
    assert taken(store, OTHER) == ["a"]


def test_who_reads_what_is_told(store: sa.Engine) -> None:
    register(store, (PAIR, LEFT, ACCOUNT), (OTHER, RIGHT, ACCOUNT), ("far", LEFT, "elsewhere"))
    register(store, ("tasks", LEFT, ACCOUNT), resource=Resource.TASK)
    with store.connect() as db:
        found = readers.load(db, [ACCOUNT], CONTACT)
    fields = frozenset({"city"})
    assert sorted(found) == [
        Reader(ACCOUNT, (OTHER, RIGHT), fields),
        Reader(ACCOUNT, (PAIR, LEFT), fields),
    ]


# -- two processes ---------------------------------------------------------------------------


def test_what_is_about_to_be_told_again_is_not_taken_before_it_is_known(store: sa.Engine) -> None:
    """Else the note would be gone, and the pair would have taken in what was there before."""
    register(store, (OTHER, LEFT, ACCOUNT))
    known_of(store, ("a", "old", False))
    tell(store, "a")

    def take_in() -> list[str]:
        with store.begin() as db:
            ids = fanout.take(db, (OTHER, LEFT), CONTACT)
            return [o.digest for o in observations.load(db, ACCOUNT, CONTACT, ids).values()]

    with ThreadPoolExecutor(1) as pool:
        with store.begin() as first:
            observations.save(first, ACCOUNT, CONTACT, [observation("a", digest="new")])
            fanout.tell(first, ACCOUNT, CONTACT, PAIR, ["a"])
            second = pool.submit(take_in)
            wait_until_another_waits(first)
        assert second.result(timeout=30) == ["new"]


def test_who_begins_to_read_waits_for_who_is_about_to_add_to_what_is_known(
    store: sa.Engine,
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as first:
            observations.save(first, ACCOUNT, CONTACT, [observation("a")])
            fanout.tell(first, ACCOUNT, CONTACT, PAIR, ["a"])
            second = pool.submit(register, store, (OTHER, LEFT, ACCOUNT))
            wait_until_another_waits(first)
        second.result(timeout=30)
    assert taken(store, OTHER) == ["a"]
