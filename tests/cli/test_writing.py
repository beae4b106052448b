"""`init`, `.env`, `config`, `connectors`, `db`, and the frame around all commands."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import jsonschema
import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from syncd.cli import dotenv
from syncd.cli.main import COMMANDS, app
from tests.cli.conftest import Place

RUNNER = CliRunner()
SYNCD = [sys.executable, "-m", "syncd"]


def test_init_writes_a_configuration_that_only_lacks_secrets(place: Place) -> None:
    written = place.json("init", "new")["written"]
    assert [Path(name).name for name in written] == ["syncd.yaml", "shop.yaml", ".env.example"]
    result = place.type("--config", "new/config/syncd.yaml", "check")
    assert result.exit_code == 0, result.output


def test_init_asks_and_takes_the_answers(place: Place) -> None:
    result = RUNNER.invoke(app, ["init", "new"], input="\n\nbig\nletters\nclub\n")
    assert result.exit_code == 0, result.output
    root = yaml.safe_load((place.folder / "new/config/syncd.yaml").read_text())
    assert list(root["accounts"]) == ["big", "letters"]
    assert (place.folder / "new/config/pairs/club.yaml").exists()
    assert "GHL_BIG_TOKEN=" in (place.folder / "new/.env.example").read_text()


def test_init_with_nobody_to_ask_says_how_to_do_without(place: Place) -> None:
    result = RUNNER.invoke(app, ["init", "new"], input="")
    assert result.exit_code == 2
    assert "Aborted" not in result.output
    assert "Type `--yes`" in result.output
    assert not (place.folder / "new").exists()


def test_init_never_writes_over_a_file_unless_told(place: Place) -> None:
    place.type("init", "new", "--yes")
    pair = place.folder / "new/config/pairs/shop.yaml"
    pair.write_text("mine", "utf-8")
    again = place.type("init", "new", "--yes")
    assert again.exit_code == 2
    assert "nothing was written" in again.output
    assert pair.read_text() == "mine"
    assert place.type("init", "new", "--yes", "--force").exit_code == 0
    assert pair.read_text() != "mine"


@pytest.mark.parametrize(
    "words",
    [("--left", "gh"), ("--pair", "a b"), ("--left-name", "x", "--right-name", "x")],
)
def test_init_refuses_what_cannot_be(place: Place, words: list[str]) -> None:
    assert place.type("init", "new", "--yes", *words).exit_code == 2
    assert not (place.folder / "new").exists()


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet_again: None
) -> None:
    file = tmp_path / ".env"
    file.write_text("# c\nexport SYNCD_A='x y'\nSYNCD_B=b # note\nSYNCD_C=new\nno line\n", "utf-8")
    monkeypatch.setenv("SYNCD_C", "old")
    dotenv.read(file)
    assert (os.environ["SYNCD_A"], os.environ["SYNCD_B"]) == ("x y", "b")
    assert os.environ["SYNCD_C"] == "old"
    file.write_text("SYNCD_B=changed\n", "utf-8")
    dotenv.read(file)
    assert os.environ["SYNCD_B"] == "changed"


def test_the_schema_takes_the_configuration(place: Place) -> None:
    schema = json.loads(place.type("config", "schema").stdout)
    jsonschema.validate(yaml.safe_load((place.folder / "syncd.yaml").read_text()), schema)
    pair_schema = json.loads(place.type("config", "schema", "--pair").stdout)
    pair = yaml.safe_load((place.folder / "pairs" / "shop.yaml").read_text())
    jsonschema.validate(pair, pair_schema)


def test_the_shown_configuration_holds_no_secret(place: Place) -> None:
    shown = place.type("config", "show").stdout
    assert "(secret)" in shown
    info = place.box.info()
    assert info["ghl"]["token"] not in shown
    assert info["maileon"]["api_key"] not in shown


def test_connectors_tell_what_they_need(place: Place) -> None:
    found = place.json("connectors")["connectors"]
    assert found["ghl"]["settings"]["token"]["required"] is True
    assert all(s["help"] for c in found.values() for s in c["settings"].values())


def test_db_says_which_schema_there_is(place: Place) -> None:
    assert place.type("db", "status").exit_code == 2
    assert place.json("db", "upgrade")["before"] is None
    assert place.type("db", "status").exit_code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_explained_and_answers_in_json(name: str) -> None:
    module = import_module(f"syncd.cli.{name}")
    inner = getattr(get_command(module.app), "commands", {})
    for words in [[name, sub] for sub in inner] or [[name]]:
        shown = RUNNER.invoke(app, [*words, "--help"])
        assert shown.exit_code == 0
        assert "--json" in shown.output


def test_a_typing_mistake_gets_a_guess() -> None:
    result = RUNNER.invoke(app, ["synk"])
    assert result.exit_code == 2
    assert "sync" in result.output


def test_help_loads_neither_database_nor_network() -> None:
    code = (
        "import sys; sys.argv = ['syncd', '--help']\n"
        "from syncd.cli.main import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'httpx', 'lxml', 'pydantic', 'alembic'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m syncd config schema | head -c 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0


def test_the_version_is_told() -> None:
    done = subprocess.run([*SYNCD, "--version"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("syncd ")
