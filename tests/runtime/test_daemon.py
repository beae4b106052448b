"""The daemon as a process of its own, against the sandbox as another one."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from syncd.runtime.daemon import OPEN_FILES
from syncd.testing.control import Control

PAIR = """\
pair: {name}
left: crm
right: mail
every: 1s
jitter: 0s
baseline: auto
guards: {{creates: {{count: 500, percent: 100}}}}
fields:
  - {{left: firstName, right: FIRSTNAME}}
  - {{left: city, right: CITY}}
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
  news:
    connector: mailercloud
    api_key: ${MAILERCLOUD_API_KEY}
    list_id: ${MAILERCLOUD_LIST_ID}
    base_url: ${MAILERCLOUD_BASE_URL}
    requests_per_second: 10
pairs: pairs/*.yaml
"""
LETTERS = """pair: letters
left: crm
right: news
every: 1s
jitter: 0s
baseline: auto
guards: {creates: {count: 500, percent: 100}}
fields:
  - {left: firstName, right: name}
  - {left: city, right: city}
"""
PATIENCE_S = 60.0  # how long to look for something before giving up


class Scene:
    """A sandbox process, a folder, and daemons in it."""

    def __init__(self, folder: Path, box: Control, info: dict[str, Any]) -> None:
        self.folder = folder
        self.box = box
        self.daemons: list[subprocess.Popen[str]] = []
        (folder / "pairs").mkdir()
        (folder / "syncd.yaml").write_text(ROOT, "utf-8")
        (folder / "pairs" / "shop.yaml").write_text(PAIR.format(name="shop"), "utf-8")
        ghl, maileon, mailercloud = info["ghl"], info["maileon"], info["mailercloud"]
        self.env = {
            **os.environ,
            "GHL_TOKEN": ghl["token"],
            "GHL_LOCATION_ID": ghl["location_id"],
            "GHL_BASE_URL": ghl["base_url"],
            "MAILEON_API_KEY": maileon["api_key"],
            "MAILEON_BASE_URL": maileon["base_url"],
            "MAILERCLOUD_API_KEY": mailercloud["api_key"],
            "MAILERCLOUD_LIST_ID": mailercloud["list_id"],
            "MAILERCLOUD_BASE_URL": mailercloud["base_url"],
        }

    def start(self, **env: str) -> subprocess.Popen[str]:
        with (self.folder / "log").open("a") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "syncd", "run"],
                cwd=self.folder,
                env={**self.env, **env},
                stderr=log,
                text=True,
            )
        self.daemons.append(daemon)
        return daemon

    def syncd(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "syncd", *words],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )

    def contacts(self, platform: str) -> dict[str, dict[str, Any]]:
        return {str(c["email"]).lower(): c for c in self.box.contacts(platform)}

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def said(self, event: str) -> bool:
        return any(line["event"] == event for line in self.log)


def eventually(holds: Callable[[], bool]) -> bool:
    """Look again and again at something that can be seen, for a bounded time."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.1)
    return holds()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    command = [sys.executable, "-m", "syncd", "sandbox", "--port", "0", "--contacts", "20"]
    process = subprocess.Popen(
        [*command, "--limits", "off", "--json"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    here = Scene(tmp_path, Control(ready["url"]), ready["platforms"])
    yield here
    for each in [*here.daemons, process]:
        if each.poll() is None:
            each.kill()
        each.wait()
    process.stdout.close()


def test_an_edit_arrives_and_sigterm_ends_it_with_0(scene: Scene) -> None:
    daemon = scene.start()
    assert eventually(lambda: (scene.folder / "log").exists() and scene.said("run ended"))
    assert eventually(lambda: scene.syncd("status", "--check").returncode == 0)
    email = min(scene.contacts("ghl").keys() & scene.contacts("maileon").keys())
    scene.box.act("ghl", "edit", email=email, fields={"city": "Ærøskøbing"})
    assert eventually(
        lambda: scene.contacts("maileon")[email]["standard_fields"].get("CITY") == "Ærøskøbing"
    )
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(30) == 0
    assert scene.log[-1]["event"] == "stopped"
    assert not any("@" in json.dumps(line) for line in scene.log)


def test_three_platforms_are_kept_in_step_by_one_daemon(scene: Scene) -> None:
    """An edit in Maileon reaches Mailercloud through GHL, and an opt-out there comes back."""
    scene.box.configure("mailercloud", search_lag_s=0)
    (scene.folder / "pairs" / "letters.yaml").write_text(LETTERS, "utf-8")
    daemon = scene.start()
    known = scene.contacts("maileon").keys() & scene.contacts("mailercloud").keys()
    edited, leaving = sorted(known & scene.contacts("ghl").keys())[:2]
    assert eventually(
        lambda: scene.contacts("maileon").keys() <= scene.contacts("mailercloud").keys()
    )
    scene.box.act("maileon", "edit", email=edited, standard_fields={"CITY": "Ærøskøbing"})
    scene.box.act("mailercloud", "unsubscribe", email=leaving)
    assert eventually(lambda: scene.contacts("mailercloud")[edited]["city"] == "Ærøskøbing")
    assert eventually(lambda: leaving not in scene.contacts("maileon"))
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(30) == 0
    assert not any("@" in json.dumps(line) for line in scene.log)


def test_a_stop_does_not_wait_for_a_platform_that_asked_to_wait(scene: Scene) -> None:
    daemon = scene.start()
    assert eventually(lambda: (scene.folder / "log").exists() and scene.said("run ended"))
    fault = {"kind": "status", "status": 429, "headers": {"Retry-After": "100"}}
    scene.box.request("POST", "/faults", fault)
    assert eventually(lambda: scene.box.counters()["faults"] != {})
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(90) == 0  # and not after the 100 s that were asked for


def test_a_reload_takes_pairs_over_and_a_bad_file_keeps_the_old_ones(scene: Scene) -> None:
    daemon = scene.start()
    assert eventually(lambda: (scene.folder / "log").exists() and scene.said("run ended"))
    pair = scene.folder / "pairs" / "shop.yaml"
    good = pair.read_text()
    pair.write_text("pair: [", "utf-8")
    daemon.send_signal(signal.SIGHUP)
    kept = "the configuration was not taken over; the old one stays"
    assert eventually(lambda: scene.said(kept))
    pair.write_text(good.replace("pair: shop", "pair: club"), "utf-8")
    daemon.send_signal(signal.SIGHUP)
    assert eventually(lambda: any(line.get("pair") == "club" for line in scene.log))
    root = scene.folder / "syncd.yaml"
    root.write_text(f"{root.read_text()}threads: 3\n", "utf-8")
    daemon.send_signal(signal.SIGHUP)
    assert eventually(lambda: scene.said("another number of threads needs a restart"))
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(30) == 0


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux tells of another process")
def test_the_daemon_may_open_as_many_files_as_its_user_may(scene: Scene) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        daemon = scene.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    limits = (daemon.pid, resource.RLIMIT_NOFILE)
    assert eventually(lambda: resource.prlimit(*limits)[0] == most)


def test_a_refused_account_is_told_and_is_seen_in_the_health(scene: Scene) -> None:
    scene.start(MAILEON_API_KEY="no-such-key-at-all")
    assert eventually(lambda: (scene.folder / "log").exists() and scene.said("cycle failed"))
    failed = next(line for line in scene.log if line["event"] == "cycle failed")
    assert failed["cause"] == "AccountError"
    assert failed["hint"]
    assert scene.syncd("status", "--check").returncode == 1


def test_a_daemon_without_a_configuration_ends_with_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "syncd", "run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "syncd init" in done.stderr
