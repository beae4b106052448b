"""Every record as it stands in one pair."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from syncd.model.link import Member, State
from syncd.model.record import Resource
from syncd.model.side import Both, Side
from syncd.store import links, members, wake

from .samples import CONTACT, PAIR, counted, member, wait_until_another_waits

LEFT, RIGHT = Side.LEFT, Side.RIGHT


def save(store: sa.Engine, *those: Member, pair: str = PAIR) -> None:
    with store.begin() as db:
        members.save(db, pair, CONTACT, those)


def todo(store: sa.Engine) -> set[str]:
    with store.connect() as db:
        found = sa.text("select remote_id from member where todo")
        return set(db.execute(found).scalars())


def test_what_is_saved_comes_out_as_it_went_in(store: sa.Engine) -> None:
    first = member("a", second="+4930", cause="no_key", link_id=3, digest="d", todo=False)
    second = member("a", RIGHT, key=None, state=State.PARKED)
    save(store, first, second)
    with store.connect() as db:
        assert members.load(db, PAIR, CONTACT, LEFT, ["a", "b"]) == {"a": first}
        assert members.load(db, PAIR, CONTACT, RIGHT, ["a"]) == {"a": second}
        assert members.load(db, "other", CONTACT, LEFT, ["a"]) == {}
        assert members.load(db, PAIR, Resource.NOTE, LEFT, ["a"]) == {}


def test_a_record_stands_in_one_state_only(store: sa.Engine) -> None:
    save(store, member("a"))
    save(store, member("a", state=State.LINKED, link_id=1), member("b"))
    with store.connect() as db:
        assert members.census(db, PAIR) == [
            ("contact", LEFT, "linked", None, 1),
            ("contact", LEFT, "waiting", None, 1),
        ]


def test_keys_to_match_come_once_in_order_and_in_parts(store: sa.Engine) -> None:
    save(store, *(member(name) for name in "cab"), member("x", RIGHT, key="a@example.org"))
    save(store, member("done", todo=False), member("keyless", key=None))
    with store.connect() as db:
        first = members.todo_keys(db, PAIR, CONTACT, 2, None)
        assert first == ["a@example.org", "b@example.org"]
        assert members.todo_keys(db, PAIR, CONTACT, 2, first[-1]) == ["c@example.org"]


def test_a_linked_record_is_matched_again_only_while_its_counterpart_is_missing(
    store: sa.Engine,
) -> None:
    with store.begin() as db:
        half, whole = links.open_new(db, PAIR, CONTACT, [Both("a", None), Both("b", "r")])
    save(store, member("a", link_id=half), member("b", link_id=whole))
    with store.connect() as db:
        assert members.todo_keys(db, PAIR, CONTACT, 9, None) == ["a@example.org"]


def test_records_without_a_key_are_found_until_they_are_done(store: sa.Engine) -> None:
    keyless = member("a", key=None)
    save(store, keyless, member("b"), member("c", key=None, link_id=1))
    with store.connect() as db:
        assert members.todo_keyless(db, PAIR, CONTACT, 9) == [keyless]
    save(store, replace(keyless, todo=False))
    with store.connect() as db:
        assert members.todo_keyless(db, PAIR, CONTACT, 9) == []


def test_links_to_reconcile_come_once_in_order_and_in_parts(store: sa.Engine) -> None:
    save(store, member("a", link_id=3), member("b", RIGHT, link_id=3), member("c", link_id=1))
    save(store, member("d", link_id=2), member("e", link_id=9, todo=False), member("f"))
    with store.connect() as db:
        assert members.todo_links(db, PAIR, CONTACT, 2, 0) == [1, 2]
        assert members.todo_links(db, PAIR, CONTACT, 2, 2) == [3]


def test_namesakes_of_both_sides_are_found_but_not_the_gone(store: sa.Engine) -> None:
    key = "ada@example.org"
    here, there = member("a", key=key, second="1"), member("r", RIGHT, key=key, link_id=4)
    gone = member("g", key=key, second="1", state=State.GONE)
    save(store, here, there, gone, member("other"))
    with store.connect() as db:
        assert members.with_keys(db, PAIR, CONTACT, [key]) == [here, there]
        assert members.with_keys(db, PAIR, CONTACT, ["1"], second=True) == [here]
        assert members.gone_with_keys(db, PAIR, CONTACT, [key]) == [gone]


def test_unlinking_leaves_the_records(store: sa.Engine) -> None:
    save(store, member("a", link_id=3), member("b", link_id=4))
    with store.begin() as db:
        members.unlink(db, [3])
        assert [m.remote_id for m in members.of_links(db, [3, 4])] == ["b"]
        assert members.load(db, PAIR, CONTACT, LEFT, ["a"])["a"].link_id is None


def test_of_a_link_that_got_its_counterpart_only_who_waited_for_it_is_linked_now(
    store: sa.Engine,
) -> None:
    waits = member("a", cause="no_key", link_id=3)
    parked = member("b", RIGHT, state=State.PARKED, cause="refused", link_id=3)
    another = member("c", link_id=4)
    save(store, waits, parked, another)
    with store.begin() as db:
        members.no_longer_wait(db, [3])
    linked = replace(waits, state=State.LINKED, cause=None)
    with store.connect() as db:
        found = {m.remote_id: m for m in members.of_links(db, [3, 4])}
    assert found == {"a": linked, "b": parked, "c": another}


def test_an_opt_out_wakes_the_address_in_every_pair(store: sa.Engine) -> None:
    save(store, member("a", todo=False), member("b", todo=False))
    save(store, member("z", key="a@example.org", todo=False), pair="other")
    with store.begin() as db:
        wake.by_keys(db, ["a@example.org"])
    assert todo(store) == {"a", "z"}


def test_a_changed_mapping_wakes_the_pair_but_not_the_gone(store: sa.Engine) -> None:
    save(store, member("a", todo=False), member("g", todo=False, state=State.GONE))
    save(store, member("z", todo=False), pair="other")
    with store.begin() as db:
        wake.everybody(db, PAIR)
    assert todo(store) == {"a"}


@pytest.mark.parametrize(("causes", "woken"), [((), {"a", "b"}), (("no_key",), {"a"})])
def test_parked_records_are_tried_again(
    store: sa.Engine, causes: tuple[str, ...], woken: set[str]
) -> None:
    parked = member("a", state=State.PARKED, cause="no_key", todo=False)
    save(store, parked, replace(parked, remote_id="b", cause="refused"), member("c", todo=False))
    with store.begin() as db:
        assert wake.parked(db, PAIR, causes) == len(woken)
    assert todo(store) == woken


def test_waking_links_wakes_both_sides(store: sa.Engine) -> None:
    save(store, member("a", link_id=1, todo=False), member("r", RIGHT, link_id=1, todo=False))
    save(store, member("b", link_id=2, todo=False))
    with store.begin() as db:
        wake.by_links(db, [1])
    assert todo(store) == {"a", "r"}


def test_the_census_counts_every_record_once(store: sa.Engine) -> None:
    save(store, *(member(f"a{n}") for n in range(3)))
    save(store, member("p", RIGHT, state=State.PARKED, cause="no_key"))
    save(store, member("z"), pair="other")
    with store.connect() as db:
        assert members.census(db, PAIR) == [
            ("contact", LEFT, "waiting", None, 3),
            ("contact", RIGHT, "parked", "no_key", 1),
        ]


def test_a_page_of_members_is_a_handful_of_statements(store: sa.Engine) -> None:
    page = [member(f"a{n}", link_id=n) for n in range(500)]
    with counted(store) as statements, store.begin() as db:
        members.save(db, PAIR, CONTACT, page)
        assert len(members.load(db, PAIR, CONTACT, LEFT, [m.remote_id for m in page])) == 500
        assert len(members.of_links(db, range(500))) == 500
        wake.by_links(db, range(500))
        wake.by_keys(db, [m.key for m in page if m.key])
    assert len(statements) <= (5 if store.dialect.name == "sqlite" else 7)  # it locks who it wakes


@pytest.mark.parametrize("asked", ["keys", "links"])
def test_who_is_woken_while_another_settles_them_stays_awake(store: sa.Engine, asked: str) -> None:
    """An opt-out of the address that another pair hears of at this moment."""
    save(store, member("a", key="ada@example.org", link_id=3, todo=True))

    def hears() -> None:
        with store.begin() as db:
            wake.by_keys(db, ["ada@example.org"])

    with ThreadPoolExecutor(1) as pool:
        with store.begin() as db:
            if asked == "keys":
                read = members.with_keys(db, PAIR, CONTACT, ["ada@example.org"], locked=True)
            else:
                read = members.of_links(db, [3], locked=True)
            woken = pool.submit(hears)
            wait_until_another_waits(db)
            members.save(db, PAIR, CONTACT, [replace(m, todo=False) for m in read])
        woken.result(timeout=30)
    assert todo(store) == {"a"}


def test_keys_of_another_pair_or_resource_are_not_matched_here(store: sa.Engine) -> None:
    save(store, member("a"))
    save(store, member("b"), pair="other")
    with store.begin() as db:
        members.save(db, PAIR, Resource.NOTE, [member("c")])
    with store.connect() as db:
        assert members.todo_keys(db, PAIR, CONTACT, 9, None) == ["a@example.org"]
        assert members.todo_keys(db, "other", CONTACT, 9, None) == ["b@example.org"]
