"""What waits for a person, and what cannot travel."""

import sqlalchemy as sa

from syncd.model.side import Both, Side
from syncd.model.values import Value
from syncd.store import conflicts, links

from .samples import CONTACT, HOUR, NOTE, NOW, PAIR, counted

CITY = "city = CITY"
Wanted = tuple[int, str, Both[tuple[Value, ...]]]


def clash(link: int, left: str = "Bonn", right: str = "Kiel", rule: str = CITY) -> Wanted:
    return (link, rule, Both((left,), (right,)))


def park(store: sa.Engine, *wanted: Wanted, now: object = NOW) -> None:
    with store.begin() as db:
        conflicts.park(db, PAIR, wanted, now)  # type: ignore[arg-type]


def waiting(store: sa.Engine) -> list[conflicts.Conflict]:
    with store.connect() as db:
        found = conflicts.of_pair(db, PAIR)
        assert conflicts.count_open(db, PAIR) == len(found)
        return found


def test_a_conflict_comes_out_as_it_went_in(store: sa.Engine) -> None:
    values: Both[tuple[Value, ...]] = Both(("Ada", None), (frozenset({"x"}), 12.5))
    park(store, (5, CITY, values))
    [found] = waiting(store)
    assert (found.link_id, found.rule, found.values) == (5, CITY, values)
    assert (found.take, found.opened_at) == (None, NOW)
    with store.connect() as db:
        assert conflicts.get(db, found.id) == (PAIR, found)
        assert conflicts.get(db, found.id + 1) is None
        assert conflicts.of_links(db, [5, 6]) == {(5, CITY): found}
        assert conflicts.of_pair(db, "other") == []


def test_a_conflict_that_goes_on_is_asked_once_and_keeps_its_number(store: sa.Engine) -> None:
    park(store, clash(5))
    before = waiting(store)
    park(store, clash(5), now=NOW + HOUR)
    assert waiting(store) == before


def test_a_choice_is_kept_while_the_values_stay(store: sa.Engine) -> None:
    park(store, clash(5))
    [found] = waiting(store)
    with store.begin() as db:
        conflicts.choose(db, found.id, Side.RIGHT)
    park(store, clash(5))
    assert waiting(store) == []
    with store.connect() as db:
        assert conflicts.of_links(db, [5])[5, CITY].take is Side.RIGHT


def test_with_other_values_it_is_asked_anew(store: sa.Engine) -> None:
    park(store, clash(5))
    [found] = waiting(store)
    with store.begin() as db:
        conflicts.choose(db, found.id, Side.RIGHT)
    park(store, clash(5, right="Ulm"), now=NOW + HOUR)
    [again] = waiting(store)
    assert (again.values.right, again.take, again.opened_at) == (("Ulm",), None, NOW + HOUR)


def test_closing_removes_that_conflict_only(store: sa.Engine) -> None:
    park(store, clash(5), clash(5, rule="name = NAME"), clash(6))
    with store.begin() as db:
        conflicts.close(db, [(5, CITY), (7, CITY)])
    assert [(c.link_id, c.rule) for c in waiting(store)] == [(5, "name = NAME"), (6, CITY)]


def test_the_oldest_are_shown_first_and_no_more_than_asked(store: sa.Engine) -> None:
    park(store, clash(9), clash(5), clash(7))
    with store.connect() as db:
        assert [c.link_id for c in conflicts.of_pair(db, PAIR, limit=2)] == [9, 5]


def test_problems_are_replaced_link_by_link(store: sa.Engine) -> None:
    with store.begin() as db:
        links.open_new(db, PAIR, NOTE, [Both("n1", None)])
        links.open_new(db, PAIR, CONTACT, [Both("a1", None)])
        first = {(1, CITY): "too_long", (1, "phone"): "invalid_phone", (2, CITY): "too_long"}
        conflicts.note_problems(db, PAIR, [1, 2], first)
        conflicts.note_problems(db, PAIR, [1], {(1, CITY): "read_only"})
    with store.connect() as db:
        assert conflicts.problems_of(db, 1) == {CITY: "read_only"}
        assert conflicts.problems_of(db, 2) == {CITY: "too_long"}
        assert conflicts.problem_census(db, PAIR) == [
            (CONTACT, CITY, "too_long", 1),
            (NOTE, CITY, "read_only", 1),
        ]
        assert conflicts.problem_census(db, "other") == []


def test_parking_many_is_a_handful_of_statements(store: sa.Engine) -> None:
    with counted(store) as statements:
        park(store, *(clash(n) for n in range(500)))
    assert len(statements) <= 3
    with counted(store) as statements, store.begin() as db:
        conflicts.note_problems(db, PAIR, range(500), {(n, CITY): "too_long" for n in range(500)})
        conflicts.close(db, [(n, CITY) for n in range(500)])
    assert len(statements) <= 3
