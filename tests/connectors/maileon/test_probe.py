"""The probe against the sandbox, both ways of every assumption that it can be switched to."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from syncd.connectors.api import Probing
from syncd.connectors.maileon import CONNECTOR
from syncd.connectors.maileon.assumptions import ASSUMPTIONS
from syncd.errors import ConfigError, TransientError
from tests.connectors import probing
from tests.connectors.probing import ADDRESS, BothWays, Switches, Watching, listed_in

NOW = datetime(2026, 8, 20, 9, 0, tzinfo=UTC)

BOTH: BothWays = {
    "zone": ({}, {"server_zone": "America/New_York"}),
    "feed-zone": ({}, {"updated_after_zone": "UTC"}),
    "bump-external-id": ({}, {"bump_on_external_id": False}),
    "bump-identical": ({}, {"bump_on_identical_write": True}),
    "delete-marker": ({}, {"delete_removes_marker": True}),
    "marker-existing": ({}, {"marker_skips_existing": True}),
    "email-case": ({}, {"email_case": "sensitive"}),
    "put-missing": ({}, {"put_missing_status": 400}),
    "empty-clears": ({}, {"empty_value": "keeps"}),
    "bulk-absent-kept": ({}, {"bulk_absent": "clears"}),
    "update-missing": ({}, {"update_only_missing": "invalid"}),
    "bulk-email": ({}, {"bulk_changes_email": True}),
    "checksum": ({}, {"checksum_needed": False}),
    "update-without-id": ({}, {"put_needs_id": False}),
    "old-paths": ({"old_paths": "missing"}, {"old_paths": "work"}),
    "plain-json": ({}, {"plain_json": True}),
}
PERSONAL = {
    "bump-others",
    "list-stable",
    "rate",
    "bulk-size",
    "email-unique",
    "email-in-use",
    "put-permission",
    "report-keeps",
    "marker-wiped",
}  # no call on one contact without consent can tell
# What the permission of the probe's contact, or the rules for a probe, keep from being told.
SWITCHES_THAT_DO_NOT_SHOW: tuple[Switches, ...] = (
    {"put_permission_default": "none"},
    {"email_in_use_status": 409},
    {"identity": "external_id"},
    {"list_order": "shuffled"},
    {"single_post_recreates": False},
    {"bump_on_permission": False},
    {"anonymise_unsubscribers_after_s": 1},
)


class Harness(probing.Harness):
    def __init__(self, contacts: int = 40, **switches: Any) -> None:
        super().__init__(CONNECTOR, NOW, contacts, switches)
        self.open()

    def open(self, transport: httpx.BaseTransport | None = None, **settings: Any) -> None:
        ours = {"api_key": self.info["api_key"], "time_zone": "Europe/Berlin"}
        super().open(transport, **ours | settings)

    def opt_outs(self) -> dict[str, Any]:
        return self.box.platform("maileon").act("opt_outs", {})


def test_the_connector_can_be_probed() -> None:
    assert isinstance(Harness().connector, Probing)


@pytest.mark.parametrize("key", BOTH)
@pytest.mark.parametrize("holds", [True, False])
def test_an_assumption_holds_or_does_not_as_the_platform_is(key: str, holds: bool) -> None:
    harness = Harness(**BOTH[key][0 if holds else 1])
    found = harness.probe()
    assert found[key].holds is holds, found[key].remark
    assert harness.left_no_trace()
    wanted = Harness().holding() | {key: holds}
    assert {k: f.holds for k, f in found.items()} == wanted


@pytest.mark.parametrize("switches", SWITCHES_THAT_DO_NOT_SHOW, ids=str)
def test_what_the_probe_cannot_see_leaves_every_answer_as_it_is(switches: Switches) -> None:
    harness = Harness(**switches)
    assert harness.holding() == Harness().holding()
    assert harness.left_no_trace()


def test_a_type_that_cannot_be_emptied_is_named() -> None:
    found = Harness(empty_value="strings_only").probe()
    assert found["empty-clears"].holds is False
    assert "date (refused)" in found["empty-clears"].remark


def test_every_assumption_is_told_once() -> None:
    harness = Harness()
    findings = list(harness.findings())
    assert sorted(f.assumption.key for f in findings) == sorted(a.key for a in ASSUMPTIONS)
    assert {f.assumption.key for f in findings if f.holds is not True} == PERSONAL
    assert all(f.remark.startswith("cannot be told by the API") for f in findings if not f.holds)
    assert not any(ADDRESS in f.remark for f in findings)
    assert harness.left_no_trace()


def test_only_the_marker_of_its_own_address_stays() -> None:
    harness = Harness()
    before = harness.opt_outs()
    harness.probe()
    after = harness.opt_outs()
    assert {key: after[key] for key in after if key != "markers"} == {
        key: before[key] for key in before if key != "markers"
    }
    assert len(after["markers"]) == len(before["markers"]) + 1
    assert ADDRESS in str(after["markers"])
    assert harness.box.platform("maileon").act("doi_mails", {}) == {"doi_mails": []}


def test_the_contact_can_never_be_mailed_even_where_new_contacts_can() -> None:
    harness = Harness()
    harness.open(new_contact_permission=4, permission_evidence="signed forms")
    for finding in harness.findings():
        ours = [c for c in harness.contacts() if "syncd-probe" in c["email"]]
        assert all(c["permission"] == 1 for c in ours), finding.assumption.key


def test_an_account_without_custom_fields_tells_less_and_breaks_nothing() -> None:
    harness = Harness(contacts=0)
    harness.box.platform("maileon").reset()
    found = harness.probe()
    assert {k for k, f in found.items() if f.holds is None} == PERSONAL | {"empty-clears"}
    assert harness.contacts() == []


def test_an_address_that_somebody_has_is_not_touched() -> None:
    harness = Harness()
    taken = str(harness.before[0]["email"])
    with pytest.raises(ConfigError, match="exists already"):
        list(harness.findings(taken))
    assert harness.left_no_trace()
    assert not harness.box.world.writes["maileon"]


def test_an_address_that_opted_out_is_not_touched() -> None:
    harness = Harness()
    harness.probe()
    written = harness.box.world.writes["maileon"]
    with pytest.raises(ConfigError, match="probed with before"):
        harness.probe()
    assert harness.box.world.writes["maileon"] == written


def test_an_address_that_is_none_makes_nobody() -> None:
    with pytest.raises(ConfigError, match="no e-mail address"):
        Harness().findings("nobody")


def test_a_marker_that_everybody_has_is_told() -> None:
    harness = Harness()
    path = "^/contacts/email/[^/]+/unsubscription$"
    harness.break_down(kind="status", method="GET", path=path, status=200, body="<unsubscription/>")
    assert harness.probe()["marker-absent"].holds is False
    assert harness.left_no_trace()


@pytest.mark.parametrize("after", range(0, 18, 3))
def test_the_contact_goes_after_an_error_too(after: int) -> None:
    harness = Harness()
    path = "^/contacts/contact$"
    harness.break_down(kind="status", method="GET", path=path, status=503, after=after, times=5)
    with pytest.raises(TransientError):
        harness.probe()
    assert harness.left_no_trace()


def test_the_contact_goes_if_nobody_reads_on() -> None:
    harness = Harness()
    findings = harness.findings()
    for _ in range(6):
        next(findings)
    findings.close()  # type: ignore[attr-defined]
    assert harness.left_no_trace()


@pytest.mark.parametrize("kind", ["lost_answer", "truncated", "status_after"])
def test_a_create_whose_answer_is_lost_is_found_and_removed(kind: str) -> None:
    harness = Harness()
    harness.break_down(kind=kind, method="POST", path="^/contacts$", times=1, status=502)
    with pytest.raises(TransientError):
        harness.probe()
    assert harness.left_no_trace()


def test_what_cannot_be_removed_is_told_with_its_id() -> None:
    harness = Harness()
    harness.break_down(kind="status", method="DELETE", path="^/contacts/contact$", status=403)
    found = harness.probe()
    (left,) = [c for c in harness.contacts() if c["email"] == ADDRESS]
    assert found["delete"].holds is False
    assert str(left["id"]) in found["delete"].remark
    assert "remove it by hand" in found["delete"].remark
    absence = {"put-missing", "stale-id", "update-missing", "delete-marker", "marker-guards"}
    assert {found[key].holds for key in absence} == {None}


def test_no_other_contact_is_ever_named_in_a_write() -> None:
    harness = Harness()
    written: list[str] = []

    def watch(request: httpx.Request) -> None:
        if request.method != "GET":
            written.append(f"{request.url} {request.content.decode()}")

    harness.open(Watching(harness.box, watch))
    harness.probe()
    assert written
    others = {str(contact["id"]) for contact in harness.before} | {
        c["email"] for c in harness.before
    }
    assert not [one for one in written for other in others if other in one]


def test_the_document_lists_the_assumptions_as_they_are() -> None:
    listed = [(a.key, a.text, a.otherwise) for a in ASSUMPTIONS]
    assert listed_in("connect-maileon.md") == listed
