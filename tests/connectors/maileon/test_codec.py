"""XML and records, both ways."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.maileon.clock import ServerClock
from syncd.connectors.maileon.codec import (
    Selection,
    select,
    shown_time,
    to_element,
    to_record,
    wire_email,
)
from syncd.connectors.maileon.fields import FIELDS, STANDARD, custom_spec
from syncd.connectors.maileon.values import OddValueError, reader, to_text
from syncd.errors import RecordError
from syncd.http import xml
from syncd.model.record import Record
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Level, Value

from .fake import contact

CUSTOM = {
    spec.name: spec
    for spec in (
        custom_spec("Shoe size", "integer"),
        custom_spec("weight", "float"),
        custom_spec("note", "string"),
        custom_spec("since", "date"),
        custom_spec("vip", "boolean"),
    )
}
SPECS = {**FIELDS, **CUSTOM}
BERLIN = ServerClock(ZoneInfo("Europe/Berlin"))

letters = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=255
).filter(lambda text: text == xml.legal(text))
values: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.TEXT: letters,
    Kind.COUNTRY: letters,
    Kind.DATE: st.dates(),
    Kind.INTEGER: st.integers(-(2**31), 2**31 - 1),
    Kind.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    Kind.BOOLEAN: st.booleans(),
    Kind.CHOICE: st.sampled_from(("m", "f", "d")),
}
writable = {n: s for n, s in SPECS.items() if s.kind in values and not s.read_only} | {
    "LOCALE": SPECS["LOCALE"]
}
patches = st.fixed_dictionaries(
    {},
    optional={
        name: st.none()
        | (st.sampled_from(("de", "de_AT")) if name == "LOCALE" else values[spec.kind])
        for name, spec in writable.items()
    },
)


def read(body: str, *fields: str, clock: ServerClock = BERLIN) -> Record | None:
    return to_record(xml.parse(body.encode()), select(frozenset(fields), CUSTOM), clock)


@given(patches)
def test_what_is_written_is_what_is_read(patch: dict[str, Value]) -> None:
    element = to_element({"email": "ada@example.org", **patch}, SPECS, remote_id="1")
    for group in ("standard_fields", "custom_fields"):
        if element.find(group) is None:
            element.append(xml.parse(f"<{group}/>".encode()))
    parsed = xml.parse(xml.serialise(element))
    record = to_record(parsed, select(frozenset(patch), CUSTOM), ServerClock())
    assert record is not None
    empty = {name: None if value == "" else value for name, value in patch.items()}
    assert dict(record.fields) == {"email": "ada@example.org", **empty}


@given(st.text(max_size=300), st.sampled_from(sorted(SPECS)))
def test_any_text_in_an_answer_is_a_value_or_odd(text: str, name: str) -> None:
    try:
        value = reader(SPECS[name])(text)
    except OddValueError:
        return
    assert value is None or isinstance(value, str | int | float | bool | date)


def test_a_custom_field_that_was_asked_for_and_is_missing_is_empty() -> None:
    record = read(contact(7, standard={"CITY": None}), "CITY", "custom.note", "custom.vip")
    assert record is not None
    assert (record.fields["CITY"], record.fields["custom.note"]) == (None, None)


def test_a_field_that_was_not_asked_for_is_unknown() -> None:
    record = read(contact(7, standard={"CITY": "Ulm"}, custom={"note": "x"}))
    assert record is not None
    assert not {"CITY", "custom.note"} & record.fields.keys()


def test_a_missing_group_says_nothing_about_its_fields() -> None:
    record = read("<contact><id>7</id></contact>", "CITY", "custom.note", "consent")
    assert record is not None
    assert record.fields == {}


def test_a_hidden_address_is_unknown_and_not_empty() -> None:
    record = read('<contact anonymous="true"><id>7</id><email nil="true"/></contact>')
    assert record is not None
    assert "email" not in record.fields


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("custom.Shoe size", "forty"),
        ("custom.weight", "NaN"),
        ("custom.since", "2026-02-30"),
        ("custom.vip", "perhaps"),
    ],
)
def test_an_odd_value_is_told_as_such_and_spares_the_rest(name: str, text: str) -> None:
    body = contact(7, "ada@example.org", custom={name.removeprefix("custom."): text, "note": "x"})
    record = read(body, name, "custom.note")
    assert record is not None
    assert name not in record.fields
    assert record.odd == {name}
    assert record.fields["custom.note"] == "x"


def test_a_contact_without_an_id_is_left_out() -> None:
    assert read(contact(None, "ada@example.org")) is None


@pytest.mark.parametrize(
    ("permission", "level"),
    [(1, Level.UNKNOWN), *((code, Level.GRANTED) for code in range(2, 7))],
)
def test_permissions_are_levels_of_consent(permission: int, level: Level) -> None:
    record = read(contact(7, permission=permission), "consent", "permission")
    assert record is not None
    consent = record.fields["consent"]
    assert isinstance(consent, Consent)
    assert (consent.level, record.fields["permission"]) == (level, permission)
    confirmed = datetime(2026, 8, 20, 9, 0, tzinfo=UTC) if permission in (4, 5) else None
    assert consent.at == confirmed, "only who confirmed by a link has said so at a known time"


@pytest.mark.parametrize("odd", ["0", "7", "", "doi", "٣"])
def test_an_odd_permission_is_no_statement_about_consent(odd: str) -> None:
    record = read(contact(7, permission=odd), "consent")
    assert record is not None
    assert not {"permission", "consent"} & record.fields.keys()


def test_the_status_unsubscribed_beats_every_permission() -> None:
    body = contact(7, permission=4, standard={"PERMISSION_STATUS": "unsubscribed"})
    record = read(body, "consent")
    assert record is not None
    consent = record.fields["consent"]
    assert isinstance(consent, Consent)
    assert consent.level is Level.REVOKED


def test_a_granted_consent_is_undated_while_the_zone_is_unknown() -> None:
    record = read(contact(7, permission=4), "consent", clock=ServerClock())
    assert record is not None
    assert record.fields["consent"] == Consent(Level.GRANTED, None, "maileon")
    assert (record.modified, record.version) == (None, "2026-08-20 11:00:00.0")


@pytest.mark.parametrize("shown", ["", "yesterday", "2026-13-01 00:00:00", "2026-01-01"])
def test_what_is_no_time_is_no_time(shown: str) -> None:
    assert shown_time(shown) is None


def test_values_that_maileon_cannot_store_are_refused_and_never_cut() -> None:
    cases: list[tuple[str, Value, str]] = [
        ("FIRSTNAME", "x" * 256, "too_long"),
        ("custom.Shoe size", 2**31, "out_of_range"),
        ("custom.weight", float("inf"), "out_of_range"),
        ("custom.weight", 10**400, "out_of_range"),
        ("GENDER", "x", "invalid"),
        ("LOCALE", "german", "invalid"),
        ("BIRTHDAY", "1990-01-01", "invalid"),
        ("custom.vip", 1, "invalid"),
        ("custom.Shoe size", True, "invalid"),
        ("FIRSTNAME", frozenset({"a"}), "invalid"),
        ("permission", 4, "not_writable"),
        ("consent", Consent(Level.GRANTED), "not_writable"),
        ("custom.nobody", "x", "not_writable"),
        ("email", None, "missing"),
        ("email", "not-an-address", "invalid"),
    ]
    for name, value, code in cases:
        with pytest.raises(RecordError) as caught:
            to_element({name: value}, SPECS)
        assert (caught.value.code, caught.value.fields) == (code, (name,)), name


def test_only_the_day_of_a_time_is_sent() -> None:
    moment = datetime(1990, 5, 4, 23, 59, tzinfo=UTC)
    assert to_text(moment, STANDARD["BIRTHDAY"]) == "1990-05-04"


def test_characters_that_xml_cannot_carry_are_dropped() -> None:
    assert to_text("A\x00d\x0ba\ud800", FieldSpec("x")) == "Ada"
    assert to_text("\x00", FieldSpec("x")) is None


def test_emptying_is_nil_for_standard_and_an_empty_element_for_custom_fields() -> None:
    written = xml.serialise(to_element({"CITY": None, "custom.vip": None}, SPECS)).decode()
    assert '<name>CITY</name><value nil="true"/>' in written
    assert "<name>vip</name><value/>" in written


def test_a_single_update_never_holds_an_id() -> None:
    assert to_element({"CITY": "Ulm"}, SPECS).find("id") is None


def test_addresses_are_sent_trimmed_and_in_lower_case() -> None:
    assert wire_email("  Ada+News@Example.ORG ") == "ada+news@example.org"
    with pytest.raises(RecordError):
        wire_email("..")


def test_only_chosen_fields_are_asked_for() -> None:
    assert Selection().query == {}
    chosen = select(frozenset({"email", "CITY", "custom.note", "consent"}), CUSTOM)
    assert chosen.query == {
        "standard_field": ["CITY", "PERMISSION_STATUS"],
        "custom_field": ["note"],
    }


def test_a_permission_is_read_with_white_space_around_it() -> None:
    record = read("<contact><id>7</id><permission> 4\n</permission></contact>")
    assert record is not None
    assert record.fields["permission"] == 4


def test_of_several_children_of_one_name_the_first_counts_and_of_several_fields_the_last() -> None:
    record = read(
        "<contact><id>7</id><id>8</id><email>a@x.org</email><email>b@x.org</email>"
        "<standard_fields>"
        "<field><name>CITY</name><value>Ulm</value></field>"
        "<field><value>Bern</value><name>CITY</name><name>STATE</name><value>Aarau</value></field>"
        "</standard_fields><standard_fields/></contact>",
        "CITY",
        "STATE",
    )
    assert record is not None
    assert record.remote_id == "7"
    assert record.fields == {"email": "a@x.org", "CITY": "Bern"}


@pytest.mark.parametrize(
    "field",
    [
        "<field/>",
        "<field><name>note</name></field>",
        "<field><value>x</value></field>",
        "<field><name> </name><value>x</value></field>",
        '<field><name nil="true">note</name><value>x</value></field>',
        "<field><name>note</name><value>x<b/></value></field>",
    ],
)
def test_one_field_that_cannot_be_read_makes_every_field_of_its_group_unknown(field: str) -> None:
    good = "<field><name>vip</name><value>true</value></field>"
    body = "<contact><id>7</id><custom_fields>{}</custom_fields></contact>"
    known = read(body.format(good), "custom.vip", "custom.note")
    unknown = read(body.format(good + field), "custom.vip", "custom.note")
    assert known is not None
    assert unknown is not None
    assert known.fields == {"custom.vip": True, "custom.note": None}
    assert unknown.fields == {}


def test_what_is_new_in_an_answer_is_passed_over() -> None:
    record = read(
        "<contact><new><id>8</id></new>text<id>7</id><external_id><a/>x</external_id>"
        "<custom_fields>text<new/><field><new/><name>note</name><value>\U0001f600</value></field>"
        "</custom_fields><standard_fields><new/></standard_fields></contact>",
        "CITY",
        "custom.note",
        "external_id",
    )
    assert record is not None
    assert record.fields == {"custom.note": "\U0001f600"}


def test_a_value_that_is_said_to_be_nil_is_empty_whatever_it_holds() -> None:
    field = '<field><name>note</name><value nil="{}">x</value></field>'
    for nil, value in (("true", None), ("false", "x")):
        listed = f"<custom_fields>{field.format(nil)}</custom_fields>"
        record = read(f"<contact><id>7</id>{listed}</contact>", "custom.note")
        assert record is not None
        assert record.fields["custom.note"] == value


@pytest.mark.parametrize(
    ("shown", "moment"),
    [
        ("2026-08-20 11:00:00", "2026-08-20T11:00:00"),
        ("2026-08-20T11:00:00.5", "2026-08-20T11:00:00.500000"),
        ("2026-08-20 11:00:00.123456789", "2026-08-20T11:00:00.123456"),
        ("1970-01-01 00:00:00.0", "1970-01-01T00:00:00"),
        ("9998-12-31 23:59:59.9", "9998-12-31T23:59:59.900000"),
    ],
)
def test_a_time_is_read_to_the_microsecond(shown: str, moment: str) -> None:
    naive = shown_time(shown)
    assert naive is not None
    assert naive.isoformat() == moment


@pytest.mark.parametrize(
    "shown",
    [
        *("2026-08-20 11:00:00Z", "2026-08-20 11:00:00+02:00", "2026-08-20 11:00:00,5"),
        *("20260820T110000", "2026-W34-4 11:00:00", "2026-08-20 11:00", "2026-08-20 24:00:01"),
        *(
            "1969-12-31 23:59:59",
            "9999-01-01 00:00:00",
            "٢٠٢٦-08-20 11:00:00",
            "2026-08-20_11:00:00",
        ),
    ],
)
def test_a_time_of_another_form_is_none(shown: str) -> None:
    assert shown_time(shown) is None
