"""Tags and do-not-disturb: 3.9, 3.10 and 5.2."""

from typing import Any

import pytest

from .ghl_client import Api, lines


def test_tags_in_a_put_replace_all_others_lower_cased() -> None:
    """3.9 [spec], T37; gotchas 5 and 6."""
    api = Api()
    id_ = api.create(email="a@example.org", tags=["One", " TWO ", "two"])
    assert api.get(id_)["tags"] == ["one", "two"]
    api.put(id_, tags=["Three"])
    assert api.get(id_)["tags"] == ["three"]
    api.upsert(email="a@example.org", tags=["four"])
    assert api.get(id_)["tags"] == ["four"]
    api.put(id_, city="Bern")
    assert api.get(id_)["tags"] == ["four"]


def test_the_tag_endpoints_add_and_remove_with_a_json_body() -> None:
    """3.9; gotcha 23."""
    api = Api()
    id_ = api.create(email="a@example.org", tags=["one"])
    added = api.send("POST", f"/contacts/{id_}/tags", {"tags": ["Two", "one"]})
    assert (added.status_code, added.json()["tags"]) == (201, ["one", "two"])
    gone = api.send("DELETE", f"/contacts/{id_}/tags", {"tags": ["ONE", "unknown"]})
    assert (gone.status_code, gone.json()["tags"]) == (200, ["two"])
    assert lines(api.send("DELETE", f"/contacts/{id_}/tags")) == ["tags must be an array"]


def test_bulk_tags_fail_in_part() -> None:
    """3.9 [spec]."""
    api = Api()
    ada, bob = api.create(email="a@example.org", tags=["x"]), api.create(email="b@example.org")
    api.act("delete", id=bob)
    other = api.info["other_location"]["location_id"]
    far = api.act("create", location=other, fields={"email": "f@example.org"})["id"]
    body = {"contacts": [ada, bob, "abc", far], "tags": ["Y"], "locationId": api.location}
    answer = api.send("POST", "/contacts/bulk/tags/update/add", body)
    assert answer.status_code == 201
    assert (answer.json()["succeded"], answer.json()["errorCount"]) == (True, 3)
    first, *rest = answer.json()["responses"]
    assert (first["type"], first["oldTags"], first["tagsAdded"]) == ("success", ["x"], ["y"])
    assert [one["message"] for one in rest] == [
        "contact is deleted",
        "contact id is not a valid firebase id",
        "contact does not belong to location",
    ]
    body = {"contacts": [ada], "tags": [], "locationId": api.location, "removeAllTags": True}
    api.send("POST", "/contacts/bulk/tags/update/remove", body)
    assert api.get(ada)["tags"] == []


def test_the_literal_path_of_the_generated_sdks_is_refused() -> None:
    """3.9; gotcha 36."""
    api = Api()
    body = {"contacts": [], "tags": [], "locationId": api.location}
    assert api.send("POST", "/contacts/bulk/tags/update/{type}", body).status_code == 422


def test_a_tag_that_nobody_had_enters_the_catalogue_which_may_hold_doubles() -> None:
    """3.9, 5.2, T37."""
    api = Api()
    path = f"/locations/{api.location}/tags"
    api.create(email="a@example.org", tags=["VIP"])
    (tag,) = api.send("GET", path).json()["tags"]
    assert (tag["name"], tag["locationId"]) == ("vip", api.location)
    made = api.send("POST", path, {"name": "vip"})
    assert made.status_code == 200
    assert len(api.send("GET", path).json()["tags"]) == 2
    renamed = api.send("PUT", f"{path}/{tag['id']}", {"name": "Gold"}).json()
    assert renamed["tag"]["name"] == "gold"
    assert api.rows()[0]["tags"] == ["vip"]
    assert api.send("DELETE", f"{path}/{tag['id']}").json()["succeded"] is True


@pytest.mark.parametrize(
    ("switch", "channels"), [("merge", {"Email", "SMS"}), ("replace", {"Email"})]
)
def test_whether_channels_left_out_stay_is_a_switch(switch: str, channels: set[str]) -> None:
    """3.10 [unverified]."""
    api = Api(dnd_settings_write=switch)
    id_ = api.create(email="a@example.org", dndSettings={"SMS": {"status": "active"}})
    off = {"Email": {"status": "active", "message": "unsubscribed at mail", "code": "x"}}
    api.put(id_, dndSettings=off)
    kept = api.get(id_)["dndSettings"]
    assert set(kept) == channels
    assert kept["Email"] == off["Email"]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"RCS": {"status": "active"}}, "dndSettings.property RCS should not exist"),
        ({"email": {"status": "active"}}, "dndSettings.property email should not exist"),
        (
            {"Email": {"status": "off"}},
            "dndSettings.Email.status must be one of the following values: "
            "active, inactive, permanent",
        ),
        (
            {"Email": {"status": "active", "by": "x"}},
            "dndSettings.Email.property by should not exist",
        ),
        (
            {"Email": {"status": "active", "code": 103}},
            "dndSettings.Email.code must be a string",
        ),
    ],
)
def test_dnd_settings_are_checked(value: dict[str, Any], line: str) -> None:
    """3.10 [spec]."""
    api = Api()
    id_ = api.create(email="a@example.org")
    assert lines(api.put(id_, dndSettings=value)) == [line]


def test_v3_names_of_channels_pass_under_v3() -> None:
    """Section 8."""
    api = Api()
    id_ = api.create(email="a@example.org")
    api.http.headers["Version"] = "v3"
    assert api.put(id_, dndSettings={"email": {"status": "active"}}).status_code == 200
    assert api.get(id_)["dndSettings"] == {"Email": {"status": "active"}}


@pytest.mark.parametrize(("lifted", "status"), [(False, "permanent"), (True, "inactive")])
def test_permanent_stays_unless_the_switch_says_otherwise(lifted: bool, status: str) -> None:
    """3.10 [unverified]: never try."""
    api = Api(permanent_can_be_lifted=lifted)
    id_ = api.create(email="a@example.org")
    api.act("dnd", id=id_, channel="Email", status="permanent")
    api.put(id_, dndSettings={"Email": {"status": "inactive"}})
    assert api.get(id_)["dndSettings"]["Email"]["status"] == status


@pytest.mark.parametrize(("moves", "channels"), [(False, 0), (True, 6)])
def test_what_the_flag_does_to_channels_is_a_switch(moves: bool, channels: int) -> None:
    """Section 12, row 8."""
    api = Api(dnd_flag_moves_channels=moves)
    id_ = api.create(email="a@example.org")
    api.put(id_, dnd=True)
    kept = api.get(id_)
    assert kept["dnd"] is True
    assert len(kept["dndSettings"]) == channels


def test_a_persons_dnd_looks_as_it_does_live() -> None:
    """3.10 [issue #264]: RCS, code 103, and who it was."""
    api = Api()
    id_ = api.create(email="a@example.org")
    api.act("dnd", id=id_, channel="RCS")
    kept = api.get(id_)
    assert kept["dnd"] is False
    assert kept["dndSettings"]["RCS"]["code"] == "103"
    assert kept["dndSettings"]["RCS"]["message"].startswith("Updated by 'Ada Admin' at 2026-11-20T")
    api.act("dnd", id=id_)
    kept = api.get(id_)
    assert kept["dnd"] is True
    assert kept["dndSettings"]["Email"]["status"] == "active"
    api.act("undnd", id=id_, channel="all")
    assert api.get(id_)["dnd"] is False
