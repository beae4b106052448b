"""Custom fields and their values: 3.8 and 5.1."""

from typing import Any

import pytest

from .ghl_client import Api, lines


def custom(api: Api, contact_id: str) -> dict[str, Any]:
    return {one["id"]: one["value"] for one in api.get(contact_id)["customFields"]}


@pytest.mark.parametrize("name", ["field_value", "fieldValue", "value"])
def test_a_value_is_written_under_three_names(name: str) -> None:
    """3.8, T4, T34."""
    api = Api()
    field, id_ = api.field("Colour", "TEXT"), api.create(email="a@example.org")
    assert api.put(id_, customFields=[{"id": field, name: "red"}]).status_code == 200
    assert custom(api, id_) == {field: "red"}


@pytest.mark.parametrize("key", ["fav_colour", "contact.fav_colour"])
def test_a_key_will_do_with_and_without_its_prefix(key: str) -> None:
    """3.8 [spec]; reading is by id alone."""
    api = Api()
    field, id_ = api.field("Fav colour", "TEXT"), api.create(email="a@example.org")
    api.put(id_, customFields=[{"key": key, "field_value": "red"}])
    assert custom(api, id_) == {field: "red"}


def test_values_merge_by_field_and_null_clears() -> None:
    """3.8, T6."""
    api = Api()
    one, two = api.field("One", "TEXT"), api.field("Two", "NUMERICAL")
    both = [{"id": one, "value": "a"}, {"id": two, "value": "7"}]
    id_ = api.create(email="a@example.org", customFields=both)
    api.put(id_, customFields=[{"id": one, "value": "b"}])
    assert custom(api, id_) == {one: "b", two: 7}
    api.put(id_, customFields=[{"id": one, "value": None}])
    assert custom(api, id_) == {two: 7}


@pytest.mark.parametrize(
    ("data_type", "sent", "kept"),
    [
        ("TEXT", "x" * 300, "x" * 256),
        ("LARGE_TEXT", "x" * 300, "x" * 300),
        ("SINGLE_OPTIONS", "b", "b"),
        ("SINGLE_OPTIONS", "B", "a"),
        ("RADIO", "nowhere", "a"),
        ("MULTIPLE_OPTIONS", ["b", "nowhere"], ["b"]),
        ("MONETORY", "1,234.50", 1234.5),
        ("NUMERICAL", 12, 12),
        ("FLOAT", "1.5", 1.5),
        ("TIME", "14:30", "01:30:00"),
        ("DATE", "2026-06-01", 1_780_272_000_000),
        ("DATE", 1_780_272_000_000, 1_780_272_000_000),
        ("PHONE", "(201) 555-0123", "+12015550123"),
    ],
)
def test_what_is_kept_of_a_value(data_type: str, sent: Any, kept: Any) -> None:
    """3.8, T6, T35, T36; gotcha 27: a value outside the picklist vanishes silently."""
    api = Api()
    field, id_ = api.field("F", data_type, ["a", "b"]), api.create(email="a@example.org")
    first = {"SINGLE_OPTIONS": "a", "RADIO": "a"}.get(data_type)
    if first:
        api.put(id_, customFields=[{"id": field, "value": first}])
    assert api.put(id_, customFields=[{"id": field, "value": sent}]).status_code == 200
    assert custom(api, id_) == {field: kept}


def test_a_checkbox_reads_as_a_list_of_text() -> None:
    """3.8."""
    api = Api()
    field, id_ = api.field("Agreed", "CHECKBOX"), api.create(email="a@example.org")
    api.put(id_, customFields=[{"id": field, "value": True}])
    assert custom(api, id_) == {field: ["true"]}


def test_a_time_that_was_read_cannot_be_written_and_fails_the_whole_put() -> None:
    """3.8, T6; gotcha 27."""
    api = Api()
    field, id_ = api.field("At", "TIME"), api.create(email="a@example.org", city="Bern")
    answer = api.put(id_, city="Basel", customFields=[{"id": field, "value": "01:30:00"}])
    assert lines(answer, 400) == ["Please enter a valid time"]
    assert api.get(id_)["city"] == "Bern"


def test_text_need_not_be_cut() -> None:
    """3.8, T36: one report."""
    api = Api(truncate_text=False)
    field, id_ = api.field("Colour", "TEXT"), api.create(email="a@example.org")
    api.put(id_, customFields=[{"id": field, "value": "x" * 300}])
    assert custom(api, id_) == {field: "x" * 300}


@pytest.mark.parametrize(("switch", "status"), [("ignore", 200), ("refuse", 422)])
def test_what_an_unknown_field_gets_is_a_switch(switch: str, status: int) -> None:
    """3.8 [3p, contradictory]."""
    api = Api(unknown_custom_field=switch)
    id_ = api.create(email="a@example.org")
    assert api.put(id_, customFields=[{"key": "nope", "value": "x"}]).status_code == status


def test_custom_fields_are_made_renamed_and_removed() -> None:
    """5.1, T6, T43."""
    api = Api()
    path = f"/locations/{api.location}/customFields"
    made = api.send("POST", path, {"name": "Pin code", "dataType": "TEXT"})
    assert made.status_code == 201
    field = made.json()["customField"]
    assert (field["fieldKey"], field["dataType"]) == ("contact.pin_code", "TEXT")
    renamed = api.send("PUT", f"{path}/{field['id']}", {"name": "Postal code"}).json()
    assert renamed["customField"]["fieldKey"] == "contact.pin_code"
    answer = api.send("PUT", f"{path}/{field['id']}", {"name": "x", "dataType": "DATE"})
    assert lines(answer) == ["property dataType should not exist"]
    by_key = api.send("GET", f"{path}/contact.pin_code").json()["customField"]
    assert by_key["id"] == field["id"]
    assert api.send("POST", path, {"name": "Postal code", "dataType": "TEXT"}).status_code == 400
    id_ = api.create(email="a@example.org", customFields=[{"id": field["id"], "value": "1"}])
    assert api.send("DELETE", f"{path}/{field['id']}").json()["succeded"] is True
    assert custom(api, id_) == {}
    assert api.send("GET", path).json()["customFields"] == []
    assert api.box.world.forbidden == [f"DELETE {path}/{field['id']}"]


@pytest.mark.parametrize("body", [{"dataType": "EMAIL"}, {"dataType": "TIME"}, {}])
def test_types_that_cannot_be_made(body: dict[str, str]) -> None:
    """5.1, T6: EMAIL is a 422, TIME needs dateTimeValidation."""
    api = Api()
    path = f"/locations/{api.location}/customFields"
    assert api.send("POST", path, {"name": "F", **body}).status_code == 422


def test_select_types_take_their_options() -> None:
    """5.1, T6."""
    api = Api()
    body = {"name": "Level", "dataType": "SINGLE_OPTIONS", "options": ["a", "b"]}
    made = api.send("POST", f"/locations/{api.location}/customFields", body).json()
    assert made["customField"]["picklistOptions"] == ["a", "b"]
