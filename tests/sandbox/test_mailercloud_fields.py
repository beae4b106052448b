"""Standard fields, custom properties and tags (mailercloud.md §6, §7)."""

from typing import Any

import pytest

from syncd.sandbox.mailercloud.fields import STANDARD

from .mailercloud_client import ADA, Api, page, refused


def properties(api: Api, **body: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.post("/contact/property/search", **page(**body)).json()["data"]
    return rows


def test_the_keys_of_standard_fields_are_found_in_the_property_list() -> None:
    """§6.2: discover instead of guessing."""
    api = Api()
    row = next(one for one in properties(api) if one["field_value"] == "name")
    assert (row["field_name"], row["field_type"], row["is_default"]) == ("First Name", "Text", 1)
    keys = {one["field_value"] for one in properties(api, type="default")}
    assert {"email", "name", "zip", "organization", "userip", "dob", "details"} <= keys
    api.platform.configure({"vocabulary": "modern"})
    keys = {one["field_value"] for one in properties(api, type="default")}
    assert {"first_name", "postal_code", "company_name"} <= keys
    assert "name" not in keys


@pytest.mark.parametrize(
    ("vocabulary", "classic", "modern"),
    [("classic", "A", ""), ("modern", "", "B"), ("both", "A", "B")],
)
def test_the_other_vocabulary_is_dropped_without_a_word(
    vocabulary: str, classic: str, modern: str
) -> None:
    """§6.2: hence the canary."""
    api = Api(vocabulary=vocabulary)
    api.upsert(name="A")
    assert api.stored()["name"] == classic
    assert api.put(first_name="B").status_code == 200
    assert api.stored()["name"] == (modern or classic)
    shown = "first_name" if vocabulary == "modern" else "name"
    assert shown in api.row()


def test_unknown_and_read_only_keys_are_dropped_or_refused() -> None:
    """§6.2: ASSUME silently."""
    api = Api()
    assert api.upsert(shoe_size="44", dob="2000-01-01").status_code == 200
    api.platform.configure({"unknown_field": "refuse"})
    assert refused(api.upsert(shoe_size="44")) == "shoe_size: Unknown field"


@pytest.mark.parametrize("field", STANDARD, ids=lambda one: one.classic)
def test_a_standard_field_holds_so_many_characters(field: Any) -> None:
    """§6.2: the third column, row by row."""
    api = Api()
    most = field.chars_most
    assert api.upsert(**{field.classic: "9" * most}).status_code == 200
    assert api.stored()[field.classic] == "9" * most
    assert refused(api.upsert("bob@example.org", **{field.classic: "9" * (most + 1)}))
    assert api.emails() == [ADA]


def test_a_value_that_is_too_long_may_be_cut() -> None:
    """§17.1: then the value that was stored is another one."""
    api = Api(long_values="cut")
    notes = api.property("Notes")
    assert api.upsert(name="x" * 30, custom_fields={notes: "y" * 101}).status_code == 200
    assert api.stored()["name"] == "x" * 25
    assert api.stored()["custom_by_label"] == {"Notes": "y" * 100}


@pytest.mark.parametrize("value", [7, 1.5, True, ["x"], {"a": 1}])
def test_a_text_must_be_a_text(value: Any) -> None:
    assert refused(Api().upsert(name=value)) == "name: name must be a string"


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["x" * 100, "ü"], ["x" * 101, 7]),
        ("textarea", ["x" * 500, "a\nb"], ["x" * 501]),
        ("number", [7, -7, "42", "9" * 30], [1.5, "1.5", "x", "9" * 31, 10**30, True, "٣"]),
        ("date", ["2026-02-28"], ["2026-02-30", "28.02.2026", "20260228", "2026-2-8", 7]),
    ],
)
def test_a_property_takes_values_of_its_kind(kind: str, good: list[Any], bad: list[Any]) -> None:
    """§6.1."""
    api = Api()
    id_ = api.property("Held", kind)
    for value in good:
        assert api.upsert(custom_fields={id_: value}).status_code == 200
        assert api.stored()["custom_by_label"] == {"Held": str(value)}
    for value in bad:
        assert api.upsert(custom_fields={id_: value}).status_code == 400


def test_a_custom_field_goes_by_its_id_and_an_unknown_one_loses_the_contact() -> None:
    """§1 fact 8, §17.1."""
    api = Api()
    id_ = api.property("Favourite colour")
    for key in ("Favourite colour", "favourite_colour", id_.swapcase(), "nope"):
        assert refused(api.upsert(custom_fields={key: "red"})).endswith("Custom field not found")
    assert api.emails() == []
    api.platform.configure({"custom_field_key": "any"})
    for key in (id_, "Favourite colour", "favourite_colour"):
        assert api.upsert(custom_fields={key: key}).status_code == 200
        assert api.stored()["custom_fields"] == {id_: key}
    api.platform.configure({"unknown_custom_field": "ignore"})
    assert api.upsert(custom_fields={"nope": "red"}).status_code == 200
    assert api.upsert(custom_fields=["nope"]).status_code == 400


def test_properties_are_made_found_renamed_and_deleted() -> None:
    """§6.1."""
    api = Api()
    whole = {"name": "CRM id", "type": "text", "description": "Identifier in the CRM"}
    id_ = api.post("/contact/property", **whole).json()["id"]
    assert properties(api, type="custom", search="crm") == [
        {
            "id": id_,
            "field_name": "CRM id",
            "field_value": "crm_id",
            "field_type": "Text",
            "is_default": 0,
        }
    ]
    assert "already exist" in refused(api.post("/contact/property", **whole))
    path = f"/contact/property/{id_}"
    assert "type" in refused(api.send("PATCH", path, {"type": "date"}))
    assert api.send("PATCH", path, {"name": "CRM key"}).json().keys() == {"message"}
    row = properties(api, type="custom")[0]
    assert (row["field_name"], row["field_value"]) == ("CRM key", "crm_id")
    api.upsert(custom_fields={id_: "x"})
    assert api.send("DELETE", path).status_code == 200
    assert api.stored()["custom_fields"] == {}
    assert api.send("DELETE", path).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"name": "ab"},
        {"name": "x" * 31},
        {"name": None},
        {"description": "x"},
        {"description": "x" * 501},
        {"type": "link"},
        {"type": "Text"},
        {"type": ["text"]},
    ],
)
def test_a_property_has_a_name_a_description_and_one_of_four_types(change: Any) -> None:
    """§6.1."""
    whole = {"name": "CRM id", "type": "text", "description": "Identifier", **change}
    assert Api().post("/contact/property", **whole).status_code == 400


def test_there_may_be_no_more_properties() -> None:
    """§17.2."""
    whole = {"name": "CRM id", "type": "text", "description": "Identifier"}
    assert Api(properties_most=0).post("/contact/property", **whole).status_code == 403


def test_a_property_that_a_form_uses_is_not_deleted() -> None:
    """§6.1."""
    api = Api()
    id_ = api.property("Colour")
    api.act("create_webform", name="Footer", properties=["Colour"])
    assert "webform" in refused(api.send("DELETE", f"/contact/property/{id_}"))


def test_a_tag_must_exist_or_the_contact_is_lost() -> None:
    """§1 fact 7, §7: by name; an id is an unknown name."""
    api = Api()
    tag = api.post("/tags", name="crm").json()["id"]
    for tags in (["crm", "other"], [tag], ["CRM"]):
        assert refused(api.upsert(tags=tags)) == "tags: Tag not found"
    for bad in ("crm", [7], {"crm": 1}):
        assert api.upsert(tags=bad).status_code == 400
    assert api.emails() == []
    assert api.upsert(tags=["crm", "crm"]).status_code == 200
    assert api.stored()["tags"] == ["crm"]
    assert refused(api.put(tags=["other"], city="Bern")) == "Tag not found"
    assert api.stored()["city"] == ""


def test_tags_add_up_unless_they_replace() -> None:
    """§7, §17.2."""
    api = Api()
    for name in ("a", "b", "c"):
        api.post("/tags", name=name)
    api.upsert(tags=["a"])
    api.upsert(tags=["b"])
    api.put(tags=["c"])
    assert api.stored()["tags"] == ["a", "b", "c"]
    api.put(tags=[])
    assert api.stored()["tags"] == ["a", "b", "c"]
    api.platform.configure({"tags_write": "replace"})
    api.put(tags=["b"])
    assert api.stored()["tags"] == ["b"]
    api.put(city="Bern")
    assert api.stored()["tags"] == ["b"]


def test_a_tag_that_exists_is_an_error() -> None:
    """§7; letter case makes another tag, unless switched off."""
    api = Api()
    assert api.post("/tags", name=" crm ").status_code == 201
    assert "already exist" in refused(api.post("/tags", name="crm"))
    assert api.post("/tags", name="CRM").status_code == 201
    api.platform.configure({"tag_case": "insensitive"})
    assert api.post("/tags", name="Crm").status_code == 400
    assert api.upsert(tags=["cRM"]).status_code == 200
    assert api.stored()["tags"] == ["crm"]
    for name in ("", " ", None, 7, "x" * 101):
        assert api.post("/tags", name=name).status_code == 400


def test_tags_are_searched() -> None:
    api = Api()
    id_ = api.post("/tags", name="crm").json()["id"]
    api.post("/tags", name="other")
    answer = api.post("/tags/search", **page(search="CR")).json()
    assert answer == {"count": 1, "data": [{"id": id_, "tag_name": "crm"}]}


def test_tags_are_taken_off_by_address_or_id() -> None:
    """§7."""
    api = Api()
    for name in ("a", "b", "c"):
        api.post("/tags", name=name)
    api.upsert(tags=["a", "b", "c"])
    path = "/contact/tag/remove"
    assert set(api.post(path, id=ADA, tag_names=["a"]).json()) == {"message"}
    assert api.post(path, id=api.id_of(), tag_names=["b", "a"]).status_code == 200
    assert api.stored()["tags"] == ["c"]
    assert refused(api.post(path, id=ADA, tag_names=["x"])) == "Tag not found"
    assert api.post(path, id="nobody@example.org", tag_names=["a"]).status_code == 404
    for bad in ({}, {"id": ADA}, {"id": ADA, "tag_names": "a"}, {"id": 7, "tag_names": ["a"]}):
        assert api.post(path, **bad).status_code == 400
