"""The line between connector and emulator, and everything that can go wrong on it."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from lxml import etree

from syncd.http import xml
from syncd.testing.contract.clock import Clock
from syncd.testing.contract.promise import hold

ANSWER_S = 0.05  # how long an answer takes
UNKNOWN = "zzUnknownYet"
MOST_REQUESTS = 20_000  # that one promise may take

Forward = Callable[[httpx.Request], httpx.Response]
Trouble = Callable[[int, httpx.Request, Forward], httpx.Response]
Rewrite = Callable[[httpx.Response], bytes | None]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request: when it was sent, in seconds of the clock, and what was answered."""

    method: str
    path: str
    at_s: float
    status: int | None


class Line(httpx.BaseTransport):
    """A transport around the platform's own.

    Attributes:
        sent: every request since `trouble` was set last, in order.
        trouble: what happens to requests; None lets them pass.
    """

    def __init__(self, inner: httpx.BaseTransport, clock: Clock) -> None:
        self.sent: list[Sent] = []
        self._inner = inner
        self._clock = clock
        self._trouble: Trouble | None = None
        self._lock = threading.Lock()
        self._number = 0

    @property
    def trouble(self) -> Trouble | None:
        return self._trouble

    @trouble.setter
    def trouble(self, trouble: Trouble | None) -> None:
        with self._lock:
            self._trouble, self._number, self.sent = trouble, 0, []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        with self._lock:
            number, self._number = self._number, self._number + 1
            trouble, at_s = self._trouble, self._clock.monotonic()
        hold(number < MOST_REQUESTS, f"{MOST_REQUESTS:,} requests were sent, and no end is near")
        self._clock.sleep(ANSWER_S)
        status: int | None = None
        try:
            response = trouble(number, request, self._pass) if trouble else self._pass(request)
            status = response.status_code
        finally:
            sent = Sent(request.method, request.url.path, at_s, status)
            with self._lock:
                self.sent.append(sent)
        return response

    def _pass(self, request: httpx.Request) -> httpx.Response:
        with self._lock:  # an emulator need not be safe for threads
            response = self._inner.handle_request(request)
            response.request = request
            response.read()
        return response

    def close(self) -> None:
        """The platform outlives a connector that is closed."""


def lost(nth: int) -> Trouble:
    """The request is carried out, and its answer never arrives."""

    def trouble(number: int, request: httpx.Request, forward: Forward) -> httpx.Response:
        response = forward(request)
        if number == nth:
            raise httpx.ReadError("the connection broke in the answer", request=request)
        return response

    return trouble


def failed(nth: int, status: int = 504) -> Trouble:
    """The request is carried out, and a proxy answers with a page of its own."""

    def trouble(number: int, request: httpx.Request, forward: Forward) -> httpx.Response:
        response = forward(request)
        return page(status, request) if number == nth else response

    return trouble


def page(status: int, request: httpx.Request) -> httpx.Response:
    """A web page instead of an answer."""
    text = f"<html><head><title>{status}</title></head><body>{status}</body></html>"
    return httpx.Response(status, html=text, request=request)


def refused(times: int, headers: Mapping[str, str], status: int = 429) -> Trouble:
    """The first requests are refused without being carried out."""

    def trouble(number: int, request: httpx.Request, forward: Forward) -> httpx.Response:
        if number < times:
            return httpx.Response(status, headers=headers, request=request)
        return forward(request)

    return trouble


def rewritten(rewrite: Rewrite) -> Trouble:
    """Every answer passes through `rewrite`, which returns None to let it be."""

    def trouble(_: int, request: httpx.Request, forward: Forward) -> httpx.Response:
        return replaced(forward(request), rewrite)

    return trouble


def replaced(response: httpx.Response, rewrite: Rewrite) -> httpx.Response:
    body = rewrite(response)
    if body is None:
        return response
    stale = ("content-length", "content-encoding", "transfer-encoding")
    headers = [(k, v) for k, v in response.headers.multi_items() if k.lower() not in stale]
    return httpx.Response(
        response.status_code, headers=headers, content=body, request=response.request
    )


def names_in(response: httpx.Response) -> set[str]:
    """The names of all fields of a JSON or XML answer; empty for others."""
    match _parsed(response):
        case etree._Element() as root:
            return {str(element.tag) for element in root.iterdescendants()}
        case parsed:
            return _names(parsed)


def extended(response: httpx.Response) -> bytes | None:
    """The answer with an unknown name in every object; None if it is no JSON or XML."""
    match _parsed(response):
        case None:
            return None
        case etree._Element() as root:
            for element in [e for e in root.iter() if len(e)]:
                child = etree.SubElement(element, UNKNOWN)
                etree.SubElement(child, UNKNOWN).text = "1"
            return xml.serialise(root)
        case parsed:
            return json.dumps(_extended(parsed)).encode()


def without(name: str) -> Rewrite:
    """Answers from which everything of this name is missing."""

    def rewrite(response: httpx.Response) -> bytes | None:
        match _parsed(response):
            case None:
                return None
            case etree._Element() as root:
                for element in [e for e in root.iterdescendants() if e.tag == name]:
                    parent = element.getparent()
                    if parent is not None:
                        parent.remove(element)
                return xml.serialise(root)
            case parsed:
                return json.dumps(_without(parsed, name)).encode()

    return rewrite


def hollow(response: httpx.Response) -> bytes | None:
    """The answer without anything in it: `{}`, `[]` or an empty root element."""
    match _parsed(response):
        case None:
            return None
        case etree._Element() as root:
            for element in list(root):
                root.remove(element)
            return xml.serialise(root)
        case list():
            return b"[]"
        case _:
            return b"{}"


def foreign(status: int) -> Trouble:
    """Nothing reaches the platform; a proxy answers with a page of its own."""
    return lambda _, request, __: page(status, request)


def _parsed(response: httpx.Response) -> Any:
    """The content of a successful answer; None if it is neither JSON nor XML."""
    if not response.is_success or not response.content.strip():
        return None
    kind = response.headers.get("content-type", "").lower()
    try:
        if "json" in kind:
            return json.loads(response.content)
        if "xml" in kind and "html" not in kind:
            return xml.parse(response.content)
    except ValueError:
        return None
    return None


def _names(parsed: Any) -> set[str]:
    match parsed:
        case dict():
            return set(parsed).union(*map(_names, parsed.values()))
        case list():
            return set().union(*map(_names, parsed))
        case _:
            return set()


def _extended(parsed: Any) -> Any:
    match parsed:
        case dict():
            inner = {key: _extended(value) for key, value in parsed.items()}
            return {UNKNOWN: {UNKNOWN: [1, "two", None]}, **inner}
        case list():
            return [_extended(item) for item in parsed]
        case _:
            return parsed


def _without(parsed: Any, name: str) -> Any:
    match parsed:
        case dict():
            return {key: _without(value, name) for key, value in parsed.items() if key != name}
        case list():
            return [_without(item, name) for item in parsed]
        case _:
            return parsed
