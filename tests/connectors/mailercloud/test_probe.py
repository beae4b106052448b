"""The probe, and that the document lists what it tries."""

import re
from pathlib import Path

import pytest

from syncd.connectors.mailercloud.assumptions import ASSUMPTIONS
from syncd.connectors.mailercloud.config import SETTINGS_HELP
from syncd.errors import AccountError, ConfigError, InDoubtError
from syncd.model.probe import Finding

from .fake import BATCH, CREATE, LIST, UPSERT, Fake, html, ok, refused

DOC = Path(__file__).parents[3] / "docs" / "connect-mailercloud.md"
ADDRESS = "probe@example.org"


def probed(fake: Fake) -> dict[str, Finding]:
    return {f.assumption.key: f for f in fake.connector().probe(ADDRESS)}


def test_every_assumption_gets_one_finding_and_the_contact_goes() -> None:
    fake = Fake()
    fake.add("bob@example.org", "bOb", city="Ulm", tags=["crm"])
    before = dict(fake.contacts["bOb"])
    found = probed(fake)
    assert set(found) == {assumption.key for assumption in ASSUMPTIONS}
    assert list(fake.contacts) == ["bOb"]
    assert fake.contacts["bOb"] == before
    assert not any(a.path.startswith("/campaign") for a in fake.asked)
    refuted = {key for key, finding in found.items() if finding.holds is False}
    assert refuted == {"tag-case"}  # the fake matches tags letter by letter
    assert found["opt-out"].holds is None
    assert found["delete"].holds is True


def test_what_is_shown_is_judged() -> None:
    fake = Fake(shows_status=True, enforces_opt_outs=False, unions_tags=False)
    found = probed(fake)
    assert found["status-hidden"].holds is False
    assert found["opt-out"].holds is False
    assert found["tags-add"].holds is False


def test_no_remark_holds_the_address() -> None:
    assert all(ADDRESS not in f.remark for f in probed(Fake(shows_status=True)).values())


def test_an_address_that_exists_is_not_touched() -> None:
    for fake in (Fake(elsewhere={ADDRESS}), Fake()):
        if not fake.elsewhere:
            fake.add(ADDRESS)
        contacts = {i: dict(c) for i, c in fake.contacts.items()}
        with pytest.raises(ConfigError, match="exists already"):
            list(fake.connector().probe(ADDRESS))
        assert fake.contacts == contacts
        writes = {a.path for a in fake.asked if a.method != "GET" and "search" not in a.path}
        assert writes <= {"/contacts"}


def test_a_lost_create_is_told_and_nothing_is_deleted() -> None:
    fake = Fake().on(CREATE, html())
    connector = fake.connector()
    with pytest.raises(InDoubtError):
        list(connector.probe(ADDRESS))
    assert not any(a.method == "DELETE" for a in fake.asked)
    assert any("may have been made" in remark for remark in connector.check().remarks)


def test_what_cannot_be_removed_is_told() -> None:
    fake = Fake().on(("DELETE", "/contacts/cOn00000"), refused("too young"))
    finding = probed(fake)["delete"]
    assert finding.holds is False
    assert "remove it by hand" in finding.remark


def test_the_contact_goes_after_an_error_too() -> None:
    fake = Fake().on(BATCH, html(403))
    with pytest.raises(AccountError):
        probed(fake)
    assert not fake.contacts


def test_the_contact_goes_if_nobody_reads_on() -> None:
    fake = Fake()
    findings = fake.connector().probe(ADDRESS)
    for _ in range(4):
        next(findings)
    findings.close()  # type: ignore[attr-defined]
    assert not fake.contacts


def test_a_refusal_tells_nothing() -> None:
    found = probed(Fake().on(UPSERT, refused("no")))
    assert found["same-id"].holds is None
    assert found["email-case"].holds is None


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError):
        Fake().connector().probe("nobody")


def test_a_create_without_an_id_is_found_again() -> None:
    fake = Fake()

    def answer(request: object) -> object:
        fake.add(ADDRESS)
        return ok({"message": "created"})

    fake.on(CREATE, answer, None)  # type: ignore[arg-type]
    assert probed(fake)["delete"].holds is True
    assert not fake.contacts


def test_the_document_lists_the_assumptions_as_they_are() -> None:
    text = DOC.read_text("utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) \| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    listed = [(key, what, otherwise) for key, what, otherwise, _ in rows]
    assert listed == [(a.key, a.text, a.otherwise) for a in ASSUMPTIONS]
    assert all(probe for *_, probe in rows)


def test_the_document_has_every_setting() -> None:
    text = DOC.read_text("utf-8")
    named = re.findall(r"^\| `([a-z_]+)`(?:, `([a-z_]+)`)? \|", text, re.MULTILINE)
    assert set(SETTINGS_HELP) <= {name for pair in named for name in pair}
    assert LIST not in text or "AbCdEf" in text
