"""Single writes: POST creates or updates, PUT updates (maileon.md §2.1, §2.3, §2.4)."""

import json
from typing import Any

import pytest

from .maileon_client import JSON, Api, contact, message, texts, tree

BY_ID = "/contacts/contact"
ADA = "/contacts/email/ada%40example.org"


@pytest.fixture
def api() -> Api:
    api = Api(quirk_share=0)
    for name, kind in (("phone", "string"), ("member", "boolean"), ("joined", "date")):
        api.person("create_custom_field", name=name, type=kind)
    return api


def one(contact_id: int, **rest: str) -> dict[str, str]:
    return {"id": str(contact_id), "ignore_checksum": "true", **rest}


def test_a_create_answers_201_with_the_id(api: Api) -> None:
    """§2.3."""
    answer = api.post(ADA)
    assert answer.status_code == 201
    assert tree(answer).tag == "id"
    stored = api.stored(int(tree(answer).text or ""))
    assert (stored["email"], stored["permission"]) == ("ada@example.org", 1)


def test_post_leaves_an_existing_contact_alone_by_default(api: Api) -> None:
    """§8 row 1: a successful call that changes nothing."""
    contact_id = api.create("ada@example.org")
    answer = api.post(ADA, body=contact(CITY="Portland"))
    assert (answer.status_code, tree(answer).text) == (201, str(contact_id))
    assert api.stored(contact_id)["standard_fields"] == {}
    api.post(ADA, {"sync_mode": "1"}, contact(CITY="Portland"))
    assert api.stored(contact_id)["standard_fields"] == {"CITY": "Portland"}


@pytest.mark.parametrize(("had", "asked", "has"), [(4, 1, 4), (5, 4, 5), (4, 5, 5), (2, 1, 1)])
def test_post_does_not_downgrade_a_double_opt_in(api: Api, had: int, asked: int, has: int) -> None:
    """§2.3; lower permissions follow, even the default one."""
    contact_id = api.create("ada@example.org", had)
    api.post(ADA, {"sync_mode": "1", "permission": str(asked)})
    assert api.stored(contact_id)["permission"] == has


def test_json_and_xml_bodies_say_the_same(api: Api) -> None:
    """§2.3, §2.4: vnd JSON."""
    body = {
        "external_id": "x-1",
        "standard_fields": {"FIRSTNAME": "Ada"},
        "custom_fields": {"phone": "+12015550100", "member": True},
    }
    answer = api.post(ADA, body=json.dumps(body), Content_Type=JSON)
    assert answer.status_code == 201
    stored = api.stored(int(tree(answer).text or ""))
    assert stored["external_id"] == "x-1"
    assert stored["custom_fields"] == {"phone": "+12015550100", "member": "true"}
    api.put(ADA, body=json.dumps({"custom_fields": {"phone": ""}}), Content_Type=JSON)
    assert api.stored(stored["id"])["custom_fields"] == {"member": "true"}


@pytest.mark.parametrize(
    "body",
    ['{"custom_fields": {"phone": null}}', '{"custom_fields": {"phone": "\\u0001"}}', "[]", "{"],
)
def test_json_with_a_null_or_a_control_character_is_refused(api: Api, body: str) -> None:
    """§2.1."""
    assert api.post(ADA, body=body, Content_Type=JSON).status_code == 400
    assert api.emails() == []


@pytest.mark.parametrize(
    "body",
    [
        "<contact><id>90210001</id></contact>",
        "<contact><nickname>A</nickname></contact>",
        "<contacts/>",
        "<contact>",
        "",
        '<!DOCTYPE contact [<!ENTITY e "x">]><contact/>',
        contact(fax="1"),
        contact(Phone="1"),
        contact(NICKNAME="A"),
        contact(GENDER="x"),
        contact(BIRTHDAY="31.12.1999"),
        contact(member="yes"),
    ],
)
def test_a_body_with_an_id_or_with_what_is_unknown_is_refused(api: Api, body: str) -> None:
    """§2.1, §8 row 9."""
    contact_id = api.create("ada@example.org")
    before = api.stored(contact_id)
    for path, query in ((ADA, {}), (BY_ID, one(contact_id))):
        assert api.put(path, query, body).status_code == 400
    assert api.stored(contact_id) == before


def test_a_schema_violation_names_its_line_and_column(api: Api) -> None:
    """§6.2."""
    answer = api.post(ADA, body="<contact>\n<email>")
    assert answer.status_code == 400
    assert texts(answer, "validation_error/line") == ["2"]
    assert texts(answer, "validation_error/column") != []


def test_nil_and_an_empty_element_clear_and_absence_keeps(api: Api) -> None:
    """§2.1, U12."""
    contact_id = api.create(
        "ada@example.org", standard_fields={"CITY": "A", "ZIP": "B", "TITLE": "C"}
    )
    nil = '<field><name>CITY</name><value nil="true"/></field>'
    empty = "<field><name>ZIP</name><value><![CDATA[]]></value></field>"
    fields = f"<standard_fields>{nil}{empty}</standard_fields>"
    api.put(BY_ID, one(contact_id), f"<contact>{fields}</contact>")
    assert api.stored(contact_id)["standard_fields"] == {"TITLE": "C"}


@pytest.mark.parametrize(("rule", "status", "left"), [("keeps", 200, 2), ("strings_only", 400, 2)])
def test_an_empty_element_may_mean_something_else(rule: str, status: int, left: int) -> None:
    """U12."""
    api = Api(empty_value=rule)
    api.person("create_custom_field", name="member", type="boolean")
    values: dict[str, Any] = {"standard_fields": {"CITY": "A"}, "custom_fields": {"member": "true"}}
    contact_id = api.create("ada@example.org", **values)
    assert api.put(BY_ID, one(contact_id), contact(CITY="", member="")).status_code == status
    stored = api.stored(contact_id)
    assert len(stored["standard_fields"]) + len(stored["custom_fields"]) == left


def test_a_long_value_is_cut_without_a_word(api: Api) -> None:
    """§2.8, §8 row 7; a setting refuses it instead."""
    contact_id = api.create("ada@example.org")
    body = contact(phone="1" * 300, CITY="c" * 256)
    assert api.put(BY_ID, one(contact_id), body).status_code == 200
    stored = api.stored(contact_id)
    assert len(stored["custom_fields"]["phone"]) == len(stored["standard_fields"]["CITY"]) == 255
    api.maileon.configure({"long_values": "refuse"})
    assert api.put(BY_ID, one(contact_id), body).status_code == 400


def test_a_date_loses_its_time_and_booleans_become_words(api: Api) -> None:
    """§2.1, §2.8, §8 row 7."""
    contact_id = api.create("ada@example.org")
    body = contact(joined="2026-05-06 17:18:19", BIRTHDAY="1980-02-29 00:00:00", member="1")
    assert api.put(BY_ID, one(contact_id), body).status_code == 200
    stored = api.stored(contact_id)
    assert stored["custom_fields"] == {"joined": "2026-05-06", "member": "true"}
    assert stored["standard_fields"] == {"BIRTHDAY": "1980-02-29"}


def test_put_without_permission_is_neutral(api: Api) -> None:
    """§2.4, §7.4."""
    contact_id = api.create("ada@example.org", 5)
    api.put(BY_ID, one(contact_id), contact(CITY="Portland"))
    assert api.stored(contact_id)["permission"] == 5
    api.put(BY_ID, one(contact_id, permission="3"))
    assert api.stored(contact_id)["permission"] == 3
    assert api.put(BY_ID, one(contact_id, permission="7")).status_code == 400


def test_put_by_email_may_strip_consent_when_permission_is_left_out() -> None:
    """§2.4, §8 row 34, U26."""
    api = Api(put_permission_default="none")
    contact_id = api.create("ada@example.org", 5)
    api.put(ADA, body=contact(CITY="Portland"))
    assert api.stored(contact_id)["permission"] == 1


def test_put_by_email_reads_a_permission_from_its_body(api: Api) -> None:
    """§2.1, §8 row 9: two pages show it there."""
    contact_id = api.create("ada@example.org", 2)
    api.put(ADA, body="<contact><permission>6</permission></contact>")
    assert api.stored(contact_id)["permission"] == 6
    api.maileon.configure({"put_reads_body_permission": False})
    api.put(ADA, body="<contact><permission>1</permission></contact>")
    assert api.stored(contact_id)["permission"] == 6


def test_put_on_a_missing_contact_is_404_and_creates_nobody(api: Api) -> None:
    """U11, §7.3."""
    assert api.put(BY_ID, one(90219999)).status_code == 404
    assert api.put(ADA).status_code == 404
    assert api.put("/contacts/externalid/x").status_code == 404
    assert api.emails() == []


def test_an_address_changes_by_put_to_the_old_one(api: Api) -> None:
    """§2.4, §6.4: the second try hits a missing address."""
    contact_id = api.create("ada@example.org", 4)
    assert api.put(ADA, body=contact("new@example.org")).status_code == 201
    assert api.stored(contact_id)["email"] == "new@example.org"
    assert api.put(ADA, body=contact("new@example.org")).status_code == 404


@pytest.mark.parametrize("status", [400, 409])
def test_an_address_in_use_is_refused(status: int) -> None:
    """U10."""
    api = Api(email_in_use_status=status)
    contact_id = api.create("ada@example.org")
    api.create("bob@example.org")
    answer = api.put(ADA, body=contact("BOB@example.org", CITY="Portland"))
    assert answer.status_code == status
    assert api.stored(contact_id)["standard_fields"] == {}


def test_put_by_id_ignores_an_address_unless_set(api: Api) -> None:
    """§2.4, U27."""
    contact_id = api.create("ada@example.org")
    assert api.put(BY_ID, one(contact_id), contact("new@example.org")).status_code == 200
    assert api.emails() == ["ada@example.org"]
    api.maileon.configure({"put_by_id_changes_email": True})
    api.put(BY_ID, one(contact_id), contact("new@example.org"))
    assert api.emails() == ["new@example.org"]


def test_external_ids_are_not_unique_and_then_ambiguous(api: Api) -> None:
    """§0 row 10, §2.4, §8 row 8."""
    api.create("ada@example.org", external_id="x")
    api.create("bob@example.org")
    assert (
        api.put("/contacts/email/bob@example.org", body=contact(external_id="x")).status_code == 201
    )
    assert api.put("/contacts/externalid/x", body=contact(CITY="A")).status_code == 409
    assert api.post("/contacts/externalid/x", {"sync_mode": "1"}).status_code == 409


def test_put_by_external_id_takes_the_new_one_from_the_body(api: Api) -> None:
    """§2.4."""
    contact_id = api.create("ada@example.org", external_id="old")
    api.put("/contacts/externalid/old", body=contact(external_id="new"))
    assert api.stored(contact_id)["external_id"] == "new"
    api.put("/contacts/externalid/new", body=contact(external_id=""))
    assert api.stored(contact_id)["external_id"] is None


def test_a_contact_without_an_address_may_exist(api: Api) -> None:
    """§2.12."""
    assert api.post("/contacts/externalid/x").status_code == 201
    email = tree(api.get("/contacts")).find("contact/email")
    assert email is not None
    assert email.get("nil") == "true"
    api.maileon.configure({"contacts_without_email": False})
    assert api.post("/contacts/externalid/y").status_code == 400


@pytest.mark.parametrize("email", ["no-at-sign", "a@b", "a..b@example.org", "ä@example.org"])
def test_an_invalid_address_is_refused(api: Api, email: str) -> None:
    """§2.5 code 3, as a 400."""
    assert api.post(f"/contacts/email/{email}").status_code == 400


def test_doi_sends_a_mail_and_is_remembered_as_forbidden(api: Api) -> None:
    """§2.3: `doi=true` mails a person; a test can prove that nobody asked for it."""
    api.post(ADA, {"doi": "true", "permission": "1"})
    mails: list[dict[str, Any]] = api.person("doi_mails")["doi_mails"]
    assert [(each["email"], each["mailing"]) for each in mails] == [("ada@example.org", "standard")]
    assert len(api.world.forbidden) == 1
    api.person("confirm_doi", email="ada@example.org")
    assert api.maileon.dump()[0]["permission"] == 4


def test_doi_without_a_default_mailing_fails_and_a_wrong_key_is_silent() -> None:
    """§8 row 30."""
    api = Api(default_doi_mailing=None)
    answer = api.post(ADA, {"doi": "true"})
    assert (answer.status_code, message(answer)) == (400, "the account has no default DOI mailing")
    assert api.post(ADA, {"doi": "true", "doimailing": "wrong"}).status_code == 201
    assert api.person("doi_mails") == {"doi_mails": []}


def test_put_with_triggerdoi_asks_instead_of_setting(api: Api) -> None:
    """§2.4."""
    contact_id = api.create("ada@example.org", 1)
    api.put(BY_ID, one(contact_id, permission="5", triggerdoi="true"))
    assert api.stored(contact_id)["permission"] == 1
    api.person("confirm_doi", id=contact_id)
    assert api.stored(contact_id)["permission"] == 5


def test_source_shows_as_custom_source(api: Api) -> None:
    """§2.3."""
    api.post(ADA, {"src": "sync"})
    answer = api.get(ADA, {"standard_field": "CUSTOM_SOURCE"})
    assert tree(answer).findtext(".//value") == "sync"
