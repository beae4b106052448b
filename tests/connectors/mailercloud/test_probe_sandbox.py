"""The probe against the emulator, both ways of every assumption that it can be switched to."""

from datetime import UTC, datetime
from typing import Any

import pytest

from syncd.connectors.mailercloud import CONNECTOR
from syncd.connectors.mailercloud.assumptions import ASSUMPTIONS
from tests.connectors import probing
from tests.connectors.probing import ADDRESS, BothWays, Switches

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)

# An account that shows all that can be shown, at once.
OPEN: Switches = {
    "delete_min_age_days": 0,
    "get_shows_tags": True,
    "search_lag_s": 0.0,
    "status_in_rows": True,
    "tag_case": "insensitive",
}
BOTH: BothWays = {
    "absent-kept": ({}, {"put_absent": "clears"}),
    "delete": ({}, {"delete_min_age_days": 14}),
    "email-case": ({}, {"email_case": "sensitive"}),
    "listing-whole": ({}, {"count_includes_blocked": True}),
    "opt-out": ({}, {"put_takes_contact_type": False}),
    "reactivates": ({}, {"upsert_reactivates": False}),
    "status-hidden": ({"status_in_rows": False}, {}),
    "tag-case": ({}, {"tag_case": "sensitive"}),
    "tags-add": ({}, {"tags_write": "replace"}),
}
# What cannot be told then.
UNTOLD: dict[str, tuple[Switches, set[str]]] = {
    "the search lags": ({"search_lag_s": 300.0}, {"index-lag", "rows-complete"}),
    "no status is shown": ({"status_in_rows": False}, {"opt-out", "reactivates"}),
    "no tags are shown": (
        {"get_shows_tags": False, "tags_in_rows": "absent"},
        {"tags-add", "tag-remove"},
    ),
}
# Two ways to answer, and both are as assumed.
NO_MATTER: tuple[Switches, ...] = (
    {"unknown_field": "refuse"},
    {"batch_bad_row": "skips"},
    {"batch_bad_row": "saves_others"},
    {"create_clash": "conflict"},
    {"create_clash_scope": "list"},
    {"get_by_email": True},
    {"get_vocabulary": "classic"},
    {"vocabulary": "modern"},
    {"validation_status": 200},
)
PERSONAL = {"opt-out-scope", "reports", "acted-rows", "wrong-list", "rate"}


class Harness(probing.Harness):
    def __init__(
        self, switches: Switches | None = None, contacts: int = 40, **settings: Any
    ) -> None:
        super().__init__(CONNECTOR, NOW, contacts, {**OPEN, **(switches or {})})
        self.open(api_key=self.info["api_key"], list_id=self.info["list_id"], **settings)


@pytest.mark.parametrize("key", BOTH)
@pytest.mark.parametrize("holds", [True, False])
def test_an_assumption_holds_or_does_not_as_the_platform_is(key: str, holds: bool) -> None:
    harness = Harness(BOTH[key][0 if holds else 1])
    found = harness.probe()
    assert found[key].holds is holds, found[key].remark
    if found["delete"].holds:
        assert harness.left_no_trace()
    else:
        assert [c["email"] for c in harness.contacts() if c not in harness.before] == [ADDRESS]
        assert "remove it by hand" in found["delete"].remark


@pytest.mark.parametrize("vocabulary", ["classic", "modern"])
@pytest.mark.parametrize("style", ["classic", "modern"])
def test_names_of_fields_arrive_if_they_are_those_of_the_account(
    vocabulary: str, style: str
) -> None:
    harness = Harness({"vocabulary": vocabulary}, field_style=style)
    assert harness.probe()["vocabulary"].holds is (vocabulary == style)
    assert harness.left_no_trace()


@pytest.mark.parametrize("case", UNTOLD)
def test_what_is_not_shown_is_not_told(case: str) -> None:
    switches, untold = UNTOLD[case]
    harness = Harness(switches)
    found = harness.holding()
    assert {key for key in untold if found[key] is None} == untold
    assert harness.left_no_trace()


@pytest.mark.parametrize("switches", NO_MATTER, ids=str)
def test_two_ways_to_answer_are_both_as_assumed(switches: Switches) -> None:
    harness = Harness(switches)
    assert harness.holding() == Harness().holding()
    assert harness.left_no_trace()


def test_every_assumption_is_told_once() -> None:
    harness = Harness({"status_in_rows": False}, contacts=250)
    found = harness.holding()
    assert sorted(found) == sorted(a.key for a in ASSUMPTIONS)
    assert False not in found.values()
    untold = {key for key, holds in found.items() if holds is None}
    assert untold == PERSONAL | {"opt-out", "reactivates", "listing-whole"}
    assert harness.left_no_trace()


@pytest.mark.parametrize(("write", "adds"), [("union", True), ("replace", False)])
def test_tags_that_only_the_listing_shows_are_told_from_there(write: str, adds: bool) -> None:
    harness = Harness({"get_shows_tags": False, "tags_in_rows": "names", "tags_write": write})
    found = harness.holding()
    assert (found["tags-add"], found["tag-remove"]) == (adds, True)
