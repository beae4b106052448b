"""What a command does not need, it does not load: that is most of what a start takes."""

import subprocess
import sys

import pytest

from syncd.cli.main import NEW_OBJECTS
from tests.cli.conftest import Place

# What takes longest to load, by who needs it.
PLATFORMS = {"httpx", "lxml", "tenacity", "syncd.engine.cycle", "syncd.http.client"}
VALUES = {"email_validator", "phonenumbers"}
STORE = {"pydantic", "sqlalchemy", "yaml"}
SELDOM = {"alembic", "apscheduler", "psycopg", "sqlalchemy.dialects.postgresql", "werkzeug"}
LOG = {"structlog"}
LISTED = "import time:"  # as Python begins a line of `-X importtime`


def loaded(place: Place, *words: str) -> set[str]:
    """Every module that a command loads, with the packages around it; it must end well."""
    command = [sys.executable, "-X", "importtime", "-m", "syncd", *words]
    done = subprocess.run(
        command, cwd=place.folder, capture_output=True, text=True, check=False, timeout=120
    )
    lines = done.stderr.splitlines()
    assert done.returncode == 0, [line for line in lines if not line.startswith(LISTED)]
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith(LISTED)}


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_who_asks_for_help_waits_for_no_command(place: Place, word: str) -> None:
    heavy = PLATFORMS | VALUES | STORE | SELDOM | LOG
    assert not heavy & loaded(place, word)


def test_a_look_at_a_store_that_is_not_there_loads_what_reads_it_and_no_more(place: Place) -> None:
    heavy = PLATFORMS | VALUES | SELDOM | LOG
    assert not heavy & loaded(place, "status")


@pytest.mark.parametrize(
    "words", [("status",), ("conflicts", "list"), ("retry", "shop"), ("history", "--since", "1h")]
)
def test_a_look_at_a_store_loads_what_reads_it_and_no_more(
    place: Place, words: tuple[str, ...]
) -> None:
    assert place.type("sync").exit_code == 7
    heavy = PLATFORMS | VALUES | SELDOM | LOG
    assert not heavy & loaded(place, *words)


@pytest.mark.parametrize("words", [("check",), ("plan", "shop")])
def test_a_command_that_asks_platforms_loads_theirs_alone(
    place: Place, words: tuple[str, ...]
) -> None:
    place.approve()
    found = loaded(place, *words)
    assert found >= {"syncd.connectors.ghl.connector", "syncd.connectors.maileon.connector"}
    assert not (SELDOM | {"syncd.connectors.mailercloud"}) & found


def test_the_daemon_without_a_phone_to_read_holds_no_table_of_phones() -> None:
    code = "import sys; from syncd.runtime import daemon; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found = set(done.stdout.split())
    assert "syncd.engine.cycle" in found
    assert not (VALUES | {"alembic"}) & found


def test_garbage_is_collected_once_the_command_is_loaded(place: Place) -> None:
    code = (
        "import atexit, gc; from syncd.cli import main;"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 10_000,"
        " gc.get_threshold()[0])); main()"
    )
    command = [sys.executable, "-c", code, "status"]
    done = subprocess.run(
        command, cwd=place.folder, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.splitlines()[-1] == f"True True {NEW_OBJECTS}"
