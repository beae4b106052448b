"""Conditions on records."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.mapping.where import Steps, compile_where
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Fields

FIELDS = {
    f.name: f
    for f in (
        FieldSpec("email", Kind.EMAIL),
        FieldSpec("city"),
        FieldSpec("country", Kind.COUNTRY),
        FieldSpec("born", Kind.DATE),
        FieldSpec("size", Kind.INTEGER),
        FieldSpec("vip", Kind.BOOLEAN),
        FieldSpec("tags", Kind.SET),
        FieldSpec("consent", Kind.CONSENT),
        FieldSpec("custom.Photo", kept=False, native="FILE_UPLOAD"),
    )
}
ADA: Fields = {
    "email": "ada@example.org",
    "city": "Berlin",
    "country": "DE",
    "born": date(1990, 4, 3),
    "size": 39,
    "vip": True,
    "tags": frozenset({"newsletter"}),
    "phone": None,
}


def holds(condition: dict[str, Any], fields: Fields = ADA) -> bool:
    where, problems = compile_where(condition, FIELDS, country=None)
    assert problems == []
    return where(fields)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"tag": "newsletter"}, True),
        ({"tag": "Newsletter "}, True),
        ({"tag": "vip"}, False),
        ({"field": "tags", "has": "newsletter"}, True),
        ({"field": "city", "equals": "berlin"}, True),
        ({"field": "city", "equals": "Bern"}, False),
        ({"field": "country", "equals": "Germany"}, True),
        ({"field": "country", "in": ["AT", "CH"]}, False),
        ({"field": "country", "in": ["AT", "Deutschland"]}, True),
        ({"field": "email", "equals": "Ada@EXAMPLE.org"}, True),
        ({"field": "born", "equals": "1990-04-03"}, True),
        ({"field": "size", "equals": 39}, True),
        ({"field": "size", "in": ["38", "39"]}, True),
        ({"field": "vip", "equals": True}, True),
        ({"field": "vip", "equals": "no"}, False),
        ({"field": "city", "exists": True}, True),
        ({"field": "tags", "exists": False}, False),
        ({"not": {"tag": "vip"}}, True),
        ({"all": [{"tag": "newsletter"}, {"field": "city", "equals": "Berlin"}]}, True),
        ({"all": [{"tag": "newsletter"}, {"tag": "vip"}]}, False),
        ({"any": [{"tag": "vip"}, {"not": {"field": "city", "equals": "Bern"}}]}, True),
        ({"any": [{"tag": "vip"}, {"tag": "x"}]}, False),
    ],
)
def test_conditions(condition: dict[str, Any], expected: bool) -> None:
    assert holds(condition) is expected
    assert holds({"not": condition}) is not expected


def test_a_field_that_is_not_shown_is_empty() -> None:
    assert not holds({"tag": "newsletter"}, {})
    assert not holds({"field": "city", "equals": "Berlin"}, {"city": None})
    assert holds({"field": "tags", "exists": False}, {"tags": frozenset()})


def test_a_condition_knows_which_fields_it_reads() -> None:
    condition = {"any": [{"tag": "x"}, {"not": {"field": "city", "exists": True}}]}
    where, _ = compile_where(condition, None, country=None)
    assert where.reads == {"tags", "city"}


@pytest.mark.parametrize(
    ("condition", "at", "said"),
    [
        ({}, "", "This is no condition."),
        ({"tag": "x", "city": "y"}, "", "This is no condition."),
        ({"tag": 5}, "", "This is no condition."),
        ({"all": []}, "", "This is no condition."),
        ({"not": [{"tag": "x"}]}, "not", "This is no condition."),
        ({"any": [{"tag": "x"}, "vip"]}, "any.1", "This is no condition."),
        ({"field": "cty", "equals": "x"}, "field", "Did you mean `city`"),
        ({"field": "city", "equal": "x"}, "equal", "Did you mean `equals`?"),
        ({"field": "city", "equals": None}, "equals", "no value that it can compare"),
        ({"field": "city", "in": "Berlin"}, "in", "no value that it can compare"),
        ({"field": "city", "exists": "yes"}, "exists", "no value that it can compare"),
        ({"field": "city", "has": "x"}, "", "`city` is no set"),
        ({"field": "tags", "equals": "x"}, "", "has: …"),
        ({"field": "consent", "equals": "granted"}, "", "cannot be compared"),
        ({"field": "born", "equals": "soon"}, "", "can never show this (invalid_date)"),
        (
            {"all": [{"not": {"field": "country", "in": ["DE", "Atlantis"]}}]},
            "all.0.not",
            "can never",
        ),
    ],
)
def test_wrong_conditions_say_where_and_let_nobody_pass(
    condition: dict[str, Any], at: str, said: str
) -> None:
    def locate(steps: Steps) -> str:
        return ".".join(map(str, steps))

    where, problems = compile_where(condition, FIELDS, country=None, locate=locate)
    assert problems[0].where == at
    assert any(said in str(problem) for problem in problems), problems
    assert not where(ADA)


leaves = st.one_of(
    st.builds(lambda t: {"tag": t}, st.sampled_from(["newsletter", "vip"])),
    st.builds(lambda v: {"field": "city", "equals": v}, st.sampled_from(["Berlin", "Bern"])),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda c: {"not": c}, inner),
        st.builds(lambda cs: {"all": cs}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda cs: {"any": cs}, st.lists(inner, min_size=1, max_size=3)),
    ),
)


@given(st.lists(conditions, min_size=1, max_size=3))
def test_not_all_is_any_not(parts: list[dict[str, Any]]) -> None:
    assert holds({"not": {"all": parts}}) == holds({"any": [{"not": part} for part in parts]})


def test_a_field_whose_values_cannot_be_read_cannot_be_asked_for() -> None:
    where, problems = compile_where({"field": "custom.Photo", "exists": True}, FIELDS, country=None)
    assert "of type FILE_UPLOAD" in str(problems)
    assert not where(ADA)
    inside = {"all": [{"tag": "vip"}, {"field": "custom.Photo", "exists": True}]}
    places: list[Any] = []
    compile_where(inside, FIELDS, country=None, locate=lambda at: str(places.append(at)))
    assert ("all", 1, "field") in places
