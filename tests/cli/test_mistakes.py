"""The mistakes people make: a clear message, the right exit code, nothing lost."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.store import database
from tests.cli.conftest import Place


def refused(place: Place, *words: str, code: int) -> str:
    """Type a command that must fail; everything that it said."""
    result = place.type(*words)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def test_no_configuration_names_the_places_and_the_next_step(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    said = refused(place, "status", code=2)
    assert "config/syncd.yaml, syncd.yaml" in said
    assert "syncd init" in said


def test_a_named_file_that_is_not_there(place: Place) -> None:
    assert "nowhere.yaml" in refused(place, "--config", "nowhere.yaml", "status", code=2)
    assert "nowhere.yaml" in refused(place, "status", "--config", "nowhere.yaml", code=2)


def test_what_is_no_yaml_is_told_with_its_line(place: Place) -> None:
    (place.folder / "syncd.yaml").write_text("accounts:\n  crm: [", "utf-8")
    said = refused(place, "sync", code=2)
    assert "syncd.yaml:2: This is not YAML" in said


def test_all_problems_of_a_configuration_are_told_at_once(place: Place) -> None:
    root = place.folder / "syncd.yaml"
    root.write_text(root.read_text() + "logg: {}\n", "utf-8")
    pair = place.folder / "pairs" / "shop.yaml"
    pair.write_text(pair.read_text().replace("60s", "often"), "utf-8")
    said = refused(place, "sync", code=2)
    assert "logg" in said
    assert "shop.yaml:5" in said


def test_a_field_that_cannot_be_kept_in_step_is_told_with_its_type(place: Place) -> None:
    place.box.act("ghl", "create_custom_field", name="Photo", data_type="FILE_UPLOAD")
    place.configure()
    pair = place.folder / "pairs" / "shop.yaml"
    line = "  - {left: custom.Photo, right: custom.photo, create_missing: true}\n"
    pair.write_text(pair.read_text() + line, "utf-8")
    (stop,) = [one for one in place.json("check")["lines"] if one["verdict"] == "STOP"]
    assert "`crm` has `custom.Photo`, but of type FILE_UPLOAD" in stop["found"]
    assert "shop.yaml:11" in stop["what"]
    pair.write_text(pair.read_text().replace(line, "identity: {second: custom.Photo}\n"), "utf-8")
    assert "custom.Photo" in refused(place, "sync", code=2)


def test_a_missing_variable_is_named_and_no_secret_is_shown(place: Place) -> None:
    place.credentials(GHL_TOKEN="")
    said = refused(place, "sync", code=2)
    assert "GHL_TOKEN" in said
    assert "sandbox-maileon-key" not in said


@pytest.mark.parametrize(
    ("wrong", "account"),
    [
        ({"GHL_TOKEN": "pit-00000000-0000-0000-0000-000000000000"}, "crm"),
        ({"GHL_LOCATION_ID": "anotherLocation00000"}, "crm"),
        ({"MAILEON_API_KEY": "no-such-key-at-all"}, "mail"),
    ],
)
def test_wrong_credentials_stop_everything_with_a_way_out(
    place: Place, wrong: dict[str, str], account: str
) -> None:
    place.credentials(**wrong)
    said = refused(place, "sync", code=2)
    assert not any(secret in said for secret in wrong.values() if secret.startswith("pit-"))
    assert place.writes == {}
    lines = json.loads(place.type("check", "--json").stdout)["lines"]
    stopped = [line for line in lines if line["verdict"] == "STOP"]
    assert {line["of"] for line in stopped} == {account, "shop"}
    assert stopped[0]["hint"]


def test_an_expired_key_and_a_missing_right_are_told_apart(place: Place) -> None:
    expired = place.box.act("maileon", "make_key", expired=True)["api_key"]
    place.credentials(MAILEON_API_KEY=expired)
    refused(place, "sync", code=2)
    reading = place.box.act("maileon", "make_key", methods=["GET", "PUT", "DELETE"])["api_key"]
    place.credentials(MAILEON_API_KEY=reading)
    lines = json.loads(place.type("check", "--json").stdout)["lines"]
    missing = [line for line in lines if line["found"] == "POST is missing"]
    assert missing[0]["verdict"] == "STOP"
    assert place.writes == {}


def test_a_token_without_a_scope_is_stopped_by_name(place: Place) -> None:
    token = place.box.act("ghl", "make_token", scopes=["contacts.readonly"])["token"]
    place.credentials(GHL_TOKEN=token)
    said = refused(place, "check", code=2)
    assert "customFields.readonly" in said


def test_a_platform_that_is_away_is_tried_again_later(place: Place) -> None:
    place.approve()
    with sqlite3.connect(place.folder / "var" / "syncd.db") as db:
        db.execute("UPDATE account SET checked_at = '2020-01-01 00:00:00'")
    db.close()
    place.box.request("DELETE", "/faults")
    place.credentials(MAILEON_API_KEY="k" * 20, MAILEON_BASE_URL="http://127.0.0.1:9/maileon/1.0")
    said = refused(place, "sync", code=1)
    assert "http://127.0.0.1:9 does not answer (5 tries)" in said
    assert "Account 'mail'" in said


@pytest.fixture
def locked(place: Place) -> Iterator[None]:
    """Somebody else writes into the store, and takes long."""
    assert place.type("db", "upgrade").exit_code == 0
    other = sqlite3.connect(place.folder / "var" / "syncd.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.rollback()
    other.close()


@pytest.mark.usefixtures("locked")
def test_a_locked_store_says_so_and_asks_to_try_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 200)
    said = refused(place, "sync", code=1)
    assert "locked by another process" in said
    assert place.writes == {}


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize("words", [("status",), ("conflicts", "list")])
def test_who_only_looks_waits_for_nobody_who_writes(
    place: Place, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 200)
    assert place.type(*words).exit_code == 0


@pytest.fixture
def full_disk(place: Place) -> Iterator[None]:
    """The store may not grow any more."""
    place.type("sync")

    def limit(connection: Any, _: Any) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages}")

    sa.event.listen(sa.Engine, "connect", limit)
    yield
    sa.event.remove(sa.Engine, "connect", limit)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_loses_nothing(place: Place) -> None:
    said = refused(place, "release", "shop", code=1)
    assert "disk of the store" in said
    assert "is full" in said


def test_after_a_full_disk_the_next_run_goes_on(
    place: Place, request: pytest.FixtureRequest
) -> None:
    place.type("sync")
    pages = {"limit": True}

    def limit(connection: Any, _: Any) -> None:
        (now,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={now if pages['limit'] else 1073741823}")

    sa.event.listen(sa.Engine, "connect", limit)
    request.addfinalizer(lambda: sa.event.remove(sa.Engine, "connect", limit))
    assert place.type("release", "shop").exit_code == 1
    pages["limit"] = False
    assert place.type("sync").exit_code in (0, 7)
    place.type("release", "shop")
    assert place.json("sync")["pairs"][0]["settled"]
    ghl, maileon = place.contacts("ghl"), place.contacts("maileon")
    mailable = {e for e, c in ghl.items() if not c["dndSettings"] and not c["dnd"]}
    assert mailable == maileon.keys()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(place: Place) -> None:
    (place.folder / "var").mkdir()
    (place.folder / "var").chmod(0o500)
    said = refused(place, "sync", code=2)
    assert "cannot be opened" in said
    (place.folder / "var").chmod(0o700)


def test_a_store_of_a_newer_version_is_refused(place: Place) -> None:
    place.type("db", "upgrade")
    with sqlite3.connect(place.folder / "var" / "syncd.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    said = refused(place, "sync", code=2)
    assert "newer than this program" in said
    status = place.type("db", "status")
    assert status.exit_code == 2
    assert "Install the newer syncd" in status.stdout
    assert "db upgrade" not in status.stdout


def test_a_file_that_is_no_database(place: Place) -> None:
    (place.folder / "var").mkdir()
    (place.folder / "var" / "syncd.db").write_bytes(b"not a database at all, but long " * 64)
    said = refused(place, "status", code=2)
    assert "not a usable SQLite database" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sync", "--bogus"), "--bogus"),
        (("retry",), "pair"),
        (("synk",), "sync"),
        (("conflicts", "bogus"), "bogus"),
        (("plan", "shop", "--limit", "many"), "--limit"),
    ],
)
def test_what_is_typed_wrongly_is_told_in_json_too(
    place: Place, words: list[str], said: str
) -> None:
    result = place.type(*words, "--json")
    assert result.exit_code == 2
    assert result.stderr == ""
    answer = json.loads(result.stdout)
    assert answer["exit_code"] == 2
    assert said in answer["error"]["message"]
    assert "--help" in answer["error"]["hint"]
    plain = place.type(*words)
    assert plain.exit_code == 2
    assert plain.stdout == ""
    assert "Usage" in plain.stderr


def test_an_error_in_json_is_json_too(place: Place) -> None:
    answer = place.json("sync", "shup")
    assert answer["exit_code"] == 2
    assert answer["error"]["kind"] == "ConfigError"
    assert answer["error"]["hint"]


def test_a_pair_that_another_process_works_on_is_left_alone(place: Place) -> None:
    place.type("sync")
    with sqlite3.connect(place.folder / "var" / "syncd.db") as db:
        db.execute(
            "UPDATE lease SET holder = 'another-host:12:mark', expires_at = '2999-01-01 00:00:00'"
        )
    db.close()
    said = refused(place, "sync", code=1)
    assert "another-host" in said
    released = place.type("release", "shop")
    assert released.exit_code == 0
    assert "its next cycle sends it" in released.stdout


def test_an_output_that_cannot_be_written_is_told_without_a_traceback() -> None:
    command = f"{sys.executable} -m syncd config schema > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "The system refused: No space left on device.\n"


@pytest.mark.parametrize(
    ("store", "code", "said"),
    [
        ("sqlite:///syncd.yaml/syncd.db", 2, "cannot be made"),
        ("sqlite:///syncd.yaml/syncd.db", 2, "Give this user the folder, or set `store:`"),
        ("postgresql://nobody@127.0.0.1:9/none", 1, "does not answer"),
        ("mysql://nobody@127.0.0.1/none", 2, "This store is not known"),
    ],
)
def test_a_store_that_cannot_be_reached(place: Place, store: str, code: int, said: str) -> None:
    root = place.folder / "syncd.yaml"
    root.write_text(root.read_text().replace("sqlite:///var/syncd.db", store), "utf-8")
    assert said in refused(place, "status", code=code)
