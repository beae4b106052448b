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


class Rig(probing.Rig):
    def __init__(self, contacts: int = 40, **switches: Any) -> None:
        super().__init__(CONNECTOR, NOW, contacts, switches)
        self.open()

    def open(self, transport: httpx.BaseTransport | None = None, **settings: Any) -> None:
        ours = {"api_key": self.info["api_key"], "time_zone": "Europe/Berlin"}
        super().open(transport, **ours | settings)

    def opt_outs(self) -> dict[str, Any]:
        return self.box.platform("maileon").act("opt_outs", {})


def test_the_connector_can_be_probed() -> None:
    assert isinstance(Rig().connector, Probing)


@pytest.mark.parametrize("key", BOTH)
@pytest.mark.parametrize("holds", [True, False])
def test_an_assumption_holds_or_does_not_as_the_platform_is(key: str, holds: bool) -> None:
    rig = Rig(**BOTH[key][0 if holds else 1])
    found = rig.probe()
    assert found[key].holds is holds, found[key].remark
    assert rig.left_no_trace()
    wanted = Rig().holding() | {key: holds}
    assert {k: f.holds for k, f in found.items()} == wanted


@pytest.mark.parametrize("switches", SWITCHES_THAT_DO_NOT_SHOW, ids=str)
def test_what_the_probe_cannot_see_leaves_every_answer_as_it_is(switches: Switches) -> None:
    rig = Rig(**switches)
    assert rig.holding() == Rig().holding()
    assert rig.left_no_trace()


def test_a_type_that_cannot_be_emptied_is_named() -> None:
    found = Rig(empty_value="strings_only").probe()
    assert found["empty-clears"].holds is False
    assert "date (refused)" in found["empty-clears"].remark


def test_every_assumption_is_told_once() -> None:
    rig = Rig()
    findings = list(rig.findings())
    assert sorted(f.assumption.key for f in findings) == sorted(a.key for a in ASSUMPTIONS)
    assert {f.assumption.key for f in findings if f.holds is not True} == PERSONAL
    assert all(f.remark.startswith("cannot be told by the API") for f in findings if not f.holds)
    assert not any(ADDRESS in f.remark for f in findings)
    assert rig.left_no_trace()


def test_only_the_marker_of_its_own_address_stays() -> None:
    rig = Rig()
    before = rig.opt_outs()
    rig.probe()
    after = rig.opt_outs()
    assert {key: after[key] for key in after if key != "markers"} == {
        key: before[key] for key in before if key != "markers"
    }
    assert len(after["markers"]) == len(before["markers"]) + 1
    assert ADDRESS in str(after["markers"])
    assert rig.box.platform("maileon").act("doi_mails", {}) == {"doi_mails": []}


def test_the_contact_can_never_be_mailed_even_where_new_contacts_can() -> None:
    rig = Rig()
    rig.open(new_contact_permission=4, permission_evidence="signed forms")
    for finding in rig.findings():
        ours = [c for c in rig.contacts() if "syncd-probe" in c["email"]]
        assert all(c["permission"] == 1 for c in ours), finding.assumption.key


def test_an_account_without_custom_fields_tells_less_and_breaks_nothing() -> None:
    rig = Rig(contacts=0)
    rig.box.platform("maileon").reset()
    found = rig.probe()
    assert {k for k, f in found.items() if f.holds is None} == PERSONAL | {"empty-clears"}
    assert rig.contacts() == []


def test_an_address_that_somebody_has_is_not_touched() -> None:
    rig = Rig()
    taken = str(rig.before[0]["email"])
    with pytest.raises(ConfigError, match="exists already"):
        list(rig.findings(taken))
    assert rig.left_no_trace()
    assert not rig.box.world.writes["maileon"]


def test_an_address_that_opted_out_is_not_touched() -> None:
    rig = Rig()
    rig.probe()
    written = rig.box.world.writes["maileon"]
    with pytest.raises(ConfigError, match="probed with before"):
        rig.probe()
    assert rig.box.world.writes["maileon"] == written


def test_an_address_that_is_none_makes_nobody() -> None:
    with pytest.raises(ConfigError, match="no e-mail address"):
        Rig().findings("nobody")


def test_a_marker_that_everybody_has_is_told() -> None:
    rig = Rig()
    path = "^/contacts/email/[^/]+/unsubscription$"
    rig.break_down(kind="status", method="GET", path=path, status=200, body="<unsubscription/>")
    assert rig.probe()["marker-absent"].holds is False
    assert rig.left_no_trace()


@pytest.mark.parametrize("after", range(0, 18, 3))
def test_the_contact_goes_after_an_error_too(after: int) -> None:
    rig = Rig()
    path = "^/contacts/contact$"
    rig.break_down(kind="status", method="GET", path=path, status=503, after=after, times=5)
    with pytest.raises(TransientError):
        rig.probe()
    assert rig.left_no_trace()


def test_the_contact_goes_if_nobody_reads_on() -> None:
    rig = Rig()
    findings = rig.findings()
    for _ in range(6):
        next(findings)
    findings.close()  # type: ignore[attr-defined]
    assert rig.left_no_trace()


@pytest.mark.parametrize("kind", ["lost_answer", "truncated", "status_after"])
def test_a_create_whose_answer_is_lost_is_found_and_removed(kind: str) -> None:
    rig = Rig()
    rig.break_down(kind=kind, method="POST", path="^/contacts$", times=1, status=502)
    with pytest.raises(TransientError):
        rig.probe()
    assert rig.left_no_trace()


def test_what_cannot_be_removed_is_told_with_its_id() -> None:
    rig = Rig()
    rig.break_down(kind="status", method="DELETE", path="^/contacts/contact$", status=403)
    found = rig.probe()
    (left,) = [c for c in rig.contacts() if c["email"] == ADDRESS]
    assert found["delete"].holds is False
    assert str(left["id"]) in found["delete"].remark
    assert "remove it by hand" in found["delete"].remark
    absence = {"put-missing", "stale-id", "update-missing", "delete-marker", "marker-guards"}
    assert {found[key].holds for key in absence} == {None}


def test_no_other_contact_is_ever_named_in_a_write() -> None:
    rig = Rig()
    written: list[str] = []

    def watch(request: httpx.Request) -> None:
        if request.method != "GET":
            written.append(f"{request.url} {request.content.decode()}")

    rig.open(Watching(rig.box, watch))
    rig.probe()
    assert written
    others = {str(contact["id"]) for contact in rig.before} | {c["email"] for c in rig.before}
    assert not [one for one in written for other in others if other in one]


def test_the_document_lists_the_assumptions_as_they_are() -> None:
    listed = [(a.key, a.text, a.otherwise) for a in ASSUMPTIONS]
    assert listed_in("connect-maileon.md") == listed
