"""`syncd connectors test`: the suite from the shell, without pytest."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from syncd.cli.main import app
from syncd.testing.contract import PROMISES
from syncd.testing.contract.promise import GUIDE

ROOT = Path(__file__).parents[2]


def test_a_connector_that_keeps_everything_ends_with_zero() -> None:
    done = CliRunner().invoke(app, ["connectors", "test", "example_mail", "--json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["connector"] == "example_mail"
    assert [one["promise"] for one in told["promises"]] == [one.text for one in PROMISES]
    assert {one["verdict"] for one in told["promises"]} == {"kept"}


def test_a_broken_promise_ends_with_one_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    from syncd.testing.example import connector

    monkeypatch.setattr(connector.ExampleMail, "push", lambda *_: iter(()))
    done = CliRunner().invoke(app, ["connectors", "test", "example_mail"])
    assert done.exit_code == 1
    assert "1 ops have none" in done.stdout
    assert GUIDE in done.stdout


@pytest.mark.parametrize("name", ["nobody", "exmaple_mail"])
def test_an_unknown_name_ends_with_two(name: str) -> None:
    done = CliRunner().invoke(app, ["connectors", "test", name])
    assert done.exit_code == 2
    assert "Those that can be tested are: example_mail, ghl" in done.stderr


def test_the_list_answers_in_json_too() -> None:
    done = CliRunner().invoke(app, ["connectors", "--json"])
    assert "example_mail" not in json.loads(done.stdout)["connectors"]


def test_it_does_not_need_pytest() -> None:
    code = (
        "import sys; sys.modules['pytest'] = None; from syncd.cli import main;"
        " sys.argv = ['syncd', 'connectors', 'test', 'example_mail']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "14 of 14" in done.stdout) == (0, True), done.stderr


def test_the_guide_explains_every_promise() -> None:
    headings = {
        line.removeprefix("### ").strip().lower().replace(" ", "-")
        for line in (ROOT / GUIDE).read_text("utf-8").splitlines()
        if line.startswith("### ")
    }
    assert {promise.anchor.partition("#")[2] for promise in PROMISES} == headings
