"""One form for what people type in many."""

import doctest
from datetime import UTC, date, datetime
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core import canonical, countries, normalise
from syncd.core.countries import ALPHA_3, country_code, country_name
from syncd.core.normalise import (
    clean_text,
    identity_key,
    is_ambiguous_date,
    parse_boolean,
    parse_date,
    parse_datetime,
    parse_integer,
    parse_number,
    person_name,
    phone_number,
    visible_text,
)


@pytest.mark.parametrize("module", [canonical, countries, normalise])
def test_the_examples_in_the_docstrings_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    "written",
    [
        "ada@example.org",
        " Ada@Example.ORG\n",
        "a\u200bda@example.org",
        "\u202aada@example.org\u202c",
        "\ufeffada@ex\u00adample.org",
        "ADA@ｅｘａｍｐｌｅ.org",
    ],
)
def test_one_mailbox_has_one_key(written: str) -> None:
    assert identity_key(written) == "ada@example.org"


def test_accents_typed_in_two_ways_are_one_mailbox() -> None:
    assert identity_key("zoe\u0308@example.org") == identity_key("Zo\u00eb@example.org")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada.king@example.org", "adaking@example.org"),
        ("ada+news@example.org", "ada@example.org"),
        ("straße@example.org", "strasse@example.org"),
        ("ada@faß.example", "ada@fass.example"),
    ],
)
def test_two_mailboxes_never_become_one(one: str, other: str) -> None:
    assert identity_key(one) is not None
    assert identity_key(one) != identity_key(other)


def test_a_domain_has_one_key_in_both_its_forms() -> None:
    assert identity_key("x@bücher.example") == identity_key("x@xn--bcher-kva.example")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@example",
        "a b@example.org",
        "a@b@example.org",
        "ada@exa mple.org",
        "<ada@example.org>",
        "ada@example..org",
        "a" * 65 + "@example.org",
        "ada@example.org,bob@example.org",
    ],
)
def test_what_is_no_address_has_no_key(text: str) -> None:
    assert identity_key(text) is None


def test_an_odd_mailbox_that_exists_has_a_key() -> None:
    assert identity_key("a..b.@example.org") == "a..b.@example.org"


@given(st.one_of(st.text(), st.emails()))
def test_a_key_is_its_own_key(text: str) -> None:
    key = identity_key(text)
    assert key is None or identity_key(key) == key


@given(st.emails(), st.sampled_from([str.upper, str.lower, str.swapcase, lambda t: f" {t}\t"]))
def test_case_and_space_around_never_matter(email: str, retype: object) -> None:
    assert callable(retype)
    assert identity_key(retype(email)) == identity_key(email)


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)
    assert visible_text(visible_text(text)) == visible_text(text)
    assert person_name(person_name(text)) == person_name(text)


@given(st.text(alphabet=st.characters()))
def test_clean_text_can_be_written_as_xml(text: str) -> None:
    from lxml import etree

    element = etree.Element("value")
    element.text = clean_text(text)
    etree.fromstring(etree.tostring(element))


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("030 23125-001", "DE", "+493023125001"),
        ("+49 (0)30 23125001", "US", "+493023125001"),
        ("0049 30 23125001", "DE", "+493023125001"),
        ("tel:+49-30-23125001", None, "+493023125001"),
        ("(202) 555‑0123", "US", "+12025550123"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("\u202a+44 7700 900123\u202c", None, "+447700900123"),
        ("030 23125001", None, None),
        ("030 23125001", "XX", None),
        ("555-0123", "US", None),
        ("1-800-FLOWERS", "US", None),
        ("030 23125001 ext. 5", "DE", None),
        ("", "DE", None),
        # Without a country code a number has to be one of the country,
        ("030 2312500", "DE", "+49302312500"),
        ("030 2312500", "US", None),
        ("030 2312500", "GB", None),
        ("12345", "DE", None),
        ("416 555 0123", "US", "+14165550123"),
        ("06 1234 5678", "IT", "+390612345678"),
        # and with one it belongs to that country, whatever the account's is.
        ("+49 30 2312500", "US", "+49302312500"),
        ("+1 555 010 0123", None, "+15550100123"),
        ("+447700900123", "US", "+447700900123"),
        ("+39 06 1234 5678", None, "+390612345678"),
        ("+1 030 2312500", "DE", None),
        ("(+1) 030 2312500", None, None),
        ("+4930", None, None),
        ("+999 123456", None, None),
    ],
)
def test_phones(typed: str, country: str | None, number: str | None) -> None:
    assert phone_number(typed, country) == number


@given(st.text(alphabet="+0123456789 ()-/", max_size=18), st.sampled_from(["DE", "US", "IT", None]))
def test_a_phone_in_e164_stays_as_it_is(typed: str, country: str | None) -> None:
    number = phone_number(typed, country)
    assert number is None or phone_number(number, None) == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"),
        (" de ", "DE"),
        ("DEU", "DE"),
        ("Germany", "DE"),
        ("Deutschland", "DE"),
        ("ALLEMAGNE", "DE"),
        ("Osterreich", "AT"),
        ("Österreich", "AT"),
        ("Suisse", "CH"),
        ("Schweiz", "CH"),
        ("España", "ES"),
        ("Italia", "IT"),
        ("Niederlande", "NL"),
        ("UK", "GB"),
        ("Czech Republic", "CZ"),
        ("United States of America", "US"),
        ("Côte d’Ivoire", "CI"),
        ("Niger", "NE"),
        ("Nigeria", "NG"),
        ("AN", None),
        ("ZZ", None),
        ("", None),
    ],
)
def test_countries(text: str, code: str | None) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_every_country_is_known_by_its_name(language: str) -> None:
    shared = {"MF", "CD", "CG", "AQ"}  # names that the tables give to two codes, or leave out
    named = {code: country_name(code, language) for code in ALPHA_3}
    wrong = {c: n for c, n in named.items() if n and country_code(n) != c}
    assert not wrong.keys() - shared, wrong


def test_every_country_is_known_by_both_codes() -> None:
    assert len(ALPHA_3) == 250  # the 249 of ISO 3166-1, and Kosovo
    assert len(set(ALPHA_3.values())) == 250
    for alpha_2, alpha_3 in ALPHA_3.items():
        assert country_code(alpha_2) == country_code(alpha_3) == alpha_2


@pytest.mark.parametrize("mark", "-/._")
def test_a_date_that_begins_with_its_year_is_read_everywhere(mark: str) -> None:
    for country in (None, "US", "DE", "CA"):
        assert parse_date(mark.join(("1990", "04", "03")), country) == date(1990, 4, 3)


@pytest.mark.parametrize("country", [None, "US", "DE", "CA", "JP", "PH"])
@pytest.mark.parametrize("text", ["03.04.1990", "3.4.1990", "3. 4. 1990"])
def test_nobody_writes_the_month_first_with_dots(text: str, country: str | None) -> None:
    assert parse_date(text, country) == date(1990, 4, 3)


@pytest.mark.parametrize("mark", "-/_")
@pytest.mark.parametrize(
    ("country", "day"),
    [
        ("US", date(1990, 3, 4)),
        ("GU", date(1990, 3, 4)),
        ("DE", date(1990, 4, 3)),
        ("GB", date(1990, 4, 3)),
        ("AU", date(1990, 4, 3)),
        ("CA", None),
        ("PH", None),
        ("SE", None),
        (None, None),
    ],
)
def test_other_dates_are_read_as_their_country_does(
    mark: str, country: str | None, day: date | None
) -> None:
    text = mark.join(("03", "04", "1990"))
    assert parse_date(text, country) == day
    assert is_ambiguous_date(text, country) is (day is None)


@pytest.mark.parametrize("country", [None, "US", "DE", "CA"])
@pytest.mark.parametrize("text", ["13/04/1990", "04/13/1990", "13-4-1990"])
def test_a_date_that_can_be_one_day_only_is_that_day(text: str, country: str | None) -> None:
    assert parse_date(text, country) == date(1990, 4, 13)
    assert parse_date("04/04/1990", country) == date(1990, 4, 4)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "1990", "1990-13-01", "1990-04/03", "12.31.1990", "90-4-3", "03.04.90", "3/4/90"],
)
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text, "US") is None
    assert not is_ambiguous_date(text)


def test_a_date_with_a_time_is_the_day_as_written() -> None:
    assert parse_date("1990-04-03T23:30:00.000-08:00") == date(1990, 4, 3)
    assert parse_date("1990-04-03 00:00:00.0") == date(1990, 4, 3)


@given(st.dates())
def test_iso_dates_are_read_back(day: date) -> None:
    assert parse_date(day.isoformat()) == day


@given(st.datetimes(timezones=st.just(UTC)))
def test_iso_moments_are_read_back(moment: datetime) -> None:
    assert parse_datetime(moment.isoformat()) == moment


@given(st.text(alphabet="0123456789-+.eE_,infa ", max_size=12))
def test_numbers_are_finite_or_nothing(text: str) -> None:
    number = parse_number(text)
    assert number is None or abs(number) < float("inf")
    whole = parse_integer(text)
    assert whole is None or parse_integer(str(whole)) == whole


def test_yes_and_no() -> None:
    assert [parse_boolean(word) for word in ("Yes", " true", "1", "no", "FALSE", "0", "maybe")] == [
        *[True] * 3,
        *[False] * 3,
        None,
    ]
