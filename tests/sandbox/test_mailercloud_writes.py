"""Create, upsert, update, read, delete (mailercloud.md §5)."""

import pytest

from .mailercloud_client import ADA, Api, refused


def test_success_keys_differ_by_call() -> None:
    """§17.1: `id`, `contact_id` with `status`, `message`, `data`."""
    api = Api()
    created = api.create()
    assert (created.status_code, set(created.json())) == (201, {"id"})
    assert api.upsert().json() == {"contact_id": created.json()["id"], "status": "updated"}
    assert api.upsert("bob@example.org").json()["status"] == "created"
    assert set(api.put(city="Bern").json()) == {"message"}
    assert set(api.batch({"email": ADA}).json()) == {"data"}


def test_create_refuses_an_address_that_exists_in_the_account() -> None:
    """§5.2; in any list."""
    api = Api()
    api.create()
    answer = api.create(list_id=api.second)
    assert answer.status_code == 400
    assert answer.json() == {"errors": [{"field": "email", "message": "Email already exist"}]}


@pytest.mark.parametrize(
    ("clash", "status", "message"),
    [("contact_exists", 400, "Contact already exist"), ("conflict", 409, "email: Email already")],
)
def test_the_clash_has_other_words_elsewhere(clash: str, status: int, message: str) -> None:
    """§5.2: three clients, three answers."""
    api = Api(create_clash=clash)
    api.create()
    assert refused(api.create(), status).startswith(message)


def test_the_clash_may_be_per_list() -> None:
    """§5.2: not stated."""
    api = Api(create_clash_scope="list")
    api.create()
    assert api.create(list_id=api.second).status_code == 201
    assert api.create(list_id=api.second).status_code == 400


def test_one_address_has_another_id_in_each_list_and_one_set_of_values() -> None:
    """§5.1, §17.2: never join on the id alone."""
    api = Api()
    first = api.upsert(name="Ada").json()["contact_id"]
    second = api.upsert(list_id=api.second).json()["contact_id"]
    assert first != second
    assert api.put(second, city="Bern").status_code == 200
    for list_id, contact_id in ((api.main, first), (api.second, second)):
        row = api.row(list_id=list_id)
        assert (row["id"], row["name"], row["city"]) == (contact_id, "Ada", "Bern")
    assert api.stored()["lists"] == {api.main: first, api.second: second}


def test_ids_may_be_shared_across_lists() -> None:
    """§17.2, the other branch."""
    api = Api(contact_id_per_list=False)
    first = api.upsert().json()["contact_id"]
    assert api.upsert(list_id=api.second).json()["contact_id"] == first
    assert api.row(list_id=api.second)["id"] == first


def test_what_a_write_leaves_out_stays() -> None:
    """§5.3, §5.4, §17.2."""
    api = Api()
    colour = api.property("Colour")
    api.upsert(name="Ada", city="Bern", custom_fields={colour: "red"})
    api.upsert(last_name="Ott")
    api.put(city="Basel")
    stored = api.stored()
    assert (stored["name"], stored["last_name"], stored["city"]) == ("Ada", "Ott", "Basel")
    assert stored["custom_by_label"] == {"Colour": "red"}


def test_what_a_write_leaves_out_may_be_lost() -> None:
    """§17.2: hence a client always sends the complete set."""
    api = Api(put_absent="clears", upsert_absent="clears")
    api.upsert(name="Ada", city="Bern")
    api.put(city="Basel")
    assert (api.stored()["name"], api.stored()["city"]) == ("", "Basel")
    api.upsert(name="Ada")
    assert (api.stored()["name"], api.stored()["city"]) == ("Ada", "")


def test_an_empty_string_clears_in_put_and_batch() -> None:
    """§5.3: the vendor sends it there."""
    api = Api()
    colour = api.property("Colour")
    api.upsert(name="Ada", city="Bern", custom_fields={colour: "red"})
    assert api.put(city="", custom_fields={colour: ""}).status_code == 200
    api.batch({"email": ADA, "name": ""})
    stored = api.stored()
    assert (stored["name"], stored["city"], stored["custom_fields"]) == ("", "", {})


@pytest.mark.parametrize(("policy", "city"), [("keeps", "Bern"), ("clears", "")])
def test_an_empty_string_in_upsert_is_refused_or_whatever(policy: str, city: str) -> None:
    """§5.3: hints that some version rejected it."""
    api = Api()
    api.upsert(city="Bern")
    assert refused(api.upsert(city="")).startswith("city")
    assert refused(api.create("bob@example.org", city="")).startswith("city")
    api.platform.configure({"empty_string": policy})
    assert api.upsert(city="").status_code == 200
    assert api.stored()["city"] == city


@pytest.mark.parametrize(("policy", "city"), [("keeps", "Bern"), ("clears", "")])
def test_null_is_refused_or_whatever(policy: str, city: str) -> None:
    """§16, line 5."""
    api = Api()
    api.upsert(city="Bern")
    assert "city" in refused(api.put(city=None))
    api.platform.configure({"null_value": policy})
    assert api.put(city=None).status_code == 200
    assert api.stored()["city"] == city


@pytest.mark.parametrize("email", ["a+b%c@example.org", "o/b@example.org", "x'y@example.org"])
def test_an_address_in_a_path_is_one_encoded_segment(email: str) -> None:
    """§5.4, §17.1."""
    api = Api()
    api.upsert(email)
    assert api.put(email, city="Bern").status_code == 200
    assert api.stored(email)["city"] == "Bern"


def test_the_address_in_the_body_of_a_put_counts_for_nothing() -> None:
    """§5.1: a contact cannot be renamed so."""
    api = Api()
    api.upsert()
    assert api.put(email="new@example.org", list_id=api.second, city="Bern").status_code == 200
    assert (api.emails(), api.stored()["city"]) == ([ADA], "Bern")
    assert set(api.stored()["lists"]) == {api.main}


def test_the_address_in_the_body_of_a_put_may_be_refused_or_rename() -> None:
    """§5.1: ASSUME immutable."""
    api = Api(put_email="refused")
    api.upsert()
    assert "Email" in refused(api.put(email="new@example.org"))
    api.platform.configure({"put_email": "renames"})
    api.upsert("bob@example.org")
    assert "already exist" in refused(api.put(email="bob@example.org"))
    assert api.put(email="new@example.org").status_code == 200
    assert sorted(api.emails()) == ["bob@example.org", "new@example.org"]


def test_letter_case_of_an_address_does_not_make_another_contact() -> None:
    """§17.2: the vendor folds; here it still shows what was typed."""
    api = Api()
    api.upsert("Ada@Example.org")
    assert api.upsert().json()["status"] == "updated"
    assert api.put(city="Bern").status_code == 200
    assert api.emails() == ["Ada@Example.org"]


@pytest.mark.parametrize(
    ("case", "emails"), [("folds", [ADA]), ("sensitive", ["Ada@Example.org", ADA])]
)
def test_letter_case_may_be_folded_or_matter(case: str, emails: list[str]) -> None:
    """§17.2."""
    api = Api(email_case=case)
    api.upsert("Ada@Example.org")
    api.upsert()
    assert api.emails() == emails


@pytest.mark.parametrize("email", ["", "x", "a@b", "a b@example.org", "ä@example.org", 7, None])
def test_a_bad_address_is_refused(email: str) -> None:
    api = Api()
    assert refused(api.upsert(email)).startswith("email: ")
    assert refused(api.create(email)).startswith("email: ")


def test_an_address_holds_200_characters() -> None:
    """§6.2."""
    local, domain = "a" * 60, ".".join(["b" * 60, "c" * 60, "d" * 12, "org"])
    api = Api()
    assert len(f"{local}@{domain}") == 199
    assert api.upsert(f"{local}1@{domain}").status_code == 200
    assert api.upsert(f"{local}12@{domain}").status_code == 400


def test_a_well_formed_address_may_be_refused_for_its_domain() -> None:
    """§5.5: a bad row that nobody can know beforehand."""
    api = Api()
    assert api.upsert("ada@refused.example.com").status_code == 400
    api.platform.configure({"refused_domains": ["Example.org"]})
    assert api.upsert("ada@refused.example.com").status_code == 200
    assert api.upsert().status_code == 400


def test_one_contact_is_read_by_id_in_other_words_and_without_status_or_tags() -> None:
    """§5.8: modern names, account time, lists; §9.2: no status."""
    api = Api()
    colour = api.property("Colour")
    api.act("create_tag", name="crm")
    id_ = api.upsert(name="Ada", zip="3000", tags=["crm"], custom_fields={colour: "red"}).json()
    shown = api.get(id_["contact_id"]).json()["data"]
    assert (shown["first_name"], shown["postal_code"]) == ("Ada", "3000")
    assert (shown["email"], shown["lists"], shown["custom_fields"]) == (
        ADA,
        [api.main],
        {colour: "red"},
    )
    assert shown["created_at"] == shown["updated_at"] == "2026-11-20 17:00:15"
    assert not {"name", "tags", "contact_type", "status"} & set(shown)
    api.platform.configure(
        {"get_vocabulary": "classic", "get_shows_tags": True, "status_in_rows": True}
    )
    shown = api.get(id_["contact_id"]).json()["data"]
    assert (shown["name"], shown["tags"], shown["contact_type"]) == ("Ada", ["crm"], "active")


def test_an_address_is_no_id_for_reading_unless_switched_on() -> None:
    """§16, line 10."""
    api = Api()
    api.upsert()
    assert api.get(ADA).status_code == 404
    api.platform.configure({"get_by_email": True})
    assert api.get(ADA).json()["data"]["email"] == ADA


def test_an_unknown_contact_is_404_or_400() -> None:
    """§14 [unverified]."""
    api = Api()
    assert refused(api.put(city="Bern"), 404) == "Contact not found"
    api.platform.configure({"unknown_contact_status": 400})
    assert api.put(city="Bern").status_code == 400
    assert api.send("DELETE", "/contacts/nobody").status_code == 400


def test_nobody_is_deleted_before_the_fourteenth_day() -> None:
    """§5.6, §17.2: then for good, and the opt-out is forgotten."""
    api = Api()
    api.upsert()
    id_ = api.id_of()
    api.act("mark", id=id_, contact_type="unsubscribe")
    assert "14 days" in refused(api.send("DELETE", f"/contacts/{id_}"))
    assert api.send("DELETE", f"/contacts/{ADA}").status_code == 404
    api.later(days=14)
    assert api.send("DELETE", f"/contacts/{id_}").status_code == 200
    assert api.get(id_).status_code == 404
    assert api.act("opt_outs") == {"opt_outs": []}
    api.upsert()
    assert api.stored()["contact_type"] == "active"


def test_the_age_limit_can_be_switched_off() -> None:
    api = Api(delete_min_age_days=0)
    api.upsert()
    assert api.send("DELETE", f"/contacts/{api.id_of()}").status_code == 200


def test_taking_somebody_off_a_list_is_not_available() -> None:
    """§3, §17.2."""
    api = Api()
    api.upsert()
    body = {"email": ADA, "list_id": api.main}
    assert api.send("DELETE", "/contacts", body).status_code == 405
    assert api.emails() == [ADA]


def test_taking_somebody_off_a_list_may_work_or_delete() -> None:
    """§3 [unverified], §16 line 11."""
    api = Api(remove_from_list="works")
    api.upsert()
    api.upsert(list_id=api.second)
    body = {"email": ADA, "list_id": api.main}
    assert api.send("DELETE", "/contacts", body).status_code == 200
    assert api.send("DELETE", "/contacts", body).status_code == 404
    assert (api.rows(), len(api.rows(api.second))) == ([], 1)
    api.platform.configure({"remove_from_list": "deletes"})
    api.send("DELETE", "/contacts", {"email": ADA, "list_id": api.second})
    assert api.put(city="Bern").status_code == 404
