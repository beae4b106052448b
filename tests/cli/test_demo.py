"""The demo as a whole, and that its proof can fail."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from syncd.cli.demo.edits import readdressed, shows, unmailed
from syncd.cli.demo.proof import LONGEST, Finding, Said, differences, examine, twice
from syncd.cli.demo.shown import (
    GHL,
    MAILEON,
    MAILERCLOUD,
    MEMBERSHIP,
    Person,
    by_email,
    in_ghl,
    in_maileon,
    in_mailercloud,
)
from syncd.testing.control import Control

ADA = "ada@example.org"
FIELD = "x1"  # the id of GHL's custom field


def test_the_demo_proves_what_it_claims() -> None:
    command = [sys.executable, "-m", "syncd", "demo", "--contacts", "40", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["works"] is True
    assert all(finding["holds"] for finding in answer["findings"])


def ghl(membership: str | None = None, **changed: Any) -> Person:
    names = ("lastName", "address1", "postalCode", "city", "country", "dateOfBirth", "companyName")
    plain: dict[str, Any] = {
        "id": "a",
        "email": "Ada@example.org",
        "firstName": "Ada",
        "phone": None,
        "tags": [],
    }
    rest = {"dnd": False, "dndSettings": {}, "customFields": [{"id": FIELD, "value": membership}]}
    return in_ghl({**dict.fromkeys(names), **plain, **rest, **changed}, FIELD)


def maileon(custom: Mapping[str, str] | None = None, **standard: str) -> Person:
    fields = {"FIRSTNAME": "Ada", **standard}
    shown = {"id": 1, "email": ADA, "standard_fields": fields, "custom_fields": custom or {}}
    return in_maileon(shown)


def mailercloud(membership: str = "", **changed: Any) -> Person:
    names = ("last_name", "zip", "city", "country", "organization", "phone")
    plain = {"id": "c", "email": ADA, "name": "Ada", "tags": [], "contact_type": "active"}
    custom = {"custom_by_label": {"Membership": membership}}
    return in_mailercloud({**dict.fromkeys(names, ""), **plain, **custom, **changed})


def between(here: Person, there: Person, platform: str) -> list[str]:
    return list(differences({ADA: here}, {ADA: there}, platform))


def test_a_difference_is_found_on_either_platform() -> None:
    assert between(ghl(), maileon(), MAILEON) == []
    assert between(ghl(), mailercloud(), MAILERCLOUD) == []
    for field, here, names in (
        ("city", ghl(city="Oslo"), ("CITY", "city")),
        ("companyName", ghl(companyName="Müßig AG"), ("ORGANIZATION", "organization")),
    ):
        value = str(here.values[field])
        assert between(here, maileon(), MAILEON) == [f"{field} of Maileon contact 1"]
        assert between(here, mailercloud(), MAILERCLOUD) == [f"{field} of Mailercloud contact c"]
        assert between(here, maileon(None, **{names[0]: value}), MAILEON) == []
        assert between(here, mailercloud(**{names[1]: value}), MAILERCLOUD) == []


def test_custom_fields_and_tags_are_compared() -> None:
    here = ghl("gold", tags=["vip"])
    assert len(between(here, maileon(), MAILEON)) == 2
    assert len(between(here, mailercloud(), MAILERCLOUD)) == 2
    custom = {"Membership": "gold", "tags": "VIP"}
    assert between(here, maileon(custom), MAILEON) == []
    tags = ["VIP", "crm-optout"]
    assert between(here, mailercloud("gold", tags=tags), MAILERCLOUD) == []


def test_a_name_that_mailercloud_cannot_hold_is_no_difference_there_alone() -> None:
    here = ghl(firstName="x" * (LONGEST["firstName"] + 1))
    assert between(here, mailercloud(), MAILERCLOUD) == []
    assert len(between(here, maileon(), MAILEON)) == 1


def test_two_of_one_are_found() -> None:
    assert twice([ghl(), ghl(email="ADA@example.org")]) == [ADA]
    assert twice([ghl(), ghl(email=None), ghl(email=None)]) == []


def test_who_opted_out_is_not_mailable() -> None:
    assert ghl().mailable
    assert not ghl(dnd=True).mailable
    assert not ghl(dndSettings={"Email": {"status": "active"}}).mailable
    assert not ghl(dndSettings={"Email": {"status": "permanent"}}).mailable
    assert mailercloud().mailable
    assert not mailercloud(contact_type="unsubscribe").mailable


def test_an_edit_has_arrived_when_everybody_shows_it() -> None:
    now = {GHL: [ghl("gold")], MAILEON: [maileon({"Membership": "gold"})]}
    assert not shows(ADA, MEMBERSHIP, "gold")({**now, MAILERCLOUD: [mailercloud()]})
    assert not shows(ADA, MEMBERSHIP, "gold")({**now, MAILERCLOUD: []})
    assert shows(ADA, MEMBERSHIP, "gold")({**now, MAILERCLOUD: [mailercloud("gold")]})
    there = {GHL: [ghl(address1="Quay")], MAILEON: [maileon(ADDRESS="Quay")]}
    assert shows(ADA, "address1", "Quay")({**there, MAILERCLOUD: [mailercloud()]})


def test_an_opt_out_has_arrived_when_nobody_mails() -> None:
    now = {GHL: [ghl(dnd=True)], MAILEON: [], MAILERCLOUD: [mailercloud()]}
    assert not unmailed(ADA)(now)
    assert unmailed(ADA)({**now, MAILERCLOUD: [mailercloud(contact_type="unsubscribe")]})


def test_a_new_address_has_arrived_when_the_old_one_is_gone() -> None:
    moved = readdressed(ADA, "new@example.org")
    new = ghl(email="new@example.org")
    assert not moved({GHL: [new], MAILEON: [maileon()], MAILERCLOUD: [mailercloud()]})
    assert moved({GHL: [new], MAILEON: [new], MAILERCLOUD: [mailercloud()]})


SAID = Said(edits=(), opted_out=frozenset(), expected=1, listed=0, quiet=True)


@pytest.mark.parametrize(
    ("claim", "there"),
    [
        ("mailable people", []),
        ("mailable people", [mailercloud(contact_type="unsubscribe")]),
        ("field by field", [mailercloud(city="Oslo")]),
        ("there twice", [mailercloud(), mailercloud(id="d")]),
    ],
)
def test_what_does_not_hold_is_said(box: Control, claim: str, there: list[Person]) -> None:
    now = {GHL: [ghl()], MAILEON: [maileon()], MAILERCLOUD: [mailercloud()]}
    assert failed(examine(box, now, SAID)) == []
    (wrong,) = failed(examine(box, {**now, MAILERCLOUD: there}, SAID))[:1]
    assert claim in wrong.claim


def test_mail_to_who_opted_out_anywhere_is_said(box: Control) -> None:
    now = {GHL: [ghl(dnd=True)], MAILEON: [], MAILERCLOUD: [mailercloud()]}
    claims = [finding.claim for finding in failed(examine(box, now, SAID))]
    assert any("who opted out" in claim for claim in claims)
    assert by_email(now[MAILERCLOUD])[ADA].mailable


def test_what_is_not_listed_is_said(box: Control) -> None:
    long = "x" * (LONGEST["lastName"] + 1)
    now = {
        GHL: [ghl(lastName=long)],
        MAILEON: [maileon(LASTNAME=long)],
        MAILERCLOUD: [mailercloud()],
    }
    (wrong,) = failed(examine(box, now, SAID))
    assert "1 long name" in wrong.claim
    assert wrong.detail == "it lists 0"


def failed(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.holds]
