"""The demo's surroundings: the sandbox as a process of its own, and a configuration for it."""

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from syncd.errors import TransientError

STOP_S = 10.0
READY = re.compile(r"sandbox ready on (http://\S+)")

ROOT = """\
# Written by `syncd demo`: both accounts are emulated by `syncd sandbox` on this machine.
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

pairs: pairs/*.yaml
"""
PAIR = """\
# GoHighLevel on the left, Maileon on the right. The first run waits for a person.
pair: shop
left: crm
right: mail
policy: newest
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
  - {left: tags, right: custom.tags, transform: {join: ", "}, create_missing: true}
"""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox, seen through `/_control` only, as a person's own browser would."""

    url: str

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request below `/_control`; the answer's JSON.

        Raises:
            TransientError: it was refused, or nobody answers.
        """
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        try:
            connection.request(method, f"/_control{path}", json.dumps(body) if body else None)
            answer = connection.getresponse()
            content = json.loads(answer.read())
        except (OSError, ValueError) as cause:
            raise TransientError(
                f"The sandbox does not answer ({type(cause).__name__})."
            ) from cause
        finally:
            connection.close()
        if answer.status != 200:
            raise TransientError(f"The sandbox refused {method} {path}: {content.get('error')}")
        return content

    def act(self, platform: str, action: str, **arguments: Any) -> dict[str, Any]:
        """What a person does in the platform's screens."""
        done: dict[str, Any] = self.control(
            "POST", f"/{platform}/act", {"action": action, **arguments}
        )
        return done

    def contacts(self, platform: str) -> list[dict[str, Any]]:
        """Every contact, in the platform's own field names."""
        shown: list[dict[str, Any]] = self.control("GET", f"/{platform}/contacts")
        return shown

    def counters(self) -> dict[str, Any]:
        counted: dict[str, Any] = self.control("GET", "/counters")
        return counted


@contextmanager
def sandbox(contacts: int, seed: int) -> Iterator[Sandbox]:
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
        yield Sandbox(ready[1])
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def write_configuration(folder: Path, box: Sandbox) -> tuple[Path, dict[str, str]]:
    """Write a configuration for the sandbox; its path, and the environment that it needs."""
    info = box.control("GET", "/info")
    env = {
        "GHL_TOKEN": info["ghl"]["token"],
        "GHL_LOCATION_ID": info["ghl"]["location_id"],
        "GHL_BASE_URL": info["ghl"]["base_url"],
        "MAILEON_API_KEY": info["maileon"]["api_key"],
        "MAILEON_BASE_URL": info["maileon"]["base_url"],
    }
    root = folder / "syncd.yaml"
    root.write_text(ROOT, "utf-8")
    (folder / "pairs").mkdir()
    (folder / "pairs" / "shop.yaml").write_text(PAIR, "utf-8")
    lines = "".join(f"{name}={value}\n" for name, value in env.items())
    (folder / ".env").write_text(lines, "utf-8")
    return root, env
