"""What people do, seeding, dump and settings of the Maileon emulator."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from syncd.sandbox import people

from .maileon_client import NOW, Api, texts, tree


@pytest.fixture
def seeded() -> Api:
    api = Api(quirk_share=0)
    api.maileon.seed(people.invent(200, 5))
    return api


def test_seeded_people_are_subscribers_of_differing_days(seeded: Api) -> None:
    rows = seeded.maileon.dump()
    created = [datetime.fromisoformat(each["created"]) for each in rows]
    assert created == sorted(created)
    assert created[0] > NOW - timedelta(days=40)
    assert created[-1] <= NOW - timedelta(days=1)
    assert all(each["created"] <= each["updated"] < NOW.isoformat() for each in rows)
    assert len({each["updated"] for each in rows}) > 100
    permissions = [each["permission"] for each in rows]
    assert set(permissions) == {1, 2, 4, 5}
    assert sum(each in (4, 5) for each in permissions) > len(rows) / 2


def test_opted_out_people_left_only_a_marker_and_an_entry(seeded: Api) -> None:
    """maileon.md §7.1."""
    gone = {each.email for each in people.invent(200, 5) if each.opted_out}
    assert gone
    assert gone.isdisjoint(seeded.emails())
    assert len(seeded.emails()) == 200 - len(gone)
    query = {"page_size": "1000"}
    assert set(texts(seeded.get("/reports/unsubscriptions", query), ".//email")) == gone
    for email in gone:
        assert seeded.get(f"/contacts/email/{email}/unsubscription").status_code == 200
    told = seeded.person("opt_outs")
    assert {each["email"] for each in told["markers"]} == gone
    assert {each["email"] for each in told["unsubscribed"]} == gone


def test_seeding_makes_the_fields_it_needs_and_adds_nobody_twice(seeded: Api) -> None:
    known = set(texts(seeded.get("/contacts/fields/custom"), "custom_field/name"))
    used = {name for each in seeded.maileon.dump() for name in each["custom_fields"]}
    assert used <= known
    assert "phone" in used
    before = seeded.maileon.dump()
    seeded.maileon.seed(people.invent(200, 5))
    assert seeded.maileon.dump() == before


def test_the_same_seed_gives_the_same_account(seeded: Api) -> None:
    again = Api()
    again.maileon.seed(people.invent(200, 5))
    assert again.maileon.dump() == seeded.maileon.dump()


def test_dump_shows_a_contact_in_maileons_own_names() -> None:
    api = Api()
    contact_id = api.create("ada@example.org", external_id="x", standard_fields={"CITY": "A"})
    assert api.maileon.dump() == [
        {
            "id": contact_id,
            "email": "ada@example.org",
            "permission": 4,
            "external_id": "x",
            "created": NOW.replace(microsecond=0).isoformat(),
            "updated": NOW.replace(microsecond=0).isoformat(),
            "standard_fields": {"CITY": "A"},
            "custom_fields": {},
            "preferences": [],
            "blocked": None,
            "state": "active",
        }
    ]


def test_reset_forgets_everything_but_the_keys(seeded: Api) -> None:
    key = seeded.person("make_key")["api_key"]
    seeded.person("block_account")
    seeded.maileon.configure({"account_id": 8})
    seeded.maileon.reset()
    seeded.key = key
    assert tree(seeded.get("/contacts/count")).text == "0"
    assert seeded.maileon.info("http://sandbox.test")["account_id"] == 7301


def test_an_edit_by_a_person_clears_with_none() -> None:
    api = Api()
    contact_id = api.create("ada@example.org", standard_fields={"CITY": "A", "ZIP": "1"})
    api.later(minutes=1)
    api.person(
        "edit",
        id=contact_id,
        new_email="new@example.org",
        standard_fields={"CITY": None, "STATE": "B"},
    )
    stored = api.stored(contact_id)
    assert stored["standard_fields"] == {"ZIP": "1", "STATE": "B"}
    assert stored["email"] == "new@example.org"
    assert stored["updated"] > stored["created"]


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("dance", {}),
        ("create", {}),
        ("create", {"email": "bad"}),
        ("create", {"email": "ada@example.org"}),
        ("create", {"email": "new@example.org", "permission": 9}),
        ("create", {"email": "new@example.org", "custom_fields": {"unknown": "1"}}),
        ("edit", {"id": 1}),
        ("edit", {"email": "nobody@example.org"}),
        ("edit", {"email": "ada@example.org", "new_email": "bob@example.org"}),
        ("resubscribe", {"email": "ada@example.org"}),
        ("confirm_doi", {"email": "ada@example.org"}),
        ("bounce", {"email": "ada@example.org", "type": "soft"}),
        ("block", {"email": "ada@example.org", "reason": "mood"}),
        ("blacklist", {"list": 9, "entries": []}),
        ("create_custom_field", {"name": "CITY"}),
        ("delete_custom_field", {"name": "none"}),
        ("set_preference", {"email": "ada@example.org", "category": "a", "name": "b"}),
        ("make_key", {"methods": ["PATCH"]}),
        ("make_key", {"key": "short"}),
    ],
)
def test_a_bad_action_is_a_value_error_and_changes_nothing(
    action: str, arguments: dict[str, Any]
) -> None:
    api = Api()
    for name in ("ada", "bob"):
        api.create(f"{name}@example.org")
    before = api.maileon.dump()
    with pytest.raises(ValueError, match=r"\w"):
        api.maileon.act(action, arguments)
    assert api.maileon.dump() == before


@pytest.mark.parametrize(
    "settings",
    [
        {"no_such_setting": 1},
        {"identity": "phone"},
        {"server_zone": "Berlin"},
        {"quirk_share": 2},
        {"quirk_share": True},
        {"unsubscribe_delay_s": -1},
        {"unsubscribe_delay_s": True},
        {"bump_on_permission": "yes"},
        {"account_id": None},
        {"list_order": ["id"]},
    ],
)
def test_a_bad_setting_is_a_value_error_and_changes_nothing(settings: dict[str, Any]) -> None:
    api = Api()
    before = api.maileon.configure({})
    with pytest.raises(ValueError, match="setting"):
        api.maileon.configure({"account_id": 5, **settings})
    assert api.maileon.configure({}) == before


def test_case_of_addresses_can_be_switched_while_running() -> None:
    api = Api()
    api.create("Ada@example.org")
    api.put("/contacts/email/Bob@example.org/unsubscription")
    api.maileon.configure({"email_case": "sensitive"})
    assert api.get("/contacts/email/ada@example.org").status_code == 404
    assert api.get("/contacts/email/bob@example.org/unsubscription").status_code == 404
    api.maileon.configure({"email_case": "insensitive"})
    assert api.get("/contacts/email/ada@example.org").status_code == 200
    assert api.get("/contacts/email/bob@example.org/unsubscription").status_code == 200


def test_the_feed_finds_seeded_people_by_their_change(seeded: Api) -> None:
    """maileon.md §3.1: whatever the order in which they arrived."""
    moment = NOW - timedelta(days=9)
    wanted = {
        each["email"] for each in seeded.maileon.dump() if each["updated"] > moment.isoformat()
    }
    answer = seeded.get("/contacts", {"updated_after": "2026-11-11 12:30:15", "page_size": "1000"})
    assert 10 < len(wanted) < 190
    assert set(texts(answer, "contact/email")) == wanted
