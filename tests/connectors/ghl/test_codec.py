"""`to_record` and `to_wire` are inverses, and odd answers lose one field, never a page."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.ghl import catalogue
from syncd.connectors.ghl.api import encode
from syncd.connectors.ghl.codec import Decoder, Shape, to_record, to_wire
from syncd.connectors.ghl.spec import ADDITIONAL, CONSENT, FIELDS, TAGS
from syncd.errors import RecordError
from syncd.model.spec import Kind
from syncd.model.values import Level, Value

LISTED = [
    {"id": "f1", "name": "Memo", "fieldKey": "contact.memo", "dataType": "LARGE_TEXT"},
    {"id": "f2", "name": "Points", "fieldKey": "contact.points", "dataType": "NUMERICAL"},
    {"id": "f3", "name": "Since", "fieldKey": "contact.since", "dataType": "DATE"},
    {
        "id": "f4",
        "name": "Level",
        "fieldKey": "contact.level",
        "dataType": "SINGLE_OPTIONS",
        "picklistOptions": ["gold", "silver"],
    },
    {
        "id": "f5",
        "name": "Likes",
        "fieldKey": "contact.likes",
        "dataType": "MULTIPLE_OPTIONS",
        "picklistOptions": ["tea", "jam"],
    },
    {
        "id": "f6",
        "name": "Member",
        "fieldKey": "contact.member",
        "dataType": "CHECKBOX",
        "picklistOptions": ["true", "false"],
    },
    {"id": "f7", "name": "Twin", "fieldKey": "contact.twin", "dataType": "TEXT"},
    {"id": "f8", "name": "Twin", "fieldKey": "contact.twin_2", "dataType": "TEXT"},
    {"id": "f9", "name": "Photo", "fieldKey": "contact.photo", "dataType": "FILE_UPLOAD"},
    {"id": "f10", "name": "At", "fieldKey": "contact.at", "dataType": "TIME"},
    {"id": "f11", "name": "Deal", "dataType": "TEXT", "model": "opportunity"},
]
CUSTOM = catalogue.read(LISTED)

texts = st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40
) | st.sampled_from(["\u200b", "\u202eabc", "=1+1", "x" * 3000, "\ufeffA", "🙂"])
plain = {
    name: st.dates() if spec.kind is Kind.DATE else texts
    for name, spec in FIELDS.items()
    if name not in (TAGS, CONSENT, ADDITIONAL)
}
own: dict[str, st.SearchStrategy[Value]] = {
    "custom.Memo": texts,
    "custom.Points": st.floats(allow_nan=False, allow_infinity=False),
    "custom.Since": st.dates(),
    "custom.Level": st.sampled_from(["gold", "silver"]),
    "custom.Likes": st.frozensets(st.sampled_from(["tea", "jam"])),
    "custom.Member": st.booleans(),
    "custom.contact.twin_2": texts,
}
values = st.fixed_dictionaries(
    {}, optional={name: one | st.none() for name, one in {**plain, **own}.items()}
)


@given(values)
def test_what_is_written_reads_back_as_it_was(patch: dict[str, Value]) -> None:
    shown = to_record({"id": "c1", **to_wire(patch, CUSTOM)}, CUSTOM, Shape.ANSWER)
    assert shown is not None
    wanted = {
        name: frozenset() if name == "custom.Likes" and value is None else value
        for name, value in patch.items()
    }
    assert {name: shown.fields[name] for name in patch} == wanted


@given(values)
def test_what_was_read_can_be_written_and_read_again(patch: dict[str, Value]) -> None:
    body = to_wire(patch, CUSTOM)
    once = to_record({"id": "c1", **body}, CUSTOM, Shape.ANSWER)
    assert once is not None
    assert to_wire({name: once.fields[name] for name in patch}, CUSTOM) == body


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KEYS = [*FIELDS, "dnd", "dndSettings", "customFields", "dateUpdated", "firstNameRaw", "address"]


@given(
    st.dictionaries(st.sampled_from(KEYS), json_values),
    st.sampled_from(Shape),
    json_values,
)
def test_no_answer_can_break_the_codec(shown: dict[str, Any], shape: Shape, odd: Any) -> None:
    shown["customFields"] = [odd, {"id": "f2", "value": odd}, {"id": odd}]
    record = to_record({"id": "c1", **shown}, CUSTOM, shape)
    assert record is not None
    assert to_record({**shown, "id": odd}, CUSTOM, shape) is None or isinstance(odd, str)


@pytest.mark.parametrize("odd", [{"a": 1}, [1], True, 5])
def test_a_value_of_the_wrong_type_is_unknown_and_odd_and_not_empty(odd: Any) -> None:
    shown = {"id": "c1", "email": odd, "tags": [odd], "customFields": [{"id": "f1", "value": odd}]}
    record = to_record(shown, CUSTOM, Shape.WHOLE)
    assert record is not None
    assert record.fields.keys() & {"email", "tags", "custom.Memo"} == set()
    assert record.odd == {"email", "tags", "custom.Memo"}
    assert record.fields["custom.Points"] is None


def test_names_of_a_row_come_from_the_typed_spelling_only() -> None:
    row = {"id": "c1", "firstName": "ann", "firstNameRaw": "Ann", "lastName": "o'neil"}
    record = to_record(row, CUSTOM, Shape.ROW)
    assert record is not None
    assert record.fields["firstName"] == "Ann"
    assert "lastName" not in record.fields
    assert not record.certain


@pytest.mark.parametrize("key", ["value", "field_value", "fieldValue"])
def test_custom_values_are_read_in_every_spelling(key: str) -> None:
    shown = {"id": "c1", "customFields": [{"id": "f3", key: 1577836800000}]}
    record = to_record(shown, CUSTOM, Shape.ANSWER)
    assert record is not None
    assert record.fields["custom.Since"] == date(2020, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "1990-09-25",
        "1990/09/25",
        "1990.09.25",
        "1990_09_25",
        "09-25-1990",
        "09/25/1990",
        "1990-09-25T00:00:00.000Z",
    ],
)
def test_a_birthday_is_read_in_every_documented_form(text: str) -> None:
    record = to_record({"id": "c1", "dateOfBirth": text}, CUSTOM, Shape.ANSWER)
    assert record is not None
    assert record.fields["dateOfBirth"] == date(1990, 9, 25)


@pytest.mark.parametrize("text", ["1990-02-30", "1990-W39-2", "19900925", "1990-09-255", "soon"])
def test_what_is_no_birthday_is_odd(text: str) -> None:
    record = to_record({"id": "c1", "dateOfBirth": text}, CUSTOM, Shape.ANSWER)
    assert record is not None
    assert record.odd == {"dateOfBirth"}


@given(
    st.lists(st.dictionaries(st.sampled_from(KEYS), json_values), max_size=4),
    st.sampled_from(Shape),
)
def test_many_contacts_are_read_as_each_one_alone(
    shown: list[dict[str, Any]], shape: Shape
) -> None:
    decoder = Decoder(CUSTOM, shape)
    contacts = [{"id": f"c{n}", **one} for n, one in enumerate(shown)]
    assert [*map(decoder.record, contacts)] == [to_record(c, CUSTOM, shape) for c in contacts]


def test_of_several_values_of_one_custom_field_the_last_counts() -> None:
    for values, shown in ((["a", "b"], "b"), ([1, "b"], "b"), (["b", None], None)):
        listed = [{"id": "f1", "value": value} for value in values]
        record = to_record({"id": "c1", "customFields": listed}, CUSTOM, Shape.ROW)
        assert record is not None
        assert (record.fields["custom.Memo"], record.odd) == (shown, frozenset())
    listed = [{"id": "f1", "value": "a"}, {"id": "f1", "value": 1}]
    record = to_record({"id": "c1", "customFields": listed}, CUSTOM, Shape.ROW)
    assert record is not None
    assert "custom.Memo" not in record.fields
    assert record.odd == {"custom.Memo"}


@pytest.mark.parametrize("listed", [None, {}, "f1"])
def test_no_list_of_custom_fields_says_nothing_of_them(listed: Any) -> None:
    record = to_record({"id": "c1", "customFields": listed}, CUSTOM, Shape.WHOLE)
    assert record is not None
    assert not any(name.startswith("custom.") for name in record.fields)


def test_a_row_shows_fields_under_other_keys_or_as_null() -> None:
    row = {"id": "c1", "address": "Weg 1", "firstName": None, "lastNameRaw": None, "tags": None}
    record = to_record(row, CUSTOM, Shape.ROW)
    assert record is not None
    assert record.fields == {
        "address1": "Weg 1",
        "firstName": None,
        "lastName": None,
        "tags": frozenset(),
    }
    both = to_record({"id": "c1", "address": "Weg 1", "address1": ""}, CUSTOM, Shape.ROW)
    assert both is not None
    assert both.fields == {"address1": None}


@pytest.mark.parametrize(("text", "number"), [("1,234.50", 1234.5), (" 7 ", 7.0), ("-3", -3.0)])
def test_numbers_are_read_from_texts_too(text: str, number: float) -> None:
    shown = {"id": "c1", "customFields": [{"id": "f2", "value": text}]}
    record = to_record(shown, CUSTOM, Shape.ANSWER)
    assert record is not None
    assert record.fields["custom.Points"] == number


@pytest.mark.parametrize(
    ("shown", "level"),
    [
        ({"dnd": True}, Level.REVOKED),
        ({"dnd": True, "dndSettings": "odd"}, Level.REVOKED),
        ({"dndSettings": {"Email": {"status": "active"}}}, Level.REVOKED),
        ({"dndSettings": {"email": {"status": "permanent", "code": "103"}}}, Level.REVOKED),
        ({"dndSettings": {"SMS": {"status": "active"}}}, Level.UNKNOWN),
        ({"dndSettings": {"Email": {"status": "inactive"}}}, Level.UNKNOWN),
        ({}, Level.UNKNOWN),
    ],
)
def test_consent_is_revoked_or_unknown(shown: dict[str, Any], level: Level) -> None:
    record = to_record({"id": "c1", **shown}, CUSTOM, Shape.WHOLE)
    assert record is not None
    consent = record.fields[CONSENT]
    assert getattr(consent, "level", None) is level


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize(
    "shown",
    [[{"email": "a2@example.org", "primary": False}, {"email": None}, {}], ["a2@example.org", 7]],
)
def test_additional_addresses_are_read_however_they_are_listed(shape: Shape, shown: Any) -> None:
    record = to_record({"id": "c1", ADDITIONAL: shown}, CUSTOM, shape)
    assert record is not None
    assert record.fields[ADDITIONAL] == frozenset({"a2@example.org"})


@pytest.mark.parametrize(
    ("shape", "known"), [(Shape.WHOLE, True), (Shape.ROW, False), (Shape.ANSWER, False)]
)
def test_no_additional_address_is_none_only_where_all_is_shown(shape: Shape, known: bool) -> None:
    missing = to_record({"id": "c1"}, CUSTOM, shape)
    null = to_record({"id": "c1", ADDITIONAL: None}, CUSTOM, shape)
    odd = to_record({"id": "c1", ADDITIONAL: "a2@example.org"}, CUSTOM, shape)
    assert missing is not None
    assert null is not None
    assert odd is not None
    assert missing.fields.get(ADDITIONAL, None) == (frozenset() if known else None)
    assert null.fields[ADDITIONAL] == frozenset()
    assert ADDITIONAL not in odd.fields


def test_a_row_without_dnd_settings_says_nothing_of_consent() -> None:
    record = to_record({"id": "c1", "dnd": False}, CUSTOM, Shape.ROW)
    assert record is not None
    assert CONSENT not in record.fields


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ({"custom.Level": "bronze"}, "not_a_choice"),
        ({"custom.Likes": frozenset({"gin"})}, "not_a_choice"),
        ({"custom.Points": "7"}, "bad_value"),
        ({"custom.Points": float("nan")}, "bad_value"),
        ({"email": 7}, "bad_value"),
        ({"custom.Gone": "x"}, "unknown_field"),
        ({"tags": frozenset()}, "unknown_field"),
        ({ADDITIONAL: frozenset({"a2@example.org"})}, "unknown_field"),
    ],
)
def test_what_ghl_would_drop_in_silence_is_refused_before(
    patch: dict[str, Value], code: str
) -> None:
    with pytest.raises(RecordError) as caught:
        to_wire(patch, CUSTOM)
    assert caught.value.code == code
    assert caught.value.fields == tuple(patch)


def test_fields_of_one_name_are_called_by_their_keys() -> None:
    assert CUSTOM.doubled == ("Twin",)
    assert {"custom.contact.twin", "custom.contact.twin_2"} <= CUSTOM.by_name.keys()
    assert "custom.Twin" not in CUSTOM.by_name


def test_what_no_field_can_hold_is_left_out_and_times_are_read_only() -> None:
    assert {"custom.Photo", "custom.Deal"} & CUSTOM.by_name.keys() == set()
    assert CUSTOM.by_name["custom.At"].spec.read_only


def test_a_lone_surrogate_is_left_out() -> None:
    assert encode({"a": "x\ud800y"}) == b'{"a":"xy"}'
