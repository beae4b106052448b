"""`check --probe`: asks, tries, cleans up, and tells what holds."""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from syncd.cli import probe as probing
from syncd.cli.context import CommandContext
from syncd.connectors.ghl.assumptions import ASSUMPTIONS as GHL
from syncd.connectors.maileon.assumptions import ASSUMPTIONS as MAILEON
from syncd.errors import ConfigError, TransientError
from syncd.model.probe import Assumption, Finding
from syncd.store import database, leases
from tests.cli.conftest import Place

SURE = Assumption("sure", "It is so.", "It would be otherwise.")
UNSURE = Assumption("unsure", "It may be so.", "Set `this` to that.")


class Stub:
    """A connector that says what it is told to."""

    assumptions: ClassVar[Sequence[Assumption]] = (SURE, UNSURE)

    def __init__(self, *found: Finding | BaseException) -> None:
        self.found = found
        self.asked: list[str] = []
        self.cleaned_up = False

    def probe(self, address: str) -> Iterator[Finding]:
        self.asked.append(address)
        try:
            for one in self.found:
                if isinstance(one, BaseException):
                    raise one
                yield one
        finally:
            self.cleaned_up = True


def told(stub: Stub, *, as_json: bool = False) -> probing.Told:
    answer = probing.Told(CommandContext(json=as_json), "crm", "probe@example.org")
    answer.collect(stub, lambda *_: None)
    answer.answer()
    return answer


def test_where_nobody_can_be_asked_nothing_is_written(place: Place) -> None:
    result = place.type("check", "--probe", "crm")
    assert result.exit_code == 2
    assert "syncd check --probe crm --yes" in result.output
    assert place.writes == {}


def test_an_account_that_is_not_there(place: Place) -> None:
    result = place.type("check", "--probe", "crn", "--yes")
    assert result.exit_code == 2
    assert "crm" in result.output


@pytest.mark.parametrize("answer", ["\n", "n\n", "y\n"])
def test_it_asks_before_it_writes(
    answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert probing._permitted("syncd-probe-1@example.org", "crm") is (answer == "y\n")
    said = capsys.readouterr()
    assert "This writes one contact, syncd-probe-1@example.org, to account 'crm'" in said.err
    assert "[y/N]" in said.err


def test_what_does_not_hold_ends_with_2_and_what_to_do(place: Place) -> None:
    place.box.configure("ghl", bump_on_tags=False, rcs_in_writes=True)
    before = place.contacts("ghl")
    result = place.type("check", "--probe", "crm", "--yes")
    assert result.exit_code == 2, result.output
    said = " ".join(result.stdout.split())
    assert "bump-tags: Changes of tags are found by the next sweep only: shorten" in said
    assert "do not hold: 2" in said  # the other is that NUMERICAL loses fractions
    assert place.contacts("ghl") == before
    assert place.box.counters()["forbidden"] == []


@pytest.mark.parametrize(
    ("account", "platform", "switches", "assumptions"),
    [
        ("crm", "ghl", {"rcs_in_writes": True, "numerical_keeps_fractions": True}, GHL),
        ("mail", "maileon", {}, MAILEON),
    ],
)
def test_what_holds_ends_with_0_and_can_be_read_by_a_program(
    place: Place,
    account: str,
    platform: str,
    switches: dict[str, Any],
    assumptions: Sequence[Assumption],
) -> None:
    place.box.configure(platform, **switches)
    before = place.contacts(platform)
    address = "my-probe@example.org"
    words = ("check", "--probe", account, "--yes", "--address", address)
    result = place.type(*words, "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["holds"] is True
    assert answer["address"] == address
    assert [f["key"] for f in answer["findings"]] == [a.key for a in assumptions]
    assert {f["holds"] for f in answer["findings"]} == {True, None}
    assert all(f["seen"].startswith("cannot be told") for f in answer["findings"] if not f["holds"])
    assert place.contacts(platform) == before


def test_no_pair_of_the_account_runs_meanwhile(place: Place) -> None:
    """Else a daemon would bring the throw-away contact to the other side."""
    store = database.open_store(f"sqlite:///{place.folder}/var/syncd.db")
    assert place.type("check").exit_code == 0
    mine = f"{leases.this_host()}:1:somebody-else"
    with store.begin() as db:
        lease = leases.take(db, "shop", mine, datetime.now(UTC))
    busy = place.type("check", "--probe", "crm", "--yes")
    assert busy.exit_code == 1
    assert "is being worked on" in busy.output
    assert place.writes == {}
    with store.begin() as db:
        leases.give_back(db, lease, datetime.now(UTC))
    assert place.type("check", "--probe", "crm", "--yes").exit_code == 2
    assert place.type("sync").exit_code == 7  # it was given back: the first run, held as ever
    store.dispose()


def test_refused_credentials_are_told_before_anything_is_asked(place: Place) -> None:
    place.credentials(GHL_TOKEN="pit-00000000-0000-0000-0000-000000000000")
    result = place.type("check", "--probe", "crm")
    assert result.exit_code == 2
    assert "token" in result.output
    assert "--yes" not in result.output


def test_a_plain_check_writes_nothing_still(place: Place) -> None:
    assert place.type("check").exit_code == 0
    assert place.writes == {}


def test_an_error_shows_what_was_found_before_it_and_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stub = Stub(Finding(UNSURE, False, "seen"), TransientError("The platform is away."))
    with pytest.raises(TransientError):
        told(stub)
    said = capsys.readouterr()
    assert "Set `this` to that." in said.out
    assert "did not come to its end" in said.err
    assert stub.cleaned_up


def test_an_error_leaves_standard_output_to_it_where_json_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(TransientError):
        told(Stub(Finding(SURE, True), TransientError("away")), as_json=True)
    assert capsys.readouterr().out == ""


def test_ctrl_c_cleans_up(capsys: pytest.CaptureFixture[str]) -> None:
    stub = Stub(Finding(SURE, True), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        told(stub)
    assert stub.cleaned_up


def test_findings_stand_in_the_order_of_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    told(Stub(Finding(UNSURE, None, "cannot be told by the API: x"), Finding(SURE, True, "fine")))
    said = capsys.readouterr().out
    assert said.index("sure: It is so.") < said.index("unsure: It may be so.")
    assert "If it turns out not to hold:" in said
    assert "All 1 that can be told hold. Left to a person: 1." in said


def test_a_connector_without_assumptions_has_nothing_to_probe() -> None:
    class Plain:
        class spec:  # noqa: N801
            name = "plain"

    class Opened:
        def connect(self, _: str) -> Plain:
            return Plain()

    with pytest.raises(ConfigError, match="'crm' has nothing to probe"):
        probing._probing(Opened(), "crm")  # type: ignore[arg-type]


def test_a_long_wait_is_told_second_by_second(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    steps: list[tuple[Any, ...]] = []
    monkeypatch.setattr(probing, "sleep", slept.append)
    probing.Waits(lambda *step: steps.append(step)).sleep(2.5)
    assert sum(slept) == 2.5
    assert [step[1:] for step in steps] == [(0, 2), (1, 2)]
