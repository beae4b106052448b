"""Who may be written to: types, reactivation, what shows it and what does not (§9, §11, §12)."""

from typing import Any

import pytest

from .mailercloud_client import ADA, Api, page, refused


def blocked(contact_type: str = "unsubscribe", **settings: Any) -> Api:
    api = Api(**settings)
    api.person(fields={"name": "Ada"})
    api.act("mark", email=ADA, contact_type=contact_type)
    return api


@pytest.mark.parametrize("contact_type", ["unsubscribe", "bounce", "abuse", "suppressed"])
def test_who_is_not_active_is_not_listed_and_read_without_a_word(contact_type: str) -> None:
    """§9.2, §17.2: absence of a row is not proof of anything."""
    api = blocked(contact_type)
    assert api.search().json() == {"contact_count": 0}
    shown = api.get(api.id_of())
    assert shown.status_code == 200
    assert contact_type not in shown.text
    assert api.stored()["contact_type"] == contact_type


def test_the_search_may_list_everybody_and_show_the_status() -> None:
    """§16, line 7."""
    api = blocked(search_lists_blocked=True, status_in_rows=True)
    assert api.row()["contact_type"] == "unsubscribe"
    assert api.get(api.id_of()).json()["data"]["contact_type"] == "unsubscribe"


def test_the_total_may_count_who_is_not_listed() -> None:
    """§11 rule 2 would then never be met."""
    api = blocked(count_includes_blocked=True)
    assert api.search().json() == {"contact_count": 1}
    assert api.post("/lists/search", **page()).json()["data"][0]["contact_count"] == 1


@pytest.mark.parametrize(("lifts", "contact_type"), [(True, "active"), (False, "unsubscribe")])
def test_an_upsert_reactivates_a_blocked_address(lifts: bool, contact_type: str) -> None:
    """§5.3, §17.2."""
    api = blocked(upsert_reactivates=lifts)
    api.upsert(city="Bern")
    assert (api.stored()["contact_type"], api.stored()["city"]) == (contact_type, "Bern")


def test_a_put_does_not_reactivate() -> None:
    """§5.5: as far as we can tell."""
    api = blocked()
    api.put(city="Bern")
    assert api.stored()["contact_type"] == "unsubscribe"
    api.platform.configure({"put_reactivates": True})
    api.put(city="Basel")
    assert api.stored()["contact_type"] == "active"


def test_a_put_with_a_type_takes_effect_and_no_answer_shows_it() -> None:
    """§9.3 rule 5, §17.2."""
    api = Api()
    api.upsert()
    assert api.put(contact_type="unsubscribe").json().keys() == {"message"}
    assert api.stored()["contact_type"] == "unsubscribe"
    assert api.rows() == []
    api.put(contact_type="active")
    assert api.stored()["contact_type"] == "active"


def test_a_put_with_a_type_may_be_ignored_with_200() -> None:
    """§17.2: no, until read back."""
    api = Api(put_takes_contact_type=False)
    api.upsert()
    assert api.put(contact_type="unsubscribe", city="Bern").status_code == 200
    assert (api.stored()["contact_type"], api.stored()["city"]) == ("active", "Bern")


@pytest.mark.parametrize("call", ["create", "upsert", "batch"])
def test_a_type_at_the_start_counts_for_create_only(call: str) -> None:
    """§9.2: accepted on create; effect unknown elsewhere."""
    api = Api()
    fields = {"email": ADA, "contact_type": "unsubscribe"}
    answer = api.batch(fields) if call == "batch" else getattr(api, call)(**fields)
    assert answer.status_code < 300
    assert api.stored()["contact_type"] == ("unsubscribe" if call == "create" else "active")


def test_a_type_may_count_in_upsert_and_not_in_create() -> None:
    api = Api(upsert_takes_contact_type=True, create_takes_contact_type=False)
    api.upsert(contact_type="unsubscribe")
    assert api.stored()["contact_type"] == "unsubscribe"
    api.upsert(contact_type="suppressed")
    assert api.stored()["contact_type"] == "suppressed"
    api.create("bob@example.org", contact_type="unsubscribe")
    assert api.stored("bob@example.org")["contact_type"] == "active"


@pytest.mark.parametrize("contact_type", ["unsubscribed", "", 7, ["active"]])
def test_a_type_is_spelt_as_a_noun(contact_type: Any) -> None:
    """§9.1."""
    assert refused(Api().upsert(contact_type=contact_type)).startswith("contact_type")


def test_an_opt_out_counts_for_the_account() -> None:
    """§17.2."""
    api = Api()
    api.person()
    api.act("add_to_list", email=ADA, list=api.second)
    api.act("unsubscribe", email=ADA)
    assert api.rows() == api.rows(api.second) == []


def test_an_opt_out_may_count_for_the_lists_of_the_campaign_only() -> None:
    """§9.2: they look list-related."""
    api = Api(opt_out_scope="list")
    api.person()
    api.act("add_to_list", email=ADA, list=api.second)
    api.act("unsubscribe", email=ADA)
    assert (api.rows(), len(api.rows(api.second))) == ([], 1)
    assert api.stored()["contact_type"] == "unsubscribe"
    assert api.act("opt_outs")["opt_outs"][0]["list_id"] == api.main
    api.upsert()
    assert api.stored()["contact_type"] == "active"


def unsubs(api: Api, campaign: str, kind: str = "unsubs") -> list[Any]:
    rows: list[Any] = api.post(f"/campaign/{campaign}/{kind}", **page()).json().get("data", [])
    return rows


def test_an_opt_out_by_a_link_shows_in_its_campaign_and_no_other_does() -> None:
    """§11: the backstop, and what it misses."""
    api = Api()
    for email in (ADA, "bob@example.org"):
        api.person(email, fields={"name": "P"})
    campaign = api.act("send_campaign", name="June news")["id"]
    api.act("unsubscribe", email=ADA)
    api.act("mark", email="bob@example.org", contact_type="unsubscribe")
    assert unsubs(api, campaign) == [{"email": ADA, "name": "P", "date": "2026-11-20 17:00:15"}]
    api.act("delete", email=ADA)
    assert len(unsubs(api, campaign)) == 1


@pytest.mark.parametrize(
    ("shape", "row"),
    [
        ("recipient_email", {"recipient_email": ADA, "name": "", "date": "2026-11-20 17:00:15"}),
        (
            "nested",
            {"contact": {"email": ADA, "name": ""}, "name": "", "date": "2026-11-20 17:00:15"},
        ),
        ("text", ADA),
    ],
)
def test_the_rows_of_a_campaign_have_an_unknown_shape(shape: str, row: Any) -> None:
    """§12 [unverified]."""
    api = Api(campaign_rows=shape)
    api.person()
    campaign = api.act("campaigns")["campaigns"][0]["id"]
    for action, kind in (("unsubscribe", "unsubs"), ("open_mail", "opens"), ("click", "clicks")):
        api.act(action, email=ADA)
        assert unsubs(api, campaign, kind) == [row]


def test_campaigns_are_listed_by_day_of_the_account() -> None:
    """§12; the row's keys, `recepiant` included."""
    api = Api()
    api.later(hours=8)  # past midnight in the account's zone, not in UTC
    made = api.act("send_campaign", name="June news")["id"]

    def listed(since: str, until: str) -> list[dict[str, Any]]:
        body = page(date_from=since, date_to=until)
        rows: list[dict[str, Any]] = api.post("/campaign/list", **body).json().get("data", [])
        return rows

    assert [row["name"] for row in listed("2026-01-01", "2026-12-31")] == ["June news", "Old news"]
    assert listed("2026-11-20", "2026-11-20") == []
    row = listed("2026-11-21", "2026-11-21")[0]
    assert (row["id"], row["status"], row["recepiant"]) == (
        made,
        "Finished",
        {"lists": "CRM mirror"},
    )
    assert {"subject", "sender", "report_summary", "created_date", "modified_date"} <= set(row)
    assert api.send("GET", f"/campaign/{made}").json()["data"] == row
    assert api.send("GET", "/campaign/unknown").status_code == 404
    assert refused(api.post("/campaign/list", **page())).startswith("date_from")
    assert refused(api.post("/campaign/list", **page(date_from="x"))).startswith("date_from")
