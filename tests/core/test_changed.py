"""What differs is told so that either look follows from the other."""

from hypothesis import given
from hypothesis import strategies as st

from syncd.core.changed import changed, replayed

values = st.none() | st.text(max_size=2) | st.frozensets(st.sampled_from("ab"))
fields = st.dictionaries(st.sampled_from(("city", "tags", "zip", "$odd")), values)


@given(fields, fields)
def test_the_later_look_follows_from_the_earlier_and_the_earlier_from_the_later(
    old: dict[str, object], new: dict[str, object]
) -> None:
    before, after = changed(old, new)  # type: ignore[arg-type]
    assert replayed(old, before, after) == new  # type: ignore[arg-type]
    assert replayed(new, after, before) == old  # type: ignore[arg-type]


@given(fields)
def test_what_is_the_same_is_not_told(same: dict[str, object]) -> None:
    assert changed(same, {**same}) == ({}, {})  # type: ignore[arg-type]
