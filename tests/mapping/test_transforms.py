"""Transforms: there and back again."""

import doctest
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.canonical import canonical
from syncd.errors import RecordError
from syncd.mapping import compile as compiling
from syncd.mapping import kinds, mapped, problem, shape, texts, transforms, where
from syncd.mapping.kinds import as_they_are, converts
from syncd.mapping.shape import Made, Shape, UnfitError
from syncd.mapping.texts import date_format, join_members, split_members
from syncd.mapping.transforms import NAMES, make
from syncd.model.rule import Direction, Values
from syncd.model.side import Both, Side
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Value

TAGS = FieldSpec("tags", Kind.SET, lower=True)
NOTE = FieldSpec("NOTE", max_length=20)


@pytest.mark.parametrize(
    "module", [compiling, kinds, mapped, problem, shape, texts, transforms, where]
)
def test_the_examples_in_the_docstrings_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


def made(
    transform: dict[str, Any],
    left: FieldSpec | tuple[FieldSpec, ...] | None,
    right: FieldSpec | None,
    direction: Direction = Direction.BOTH,
) -> Made:
    lefts = left if isinstance(left, tuple) else (left,) if left else ()
    rights = (right,) if right else ()
    names = Both(tuple(s.name for s in lefts), tuple(s.name for s in rights))
    return make(transform, Shape(names, Both(lefts, rights), direction))


def undo(m: Made, values: Values) -> Values:
    assert m.back is not None
    return m.back(values)


members = st.text(min_size=1).map(lambda t: t.replace("\x00", "").strip()).filter(bool)
separators = st.sampled_from([", ", ",", ";", "|", " ", "\n", " - ", "--", "::", "ab", "."])


@given(st.frozensets(members), separators)
def test_every_set_survives_being_joined(tags: frozenset[str], separator: str) -> None:
    assert split_members(join_members(tags, separator), separator) == tags


@given(st.text(), separators)
def test_whatever_a_person_types_is_read_the_same_after_we_wrote_it(
    text: str, separator: str
) -> None:
    read = split_members(text, separator)
    assert split_members(join_members(read, separator), separator) == read


def test_join_works_from_the_side_of_the_set() -> None:
    from_left = made({"join": ", "}, TAGS, NOTE)
    from_right = made({"join": ", "}, NOTE, TAGS)
    assert (from_left.source, from_right.source) == (Side.LEFT, Side.RIGHT)
    for m in (from_left, from_right):
        assert m.as_set
        assert m.there((frozenset({"vip", "news"}),)) == ("news, vip",)
        assert undo(m, ("news, vip",)) == (frozenset({"vip", "news"}),)


def test_a_joined_text_that_would_be_cut_is_reported_and_not_sent() -> None:
    m = made({"join": ", "}, TAGS, NOTE)
    with pytest.raises(RecordError) as caught:
        m.there((frozenset({"a" * 15, "b" * 15}),))
    assert caught.value.code == "untranslatable"
    assert "32 characters of 20" in str(caught.value)
    assert "aaa" not in str(caught.value)


def test_one_tag_as_a_box_to_tick() -> None:
    m = made({"has_tag": "VIP"}, TAGS, FieldSpec("vip", Kind.BOOLEAN))
    assert m.as_set
    assert m.only == frozenset({"vip"})
    assert m.there((frozenset({"vip", "x"}),)) == (True,)
    assert m.there((frozenset({"x"}),)) == (False,)
    assert undo(m, (True,)) == (frozenset({"vip"}),)
    assert undo(m, (False,)) == (frozenset(),)


def test_yes_and_no_in_words() -> None:
    m = made({"boolean": ["Ja", "Nein"]}, FieldSpec("vip", Kind.BOOLEAN), NOTE)
    assert [m.there((flag,)) for flag in (True, False)] == [("Ja",), ("Nein",)]
    assert [undo(m, (word,)) for word in ("ja", "NEIN")] == [(True,), (False,)]
    with pytest.raises(RecordError):
        undo(m, ("maybe",))


@given(st.dates(), st.permutations(["YYYY", "MM", "DD"]), st.sampled_from([".", "/", "", " of "]))
def test_dates_survive_being_written(day: date, order: list[str], between: str) -> None:
    written = date_format(between.join(order))
    assert written is not None
    write, read = written
    assert read(write(day)) == day


def test_dates_without_leading_zeros() -> None:
    m = made({"date": "D.M.YYYY"}, FieldSpec("born", Kind.DATE), NOTE)
    assert m.there((date(1990, 4, 3),)) == ("3.4.1990",)
    assert undo(m, ("03.04.1990",)) == (date(1990, 4, 3),)
    for text in ("31.2.1990", "1990", "3.4.1990 or so"):
        with pytest.raises(RecordError):
            undo(m, (text,))
    with pytest.raises(RecordError, match="it is no date"):
        m.there(("soon",))  # a value that the connector could not read as a date


@pytest.mark.parametrize(
    ("form", "short", "long"),
    [("D.M.YYYY", "3.4.1990", "03.04.1990"), ("DD/MM/YYYY", None, "03/04/1990")],
)
def test_a_date_is_read_without_leading_zeros_only_where_the_form_has_none(
    form: str, short: str | None, long: str
) -> None:
    written = date_format(form)
    assert written is not None
    write, read = written
    day = date(1990, 4, 3)
    assert (write(day), read(long)) == (short or long, day)
    assert read("3.4.1990") == (day if short else None)
    assert read("3/4/1990") is None


def test_the_day_of_a_moment_depends_on_the_place() -> None:
    moment = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    m = made(
        {"day_of": "Europe/Berlin"}, FieldSpec("seen", Kind.DATETIME), FieldSpec("D", Kind.DATE)
    )
    assert m.there((moment,)) == (date(2026, 3, 2),)
    assert m.back is None


def test_countries_by_name() -> None:
    m = made({"country_name": "de"}, FieldSpec("country", Kind.COUNTRY), NOTE)
    assert m.there(("AT",)) == ("Österreich",)
    assert undo(m, ("Österreich",)) == ("AT",)
    assert undo(m, ("Atlantis",)) == ("Atlantis",)


NAMES_LEFT = (FieldSpec("firstName"), FieldSpec("lastName"))


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (("Ada", "King"), "Ada King"),
        (("Ada Maria", "King"), "Ada Maria King"),
        (("Ada", None), "Ada"),
        ((None, None), None),
    ],
)
def test_names_joined_and_split(parts: Values, whole: str | None) -> None:
    m = made({"join_names": " "}, NAMES_LEFT, NOTE)
    assert m.there(parts) == (whole,)
    assert undo(m, (whole,)) == parts


def test_names_with_the_last_name_first() -> None:
    m = made({"join_names": ", "}, NAMES_LEFT, NOTE)
    assert m.there(("King", "Ada")) == ("King, Ada",)
    assert undo(m, ("King, Ada",)) == ("King", "Ada")


@given(st.lists(st.none() | members.map(lambda t: " ".join(t.split())), min_size=2, max_size=2))
def test_a_split_name_is_joined_to_itself(parts: list[str | None]) -> None:
    m = made({"join_names": " "}, NAMES_LEFT, NOTE)
    whole = m.there(tuple(parts))
    assert m.there(undo(m, whole)) == whole


def test_three_names_cannot_be_split() -> None:
    m = made({"join_names": " "}, (FieldSpec("title"), *NAMES_LEFT), NOTE)
    assert m.there(("Dr", "Ada", "King")) == ("Dr Ada King",)
    assert m.back is None


GENDER = FieldSpec("GENDER", Kind.CHOICE, choices=("m", "f", "d"))


def test_a_map_and_its_inverse() -> None:
    m = made({"map": {"male": "M", "female": "f"}}, FieldSpec("gender"), GENDER)
    assert m.there(("male",)) == ("m",)
    assert undo(m, ("f",)) == ("female",)
    for values in (("other",), ("MALE",)):
        with pytest.raises(RecordError):
            m.there(values)


def test_a_map_knows_the_kind_of_its_fields() -> None:
    m = made({"map": {"1": "bronze", "2": "silver"}}, FieldSpec("level", Kind.INTEGER), NOTE)
    assert m.there((2,)) == ("silver",)
    assert undo(m, ("bronze",)) == (1,)


def test_what_a_map_does_not_list() -> None:
    kept = made({"map": {"a": "b"}, "others": "keep"}, FieldSpec("x"), NOTE)
    assert kept.there(("c",)) == ("c",)
    assert undo(kept, ("c",)) == ("c",)
    with pytest.raises(RecordError):
        kept.there(("b",))  # would come back as `a`
    emptied = made({"map": {"a": "b"}, "others": "empty"}, FieldSpec("x"), NOTE, Direction.RIGHT)
    assert emptied.there(("c",)) == (None,)


@given(st.dictionaries(members, members), st.sampled_from(["park", "keep"]), members)
def test_a_map_with_an_inverse_gives_every_value_back(
    table: dict[str, str], others: str, value: str
) -> None:
    try:
        m = made({"map": table, "others": others}, FieldSpec("x"), FieldSpec("y"))
        if m.back is None:
            return
        there = m.there((value,))
    except (RecordError, UnfitError):
        return
    assert m.back(there) == (value,)


def test_one_way_transforms() -> None:
    text = FieldSpec("x")
    right = Direction.RIGHT
    assert made({"case": "upper"}, text, NOTE, right).there(("ada",)) == ("ADA",)
    assert made({"cut": 3}, text, NOTE, right).there(("ab cd",)) == ("ab",)
    assert made({"constant": "crm"}, None, NOTE, right).there(()) == ("crm",)
    hello = made({"template": "{firstName} from {city}"}, None, NOTE, right)
    assert hello.reads == ("firstName", "city")
    assert hello.there(("Ada", None)) == ("Ada from",)
    assert hello.there((None, None)) == (None,)


@pytest.mark.parametrize(("argument", "left"), [(["crm"], None), (None, None), ("crm", NOTE)])
def test_a_constant_needs_one_value_and_no_field(argument: Any, left: FieldSpec | None) -> None:
    with pytest.raises(UnfitError, match="`constant` needs a value, and no field under `left`"):
        made({"constant": argument}, left, NOTE, Direction.RIGHT)


def test_a_one_way_transform_can_start_from_the_right() -> None:
    m = made({"case": "lower"}, NOTE, FieldSpec("x"), Direction.LEFT)
    assert m.source is Side.RIGHT


@pytest.mark.parametrize(
    ("transform", "left", "right", "message"),
    [
        ({"jion": ", "}, TAGS, NOTE, "There is no transform `jion`."),
        ({}, TAGS, NOTE, "exactly one transform"),
        ({"join": ", ", "case": "upper"}, TAGS, NOTE, "exactly one transform"),
        ({"join": ""}, TAGS, NOTE, "`join` needs a separator"),
        ({"join": 5}, TAGS, NOTE, "`join` needs a text"),
        ({"join": ", "}, TAGS, TAGS, "set field on exactly one side"),
        ({"join": ", "}, FieldSpec("x"), NOTE, "set field on exactly one side"),
        ({"join": ", "}, TAGS, FieldSpec("n", Kind.INTEGER), "`n` holds integer, but `join` needs"),
        ({"has_tag": "a"}, TAGS, FieldSpec("n", Kind.NUMBER), "but `has_tag` needs"),
        ({"boolean": ["Ja", "ja"]}, FieldSpec("b", Kind.BOOLEAN), NOTE, "two different words"),
        ({"boolean": "Ja"}, FieldSpec("b", Kind.BOOLEAN), NOTE, "two words"),
        (
            {"boolean": ["Ja", "Nein"]},
            FieldSpec("b", Kind.BOOLEAN),
            FieldSpec("n", Kind.NUMBER),
            "`n` holds number, but `boolean` needs",
        ),
        (
            {"date": "DD.MM.YYYY"},
            FieldSpec("d", Kind.DATE),
            FieldSpec("n", Kind.NUMBER),
            "`n` holds number, but `date` needs",
        ),
        ({"date": "DD.MM."}, FieldSpec("d", Kind.DATE), NOTE, "`date` needs a form"),
        ({"day_of": "Mars"}, FieldSpec("t", Kind.DATETIME), NOTE, "needs a time zone"),
        ({"country_name": "xx"}, FieldSpec("c", Kind.COUNTRY), NOTE, "needs a language"),
        ({"join_names": " "}, FieldSpec("a"), NOTE, "several fields on one side"),
        ({"map": {}}, FieldSpec("a"), NOTE, "pairs of values"),
        ({"map": {"a": ["b"]}}, FieldSpec("a"), NOTE, "one value for each"),
        ({"map": {"a": "x"}}, FieldSpec("a"), GENDER, "`GENDER` cannot hold `x`"),
        ({"map": {"a": "b"}, "others": "drop"}, FieldSpec("a"), NOTE, "`others` needs"),
        ({"cut": True}, FieldSpec("a"), NOTE, "number of characters"),
        ({"case": "upper"}, FieldSpec("a"), NOTE, "one direction only"),
        ({"constant": "x"}, None, NOTE, "one direction only"),
    ],
)
def test_transforms_that_cannot_be_made(
    transform: dict[str, Any], left: FieldSpec | None, right: FieldSpec, message: str
) -> None:
    with pytest.raises(UnfitError, match=message.replace("(", r"\(")):
        made(transform, left, right)


@pytest.mark.parametrize(
    ("right", "hint"),
    [
        (FieldSpec("SIZE", Kind.CHOICE, choices=("small", "large")), "Did you mean `small`?"),
        (FieldSpec("SIZE", Kind.INTEGER), ""),
    ],
)
def test_another_value_is_proposed_only_where_the_field_lists_its_values(
    right: FieldSpec, hint: str
) -> None:
    with pytest.raises(UnfitError, match="`SIZE` cannot hold `smal`") as unfit:
        made({"map": {"a": "smal"}}, FieldSpec("a"), right)
    assert unfit.value.hint == hint


EXAMPLES: dict[str, tuple[Any, FieldSpec | tuple[FieldSpec, ...] | None, FieldSpec]] = {
    "boolean": (["Ja", "Nein"], FieldSpec("b", Kind.BOOLEAN), NOTE),
    "case": ("upper", FieldSpec("a"), NOTE),
    "country_name": ("de", FieldSpec("c", Kind.COUNTRY), NOTE),
    "cut": (3, FieldSpec("a"), NOTE),
    "date": ("DD.MM.YYYY", FieldSpec("d", Kind.DATE), NOTE),
    "day_of": ("UTC", FieldSpec("t", Kind.DATETIME), FieldSpec("D", Kind.DATE)),
    "has_tag": ("vip", TAGS, FieldSpec("vip", Kind.BOOLEAN)),
    "html_text": ("left", FieldSpec("a"), NOTE),
    "join": (", ", TAGS, NOTE),
    "join_names": (" ", NAMES_LEFT, NOTE),
    "map": ({"a": "b"}, FieldSpec("a"), NOTE),
    "template": ("{a} {b}", None, NOTE),
}


@pytest.mark.parametrize("name", sorted({*NAMES} - {"constant"}))
def test_nothing_stays_nothing(name: str) -> None:
    argument, left, right = EXAMPLES[name]
    m = made({name: argument}, left, right, Direction.RIGHT)
    count = len(m.reads) if m.reads else len(left) if isinstance(left, tuple) else 1
    assert m.there((None,) * count) == (None,)
    if m.back:
        assert set(m.back((None,))) == {None}


VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.TEXT: members,
    Kind.EMAIL: st.emails(),
    Kind.PHONE: st.sampled_from(["+493023125001", "+12025550123"]),
    Kind.COUNTRY: st.sampled_from(["DE", "AT"]),
    Kind.CHOICE: members,
    Kind.DATE: st.dates(),
    Kind.DATETIME: st.datetimes(timezones=st.just(UTC)),
    Kind.INTEGER: st.integers(-(2**31), 2**31),
    Kind.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    Kind.BOOLEAN: st.booleans(),
    Kind.SET: st.frozensets(members),
    Kind.CONSENT: st.none(),
}


@given(st.data(), st.sampled_from(Kind), st.sampled_from([Kind.TEXT, *Kind]))
def test_kinds_that_convert_lose_nothing_on_the_way_to_text(
    data: st.DataObject, kind: Kind, other: Kind
) -> None:
    assert converts(kind, other) == converts(other, kind)
    if not converts(kind, other) or other not in (Kind.TEXT, kind):
        return
    here, there = FieldSpec("here", kind), FieldSpec("there", other)
    value = canonical(data.draw(VALUES[kind]), here, country=None).value
    (sent,) = as_they_are((value,))
    arrived = canonical(sent, there, country=None)
    assert arrived.problem is None
    (returned,) = as_they_are((arrived.value,))
    assert canonical(returned, here, country=None).value == value
