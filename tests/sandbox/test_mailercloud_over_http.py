"""The emulator behind a real port: webhooks by a thread, addresses as they were sent."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any

import httpx
import pytest

from syncd.sandbox.server import Running, start

from .mailercloud_client import ADA

PATIENCE_S = 30
TRIES = 20_000


@dataclass
class Inbox:
    """What a receiver on this machine got, in order; it answers with `status`."""

    status: int = 200
    got: SimpleQueue[tuple[str, str]] = field(default_factory=SimpleQueue)
    url: str = ""
    asks: Callable[[], int] | None = None  # what the receiver does before it answers
    heard: list[int] = field(default_factory=list)

    def next(self) -> tuple[str, str]:
        """Method and Webhook-Type of the next request."""
        return self.got.get(timeout=PATIENCE_S)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    box = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if box.asks is not None:
                box.heard.append(box.asks())
            # Before it answers, as the next one comes right after that, in a thread of its own.
            box.got.put((self.command, self.headers.get("Webhook-Type") or ""))
            self.send_response(box.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Not on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    box.url = f"http://127.0.0.1:{server.server_port}/hooks/secret?x=1"
    yield box
    server.shutdown()
    thread.join()
    server.server_close()


class Box:
    """The served sandbox: its `/_control`, and the API with the key."""

    def __init__(self, running: Running) -> None:
        self.control = httpx.Client(base_url=f"{running.url}/_control")
        info = self.control.get("/info").json()["mailercloud"]
        headers = {"Authorization": info["api_key"], "User-Agent": "sandbox-tests/1"}
        self.http = httpx.Client(base_url=info["base_url"], headers=headers)

    def tell(self, path: str, **body: Any) -> Any:
        answer = self.control.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    def act(self, action: str, **arguments: Any) -> Any:
        return self.tell("/mailercloud/act", action=action, **arguments)

    def hook_after(self, attempts: int) -> dict[str, Any]:
        """The only hook, once so many attempts in all are on record."""
        for _ in range(TRIES):
            log = self.act("deliveries")["deliveries"]
            if sum(len(one["attempts"]) for one in log) >= attempts:
                hook: dict[str, Any] = self.act("webhooks")["webhooks"][0]
                return hook
        raise AssertionError(f"never saw {attempts} attempts")


@pytest.fixture
def box() -> Iterator[Box]:
    running = start()
    box = Box(running)
    yield box
    box.control.close()
    box.http.close()
    running.stop()


def test_hooks_are_validated_delivered_retried_and_switched_off(box: Box, inbox: Inbox) -> None:
    """§10.2, all of it, over sockets."""
    box.tell("/clock", freeze_at="2026-11-20T11:30:00")
    box.act("create", email=ADA)
    body = {"name": "sync", "url": inbox.url, "events": ["unsubscribe", "bounce"]}
    hook = box.http.post("/webhooks", json=body).json()["id"]
    assert [inbox.next()[0] for _ in range(3)] == ["GET", "POST", "POST"]
    assert box.hook_after(3)["active"]

    box.act("unsubscribe", email=ADA)
    assert inbox.next() == ("POST", "unsubscribe")
    assert box.hook_after(4)["failures"] == 0

    inbox.status = 503
    failures = 0
    for _ in range(5):
        box.act("bounce", email=ADA, kind="soft")
        for _ in range(4):
            assert inbox.next() == ("POST", "bounce")
            failures += 1
            assert box.hook_after(4 + failures)["failures"] == failures
            box.tell("/clock", advance_s=10)
    shown = box.http.get(f"/webhooks/detail/{hook}").json()["webhook"]
    assert (failures, shown["status"]) == (20, "Inactive")
    assert inbox.got.empty()


def test_a_receiver_that_is_not_there_is_a_failure(box: Box) -> None:
    box.act("create_webhook", url="http://127.0.0.1:1/")
    assert box.hook_after(1)["active"] is False


def test_a_receiver_may_call_the_api_before_it_answers(box: Box, inbox: Inbox) -> None:
    """§10.2: confirm by API where possible; a delivery must not hold the platform up."""
    inbox.asks = lambda: box.http.get("/client/plan").status_code
    box.act("create_webhook", url=inbox.url)
    assert [inbox.next()[0] for _ in range(3)] == ["GET", "POST", "POST"]
    assert box.hook_after(3)["active"]
    assert inbox.heard == [200, 200, 200]
    assert box.control.post("/mailercloud/act", json={"action": "deliver"}).status_code == 400


def test_a_plus_that_is_not_encoded_is_a_blank(box: Box) -> None:
    """§17.1: percent-encode e-mails in paths; `+` addresses break otherwise."""
    box.act("create", email="ada+crm@example.org")
    assert box.http.put("/contacts/ada+crm@example.org", json={}).status_code == 404
    assert box.http.put("/contacts/ada%2Bcrm%40example.org", json={}).status_code == 200
