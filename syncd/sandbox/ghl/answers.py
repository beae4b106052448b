"""Answers in the platform's shapes: JSON bodies with a trace id, and its error bodies (0.1)."""

import json
from dataclasses import dataclass, field
from typing import Any

from werkzeug import Response

NAMES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    501: "Not Implemented",
}
ERROR_1010 = (
    "<!DOCTYPE html><html><head><title>Access denied</title></head><body>"
    "<h1>Error 1010</h1><p>The owner of this website has banned your access based on your "
    "browser's signature.</p><p>Cloudflare Ray ID: {ray}</p></body></html>"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: status, body without its trace id, and whether anything changed."""

    body: dict[str, Any]
    status: int = 200
    wrote: bool = False


@dataclass(slots=True)
class RefusalError(Exception):
    """An error answer; `message` is a list for 422, one line per violation."""

    status: int
    message: str | list[str]
    extra: dict[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        shape: dict[str, Any] = {"statusCode": self.status, "message": self.message}
        if self.status in NAMES and "meta" not in self.extra:
            shape["error"] = NAMES[self.status]
        return shape | self.extra


def invalid(*lines: str) -> RefusalError:
    """422 of the strict validator."""
    return RefusalError(422, list(lines))


def not_found(contact_id: str, *, named: bool = True) -> RefusalError:
    """400, not 404, for a contact that is unknown, deleted or merged away (3.5, gotcha 14).

    Args:
        named: say what it is that was not found.
    """
    return RefusalError(400, f"Contact with id {contact_id} not found" if named else "Bad Request")


def as_response(status: int, body: dict[str, Any], headers: dict[str, str]) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        status,
        headers,
        content_type="application/json; charset=utf-8",
    )
