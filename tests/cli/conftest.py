"""A sandbox on real HTTP, a folder with a configuration for it, and the command line."""

import json
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from syncd.cli import dotenv
from syncd.cli.main import app
from syncd.sandbox.server import start
from syncd.testing.control import Control

PAIR = """\
pair: shop
left: crm
right: mail
policy: {policy}
every: 60s
fields:
  - {{left: firstName, right: FIRSTNAME}}
  - {{left: lastName, right: LASTNAME}}
  - {{left: city, right: CITY}}
  - {{left: tags, right: custom.tags, transform: {{join: ", "}}, create_missing: true}}
"""
ROOT = """\
store: sqlite:///var/syncd.db
accounts:
  crm:
    connector: ghl
    token: ${GHL_TOKEN}
    location_id: ${GHL_LOCATION_ID}
    base_url: ${GHL_BASE_URL}
  mail:
    connector: maileon
    api_key: ${MAILEON_API_KEY}
    base_url: ${MAILEON_BASE_URL}
    requests_per_second: 100
pairs: pairs/*.yaml
"""


class Place:
    """A folder in which commands are typed."""

    def __init__(self, folder: Path, box: Control) -> None:
        self.folder = folder
        self.box = box

    def type(self, *words: str) -> Any:
        """Type `syncd …`; the result has `exit_code`, `stdout`, `stderr`, `output`."""
        return CliRunner().invoke(app, list(words))

    def json(self, *words: str) -> Any:
        """The answer of a command, which must be JSON and alone on standard output."""
        return json.loads(self.type(*words, "--json").stdout)

    def configure(self, policy: str = "newest") -> None:
        (self.folder / "pairs").mkdir(exist_ok=True)
        (self.folder / "syncd.yaml").write_text(ROOT, "utf-8")
        (self.folder / "pairs" / "shop.yaml").write_text(PAIR.format(policy=policy), "utf-8")

    def credentials(self, **changed: str) -> None:
        """Write `.env`, with some of it wrong."""
        info = self.box.info()
        names = {
            "GHL_TOKEN": info["ghl"]["token"],
            "GHL_LOCATION_ID": info["ghl"]["location_id"],
            "GHL_BASE_URL": info["ghl"]["base_url"],
            "MAILEON_API_KEY": info["maileon"]["api_key"],
            "MAILEON_BASE_URL": info["maileon"]["base_url"],
        }
        lines = (f"{name}={value}\n" for name, value in {**names, **changed}.items())
        (self.folder / ".env").write_text("".join(lines), "utf-8")

    def approve(self, pair: str = "shop") -> None:
        """Do the first run, and let it be sent."""
        assert self.type("sync").exit_code == 7
        released = self.type("release", pair)
        assert released.exit_code == 0, released.output

    def contacts(self, platform: str) -> dict[str, dict[str, Any]]:
        """What a platform holds, by e-mail address."""
        return {str(c["email"]).lower(): c for c in self.box.contacts(platform)}

    @property
    def writes(self) -> dict[str, int]:
        """How often each platform was written to."""
        written: dict[str, int] = self.box.counters()["writes"]
        return written


@pytest.fixture
def box() -> Iterator[Control]:
    running = start(contacts=40, limits="off")
    control = Control(running.url)
    control.configure("ghl", index_lag_s=0.0)
    control.configure("maileon", unsubscribe_delay_s=0)
    yield control
    running.stop()


@pytest.fixture
def place(
    tmp_path: Path, box: Control, monkeypatch: pytest.MonkeyPatch, quiet_again: None
) -> Place:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYNCD_CONFIG", raising=False)
    here = Place(tmp_path, box)
    here.configure()
    here.credentials()
    return here


@pytest.fixture
def quiet_again() -> Iterator[None]:
    """Commands set up logging, signals and the environment of their process."""
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    signals = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    variables = dict(os.environ)
    yield
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()
    for number, handler in signals.items():
        signal.signal(number, handler)
    os.environ.clear()
    os.environ.update(variables)
    dotenv.forget()
