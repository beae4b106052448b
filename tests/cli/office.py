"""ExampleMail on real HTTP beside the sandbox, and a pair that keeps notes and tasks in step."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import httpx

from syncd.testing.example.child_emulator import NestingEmulator
from syncd.testing.example.emulator import TOKEN
from tests.cli.conftest import Place
from tests.engine.office import PAIR

ROOT = f"""\
store: sqlite:///var/syncd.db
accounts:
  crm:
    connector: ghl
    token: ${{{{GHL_TOKEN}}}}
    location_id: ${{{{GHL_LOCATION_ID}}}}
    base_url: ${{{{GHL_BASE_URL}}}}
  app:
    connector: example_mail
    token: {TOKEN}
    base_url: {{base}}/v1
pairs: pairs/*.yaml
"""


class Workplace:
    """What people do on either platform; commands are typed at `place`."""

    def __init__(self, place: Place, app: NestingEmulator) -> None:
        self.place, self.app = place, app

    def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        return dict(self.place.box.act("ghl", action, **arguments))

    def person(self, email: str, **fields: str) -> str:
        """A contact of GHL; its id."""
        return str(self.act("create", fields={"email": email, **fields})["id"])

    def note(self, email: str, body: str) -> str:
        return str(self.act("add_note", email=email, html=body)["note"]["id"])

    def task(self, email: str, title: str, **more: Any) -> str:
        return str(self.act("add_task", email=email, title=title, **more)["task"]["id"])


def write_pair(place: Place, base: str, **said: str) -> None:
    """The configuration of the pair, with more lines at its top level."""
    (place.folder / "syncd.yaml").write_text(ROOT.format(base=base), "utf-8")
    lines = "".join(f"{name}: {value}\n" for name, value in said.items())
    pair = PAIR.format(baseline="held", delete="keep") + lines
    (place.folder / "pairs" / "shop.yaml").unlink()
    (place.folder / "pairs" / "office.yaml").write_text(pair, "utf-8")


@contextmanager
def served(app: NestingEmulator) -> Iterator[str]:
    """The emulator on a free port of loopback; its address."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                return  # who asked has died on the way
            asked = httpx.Request(
                self.command, f"{base}{self.path}", headers=dict(self.headers), content=body
            )
            response = app.answer(asked)
            self.send_response(response.status_code)
            for name in ("content-type", "content-length", "retry-after"):
                if name in response.headers:
                    self.send_header(name, response.headers[name])
            self.end_headers()
            self.wfile.write(response.content)

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - names of http.server

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    base = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield base
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def emulator() -> NestingEmulator:
    return NestingEmulator(lambda: datetime.now(UTC))
