"""Two pairs, two sides, two resources beside each other: what is asked of one place is told of
that place, and what is changed in one place leaves the others as they are.

Every place holds the same, down to the ids; only the number of the place differs.
"""

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.core.generation import Generation
from syncd.model.link import State
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both, Side
from syncd.store import cursors, fields, inquiries, links, members, observations, refusals, wake
from syncd.store import tables as t
from syncd.store.cursors import Cursor
from syncd.store.refusals import Refusal

from .samples import ALL, CONTACT, NOTE, OTHER, PAIR, PLACES, member, observation, places

LEFT, RIGHT = Side.LEFT, Side.RIGHT
HERE, PAIRS, SHOP = places(PAIR, CONTACT, LEFT), places(PAIR, CONTACT), places(PAIR)
PLAIN: dict[str, Any] = {"key": "k", "second": "s", "state": State.LINKED, "todo": False}


def fill(store: sa.Engine, *, link: bool = True, **values: object) -> None:
    """The same member in every place; its link has the number of the place, and its digest."""
    with store.begin() as db:
        for number, (pair, resource, side) in PLACES.items():
            of_place = {"link_id": number if link else None, "digest": str(number)}
            one = member("x", side, **{**PLAIN, **of_place, **values})
            members.save(db, pair, resource, [one])


def numbers(found: Iterable[Any]) -> set[int]:
    return {int(one.digest) for one in found}


def rows(store: sa.Engine, table: sa.Table) -> dict[int, tuple[Any, ...]]:
    """The rows of a table that has a pair or account, a resource and a side, by place."""
    with store.connect() as db:
        found = [dict(row) for row in db.execute(sa.select(table)).mappings()]
    return {_number(row): tuple(row.values()) for row in found}


def _number(row: dict[str, Any]) -> int:
    sides = {row["side"]} if "side" in row else {"left"}
    resource, pair = row.get("resource", CONTACT.value), row.get("pair") or row.get("account")
    [number] = [
        n for n, (p, r, s) in PLACES.items() if (p, r.value) == (pair, resource) and s in sides
    ]
    return number


def changed_by(
    store: sa.Engine, table: sa.Table, act: Callable[[sa.Connection], object]
) -> set[int]:
    """Places whose row is another one afterwards, or no more."""
    before = rows(store, table)
    with store.begin() as db:
        act(db)
    after = rows(store, table)
    return {number for number in before if before[number] != after.get(number)}


TOLD: dict[str, tuple[dict[str, Any], Callable[[sa.Connection], Iterable[Any]], set[int]]] = {
    "load": ({}, lambda db: members.load(db, PAIR, CONTACT, LEFT, ["x"]).values(), HERE),
    "with_keys": ({}, lambda db: members.with_keys(db, PAIR, CONTACT, ["k"]), PAIRS),
    "with_second_keys": (
        {},
        lambda db: members.with_keys(db, PAIR, CONTACT, ["s"], second=True),
        PAIRS,
    ),
    "known_as_id": ({}, lambda db: members.known_as(db, PAIR, CONTACT, "x"), PAIRS),
    "known_as_key": ({}, lambda db: members.known_as(db, PAIR, CONTACT, "k"), PAIRS),
    "of_links": ({}, lambda db: members.of_links(db, [2, 5]), {2, 5}),
    "gone_with_keys": (
        {"state": State.GONE, "todo": True, "link": False},
        lambda db: members.gone_with_keys(db, PAIR, CONTACT, ["k"]),
        PAIRS,
    ),
    "todo_keyless": (
        {"todo": True, "key": None, "link": False},
        lambda db: members.todo_keyless(db, PAIR, CONTACT, 10),
        PAIRS,
    ),
}


@pytest.mark.parametrize("what", TOLD)
def test_what_is_told_of_members_is_told_of_one_place(store: sa.Engine, what: str) -> None:
    values, ask, expected = TOLD[what]
    fill(store, **values)
    with store.connect() as db:
        assert numbers(ask(db)) == expected


def test_keys_and_links_to_do_are_those_of_one_pair_and_resource(store: sa.Engine) -> None:
    fill(store, todo=True)
    with store.begin() as db:
        assert members.todo_links(db, PAIR, CONTACT, 10, 0) == sorted(PAIRS)
        for number, (pair, resource, side) in PLACES.items():
            one = member("x", side, key=f"k{number}", todo=True)
            members.save(db, pair, resource, [one])
        wanted = [f"k{number}" for number in sorted(PAIRS)]
        assert members.todo_keys(db, PAIR, CONTACT, 10, None) == wanted
        assert members.keys_after(db, [PAIR], CONTACT, "", 10) == wanted
        both = [f"k{number}" for number in sorted(places(CONTACT))]
        assert members.keys_after(db, [PAIR, OTHER], CONTACT, "", 10) == both


def test_members_are_counted_in_one_place(store: sa.Engine) -> None:
    fill(store, state=State.FILTERED, cause="filter")
    with store.connect() as db:
        assert members.count_filtered(db, PAIR, CONTACT) == 1
        counted = members.census(db, PAIR)
    assert counted == [
        (resource.value, side, "filtered", "filter", 1)
        for resource, side in product((CONTACT, NOTE), SIDES)
    ]


CHANGES: dict[str, tuple[dict[str, Any], Callable[[sa.Connection], object], set[int]]] = {
    "unlink": ({}, lambda db: members.unlink(db, [3]), {3}),
    "by_keys": ({}, lambda db: wake.by_keys(db, ["k"]), ALL),
    "by_other_keys": ({}, lambda db: wake.by_keys(db, ["s", "x"]), set()),
    "by_links": ({}, lambda db: wake.by_links(db, [3, 8]), {3, 8}),
    "by_records": (
        {},
        lambda db: wake.by_records(db, [(PAIR, LEFT)], CONTACT, ["x"]),
        HERE,
    ),
    "by_other_records": (
        {},
        lambda db: wake.by_records(db, [(PAIR, LEFT)], CONTACT, ["k"]),
        set(),
    ),
    "everybody": ({}, lambda db: wake.everybody(db, PAIR), SHOP),
    "everybody_but_gone": ({"state": State.GONE}, lambda db: wake.everybody(db, PAIR), set()),
    "everybody_anew": ({}, lambda db: wake.everybody_anew(db, PAIR, CONTACT), PAIRS),
    "everybody_anew_but_gone": (
        {"state": State.GONE},
        lambda db: wake.everybody_anew(db, PAIR, CONTACT),
        set(),
    ),
    "wake_parked": ({"state": State.PARKED}, lambda db: wake.parked(db, PAIR), SHOP),
    "wake_parked_alone": ({}, lambda db: wake.parked(db, PAIR), set()),
    "wake_parked_for_a_cause": (
        {"state": State.PARKED, "cause": "no_key"},
        lambda db: wake.parked(db, PAIR, ["no_key"]),
        SHOP,
    ),
    "wake_parked_for_another_cause": (
        {"state": State.PARKED, "cause": "no_key"},
        lambda db: wake.parked(db, PAIR, ["both_gone"]),
        set(),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_changed_of_members_is_changed_in_one_place(store: sa.Engine, what: str) -> None:
    values, act, expected = CHANGES[what]
    fill(store, **values)
    assert changed_by(store, t.member, act) == expected


def test_who_alone_bears_a_reference_is_asked_for_in_one_place(store: sa.Engine) -> None:
    """The record that is named, and others that bear the same, count only where they stand."""

    def referring(db: sa.Connection) -> list[str]:
        return [m.remote_id for m in members.todo_referring(db, PAIR, CONTACT, LEFT, 10, "")]

    with store.begin() as db:
        members.save(db, PAIR, CONTACT, [member("a", reference="r")])
        for pair, resource, side in set(PLACES.values()) - {(PAIR, CONTACT, RIGHT)}:
            members.save(db, pair, resource, [member("r", side)])
        assert referring(db) == []
        members.save(db, PAIR, CONTACT, [member("r", RIGHT)])
        for pair, resource, side in set(PLACES.values()) - {(PAIR, CONTACT, LEFT)}:
            members.save(db, pair, resource, [member("b", side, reference="r")])
        assert referring(db) == ["a"]
        members.save(db, PAIR, CONTACT, [member("b", reference="r", state=State.GONE)])
        assert referring(db) == ["a"]
        members.save(db, PAIR, CONTACT, [member("b", reference="r")])
        assert referring(db) == []


# -- observations, links, cursors, fields ------------------------------------------------

SEEN = {
    "hide": (lambda db: observations.hide(db, PAIR, CONTACT, ["x"]), HERE),
    "mark_swept": (lambda db: observations.mark_swept(db, PAIR, CONTACT, ["x"], 5), HERE),
    "mark_others_swept": (lambda db: observations.mark_swept(db, PAIR, CONTACT, ["y"], 5), set()),
    "forget_fields": (lambda db: observations.forget_fields(db, PAIR, CONTACT, ["email"]), HERE),
    "forget_no_fields": (lambda db: observations.forget_fields(db, PAIR, CONTACT, []), set()),
}


def see(store: sa.Engine) -> None:
    """The same record in each of two accounts and of two resources."""
    with store.begin() as db:
        for account, resource in product((PAIR, OTHER), (CONTACT, NOTE)):
            observations.save(db, account, resource, [observation("x", version="1")], sweep=3)


@pytest.mark.parametrize("what", SEEN)
def test_what_is_changed_of_what_was_seen_is_changed_in_one_place(
    store: sa.Engine, what: str
) -> None:
    act, expected = SEEN[what]
    see(store)
    assert changed_by(store, t.observation, act) == expected


def test_what_was_seen_is_counted_and_told_of_one_place(store: sa.Engine) -> None:
    see(store)
    with store.begin() as db:
        assert observations.count(db, PAIR, CONTACT) == 1
        assert observations.count_unswept(db, PAIR, CONTACT, 4) == 1
        assert observations.unswept(db, PAIR, CONTACT, 4, 10) == ["x"]
        assert observations.unswept(db, PAIR, CONTACT, 3, 10) == []
        observations.save(db, OTHER, CONTACT, [observation("y")])
        observations.save(db, PAIR, NOTE, [observation("y")])
        assert observations.unswept(db, PAIR, CONTACT, 4, 10) == ["x"]
        assert observations.load(db, PAIR, CONTACT, ["x", "y"]).keys() == {"x"}


def test_what_shows_something_is_counted_in_one_place(store: sa.Engine) -> None:
    def count(pair: str = PAIR, account: str = "crm", side: Side = LEFT) -> int:
        return observations.count_with(db, pair, account, CONTACT, side, "city")

    with store.begin() as db:
        for number, (pair, resource) in enumerate(product((PAIR, OTHER), (CONTACT, NOTE))):
            links.open_new(db, pair, resource, [Both(f"l{number}", f"r{number}")])
            both = [observation(f"{s}{number}", fields={"city": "Ulm"}) for s in ("l", "r")]
            for account, of in product(("crm", "mail"), (CONTACT, NOTE)):
                observations.save(db, account, of, both)
        assert (count(), count(side=RIGHT), count("third"), count(account="none")) == (1, 1, 0, 0)
        gone = observation("l0", fields={"city": "Ulm"}, gone=True)
        observations.save(db, "crm", CONTACT, [gone])
        assert (count(), count(side=RIGHT), count(account="mail")) == (0, 1, 1)
        observations.save(db, "crm", CONTACT, [observation("r0", fields={"city": None})])
        assert count(side=RIGHT) == 0


def test_links_are_counted_and_their_shadows_forgotten_in_one_place(store: sa.Engine) -> None:
    made: dict[tuple[str, Resource], int] = {}
    with store.begin() as db:
        for pair, resource in product((PAIR, OTHER), (CONTACT, NOTE)):
            [made[pair, resource]] = links.open_new(db, pair, resource, [Both("a", "b")])
        links.save_shadows(db, {i: Both({"n": 1, "m": 2}, {"n": 3}) for i in made.values()})
        assert links.count_complete(db, PAIR, CONTACT) == 1
        links.forget_shadows(db, PAIR, CONTACT, Both((), ()))
        links.forget_shadows(db, PAIR, CONTACT, Both(("n",), ()))
        found = {link.id: link.shadow for link in links.load(db, made.values())}
        assert found.pop(made[PAIR, CONTACT]) == Both({"m": 2}, {"n": 3})
        assert all(shadow == Both({"n": 1, "m": 2}, {"n": 3}) for shadow in found.values())
        one, another = made[PAIR, CONTACT], made[PAIR, NOTE]
        links.complete(db, LEFT, {one: "c"})
        links.complete(db, RIGHT, {another: None})
        ids = {link.id: link.ids for link in links.load(db, made.values())}
    assert (ids.pop(one), ids.pop(another)) == (Both("c", "b"), Both("a", None))
    assert set(ids.values()) == {Both("a", "b")}


def test_every_place_has_a_cursor_and_agreed_fields_of_its_own(store: sa.Engine) -> None:
    with store.begin() as db:
        for number, (pair, resource, side) in PLACES.items():
            cursors.save(db, pair, side, resource, Cursor(str(number), sweep=number))
            fields.note_agreed(db, pair, resource, side, {"custom.a": number})
        for number, (pair, resource, side) in PLACES.items():
            assert cursors.load(db, pair, side, resource) == Cursor(str(number), sweep=number)
            assert fields.agreed(db, pair, resource, side) == {"custom.a": number}


def test_every_account_and_resource_has_fields_of_its_own(store: sa.Engine) -> None:
    kept = product((PAIR, OTHER), (CONTACT, NOTE))
    with store.begin() as db:
        for number, (account, resource) in enumerate(kept, start=1):
            known = {"custom.a": Generation(number, "text", None, True)}
            fields._save(db, account, resource, known)
            assert fields.load(db, account, resource) == known
            assert fields.load(db, account, resource, ["custom.a"]) == known
        fields.note_missing(db, PAIR, CONTACT, ["custom.a"])
        present = {
            place: fields.load(db, *place)["custom.a"].present
            for place in product((PAIR, OTHER), (CONTACT, NOTE))
        }
    assert [place for place, there in present.items() if not there] == [(PAIR, CONTACT)]


def refuse(store: sa.Engine) -> None:
    with store.begin() as db:
        for number, (pair, resource, side) in PLACES.items():
            row = {"id": number, "pair": pair, "resource": resource.value}
            db.execute(t.link.insert().values(**row, left_shadow={}, right_shadow={}))
            refusals.note(db, pair, [Refusal(number, side, "phone", "1", "duplicate_key: h")])


REFUSED: dict[str, tuple[Callable[[sa.Connection], object], set[int]]] = {
    "lift": (lambda db: refusals.lift(db, PAIR, LEFT, ["h"]), places(PAIR, LEFT)),
    "forget": (
        lambda db: refusals.forget(db, PAIR, NOTE, LEFT, ["phone"]),
        places(PAIR, LEFT, NOTE),
    ),
    "forget_others": (lambda db: refusals.forget(db, PAIR, NOTE, LEFT, ["city"]), set()),
    "clear": (lambda db: refusals.clear(db, PAIR), SHOP),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refusals_are_forgotten_in_one_place(store: sa.Engine, what: str) -> None:
    act, expected = REFUSED[what]
    refuse(store)
    with store.begin() as db:
        said = act(db)
        assert ALL - refusals.of_links(db, ALL).keys() == expected
    if said is not None:
        assert said == sorted(expected)


def test_addresses_are_told_in_one_place(store: sa.Engine) -> None:
    here, rest = (PAIR, LEFT), [(PAIR, RIGHT), (OTHER, LEFT), (OTHER, RIGHT)]
    with store.begin() as db:
        inquiries.add(db, [here, *rest], ["b@example.org", "a@example.org"])
        inquiries.remove(db, here, ["b@example.org"])
        assert inquiries.waiting(db, here, 5) == ["a@example.org"]
        for place in rest:
            assert inquiries.waiting(db, place, 5) == ["a@example.org", "b@example.org"]
        assert inquiries.waiting(db, rest[0], 1) == ["a@example.org"]
