"""The probe against the sandbox, both ways of every assumption that it can be switched to."""

import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from syncd.connectors.api import Probing
from syncd.connectors.ghl import CONNECTOR
from syncd.connectors.ghl.assumptions import ASSUMPTIONS
from syncd.errors import ConfigError, InDoubtError, TransientError
from tests.connectors import probing
from tests.connectors.probing import ADDRESS, BothWays, Watching, listed_in

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)

BOTH: BothWays = {
    "create-refused": ({}, {"create_422_still_creates": 1.0}),
    "duplicate-at-once": ({}, {"duplicate_lags": True}),
    "create-twice": ({}, {"allow_duplicates": True}),
    "create-opted-out": ({}, {"create_takes_dnd": False}),
    "dnd-partial": ({}, {"dnd_settings_write": "replace"}),
    "dnd-rcs": ({"rcs_in_writes": True}, {}),
    "dnd-permanent": ({}, {"permanent_can_be_lifted": True}),
    "dnd-flag": ({}, {"dnd_flag_moves_channels": True}),
    "bump-tags": ({}, {"bump_on_tags": False}),
    "bump-dnd": ({}, {"bump_on_dnd": False}),
    "index-lag": ({"index_lag_s": 110.0}, {"index_lag_s": 130.0}),
    "index-lag-tags": ({"tag_index_lag_s": 110.0}, {"tag_index_lag_s": 130.0}),
    "index-lag-gone": ({"delete_lag_s": 110.0}, {"delete_lag_s": 130.0}),
    "page-size": ({}, {"page_most": 10}),
    "list-sort": ({}, {"list_takes_sort": True}),
    "rows-dnd": ({}, {"rows_without_dnd_settings": True}),
    "rows-custom": ({}, {"rows_without_custom_fields": True}),
    "not-clearable": ({}, {"clear_not_nullable": True}),
    "company": ({}, {"company_in_updates": True}),
    "email-alone": ({}, {"first_email_alone": True}),
    "custom-clears": ({}, {"custom_empty_clears": False}),
    "custom-unknown": ({}, {"unknown_custom_field": "refuse"}),
    "text-256": ({}, {"text_length": 100}),
    "fractions": ({"numerical_keeps_fractions": True}, {}),
    "unknown-contact": ({}, {"gone_text": "bare"}),
}
PERSONAL = {"dnd-time", "dnd-unsubscribe", "search-after", "rate"}  # no call can tell


class Harness(probing.Harness):
    def __init__(self, contacts: int = 40, **switches: Any) -> None:
        super().__init__(CONNECTOR, NOW, contacts, switches)
        self.open(page_size=20)

    def open(self, transport: httpx.BaseTransport | None = None, **settings: Any) -> None:
        ours = {"token": self.info["token"], "location_id": self.info["location_id"]}
        super().open(transport, **ours | settings)


def test_the_connector_can_be_probed() -> None:
    assert isinstance(Harness().connector, Probing)


@pytest.mark.parametrize("key", BOTH)
@pytest.mark.parametrize("holds", [True, False])
def test_an_assumption_holds_or_does_not_as_the_platform_is(key: str, holds: bool) -> None:
    switches = BOTH[key][0 if holds else 1]
    harness = Harness(**switches)
    found = harness.probe()
    assert found[key].holds is holds, found[key].remark
    assert harness.left_no_trace()
    neutral = {**Harness().holding(), key: holds}
    others = {k: f.holds for k, f in found.items() if f.holds != neutral[k]}
    assert others.keys() <= {
        "rows-names",
        "rows-dnd",
        "rows-custom",
        "index-lag-tags",
        "index-lag-gone",
    }


def test_every_assumption_is_told_once_and_all_but_four_without_a_person() -> None:
    harness = Harness(rcs_in_writes=True, numerical_keeps_fractions=True)
    findings = list(harness.findings())
    assert sorted(f.assumption.key for f in findings) == sorted(a.key for a in ASSUMPTIONS)
    assert {f.assumption.key for f in findings if f.holds is not True} == PERSONAL
    assert all(f.remark.startswith("cannot be told by the API") for f in findings if not f.holds)
    assert not any(ADDRESS in f.remark for f in findings)
    assert harness.left_no_trace()


def test_the_contact_is_opted_out_of_everything_that_could_reach_anybody() -> None:
    harness = Harness(dnd_settings_write="replace")
    for finding in harness.findings():
        made = [c for c in harness.contacts() if c["email"] == ADDRESS]
        for contact in made:
            assert contact["phone"] is None
            assert contact["dndSettings"]["Email"]["status"] == "active", finding.assumption.key


def test_an_empty_location_without_custom_fields_tells_less_and_breaks_nothing() -> None:
    harness = Harness(contacts=0)
    found = harness.probe()
    untold = {key for key, finding in found.items() if finding.holds is None}
    custom = {"answer-custom", "custom-merged", "custom-clears", "text-256", "fractions"}
    assert untold == PERSONAL | custom | {"rows-custom", "page-size"}
    assert harness.left_no_trace()


def test_an_address_that_somebody_has_is_not_touched() -> None:
    harness = Harness()
    taken = str(harness.before[0]["email"])
    with pytest.raises(ConfigError, match="exists already"):
        list(harness.findings(taken))
    assert harness.left_no_trace()
    assert not harness.box.world.writes["ghl"]


def test_an_address_that_is_none_makes_nobody() -> None:
    harness = Harness()
    with pytest.raises(ConfigError, match="not taken"):
        list(harness.findings("nobody"))
    assert harness.left_no_trace()


@pytest.mark.parametrize("after", range(0, 20, 3))
def test_the_contact_goes_after_an_error_too(after: int) -> None:
    harness = Harness()
    harness.break_down(
        kind="status", method="GET", path="^/contacts/", status=503, after=after, times=5
    )
    with pytest.raises(TransientError):
        harness.probe()
    assert harness.left_no_trace()


def test_the_contact_goes_if_nobody_reads_on() -> None:
    harness = Harness()
    findings = harness.findings()
    for _ in range(9):
        next(findings)
    findings.close()  # type: ignore[attr-defined]
    assert harness.left_no_trace()


@pytest.mark.parametrize("kind", ["lost_answer", "truncated", "status_after"])
def test_a_create_whose_answer_is_lost_is_found_and_removed(kind: str) -> None:
    harness = Harness()
    harness.break_down(kind=kind, method="POST", path="^/contacts/$", after=1, times=1)
    with pytest.raises((InDoubtError, TransientError)):
        harness.probe()
    assert harness.left_no_trace()


def test_a_second_contact_that_should_have_been_refused_is_removed_too() -> None:
    """The location says that it refuses duplicates, and then makes one."""
    harness = Harness()
    findings = harness.findings()
    found = []
    for finding in findings:
        found.append(finding)
        allows = finding.assumption.key == "search-after"
        harness.box.platform("ghl").configure({"allow_duplicates": allows})
        if allows:
            says_no = '{"location": {"settings": {"allowDuplicateContact": false}}}'
            harness.break_down(kind="body", method="GET", path="^/locations/[^/]+$", body=says_no)
    twice = next(f for f in found if f.assumption.key == "create-twice")
    assert twice.holds is False
    assert harness.left_no_trace()


def test_what_cannot_be_removed_is_told_with_its_id() -> None:
    harness = Harness()
    harness.break_down(kind="status", method="DELETE", path="^/contacts/", status=403, body="{}")
    found = harness.probe()
    (left,) = [c for c in harness.contacts() if c["email"] == ADDRESS]
    assert found["delete"].holds is False
    assert left["id"] in found["delete"].remark
    assert "remove it by hand" in found["delete"].remark


def test_a_scope_that_is_missing_for_one_look_stops_no_other() -> None:
    harness = Harness()
    act = harness.box.platform("ghl").act
    scopes = ["contacts.readonly", "contacts.write", "locations/customFields.readonly"]
    token = act("make_token", {"kind": "pit", "scopes": scopes})["token"]
    harness.open(token=token)
    found = harness.probe()
    assert found["create-twice"].holds is None
    assert found["delete"].holds is True


def test_nothing_is_sent_that_is_forbidden() -> None:
    harness = Harness()
    asked: list[str] = []

    def watch(request: httpx.Request) -> None:
        asked.append(f"{request.method} {request.url.path.removeprefix('/ghl')}")

    harness.open(Watching(harness.box, watch))
    harness.probe()
    others = {contact["id"] for contact in harness.before}
    writes = [one for one in asked if not one.startswith("GET") and "/search" not in one]
    assert writes
    assert not any(contact_id in one for one in writes for contact_id in others)
    known = r"POST /contacts/|(PUT|DELETE) /contacts/\w{20}|POST /contacts/\w{20}/tags"
    assert all(re.fullmatch(known, one) for one in writes)


def test_the_document_lists_the_assumptions_as_they_are() -> None:
    listed = [(a.key, a.text, a.otherwise) for a in ASSUMPTIONS]
    assert listed_in("connect-ghl.md") == listed
