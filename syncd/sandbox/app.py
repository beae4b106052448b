"""The sandbox as one WSGI application: every platform below its prefix, and `/_control`.

A request passes, in this order: what a person was asked to do before it, faults that
stop it, the platform, what a person was asked to do after it, faults that spoil the
answer. The `Date` header of every answer is the sandbox clock's.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from syncd.sandbox import people
from syncd.sandbox.control import Control
from syncd.sandbox.core import (
    Fault,
    LostAnswerError,
    Platform,
    RefusedConnectionError,
    World,
)
from syncd.sandbox.ghl import Ghl
from syncd.sandbox.later import Diary
from syncd.sandbox.maileon import Maileon
from syncd.sandbox.mailercloud import Mailercloud

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STOPPING = frozenset({"status", "html", "refused"})
PROXY_PAGE = (
    "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center>"
    "<hr><center>cloudflare</center></body></html>"
)
CHILDREN_MOST = 100
LIMITS = ("off", "real", "agency")


class App:
    """The WSGI application of one sandbox.

    Attributes:
        limits: `off` (no refusals, very large numbers in the headers), `real` (the limits
            of production), `agency` (those of a GHL sandbox agency, a quarter or less).
    """

    def __init__(
        self,
        world: World,
        platforms: Sequence[Platform],
        limits: str = "off",
        frozen_at: datetime | None = None,
    ) -> None:
        self.world = world
        self._frozen_at = frozen_at
        world.clock.freeze(frozen_at)
        self.platforms = {one.name: one for one in platforms}
        self.limits = limits
        self.diary = Diary(self.platforms)
        self._by_prefix = sorted(platforms, key=lambda one: -len(one.prefix))
        self._control = Control(self)
        self._seedings = 0

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request.

        Raises:
            LostAnswerError: carried out, and the connection is to break now.
            RefusedConnectionError: not carried out, and the connection is to break now.
        """
        request = Request(environ)
        response = self._answer(request)
        response.headers["Date"] = format_datetime(self.world.clock.now(), usegmt=True)
        return response(environ, start_response)

    def reset(
        self, seed: int | None = None, contacts: int = 0, children: int = 0
    ) -> dict[str, int]:
        """Everything as at the start, the clock included; then seed, as `seed` does."""
        with self.world.lock:
            self.world.reset(seed)
            self.world.clock.freeze(self._frozen_at)
            self.diary.clear()
            self._seedings = 0
            for platform in self.platforms.values():
                platform.reset()
            return self.seed(contacts, children=children)

    def seed(
        self, contacts: int, common: float = 0.5, seed: int | None = None, children: int = 0
    ) -> dict[str, int]:
        """Add `contacts` people to every platform, the share `common` of them to all.

        Without a `seed` every call brings new people, the same ones after each reset. A
        platform that is added behind the others leaves them their people. Up to `children`
        notes, tasks and appointments each are invented for every contact that has none.

        Raises:
            ValueError: `children` is more than a hundred; nothing is seeded.
        """
        if children > CHILDREN_MOST:
            raise ValueError(f"`children` must be {CHILDREN_MOST} at most")
        with self.world.lock:
            if contacts and seed is None:
                seed = self.world.seed + self._seedings
                self._seedings += 1
            lists = people.share_out(
                list(self.platforms),
                contacts,
                common=common,
                seed=self.world.seed if seed is None else seed,
            )
            for name, persons in lists.items():
                self.platforms[name].seed(persons)
            for platform in self.platforms.values() if children else ():
                platform.invent_children(children)
            return {name: len(persons) for name, persons in lists.items()}

    def info(self, origin: str) -> dict[str, Any]:
        """Addresses and credentials, per platform."""
        return {name: one.info(origin) for name, one in self.platforms.items()}

    def _answer(self, request: Request) -> Response:
        path = request.path
        if path == "/_control" or path.startswith("/_control/"):
            with self.world.lock:
                return self._control.handle(request, path.removeprefix("/_control"))
        for platform in self._by_prefix:
            if path.startswith(platform.prefix) and path[len(platform.prefix) :][:1] in ("", "/"):
                with self.world.lock:
                    return self._visit(platform, request, path[len(platform.prefix) :])
        known = [one.prefix for one in self._by_prefix] + ["/_control"]
        return _json(404, {"error": f"no platform at {path}", "prefixes": known})

    def _visit(self, platform: Platform, request: Request, path: str) -> Response:
        due_after = self.diary.arrive(platform.name, request.method, path)
        fault = self._strike(platform.name, request.method, path)
        try:
            if fault is not None and fault.kind in STOPPING:
                response = _stopped(fault)
            else:
                response = platform.handle(request, path)
        finally:
            for errand in due_after:
                self.diary.carry_out(errand)
        return response if fault is None else _spoil(response, fault)

    def _strike(self, platform: str, method: str, path: str) -> Fault | None:
        for fault in self.world.faults:
            if fault.strikes(platform, method, path, self.world.dice):
                self.world.struck[f"{platform} {fault.kind}"] += 1
                return fault
        return None


def build(
    *,
    seed: int = 7,
    contacts: int = 0,
    children: int = 0,
    limits: str = "off",
    frozen_at: datetime | None = None,
) -> App:
    """A fresh sandbox with every platform, seeded; `frozen_at` stops its clock there.

    Raises:
        ValueError: `limits` is none of `off`, `real`, `agency`, or `children` too many.
    """
    if limits not in LIMITS:
        raise ValueError(f"limits must be one of {', '.join(LIMITS)}, not {limits!r}")
    world = World(seed, real_limits=limits != "off")
    world.clock.freeze(frozen_at)  # before a platform looks at it
    platforms = [Ghl(world, agency=limits == "agency"), Maileon(world), Mailercloud(world)]
    app = App(world, platforms, limits, frozen_at)
    app.seed(contacts, children=children)
    return app


def _stopped(fault: Fault) -> Response:
    match fault.kind:
        case "refused":
            raise RefusedConnectionError
        case "html":
            page = fault.body or PROXY_PAGE.format(status=fault.status)
            return Response(page, fault.status, fault.headers, mimetype="text/html")
        case _:
            return _plain(fault.body, fault.status, fault.headers)


def _spoil(response: Response, fault: Fault) -> Response:
    match fault.kind:
        case "lost_answer":
            raise LostAnswerError
        case "truncated":
            body = response.get_data()
            response.set_data(body[: len(body) // 2])
        case "body" if response.status_code < 400:
            response.set_data(fault.body)
        case "status_after":
            return _plain(fault.body, fault.status, fault.headers)
    return response


def _plain(body: str, status: int, headers: dict[str, str]) -> Response:
    kind = "application/json" if body[:1] in ("{", "[") else "text/plain"
    return Response(body, status, headers, mimetype=kind)


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")
