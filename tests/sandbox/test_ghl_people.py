"""Location, users, and what a person does in the screens: 5.3."""

from typing import Any

import pytest

from .ghl_client import Api


def test_the_location_tells_country_time_zone_and_duplicate_policy() -> None:
    """5.3 [spec]."""
    api = Api()
    place = api.send("GET", f"/locations/{api.location}").json()["location"]
    assert (place["country"], place["timezone"]) == ("US", "America/New_York")
    assert place["settings"]["allowDuplicateContact"] is False


def test_users_are_searched_listed_and_read() -> None:
    """5.3 [spec], T5."""
    api = Api()
    found = api.send("GET", "/users/search", companyId=api.info["company_id"], query="ada").json()
    assert (found["count"], found["users"][0]["name"]) == (1, "Ada Admin")
    everybody = api.send("GET", "/users/", locationId=api.location).json()["users"]
    assert len(everybody) == 2
    one = api.send("GET", f"/users/{everybody[1]['id']}").json()
    assert one["name"] == "Ugo User"
    assert api.send("GET", "/users/search").status_code == 422
    assert api.send("GET", "/users/unknown").status_code == 400


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("dance", {}),
        ("edit", {"email": "nobody@example.org", "fields": {}}),
        ("edit", {"email": "ada@example.org", "fields": {"email": "no address"}}),
        ("edit", {"email": "ada@example.org", "custom": {"Unknown": "x"}}),
        ("edit", {"email": "ada@example.org", "nick": "x"}),
        ("create", {"fields": {"email": "ADA@example.org"}}),
        ("tag", {"email": "ada@example.org"}),
        ("dnd", {"email": "ada@example.org", "channel": "Pigeon"}),
        ("merge", {"email": "ada@example.org", "loser": "x"}),
        ("restore", {"id": "x"}),
        ("create_custom_field", {"name": "F", "data_type": "COLOUR"}),
        ("make_token", {"kind": "gold"}),
        ("revoke_token", {"token": "x"}),
        ("empty", {"location": "x"}),
    ],
)
def test_what_a_person_cannot_do_is_a_value_error(action: str, arguments: dict[str, Any]) -> None:
    api = Api()
    api.create(email="ada@example.org")
    with pytest.raises(ValueError, match=r"\w"):
        api.act(action, **arguments)


def test_a_person_edits_fields_by_wire_name_and_custom_ones_by_name() -> None:
    api = Api()
    api.field("Colour", "TEXT")
    id_ = api.act("create", fields={"firstName": "Ada"}, tags=["VIP"])["id"]
    api.later(60)
    api.act(
        "edit",
        id=id_,
        fields={"email": "ada@example.org", "companyName": "Ex", "postalCode": ""},
        custom={"Colour": "red"},
    )
    kept = api.get(id_)
    assert (kept["email"], kept["companyName"]) == ("ada@example.org", "Ex")
    assert kept["customFields"][0]["value"] == "red"
    assert kept["tags"] == ["vip"]
    assert kept["dateUpdated"] == "2026-11-20T11:31:15.250Z"
    api.act("empty")
    assert api.ghl.dump() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonsense", 1),
        ("index_lag_s", "two"),
        ("index_lag_s", -1),
        ("burst_max", 1.5),
        ("bump_on_tags", 1),
        ("dnd_settings_write", "mix"),
    ],
)
def test_settings_are_checked(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        Api().ghl.configure({name: value})
