"""What a person does, what is seeded, what the dump shows, and the switches."""

import re
from pathlib import Path
from typing import Any

import pytest

from syncd.sandbox.mailercloud import user_actions
from syncd.sandbox.mailercloud.settings import Settings
from syncd.sandbox.people import CUSTOM_FIELDS, TAGS

from .mailercloud_client import ADA, HOOK, NOW, Api, page

PEOPLE = 120


def test_the_same_seed_gives_the_same_account() -> None:
    one, other = Api(PEOPLE), Api(PEOPLE)
    assert one.platform.dump() == other.platform.dump()
    assert len(one.platform.dump()) == PEOPLE
    assert one.info["list_id"] == other.info["list_id"]


def test_seeded_people_have_their_values_tags_and_properties() -> None:
    api = Api(PEOPLE)
    people = api.platform.dump()
    held = {p["field_name"]: p["field_type"] for p in api.act("properties")["properties"]}
    assert held == {
        "Favourite colour": "Text",
        "Delivery notes": "Textarea",
        "Loyalty points": "Number",
        "Member since": "Date",
        "Loyalty level": "Text",
        "Interests": "Text",
    }
    assert {label for one in people for label in one["custom_by_label"]} == set(held)
    assert {one.name for one in CUSTOM_FIELDS} == set(held)
    assert {tag for one in people for tag in one["tags"]} <= set(TAGS)
    rows = api.post("/tags/search", **page()).json()["data"]
    assert {row["tag_name"] for row in rows} == set(TAGS)
    lists = api.act("lists")["lists"]
    assert [(one["name"], one["contacts"]) for one in lists] == [
        ("CRM mirror", PEOPLE),
        ("Archive", 0),
    ]
    assert all(one["created_at"] < one["updated_at"] < NOW.isoformat() for one in people)


def test_seeded_people_are_searched_at_once_but_for_those_who_opted_out() -> None:
    api = Api(PEOPLE)
    out = {one["email"] for one in api.platform.dump() if one["contact_type"] == "unsubscribe"}
    assert out
    assert {one["email"] for one in api.act("opt_outs")["opt_outs"]} == out
    assert api.search().json()["contact_count"] == PEOPLE - len(out)
    campaign = api.act("campaigns")["campaigns"][0]
    assert (campaign["name"], set(campaign["unsubs"])) == ("Old news", out)


def test_seeding_again_adds_only_who_is_new() -> None:
    api = Api(10)
    api.box.app.seed(10, seed=7)
    assert len(api.platform.dump()) == 10
    api.box.app.seed(10)
    assert len(api.platform.dump()) == 20


def test_a_third_platform_leaves_the_others_their_people() -> None:
    """Who is seeded where must not depend on a platform that was added later."""
    box = Api(20).box
    ghl = {one["email"].lower() for one in box.platform("ghl").dump()}
    assert {f"{n}" for n in range(20)} == {email.split("@")[0].split(".")[-1] for email in ghl}
    mine = {one["email"].lower() for one in box.platform("mailercloud").dump()}
    assert len(mine & ghl) == 10
    numbers = sorted(int(email.split("@")[0].split(".")[-1]) for email in mine - ghl)
    assert numbers == list(range(30, 40))


def test_the_dump_shows_the_truth_without_any_lag() -> None:
    api = Api(search_lag_s=300)
    colour = api.property("Colour")
    api.act("create_tag", name="crm")
    id_ = api.person(fields={"first_name": "Ada"}, custom={"Colour": "red"}, tags=["crm", "new"])
    api.act("bounce", id=id_)
    stored = api.stored()
    assert stored["id"] == id_
    assert (stored["name"], stored["tags"], stored["lists"]) == (
        "Ada",
        ["crm", "new"],
        {api.main: id_},
    )
    assert (stored["custom_fields"], stored["custom_by_label"]) == (
        {colour: "red"},
        {"Colour": "red"},
    )
    assert (stored["contact_type"], stored["contact_type_since"]) == ("bounce", NOW.isoformat())
    assert stored["created_at"] == NOW.isoformat()


def test_a_person_edits_renames_moves_and_deletes() -> None:
    api = Api()
    api.property("Colour")
    id_ = api.person(fields={"name": "Ada", "city": "Bern"}, custom={"Colour": "red"}, tags=["a"])
    api.act("edit", id=id_, fields={"city": None}, custom={"Colour": ""}, tags=["b"])
    stored = api.stored()
    assert (stored["name"], stored["city"], stored["custom_fields"], stored["tags"]) == (
        "Ada",
        "",
        {},
        ["b"],
    )
    assert api.act("rename", id=id_, new_email="eda@example.org")["id"] == id_
    assert api.emails() == ["eda@example.org"]
    assert api.put(city="Bern").status_code == 404
    api.act("add_to_list", id=id_, list=api.second)
    api.act("remove_from_list", id=id_)
    assert (api.platform.dump(), len(api.rows(api.second))) == ([], 1)
    api.act("delete", email="eda@example.org")
    assert api.rows(api.second) == []


def test_a_person_deletes_tags_and_properties_from_everybody() -> None:
    api = Api()
    api.property("Colour")
    api.person(custom={"Colour": "red"}, tags=["a", "b"])
    api.act("delete_tag", name="a")
    api.act("delete_property", name="Colour")
    assert (api.stored()["tags"], api.stored()["custom_fields"]) == (["b"], {})
    assert api.upsert(tags=["a"]).status_code == 400


def test_who_signs_up_again_is_active() -> None:
    api = Api()
    api.person(contact_type="suppressed")
    api.act("unsubscribe", email=ADA)
    api.act("resubscribe", email=ADA)
    assert api.stored()["contact_type"] == "active"
    assert api.act("opt_outs") == {"opt_outs": []}


def test_everybody_can_be_deleted() -> None:
    api = Api(5)
    assert api.act("empty") == {"deleted": 5}
    assert api.rows() == []


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("dance", {}),
        ("create", {}),
        ("create", {"email": "no address"}),
        ("create", {"email": ADA.upper()}),
        ("create", {"email": "b@example.org", "list": "nope"}),
        ("create", {"email": "b@example.org", "fields": {"nick": "B"}}),
        ("create", {"email": "b@example.org", "fields": {"name": "x" * 26}}),
        ("create", {"email": "b@example.org", "fields": ["name"]}),
        ("create", {"email": "b@example.org", "custom": {"Nope": "x"}}),
        ("create", {"email": "b@example.org", "tags": [" "]}),
        ("create", {"email": "b@example.org", "tags": "a"}),
        ("create", {"email": "b@example.org", "contact_type": "gone"}),
        ("create", {"email": "b@example.org", "webform": "nope"}),
        ("edit", {"email": "nobody@example.org"}),
        ("edit", {"id": 7}),
        ("rename", {"email": ADA, "new_email": "bob@example.org"}),
        ("remove_from_list", {"email": ADA, "list": "kQwZrB"}),
        ("unsubscribe", {"email": ADA, "campaign": "nope"}),
        ("mark", {"email": ADA, "contact_type": "gone"}),
        ("bounce", {"email": ADA, "kind": "firm"}),
        ("create_list", {"name": "x"}),
        ("create_tag", {"name": "crm"}),
        ("delete_tag", {"name": "nope"}),
        ("create_property", {"name": "Held", "type": "link"}),
        ("create_property", {"name": "colour"}),
        ("delete_property", {"name": "nope"}),
        ("create_webform", {"name": "F", "properties": ["nope"]}),
        ("set_quota", {"total": -1}),
        ("revoke_key", {"key": "nope"}),
        ("send_campaign", {"list": "nope"}),
        ("create_webhook", {"url": "https://sync.example.com/"}),
        ("create_webhook", {"url": HOOK, "events": ["dance"]}),
        ("toggle_webhook", {"id": "nope"}),
        ("delete_webhook", {}),
    ],
)
def test_what_a_person_cannot_do_is_a_value_error(action: str, arguments: dict[str, Any]) -> None:
    api = Api()
    api.person()
    api.person("bob@example.org")
    api.act("create_tag", name="crm")
    api.property("Colour")
    with pytest.raises(ValueError, match=r"\w"):
        api.act(action, **arguments)


def test_every_setting_is_shown_and_takes_its_own_value() -> None:
    api = Api()
    shown = api.platform.configure({})
    assert api.platform.configure(shown) == shown
    assert Settings().shown()["search_lag_s"] == 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("speed", 1),
        ("vocabulary", "ancient"),
        ("vocabulary", ["classic"]),
        ("status_in_rows", 1),
        ("search_lag_s", -1),
        ("search_lag_s", "1"),
        ("search_lag_s", True),
        ("batch_rows_most", 1.5),
        ("batch_rows_most", None),
        ("bad_list_status", True),
        ("account_zone", "Mars/Olympus"),
        ("account_zone", "../etc"),
        ("account_zone", None),
        ("refused_domains", "example.org"),
        ("refused_domains", [7]),
    ],
)
def test_a_setting_that_makes_no_sense_changes_nothing(name: str, value: Any) -> None:
    api = Api()
    before = api.platform.configure({})
    with pytest.raises(ValueError, match=name):
        api.platform.configure({name: value})
    assert api.platform.configure({}) == before


def test_reset_keeps_the_key_and_drops_all_else() -> None:
    api = Api(5)
    api.act("create_webhook", url=HOOK)
    before = api.info
    api.platform.reset()
    assert api.box.info["mailercloud"] == before
    assert api.platform.dump() == api.act("webhooks")["webhooks"] == []
    assert [one["name"] for one in api.act("lists")["lists"]] == ["CRM mirror", "Archive"]


def test_the_docs_name_every_setting_with_its_default_and_every_action() -> None:
    """docs/sandbox-mailercloud.md."""
    text = (Path(__file__).parents[2] / "docs" / "sandbox-mailercloud.md").read_text()
    before, after = text.split("## What people do")
    defaults = _table(before)
    for name, value in Settings().shown().items():
        plain = value[0] if isinstance(value, tuple) else value
        words = {None: "none", True: "true", False: "false"}
        shown = f"{plain:g}" if isinstance(plain, float) else str(words.get(plain, plain))
        assert defaults[name] == shown, name
    assert set(defaults) == set(Settings().shown())
    assert set(_table(after.split("## Webhooks")[0])) == {
        *user_actions.ACTIONS,
        *Api().platform.screens.actions,
    }


def _table(text: str) -> dict[str, str]:
    """What the first cell of a row names in code, and what the second one says."""
    cells = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| `")]
    return {
        name: second.strip().strip("`")
        for first, second in cells
        for name in re.findall(r"`(\w+)`", first)
    }


def test_a_person_renames_a_property_which_keeps_its_id_and_its_values() -> None:
    api = Api()
    made = api.act("create_property", name="Colour")
    api.act("create_property", name="Size")
    api.act("create", email="eda@example.org", custom={"Colour": "red"})
    assert api.act("rename_property", name="Colour", new_name="Hue") == made
    [eda] = [one for one in api.platform.dump() if one["email"] == "eda@example.org"]
    assert eda["custom_by_label"] == {"Hue": "red"}
    assert eda["custom_fields"] == {made["id"]: "red"}
    for name, new_name in (("Colour", "Other"), ("Hue", "Size")):
        with pytest.raises(ValueError, match="property"):
            api.act("rename_property", name=name, new_name=new_name)
