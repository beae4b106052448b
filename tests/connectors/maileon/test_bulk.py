"""Bulk calls: flags, reports, splitting, and who came into being."""

import re

import httpx
import pytest

from syncd.connectors.maileon.report import CODES
from syncd.errors import (
    AccountError,
    DuplicateError,
    InDoubtError,
    OptedOutError,
    RecordError,
    StaleError,
    TransientError,
)
from syncd.model.values import Consent, Level

from .fake import (
    BULK,
    CONTACT,
    LIST,
    LOCAL,
    REPORT,
    Asked,
    Fake,
    contact,
    contacts,
    creating,
    entries,
    entry,
    error,
    fake,
    page_of_html,
    push,
    report,
    updating,
    xml,
)

OLD = "2026-01-01 00:00:00.0"
CREATE = {
    "permission": ["1"],
    "sync_mode": ["2"],
    "use_external_id": ["false"],
    "prefer_maileon_id": ["false"],
    "ignore_invalid_contacts": ["true"],
    "override_permission": ["false"],
    "reimport_unsubscribed_contacts": ["false"],
    "update_only": ["false"],
}


def emails(body: bytes) -> list[str]:
    return re.findall(r"<email>(.*?)</email>", body.decode())


def at(email: str) -> tuple[str, str]:
    return "GET", f"/contacts/email/{email}"


def marker(email: str) -> tuple[str, str]:
    return "GET", f"/contacts/email/{email}/unsubscription"


def absent(world: Fake, email: str, *, marked: bool = False) -> Fake:
    answer = xml("<unsubscription/>") if marked else error(404)
    return world.on(at(email), error(404)).on(marker(email), answer)


def sent(world: Fake) -> list[Asked]:
    return world.calls(*BULK)


def test_every_flag_is_spelled_out() -> None:
    world = fake().on(BULK, report(1)).on(at("ada@example.org"), xml(contact(7, "ada@example.org")))
    world.on(LIST, contacts([contact(7, "ada@example.org")]))
    push(world.connector(), creating(1, "Ada@Example.org", FIRSTNAME="Ada"))
    assert sent(world)[0].query == CREATE
    assert emails(sent(world)[0].body) == ["ada@example.org"]


def test_a_permission_is_only_given_where_it_is_configured_with_its_reason() -> None:
    with pytest.raises(ValueError, match="lawful"):
        fake().connector(new_contact_permission=2)
    world = fake().on(BULK, report(1)).on(LIST, contacts([contact(7, "a@example.org")]))
    world.on(at("a@example.org"), xml(contact(7, "a@example.org")))
    connector = world.connector(new_contact_permission=2, permission_evidence="Form of 2026-01.")
    push(connector, creating(1, "a@example.org"))
    assert sent(world)[0].query["permission"] == ["2"]


def test_five_hundred_fresh_contacts_cost_a_handful_of_requests() -> None:
    rows = [contact(n, f"p{n}@example.org", external_id=f"g{n}") for n in range(500)]
    world = (
        fake().on(BULK, report(500)).on(LIST, contacts(rows)).on(at("p0@example.org"), xml(rows[0]))
    )
    ops = [creating(n, f"p{n}@example.org", external_id=f"g{n}") for n in range(500)]
    receipts = push(world.connector(), *ops)
    assert {r.remote_id for r in receipts.values()} == {str(n) for n in range(500)}
    assert len([a for a in world.asked if "fields" not in a.path]) <= 4


def test_a_contact_that_exists_is_a_duplicate_with_its_id() -> None:
    world = fake().on(BULK, report(0, 1)).on(LIST, contacts())
    world.on(at("ada@example.org"), xml(contact(7, "ada@example.org", created=OLD)))
    caught = push(world.connector(), creating(1, "ada@example.org", external_id="g"))[1].error
    assert isinstance(caught, DuplicateError)
    assert caught.remote_id == "7"


def test_old_and_new_in_one_batch_are_told_apart() -> None:
    world = fake().on(BULK, report(1, 1))
    rows = [contact(8, "new@example.org", external_id="g2")]
    world.on(LIST, contacts(rows)).on(at("new@example.org"), xml(rows[0]))
    world.on(
        at("old@example.org"), xml(contact(7, "old@example.org", external_id="g1", created=OLD))
    )
    ops = (
        creating(1, "old@example.org", external_id="g1"),
        creating(2, "new@example.org", external_id="g2"),
    )
    receipts = push(world.connector(), *ops)
    assert isinstance(receipts[1].error, DuplicateError)
    assert receipts[2].remote_id == "8"


def test_a_contact_that_somebody_else_made_meanwhile_is_a_duplicate() -> None:
    row = contact(7, "ada@example.org", created=LOCAL)
    world = (
        fake().on(BULK, report(1, 1)).on(LIST, contacts([row])).on(at("ada@example.org"), xml(row))
    )
    world.on(at("bo@example.org"), xml(contact(8, "bo@example.org", external_id="h")))
    ops = (
        creating(1, "ada@example.org", external_id="g"),
        creating(2, "bo@example.org", external_id="h"),
    )
    receipts = push(world.connector(), *ops)
    assert isinstance(receipts[1].error, DuplicateError)
    assert receipts[2].remote_id == "8"


def test_an_address_that_opted_out_is_not_created() -> None:
    world = absent(
        fake().on(BULK, report(unsubscribed=1)).on(LIST, contacts()), "a@example.org", marked=True
    )
    receipt = push(world.connector(), creating(1, "a@example.org"))[1]
    assert isinstance(receipt.error, OptedOutError)


def test_a_contact_in_the_way_is_named() -> None:
    world = fake().on(BULK, report(invalid=[("ada@example.org", 4)]))
    world.on(at("ada@example.org"), error(404))
    world.on(("GET", "/contacts/externalid/g"), contacts([contact(7, "other@example.org")]))
    caught = push(world.connector(), creating(1, "ada@example.org", external_id="g"))[1].error
    assert isinstance(caught, DuplicateError)
    assert caught.remote_id == "7"


def test_a_field_that_is_gone_is_noticed_at_once() -> None:
    world = fake().on(BULK, report(invalid=[("ada@example.org", 21)]))
    connector = world.connector()
    for n in range(2):
        push(connector, creating(n, "ada@example.org", **{"custom.a_string": "x"}))
    assert len(world.calls("GET", "/contacts/fields/custom")) == 2


@pytest.mark.parametrize(
    ("shown", "kind"), [(entry(5, "A@example.org"), OptedOutError), ("", RecordError)]
)
def test_who_of_a_call_was_skipped_is_looked_up_in_the_report(
    shown: str, kind: type[Exception]
) -> None:
    row = contact(8, "b@example.org", external_id="h")
    world = (
        fake()
        .on(BULK, report(1, unsubscribed=1))
        .on(LIST, contacts([row]))
        .on(REPORT, entries(shown))
    )
    world.on(at("b@example.org"), xml(row))
    ops = creating(1, "a@example.org"), creating(2, "b@example.org", external_id="h")
    receipts = push(absent(world, "a@example.org").connector(), *ops)
    assert type(receipts[1].error) is kind
    assert receipts[2].error is None


def test_a_platform_that_fails_is_not_asked_about_every_contact() -> None:
    world = fake().on(BULK, error(500)).on(LIST, contacts()).on(at("p0@example.org"), error(404))
    receipts = push(world.connector(), *(creating(n, f"p{n}@example.org") for n in range(200)))
    assert len(world.asked) < 60
    assert all(isinstance(r.error, InDoubtError) for r in receipts.values())


def test_an_address_that_was_skipped_as_unsubscribed_is_believed_without_a_marker() -> None:
    world = absent(fake().on(BULK, report(unsubscribed=1)).on(LIST, contacts()), "a@example.org")
    receipt = push(world.connector(), creating(1, "a@example.org"))[1]
    assert isinstance(receipt.error, OptedOutError)


def test_a_revoked_contact_is_never_sent() -> None:
    world = fake()
    op = creating(1, "a@example.org", consent=Consent(Level.REVOKED))
    assert isinstance(push(world.connector(), op)[1].error, OptedOutError)
    assert sent(world) == []


def test_the_same_address_twice_in_a_batch_is_sent_once() -> None:
    row = contact(7, "ada@example.org")
    world = fake().on(BULK, report(1)).on(LIST, contacts([row])).on(at("ada@example.org"), xml(row))
    receipts = push(
        world.connector(), creating(1, "ada@example.org"), creating(2, "ADA@example.org")
    )
    assert emails(sent(world)[0].body) == ["ada@example.org"]
    assert receipts[1].remote_id == "7"
    caught = receipts[2].error
    assert isinstance(caught, DuplicateError)
    assert caught.remote_id == "7"


@pytest.mark.parametrize("code", sorted(CODES))
def test_each_code_of_the_report_is_an_error_of_its_row(code: int) -> None:
    world = fake().on(BULK, report(invalid=[("ada@example.org", code)]))
    caught = push(world.connector(), creating(1, "ada@example.org"))[1].error
    if code in {4, 5}:
        assert isinstance(caught, DuplicateError)
    elif code == 21:
        assert isinstance(caught, StaleError)
    else:
        assert isinstance(caught, RecordError)
        assert caught.code == CODES[code][0]
    assert "ada@" not in str(caught)


def test_a_code_that_nobody_knows_is_a_refusal() -> None:
    world = fake().on(BULK, report(invalid=[("ada@example.org", 99)]))
    caught = push(world.connector(), creating(1, "ada@example.org"))[1].error
    assert isinstance(caught, RecordError)
    assert caught.code == "refused"


def test_one_bad_row_costs_one_row() -> None:
    def picky(request: httpx.Request) -> httpx.Response:
        rows = emails(request.content)
        return error(400) if "p3@example.org" in rows else report(len(rows))

    rows = [contact(n, f"p{n}@example.org") for n in range(9) if n != 3]
    world = fake().on(BULK, picky).on(LIST, contacts(rows)).on(at("p0@example.org"), xml(rows[0]))
    receipts = push(world.connector(), *(creating(n, f"p{n}@example.org") for n in range(9)))
    assert [n for n, r in receipts.items() if r.error] == [3]
    assert isinstance(receipts[3].error, RecordError)


def test_a_row_on_which_the_platform_fails_costs_one_row() -> None:
    def poisoned(request: httpx.Request) -> httpx.Response:
        rows = emails(request.content)
        return error(500) if "p3@example.org" in rows else report(len(rows))

    rows = [contact(n, f"p{n}@example.org", external_id=f"g{n}") for n in range(8) if n != 3]
    world = (
        fake().on(BULK, poisoned).on(LIST, contacts(rows)).on(at("p0@example.org"), xml(rows[0]))
    )
    ops = [creating(n, f"p{n}@example.org", external_id=f"g{n}") for n in range(8)]
    receipts = push(world.connector(), *ops)
    assert [n for n, r in receipts.items() if r.error] == [3]
    caught = receipts[3].error
    assert isinstance(caught, RecordError)
    assert caught.code == "platform_fails"


def test_a_platform_that_refuses_everything_is_not_asked_row_by_row() -> None:
    world = fake().on(BULK, error(400))
    receipts = push(world.connector(), *(creating(n, f"p{n}@example.org") for n in range(100)))
    assert len(world.asked) < 40
    refused = [r for r in receipts.values() if isinstance(r.error, RecordError)]
    assert len(refused) == 8
    assert all(isinstance(r.error, RecordError | TransientError) for r in receipts.values())


def test_a_lost_answer_is_asked_for_again_with_the_same_body() -> None:
    row = contact(7, "ada@example.org", external_id="g")
    world = fake().on(BULK, httpx.ReadTimeout("slow"), report(0, 1))
    world.on(LIST, contacts([row])).on(at("ada@example.org"), xml(row))
    receipts = push(world.connector(), creating(1, "ada@example.org", external_id="g"))
    assert receipts[1].remote_id == "7"
    assert len({call.body for call in sent(world)}) == 1
    assert world.slept == [2.0]
    assert len(sent(world)) == 2


@pytest.mark.parametrize(
    "odd", [page_of_html(), xml("<report><succ"), xml("<other/>"), xml("<report/>"), xml("")]
)
def test_an_answer_that_makes_no_sense_leaves_a_create_in_doubt(odd: httpx.Response) -> None:
    world = absent(fake().on(BULK, odd).on(LIST, contacts()), "ada@example.org")
    receipt = push(world.connector(), creating(1, "ada@example.org"))[1]
    assert isinstance(receipt.error, InDoubtError)
    assert len(sent(world)) == 2


def test_a_refused_key_during_the_look_afterwards_leaves_doubt_and_stops() -> None:
    world = fake().on(BULK, report(2)).on(at("a@example.org"), error(401))
    ops = [creating(1, "a@example.org"), creating(2, "b@example.org")]
    receipts = world.connector().push(CONTACT, ops)
    assert [type(next(receipts).error) for _ in ops] == [InDoubtError, InDoubtError]
    with pytest.raises(AccountError):
        next(receipts)


def test_a_large_batch_is_split_by_bytes() -> None:
    rows = [contact(n, f"p{n}@example.org") for n in range(900)]
    world = fake().on(BULK, lambda r: report(len(emails(r.content)))).on(LIST, contacts(rows))
    world.on(at("p0@example.org"), xml(rows[0]))
    long = {f"{name}": "ü" * 255 for name in ("FIRSTNAME", "LASTNAME", "CITY", "TITLE", "REGION")}
    long |= dict.fromkeys(("ADDRESS", "HNR", "ZIP", "STATE", "FULLNAME"), "ü" * 255)
    push(world.connector(), *(creating(n, f"p{n}@example.org", **long) for n in range(900)))
    assert len(sent(world)) == 2
    assert all(len(call.body) < 4_100_000 for call in sent(world))


def updates(count: int) -> list[object]:
    return [updating(n, str(n), f"p{n}@example.org", CITY="Ulm") for n in range(count)]


def test_ten_updates_go_in_one_call_that_can_create_nobody() -> None:
    world = fake().on(BULK, report(0, 10))
    receipts = push(world.connector(), *updates(10))  # type: ignore[arg-type]
    assert {r.remote_id for r in receipts.values()} == {str(n) for n in range(10)}
    query = sent(world)[0].query
    assert (query["update_only"], query["prefer_maileon_id"], query["sync_mode"]) == (
        ["true"],
        ["true"],
        ["1"],
    )
    assert (query["override_permission"], query["reimport_unsubscribed_contacts"]) == (
        ["false"],
        ["false"],
    )
    assert b"<id>3</id><email>p3@example.org</email>" in sent(world)[0].body


def test_nine_updates_or_a_switch_send_them_one_by_one() -> None:
    for count, settings in ((9, {}), (12, {"bulk_updates": False})):
        world = fake().on(("PUT", "/contacts/contact"), xml("", 200))
        push(world.connector(**settings), *updates(count))  # type: ignore[arg-type]
        assert (len(sent(world)), len(world.calls("PUT", "/contacts/contact"))) == (0, count)


def test_counts_that_leave_an_update_open_are_settled_by_a_look() -> None:
    def shown(request: httpx.Request) -> httpx.Response:
        remote_id = int(request.url.params["id"])
        if remote_id == 3:
            return error(404)
        return xml(contact(remote_id, standard={"CITY": "Ulm" if remote_id != 4 else "Old"}))

    world = fake().on(BULK, report(0, 8)).on(("GET", "/contacts/contact"), shown)
    receipts = push(world.connector(), *updates(10))  # type: ignore[arg-type]
    assert isinstance(receipts[3].error, StaleError)
    assert isinstance(receipts[4].error, InDoubtError)
    assert [n for n, r in receipts.items() if r.error] == [3, 4]
