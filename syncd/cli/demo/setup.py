"""The demo's surroundings: the sandbox as a process of its own, and a configuration for it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

from syncd.cli.demo.shown import GHL, MEMBERSHIP
from syncd.errors import TransientError
from syncd.store import private_files
from syncd.testing.control import Control

STOP_S = 10.0
READY = re.compile(r"sandbox ready on (http://\S+)")

AHEAD = timedelta(minutes=11)  # longer than a listing may lag, and than rows are mistrusted

ROOT = """\
# Written by `syncd demo`: all accounts are emulated by `syncd sandbox` on this machine.
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
  news:
    connector: mailercloud
    api_key: ${MAILERCLOUD_API_KEY}
    list_id: ${MAILERCLOUD_LIST_ID}
    base_url: ${MAILERCLOUD_BASE_URL}
    requests_per_second: 10 # 2 unless told otherwise: nobody publishes a limit

pairs: pairs/*.yaml
"""
SHOP = """\
# GoHighLevel on the left, Maileon on the right. The first run waits for a person.
pair: shop
left: crm
right: mail
policy: newest
guards:
  creates: {count: 1000, percent: 50} # whom one pair brings into the CRM is new to the other
fields:
  - {left: firstName, right: FIRSTNAME}
  - {left: lastName, right: LASTNAME}
  - {left: companyName, right: ORGANIZATION, direction: right}
  - {left: address1, right: ADDRESS}
  - {left: postalCode, right: ZIP}
  - {left: city, right: CITY}
  - {left: country, right: COUNTRY}
  - {left: dateOfBirth, right: BIRTHDAY}
  - {left: phone, right: custom.phone, create_missing: true}
  - {left: custom.Membership, right: custom.Membership, create_missing: true}
  - {left: tags, right: custom.tags, transform: {join: ", "}, create_missing: true}
"""
LETTERS = """\
# GoHighLevel on the left, Mailercloud on the right; what is in Maileon comes by the CRM.
pair: letters
left: crm
right: news
policy: left # Mailercloud tells no times, so nothing there is newer
guards:
  creates: {count: 1000, percent: 50}
fields:
  - {left: firstName, right: name}
  - {left: lastName, right: last_name}
  - {left: companyName, right: organization, direction: right}
  - {left: postalCode, right: zip}
  - {left: city, right: city}
  - {left: country, right: country}
  - {left: phone, right: phone}
  - {left: custom.Membership, right: custom.Membership, create_missing: true}
  - {left: tags, right: tags}
"""
ACCOUNTS = ("crm", "mail", "news")  # as GHL, Maileon, Mailercloud
PAIRS = {"letters": LETTERS, "shop": SHOP}


@dataclass(slots=True)
class Clock:
    """One clock for the sandbox and for us, that can be put forward.

    Attributes:
        ahead: of the real one.
    """

    box: Control
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def put_forward(self) -> None:
        """Let every lag pass, of the sandbox's listings and of its unsubscriptions."""
        self.box.request("POST", "/clock", {"advance_s": AHEAD.total_seconds()})
        self.ahead += AHEAD


@contextmanager
def sandbox(contacts: int, seed: int) -> Iterator[Control]:
    """A sandbox with real limits in a process of its own, stopped at the end.

    Raises:
        TransientError: it does not start.
    """
    command = [sys.executable, "-m", "syncd", "sandbox", "--port", "0"]
    command += ["--contacts", str(contacts), "--seed", str(seed), "--limits", "real"]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,  # Ctrl-C is for us; we stop it ourselves
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        ready = READY.match(line)
        if ready is None:
            raise TransientError("The sandbox did not start.", hint="Try `syncd sandbox`.")
        yield Control(ready[1])
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def write_configuration(folder: Path, box: Control) -> tuple[Path, dict[str, str]]:
    """Write a configuration for the sandbox; its path, and the environment that it needs."""
    info = box.info()
    env = {
        "GHL_TOKEN": info["ghl"]["token"],
        "GHL_LOCATION_ID": info["ghl"]["location_id"],
        "GHL_BASE_URL": info["ghl"]["base_url"],
        "MAILEON_API_KEY": info["maileon"]["api_key"],
        "MAILEON_BASE_URL": info["maileon"]["base_url"],
        "MAILERCLOUD_API_KEY": info["mailercloud"]["api_key"],
        "MAILERCLOUD_LIST_ID": info["mailercloud"]["list_id"],
        "MAILERCLOUD_BASE_URL": info["mailercloud"]["base_url"],
    }
    root = folder / "syncd.yaml"
    root.write_text(ROOT, "utf-8")
    (folder / "pairs").mkdir()
    for name, content in PAIRS.items():
        (folder / "pairs" / f"{name}.yaml").write_text(content, "utf-8")
    lines = "".join(f"{name}={value}\n" for name, value in env.items())
    private_files.write(folder / ".env", lines)
    return root, env


def add_memberships(box: Control) -> str:
    """Give GHL a custom field that no other platform has; its id."""
    made = box.act(GHL, "create_custom_field", name=MEMBERSHIP, data_type="TEXT")
    levels = cycle(("gold", "silver", "bronze"))
    for contact, level in zip(box.contacts(GHL)[::4], levels, strict=False):
        box.act(GHL, "edit", id=contact["id"], custom={MEMBERSHIP: level})
    return str(made["id"])
