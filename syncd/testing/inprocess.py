"""The sandbox without sockets: a transport for `httpx.Client`, and a fresh world for a test.

box = sandbox(contacts=20, frozen_at=NOW)
client = httpx.Client(transport=box.transport, base_url=box.info["ghl"]["base_url"])
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from syncd.sandbox.app import App, build
from syncd.sandbox.core import LostAnswerError, Platform, RefusedConnectionError, World

ORIGIN = "http://sandbox.test"


class InProcess(httpx.BaseTransport):
    """Runs the WSGI application in the caller's thread.

    Raises:
        httpx.ReadError: the answer was lost after the request had been carried out.
        httpx.ConnectError: the connection broke before it was carried out.
    """

    def __init__(self, app: App) -> None:
        def as_wsgi_has_it(environ: dict[str, Any], start: Any) -> Any:
            # PEP 3333 wants the bytes of a path as latin-1; httpx hands over text.
            environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
            return app(environ, start)

        self._wsgi = httpx.WSGITransport(app=as_wsgi_has_it)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._wsgi.handle_request(request)
            response.read()
        except LostAnswerError as exc:
            raise httpx.ReadError("the connection broke in the answer", request=request) from exc
        except RefusedConnectionError as exc:
            raise httpx.ConnectError("connection refused", request=request) from exc
        return response


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A world of one's own; nothing is shared with another."""

    app: App
    transport: InProcess

    @property
    def world(self) -> World:
        return self.app.world

    @property
    def info(self) -> dict[str, Any]:
        """Base URLs, credentials and ids per platform, as `/_control/info` shows them."""
        return self.app.info(ORIGIN)

    def platform(self, name: str) -> Platform:
        """To seed, dump, configure, or act on as a person would."""
        return self.app.platforms[name]


def sandbox(
    contacts: int = 0,
    seed: int = 7,
    limits: str = "off",
    frozen_at: datetime | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    children: int = 0,
) -> Sandbox:
    """A fresh sandbox. The same arguments give the same ids, people and dice.

    Args:
        contacts: invented people per platform, half of them in common.
        limits: `off`, `real` or `agency`.
        frozen_at: aware UTC; the sandbox clock stands there until it is moved.
        settings: switches per platform, as `Platform.configure` takes them.
        children: how many notes, tasks and appointments each contact has at most.
    """
    app = build(seed=seed, contacts=contacts, children=children, limits=limits, frozen_at=frozen_at)
    for name, switches in (settings or {}).items():
        app.platforms[name].configure(dict(switches))
    return Sandbox(app, InProcess(app))
