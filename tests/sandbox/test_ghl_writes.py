"""Creating, changing, upserting and deleting in the GHL emulator: 3.5 to 3.7 and 3.12."""

from typing import Any

import pytest

from .ghl_client import NOW_MS, Api, lines

PHONE = "+12015550123"


def test_a_create_answers_201_with_the_contact_as_it_is_kept() -> None:
    """3.6, 3.12."""
    api = Api()
    body = {"email": "Ada.L@Example.org", "phone": "(201) 555-0123", "name": "Ada van L"}
    answer = api.send("POST", "/contacts/", {"locationId": api.location, **body})
    assert answer.status_code == 201
    contact = answer.json()["contact"]
    assert contact["email"] == "Ada.L@Example.org"
    assert contact["emailLowerCase"] == "ada.l@example.org"
    assert contact["phone"] == PHONE
    assert (contact["firstName"], contact["lastName"]) == ("Ada", "van L")
    assert contact["dateAdded"] == contact["dateUpdated"] == "2026-11-20T11:30:15.250Z"
    assert contact["city"] is None
    assert len(contact["id"]) == 20


def test_unknown_properties_are_refused_one_line_each() -> None:
    """Section 0 [issue #262, #313]; gotcha 15."""
    api = Api()
    body = {"email": "a@example.org", "additionalEmails": [], "nickname": "A"}
    answer = api.send("POST", "/contacts/", {"locationId": api.location, **body})
    assert lines(answer) == [
        "property additionalEmails should not exist",
        "property nickname should not exist",
    ]
    assert answer.json()["error"] == "Unprocessable Entity"
    assert api.rows() == []


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("email", "", "email must be an email"),
        ("email", "nobody", "email must be an email"),
        ("phone", "", "phone must be a valid phone number"),
        ("phone", "12", "phone must be a valid phone number"),
        ("firstName", 7, "firstName must be a string"),
        ("country", "Germany", "country must be a valid ISO31661 Alpha2 code"),
        ("dateOfBirth", "1990-02-30", "dateOfBirth must be a valid date"),
        ("tags", "vip", "tags must be an array"),
        ("tags", [1], "each value in tags must be a string"),
        ("dnd", "yes", "dnd must be a boolean value"),
        ("customFields", {}, "customFields must be an array"),
        (
            "customFields",
            [{"fieldId": {"id": "x"}, "id": "x"}],
            "customFields.0.property fieldId should not exist",
        ),
    ],
)
def test_bad_values_are_named(name: str, value: Any, line: str) -> None:
    """3.6, T29; 3.8, T34; gotcha 8."""
    api = Api()
    id_ = api.create(email="a@example.org")
    assert lines(api.put(id_, **{name: value})) == [line]


@pytest.mark.parametrize("name", ["locationId", "gender", "companyName"])
def test_put_refuses_what_create_takes(name: str) -> None:
    """3.6 [issue #313]; gotcha 7."""
    api = Api()
    id_ = api.create(email="a@example.org", **({} if name == "locationId" else {name: "x"}))
    assert lines(api.put(id_, **{name: "x"})) == [f"property {name} should not exist"]


def test_a_create_needs_an_email_or_a_phone() -> None:
    """3.6, T4, T3."""
    api = Api()
    body = {"locationId": api.location, "firstName": "Ada"}
    assert api.send("POST", "/contacts/", body).status_code == 400


def test_a_create_needs_a_location() -> None:
    """3.6 [spec]."""
    answer = Api().send("POST", "/contacts/", {"email": "a@example.org"})
    assert "locationId should not be empty" in lines(answer)


def test_put_is_a_partial_merge_and_null_clears() -> None:
    """3.6, T6, T4."""
    api = Api()
    id_ = api.create(email="a@example.org", city="Bern", firstName="Ada", postalCode="3000")
    answer = api.put(id_, city=None, lastName="L")
    assert answer.json()["succeded"] is True
    kept = api.get(id_)
    assert (kept["city"], kept["firstName"], kept["lastName"]) == (None, "Ada", "L")
    assert lines(api.put(id_, postalCode=None)) == ["postalCode must be a string"]
    api.ghl.configure({"clear_not_nullable": True})
    assert api.put(id_, postalCode=None).status_code == 200


@pytest.mark.parametrize(("clears", "kept"), [(True, None), (False, "")])
def test_an_empty_string_is_a_switch(clears: bool, kept: str | None) -> None:
    """3.6 [unverified]."""
    api = Api(empty_string_clears=clears)
    id_ = api.create(email="a@example.org", city="Bern")
    api.put(id_, city="")
    assert api.get(id_)["city"] == kept


def test_v3_answers_the_other_spelling_of_the_flag() -> None:
    """Section 8; gotcha 22."""
    api = Api()
    api.http.headers["Version"] = "v3"
    id_ = api.create(email="a@example.org")
    answer = api.put(id_, city="Bern").json()
    assert (answer["succeeded"], "succeded" in answer) == (True, False)
    gone = api.send("DELETE", f"/contacts/{id_}").json()
    assert gone["succeeded"] is gone["succeded"] is True


def test_an_unknown_or_deleted_id_is_a_400() -> None:
    """3.5, T6, T13; gotcha 14."""
    api = Api()
    id_ = api.create(email="a@example.org")
    assert api.send("DELETE", f"/contacts/{id_}").json()["succeded"] is True
    for answer in (
        api.send("GET", f"/contacts/{id_}"),
        api.put(id_, city="Bern"),
        api.send("DELETE", f"/contacts/{id_}"),
        api.send("GET", "/contacts/AAAAAAAAAAAAAAAAAAAA"),
    ):
        assert "not found" in lines(answer, 400)[0]


@pytest.mark.parametrize(
    ("body", "field"),
    [({"email": "ADA@example.org"}, "email"), ({"phone": "201-555-0123"}, "phone")],
)
def test_a_duplicate_is_a_400_that_names_its_holder(body: dict[str, str], field: str) -> None:
    """3.7; gotcha 13."""
    api = Api()
    id_ = api.create(email="ada@example.org", phone=PHONE, name="Ada L")
    answer = api.send("POST", "/contacts/", {"locationId": api.location, **body})
    assert lines(answer, 400) == ["This location does not allow duplicated contacts."]
    meta = {"contactId": id_, "contactName": "Ada L", "matchingField": field}
    assert answer.json()["meta"] == meta


def test_put_can_collide_too() -> None:
    """3.6."""
    api = Api()
    ada = api.create(email="ada@example.org")
    bob = api.create(email="bob@example.org")
    answer = api.put(bob, email="Ada@example.org", city="Bern")
    assert answer.json()["meta"]["contactId"] == ada
    assert api.get(bob)["city"] is None
    assert api.put(bob, email="BOB@example.org").status_code == 200


def test_where_duplicates_are_allowed_an_email_is_no_key() -> None:
    """3.7: shared e-mail or phone is possible."""
    api = Api()
    api.act("set_allow_duplicates", allow=True)
    first, second = (api.create(email="ada@example.org") for _ in range(2))
    assert first != second
    place = api.send("GET", f"/locations/{api.location}").json()["location"]
    assert place["settings"]["allowDuplicateContact"] is True


def test_a_create_answered_422_can_have_created() -> None:
    """3.6 [issue #64]; gotcha 9."""
    api = Api(create_422_still_creates=1.0)
    body = {"locationId": api.location, "email": "a@example.org", "phone": "nonsense"}
    assert api.send("POST", "/contacts/", body).status_code == 422
    (row,) = api.rows()
    assert (row["email"], row["phone"]) == ("a@example.org", None)
    assert api.send("POST", "/contacts/", body).status_code == 422
    assert len(api.rows()) == 1


def test_a_first_email_may_have_to_come_alone() -> None:
    """3.6, T30."""
    api = Api(first_email_alone=True)
    id_ = api.create(phone=PHONE)
    assert api.put(id_, email="a@example.org", city="Bern").status_code == 400
    assert api.put(id_, email="a@example.org").status_code == 200
    assert api.put(id_, email="b@example.org", city="Bern").status_code == 200


def test_unicode_and_long_values_survive() -> None:
    """3.6, T6."""
    api = Api()
    long = "ß" * 2000
    id_ = api.create(email="a@example.org", firstName="王 🦊", address1=long)
    kept = api.get(id_)
    assert (kept["firstName"], kept["address1"]) == ("王 🦊", long)


@pytest.mark.parametrize(
    "text",
    [
        "1990-09-05",
        "1990/09/05",
        "1990.09.05",
        "1990_09_05",
        "09-05-1990",
        "09/05/1990",
        "9.5.1990",
    ],
)
def test_a_birthday_comes_back_as_year_month_day(text: str) -> None:
    """3.6, 3.12 [spec]."""
    api = Api()
    id_ = api.create(email="a@example.org", dateOfBirth=text)
    assert api.get(id_)["dateOfBirth"] == "1990-09-05"


def test_upsert_creates_and_says_so() -> None:
    """3.7."""
    api = Api()
    answer = api.upsert(email="a@example.org", city="Bern")
    assert (answer.status_code, answer.json()["new"]) == (200, True)
    again = api.upsert(email="A@example.org", lastName="L").json()
    assert (again["new"], again["contact"]["city"]) == (False, "Bern")


def test_upsert_ignores_the_second_key_of_somebody_else_without_a_word() -> None:
    """3.7 [spec; issue #37]; gotcha 10."""
    api = Api()
    ada = api.create(email="ada@example.org")
    bob = api.create(phone=PHONE)
    answer = api.upsert(email="ada@example.org", phone=PHONE, city="Bern").json()
    assert answer["contact"]["id"] == ada
    assert api.get(ada)["phone"] is None
    assert api.get(bob)["city"] is None


def test_the_priority_of_the_keys_is_the_locations() -> None:
    """3.7: the order is not exposed."""
    api = Api(match_phone_first=True)
    api.create(email="ada@example.org")
    bob = api.create(phone=PHONE)
    answer = api.upsert(email="ada@example.org", phone=PHONE).json()
    assert answer["contact"]["id"] == bob


def test_upsert_merges_people_who_share_a_phone() -> None:
    """3.7, T3; gotcha 12."""
    api = Api()
    mother = api.create(email="mother@example.org", phone=PHONE, firstName="Mother")
    answer = api.upsert(email="child@example.org", phone=PHONE, firstName="Child").json()
    assert (answer["new"], answer["contact"]["id"]) == (False, mother)
    assert api.get(mother)["email"] == "child@example.org"


def test_upsert_by_an_additional_email_loses_the_primary_one() -> None:
    """3.7 [issue #337]; gotcha 11."""
    api = Api()
    id_ = api.create(email="first@example.org")
    api.act("add_email", id=id_, address="second@example.org")
    assert api.get(id_)["additionalEmails"] == [{"email": "second@example.org"}]
    api.upsert(email="second@example.org")
    kept = api.get(id_)
    assert (kept["email"], kept["additionalEmails"]) == ("second@example.org", [])


def test_upsert_drops_gender_for_those_who_exist_and_takes_the_company() -> None:
    """3.7 [issue #313]; 3.6."""
    api = Api()
    id_ = api.create(email="a@example.org", gender="male")
    assert api.upsert(email="a@example.org", gender="female", companyName="Ex").status_code == 200
    kept = api.get(id_)
    assert (kept["gender"], kept["companyName"]) == ("male", "Ex")


def test_upsert_can_always_create_where_duplicates_are_allowed() -> None:
    """3.7 [spec]; where they are not, the wish is ignored."""
    api = Api()
    api.create(email="a@example.org")
    wish = {"email": "a@example.org", "createNewIfDuplicateAllowed": True}
    assert api.upsert(**wish).json()["new"] is False
    api.ghl.configure({"allow_duplicates": True})
    assert api.upsert(**wish).json()["new"] is True


def test_a_merge_makes_the_losers_id_stop_resolving() -> None:
    """3.7, T32."""
    api = Api()
    ada = api.create(email="ada@example.org", tags=["a"])
    old = api.create(email="old@example.org", phone=PHONE, tags=["b"])
    api.act("dnd", id=old, channel="Email")
    api.act("merge", id=ada, loser=old)
    assert api.send("GET", f"/contacts/{old}").status_code == 400
    kept = api.get(ada)
    assert (kept["email"], kept["phone"]) == ("ada@example.org", PHONE)
    assert kept["additionalEmails"] == [{"email": "old@example.org"}]
    assert kept["tags"] == ["a", "b"]
    assert kept["dndSettings"]["Email"]["status"] == "active"


@pytest.mark.parametrize("keeps", [True, False])
def test_whether_a_restored_contact_keeps_its_id_is_a_switch(keeps: bool) -> None:
    """Section 12, row 13."""
    api = Api(restore_keeps_id=keeps)
    id_ = api.create(email="a@example.org")
    api.act("delete", id=id_)
    assert (api.act("restore", id=id_)["id"] == id_) is keeps


def test_a_write_moves_date_updated_and_not_date_added() -> None:
    """Section 9, T31."""
    api = Api()
    id_ = api.create(email="a@example.org")
    api.later(1)
    api.put(id_, city="Bern")
    kept = api.get(id_)
    assert kept["dateAdded"] == "2026-11-20T11:30:15.250Z"
    assert kept["dateUpdated"] == "2026-11-20T11:30:16.250Z"
    assert api.rows()[0]["searchAfter"][0] == NOW_MS


@pytest.mark.parametrize("bumps", [True, False])
def test_whether_tags_and_dnd_move_date_updated_are_switches(bumps: bool) -> None:
    """Section 9; section 12, row 3."""
    api = Api(bump_on_tags=bumps, bump_on_dnd=bumps)
    id_ = api.create(email="a@example.org")
    edits: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"/contacts/{id_}/tags", {"tags": ["a"]}),
        ("PUT", f"/contacts/{id_}", {"dndSettings": {"Email": {"status": "active"}}}),
        ("PUT", f"/contacts/{id_}", {"tags": ["b"]}),
    ]
    for edit in edits:
        before = api.get(id_)["dateUpdated"]
        api.later(1)
        api.send(*edit)
        assert (api.get(id_)["dateUpdated"] > before) is bumps


def test_followers_are_user_ids_and_others_are_silently_not_added() -> None:
    """3.1, 3.12, T6."""
    api = Api()
    user = api.send("GET", "/users/", locationId=api.location).json()["users"][0]["id"]
    id_ = api.create(email="a@example.org")
    answer = api.send("POST", f"/contacts/{id_}/followers", {"followers": [user, "nobody"]})
    assert answer.status_code == 201
    assert answer.json()["followersAdded"] == [user]
    gone = api.send("DELETE", f"/contacts/{id_}/followers", {"followers": [user]})
    assert gone.json()["followersRemoved"] == [user]
    assert api.get(id_)["followers"] == []
