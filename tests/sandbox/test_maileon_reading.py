"""Reading contacts: lists, single reads, filters, blocked (maileon.md §1.6, §2.1, §2.2)."""

import pytest

from .maileon_client import Api, message, texts, tree


@pytest.fixture
def api() -> Api:
    api = Api(quirk_share=0)
    api.person("create_custom_field", name="phone")
    for number in range(1, 6):
        api.create(f"p{number}@example.org")
    return api


def test_a_page_larger_than_1000_is_refused_with_the_documented_body(api: Api) -> None:
    """§1.6, §6.2."""
    answer = api.get("/contacts", {"page_size": "1001"})
    assert answer.status_code == 400
    assert message(answer) == "page_size must not exceed 1000"
    assert answer.text.startswith('<?xml version="1.0" encoding="UTF-8"?>')


def test_paging_headers_describe_the_list(api: Api) -> None:
    """§1.6: X-Pages, X-Items and Link."""
    answer = api.get("/contacts", {"page_index": "2", "page_size": "2"})
    assert (answer.headers["X-Pages"], answer.headers["X-Items"]) == ("3", "5")
    assert set(answer.links) == {"start", "prev", "next"}
    assert "page_index=3" in answer.links["next"]["url"]
    assert texts(answer, "contact/email") == ["p3@example.org", "p4@example.org"]
    first = api.get("/contacts", {"page_size": "2"})
    last = api.get("/contacts", {"page_size": "2", "page_index": "3"})
    assert (set(first.links), set(last.links)) == ({"start", "next"}, {"start", "prev"})


def test_a_page_holds_100_contacts_unless_asked_otherwise(api: Api) -> None:
    """§1.6."""
    for number in range(100):
        api.create(f"q{number}@example.org")
    answer = api.get("/contacts")
    assert len(tree(answer)) == 100
    assert answer.headers["X-Pages"] == "2"


def test_a_page_beyond_the_last_is_empty(api: Api) -> None:
    """U17, an assumption."""
    answer = api.get("/contacts", {"page_index": "9"})
    assert answer.status_code == 200
    assert len(tree(answer)) == 0
    assert api.get("/contacts", {"page_index": "0"}).status_code == 400


def test_an_empty_standard_field_is_nil_and_an_empty_custom_field_is_missing(api: Api) -> None:
    """§2.1, §8 row 6."""
    answer = api.get("/contacts", {"standard_field": "CITY", "custom_field": "phone"})
    first = tree(answer)[0]
    value = first.find("standard_fields/field/value")
    assert value is not None
    assert (value.get("nil"), value.text) == ("true", None)
    custom = first.find("custom_fields")
    assert custom is not None
    assert len(custom) == 0


def test_what_was_not_asked_for_is_not_shown(api: Api) -> None:
    """§2.1: no custom field requested shows as an empty element, no category as nothing."""
    api.person("edit", email="p1@example.org", custom_fields={"phone": "+12015550100"})
    first = tree(api.get("/contacts"))[0]
    assert [each.tag for each in first] == [
        "id",
        "email",
        "permission",
        "external_id",
        "anonymous",
        "created",
        "updated",
        "standard_fields",
        "custom_fields",
    ]
    external_id = first.find("external_id")
    assert external_id is not None
    assert external_id.get("nil") == "true"


def test_times_are_local_without_zone(api: Api) -> None:
    """§2.1, §8 row 13: 11:30 UTC is 12:30 on the server."""
    first = tree(api.get("/contacts"))[0]
    assert first.findtext("updated") == "2026-11-20 12:30:15.0"


def test_the_bracket_style_is_not_understood(api: Api) -> None:
    """§1.6."""
    answer = api.get("/contacts", {"standard_field[]": "CITY"})
    assert texts(answer, "contact/standard_fields/field") == []


@pytest.mark.parametrize(
    "query",
    [
        {"standard_field": "PHONE"},
        {"custom_field": "Phone"},
        {"preference_categories": "Topics"},
        {"page_size": "many"},
    ],
)
def test_an_unknown_field_is_refused(api: Api, query: dict[str, str]) -> None:
    """§2.1: names are case sensitive, unknown ones a 400."""
    assert api.get("/contacts", query).status_code == 400


def test_one_contact_by_id_needs_its_checksum_or_none(api: Api) -> None:
    """§2.2."""
    contact_id = str(api.maileon.dump()[0]["id"])
    assert api.get("/contacts/contact", {"id": contact_id}).status_code == 400
    free = api.get("/contacts/contact", {"id": contact_id, "ignore_checksum": "true"})
    assert tree(free).findtext("email") == "p1@example.org"
    shown = api.get(
        "/contacts/contact",
        {"id": contact_id, "ignore_checksum": "true", "standard_field": "CHECKSUM"},
    )
    checksum = tree(shown).findtext(".//value") or ""
    assert api.get("/contacts/contact", {"id": contact_id, "checksum": checksum}).status_code == 200
    assert api.get("/contacts/contact", {"id": contact_id, "checksum": "no"}).status_code == 400
    assert api.get("/contacts/contact", {"id": "1", "ignore_checksum": "true"}).status_code == 404


def test_an_address_is_found_in_any_case_and_with_its_plus(api: Api) -> None:
    """§1.7, U9 (a setting)."""
    api.create("jo+news@example.org")
    assert api.get("/contacts/email/jo%2Bnews%40example.org").status_code == 200
    assert api.get("/contacts/email/Jo+News@example.org").status_code == 200
    assert api.get("/contacts/email/jo%20news%40example.org").status_code == 400
    assert api.get("/contacts/email/nobody@example.org").status_code == 404


def test_addresses_can_be_told_apart_by_case() -> None:
    """U9, the other way."""
    api = Api(email_case="sensitive")
    api.create("Ada@example.org")
    assert api.get("/contacts/email/ada@example.org").status_code == 404
    api.create("ada@example.org")
    assert api.emails() == ["Ada@example.org", "ada@example.org"]


def test_an_account_may_hold_one_address_several_times() -> None:
    """§2.12."""
    api = Api(identity="external_id")
    api.create("ada@example.org", external_id="a")
    api.create("ada@example.org", external_id="b")
    answer = api.get("/contacts/emails/ada@example.org")
    assert texts(answer, "contact/external_id") == ["a", "b"]


def test_a_read_by_external_id_is_always_a_list(api: Api) -> None:
    """§2.2, §8 row 8."""
    for number in (1, 2):
        api.person("edit", email=f"p{number}@example.org", external_id="same")
    answer = api.get("/contacts/externalid/same")
    assert texts(answer, "contact/email") == ["p1@example.org", "p2@example.org"]
    assert len(tree(api.get("/contacts/externalid/none"))) == 0


OLD = ("/contacts/p1@example.org", "//contacts/email/p1@example.org", "//ping")
BASE = "http://sandbox.test/maileon/1.0"


@pytest.mark.parametrize("path", OLD)
def test_old_paths_are_known_or_not_as_the_switch_says(api: Api, path: str) -> None:
    """§1.7, §8 row 23: Ruby and .NET send them, PHP left them in 1.4.0."""
    for old_paths, status in (("not_emulated", 501), ("missing", 404), ("work", 200)):
        api.maileon.configure({"old_paths": old_paths})
        assert api.get(BASE + path).status_code == status
    assert api.get("/contacts/count").status_code == 200


def test_an_old_path_is_written_to_as_the_one_of_today(api: Api) -> None:
    api.maileon.configure({"old_paths": "work"})
    assert api.post("/contacts/new@example.org", {"permission": "1"}).status_code == 201
    assert api.call("DELETE", "/contacts/new@example.org/unsubscribe").status_code == 200
    assert api.get("/contacts/nobody@example.org").status_code == 404


def test_a_read_without_a_checksum_is_an_error_or_not(api: Api) -> None:
    """§2.2: XQueue's own tests read so, `checksum` left out and `ignore_checksum=false`."""
    known = str(api.maileon.dump()[0]["id"])
    asked = {"id": known, "ignore_checksum": "false"}
    assert api.get("/contacts/contact", asked).status_code == 400
    assert api.put("/contacts/contact", asked).status_code == 400
    api.maileon.configure({"checksum_needed": False})
    assert texts(api.get("/contacts/contact", asked), "id") == [known]
    assert api.put("/contacts/contact", asked).status_code == 200
    assert api.get("/contacts/contact", {**asked, "checksum": "wrong"}).status_code == 400
    assert api.get("/contacts/contact", {"id": "1"}).status_code == 404


def test_a_filter_list_hides_who_may_not_be_tracked(api: Api) -> None:
    """§2.2, §8 row 14: no e-mail, and other permission elements."""
    api.person("set_permission", email="p2@example.org", permission=5)
    first, second, *_ = tree(api.get("/contacts/filter/1"))
    assert first.get("anonymous") == "true"
    assert [each.tag for each in first] == ["id", "external_id"]
    assert second.findtext("email") == "p2@example.org"
    assert second.findtext("permissionStatus") == "available"
    assert second.findtext("permissionType") == "doi+"
    assert second.find("permission") is None


def test_filters_are_counted(api: Api) -> None:
    """§2.2."""
    api.person("set_permission", email="p1@example.org", permission=1)
    assert tree(api.get("/contacts/filter/1/count")).text == "5"
    assert tree(api.get("/contacts/filter/1/count/active")).text == "4"
    assert api.get("/contacts/filter/99").status_code == 404


def test_blocked_contacts_say_why_and_when(api: Api) -> None:
    """§2.2, §7.5: the time has no seconds."""
    api.person("block", email="p3@example.org", reason="bounce_policy")
    answer = api.get("/contacts/blocked")
    assert texts(answer, "contact/email") == ["p3@example.org"]
    assert texts(answer, "contact/blocking_reason") == ["bounce_policy"]
    assert texts(answer, "contact/blocking_timestamp") == ["2026-11-20 12:30"]
    shown = api.get("/contacts/email/p3@example.org", {"standard_field": "SENDOUT_STATUS"})
    assert tree(shown).findtext(".//value") == "blocked"


def test_values_come_back_as_they_went_in(api: Api) -> None:
    value = "Müller & <Söhne> 'x' \"y\"\r\nzwei"
    api.person("edit", email="p1@example.org", standard_fields={"ORGANIZATION": value})
    answer = api.get("/contacts/email/p1@example.org", {"standard_field": "ORGANIZATION"})
    assert tree(answer).findtext(".//value") == value
