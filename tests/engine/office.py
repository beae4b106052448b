"""GHL and ExampleMail in process, kept in step with notes, tasks and appointments."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from syncd.app import App, open_app
from syncd.connectors.api import Wire
from syncd.engine.context import Pair
from syncd.engine.cycle import Mode, Report, run_cycle
from syncd.engine.word import approve
from syncd.errors import SyncdError
from syncd.model.side import Side
from syncd.sandbox.ghl.child_dump import dumped
from syncd.sandbox.ghl.platform import Ghl
from syncd.store import conflicts, database, members
from syncd.store import tables as t
from syncd.testing.example.child_emulator import NestingEmulator
from syncd.testing.example.emulator import TOKEN
from syncd.testing.inprocess import Sandbox, sandbox
from tests.engine.line import CrashError

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
MOMENT = timedelta(milliseconds=20)
ROOT = f"""\
store: sqlite:///syncd.db
accounts:
  crm:
    connector: ghl
    token: {{token}}
    location_id: {{location}}
    base_url: {{base}}
  app:
    connector: example_mail
    token: {TOKEN}
    base_url: http://example-mail.test/v1
pairs: [office.yaml]
"""
PAIR = """\
pair: office
left: crm
right: app
baseline: {baseline}
fields:
  - {{left: firstName, right: first_name}}
tasks:
  delete: {delete}
  fields:
    - {{left: title, right: title}}
    - {{left: body, right: description}}
    - {{left: dueDate, right: due}}
    - {{left: completed, right: done}}
notes:
  delete: {delete}
  fields:
    - {{left: body, right: text, transform: {{html_text: true}}}}
"""


class Router(httpx.BaseTransport):
    """The wire to both platforms, on which a process of ours can die.

    Attributes:
        crash_at: die at the n-th request from now; None lives on. `carried_out` says whether
            that request still is.
        refused: a part of paths that the credentials do not reach.
        loses: asked after each request, whether its answer is lost.
    """

    def __init__(self, box: Sandbox, app: NestingEmulator) -> None:
        self._box, self._app = box, app
        self.sent, self.written = 0, 0
        self.crash_at: int | None = None
        self.carried_out = True
        self.refused: str | None = None
        self.loses: Callable[[httpx.Request], bool] = lambda _: False
        self.asked: list[str] = []

    def rest(self) -> None:
        self.sent, self.crash_at = 0, None
        self.loses = lambda _: False
        self.asked.clear()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        self._box.world.clock.advance(MOMENT)
        self.asked.append(f"{request.method} {request.url.path}")
        dies = self.crash_at is not None and self.sent >= self.crash_at
        if dies and not self.carried_out:
            raise CrashError
        if self.refused is not None and self.refused in request.url.path:
            said = {
                "statusCode": 403,
                "message": "The token does not have access to this location.",
            }
            response = httpx.Response(403, json=said)
        elif request.url.host == "example-mail.test":
            self.written += request.method != "GET"
            response = self._app.answer(request)
        else:
            response = self._box.transport.handle_request(request)
        if dies:
            raise CrashError
        if self.loses(request):
            raise httpx.ReadError("the connection broke in the answer", request=request)
        return response


@dataclass(slots=True)
class Office:
    """Both platforms and one store; processes of ours come and go."""

    folder: Path
    box: Sandbox
    app: NestingEmulator
    line: Router
    opened: App | None = None
    crash: Callable[[str], None] = field(default=lambda _: None)
    name: str = "office"

    @property
    def now(self) -> datetime:
        return self.box.world.clock.now()

    def writes(self) -> int:
        """Requests so far that changed something."""
        return sum(self.box.world.writes.values()) + self.line.written

    # -- our side ------------------------------------------------------------------------

    def start(self) -> App:
        """A process of ours with an empty memory."""
        clock = self.box.world.clock
        wire = Wire(
            transport=self.line,
            now=clock.now,
            monotonic=lambda: (clock.now() - NOON).total_seconds(),
            sleep=lambda seconds: clock.advance(timedelta(seconds=seconds)),
        )
        self.opened = open_app(self.folder / "syncd.yaml", env={}, wire=wire)
        return self.opened

    def write(self, **said: str) -> None:
        """Say something else of the pair, from the next process on."""
        path = self.folder / "office.yaml"
        lines = "".join(f"{name}: {value}\n" for name, value in said.items())
        path.write_text(path.read_text("utf-8") + lines, "utf-8")
        self.opened = None

    def read_everything(self) -> None:
        """Let some cycles pass that look at everything."""
        for _ in range(3):
            self.wait(minutes=5)
            self.cycle(Mode.FULL)

    def running(self) -> App:
        return self.opened or self.start()

    def pair(self) -> Pair:
        return self.running().open_pair("office", create_fields=True)

    def cycle(self, mode: Mode = Mode.SYNC) -> Report:
        environment = replace(self.running().environment, crash=self.crash)
        return run_cycle(self.pair(), environment, mode)

    def release(self) -> None:
        approve(self.running().environment, "office")

    def cycles(self, number: int = 3) -> None:
        """Let some cycles pass, as far apart as a daemon makes them."""
        for _ in range(number):
            self.wait(minutes=5)
            self.cycle()

    def wait(self, **time: float) -> None:
        self.box.world.clock.advance(timedelta(**time))

    def has_not_learned_of(self, remote_id: str) -> bool:
        """Whether our store knows nothing of a record."""
        m = t.member.c
        with database.reading(self.running().store) as db:
            known = sa.select(m.remote_id).where(m.remote_id == remote_id)
            return db.execute(known).first() is None

    def conflicts(self) -> int:
        """How many fields wait for a person."""
        with database.reading(self.running().store) as db:
            return conflicts.count_open(db, self.name)

    def lose_the_answer(self, host: str, path: str) -> None:
        """A cycle in which the first answer to a create is lost.

        Args:
            host: `ghl` or `example-mail`; path: how the path of the create ends.
        """
        lost: list[str] = []

        def loses(request: httpx.Request) -> bool:
            theirs = ("example-mail" in request.url.host) == (host == "example-mail")
            made = request.method == "POST" and request.url.path.rstrip("/").endswith(path)
            if theirs and made:
                lost.append(request.url.path)
            return theirs and made and len(lost) == 1

        self.line.loses = loses
        with suppress(SyncdError):
            self.cycle()
        assert lost

    def census(self) -> dict[tuple[str, Side, str, str | None], int]:
        with database.reading(self.running().store) as db:
            return {tuple(alike[:4]): alike[4] for alike in members.census(db, "office")}  # type: ignore[misc]

    # -- people --------------------------------------------------------------------------

    def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        """What a person does in GHL."""
        return dict(self.box.platform("ghl").act(action, arguments))

    def person(self, email: str, name: str = "Ada") -> str:
        """A contact of GHL; its id."""
        return str(self.act("create", fields={"email": email, "firstName": name})["id"])

    def note(self, email: str, body: str) -> str:
        return str(self.act("add_note", email=email, html=body)["note"]["id"])

    def task(self, email: str, title: str, **more: Any) -> str:
        return str(self.act("add_task", email=email, title=title, **more)["task"]["id"])

    # -- a plain view of both sides ------------------------------------------------------

    def in_crm(self, kind: str, name: str) -> list[tuple[str, Any]]:
        """Who has what in GHL: addresses, and one field of what belongs to them."""
        return sorted(((email, one.get(name)) for email, one in self.family(kind)), key=str)

    def contacts(self) -> list[dict[str, Any]]:
        """Those of GHL."""
        return list(self.box.platform("ghl").dump())

    def family(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """What belongs to contacts of GHL, each with the address of its contact."""
        ghl = self.box.platform("ghl")
        assert isinstance(ghl, Ghl)
        emails = {one["id"]: str(one["email"]) for one in self.contacts()}
        return [
            (emails.get(contact_id, "nobody"), one)
            for contact_id, family in dumped(ghl.agency.main).items()
            for one in family[kind]
        ]

    def in_app(self, kind: str, name: str) -> list[tuple[str, Any]]:
        """The same in ExampleMail."""
        found = []
        for one in self.app.children[kind].values():
            if not one["deleted"]:
                contact = self.app.contacts[one["contact_id"]]
                found.append((str(contact.get("email")), one.get(name)))
        return sorted(found, key=str)


def office(
    folder: Path, *, baseline: str = "auto", delete: str = "keep", **switches: Any
) -> Office:
    """A fresh one; nothing is shared with another."""
    box = sandbox(frozen_at=NOON, settings={"ghl": switches} if switches else None)
    app = NestingEmulator(box.world.clock.now)
    info = box.info["ghl"]
    root = ROOT.format(token=info["token"], location=info["location_id"], base=info["base_url"])
    (folder / "syncd.yaml").write_text(root, "utf-8")
    (folder / "office.yaml").write_text(PAIR.format(baseline=baseline, delete=delete), "utf-8")
    return Office(folder, box, app, Router(box, app))
