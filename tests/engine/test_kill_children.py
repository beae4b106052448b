"""Real processes killed in the first sync of notes and tasks: each is there once on both sides."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bench.kills import GUARDS
from syncd.sandbox.server import start
from syncd.testing.control import Control
from syncd.testing.example.child_emulator import NestingEmulator
from tests.cli.office import served
from tests.engine.office import PAIR, ROOT
from tests.seeds import NUMBER

LONGEST_S = 60.0  # far more than any step takes; a wait that long has failed
PASSED_S = 150  # longer than GHL's search may hide a task that was created
DUE = "2026-11-05T15:30:00.000Z"
# ExampleMail is no part of what is installed, so a process is told of it before it begins.
SYNCD = (
    sys.executable,
    "-c",
    "from syncd.connectors.registry import installed\n"
    "from syncd.testing.example import CONNECTOR\n"
    "installed()['example_mail'] = CONNECTOR\n"
    "from syncd.cli import main\n"
    "main()",
)
Families = Counter[tuple[str, str, str]]  # whose, of which kind, and what it says


class Tireless(NestingEmulator):
    """ExampleMail without its limit of calls, which are counted."""

    def __init__(self) -> None:
        super().__init__(lambda: datetime.now(UTC))
        self.asked = self.written = 0

    def _admit(self, request: httpx.Request) -> None:
        self._calls.clear()
        super()._admit(request)
        self.asked += 1
        self.written += request.method != "GET"


class Scene:
    """Both platforms over HTTP, people with notes and tasks on either, and a folder of ours."""

    def __init__(self, folder: Path, box: Control, app: Tireless, base: str) -> None:
        self.folder, self.box, self.app = folder, box, app
        info = box.info()["ghl"]
        root = ROOT.format(token=info["token"], location=info["location_id"], base=info["base_url"])
        root = root.replace("http://example-mail.test/v1", f"{base}/v1")
        (folder / "syncd.yaml").write_text(root, "utf-8")
        pair = PAIR.format(baseline="auto", delete="keep") + GUARDS
        for kind in ("tasks", "notes"):
            pair = pair.replace(f"{kind}:\n", f"{kind}:\n  {GUARDS}")
        (folder / "office.yaml").write_text(pair, "utf-8")

    def populate(self, number: int) -> None:
        """People of GHL, of ExampleMail, and of both; equal notes and tasks among theirs."""
        for n in range(number):
            email = f"p{n}@example.org"
            if n % 3 != 1:
                self.box.act("ghl", "create", fields={"email": email, "firstName": f"Ann{n}"})
                for text in ("<p>called</p>", "<p>called</p>", f"<p>came by {n}</p>"):
                    self.box.act("ghl", "add_note", email=email, html=text)
                self.box.act("ghl", "add_task", email=email, title="offer", dueDate=DUE)
                self.box.act("ghl", "add_task", email=email, title="offer", dueDate=DUE)
            if n % 3 != 0:
                body = {"email": email, "first_name": f"Ann{n}"}
                contact = str(self.app.create(body)["id"])
                for text in ("called", f"wrote {n}"):
                    self.app.create_child("notes", contact, {"text": text})
                self.app.create_child("tasks", contact, {"title": "offer", "due": DUE})
                self.app.create_child("tasks", contact, {"title": f"bill {n}", "due": DUE})

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        quiet = subprocess.DEVNULL
        return subprocess.Popen([*SYNCD, *words], cwd=self.folder, stdout=quiet, stderr=quiet)

    def asked(self) -> int:
        return self.app.asked + sum(self.box.counters()["requests"].values())

    def written(self) -> int:
        return self.app.written + sum(self.box.counters()["writes"].values())

    def killed_after(self, requests: int) -> bool:
        """Begin a sync and kill it after so many requests; False if it ended before that."""
        wanted = self.asked() + requests
        with self.start("sync", "office") as process:
            try:
                end = time.monotonic() + LONGEST_S
                while process.poll() is None and self.asked() < wanted:
                    assert time.monotonic() < end, f"it never came to {requests} requests"
                    time.sleep(0.002)
            finally:
                process.kill()
        return process.returncode == -signal.SIGKILL

    def finish(self) -> None:
        """Let all that was broken off come to its end, also what a platform could not take."""
        self.let_time_pass()
        ended = [self.sync() for _ in range(3)]
        assert ended[-1] == 0, ended

    def sync(self) -> int:
        """One that nobody kills; its exit code, of which 1 says to try again."""
        with self.start("sync", "office") as process:
            code = process.wait(LONGEST_S)
        assert code in (0, 1), "held, or worse"
        return code

    def let_time_pass(self) -> None:
        """Age what is in doubt, until GHL's search must show it."""
        self.box.request("POST", "/clock", {"advance_s": PASSED_S})
        with closing(sqlite3.connect(self.folder / "syncd.db")) as db, db:
            earlier = f"strftime('%Y-%m-%d %H:%M:%f000', sent_at, '-{PASSED_S} seconds')"
            db.execute(f"UPDATE op SET sent_at = {earlier} WHERE sent_at IS NOT NULL")  # noqa: S608

    # -- what anybody can see on either side ----------------------------------------------

    def in_crm(self) -> Families:
        found: Families = Counter()
        emails = {one["id"]: str(one["email"]) for one in self.box.contacts("ghl")}
        for contact_id, family in self.box.children("ghl").items():
            for kind, name in (("notes", "body"), ("tasks", "title")):
                for one in family[kind]:
                    text = str(one[name]).replace("<p>", "").replace("</p>", "")
                    found[emails[contact_id], kind, text] += 1
        return found

    def in_app(self) -> Families:
        found: Families = Counter()
        for kind, name in (("notes", "text"), ("tasks", "title")):
            for one in self.app.children[kind].values():
                if not one["deleted"]:
                    email = self.app.contacts[one["contact_id"]]["email"]
                    found[email, kind, str(one[name])] += 1
        return found


def expected(number: int) -> Families:
    """What there is on both sides in the end: equal ones of both sides are one."""
    found: Families = Counter()
    for n in range(number):
        email = f"p{n}@example.org"
        ours, theirs = n % 3 != 1, n % 3 != 0
        found[email, "notes", "called"] = 2 if ours else 1
        found[email, "tasks", "offer"] = 2 if ours else 1
        if ours:
            found[email, "notes", f"came by {n}"] = 1
        if theirs:
            found[email, "notes", f"wrote {n}"] = found[email, "tasks", f"bill {n}"] = 1
    return found


@contextmanager
def scene(folder: Path, people: int) -> Iterator[Scene]:
    running = start(contacts=0, limits="off")
    box = Control(running.url)
    box.configure("ghl", index_lag_s=0.0)
    app = Tireless()
    try:
        with served(app) as base:
            made = Scene(folder, box, app, base)
            made.populate(people)
            yield made
    finally:
        running.stop()


def kill_until_done(place: Scene, dice: random.Random, most: int) -> int:
    """Kill one sync after the other at random moments; how many had not ended before that."""
    return sum(place.killed_after(dice.randint(15, 90)) for _ in range(most))


def test_killed_in_its_first_sync_it_doubles_and_loses_no_note_and_no_task(tmp_path: Path) -> None:
    people = 12
    with scene(tmp_path, people) as place:
        assert kill_until_done(place, random.Random(NUMBER), 5) > 0
        place.finish()
        assert place.in_crm() == expected(people)
        assert place.in_app() == expected(people)
        before = place.written()
        place.finish()
        assert place.written() == before
