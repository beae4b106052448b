"""Searches: pages, lag, order, what is listed (mailercloud.md §4.1, §5.7, §11, §13)."""

from typing import Any

import pytest

from .mailercloud_client import ADA, Api, page, refused

SEARCHES = (
    "/lists/search",
    "/contact/search/KqWzRb",
    "/contact/property/search",
    "/tags/search",
    "/webform/search",
    "/webhooks/search",
)


def filled(count: int, **settings: Any) -> Api:
    """p0 … arrived in this order, a second apart."""
    api = Api(**settings)
    for n in range(count):
        api.person(f"p{n}@example.org", fields={"name": f"P{n}"})
        api.later(seconds=1)
    return api


def emails(api: Api, **body: Any) -> list[str]:
    return [row["email"].partition("@")[0] for row in api.rows(**body)]


@pytest.mark.parametrize("path", SEARCHES)
@pytest.mark.parametrize("limit", [0, 9, 101, -1, "100", 10.5, True])
def test_a_limit_outside_10_to_100_is_refused(path: str, limit: Any) -> None:
    """§13."""
    answer = Api().post(path, **page(limit=limit))
    assert refused(answer).startswith("limit")
    assert "error" in answer.json()


def test_a_limit_outside_may_be_clamped() -> None:
    """§13: rejected or clamped."""
    api = filled(12, limit_outside="clamp")
    assert len(api.rows(limit=5)) == 10
    assert len(api.rows(limit=1000)) == 12


@pytest.mark.parametrize("page_number", [0, -1, "1", None, 1.5])
def test_pages_count_from_one(page_number: Any) -> None:
    assert refused(Api().search(page=page_number)).startswith("page")


def test_pages_follow_each_other_and_end() -> None:
    api = filled(25)
    pages = [emails(api, limit=10, page=n) for n in (1, 2, 3, 4)]
    assert [len(one) for one in pages] == [10, 10, 5, 0]
    assert len({email for one in pages for email in one}) == 25
    assert api.search(limit=10, page=2).json()["contact_count"] == 25
    assert api.search(page=10**30).json() == {"contact_count": 25}


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("absent", {"contact_count": 0}),
        ("null", {"contact_count": 0, "data": None}),
        ("list", {"contact_count": 0, "data": []}),
    ],
)
def test_data_may_be_absent_when_there_is_nothing(shape: str, body: dict[str, Any]) -> None:
    """§13."""
    assert Api(empty_data=shape).search().json() == body


def test_data_may_be_an_object_with_numeric_keys() -> None:
    """§13 [unverified]."""
    data = filled(2, data_shape="object").search().json()["data"]
    assert [data[key]["email"] for key in ("0", "1")] == ["p1@example.org", "p0@example.org"]


def test_totals_have_a_name_each() -> None:
    """§13."""
    api = Api()
    totals = [set(api.post(path, **page()).json()) - {"data"} for path in SEARCHES]
    assert totals == [
        {"list_count"},
        {"contact_count"},
        {"count"},
        {"count"},
        {"count"},
        {"webhook_count", "total", "max_webhook_limit"},
    ]


def test_somebody_new_shifts_the_rows_between_two_pages() -> None:
    """§11 rule 7: the union may repeat a row."""
    api = filled(20)
    first = emails(api, limit=10, page=1)
    api.person("new@example.org")
    second = emails(api, limit=10, page=2)
    assert first[-1] == second[0]
    assert "new" not in first + second


def test_somebody_who_leaves_makes_a_scan_miss_a_row() -> None:
    """§11 rule 7."""
    api = filled(20)
    first = emails(api, limit=10, page=1)
    api.act("delete", email="p19@example.org")
    second = emails(api, limit=10, page=2)
    assert len(set(first + second)) == 19


@pytest.mark.parametrize(
    ("order", "expected"), [("newest", "p2 p1 p0"), ("oldest", "p0 p1 p2"), ("updated", "p0 p2 p1")]
)
def test_the_order_is_unknown(order: str, expected: str) -> None:
    api = filled(3, search_order=order)
    api.put("p0@example.org", city="Bern")
    assert " ".join(emails(api)) == expected


def test_the_search_lags_and_reading_one_does_not() -> None:
    """§17.2: up to five minutes by the sandbox clock."""
    api = Api(search_lag_s=300)
    id_ = api.upsert(name="Ada").json()["contact_id"]
    assert api.get(id_).json()["data"]["first_name"] == "Ada"
    assert api.rows() == []
    api.later(seconds=299)
    assert api.rows() == []
    api.later(seconds=1)
    assert api.row()["name"] == "Ada"
    api.put(name="Eda")
    assert api.row()["name"] == "Ada"
    api.act("delete", email=ADA)
    api.later(seconds=300)
    assert api.search().json()["contact_count"] == 0


def test_the_lag_is_five_minutes_unless_set() -> None:
    assert Api().platform.configure({})["search_lag_s"] == 0
    api = Api()
    api.platform.reset()
    assert api.platform.configure({})["search_lag_s"] == 300


def test_a_row_has_the_fields_that_clients_read_and_no_status() -> None:
    """§5.7, §9.2."""
    api = Api()
    colour = api.property("Colour")
    api.act("create_tag", name="crm")
    api.upsert(name="Ada", tags=["crm"], custom_fields={colour: "red"})
    row = api.row()
    assert {"id", "email", "name", "middle_name", "last_name", "phone", "country"} <= set(row)
    assert (row["tags"], row["custom_fields"], row["city"]) == (["crm"], {colour: "red"}, "")
    assert not {"contact_type", "status", "created_at", "updated_at"} & set(row)


@pytest.mark.parametrize(
    ("setting", "value", "key", "expected"),
    [
        ("tags_in_rows", "absent", "tags", None),
        ("custom_fields_in_rows", "absent", "custom_fields", None),
        ("custom_fields_in_rows", "by_key", "custom_fields", {"colour": "red"}),
        ("empty_in_rows", "absent", "city", None),
        ("empty_in_rows", "null", "name", "Ada"),
        ("rows_only_known_fields", True, "organization", None),
        ("status_in_rows", True, "contact_type", "active"),
    ],
)
def test_the_shape_of_a_row_is_a_switch(setting: str, value: Any, key: str, expected: Any) -> None:
    """§5.7: under names not shown."""
    api = Api(**{setting: value})
    colour = api.property("Colour")
    api.upsert(name="Ada", organization="Acme", custom_fields={colour: "red"})
    assert api.row().get(key) == expected


def test_tags_and_custom_fields_may_be_lists_of_objects() -> None:
    api = Api(tags_in_rows="objects", custom_fields_in_rows="list")
    colour, tag = api.property("Colour"), api.act("create_tag", name="crm")["id"]
    api.upsert(tags=["crm"], custom_fields={colour: "red"})
    assert api.row()["tags"] == [{"id": tag, "tag_name": "crm"}]
    assert api.row()["custom_fields"] == [{"id": colour, "field_name": "Colour", "value": "red"}]


def test_the_text_matches_parts_of_address_and_names() -> None:
    """§5.7: compare addresses in code."""
    api = Api()
    api.person(ADA)
    api.person(f"x{ADA}")
    api.person("bob@example.org", fields={"last_name": "Adams"})

    def found() -> set[str]:
        return set(emails(api, search="ADA"))

    assert found() == {"ada", "xada", "bob"}
    api.platform.configure({"search_matches": "prefix"})
    assert found() == {"ada"}
    api.platform.configure({"search_matches": "exact"})
    assert found() == set()
    assert emails(api, search=ADA) == ["ada"]
    api.platform.configure({"search_matches": "ignored"})
    assert len(emails(api, search="nobody")) == 3
    assert refused(api.search(search=7)).startswith("search")


def test_lists_are_searched_by_search_name_and_by_nothing_else() -> None:
    """§4.1, §17.1."""
    api = Api(3)

    def names(**body: Any) -> list[str]:
        rows = api.post("/lists/search", **page(**body)).json().get("data", [])
        return [row["name"] for row in rows]

    assert names() == ["CRM mirror", "Archive"]
    assert names(search_name="mirror") == ["CRM mirror"]
    assert names(search="mirror") == ["CRM mirror", "Archive"]
    assert names(sort_field="name", sort_order="asc", list_type=1) == ["Archive", "CRM mirror"]
    assert names(search_name="nothing") == []
    row = api.post("/lists/search", **page()).json()["data"][0]
    assert (set(row), row["contact_count"]) == (
        {"id", "name", "contact_count", "open_percentage"},
        3,
    )
    for bad in ({"list_type": 2}, {"sort_field": "size"}, {"sort_order": "up"}):
        assert api.post("/lists/search", **page(**bad)).status_code == 400


def test_lists_are_made_with_a_name_of_3_to_100_plain_letters() -> None:
    """§4.2, §4.3."""
    api = Api()
    made = api.post("/list", name="Friends_2026 - a.b", list_type=1)
    assert made.status_code == 201
    id_ = made.json()["id"]
    assert (len(id_), id_.isascii(), id_.isalpha()) == (6, True, True)
    assert api.upsert(list_id=id_).status_code == 200
    for name in ("ab", "x" * 101, "Bücher", "a/b", None, 7):
        assert api.post("/list", name=name).status_code == 400
    api.platform.configure({"lists_most": 3})
    assert api.post("/list", name="One more").status_code == 403
    assert api.send("DELETE", f"/list/{id_}").status_code == 501


def test_a_form_shows_how_often_it_was_used() -> None:
    """§8."""
    api = Api()
    form = api.act("create_webform", name="Footer", properties=[])["id"]
    api.person(webform=form)
    row = api.post("/webform/search", **page(status="Active")).json()["data"][0]
    assert (row["name"], row["linked_list"], row["submission_count"]) == (
        "Footer",
        "CRM mirror",
        1,
    )
