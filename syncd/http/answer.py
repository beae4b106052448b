"""One answer of a platform, and the ways in which it can be read."""

import json
import re
from dataclasses import dataclass
from typing import Any

import httpx
from lxml import etree

from syncd.errors import TransientError
from syncd.http import xml

MAX_BODY_BYTES = 64 * 1024 * 1024
_LONE = re.compile("[\ud800-\udfff]")  # a surrogate; json.loads has joined the pairs
# The same in the bytes of JSON, as ED A0 80 or escaped; and every escape but a lone surrogate.
_RAW = re.compile(rb"\xed[\xa0-\xbf]")
_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")
_SOUND = re.compile(rb"\\(?:[^u]|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        label: method and path pattern, without any value of a contact; safe to log.
        headers: case-insensitive.
    """

    label: str
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        return str(self.headers.get("content-type", "")).split(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON; lone surrogates become U+FFFD, since no platform can store them.

        Raises:
            TransientError: it is no JSON, as when a proxy answers with a page of its own.
        """
        if self.looks_like_html():
            raise TransientError(
                f"{self.label} was answered {self.status} with an HTML page instead of JSON"
            )
        try:
            parsed = json.loads(self.body)
            if may_hold_surrogates(self.body):
                parsed = _without_surrogates(parsed)
        except (ValueError, RecursionError) as cause:
            raise TransientError(
                f"{self.label} was answered {self.status} with {len(self.body)} bytes"
                " that are not complete JSON"
            ) from cause
        return parsed

    def json_object(self) -> dict[str, Any]:
        """Like `json`, for an answer that must be an object."""
        parsed = self.json()
        if not isinstance(parsed, dict):
            raise TransientError(f"{self.label} was answered with JSON that is not an object")
        return parsed

    def xml(self) -> "etree._Element":
        """The root element, parsed without DTD, entities or network.

        Raises:
            TransientError: it is no well-formed XML, or it carries a DTD.
        """
        if self.looks_like_html():
            raise TransientError(
                f"{self.label} was answered {self.status} with an HTML page instead of XML"
            )
        try:
            return xml.parse(self.body)
        except xml.MalformedXmlError as cause:
            raise TransientError(
                f"{self.label} was answered {self.status} with {len(self.body)} bytes"
                " that are not complete XML"
            ) from cause

    def looks_like_html(self) -> bool:
        start = self.body[:256].lstrip().lower()
        return start.startswith((b"<!doctype html", b"<html"))

    def text(self, limit: int = 300) -> str:
        """The start of the body for telling errors apart; never for a log."""
        return self.body[: limit * 4].decode("utf-8", "replace")[:limit]


def may_hold_surrogates(body: bytes) -> bool:
    """Whether valid JSON holds a lone surrogate; the pairs of an emoji are none."""
    if _RAW.search(body) or b"\0" in body:  # a NUL: it is UTF-16 or UTF-32
        return True
    return bool(_ESCAPED.search(body) and _ESCAPED.search(_SOUND.sub(b" ", body)))


def _without_surrogates(parsed: Any) -> Any:
    match parsed:
        case str():
            return _LONE.sub("\ufffd", parsed)
        case list():
            return [_without_surrogates(item) for item in parsed]
        case dict():
            return {_without_surrogates(k): _without_surrogates(v) for k, v in parsed.items()}
        case _:
            return parsed
