"""What one side's values look like on the other."""

from dataclasses import replace
from datetime import date

import pytest

from syncd.core.translate import Mapping, Translated
from syncd.model.rule import Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Level, Value

from .world import JOINED, LEFT, RIGHT, SETS, catalogue, mapping, refuse, rule

CITY = rule()
AT = mapping(
    CITY,
    left=catalogue(FieldSpec("phone", Kind.PHONE)),
    right=catalogue(FieldSpec("CITY", max_length=4, lower=True)),
)


def test_a_value_arrives_in_the_form_that_the_target_stores() -> None:
    assert AT.across(CITY, RIGHT, (" ULM ",)) == Translated(("ulm",))
    assert AT.across(CITY, LEFT, (" ULM ",)) == Translated(("ULM",))


def test_a_value_that_does_not_fit_arrives_cut_and_with_its_problem() -> None:
    assert AT.across(CITY, RIGHT, ("Bonn-Beuel",)) == Translated(("bonn",), "too_long")


def test_a_value_that_cannot_be_translated_arrives_as_nothing() -> None:
    one = rule(forward=refuse)
    assert AT.across(one, RIGHT, ("Bonn",)) == Translated((), "untranslatable")


def test_there_is_no_way_against_a_one_way_rule_without_inverse() -> None:
    one = Rule("x", ("a",), ("b",), CITY.direction, CITY.policy, CITY.forward, None)
    assert AT.across(one, LEFT, ("Bonn",)) is None


@pytest.mark.parametrize(
    ("name", "value", "observed"),
    [
        ("consent", Consent(Level.UNKNOWN), None),
        ("consent", Consent(Level.REVOKED), Consent(Level.REVOKED)),
        ("city", "  ", None),
        ("phone", "030 23125001", "+493023125001"),
        ("phone", "call me", "call me"),
        ("never heard of", " x ", "x"),
    ],
)
def test_what_is_observed_is_in_canonical_form(name: str, value: Value, observed: Value) -> None:
    assert AT.observed(LEFT, {name: value}) == {name: observed}


def test_nothing_that_is_observed_is_cut() -> None:
    assert AT.observed(RIGHT, {"CITY": "Bonn-Beuel"}) == {"CITY": "bonn-beuel"}


def test_lists_of_values_are_alike_if_all_of_them_are() -> None:
    one = replace(CITY, left=("first", "last"), right=("FIRST", "LAST"))
    for other, alike in ((("Ada", "Ott"), True), (("Ada", "Kurz"), False), (("Eva", "Ott"), False)):
        assert AT.alike(one, LEFT, ("Ada", "Ott"), other) is alike


def test_fields_are_compared_by_what_they_hold() -> None:
    assert AT.alike_field(LEFT, "email", "Ada@example.org", "ada@example.org")
    assert not AT.alike_field(LEFT, "city", "Bonn", "bonn")
    assert AT.alike(CITY, LEFT, ("Bonn",), ("Bonn",))
    assert not AT.alike(CITY, LEFT, ("Bonn",), (None,))


def test_a_text_that_stands_for_a_set_holds_none() -> None:
    at = mapping(SETS, JOINED)
    assert at.holds_set(SETS, LEFT)
    assert at.holds_set(SETS, RIGHT)
    assert at.holds_set(JOINED, LEFT)
    assert not at.holds_set(JOINED, RIGHT)


def test_a_member_arrives_in_the_form_that_a_set_stores_or_with_its_problem() -> None:
    spec = FieldSpec("TAGS", Kind.SET, lower=True, max_length=4)
    at = mapping(SETS, right=catalogue(spec))
    assert at.member(RIGHT, "TAGS", "VIP") == ("vip", None)
    assert at.member(RIGHT, "TAGS", "Customer") == ("customer", "invalid_set")
    assert at.member(RIGHT, "TAGS", " ") == (" ", None)


@pytest.mark.parametrize("to", SIDES)
@pytest.mark.parametrize("told_by", SIDES)
def test_what_a_text_leaves_out_is_taken_from_the_country_of_the_pair(
    to: Side, told_by: Side
) -> None:
    phone, born = rule("phone", "phone"), rule("born", "born")
    plain = catalogue(FieldSpec("phone"), FieldSpec("born"))
    read = catalogue(FieldSpec("phone", Kind.PHONE), FieldSpec("born", Kind.DATE))
    countries: Both[str | None] = Both(None, None)
    for country, number, day in (
        ("DE", "+493023125001", date(1990, 4, 3)),
        ("US", None, date(1990, 3, 4)),
        (None, None, None),
    ):
        at = Mapping(
            (phone, born), Both(plain, plain).having(to, read), countries.having(told_by, country)
        )
        for one, text, means, why in (
            (phone, "030 23125001", number, "invalid_phone"),
            (born, "03/04/1990", day, "ambiguous_date"),
        ):
            wanted = Translated((text,), why) if means is None else Translated((means,))
            assert at.across(one, to, (text,)) == wanted
            assert at.observed(to, {one.left[0]: text}) == {one.left[0]: means or text}
            assert at.unreadable(one, to, {one.left[0]: text}) == wanted.problem
