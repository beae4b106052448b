"""Changing contacts that are known: fields, tags, opt-outs."""

from dataclasses import replace

import httpx
import pytest

from syncd.errors import (
    AccountError,
    InDoubtError,
    InvariantError,
    OptedOutError,
    RecordError,
    StaleError,
    ThrottledError,
)
from syncd.model.op import Op, OpKind
from syncd.model.values import Consent, Level, SetDelta

from .fake import (
    CONTACT,
    NEW_TAG,
    PLAN,
    PROPERTIES,
    TAGS,
    UNTAG,
    Fake,
    html,
    ok,
    push,
    refused,
    updating,
)

ADA = "ada+x@example.org"
PUT = ("PUT", "/contacts/aDa")
REVOKED = Consent(Level.REVOKED, None, "syncd")


def world(**settings: object) -> Fake:
    fake = Fake(**settings)  # type: ignore[arg-type]
    fake.add(ADA, "aDa", name="Ada", city="Ulm", tags=["crm"], custom_fields={"pRoP1": "gold"})
    return fake


def test_only_the_changed_fields_go_out_to_the_contact_with_the_id() -> None:
    fake = world()
    patch = {"name": "Eva", "zip": "89073", "custom.Points": 7}
    receipt = push(fake.connector(), updating(1, "aDa", {"email": ADA}, **patch))[1]
    assert (receipt.error, receipt.remote_id) == (None, "aDa")
    (call,) = fake.calls(PUT)
    assert call.body == {"name": "Eva", "zip": "89073", "custom_fields": {"pRoP2": 7}}


def test_who_has_the_address_by_now_is_another_contact_and_gets_nothing() -> None:
    fake = world()
    fake.contacts["aDa"]["email"] = "moved@example.org"
    fake.add(ADA, "bOb", name="Bob")
    push(fake.connector(), updating(1, "aDa", {"email": ADA}, name="Eva"))
    assert [fake.contacts[i]["name"] for i in ("aDa", "bOb")] == ["Eva", "Bob"]


def test_where_an_id_calls_nobody_the_address_does_that_a_look_shows() -> None:
    fake = world().on(PUT, refused("no such route", 404))
    fake.contacts["aDa"]["email"] = "moved+1@example.org"
    receipt = push(fake.connector(), updating(1, "aDa", {"email": ADA}, name="Eva"))[1]
    assert (receipt.error, receipt.remote_id) == (None, "aDa")
    (call,) = fake.calls(("PUT", "/contacts/moved+1@example.org"))
    assert call.raw_path == "/contacts/moved%2B1%40example.org"


def test_whoever_is_gone_by_id_is_not_looked_for_by_address() -> None:
    fake = world()
    fake.contacts["bOb"] = fake.contacts.pop("aDa")  # made anew under the same address
    error = push(fake.connector(), updating(1, "aDa", {"email": ADA}, name="Eva"))[1].error
    assert isinstance(error, StaleError)
    assert fake.contacts["bOb"]["name"] == "Ada"


def test_the_modern_words_go_out_where_they_are_wanted() -> None:
    fake = world()
    push(fake.connector(field_style="modern"), updating(1, "aDa", {"email": ADA}, name="Eva"))
    assert fake.calls(PUT)[0].body == {"first_name": "Eva"}


def test_emptying_sends_an_empty_text() -> None:
    fake = world()
    push(fake.connector(), updating(1, "aDa", {"email": ADA}, city=None, **{"custom.Tier": None}))
    assert fake.calls(PUT)[0].body == {"city": "", "custom_fields": {"pRoP1": ""}}


def test_an_address_is_never_changed() -> None:
    fake = world()
    op = updating(1, "aDa", {"email": ADA}, email="eva@example.org", name="Eva")
    error = push(fake.connector(), op)[1].error
    assert isinstance(error, RecordError)
    assert (error.code, error.fields) == ("email_fixed", ("email",))
    assert not fake.calls(PUT)


def test_a_value_that_cannot_be_stored_is_refused_without_asking() -> None:
    fake = world()
    error = push(fake.connector(), updating(1, "aDa", {"email": ADA}, name="x" * 26))[1].error
    assert isinstance(error, RecordError)
    assert error.code == "too_long"
    assert not fake.calls(PUT)


def test_a_contact_that_is_gone_is_planned_again() -> None:
    op = updating(1, "gOnE", {"email": "gone@example.org"}, name="Eva")
    assert isinstance(push(world().connector(), op)[1].error, StaleError)


def test_a_refusal_names_the_fields_it_mentions_and_nothing_else() -> None:
    fake = world().on(PUT, refused("organization 'Secret Inc' is bad", name="organization"))
    op = updating(1, "aDa", {"email": ADA}, organization="Secret Inc", city="Ulm")
    error = push(fake.connector(), op)[1].error
    assert isinstance(error, RecordError)
    assert error.fields == ("organization",)
    assert "Secret" not in f"{error}{error!r}{error.__cause__!r}"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ReadTimeout("slow"), InDoubtError),
        (ok({}, 500), InDoubtError),
        (html(), InDoubtError),
        (ok({}), InDoubtError),
        (httpx.Response(200, content=b"{"), InDoubtError),
        (ok({"errors": [{"message": "x"}]}), RecordError),
        (ok({"errors": {"message": "x"}}, 400), RecordError),
        (ok({"error": {"message": "x"}}, 422), RecordError),
        (ok({"errors": {"city": ["too long"]}}, 422), RecordError),
        (httpx.Response(400, content=b"{"), RecordError),
        (ok({"message": "unauthorized"}, 401), RecordError),
    ],
)
def test_what_an_answer_to_a_change_means(
    answer: httpx.Response | Exception, kind: type[Exception]
) -> None:
    op = updating(1, "aDa", {"email": ADA}, name="Eva")
    assert type(push(world().on(PUT, answer).connector(), op)[1].error) is kind


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (html(403), AccountError),
        (html(503), AccountError),
        (ok({"message": "no"}, 403), AccountError),
        (ok({"message": "no"}, 405), AccountError),
        (ok({"code": "invalid_api_key"}, 400), RecordError),
        (httpx.Response(429, headers={"Retry-After": "600"}), ThrottledError),
    ],
)
def test_what_stops_the_account_is_raised(answer: httpx.Response, kind: type[Exception]) -> None:
    fake = world().on(PUT, answer)
    ops = [updating(i, "aDa", {"email": ADA}, name="Eva") for i in (1, 2)]
    if kind is RecordError:  # the key opens the plan, so it is not the key
        assert isinstance(push(fake.connector(), ops[0])[1].error, RecordError)
        return
    with pytest.raises(kind):
        push(fake.connector(), *ops)
    assert len(fake.calls(PUT)) == 1


def test_a_wrong_key_stops_the_account() -> None:
    fake = world().on(PUT, refused("no", 401)).on(PLAN, refused("no", 401))
    with pytest.raises(AccountError, match="key is wrong"):
        push(fake.connector(), updating(1, "aDa", {"email": ADA}, name="Eva"))


# Tags


def test_tags_are_made_before_they_are_used() -> None:
    fake = world()
    current = {"email": ADA, "tags": frozenset({"crm"})}
    push(fake.connector(), updating(1, "aDa", current, tags=SetDelta(frozenset({"new"}))))
    order = [a.path for a in fake.asked]
    assert order.index("/tags") < order.index(PUT[1])
    assert fake.contacts["aDa"]["tags"] == ["crm", "new"]


def test_a_tag_is_never_made_twice_in_another_case() -> None:
    fake = world()
    fake.tags = ["VIP", "crm"]
    push(fake.connector(), updating(1, "aDa", {"email": ADA}, tags=SetDelta(frozenset({"vip"}))))
    assert not fake.calls(NEW_TAG)
    assert fake.contacts["aDa"]["tags"] == ["crm", "VIP"]


def test_tags_are_read_once_for_many_contacts() -> None:
    fake = world()
    ops = [
        updating(i, "aDa", {"email": ADA}, tags=SetDelta(frozenset({f"t{i % 3}"})))
        for i in range(9)
    ]
    push(fake.connector(), *ops)
    assert len(fake.calls(TAGS)) == 1
    assert len(fake.calls(NEW_TAG)) == 3


def test_tags_survive_a_platform_that_replaces_them() -> None:
    fake = world(unions_tags=False)
    fake.contacts["aDa"]["tags"] = ["crm", "b"]
    fake.tags += ["b"]
    current = {"email": ADA, "tags": frozenset({"crm", "b"})}
    delta = SetDelta(frozenset({"new"}), frozenset({"b"}))
    push(fake.connector(), updating(1, "aDa", current, tags=delta))
    assert sorted(fake.contacts["aDa"]["tags"]) == ["crm", "new"]


def test_removing_goes_by_the_call_for_it() -> None:
    fake = world()
    op = updating(1, "aDa", {"email": ADA}, tags=SetDelta(remove=frozenset({"CRM", "never"})))
    assert push(fake.connector(), op)[1].error is None
    assert fake.calls(UNTAG)[0].body == {"id": ADA, "tag_names": ["crm"]}
    assert fake.contacts["aDa"]["tags"] == []
    assert not fake.calls(PUT)


def test_a_tag_that_was_deleted_meanwhile_is_made_again() -> None:
    fake = world()
    connector = fake.connector()
    op = updating(1, "aDa", {"email": ADA}, tags=SetDelta(frozenset({"new"})))
    push(connector, op)
    fake.tags.remove("new")
    assert push(connector, replace(op, id=2))[2].error is None
    assert "new" in fake.tags


def test_a_tag_that_cannot_be_made_parks_the_contact() -> None:
    fake = world().on(NEW_TAG, refused("not allowed"))
    op = updating(1, "aDa", {"email": ADA}, tags=SetDelta(frozenset({"new"})))
    error = push(fake.connector(), op)[1].error
    assert isinstance(error, RecordError)
    assert (error.code, error.fields) == ("bad_tag", ("tags",))
    assert not fake.calls(PUT)


def test_our_own_mark_cannot_be_added_or_removed_from_outside() -> None:
    fake = world()
    tag = frozenset({"crm-optout"})
    for number, delta in enumerate((SetDelta(tag), SetDelta(remove=tag))):
        op = updating(number, "aDa", {"email": ADA}, tags=delta)
        error = push(fake.connector(), op)[number].error
        assert isinstance(error, RecordError)
        assert (error.code, error.fields) == ("reserved", ("tags",))
    assert not fake.calls(PUT)
    assert not fake.calls(UNTAG)


def test_a_tag_that_is_refused_with_200_is_no_tag() -> None:
    fake = world().on(NEW_TAG, ok({"errors": [{"message": "no"}]}))
    op = updating(1, "aDa", {"email": ADA}, tags=SetDelta(frozenset({"new"})))
    assert isinstance(push(fake.connector(), op)[1].error, RecordError)


def test_an_odd_answer_to_a_removal_leaves_it_in_doubt() -> None:
    fake = world().on(UNTAG, html())
    op = updating(1, "aDa", {"email": ADA}, tags=SetDelta(remove=frozenset({"crm"})))
    assert isinstance(push(fake.connector(), op)[1].error, InDoubtError)


# Opt-outs


def test_an_opt_out_sets_the_status_and_the_tag_before_everything_else() -> None:
    fake = world(shows_status=True)
    op = updating(1, "aDa", {"email": ADA}, name="Eva", consent=REVOKED)
    assert push(fake.connector(), op)[1].error is None
    first, second = (call.body for call in fake.calls(PUT))
    assert first == {"contact_type": "unsubscribe", "tags": ["crm-optout"]}
    assert second == {"name": "Eva"}
    assert fake.contacts["aDa"]["contact_type"] == "unsubscribe"


def test_an_opt_out_without_a_status_to_read_is_taken_for_done() -> None:
    assert (
        push(world().connector(), updating(1, "aDa", {"email": ADA}, consent=REVOKED))[1].error
        is None
    )


def test_an_opt_out_that_is_not_in_force_is_told_with_what_to_do() -> None:
    fake = world(shows_status=True, enforces_opt_outs=False)
    error = push(fake.connector(), updating(1, "aDa", {"email": ADA}, consent=REVOKED))[1].error
    assert isinstance(error, RecordError)
    assert error.code == "opt_out_not_enforced"
    assert "mail may still go out" in str(error)
    assert "choose Unsubscribe" in str(error)
    assert "crm-optout" in fake.contacts["aDa"]["tags"]


def test_an_opt_out_that_is_refused_still_leaves_the_tag() -> None:
    fake = world().on(PUT, refused("contact_type"), None)
    error = push(fake.connector(), updating(1, "aDa", {"email": ADA}, consent=REVOKED))[1].error
    assert isinstance(error, RecordError)
    assert error.code == "opt_out_not_enforced"
    assert fake.contacts["aDa"]["tags"] == ["crm", "crm-optout"]


def test_the_tag_of_opt_outs_can_be_turned_off() -> None:
    fake = world()
    op = updating(1, "aDa", {"email": ADA}, consent=REVOKED)
    push(fake.connector(optout_tag=""), op)
    assert fake.calls(PUT)[0].body == {"contact_type": "unsubscribe"}


def test_a_later_tag_keeps_the_mark_of_the_opt_out() -> None:
    fake = world(unions_tags=False)
    connector = fake.connector()
    push(connector, updating(1, "aDa", {"email": ADA}, consent=REVOKED))
    current = {"email": ADA, "consent": REVOKED, "tags": frozenset({"crm"})}
    push(connector, updating(2, "aDa", current, tags=SetDelta(frozenset({"new"}))))
    assert sorted(fake.contacts["aDa"]["tags"]) == ["crm", "crm-optout", "new"]


def test_opt_outs_go_first() -> None:
    fake = world()
    fake.add("bob@example.org", "bOb")
    ops = (
        updating(1, "bOb", {"email": "bob@example.org"}, name="Bob"),
        updating(2, "aDa", {"email": ADA}, consent=REVOKED),
    )
    push(fake.connector(), *ops)
    assert next(a.path for a in fake.asked if a.method == "PUT") == PUT[1]


def test_consent_is_never_given() -> None:
    fake = world()
    granted = Consent(Level.GRANTED, None, "syncd")
    error = push(fake.connector(), updating(1, "aDa", {"email": ADA}, consent=granted))[1].error
    assert isinstance(error, RecordError)
    assert error.code == "not_grantable"
    assert not fake.asked


def test_nobody_is_ever_deleted() -> None:
    fake = world()
    op = replace(updating(1, "aDa", {"email": ADA}), kind=OpKind.DELETE)
    error = push(fake.connector(), op)[1].error
    assert isinstance(error, RecordError)
    assert error.code == "not_deletable"
    assert not fake.asked


def suppressing(address: str) -> Op:
    return Op(1, CONTACT, OpKind.SUPPRESS, None, {"email": address}, {"email": address})


def test_an_address_opts_out_without_anybody_knowing_its_contact() -> None:
    fake = world()
    assert push(fake.connector(), suppressing(ADA))[1].error is None
    (put,) = [asked for asked in fake.asked if asked.method == "PUT"]
    assert put.path == f"/contacts/{ADA}"
    assert put.body["contact_type"] == "unsubscribe"


def test_an_address_that_nobody_bears_is_opted_out_by_doing_nothing() -> None:
    fake = world()
    people = dict(fake.contacts)
    receipt = push(fake.connector(), suppressing("nobody@example.org"))[1]
    assert receipt.error is None
    assert fake.contacts == people


def test_a_known_contact_is_never_created_or_put_on_a_list() -> None:
    fake = world()
    push(fake.connector(), updating(1, "aDa", {"email": ADA}, name="Eva"))
    assert {a.method + " " + a.path for a in fake.asked} == {
        f"PUT {PUT[1]}",
        f"{PROPERTIES[0]} {PROPERTIES[1]}",
    }


@pytest.mark.parametrize("status", ["active", "Active", "", None])
def test_no_other_status_can_ever_be_sent(status: object) -> None:
    calls = world().connector()._account.calls
    with pytest.raises(InvariantError):
        calls.upsert({"email": ADA, "contact_type": status})
    with pytest.raises(InvariantError):
        calls.batch([{"email": ADA}, {"email": ADA, "contact_type": status}])


def test_somebody_who_opted_out_is_not_created() -> None:
    op = replace(updating(1, "", {}, email=ADA, consent=REVOKED), kind=OpKind.CREATE)
    fake = Fake()
    assert isinstance(push(fake.connector(), op)[1].error, OptedOutError)
    assert not fake.contacts
    assert CONTACT.value == "contact"
