"""Custom fields, preferences and blacklists (maileon.md §2.8, §2.10, §7.5)."""

import json

import pytest

from .maileon_client import JSON, Api, texts, tree

FIELDS = "/contacts/fields/custom"
CATEGORIES = "/contacts/preference_categories"


@pytest.fixture
def api() -> Api:
    return Api(quirk_share=0)


def fields(api: Api) -> dict[str | None, str | None]:
    answer = api.get(FIELDS)
    names, kinds = texts(answer, "custom_field/name"), texts(answer, "custom_field/type")
    return dict(zip(names, kinds, strict=True))


@pytest.mark.parametrize("kind", ["string", "integer", "float", "date", "boolean"])
def test_a_field_of_each_type_can_be_made(api: Api, kind: str) -> None:
    """§2.8."""
    assert api.post(f"{FIELDS}/my%20field", {"type": kind}).status_code == 201
    assert fields(api) == {"my field": kind}
    assert api.post(f"{FIELDS}/my%20field", {"type": kind}).status_code == 400


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ab", "string"),
        ("x" * 65, "string"),
        ("FIRSTNAME", "string"),
        ("external_id", "string"),
        ("updated", "date"),
        ("phone", "timestamp"),
        ("phone", ""),
    ],
)
def test_reserved_names_and_other_types_are_refused(api: Api, name: str, kind: str) -> None:
    """§2.8."""
    assert api.post(f"{FIELDS}/{name}", {"type": kind}).status_code == 400
    assert fields(api) == {}


def test_names_are_case_sensitive(api: Api) -> None:
    """§2.1, §2.8."""
    for name in ("phone", "Phone"):
        assert api.post(f"{FIELDS}/{name}", {"type": "string"}).status_code == 201
    assert set(fields(api)) == {"phone", "Phone"}


def test_a_name_may_have_spaces_and_letters_of_any_alphabet(api: Api) -> None:
    """§1.7: the whole segment is percent-encoded UTF-8."""
    name = "Straße & Nr. 1+"
    path = f"{FIELDS}/Stra%C3%9Fe%20%26%20Nr.%201%2B"
    assert api.post(path, {"type": "string"}).status_code == 201
    assert fields(api) == {name: "string"}


def test_a_rename_takes_the_values_along_without_moving_updated(api: Api) -> None:
    """§2.8, U2."""
    api.person("create_custom_field", name="phone")
    contact_id = api.create("ada@example.org", custom_fields={"phone": "1"})
    before = api.stored(contact_id)
    api.later(minutes=1)
    assert api.put(f"{FIELDS}/phone/telephone").status_code == 200
    assert api.stored(contact_id) == before | {"custom_fields": {"telephone": "1"}}
    assert api.put(f"{FIELDS}/phone/other").status_code == 404
    assert api.put(f"{FIELDS}/telephone/CITY").status_code == 400


def test_a_person_renames_a_field_in_the_screens(api: Api) -> None:
    api.person("create_custom_field", name="phone")
    contact_id = api.create("ada@example.org", custom_fields={"phone": "1"})
    api.person("rename_custom_field", name="phone", new_name="telephone")
    assert fields(api) == {"telephone": "string"}
    assert api.stored(contact_id)["custom_fields"] == {"telephone": "1"}
    for name, new_name in (("phone", "other"), ("telephone", "CITY")):
        with pytest.raises(ValueError, match=r"custom field|reserved"):
            api.person("rename_custom_field", name=name, new_name=new_name)


def test_dropping_a_field_drops_its_values(api: Api) -> None:
    """§2.8."""
    api.person("create_custom_field", name="phone")
    contact_id = api.create("ada@example.org", custom_fields={"phone": "1"})
    assert api.call("DELETE", f"{FIELDS}/phone").status_code == 200
    assert api.call("DELETE", f"{FIELDS}/phone").status_code == 404
    assert api.stored(contact_id)["custom_fields"] == {}
    assert api.get("/contacts", {"custom_field": "phone"}).status_code == 400


def category(name: str) -> str:
    return (
        f"<preference_category><name>{name}</name><description>d</description>"
        "</preference_category>"
    )


def test_categories_and_preferences_come_and_go(api: Api) -> None:
    """§2.10: 201, 400, 404; the collection also with a slash at its end."""
    assert api.post(f"{CATEGORIES}/", body=category("Topics")).status_code == 201
    assert api.post(CATEGORIES, body=category("Topics")).status_code == 400
    monthly = json.dumps({"name": "monthly", "description": "once a month"})
    path = f"{CATEGORIES}/Topics/preferences"
    assert api.post(path, body=monthly, Content_Type=JSON).status_code == 201
    assert texts(api.get(path), "preference/name") == ["monthly"]
    assert tree(api.get(f"{path}/monthly")).findtext("description") == "once a month"
    renamed = "<preference><name>weekly</name></preference>"
    assert api.put(f"{path}/monthly", body=renamed).status_code == 200
    assert api.get(f"{path}/monthly").status_code == 404
    assert api.call("DELETE", f"{path}/weekly").status_code == 200
    assert api.put(f"{CATEGORIES}/Topics", body=category("Themes")).status_code == 200
    assert texts(api.get(CATEGORIES), "preference_category/name") == ["Themes"]
    assert tree(api.get(f"{CATEGORIES}/Themes")).findtext("description") == "d"
    assert api.call("DELETE", f"{CATEGORIES}/Themes").status_code == 200
    assert api.get(f"{CATEGORIES}/Themes/preferences").status_code == 404


def test_a_category_holds_twenty_preferences_with_short_names(api: Api) -> None:
    """§2.10."""
    for number in range(20):
        api.person("create_preference", category="Topics", name=f"p{number}")
    path = f"{CATEGORIES}/Topics/preferences"
    one_more = "<preference><name>p20</name></preference>"
    assert api.post(path, body=one_more).status_code == 400
    assert api.post(CATEGORIES, body=category("x" * 256)).status_code == 400


def test_a_preference_shows_only_when_its_category_is_asked_for(api: Api) -> None:
    """§2.1."""
    for name in ("Topics", "Other"):
        api.person("create_preference", category=name, name="monthly")
        api.create(f"{name}@example.org")
        api.person("set_preference", email=f"{name}@example.org", category=name, name="monthly")
    both = {"preference_categories": ["Topics", "Other"]}
    assert texts(api.get("/contacts", both), ".//category") == ["Topics", "Other"]
    one = tree(api.get("/contacts", {"preference_categories": "Topics"}))
    assert [len(each.findall("preferences/preference")) for each in one] == [1, 0]
    api.call("DELETE", f"{CATEGORIES}/Topics")
    assert [len(each["preferences"]) for each in api.maileon.dump()] == [0, 1]


def test_a_preference_moves_updated_unless_set() -> None:
    """U2."""
    for bumps in (True, False):
        api = Api(bump_on_preference=bumps)
        api.person("create_preference", category="Topics", name="monthly")
        api.create("ada@example.org")
        api.later(minutes=1)
        api.person("set_preference", email="ada@example.org", category="Topics", name="monthly")
        after = {"updated_after": "2026-11-20 12:30:15"}
        assert tree(api.get("/contacts/count", after)).text == ("1" if bumps else "0")


def entries(*names: str) -> str:
    shown = "".join(f"<entry>{name}</entry>" for name in names)
    return (
        f"<add_entries_action><import_name>i</import_name><entries>{shown}</entries>"
        "</add_entries_action>"
    )


def test_a_blacklist_blocks_but_does_not_unsubscribe(api: Api) -> None:
    """§7.5: wildcards; who comes later is blocked too, and stays in the list."""
    for name in ("ada", "bob"):
        api.create(f"{name}@example.org")
    assert (
        api.post("/blacklists/3/actions", body=entries("ADA@*", "*@example.com")).status_code == 201
    )
    api.create("new@example.com")
    blocked = texts(api.get("/contacts/blocked"), "contact/email")
    assert blocked == ["ada@example.org", "new@example.com"]
    assert len(tree(api.get("/contacts"))) == 3
    assert texts(api.get("/contacts/blocked"), "contact/blocking_reason") == ["blacklist"] * 2


def test_blacklists_can_be_read_and_the_global_ones_not_changed(api: Api) -> None:
    """§7.5: 403 for ids 1 and 2; nothing removes an entry."""
    assert texts(api.get("/blacklists"), "blacklist/id") == ["1", "2", "3"]
    for number in (1, 2):
        answer = api.post(f"/blacklists/{number}/actions", body=entries("x@example.org"))
        assert answer.status_code == 403
    assert api.post("/blacklists/9/actions", body=entries("x@example.org")).status_code == 404
    assert api.post("/blacklists/3/actions", body="<add_entries_action/>").status_code == 400
    api.post("/blacklists/3/actions", body=entries("x@example.org"))
    assert texts(api.get("/blacklists/3"), "entries/entry") == ["x@example.org"]
    assert api.call("DELETE", "/blacklists/3").status_code == 405
