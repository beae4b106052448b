"""The sandbox on loopback: one port for every platform and for `/_control`."""

import logging
import signal
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.channel import ClientDisconnected  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]

from syncd.sandbox.app import App, build
from syncd.sandbox.core import LostAnswerError, RefusedConnectionError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
THREADS = 8
PROMISED_BYTES = 4096  # the Content-Length of a lost answer; far fewer are sent


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox served by a thread of this process."""

    url: str
    app: App
    _server: Any
    _thread: threading.Thread

    def stop(self) -> None:
        """Take no more requests, finish those at hand, close the port, wait for the thread."""
        self.app.world.closing.set()
        self._server.accepting = False
        self._server.task_dispatcher.shutdown()
        self._server.trigger.pull_trigger(self._close)
        self._thread.join()
        self._server.trigger.close()  # not before: `_close` may run while it is being pulled

    def _close(self) -> None:
        self._server.trigger.del_channel()
        for channel in list(self._server.active_channels.values()):
            channel.handle_write()
        wasyncore.close_all(self._server._map, ignore_all=True)


def start(
    port: int = 0, contacts: int = 0, seed: int = 7, limits: str = "off", children: int = 0
) -> Running:
    """Serve from a thread of this process; the port is open when this returns.

    Args:
        port: 0 takes a free one, `Running.url` says which.
        contacts: how many invented people to put into every platform.
        limits: `off`, `real` or `agency`, see `App`.
        children: how many notes, tasks and appointments each contact has at most.
    """
    logging.getLogger("waitress").setLevel(logging.ERROR)  # a cut answer is a fault we asked for
    app = build(seed=seed, contacts=contacts, limits=limits, children=children)
    app.world.served = True
    server = create_server(
        breaking(app), host=HOST, port=port, threads=THREADS, connection_limit=1000, backlog=1024
    )
    thread = threading.Thread(target=server.run, name="sandbox", daemon=True)
    thread.start()
    return Running(f"http://{HOST}:{server.effective_port}", app, server, thread)


def serve(
    port: int = 0, contacts: int = 0, seed: int = 7, limits: str = "off", children: int = 0
) -> None:
    """Serve until SIGTERM or SIGINT; arguments as for `start`. Call it in the main thread."""
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    running = start(port, contacts, seed, limits, children)
    print(f"sandbox ready on {running.url}", flush=True)
    told_to_stop.wait()
    running.stop()


def breaking(app: App) -> "WSGIApplication":
    """`app` for waitress: the two broken connections, as they look on a wire."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except RefusedConnectionError as exc:
            raise ClientDisconnected from exc  # closed without a byte
        except LostAnswerError:
            kind = ("Content-Type", "application/json")
            start_response("200 OK", [kind, ("Content-Length", str(PROMISED_BYTES))])
            return [b'{"']

    return answer
