"""Search, list and look-up of the GHL emulator: sections 3.2 to 3.4 and 9."""

from typing import Any

import pytest

from .ghl_client import NOW_MS, Api, lines

DAY_MS = 86_400_000


def three(**settings: Any) -> Api:
    """Ann, Bob and Cy, created a second apart."""
    api = Api(**settings)
    for name, city in (("Ann", "Berlin"), ("Bob", "Bern"), ("Cy", "Bergamo")):
        api.create(firstName=name, email=f"{name}@example.org", city=city, tags=[name, "All"])
        api.later(1)
    return api


@pytest.mark.parametrize("name", ["pageSize", "limit"])
def test_other_names_for_the_page_size_are_refused(name: str) -> None:
    """3.2, T20."""
    assert lines(Api().search(**{name: 10})) == [f"property {name} should not exist"]


@pytest.mark.parametrize("limit", [None, 0, 501, "100"])
def test_the_page_limit_is_a_whole_number_up_to_500(limit: object) -> None:
    """3.2 [docs D5; issue #31]."""
    assert lines(Api().search(pageLimit=limit))[0].startswith("pageLimit")


def test_the_location_is_mandatory() -> None:
    """3.2 [issue #31]."""
    api = Api()
    answer = api.send("POST", "/contacts/search", {"pageLimit": 1})
    assert "locationId must be a string" in lines(answer)


def test_the_cursor_is_on_each_row_and_not_in_the_envelope() -> None:
    """3.2, T7, T10; gotcha 1."""
    api = three()
    body = api.search(pageLimit=2, sort=[{"field": "dateUpdated", "direction": "asc"}]).json()
    assert set(body) == {"contacts", "total", "traceId"}
    assert body["total"] == 3
    last = body["contacts"][-1]
    assert last["searchAfter"] == [NOW_MS + 1000, last["id"]]
    rest = api.rows(
        pageLimit=2,
        sort=[{"field": "dateUpdated", "direction": "asc"}],
        searchAfter=last["searchAfter"],
    )
    assert [row["firstNameRaw"] for row in rest] == ["Cy"]


@pytest.mark.parametrize("field", ["dateAdded", "dateUpdated"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_walking_by_cursor_sees_everybody_once_even_at_one_moment(
    field: str, direction: str
) -> None:
    """3.2; section 12, row 5: many rows share one timestamp."""
    api = Api()
    made = {api.create(email=f"{number}@example.org") for number in range(25)}
    sort, seen, after = [{"field": field, "direction": direction}], [], None
    while True:
        page = api.rows(pageLimit=4, sort=sort, **({"searchAfter": after} if after else {}))
        seen += [row["id"] for row in page]
        if len(page) < 4:
            break
        after = page[-1]["searchAfter"]
    assert len(seen) == len(set(seen)) == 25
    assert set(seen) == made


def test_pages_end_at_ten_thousand_records() -> None:
    """3.2 [docs D5], T2."""
    api = Api()
    assert api.search(pageLimit=100, page=100).status_code == 200
    assert api.search(pageLimit=100, page=101).status_code == 400


def test_pages_and_cursor_do_not_mix() -> None:
    """3.2."""
    answer = Api().search(page=1, searchAfter=[1, "x"])
    assert lines(answer) == ["page should not exist together with searchAfter"]


def test_page_by_number_shows_the_newest_first() -> None:
    api = three()
    pages = [api.rows(pageLimit=2, page=number)[0]["firstNameRaw"] for number in (1, 2)]
    assert pages == ["Cy", "Ann"]


def test_rows_have_lower_cased_names_and_the_typed_ones_beside_them() -> None:
    """3.2, T24; gotcha 4."""
    api = Api()
    id_ = api.create(email="a@example.org", firstName="McAda", lastName="O'Łabędź")
    (row,) = api.rows()
    assert (row["firstName"], row["lastName"]) == ("mcada", "o'łabędź")
    assert (row["firstNameRaw"], row["lastNameRaw"]) == ("McAda", "O'Łabędź")
    assert api.get(id_)["firstName"] == "McAda"


def test_absent_values_are_null() -> None:
    """3.2, T6."""
    api = Api()
    api.create(email="a@example.org")
    (row,) = api.rows()
    assert row["phone"] is None
    assert row["companyName"] is None


def test_rows_can_lack_dnd_settings_and_custom_fields() -> None:
    """3.2, T25, T26."""
    api = Api(rows_without_dnd_settings=True, rows_without_custom_fields=True)
    field = api.field("Colour", "TEXT")
    off = {"Email": {"status": "active"}}
    id_ = api.create(
        email="a@example.org", dndSettings=off, customFields=[{"id": field, "value": "red"}]
    )
    (row,) = api.rows()
    assert "dndSettings" not in row
    assert row["customFields"] == []
    assert api.get(id_)["dndSettings"] == off
    assert api.get(id_)["customFields"] == [{"id": field, "value": "red"}]


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


def test_free_text_matches_in_part() -> None:
    """3.2 [docs D5]: re-check equality on your side."""
    api = three()
    assert [row["firstNameRaw"] for row in api.rows(query="bob@exam")] == ["Bob"]
    assert api.search(query="x" * 76).status_code == 422


@pytest.mark.parametrize("sort", [[{"field": "email", "direction": "asc"}], "dateAdded"])
def test_only_the_two_dates_are_attested_for_sorting(sort: object) -> None:
    """3.2; section 12, row 19."""
    assert Api().search(sort=sort).status_code == 422


def test_the_index_lags_while_get_by_id_is_immediate() -> None:
    """Section 9, T48 [docs D5]."""
    api = Api(index_lag_s=3.0)
    id_ = api.create(email="a@example.org", firstName="Ada")
    assert api.get(id_)["firstName"] == "Ada"
    assert api.rows() == []
    api.later(3)
    api.put(id_, firstName="Eda")
    assert api.get(id_)["firstName"] == "Eda"
    assert [row["firstNameRaw"] for row in api.rows()] == ["Ada"]
    api.later(3)
    assert [row["firstNameRaw"] for row in api.rows()] == ["Eda"]


def test_deleted_rows_linger() -> None:
    """Section 9, T48."""
    api = Api(delete_lag_s=60.0)
    id_ = api.create(email="a@example.org")
    api.send("DELETE", f"/contacts/{id_}")
    api.later(59)
    assert [row["id"] for row in api.rows()] == [id_]
    assert api.send("GET", f"/contacts/{id_}").status_code == 400
    api.later(1)
    assert api.rows() == []


def test_tags_can_lag_longer_and_never_undo_what_is_newer() -> None:
    """Section 9, T48."""
    api = Api(tag_index_lag_s=120.0)
    id_ = api.create(email="a@example.org", city="Bern")
    api.act("tag", id=id_, tags=["vip"])
    assert api.rows()[0]["tags"] == []
    api.put(id_, city="Basel")
    assert api.rows()[0]["tags"] == ["vip"]
    api.later(120)
    assert api.rows()[0]["city"] == "Basel"


def test_hits_can_flicker() -> None:
    """Section 9, T48."""
    api = three(flicker=0.5)
    sizes = {len(api.rows()) for _ in range(20)}
    assert len(sizes) > 1


def test_phone_eq_can_miss_those_with_additional_emails() -> None:
    """3.2 [issue #289]."""
    api = three(phone_eq_bug=True)
    api.act("edit", email="ann@example.org", fields={"phone": "+12015550123"})
    assert api.found("phone", "eq", "+12015550123") == ["Ann"]
    api.act("add_email", email="ann@example.org", address="anna@example.org")
    assert api.found("phone", "eq", "+12015550123") == []


def test_the_list_needs_both_halves_of_its_cursor() -> None:
    """3.3, T7; gotcha 41: with the id alone the first page comes again."""
    api = three()
    place = {"locationId": api.location, "limit": 2}
    first = api.send("GET", "/contacts/", **place).json()
    assert [one["firstNameRaw"] for one in first["contacts"]] == ["Cy", "Bob"]
    assert (first["count"], first["meta"]["total"]) == (3, 3)
    meta = first["meta"]
    only_id = api.send("GET", "/contacts/", startAfterId=meta["startAfterId"], **place).json()
    assert only_id["contacts"] == first["contacts"]
    both = api.http.get(meta["nextPageUrl"]).json()
    assert [one["firstNameRaw"] for one in both["contacts"]] == ["Ann"]
    assert both["meta"]["nextPageUrl"] is None


def test_the_list_is_not_capped_at_ten_thousand_but_at_100_rows() -> None:
    """3.3."""
    api = Api()
    assert api.send("GET", "/contacts/", locationId=api.location, limit=101).status_code == 422
    assert api.send("GET", "/contacts/", locationId=api.location, skip=1).status_code == 422


def test_the_duplicate_lookup_prefers_the_email_and_hides_the_phone() -> None:
    """3.4, T28."""
    api = Api()
    ann = api.create(email="ann@example.org")
    bob = api.create(phone="+12015550123")
    place = {"locationId": api.location}
    path = "/contacts/search/duplicate"
    both = api.send("GET", path, email="ANN@example.org", number="+12015550123", **place)
    assert both.json()["contact"]["id"] == ann
    phone = api.send("GET", path, number="+12015550123", **place)
    assert phone.json()["contact"]["id"] == bob
    assert api.send("GET", path, email="cy@example.org", **place).json()["contact"] is None
    assert api.send("GET", path, **place).status_code == 400


def test_a_hundred_thousand_rows_need_no_sorting_per_request() -> None:
    """The newest are read off an index that is kept sorted."""
    api = three()
    index = api.ghl.agency.main.index
    before = index.sorted["dateUpdated"]
    newest = api.rows(pageLimit=1, sort=[{"field": "dateUpdated", "direction": "desc"}])
    assert newest[0]["firstNameRaw"] == "Cy"
    assert index.sorted["dateUpdated"] is before
    assert before == sorted(before)
