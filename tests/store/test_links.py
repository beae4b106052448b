"""Links and their shadows."""

import pytest
import sqlalchemy as sa

from syncd.model.link import Link
from syncd.model.record import Resource
from syncd.model.side import Both, Side
from syncd.model.values import Fields, SetDelta, Value
from syncd.store import conflicts, links, refusals
from syncd.store.refusals import Refusal

from .samples import CONTACT, NOW, PAIR, counted


def make(store: sa.Engine, *wanted: tuple[str | None, str | None]) -> list[int]:
    with store.begin() as db:
        return links.open_new(db, PAIR, CONTACT, [Both(*ids) for ids in wanted])


def load(store: sa.Engine, *ids: int) -> list[Link]:
    with store.connect() as db:
        return links.load(db, ids)


def test_new_links_have_empty_shadows_and_ids_in_the_order_asked(store: sa.Engine) -> None:
    ids = make(store, ("b", None), ("a", "r"), (None, "x"))
    assert load(store, *reversed(ids)) == [
        Link(ids[0], Both("b", None), Both({}, {})),
        Link(ids[1], Both("a", "r"), Both({}, {})),
        Link(ids[2], Both(None, "x"), Both({}, {})),
    ]


@pytest.mark.parametrize("twin", [("a", "other"), ("other", "r")])
def test_a_record_is_in_one_link_only(store: sa.Engine, twin: tuple[str, str]) -> None:
    make(store, ("a", "r"))
    with pytest.raises(sa.exc.IntegrityError):
        make(store, twin)


def test_links_of_other_pairs_and_resources_may_hold_the_same_records(store: sa.Engine) -> None:
    make(store, ("a", "r"))
    with store.begin() as db:
        links.open_new(db, "other", CONTACT, [Both("a", "r")])
        links.open_new(db, PAIR, Resource.NOTE, [Both("a", "r")])


def test_several_links_may_lack_a_side(store: sa.Engine) -> None:
    assert len(make(store, ("a", None), ("b", None), (None, "r"), (None, "s"))) == 4


def test_a_created_record_completes_its_link_and_can_be_taken_away(store: sa.Engine) -> None:
    [link] = make(store, ("a", None))
    with store.begin() as db:
        links.complete(db, Side.RIGHT, {link: "r"})
    assert load(store, link)[0].ids == Both("a", "r")
    with store.begin() as db:
        links.complete(db, Side.RIGHT, {link: None})
    assert load(store, link)[0].ids == Both("a", None)


def test_shadows_come_out_as_they_went_in_and_only_where_saved(store: sa.Engine) -> None:
    first, second = make(store, ("a", "r"), ("b", "s"))
    shadow: Both[Fields] = Both({"tags": frozenset({"vip"})}, {"TAGS": "vip", "n": None})
    with store.begin() as db:
        links.save_shadows(db, {first: shadow})
    assert [link.shadow for link in load(store, first, second)] == [shadow, Both({}, {})]


def test_a_link_ends_with_a_cause_and_can_be_opened_again(store: sa.Engine) -> None:
    first, second = make(store, ("a", "r"), ("b", "s"))
    with store.begin() as db:
        links.end(db, {first: "opted_out"})
        assert links.count_complete(db, PAIR, CONTACT) == 1
        links.end(db, {first: None, second: "both_gone"})
    assert [link.ended for link in load(store, first, second)] == [None, "both_gone"]


def test_only_whole_links_of_the_pair_count(store: sa.Engine) -> None:
    make(store, ("a", "r"), ("b", None), (None, "s"))
    with store.begin() as db:
        links.open_new(db, "other", CONTACT, [Both("a", "r")])
        assert links.count_complete(db, PAIR, CONTACT) == 1


def test_removed_links_are_forgotten(store: sa.Engine) -> None:
    first, second = make(store, ("a", None), ("b", None))
    both: Both[tuple[Value, ...]] = Both(("a",), ("b",))
    with store.begin() as db:
        for link in (first, second):
            conflicts.park(db, PAIR, [(link, "city", both)], NOW)
            refusals.note(db, PAIR, [Refusal(link, Side.LEFT, "city", "Bonn", "invalid")])
        conflicts.note_problems(db, PAIR, [first, second], {(first, "x"): "y", (second, "x"): "y"})
        links.remove(db, PAIR, [first])
        assert conflicts.of_links(db, [first, second]).keys() == {(second, "city")}
        assert refusals.of_links(db, [first, second]).keys() == {second}
        assert [conflicts.problems_of(db, link) for link in (first, second)] == [{}, {"x": "y"}]
    assert [link.id for link in load(store, first, second)] == [second]


def test_a_shadow_advances_by_the_confirmed_step_and_nothing_else() -> None:
    before: Fields = {"city": "Bonn", "tags": frozenset({"a", "b"}), "name": "Ada"}
    step = {"city": "Kiel", "tags": SetDelta(frozenset("c"), frozenset("a")), "new": None}
    assert links.advanced(before, step) == {
        "city": "Kiel",
        "tags": frozenset({"b", "c"}),
        "name": "Ada",
        "new": None,
    }
    assert before["city"] == "Bonn"


def test_a_set_that_never_was_agreed_on_starts_empty() -> None:
    assert links.advanced({}, {"tags": SetDelta(frozenset("c"))}) == {"tags": frozenset("c")}


def test_many_links_are_a_handful_of_statements(store: sa.Engine) -> None:
    with counted(store) as statements:
        ids = make(store, *((f"a{n}", None) for n in range(500)))
    assert len(set(ids)) == 500
    assert len(statements) <= 2
    with counted(store) as statements, store.begin() as db:
        links.save_shadows(db, {i: Both({"n": i}, {"n": i}) for i in ids})
        links.end(db, dict.fromkeys(ids, "opted_out"))
        assert len(links.load(db, ids)) == 500
    assert len(statements) <= 4
