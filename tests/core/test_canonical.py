"""Canonical values: what a platform stores, and what is compared."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.canonical import Canonical, canonical, is_empty, same, text_of
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Level, Value, to_json

consents = st.builds(
    Consent,
    st.sampled_from(Level),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.text(max_size=5),
)
texts = st.one_of(
    st.text(),
    st.emails(),
    st.sampled_from(
        ["true", "0", "12", "1.50", "DE", "Austria", "030 23125001", "1990-4-3", "ΑΣ Σ", "İ"]
    ),
    st.text(alphabet=" \t\r\n\x00aAß\u0308\u200bİΣ\ud800\u00a0", max_size=8),
)
values: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    texts,
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.frozensets(texts, max_size=4),
    consents,
)
specs = st.builds(
    FieldSpec,
    name=st.just("field"),
    kind=st.sampled_from(Kind),
    max_length=st.none() | st.integers(1, 8),
    lower=st.booleans(),
    choices=st.sampled_from([(), ("m", "f", "Divers"), ("VIP", "vip")]),
    free_text=st.booleans(),
)


@given(values, specs, st.sampled_from(["DE", "US", None]))
def test_doing_it_twice_changes_nothing(value: Value, spec: FieldSpec, country: str | None) -> None:
    once = canonical(value, spec, country=country)
    twice = canonical(once.value, spec, country=country)
    assert repr(to_json(twice.value)) == repr(to_json(once.value))  # NaN is not equal to itself
    assert twice.problem in {once.problem, None}
    assert twice.problem == once.problem or once.problem == "too_long"


@given(values, specs, st.sampled_from(["DE", None]))
def test_a_value_is_the_same_as_itself(value: Value, spec: FieldSpec, country: str | None) -> None:
    stored = canonical(value, spec, country=country).value
    assert same(stored, stored, spec)


def says_something(value: Value) -> bool:
    match value:
        case str():
            return any(c.isalnum() for c in value)
        case frozenset():
            return any(map(says_something, value))
        case _:
            return value is not None


@given(values, specs)
def test_a_value_that_says_something_is_never_dropped(value: Value, spec: FieldSpec) -> None:
    assert canonical(value, spec, country=None).value is not None or not says_something(value)


@given(values, specs)
def test_there_is_one_way_to_be_empty(value: Value, spec: FieldSpec) -> None:
    assert canonical(value, spec, country=None).value not in ("", frozenset())


@given(values, specs)
def test_what_is_empty_is_told_without_its_field(value: Value, spec: FieldSpec) -> None:
    if spec.kind is Kind.SET or not isinstance(value, frozenset):
        assert is_empty(value) == (canonical(value, spec, country=None).value is None)


@given(values, specs)
def test_comparing_is_symmetric(value: Value, spec: FieldSpec) -> None:
    stored = canonical(value, spec, country=None).value
    for other in (None, "x", True, 1, frozenset({"x"}), Consent(Level.GRANTED)):
        assert same(stored, other, spec) == same(other, stored, spec)


MOMENT = datetime(2026, 3, 2, 8, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "spec", "stored", "problem"),
    [
        ("  ", FieldSpec("x"), None, None),
        ("a\r\nb\rc\x07", FieldSpec("x"), "a\nb\nc", None),
        ("Zoe\u0308", FieldSpec("x", max_length=3), "Zo\u00eb", None),
        ("ab  cd", FieldSpec("x", max_length=4), "ab", "too_long"),
        ("ABC", FieldSpec("x", lower=True), "abc", None),
        (12, FieldSpec("x"), "12", None),
        (True, FieldSpec("x"), "true", None),
        (date(1990, 4, 3), FieldSpec("x"), "1990-04-03", None),
        (" Ada@Example.org ", FieldSpec("email", Kind.EMAIL), "Ada@Example.org", None),
        ("Ada@Example.org", FieldSpec("email", Kind.EMAIL, lower=True), "ada@example.org", None),
        ("nobody", FieldSpec("email", Kind.EMAIL), "nobody", "invalid_email"),
        ("a@b.org", FieldSpec("email", Kind.EMAIL, max_length=5), "a@b.org", "invalid_email"),
        (
            frozenset({"long"}),
            FieldSpec("t", Kind.SET, max_length=3),
            frozenset({"long"}),
            "invalid_set",
        ),
        ("030 23125001", FieldSpec("phone", Kind.PHONE), "+493023125001", None),
        ("call me", FieldSpec("phone", Kind.PHONE), "call me", "invalid_phone"),
        ("Germany", FieldSpec("country", Kind.COUNTRY), "DE", None),
        ("Germany", FieldSpec("COUNTRY", Kind.COUNTRY, free_text=True), "DE", None),
        ("Atlantis", FieldSpec("COUNTRY", Kind.COUNTRY, free_text=True), "Atlantis", None),
        ("Atlantis", FieldSpec("country", Kind.COUNTRY), "Atlantis", "invalid_country"),
        ("M", FieldSpec("GENDER", Kind.CHOICE, choices=("m", "f", "d")), "m", None),
        ("x", FieldSpec("GENDER", Kind.CHOICE, choices=("m", "f", "d")), "x", "invalid_choice"),
        ("vip", FieldSpec("RANK", Kind.CHOICE, choices=("VIP", "vip")), "vip", None),
        (MOMENT, FieldSpec("d", Kind.DATE), date(2026, 3, 2), None),
        ("1990.04.03", FieldSpec("d", Kind.DATE), date(1990, 4, 3), None),
        ("03.04.1990", FieldSpec("d", Kind.DATE), date(1990, 4, 3), None),
        ("03/04/1990", FieldSpec("d", Kind.DATE), date(1990, 4, 3), None),
        ("03.04.90", FieldSpec("d", Kind.DATE), "03.04.90", "invalid_date"),
        ("030 1", FieldSpec("phone", Kind.PHONE), "030 1", "invalid_phone"),
        (7.0, FieldSpec("x"), "7", None),
        (12.5, FieldSpec("x"), "12.5", None),
        (-0.0, FieldSpec("x"), "0", None),
        (1e21, FieldSpec("x"), "1000000000000000000000", None),
        (2.0**53, FieldSpec("x"), "9007199254740992", None),
        (2**64, FieldSpec("x"), "18446744073709551616", None),
        (0.00001, FieldSpec("x"), "0.00001", None),
        (MOMENT.replace(tzinfo=None), FieldSpec("t", Kind.DATETIME), None, "invalid_datetime"),
        ("2026-03-02T09:15:30+01:00", FieldSpec("t", Kind.DATETIME), MOMENT, None),
        (12.0, FieldSpec("n", Kind.INTEGER), 12, None),
        (12.5, FieldSpec("n", Kind.INTEGER), 12.5, "invalid_integer"),
        (True, FieldSpec("n", Kind.INTEGER), True, "invalid_integer"),
        (12, FieldSpec("n", Kind.NUMBER), 12.0, None),
        ("1,5", FieldSpec("n", Kind.NUMBER), "1,5", "invalid_number"),
        ("Yes", FieldSpec("b", Kind.BOOLEAN), True, None),
        (
            frozenset({" VIP ", "vip", ""}),
            FieldSpec("tags", Kind.SET, lower=True),
            frozenset({"vip"}),
            None,
        ),
        (frozenset({" "}), FieldSpec("tags", Kind.SET), None, None),
        ("vip", FieldSpec("tags", Kind.SET), frozenset({"vip"}), None),
        (frozenset({"vip"}), FieldSpec("x"), frozenset({"vip"}), "invalid_text"),
    ],
)
def test_examples(value: Value, spec: FieldSpec, stored: Value, problem: str | None) -> None:
    answer = canonical(value, spec, country="DE")
    kept = value if stored is None and problem else stored
    assert answer == Canonical(kept, problem)
    assert type(answer.value) is type(kept)


def test_moments_of_one_time_are_the_same_in_every_zone() -> None:
    spec = FieldSpec("t", Kind.DATETIME)
    east = MOMENT.astimezone(timezone(timedelta(hours=9)))
    assert same(
        canonical(east, spec, country=None).value, canonical(MOMENT, spec, country=None).value, spec
    )


def test_what_is_not_a_number_is_the_same_as_itself_only() -> None:
    spec = FieldSpec("x", Kind.NUMBER)
    assert same(float("nan"), float("nan"), spec)
    assert not same(float("nan"), 1.0, spec)
    assert not same(1.0, float("nan"), spec)


def test_consents_are_compared_by_level_only() -> None:
    spec = FieldSpec("consent", Kind.CONSENT)
    assert same(Consent(Level.REVOKED, MOMENT, "form"), Consent(Level.REVOKED), spec)
    assert same(None, Consent(Level.UNKNOWN), spec)
    assert not same(Consent(Level.GRANTED), Consent(Level.REVOKED), spec)


def test_addresses_that_are_none_are_compared_as_they_are() -> None:
    spec = FieldSpec("email", Kind.EMAIL)
    assert same("x@BÜCHER.example", "X@bücher.example", spec)
    assert same("nobody", "nobody", spec)
    assert not same("nobody", "Nobody", spec)
    assert not same("nobody", None, spec)


@given(
    st.one_of(
        st.booleans(), st.integers(), st.dates(), st.floats(allow_nan=False, allow_infinity=False)
    )
)
def test_what_is_written_as_text_is_read_back(value: Value) -> None:
    kinds = {bool: Kind.BOOLEAN, int: Kind.INTEGER, float: Kind.NUMBER, date: Kind.DATE}
    spec = FieldSpec("x", kinds[type(value)])
    assert canonical(text_of(value), spec, country=None) == Canonical(value)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1e29, "1" + 29 * "0"),
        (1e30, "1e+30"),
        (-9e29, "-9" + 29 * "0"),
        (-1e30, "-1e+30"),
        (2e-30, "0." + 29 * "0" + "2"),
        (1e-30, "1e-30"),
        (-2.5, "-2.5"),
        (12.0, "12"),
    ],
)
def test_only_numbers_longer_than_thirty_digits_are_told_with_an_exponent(
    number: float, text: str
) -> None:
    assert text_of(number) == text
