"""Opting out and what may bring somebody back (maileon.md §2.6, §7)."""

from typing import Any

import pytest

from .maileon_client import Api, contact, message, texts, tree
from .test_maileon_bulk import counts

ADA = "/contacts/email/ada@example.org"
MARKER = f"{ADA}/unsubscription"


@pytest.fixture
def api() -> Api:
    return Api(quirk_share=0)


def opted_out(**settings: object) -> Api:
    """An account that ada has left."""
    api = Api(quirk_share=0, **settings)
    api.create("ada@example.org", 5, external_id="x")
    api.person("unsubscribe", email="ada@example.org")
    assert api.emails() == []
    return api


def test_an_unsubscribed_contact_stays_readable_for_seconds(api: Api) -> None:
    """§2.6, §8 row 10; then it is gone, and only the id survives."""
    contact_id = api.create("ada@example.org")
    assert api.call("DELETE", f"{ADA}/unsubscribe").status_code == 200
    status = api.get(ADA, {"standard_field": "PERMISSION_STATUS"})
    assert tree(status).findtext(".//value") == "unsubscribed"
    assert api.maileon.dump()[0]["state"] == "leaving"
    api.later(seconds=4)
    assert api.get(ADA).status_code == 200
    api.later(seconds=1)
    assert api.get(ADA).status_code == 404
    assert tree(api.get("/contacts/count")).text == "0"
    assert api.call("DELETE", f"{ADA}/unsubscribe").status_code == 404
    assert texts(api.get("/reports/unsubscriptions"), ".//id") == [str(contact_id)]


def test_a_write_while_leaving_is_lost(api: Api) -> None:
    """§2.6: nothing restores the contact."""
    api.create("ada@example.org")
    api.call("DELETE", f"{ADA}/unsubscribe")
    assert counts(api.bulk(contact("ada@example.org", CITY="A")))[2] == 1
    api.later(seconds=5)
    assert api.emails() == []


def test_unsubscribing_twice_leaves_one_entry(api: Api) -> None:
    """§6.4."""
    api.create("ada@example.org")
    for _ in range(2):
        assert api.call("DELETE", f"{ADA}/unsubscribe").status_code == 200
    assert tree(api.get("/reports/unsubscriptions/count")).text == "1"


def test_unsubscribing_by_id_and_by_external_id(api: Api) -> None:
    """§2.6, §8 row 8: by external id it hits all of them."""
    ada = api.create("ada@example.org")
    for name in ("bob", "cyd"):
        api.create(f"{name}@example.org", external_id="same")
    by_id = api.call("DELETE", "/contacts/contact/unsubscribe", {"id": str(ada)})
    both = api.call("DELETE", "/contacts/externalid/same/unsubscribe")
    assert (by_id.status_code, both.status_code) == (200, 200)
    api.later(seconds=5)
    assert api.emails() == []
    assert api.call("DELETE", "/contacts/externalid/same/unsubscribe").status_code == 404


def test_reasons_are_checked_and_counted(api: Api) -> None:
    """§2.6."""
    api.create("ada@example.org")
    bad = api.call("DELETE", f"{ADA}/unsubscribe", {"reason": "bored|really"})
    assert bad.status_code == 400
    good = {"reason": ["no_demand|moved away", "other"], "mailingId": "5512", "nlaccountid": "9"}
    assert api.call("DELETE", f"{ADA}/unsubscribe", good).status_code == 200
    report = api.get("/reports/unsubscriptions/reasons", {"order": "name", "asc": "true"})
    assert texts(report, "unsubscription_reason/reason") == ["no_demand", "other"]


def test_only_a_sealed_mailing_may_be_named(api: Api) -> None:
    """§2.6."""
    api.create("ada@example.org")
    assert api.call("DELETE", f"{ADA}/unsubscribe", {"mailingId": "77"}).status_code == 400
    api.person("seal_mailing", id=77)
    assert api.call("DELETE", f"{ADA}/unsubscribe", {"mailingId": "77"}).status_code == 200


def test_a_reason_can_be_added_only_to_who_has_left(api: Api) -> None:
    """§2.6: 204, or 400 while subscribed."""
    ada = str(api.create("ada@example.org"))
    query = {"id": ada, "ignore_checksum": "true", "reason": "no_demand"}
    path = "/contacts/contact/unsubscribe/reasons"
    assert api.put(path, query).status_code == 400
    api.person("unsubscribe", email="ada@example.org")
    assert api.put(path, query).status_code == 204
    assert texts(api.get("/reports/unsubscriptions/reasons"), ".//count") == ["1"]


def test_the_marker_can_be_read_set_and_removed(api: Api) -> None:
    """§7.2; removing restores nothing and is a call no sync may make."""
    assert api.get(MARKER).status_code == 404
    assert api.put(MARKER).status_code == 201
    assert api.put(MARKER).status_code == 200
    assert api.get(MARKER).status_code == 200
    assert api.get("/contacts/email/bad/unsubscription").status_code == 400
    assert api.put("/contacts/email/bad/unsubscription").status_code == 400
    assert api.world.forbidden == []
    assert api.call("DELETE", MARKER).status_code == 200
    assert api.call("DELETE", MARKER).status_code == 404
    assert len(api.world.forbidden) == 2


def test_a_marker_does_not_unsubscribe_a_present_contact(api: Api) -> None:
    """§7.2."""
    api.create("ada@example.org")
    api.put(MARKER)
    api.later(seconds=60)
    assert api.get(ADA).status_code == 200
    assert api.get("/reports/unsubscriptions").headers["X-Items"] == "0"


def test_bulk_skips_an_opted_out_address_and_only_counts_it() -> None:
    """§0 row 4, §7.3, §8 row 5."""
    api = opted_out()
    report = api.bulk(contact("ADA@example.org"), contact("bob@example.org"))
    assert counts(report) == (2, 1, 0, 1, 0)
    assert report.findtext("invalid_contacts") in (None, "")
    assert api.emails() == ["bob@example.org"]


def test_bulk_brings_an_opted_out_address_back_by_default() -> None:
    """§7.3, §8 row 3: with a new id, and the marker stays (§7.1)."""
    api = opted_out()
    report = tree(api.post("/contacts", {}, f"<contacts>{contact('ada@example.org')}</contacts>"))
    assert counts(report) == (1, 1, 0, 0, 0)
    assert api.get(MARKER).status_code == 200
    assert api.get(ADA).status_code == 200


@pytest.mark.parametrize(("setting", "permission"), [(None, 2), (1, 1)])
def test_a_single_post_brings_an_opted_out_address_back(
    setting: int | None, permission: int
) -> None:
    """§0 row 4, §7.3, U6: there is no guard."""
    api = opted_out(recreated_permission=setting)
    assert api.post(ADA, {"permission": "2"}).status_code == 201
    assert api.maileon.dump()[0]["permission"] == permission


def test_a_single_post_may_refuse_an_opted_out_address() -> None:
    """U6, the other way."""
    api = opted_out(single_post_recreates=False)
    assert api.post(ADA).status_code == 400
    assert api.post("/contacts/externalid/x", body=contact("ada@example.org")).status_code == 400
    assert api.emails() == []


def test_put_and_update_only_bring_nobody_back() -> None:
    """§7.3, §7.4."""
    api = opted_out()
    assert api.put(ADA).status_code == 404
    flags = {"update_only": "true", "reimport_unsubscribed_contacts": "true"}
    assert counts(api.bulk(contact("ada@example.org"), **flags))[1] == 0
    assert api.emails() == []


def test_a_new_subscription_has_a_new_id_and_the_old_marker() -> None:
    """§7.1, §8 row 11: marker present is not currently opted out."""
    api = Api()
    old = api.create("ada@example.org")
    api.person("unsubscribe", email="ada@example.org")
    new = api.person("resubscribe", email="ada@example.org")["id"]
    assert new > old
    assert api.stored(new)["permission"] == 5
    assert api.get(MARKER).status_code == 200
    assert counts(api.bulk(contact("ada@example.org")))[2:4] == (1, 0)


def test_a_marker_may_also_make_bulk_skip_a_present_contact() -> None:
    """§7.2 says "skip the address"; whether of a present contact is not said."""
    api = Api(marker_skips_existing=True)
    api.create("ada@example.org")
    api.put(MARKER)
    assert counts(api.bulk(contact("ada@example.org")))[2:4] == (0, 1)


def test_a_wiped_unsubscriber_database_protects_nobody() -> None:
    """§3.3, §7.4 step 11, §8 row 35."""
    api = opted_out()
    api.person("wipe_unsubscribers")
    assert api.get("/reports/unsubscriptions").headers["X-Items"] == "0"
    assert counts(api.bulk(contact("ada@example.org"))) == (1, 1, 0, 0, 0)


@pytest.mark.parametrize(("removes", "status"), [(False, 200), (True, 404)])
def test_a_hard_delete_leaves_the_marker_unless_set(removes: bool, status: int) -> None:
    """§2.7, U8; nothing reports the delete."""
    api = Api(delete_removes_marker=removes)
    api.create("ada@example.org")
    api.put(MARKER)
    assert api.call("DELETE", ADA).status_code == 200
    assert api.call("DELETE", ADA).status_code == 404
    assert api.get(MARKER).status_code == status
    assert api.get("/reports/unsubscriptions").headers["X-Items"] == "0"


def test_hard_deletes_by_id_and_by_external_id(api: Api) -> None:
    """§2.7."""
    ada = str(api.create("ada@example.org"))
    for name in ("bob", "cyd"):
        api.create(f"{name}@example.org", external_id="same")
    assert api.call("DELETE", "/contacts/contact", {"id": ada}).status_code == 200
    assert api.call("DELETE", "/contacts/contact", {"id": ada}).status_code == 404
    assert api.call("DELETE", "/contacts/externalid/same").status_code == 200
    assert api.emails() == []


def test_destructive_calls_work_and_are_counted_as_forbidden(api: Api) -> None:
    """§2.7, §8 row 37."""
    api.person("create_custom_field", name="phone")
    fields: dict[str, Any] = {"standard_fields": {"CITY": "A"}, "custom_fields": {"phone": "1"}}
    contact_id = api.create("ada@example.org", **fields)
    api.call("DELETE", "/contacts/fields/standard/CITY/values")
    api.call("DELETE", "/contacts/fields/custom/phone/values")
    stored = api.stored(contact_id)
    assert (stored["standard_fields"], stored["custom_fields"]) == ({}, {})
    assert api.call("DELETE", "/contacts").status_code == 400
    assert api.emails() == ["ada@example.org"]
    assert api.call("DELETE", "/contacts", {"authorized": "yes"}).status_code == 200
    assert api.emails() == []
    assert api.world.forbidden == [
        "DELETE /maileon/1.0/contacts/fields/standard/CITY/values",
        "DELETE /maileon/1.0/contacts/fields/custom/phone/values",
        "DELETE /maileon/1.0/contacts",
        "DELETE /maileon/1.0/contacts",
    ]


def test_the_refusal_names_what_is_missing(api: Api) -> None:
    """§6.2."""
    assert message(api.get(MARKER)) == "no unsubscription marker"
