"""Carries deliveries to the hooks: over HTTP on loopback, or through what a test puts in.

Source: mailercloud.md §10.2.
"""

import http.client
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from syncd.sandbox.core import World
from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.outbox import Delivery, Outbox
from syncd.sandbox.mailercloud.webhooks import is_loopback

TIMEOUT_S = 5.0
LOOK_EVERY_S = 0.02

# Method, URL, headers, body -> status; None if no answer came.
Sender = Callable[[str, str, Mapping[str, str], str], int | None]


def over_http(method: str, url: str, headers: Mapping[str, str], body: str) -> int | None:
    """One request; redirects are not followed."""
    if not is_loopback(url):
        return None
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body.encode() or None, dict(headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class Deliverer:
    """Sends what is due; by itself only where a server runs the sandbox."""

    def __init__(self, world: World, account: Account) -> None:
        self._world = world
        self._account = account
        self._thread: threading.Thread | None = None
        self.sender: Sender = over_http

    def deliver(self) -> list[Delivery]:
        """Send all that is due at this moment of the sandbox clock; what was attempted.

        The world's lock is not held while a request is out, unless the caller holds it.
        """
        attempted: list[Delivery] = []
        outbox = self._account.outbox  # a reset puts another one in its place
        while due := self._take(outbox):
            for delivery in due:
                if delivery.state == "sending":  # an earlier answer may have cancelled it
                    self._carry(outbox, delivery)
                    attempted.append(delivery)
        return attempted

    def start(self) -> None:
        """Look after the hooks from a thread until the server closes."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="deliverer", daemon=True)
            self._thread.start()

    def _look(self) -> None:
        while not self._world.closing.wait(LOOK_EVERY_S):
            self.deliver()

    def _take(self, outbox: Outbox) -> list[Delivery]:
        with self._world.lock:
            return outbox.take_due(self._now())

    def _carry(self, outbox: Outbox, delivery: Delivery) -> None:
        status = self.sender(delivery.method, delivery.url, delivery.headers, delivery.body)
        with self._world.lock:
            attempts = self._account.settings.webhook_failures_count == "attempts"
            outbox.record(delivery, status, self._now(), each_attempt_counts=attempts)

    def _now(self) -> datetime:
        return self._world.clock.now()
