"""JSON and records, both ways."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.mailercloud.codec import Decoder, is_opt_out, status_of, to_body, to_record
from syncd.connectors.mailercloud.fields import FIELDS, MODERN, STANDARD, read_properties
from syncd.connectors.mailercloud.values import OddValueError, from_wire, to_wire, wire_email
from syncd.errors import RecordError
from syncd.http import xml
from syncd.model.record import Record
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Level, SetDelta, Value

from .fake import CLASSIC, prop

ROWS = [
    prop("pRoP1", "Tier", "tier", "Text"),
    prop("pRoP2", "Points", "points", "Number"),
    prop("pRoP3", "Since", "since", "Date"),
    prop("pRoP4", "Story", "story", "Textarea"),
]
KNOWN = read_properties(ROWS, "classic")
NEWER = read_properties(ROWS, "modern")
ALL = {**STANDARD, **{name: found.spec for name, found in KNOWN.custom.items()}}


def texts(longest: int) -> st.SearchStrategy[str]:
    letters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    kept = st.text(letters, min_size=1, max_size=longest)
    return kept.filter(lambda text: text == xml.legal(text).strip() and bool(text))


def strategy(spec: FieldSpec) -> st.SearchStrategy[Value]:
    match spec.kind:
        case Kind.INTEGER:
            return st.integers(-(10**28), 10**28)
        case Kind.DATE:
            return st.dates()
        case _:
            return texts(min(spec.max_length or 20, 40))


patches = st.fixed_dictionaries(
    {}, optional={name: st.none() | strategy(spec) for name, spec in ALL.items()}
)


def read(row: dict[str, Any], **options: Any) -> Record:
    record = to_record({"id": "cOn1", **row}, KNOWN, certain=True, **options)
    assert record is not None
    return record


@given(patches, st.sampled_from([KNOWN, NEWER]))
def test_what_is_written_is_what_is_read(patch: dict[str, Value], known: Any) -> None:
    body = json.loads(json.dumps(to_body(patch, known, creating=False)))
    record = to_record({"id": "cOn1", **body}, known, certain=True)
    assert record is not None
    shown = {name: value for name, value in record.fields.items() if name in patch}
    assert shown == patch


@given(patches)
def test_a_new_contact_leaves_empty_fields_out(patch: dict[str, Value]) -> None:
    body = to_body(patch, KNOWN, creating=True)
    values = [*body.values(), *body.get("custom_fields", {}).values()]
    assert "" not in values
    assert None not in values


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from([*CLASSIC, *MODERN.values(), "id", "tags", "custom_fields", "status"]),
        json_values,
    )
)
def test_any_row_is_a_record_or_none(row: dict[str, Any]) -> None:
    record = to_record(row, KNOWN, certain=False, silent={"city", "tags"})
    for name, value in (record.fields if record else {}).items():
        assert name in FIELDS or name in KNOWN.custom
        assert value is None or isinstance(value, str | int | date | frozenset | Consent)
        assert value == value  # no NaN


@given(st.text(max_size=60) | st.floats() | st.integers(), st.sampled_from(sorted(ALL)))
def test_any_value_in_an_answer_is_one_or_odd(shown: Any, name: str) -> None:
    try:
        value = from_wire(shown, ALL[name])
    except OddValueError:
        return
    assert value is None or isinstance(value, str | int | date)


@given(st.lists(st.dictionaries(st.sampled_from(sorted(ALL)), json_values), max_size=4))
def test_many_contacts_are_read_as_each_one_alone(shown: list[dict[str, Any]]) -> None:
    decoder = Decoder(KNOWN)
    for n, row in enumerate(shown):
        read_by_it = decoder.read({"id": n, **row})
        assert read_by_it is not None
        assert read_by_it.record(certain=True) == read({**row, "id": n})


def test_a_whole_number_of_any_length_spares_the_rest() -> None:
    record = read({"salary": 10**400, "city": 10**400, "zip": "3000"})
    assert (record.odd, record.fields["zip"]) == ({"salary"}, "3000")


@given(st.dictionaries(st.sampled_from([*sorted(ALL), *MODERN.values(), "tags"]), json_values))
def test_what_is_mentioned_is_what_is_empty_full_or_odd(row: dict[str, Any]) -> None:
    shown = Decoder(KNOWN).read({"id": "cOn1", **row})
    assert shown is not None
    for name in FIELDS.keys() - {"email", "consent"}:
        assert shown.mentions(name) is bool({name, MODERN.get(name, name)} & row.keys())
    assert not shown.mentions("email")
    assert not shown.mentions("consent")


@pytest.mark.parametrize("key", ["name", "first_name"])
def test_both_vocabularies_are_read(key: str) -> None:
    assert read({key: "Ada"}).fields["name"] == "Ada"


def test_a_full_name_of_the_other_vocabulary_beats_an_empty_one() -> None:
    assert read({"name": "", "first_name": "Ada"}).fields["name"] == "Ada"


def test_the_vocabulary_is_the_one_that_the_account_lists() -> None:
    newer = [prop(f"s{i}", k, k, "Text", default="1") for i, k in enumerate(MODERN.values())]
    assert read_properties(newer, "auto").words["zip"] == "postal_code"
    assert read_properties(newer, "classic").words["zip"] == "zip"
    assert read_properties([], "auto").words["name"] == "name"
    assert read_properties(ROWS, "modern").words["organization"] == "company_name"


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"custom_fields": {"pRoP2": "many"}}, "custom.Points"),
        ({"custom_fields": {"pRoP3": "soon"}}, "custom.Since"),
        ({"city": ["Bern"]}, "city"),
        ({"tags": 7}, "tags"),
        ({"tags": [{"tag_name": "vip"}, {"tag_name": 7}]}, "tags"),
        ({"tags": ["vip", None]}, "tags"),
        ({"tags": [{"id": "7"}]}, "tags"),
        ({"tags": ["vip", "x" * 10_001]}, "tags"),
    ],
)
def test_what_cannot_be_read_is_told_as_such_and_is_not_empty(
    row: dict[str, Any], name: str
) -> None:
    record = read({"zip": "3000", **row})
    assert record.odd == {name}
    assert name not in record.fields
    assert record.fields["zip"] == "3000"


@pytest.mark.parametrize("tags", [None, "", [], [{"tag_name": " "}], [""]])
def test_no_tags_are_no_odd_ones(tags: Any) -> None:
    record = read({"tags": tags})
    assert (record.fields["tags"], record.odd) == (frozenset(), frozenset())


def test_what_is_not_mentioned_is_unknown_unless_silence_means_empty() -> None:
    assert "city" not in read({}).fields
    assert read({}, silent={"city"}).fields["city"] is None
    assert read({"city": "Ulm"}, silent={"city"}).fields["city"] == "Ulm"
    assert "email" not in read({}, silent={"email"}).fields


@pytest.mark.parametrize(
    "row",
    [
        {"custom_fields": {"pRoP1": "gold"}},
        {"custom_fields": {"tier": "gold"}},
        {"custom_fields": {"Tier": "gold"}},
        {"custom_fields": [{"id": "pRoP1", "value": "gold"}]},
        {"custom_fields": [{"field_name": "Tier", "field_value": "gold"}]},
        {"pRoP1": "gold"},
        {"tier": "gold"},
    ],
)
def test_a_property_is_found_wherever_it_is_shown(row: dict[str, Any]) -> None:
    assert read(row).fields["custom.Tier"] == "gold"


def test_a_property_that_the_container_leaves_out_is_empty() -> None:
    assert read({"custom_fields": {"pRoP1": "gold"}}).fields["custom.Story"] is None
    assert "custom.Story" not in read({}).fields


@pytest.mark.parametrize(
    "tags",
    [["VIP", " crm "], [{"tag_name": "VIP"}, {"name": "crm"}], "VIP, crm"],
)
def test_tags_in_every_shape(tags: Any) -> None:
    assert read({"tags": tags}).fields["tags"] == frozenset({"VIP", "crm"})


def test_a_long_tag_is_not_left_out_of_what_a_contact_shows() -> None:
    long = "x" * 300
    assert read({"tags": ["vip", long]}).fields["tags"] == frozenset({"vip", long})


def test_the_mark_of_opt_outs_is_shown_as_a_person_may_have_set_it() -> None:
    record = read({"tags": ["vip", "CRM-Optout"]})
    assert record.fields["tags"] == frozenset({"vip", "CRM-Optout"})


@pytest.mark.parametrize(
    ("shown", "revoked"),
    [
        ("unsubscribe", True),
        ("Unsubscribed", True),
        ("abuse", True),
        ("spam complaints", True),
        ("suppressed", True),
        ("active", False),
        ("bounce", False),
        ("", False),
        (7, False),
    ],
)
def test_a_status_says_revoked_or_nothing(shown: Any, revoked: bool) -> None:
    consent = read({"contact_type": shown}).fields.get("consent")
    assert (isinstance(consent, Consent) and consent.level is Level.REVOKED) is revoked
    assert is_opt_out(status_of({"status": shown})) is revoked


def test_the_label_names_a_property_and_the_key_where_several_share_it() -> None:
    rows = [*ROWS, prop("x1", "Size", "size_a", "Text"), prop("x2", "Size", "size_b", "Link")]
    names = read_properties(rows, "auto").custom
    assert {"custom.size_a", "custom.size_b", "custom.Tier"} <= names.keys()
    assert names["custom.size_b"].spec.read_only


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("name", "x" * 26, "too_long"),
        ("organization", "x" * 151, "too_long"),
        ("custom.Tier", "x" * 101, "too_long"),
        ("custom.Story", "x" * 501, "too_long"),
        ("custom.Points", 10**31, "out_of_range"),
        ("custom.Points", 1.5, "invalid"),
        ("custom.Points", "many", "invalid"),
        ("custom.Since", "soon", "invalid"),
        ("custom.Nobody", "x", "unknown_field"),
        ("userip", "x", "not_writable"),
        ("city", SetDelta(), "invalid"),
    ],
)
def test_a_value_that_cannot_be_stored_is_refused_here(name: str, value: Any, code: str) -> None:
    with pytest.raises(RecordError) as caught:
        to_body({name: value}, KNOWN, creating=True)
    assert (caught.value.code, caught.value.fields) == (code, (name,))
    assert str(value)[:5] not in str(caught.value) or len(str(value)) < 5


@pytest.mark.parametrize(
    "wrong",
    [
        *(None, "", 7, "ada", "a@b", "a b@example.org", "a@@example.org", ".a@example.org"),
        *("a..b@x.org", "a@-x.org", "a@x..org", "a@example.o1g9-", "a@x.7"),
        *("x" * 65 + "@x.org", "a@" + "x." * 100 + "org"),
    ],
)
def test_what_is_no_address_is_refused_here(wrong: object) -> None:
    with pytest.raises(RecordError):
        wire_email(wrong)


@pytest.mark.parametrize(
    "good", ["Ada+x@Example.org", "o'neil_1@sub.example.co.uk", "zoë@bücher.example", "a%b/c@x.org"]
)
def test_an_address_is_folded(good: str) -> None:
    assert wire_email(f" {good} ") == good.lower()


def test_odd_forms_of_dates_and_numbers() -> None:
    day, number = FieldSpec("d", Kind.DATE), FieldSpec("n", Kind.INTEGER)
    assert from_wire("2026-01-02 00:00:00", day) == date(2026, 1, 2)
    assert from_wire("0000-00-00", day) is None
    assert from_wire("12.0", number) == from_wire(12.0, number) == 12
    assert to_wire(datetime(2026, 1, 2, 3, tzinfo=UTC), day) == "2026-01-02"
    for odd in ("12.5", 12.5, float("nan"), float("inf"), True, "1" * 40):
        with pytest.raises(OddValueError):
            from_wire(odd, number)
    with pytest.raises(OddValueError):
        from_wire("x" * 10_001, FieldSpec("t"))


def test_a_numeric_text_stays_a_text() -> None:
    assert read({"phone": 15550100, "zip": 89073.0}).fields["phone"] == "15550100"
    assert read({"zip": 89073.0}).fields["zip"] == "89073"


@pytest.mark.parametrize("remote_id", [None, "", ".", "..", "x" * 300, True, 1.5, {"a": 1}])
def test_a_row_without_a_usable_id_is_no_record(remote_id: Any) -> None:
    assert to_record({"id": remote_id, "email": "a@x.org"}, KNOWN, certain=False) is None
