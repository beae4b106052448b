"""A short stand-in for fields."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from syncd.core.digest import digest, digest_json
from syncd.model.values import (
    Consent,
    Level,
    SetDelta,
    Value,
    fields_from_json,
    fields_to_json,
    from_json,
    to_json,
)

moments = st.datetimes(timezones=st.just(UTC))
values: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.text(max_size=5),
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.dates(),
    moments,
    st.frozensets(st.text(max_size=3), max_size=3),
    st.builds(Consent, st.sampled_from(Level), st.none() | moments, st.text(max_size=3)),
)
fields = st.dictionaries(st.text(max_size=3), values, max_size=4)


@given(fields, fields, st.booleans(), st.booleans())
def test_digests_are_equal_when_and_only_when_the_fields_are(
    one: dict[str, Value], other: dict[str, Value], gone: bool, also: bool
) -> None:
    same = (repr(fields_to_json(one)), gone) == (repr(fields_to_json(other)), also)
    if dict(one) != dict(other) or gone != also:
        assert digest(one, gone=gone) != digest(other, gone=also)
    if same:
        assert digest(one, gone=gone) == digest(other, gone=also)


@given(fields)
def test_the_order_of_names_does_not_count(one: dict[str, Value]) -> None:
    assert digest(dict(reversed(one.items()))) == digest(one)


def test_values_that_look_alike_are_told_apart() -> None:
    alike: list[Value] = [
        None,
        "",
        "1",
        1,
        True,
        "2026-03-02",
        date(2026, 3, 2),
        datetime(2026, 3, 2, tzinfo=UTC),
        frozenset({"1"}),
        frozenset({"1", "2"}),
        frozenset({"1,2"}),
        Consent(Level.GRANTED),
        Consent(Level.REVOKED),
        "granted",
    ]
    assert len({digest({"x": value}) for value in alike}) == len(alike)
    assert digest({}) != digest({"x": None})
    assert len(digest({})) == 32


def test_a_record_that_is_gone_differs_from_one_that_is_not() -> None:
    assert digest({"x": 1}, gone=True) != digest({"x": 1})


def test_a_text_that_is_no_unicode_has_a_digest() -> None:
    assert digest_json(["\ud800"]) != digest_json(["\ud801"])


@given(fields)
def test_what_is_stored_as_json_comes_back(one: dict[str, Value]) -> None:
    back = fields_from_json(fields_to_json(one))
    assert back == one
    assert [type(v) for v in back.values()] == [type(v) for v in one.values()]


@given(st.frozensets(st.text(max_size=3)), st.frozensets(st.text(max_size=3)))
def test_a_change_of_a_set_comes_back_from_json(add: frozenset[str], gone: frozenset[str]) -> None:
    assert from_json(to_json(SetDelta(add, gone))) == SetDelta(add, gone)
