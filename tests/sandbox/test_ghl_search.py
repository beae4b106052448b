"""Search, list and look-up of the GHL emulator: sections 3.2 to 3.4 and 9."""

import pytest

from .ghl_client import NOW_MS, Api, lines, three


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
