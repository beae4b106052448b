"""The filter grammar of search: 3.2."""

from typing import Any

import pytest

from .ghl_client import NOW_MS, Api, lines, three


@pytest.mark.parametrize("operator", ["gt", "gte", "lt", "lte", "eq", "between"])
def test_dates_know_range_only(operator: str) -> None:
    """3.2, T7, T10, T20; gotcha 2."""
    answer = Api().search(filters=[{"field": "dateUpdated", "operator": operator, "value": 1}])
    wanted = f"Invalid Operator ({operator}) passed for field date_updated"
    assert lines(answer)[0].startswith(wanted)


@pytest.mark.parametrize("name", ["date_updated", "contactType", "nickname"])
def test_a_field_unknown_to_search_is_a_400(name: str) -> None:
    """3.2."""
    answer = Api().search(filters=[{"field": name, "operator": "eq", "value": "x"}])
    assert lines(answer, 400) == [f"Invalid field {name}"]


@pytest.mark.parametrize(
    ("bounds", "names"),
    [
        ({"gte": NOW_MS + 1000}, ["Bob", "Cy"]),
        ({"gt": NOW_MS + 1000}, ["Cy"]),
        ({"lte": NOW_MS + 1000}, ["Ann", "Bob"]),
        ({"gte": NOW_MS + 1, "lt": NOW_MS + 2000}, ["Bob"]),
        ({"gte": NOW_MS + 10**9}, []),
        ({"gte": "2026-11-20T11:30:16.250Z"}, ["Bob", "Cy"]),
    ],
)
def test_ranges_over_dates(bounds: dict[str, Any], names: list[str]) -> None:
    """Section 9, T2, T7, T20."""
    api = three()
    assert api.found("dateUpdated", "range", bounds) == names
    assert api.found("dateAdded", "range", bounds) == names


def test_iso_dates_can_be_refused() -> None:
    """3.2, T10: reported as rejected by one."""
    leaf = {"field": "dateAdded", "operator": "range", "value": {"gte": "2026-11-20"}}
    assert Api(iso_dates_in_search="refuse").search(filters=[leaf]).status_code == 422


def test_the_range_and_the_sort_may_differ() -> None:
    api = three()
    api.put(api.rows()[-1]["id"], city="Bonn")
    leaf = {"field": "dateUpdated", "operator": "range", "value": {"gte": NOW_MS + 2000}}
    rows = api.rows(filters=[leaf], sort=[{"field": "dateAdded", "direction": "asc"}])
    assert [row["firstNameRaw"] for row in rows] == ["Ann", "Cy"]


def test_date_custom_fields_want_epoch_milliseconds() -> None:
    """3.2, T9; gotcha 3: an ISO string is a 200 that matches nobody."""
    api = Api()
    field = api.field("Joined", "DATE")
    api.create(
        firstName="Ann",
        email="a@example.org",
        customFields=[{"id": field, "field_value": "2026-06-01"}],
    )
    june = 1_780_272_000_000
    assert api.found(f"customFields.{field}", "range", {"gte": june, "lte": june}) == ["Ann"]
    assert api.found(f"customFields.{field}", "range", {"gte": "2026-05-01"}) == []
    leaf = {"field": f"customFields.{field}", "operator": "eq", "value": june}
    assert api.search(filters=[leaf]).status_code == 422
    leaf = {"field": "customFields.joined", "operator": "range", "value": {"gte": june}}
    assert lines(api.search(filters=[leaf]), 400) == ["Invalid field customFields.joined"]


def test_other_custom_fields_know_eq_and_contains() -> None:
    """3.2."""
    api = Api()
    field = api.field("Colour", "TEXT")
    for name, colour in (("Ann", "dark red"), ("Bob", "red")):
        custom = [{"id": field, "field_value": colour}]
        api.create(firstName=name, email=f"{name}@example.org", customFields=custom)
    assert api.found(f"customFields.{field}", "eq", "red") == ["Bob"]
    assert api.found(f"customFields.{field}", "contains", "red") == ["Ann", "Bob"]


@pytest.mark.parametrize(
    ("name", "operator", "value", "names"),
    [
        ("email", "eq", "BOB@example.org", ["Bob"]),
        ("email", "contains", "example", ["Ann", "Bob", "Cy"]),
        ("city", "eq", "bern", ["Bob"]),
        ("city", "contains", "ber", ["Ann", "Bob", "Cy"]),
        ("city", "wildcard", "ber*n", ["Ann", "Bob"]),
        ("firstName", "not_eq", "", ["Ann", "Bob", "Cy"]),
        ("firstName", "not_eq", "cy", ["Ann", "Bob"]),
        ("tags", "eq", "ANN", ["Ann"]),
        ("tags", "contains", ["an", "bo"], ["Ann", "Bob"]),
        ("tags", "not_contains", ["ann"], ["Bob", "Cy"]),
        ("dnd", "eq", False, ["Ann", "Bob", "Cy"]),
        ("assignedTo", "eq", "nobody", []),
    ],
)
def test_text_tags_and_keywords(name: str, operator: str, value: Any, names: list[str]) -> None:
    """3.2, T8."""
    assert three().found(name, operator, value) == names


@pytest.mark.parametrize(
    ("name", "operator", "value"),
    [
        ("email", "exists", None),
        ("city", "contains", "be"),
        ("source", "in", ["a"]),
        ("dateOfBirth", "range", {"gte": 0}),
        ("dateOfBirth", "eq", "1990-01-01"),
        ("city", "eq", "x" * 76),
    ],
)
def test_what_a_field_cannot_do_is_a_422(name: str, operator: str, value: Any) -> None:
    """3.2, T8 [docs D5]."""
    leaf = {"field": name, "operator": operator, "value": value}
    assert Api().search(filters=[leaf]).status_code == 422


def test_groups_nest() -> None:
    """3.2 [docs D5]."""
    api = three()
    either = [
        {"field": "city", "operator": "eq", "value": "Berlin"},
        {
            "group": "AND",
            "filters": [
                {"field": "city", "operator": "contains", "value": "ber"},
                {"field": "firstName", "operator": "eq", "value": "cy"},
            ],
        },
    ]
    rows = api.rows(filters=[{"group": "OR", "filters": either}])
    assert [row["firstNameRaw"] for row in rows] == ["Cy", "Ann"]


def test_many_ids_at_once_in_an_or_group() -> None:
    """3.2, T21."""
    api = three()
    ids = [row["id"] for row in api.rows()][:2]
    leaves = [{"field": "id", "operator": "eq", "value": one} for one in (*ids, "unknown")]
    rows = api.rows(filters=[{"group": "OR", "filters": leaves}])
    assert [row["id"] for row in rows] == ids


def test_status_per_channel_can_be_filtered() -> None:
    """3.2 [issue #279, staff]."""
    api = three()
    api.act("dnd", email="bob@example.org", channel="Email")
    api.act("inbound_dnd", email="cy@example.org")
    assert api.found("dndSettings.Email.status", "eq", "active") == ["Bob"]
    assert api.found("inboundDndSettings.all.status", "eq", "active") == ["Cy"]


def test_phone_eq_can_miss_those_with_additional_emails() -> None:
    """3.2 [issue #289]."""
    api = three(phone_eq_bug=True)
    api.act("edit", email="ann@example.org", fields={"phone": "+12015550123"})
    assert api.found("phone", "eq", "+12015550123") == ["Ann"]
    api.act("add_email", email="ann@example.org", address="anna@example.org")
    assert api.found("phone", "eq", "+12015550123") == []
