"""The three-way decision for one rule."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.merge import merge, write
from syncd.core.merged import Merged
from syncd.core.translate import Mapping
from syncd.model.rule import Direction, Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Fields, SetDelta, Value

from .world import (
    BOTH,
    JOINED,
    LEFT,
    RIGHT,
    SETS,
    TO_LEFT,
    TO_RIGHT,
    Person,
    catalogue,
    flag,
    join,
    mapping,
    mirrored_mapping,
    mirrored_rule,
    refuse,
    rule,
    split,
)

CITY = rule()
AT = mapping(CITY)
CUT = mapping(CITY, right=catalogue(FieldSpec("CITY", max_length=3, lower=True)))

texts = st.sampled_from([None, "Bonn", "bonn", "Bon", "Kiel", "Kie", "Ulm"])
sides = st.sampled_from(SIDES)
prefers = st.sampled_from([LEFT, RIGHT, None])
edits = st.lists(st.tuples(sides, texts), max_size=4)
members = st.frozensets(st.sampled_from(["vip", "VIP", "lead", "gold"]))


def person(
    left: Value,
    right: Value,
    at: Mapping = AT,
    one: Rule = CITY,
    prefer: Side | None = None,
) -> Person:
    return Person(at, one, Both({one.left[0]: left}, {one.right[0]: right}), prefer)


def agreed(left: Value = "Bonn", right: Value = "Bonn", **more: object) -> Person:
    """Somebody about whom both sides have agreed once."""
    one = person(left, right, **more)  # type: ignore[arg-type]
    one.sync()
    return one


# -- one field ---------------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
def test_an_edit_of_one_side_reaches_the_other(side: Side) -> None:
    ada = agreed().edit(side, CITY.fields(side)[0], "Kiel")
    ada.sync()
    assert ada.show() == ("Kiel", "Kiel")


@pytest.mark.parametrize("side", SIDES)
def test_emptying_a_field_is_an_edit(side: Side) -> None:
    ada = agreed().edit(side, CITY.fields(side)[0], None)
    ada.sync()
    assert ada.show() == (None, None)


def test_equal_edits_are_agreement() -> None:
    ada = agreed().edit(LEFT, "city", "Kiel").edit(RIGHT, "CITY", "Kiel")
    merged = ada.sync()
    assert (merged.steps, merged.conflict) == ({}, False)
    ada.edit(LEFT, "city", "Ulm").sync()  # and from there it goes on
    assert ada.show() == ("Ulm", "Ulm")


@pytest.mark.parametrize("prefer", SIDES)
def test_of_opposite_edits_the_preferred_wins(prefer: Side) -> None:
    ada = agreed().edit(LEFT, "city", "Kiel").edit(RIGHT, "CITY", "Ulm")
    ada.prefer = prefer
    ada.sync()
    assert ada.show() == (("Kiel", "Kiel") if prefer is LEFT else ("Ulm", "Ulm"))


def test_opposite_edits_that_nobody_may_decide_are_a_conflict_and_stay_as_they_are() -> None:
    ada = agreed().edit(LEFT, "city", "Kiel").edit(RIGHT, "CITY", "Ulm")
    for _ in range(3):
        assert ada.sync() == Merged(conflict=True)
    assert ada.show() == ("Kiel", "Ulm")


def test_a_conflict_ends_when_one_side_follows_the_other() -> None:
    ada = agreed().edit(LEFT, "city", "Kiel").edit(RIGHT, "CITY", "Ulm")
    ada.sync()
    ada.edit(RIGHT, "CITY", "Kiel")
    assert not ada.sync().conflict
    assert ada.sync() == Merged()


@given(texts, texts, prefers)
def test_at_the_first_meeting_an_empty_side_is_filled(
    left: Value, right: Value, prefer: Side | None
) -> None:
    ada = person(left, right, prefer=prefer)
    ada.sync()
    if left is None or right is None:
        assert ada.show() == (left or right, left or right)


@pytest.mark.parametrize("side", SIDES)
def test_a_side_that_shows_a_part_of_a_name_is_not_empty(side: Side) -> None:
    one = replace(CITY, left=("first", "last"), right=("FIRST", "LAST"))
    shown: Both[Fields] = Both({"first": None, "last": None}, {"FIRST": None, "LAST": None})
    first = one.fields(side)[0]
    ada = Person(mapping(one), one, shown.having(side, {**shown[side], first: "Ada"}))
    assert not ada.sync().conflict
    assert ada.now == Both({"first": "Ada", "last": None}, {"FIRST": "Ada", "LAST": None})


def test_at_the_first_meeting_two_values_need_a_decision() -> None:
    assert person("Bonn", "Kiel").merged().conflict
    ada = person("Bonn", "Kiel", prefer=RIGHT)
    ada.sync()
    assert ada.show() == ("Kiel", "Kiel")


@given(texts, texts, edits, prefers)
def test_no_edit_is_lost(
    left: Value, right: Value, later: Sequence[tuple[Side, Value]], prefer: Side | None
) -> None:
    """After a single edit both sides show it; after two either one of them, or a conflict."""
    ada = person(left, right, prefer=prefer)
    ada.sync()
    for side, value in later:
        settled = ada.show()[0] == ada.show()[1]
        before = ada.show()
        ada.edit(side, CITY.fields(side)[0], value)
        merged = ada.sync()
        if settled:
            assert ada.show() == (value, value)
        else:  # a conflict was open, and may be again
            assert merged.conflict or ada.show()[0] == ada.show()[1]
            assert set(ada.show()) <= {*before, value}


@given(texts, texts, edits, prefers, st.sampled_from([BOTH, TO_LEFT, TO_RIGHT]))
def test_merging_what_was_merged_is_quiet(
    left: Value,
    right: Value,
    later: Sequence[tuple[Side, Value]],
    prefer: Side | None,
    direction: Direction,
) -> None:
    one = rule(direction=direction)
    for at in (AT, CUT):
        ada = person(left, right, at=at, one=one, prefer=prefer)
        for side, value in [(LEFT, left), *later]:
            ada.edit(side, one.fields(side)[0], value)
            ada.sync()
            again = ada.sync()
            assert again.steps == {}
            assert ada.sync() == again


@given(texts, texts, edits, prefers, st.sampled_from([BOTH, TO_LEFT, TO_RIGHT]))
def test_swapping_the_sides_swaps_the_answer(
    left: Value,
    right: Value,
    later: Sequence[tuple[Side, Value]],
    prefer: Side | None,
    direction: Direction,
) -> None:
    ada = person(left, right, at=CUT, one=rule(direction=direction), prefer=prefer)
    ada.sync()
    for side, value in later:
        ada.edit(side, ada.rule.fields(side)[0], value)
        assert_mirrored(ada)
        ada.sync()


def assert_mirrored(ada: Person) -> None:
    straight = ada.merged()
    turned = merge(
        mirrored_rule(ada.rule),
        ada.now.flipped(),
        ada.shadow.flipped(),
        ada.prefer.other if ada.prefer else None,
        mirrored_mapping(ada.mapping),
    )
    assert turned.agreed.flipped() == straight.agreed
    assert (turned.conflict, turned.problem) == (straight.conflict, straight.problem)
    assert {side.other: step.patch for side, step in turned.steps.items()} == {
        side: step.patch for side, step in straight.steps.items()
    }
    for side, step in straight.steps.items():
        assert turned.steps[side.other].advance.flipped() == step.advance


def test_a_platform_that_stores_less_stays_quiet() -> None:
    ada = agreed("Bonn am Rhein", "bon", at=CUT)
    assert ada.sync() == Merged(problem="too_long")
    ada.edit(LEFT, "city", "Bonn-Beuel")  # what the right can hold of it, it shows already
    assert ada.sync().steps == {}
    assert ada.sync() == Merged(problem="too_long")


def test_who_agrees_as_one_side_cannot_hold_more_is_told_so_at_every_look() -> None:
    ada = person("Bonn am Rhein", "bon", at=CUT)
    assert ada.sync().problem == "too_long"
    assert ada.sync() == Merged(problem="too_long")
    assert ada.show() == ("Bonn am Rhein", "bon")


def test_an_edit_of_the_side_that_stores_less_still_travels() -> None:
    ada = agreed("Bonn am Rhein", "bon", at=CUT).edit(RIGHT, "CITY", "ulm")
    ada.sync()
    assert ada.show() == ("ulm", "ulm")


def test_a_value_that_does_not_fit_is_reported_and_not_cut_where_it_could_come_back() -> None:
    ada = agreed("ulm", "ulm", at=CUT).edit(LEFT, "city", "Kiel")
    assert ada.sync() == Merged(problem="too_long")
    assert ada.show() == ("Kiel", "ulm")
    ada.edit(LEFT, "city", "Rom").sync()
    assert ada.show() == ("Rom", "rom")


def test_a_value_that_does_not_fit_is_cut_and_reported_where_it_cannot_come_back() -> None:
    ada = agreed("ulm", "ulm", at=CUT, one=rule(direction=TO_RIGHT)).edit(LEFT, "city", "Kiel")
    assert ada.sync().problem == "too_long"
    assert ada.show() == ("Kiel", "kie")
    assert ada.sync().steps == {}


def test_a_value_that_cannot_be_translated_is_reported_and_harms_nothing() -> None:
    ada = agreed(one=rule(forward=refuse)).edit(LEFT, "city", "Kiel")
    assert ada.sync() == Merged(problem="untranslatable")
    assert ada.show() == ("Kiel", "Bonn")


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        (FieldSpec("CITY", read_only=True), "Kiel", "read_only"),
        (FieldSpec("CITY", clearable=False), None, "not_clearable"),
        (FieldSpec("CITY", Kind.CHOICE, choices=("Bonn",)), "Kiel", "invalid_choice"),
    ],
)
def test_what_a_field_cannot_take_is_reported(field: FieldSpec, value: Value, problem: str) -> None:
    ada = agreed(at=mapping(CITY, right=catalogue(field))).edit(LEFT, "city", value)
    assert ada.sync() == Merged(problem=problem)
    assert ada.show() == (value, "Bonn")


def test_nothing_is_decided_about_a_field_that_was_not_shown() -> None:
    assert merge(CITY, Both({"city": "Bonn"}, {}), Both({}, {}), LEFT, AT) == Merged()


# -- one way -----------------------------------------------------------------------------


@pytest.mark.parametrize("direction", [TO_LEFT, TO_RIGHT])
def test_one_way_the_source_owns_the_field(direction: Direction) -> None:
    one = rule(direction=direction)
    target = LEFT if direction is TO_LEFT else RIGHT
    ada = agreed(one=one).edit(target, one.fields(target)[0], "Kiel")
    ada.sync()
    assert ada.show() == ("Bonn", "Bonn")
    ada.edit(target.other, one.fields(target.other)[0], "Ulm").sync()
    assert ada.show() == ("Ulm", "Ulm")


def test_one_way_an_empty_source_does_not_wipe_a_target_it_never_met() -> None:
    ada = person(None, "Bonn", one=rule(direction=TO_RIGHT))
    for _ in range(2):
        assert ada.sync() == Merged()
    ada.edit(LEFT, "city", "Kiel").sync()
    ada.edit(LEFT, "city", None).sync()  # and now they have met
    assert ada.show() == (None, None)


def test_rules_that_read_one_field_do_not_take_each_others_edits() -> None:
    """A greeting made of the name went out; the name itself is in conflict, and stays so."""
    greeting = rule("city", "GREETING", direction=TO_RIGHT)
    at = mapping(CITY, greeting)
    fields = Both({"city": "Bonn"}, {"CITY": "Bonn", "GREETING": "Bonn"})
    name, greeted = Person(at, CITY, fields), Person(at, greeting, fields)

    def sync() -> Merged:
        both = name.sync()
        greeted.now, greeted.shadow = name.now, name.shadow
        greeted.sync()
        name.now, name.shadow = greeted.now, greeted.shadow
        return both

    sync()
    name.edit(LEFT, "city", "Kiel").edit(RIGHT, "CITY", "Ulm")
    for _ in range(3):
        assert sync().conflict
    assert name.now == Both({"city": "Kiel"}, {"CITY": "Ulm", "GREETING": "Kiel"})


# -- sets --------------------------------------------------------------------------------

LOWER = catalogue(FieldSpec("tags", Kind.SET, lower=True))
PAIRS = [
    (mapping(SETS), SETS),
    (mapping(JOINED), JOINED),
    (mapping(SETS, left=LOWER), SETS),
    (mapping(SETS, right=catalogue(FieldSpec("TAGS", Kind.SET, lower=True))), SETS),
    (mapping(JOINED, left=LOWER), JOINED),
]
PAIR_NAMES = ["set and set", "set and text", "lower and set", "set and lower", "lower and text"]
set_edits = st.lists(st.tuples(sides, members), max_size=4)


def as_set(value: Value) -> frozenset[str]:
    held = split((value,))[0] if isinstance(value, str) else value
    return held if isinstance(held, frozenset) else frozenset()


def in_form(one: Rule, side: Side, held: frozenset[str]) -> Value:
    """Members as a side shows them, which may be a text."""
    if not held:
        return None
    return join((held,))[0] if side is RIGHT and one is JOINED else held


def tagged(at: Mapping, one: Rule, left: frozenset[str], right: frozenset[str]) -> Person:
    return person(in_form(one, LEFT, left), in_form(one, RIGHT, right), at=at, one=one)


def tag(ada: Person, side: Side, held: frozenset[str]) -> None:
    ada.edit(side, ada.rule.fields(side)[0], in_form(ada.rule, side, held))


def shown(ada: Person) -> tuple[frozenset[str], frozenset[str]]:
    left, right = map(as_set, ada.show())
    return left, right


@pytest.mark.parametrize(("at", "one"), PAIRS, ids=PAIR_NAMES)
def test_members_travel_one_by_one(at: Mapping, one: Rule) -> None:
    ada = tagged(at, one, frozenset({"a", "b"}), frozenset({"a", "b"}))
    ada.sync()
    tag(ada, LEFT, frozenset({"a", "c"}))  # b was taken off, c put on
    tag(ada, RIGHT, frozenset({"a", "b", "d"}))  # d was put on
    ada.sync()
    assert shown(ada) == (frozenset({"a", "c", "d"}),) * 2


@pytest.mark.parametrize(("at", "one"), PAIRS, ids=PAIR_NAMES)
def test_at_the_first_meeting_both_keep_what_they_have(at: Mapping, one: Rule) -> None:
    ada = tagged(at, one, frozenset({"a", "b"}), frozenset({"b", "c"}))
    ada.sync()
    assert shown(ada) == (frozenset({"a", "b", "c"}),) * 2


@pytest.mark.parametrize(("at", "one"), PAIRS, ids=PAIR_NAMES)
@given(left=members, right=members, later=set_edits)
def test_no_member_is_lost_or_comes_back(
    at: Mapping,
    one: Rule,
    left: frozenset[str],
    right: frozenset[str],
    later: Sequence[tuple[Side, frozenset[str]]],
) -> None:
    ada = tagged(at, one, left, right)
    ada.sync()
    for side, held in later:
        tag(ada, side, held)
        wanted = shown(ada)[0 if side is LEFT else 1]
        ada.sync()
        assert {m.lower() for m in shown(ada)[0]} == {m.lower() for m in wanted}
        assert {m.lower() for m in shown(ada)[1]} == {m.lower() for m in wanted}
        assert shown(ada)[0 if side is LEFT else 1] == wanted  # its own spelling stays
        assert ada.sync().steps == {}


@pytest.mark.parametrize("direction", [BOTH, TO_LEFT, TO_RIGHT])
@pytest.mark.parametrize(("at", "one"), PAIRS, ids=PAIR_NAMES)
@given(left=members, right=members, later=set_edits)
def test_swapping_the_sides_swaps_the_sets(
    at: Mapping,
    one: Rule,
    direction: Direction,
    left: frozenset[str],
    right: frozenset[str],
    later: Sequence[tuple[Side, frozenset[str]]],
) -> None:
    ada = tagged(at, one, left, right)
    ada.rule = rule(
        one.left[0],
        one.right[0],
        direction=direction,
        as_set=True,
        forward=one.forward or join,
        backward=one.backward or split,
    )
    for side, held in [(LEFT, left), *later]:
        ada.edit(side, one.fields(side)[0], in_form(one, side, held))
        assert_mirrored(ada)
        ada.sync()
        assert ada.sync().steps == {}


def test_one_way_the_source_owns_the_set() -> None:
    one = rule("tags", "TAGS", as_set=True, direction=TO_RIGHT)
    ada = person(frozenset("ab"), frozenset("bx"), at=mapping(one), one=one)
    ada.sync()
    assert ada.show() == (frozenset("ab"), frozenset("abx"))  # x was there before we met
    assert ada.sync().steps == {}
    ada.edit(RIGHT, "TAGS", frozenset("bxy")).sync()
    assert ada.show()[1] == frozenset("abx")


def test_a_field_about_one_member_leaves_the_others_alone() -> None:
    vip = flag("vip", "vip")
    ada = person(frozenset({"vip", "lead"}), None, at=mapping(vip), one=vip)
    ada.sync()
    assert ada.show() == (frozenset({"vip", "lead"}), True)
    ada.edit(RIGHT, "vip", False).sync()
    assert ada.show() == (frozenset({"lead"}), False)
    ada.edit(LEFT, "tags", frozenset({"gold"}))
    assert ada.sync().steps == {}
    ada.edit(LEFT, "tags", frozenset({"gold", "vip"})).sync()
    assert ada.show()[1] is True


def test_a_member_that_the_target_cannot_hold_does_not_stop_the_others() -> None:
    choices = FieldSpec("TAGS", Kind.SET, choices=("vip", "lead"))
    ada = person(
        frozenset({"vip", "strange"}), None, at=mapping(SETS, right=catalogue(choices)), one=SETS
    )
    assert ada.sync().problem == "invalid_choice"
    assert ada.show() == (frozenset({"vip", "strange"}), frozenset({"vip"}))
    assert ada.sync().steps == {}
    ada.edit(RIGHT, "TAGS", frozenset({"vip", "lead"})).sync()
    assert ada.show()[0] == frozenset({"vip", "strange", "lead"})


def test_a_text_that_is_no_set_takes_nothing_away() -> None:
    one = rule("tags", "custom.tags", as_set=True, forward=join, backward=refuse)
    ada = person(frozenset({"a"}), "a", at=mapping(JOINED), one=JOINED)
    ada.sync()
    ada.rule = one
    assert ada.merged() == Merged(problem="untranslatable")


def test_members_that_do_not_fit_into_a_text_are_reported_and_not_sent() -> None:
    short = mapping(JOINED, right=catalogue(FieldSpec("custom.tags", max_length=5)))
    ada = person(frozenset({"gold", "vip"}), None, at=short, one=JOINED)
    assert ada.sync().problem == "too_long"
    assert ada.show() == (frozenset({"gold", "vip"}), None)


def test_the_last_member_of_a_field_that_cannot_be_emptied_stays() -> None:
    for one, right in (
        (SETS, FieldSpec("TAGS", Kind.SET, clearable=False)),
        (JOINED, FieldSpec("custom.tags", clearable=False)),
    ):
        ada = tagged(mapping(one, right=catalogue(right)), one, frozenset("a"), frozenset("a"))
        ada.sync()
        tag(ada, LEFT, frozenset())
        assert (ada.sync().problem, shown(ada)[1]) == ("not_clearable", frozenset("a"))


def test_a_set_in_a_field_that_nobody_may_change_is_reported_and_stays() -> None:
    right = catalogue(FieldSpec("TAGS", Kind.SET, read_only=True))
    ada = tagged(mapping(SETS, right=right), SETS, frozenset("ab"), frozenset("b"))
    assert (ada.sync().problem, shown(ada)[1]) == ("read_only", frozenset("b"))


def test_a_delta_is_empty_only_if_it_changes_nothing() -> None:
    assert not SetDelta()
    assert SetDelta(remove=frozenset("a"))
    assert SetDelta(frozenset("b"), frozenset("a")).on(frozenset("ac")) == frozenset("bc")


def test_what_both_took_off_can_be_put_on_again() -> None:
    ada = tagged(mapping(SETS), SETS, frozenset("ab"), frozenset("ab"))
    ada.sync()
    tag(ada, LEFT, frozenset("b"))
    tag(ada, RIGHT, frozenset("b"))
    ada.sync()
    tag(ada, LEFT, frozenset("ab"))
    ada.sync()
    assert shown(ada) == (frozenset("ab"), frozenset("ab"))


def test_what_differs_as_it_did_and_only_changed_its_spelling_is_no_edit() -> None:
    one = rule("email", "CITY")
    shadow = Both({"email": "Ada@Example.org"}, {"CITY": "unknown"})
    now = Both({"email": "ada@example.org"}, {"CITY": "unknown"})
    assert merge(one, now, shadow, LEFT, mapping(one)) == Merged()


def test_what_the_other_side_shows_already_is_agreed_and_not_written() -> None:
    alike = Both(("Bern",), ("Bern",))
    assert write(CITY, LEFT, alike, mapping(CITY)) == Merged(
        agreed=Both({"city": "Bern"}, {"CITY": "Bern"})
    )
