"""Reports: epoch windows in, local times out (maileon.md §3.3, §8 rows 13, 15, 16)."""

import pytest

from .maileon_client import NOW, Api, texts, tree

OPT_OUTS = "/reports/unsubscriptions"


def millis(seconds: int = 0) -> str:
    """Milliseconds since 1970 at `seconds` after the sandbox began."""
    return str(int(NOW.timestamp() + seconds) * 1000)


def test_an_opt_out_by_any_route_is_reported() -> None:
    """§3.3: the elements the official client reads."""
    api = Api(quirk_share=0)
    contact_id = api.create("ada@example.org", external_id="x")
    api.person("unsubscribe", email="ada@example.org", source="complaint")
    answer = api.get(OPT_OUTS)
    entry = tree(answer)[0]
    assert entry.tag == "unsubscription"
    assert [each.tag for each in entry] == ["contact", "mailing_id", "timestamp", "source"]
    assert entry.findtext("contact/id") == str(contact_id)
    assert entry.findtext("contact/email") == "ada@example.org"
    assert entry.findtext("contact/external_id") == "x"
    assert entry.findtext("timestamp") == "2026-11-20 12:30:15"
    assert entry.findtext("source") == "complaint"
    assert answer.headers["X-Pages"] == "1"


def test_a_window_begins_at_from_date_and_ends_before_to_date() -> None:
    """§3.3: inclusive and exclusive, in epoch milliseconds."""
    api = Api()
    for name in ("ada", "bob", "cyd"):
        api.create(f"{name}@example.org")
        api.person("unsubscribe", email=f"{name}@example.org")
        api.later(seconds=10)
    window = {"from_date": millis(10), "to_date": millis(20)}
    assert texts(api.get(OPT_OUTS, window), ".//email") == ["bob@example.org"]
    assert tree(api.get(f"{OPT_OUTS}/count", window)).text == "1"
    assert tree(api.get(f"{OPT_OUTS}/count", {"from_date": millis(10)})).text == "2"
    assert api.get(OPT_OUTS, {"from_date": "2026-11-20"}).status_code == 400
    assert api.get(OPT_OUTS, {"from_date": "9" * 18}).status_code == 400


def test_opt_outs_are_found_by_address_id_external_id_and_source() -> None:
    """§3.3, §7.3."""
    api = Api()
    ids = [api.create(f"{name}@example.org", external_id=name) for name in ("ada", "bob", "cyd")]
    for name, source in (("ada", "link"), ("bob", "reply"), ("cyd", "link")):
        api.person("unsubscribe", email=f"{name}@example.org", source=source)
    for query, found in (
        ({"emails": ["ADA@example.org", "cyd@example.org"]}, ids[::2]),
        ({"ids": str(ids[1])}, ids[1:2]),
        ({"eids": "cyd"}, ids[2:]),
        ({"source": "link"}, ids[::2]),
        ({"mailing_id": "1"}, []),
    ):
        assert texts(api.get(OPT_OUTS, query), ".//id") == list(map(str, found))


def test_an_anonymising_account_keeps_only_the_id() -> None:
    """§3.3, U23."""
    api = Api(anonymise_unsubscribers_after_s=60)
    contact_id = api.create("ada@example.org")
    api.person("unsubscribe", email="ada@example.org")
    assert texts(api.get(OPT_OUTS), ".//email") == ["ada@example.org"]
    api.later(seconds=60)
    entry = tree(api.get(OPT_OUTS))[0][0]
    assert entry.get("anonymous") == "true"
    assert [(each.tag, each.text) for each in entry] == [("id", str(contact_id))]
    assert len(tree(api.get(OPT_OUTS, {"emails": "ada@example.org"}))) == 0
    assert len(tree(api.get(OPT_OUTS, {"exclude_anonymous": "true"}))) == 0
    assert api.get("/contacts/email/ada@example.org/unsubscription").status_code == 200


@pytest.mark.parametrize("address", ["ada@example.org", "ada/work@example.org"])
def test_an_address_may_hold_a_slash_and_more_of_the_path_may_follow(address: str) -> None:
    """An RFC 5322 local part may; clients send it as %2F."""
    api = Api()
    api.create("ada@example.org")
    api.create("ada/work@example.org")
    api.person("unsubscribe", email=address)
    for each in ("ada@example.org", "ada/work@example.org"):
        path = f"/contacts/email/{each.replace('/', '%2F')}"
        there, marked = (404, 200) if each == address else (200, 404)
        assert api.get(path).status_code == there
        assert api.get(f"{path}/unsubscription").status_code == marked


def test_opt_outs_may_be_nameless_without_tracking_permission() -> None:
    """§2.11 against §3.3: a setting."""
    api = Api(hide_untracked_opt_outs=True)
    for name, permission in (("ada", 4), ("bob", 5)):
        api.create(f"{name}@example.org", permission)
        api.person("unsubscribe", email=f"{name}@example.org")
    assert texts(api.get(OPT_OUTS), ".//email") == ["bob@example.org"]
    assert len(tree(api.get(OPT_OUTS))) == 2


def test_entries_may_show_late() -> None:
    """Not documented: how soon an entry shows is a setting."""
    api = Api(report_lag_s=30)
    api.create("ada@example.org")
    api.person("unsubscribe", email="ada@example.org")
    assert len(tree(api.get(OPT_OUTS))) == 0
    api.later(seconds=30)
    assert texts(api.get(OPT_OUTS), ".//timestamp") == ["2026-11-20 12:30:15"]


def test_an_entry_outlives_the_marker() -> None:
    """§3.3, §7.2."""
    api = Api()
    api.create("ada@example.org")
    api.person("unsubscribe", email="ada@example.org")
    api.call("DELETE", "/contacts/email/ada@example.org/unsubscription")
    assert len(tree(api.get(OPT_OUTS))) == 1


def test_subscribers_are_confirmations_and_by_default_only_named_ones() -> None:
    """§3.3, §8 row 15: an import is no subscriber; anonymous ones are left out."""
    api = Api()
    api.create("imported@example.org", 5)
    api.person("resubscribe", email="ada@example.org", plus=True)
    api.person("resubscribe", email="bob@example.org", plus=False)
    path = "/reports/subscribers"
    assert texts(api.get(path), "subscriber/contact/email") == ["ada@example.org"]
    everybody = tree(api.get(path, {"exclude_anonymous_contacts": "false"}))
    assert [each[0].get("anonymous") for each in everybody] == [None, "true"]


def test_bounces_are_listed_and_their_unique_list_is_gone() -> None:
    """§3.3, §8 row 16."""
    api = Api()
    api.create("ada@example.org", 5)
    api.person("bounce", email="ada@example.org")
    api.person("bounce", email="ada@example.org", type="transient")
    assert texts(api.get("/reports/bounces"), "bounce/type") == ["permanent", "transient"]
    some = api.get("/reports/bounces", {"type": "transient", "status_code": "4.2.2"})
    assert texts(some, "bounce/contact/email") == ["ada@example.org"]
    assert api.get("/reports/bounces/unique").status_code == 404


def test_blocks_tell_the_old_and_the_new_status() -> None:
    """§3.3."""
    api = Api()
    api.create("ada@example.org", 5)
    api.create("bob@example.org", 4)
    for name in ("ada", "bob"):
        api.person("block", email=f"{name}@example.org", reason="bounce_policy")
    api.person("unblock", email="ada@example.org")
    assert texts(api.get("/reports/blocks"), "block/new_status") == ["blocked", "allowed"]
    every = api.get("/reports/blocks", {"exclude_anonymous_blocks": "false"})
    assert len(tree(every)) == 3
    assert len(tree(api.get("/reports/blocks", {"reasons": "blacklist"}))) == 0


def test_history_is_anonymised_with_the_opt_out() -> None:
    """§2.6."""
    api = Api()
    contact_id = api.create("ada@example.org", 5)
    api.person("bounce", email="ada@example.org")
    api.person("unsubscribe", email="ada@example.org")
    who = tree(api.get("/reports/bounces"))[0][0]
    assert [(each.tag, each.text) for each in who] == [("id", str(contact_id))]


def test_a_hard_delete_takes_the_statistics_along() -> None:
    """§2.7."""
    api = Api()
    api.create("ada@example.org", 5)
    api.person("bounce", email="ada@example.org")
    api.person("delete", email="ada@example.org")
    assert tree(api.get("/reports/bounces/count")).text == "0"


@pytest.mark.parametrize(
    "path",
    ["recipients", "opens", "opens/unique", "clicks", "clicks/unique", "filtered_contacts"],
)
def test_reports_about_mailings_are_empty_and_paged(path: str) -> None:
    """§3.3: the sandbox sends no mailings."""
    answer = Api().get(f"/reports/{path}", {"from_date": "0"})
    assert (answer.status_code, len(tree(answer))) == (200, 0)
    assert (answer.headers["X-Pages"], answer.headers["X-Items"]) == ("0", "0")


def test_opens_and_clicks_are_rows_of_their_own() -> None:
    """§3.3: each time one; the unique reports have the first of each contact and mailing."""
    api = Api(quirk_share=0)
    contact_id = api.create("ada@example.org", permission=5)
    for _ in range(2):
        api.person("open_mail", email="ada@example.org")
        api.person("click", email="ada@example.org", link="7")
        api.later(seconds=10)
    entry = tree(api.get("/reports/opens"))[0]
    assert entry.tag == "open"
    assert entry.findtext("contact/id") == str(contact_id)
    assert entry.findtext("timestamp") == "2026-11-20 12:30:15"
    for kind, link in (("opens", {}), ("clicks", {"link_id": "7"})):
        assert tree(api.get(f"/reports/{kind}/count", link)).text == "2"
        assert tree(api.get(f"/reports/{kind}/unique/count", link)).text == "1"
        window = {"from_date": millis(10), "to_date": millis(20)}
        assert tree(api.get(f"/reports/{kind}/count", window)).text == "1"
    assert tree(api.get("/reports/clicks/count", {"link_id": "8"})).text == "0"


def test_who_is_not_tracked_opens_without_a_name() -> None:
    """§2.11: contacts without permission to track are anonymous in reports."""
    api = Api(quirk_share=0)
    api.create("ada@example.org", permission=4)
    api.person("open_mail", email="ada@example.org")
    contact = tree(api.get("/reports/opens"))[0][0]
    assert contact.get("anonymous") == "true"
    assert contact.find("email") is None
