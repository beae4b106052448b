"""Batches: counters only, and what one bad row does (mailercloud.md §5.5, §17.2)."""

from typing import Any

import pytest

from .mailercloud_client import ADA, Api, refused

BOB, CY = "bob@example.org", "cy@example.org"


def counters(submitted: int, inserted: int, updated: int, skipped: int) -> dict[str, Any]:
    return {
        "data": {
            "submitted": submitted,
            "inserted": inserted,
            "updated": updated,
            "skipped": skipped,
        }
    }


def test_a_batch_answers_with_counters_and_nothing_about_rows() -> None:
    api = Api()
    api.upsert()
    answer = api.batch({"email": ADA, "name": "Ada"}, {"email": BOB, "name": "Bob"})
    assert answer.json() == counters(2, 1, 1, 0)
    assert [api.stored(one)["name"] for one in (ADA, BOB)] == ["Ada", "Bob"]


def test_fifty_rows_and_no_more() -> None:
    api = Api()
    rows = [{"email": f"p{n}@example.org"} for n in range(51)]
    assert refused(api.batch(*rows)) == "contacts must not exceed 50"
    assert api.emails() == []
    assert api.batch(*rows[:50]).json() == counters(50, 50, 0, 0)
    api.platform.configure({"batch_rows_most": 100})
    assert api.batch(*rows).json() == counters(51, 1, 50, 0)


@pytest.mark.parametrize(
    "bad",
    [
        {"email": "no address"},
        {"email": "x@refused.example.com"},
        {"email": BOB, "tags": ["unknown"]},
        {"email": BOB, "custom_fields": {"unknown": "x"}},
        {"email": BOB, "name": "x" * 26},
        {"name": "Bob"},
        "bob",
        None,
    ],
)
def test_one_bad_row_rejects_the_batch_and_the_rows_before_it_are_saved(bad: Any) -> None:
    """§1 fact 7, §17.2: some rows may have been saved; the message names no row."""
    api = Api()
    answer = api.batch({"email": ADA}, bad, {"email": CY})
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"message"}
    assert api.emails() == [ADA]


@pytest.mark.parametrize(
    ("policy", "status", "saved"),
    [("saves_none", 400, []), ("saves_others", 400, [ADA, CY]), ("skips", 200, [ADA, CY])],
)
def test_what_a_bad_row_leaves_behind_is_a_switch(
    policy: str, status: int, saved: list[str]
) -> None:
    api = Api(batch_bad_row=policy)
    answer = api.batch({"email": ADA}, {"email": "x"}, {"email": CY})
    assert (answer.status_code, api.emails()) == (status, saved)
    if status == 200:
        assert answer.json() == counters(3, 2, 0, 1)


@pytest.mark.parametrize(
    ("policy", "counted", "contact_type", "city"),
    [
        ("reactivates", counters(1, 0, 1, 0), "active", "Bern"),
        ("keeps", counters(1, 0, 1, 0), "unsubscribe", "Bern"),
        ("skips", counters(1, 0, 0, 1), "unsubscribe", ""),
    ],
)
def test_a_blocked_address_in_a_batch(
    policy: str, counted: dict[str, Any], contact_type: str, city: str
) -> None:
    """§16 line 9."""
    api = Api(batch_blocked=policy)
    api.person()
    api.act("unsubscribe", email=ADA)
    assert api.batch({"email": ADA, "city": "Bern"}).json() == counted
    assert (api.stored()["contact_type"], api.stored()["city"]) == (contact_type, city)


@pytest.mark.parametrize(
    ("policy", "counted", "name"),
    [("skips", counters(2, 1, 0, 1), "A"), ("updates", counters(2, 1, 1, 0), "B")],
)
def test_an_address_twice_in_one_batch(policy: str, counted: dict[str, Any], name: str) -> None:
    """§16 line 9."""
    api = Api(batch_duplicate=policy)
    rows = [{"email": ADA, "name": "A"}, {"email": "ADA@example.org", "name": "B"}]
    assert api.batch(*rows).json() == counted
    assert api.stored()["name"] == name


def test_rows_without_a_change_may_be_skipped() -> None:
    """§5.5: `skipped` is not explained."""
    api = Api(batch_skips_unchanged=True)
    api.batch({"email": ADA, "name": "Ada"})
    assert api.batch({"email": ADA, "name": "Ada"}).json() == counters(1, 0, 0, 1)
    assert api.batch({"email": ADA, "name": "Eda"}).json() == counters(1, 0, 1, 0)


@pytest.mark.parametrize("rows", [[], None, {}, "x", 7])
def test_a_batch_without_rows_is_refused(rows: Any) -> None:
    api = Api()
    answer = api.post("/contacts/batch", list_id=api.main, contacts=rows)
    assert refused(answer) == "contacts must be a list of contacts"


def test_the_list_stands_at_the_top_and_counts_for_nothing_in_a_row() -> None:
    api = Api()
    row = {"email": ADA, "list_id": api.second}
    assert api.post("/contacts/batch", contacts=[row]).status_code == 400
    api.batch(row)
    assert list(api.stored()["lists"]) == [api.main]
