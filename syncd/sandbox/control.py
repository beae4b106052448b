"""`/_control`: what a person, the weather and a stopwatch would do to the platforms.

Every body is a JSON object. A wrong route, name or value is answered with 4xx and an
`error` that says what is allowed. The reference stands in docs/sandbox.md.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from syncd.sandbox.core import Fault, Platform
from syncd.sandbox.incoming import parse
from syncd.sandbox.later import Errand

if TYPE_CHECKING:
    from syncd.sandbox.app import App

FAULT_KINDS = (
    "status",
    "lost_answer",
    "refused",
    "html",
    "truncated",
    "body",
    "status_after",
)
YEARS = (1971, 2999)
Handler = Callable[[dict[str, Any]], Any]


class ControlError(Exception):
    """A request to `/_control` that makes no sense; `status` and text are the answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """The routes below `/_control`."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._world = app.world
        self._routes: dict[tuple[str, str], Handler] = {
            ("GET", "/"): self._routes_known,
            ("POST", "/reset"): self._reset,
            ("POST", "/seed"): self._seed,
            ("GET", "/faults"): self._faults,
            ("POST", "/faults"): self._add_fault,
            ("DELETE", "/faults"): self._clear_faults,
            ("GET", "/later"): self._errands,
            ("POST", "/later"): self._add_errand,
            ("DELETE", "/later"): self._clear_errands,
            ("GET", "/clock"): self._clock,
            ("POST", "/clock"): self._set_clock,
            ("GET", "/counters"): self._counters,
            ("DELETE", "/counters"): self._clear_counters,
        }

    def handle(self, request: Request, path: str) -> Response:
        """Answer one request; called with the world's lock held."""
        try:
            answer = self._dispatch(request, path or "/")
        except ControlError as exc:
            return _json(exc.status, {"error": str(exc)})
        except ValueError as exc:
            return _json(400, {"error": str(exc)})
        except OverflowError:  # seconds or a day that no clock can show
            return _json(400, {"error": "a number is too large"})
        return _json(200, answer)

    def _dispatch(self, request: Request, path: str) -> Any:
        method = request.method
        if (method, path) == ("GET", "/info"):
            return self._app.info(request.host_url.rstrip("/"))
        handler = self._routes.get((method, path))
        if handler is not None:
            return handler(_body(request))
        match path.strip("/").split("/"):
            case [name, what] if name in self._app.platforms:
                return self._platform_route(self._app.platforms[name], method, what, request)
        raise ControlError(f"no route {method} {path}; " + self._help(), 404)

    def _platform_route(self, platform: Platform, method: str, what: str, request: Request) -> Any:
        match (method, what):
            case ("GET", "contacts"):
                return platform.dump()
            case ("GET", "children"):
                return platform.children()
            case ("GET", "settings"):
                return platform.configure({})
            case ("POST", "settings"):
                return platform.configure(_body(request))
            case ("POST", "act"):
                body = _body(request)
                action = body.pop("action", None)
                if not isinstance(action, str):
                    raise ControlError("`action` is missing: a string")
                return platform.act(action, body)
        raise ControlError(f"no route {method} /{platform.name}/{what}; " + self._help(), 404)

    def _help(self) -> str:
        names = "|".join(self._app.platforms)
        routes = ["GET /info", *(f"{method} {path}" for method, path in self._routes)]
        routes += [
            f"{verb} /{{{names}}}/{what}"
            for verb, what in (
                ("GET", "contacts"),
                ("GET", "children"),
                ("GET", "settings"),
                ("POST", "settings"),
                ("POST", "act"),
            )
        ]
        return "below /_control there are: " + ", ".join(routes)

    def _routes_known(self, _body: dict[str, Any]) -> dict[str, Any]:
        return {"help": self._help(), "limits": self._app.limits}

    def _reset(self, body: dict[str, Any]) -> dict[str, Any]:
        _only(body, "seed", "contacts", "children")
        many = {name: _whole(body, name, 0) or 0 for name in ("contacts", "children")}
        return {"seeded": self._app.reset(_whole(body, "seed", None), **many)}

    def _seed(self, body: dict[str, Any]) -> dict[str, Any]:
        _only(body, "contacts", "common", "seed", "children")
        contacts = _whole(body, "contacts", None)
        if contacts is None:
            raise ControlError("`contacts` is missing: how many people per platform")
        common = _number(body, "common", 0.5)
        if not 0 <= common <= 1:
            raise ControlError("`common` must lie between 0 and 1")
        seed, children = _whole(body, "seed", None), _whole(body, "children", 0) or 0
        return {"seeded": self._app.seed(contacts, common, seed, children)}

    def _faults(self, _body: dict[str, Any]) -> dict[str, Any]:
        return {"faults": [asdict(one) for one in self._world.faults]}

    def _add_fault(self, body: dict[str, Any]) -> dict[str, Any]:
        _only(body, *(one.name for one in fields(Fault)))
        if body.get("kind") not in FAULT_KINDS:
            raise ControlError(f"`kind` must be one of {', '.join(FAULT_KINDS)}")
        if isinstance(body.get("body"), dict | list):
            body["body"] = json.dumps(body["body"])
        if not 100 <= (_whole(body, "status", None) or 500) <= 999:
            raise ControlError("`status` must lie between 100 and 999")
        for name in ("status", "after", "body"):
            if body.get(name, "") is None:
                raise ControlError(f"`{name}` must not be null; leave it out")
        for name in ("after", "times"):
            _whole(body, name, None)
        for name in ("platform", "method", "body"):
            _text(body, name)
        _headers(body.get("headers", {}))
        self._check_platform(body.get("platform"))
        _pattern(body.get("path", ""))
        if not 0 <= _number(body, "probability", 1.0) <= 1:
            raise ControlError("`probability` must lie between 0 and 1")
        self._world.faults.append(Fault(**body))
        return self._faults({})

    def _clear_faults(self, _body: dict[str, Any]) -> dict[str, Any]:
        self._world.faults.clear()
        return self._faults({})

    def _errands(self, _body: dict[str, Any]) -> dict[str, Any]:
        diary = self._app.diary
        return {"waiting": [asdict(one) for one in diary.waiting], "done": diary.done}

    def _add_errand(self, body: dict[str, Any]) -> dict[str, Any]:
        """`after: n` is right after the n-th fitting request, `before: n` right before it."""
        on = body.pop("on", {})
        if not isinstance(on, dict):
            raise ControlError("`on` must be an object of platform, method, path")
        _only(on, "platform", "method", "path")
        before, after = _whole(body, "before", None), _whole(body, "after", None)
        if before is None and after is None:
            after = 1
        if (before is None) == (after is None):
            raise ControlError("give `after` or `before`, not both: which fitting request")
        nth = after if before is None else before
        if nth is None or nth < 1:
            raise ControlError("`after` and `before` count from 1")
        arguments = {k: v for k, v in body.items() if k not in ("before", "after")}
        platform, action = _text(arguments, "platform"), arguments.pop("action", None)
        arguments.pop("platform", None)
        if platform not in self._app.platforms or not isinstance(action, str):
            raise ControlError(
                "`platform` and `action` are missing or unknown: what to do, and where; "
                f"platforms: {', '.join(self._app.platforms)}"
            )
        self._check_platform(_text(on, "platform"))
        self._app.diary.waiting.append(
            Errand(
                on_platform=_text(on, "platform"),
                on_method=_text(on, "method"),
                on_path=_pattern(on.get("path", "")),
                left=nth,
                before=before is not None,
                platform=platform,
                action=action,
                arguments=arguments,
            )
        )
        return self._errands({})

    def _clear_errands(self, _body: dict[str, Any]) -> dict[str, Any]:
        self._app.diary.clear()
        return self._errands({})

    def _clock(self, _body: dict[str, Any]) -> dict[str, Any]:
        return {"now": self._world.clock.now().isoformat()}

    def _set_clock(self, body: dict[str, Any]) -> dict[str, Any]:
        _only(body, "advance_s", "freeze_at", "run")
        if len(body) != 1:
            raise ControlError("give one of `advance_s` (seconds), `freeze_at` (ISO), `run` (true)")
        clock = self._world.clock
        if "advance_s" in body:
            by = timedelta(seconds=_number(body, "advance_s", 0))
            _check_year(clock.now() + by)
            clock.advance(by)
        elif "freeze_at" in body:
            at = _moment(body["freeze_at"])
            _check_year(at)
            clock.freeze(at)
        else:
            clock.freeze(None)
        return self._clock({})

    def _counters(self, _body: dict[str, Any]) -> dict[str, Any]:
        world = self._world
        return {
            "requests": dict(world.requests),
            "refusals": dict(world.refusals),
            "writes": dict(world.writes),
            "faults": dict(world.struck),
            "messages": dict(world.messages),
            "forbidden": list(world.forbidden),
        }

    def _clear_counters(self, _body: dict[str, Any]) -> dict[str, Any]:
        world = self._world
        for counter in (
            world.requests,
            world.refusals,
            world.writes,
            world.struck,
            world.messages,
        ):
            counter.clear()
        world.forbidden.clear()
        return self._counters({})

    def _check_platform(self, name: str | None) -> None:
        if name is not None and name not in self._app.platforms:
            raise ControlError(f"no platform {name!r}; there are: {', '.join(self._app.platforms)}")


def _body(request: Request) -> dict[str, Any]:
    raw = request.get_data()
    if not raw:
        return {}
    try:
        body = parse(raw)
    except ValueError as exc:
        raise ControlError(f"the body is not JSON: {exc}") from exc
    if not isinstance(body, dict):
        raise ControlError("the body must be a JSON object")
    return body


def _only(body: dict[str, Any], *allowed: str) -> None:
    unknown = sorted(set(body) - set(allowed))
    if unknown:
        raise ControlError(f"unknown: {', '.join(unknown)}; allowed: {', '.join(allowed)}")


def _whole(body: dict[str, Any], name: str, default: int | None) -> int | None:
    value = body.get(name, default)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise ControlError(f"`{name}` must be a whole number, 0 or more")
    return value


def _number(body: dict[str, Any], name: str, default: float) -> float:
    value = body.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ControlError(f"`{name}` must be a number")
    return value


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ControlError(f"`{name}` must be a string")
    return value


def _pattern(value: object) -> str:
    if not isinstance(value, str):
        raise ControlError("`path` must be a regular expression as a string")
    try:
        re.compile(value)
    except re.error as exc:
        raise ControlError(f"`path` is not a regular expression: {exc}") from exc
    return value


def _headers(value: object) -> None:
    if not isinstance(value, dict) or not all(
        isinstance(text, str) and text.isascii() and text.isprintable()
        for pair in value.items()
        for text in pair
    ):
        raise ControlError("`headers` must be an object of plain texts")


def _check_year(at: datetime) -> None:
    """Far from the ends of the calendar, so that every span of a platform fits around it."""
    if not YEARS[0] <= at.year <= YEARS[1]:
        raise ControlError(f"the clock shows the years {YEARS[0]} to {YEARS[1]}")


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise ControlError("`freeze_at` must be an ISO 8601 time")
    try:
        at = datetime.fromisoformat(value)
    except ValueError as exc:
        raise ControlError(f"`freeze_at` is not an ISO 8601 time: {exc}") from exc
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _json(status: int, body: object) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
