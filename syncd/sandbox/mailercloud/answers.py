"""What goes out: JSON, the five shapes of an error, and times in the account's zone.

Source: mailercloud.md §14 (shapes), §17.2 (time zone).
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug import Response

ERRORS, ERRORS_OBJECT, ERROR, CODE, MESSAGE = "errors", "errors_object", "error", "code", "message"
CODE_ERRORS, GAP = "code_errors", "gap"
EDGE_PAGE = (
    "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body>"
    "<h1>Sorry, you have been blocked</h1><p>You are unable to access mailercloud.com</p>"
    "<p>Cloudflare Ray ID: 8f00000000000000</p></body></html>"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A success."""

    body: dict[str, Any]
    status: int = 200


@dataclass(slots=True)
class RefusalError(Exception):
    """An error answer.

    Attributes:
        where: which key of the body is at fault, for the shape that tells it.
        shape: one of those; None for the one the route speaks.
    """

    status: int
    message: str
    where: str = ""
    shape: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, shape: str) -> dict[str, Any]:
        match self.shape or shape:
            case "errors":
                return {"errors": self._errors()}
            case "errors_object":
                return {"errors": {"message": self.message}}
            case "error":
                return {"error": {"message": self.message}}
            case "code":
                return {"code": "invalid_api_key", "message": self.message}
            case "code_errors":
                said = {"code": "invalid_api_key", "message": self.message}
                return {**said, "errors": self._errors()}
            case "gap":
                return {"code": "not_emulated", "message": self.message, "errors": self._errors()}
            case _:
                return {"message": self.message}

    def _errors(self) -> list[dict[str, str]]:
        return [{"field": self.where, "message": self.message}]


def as_response(status: int, body: dict[str, Any], headers: dict[str, str]) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        status,
        headers,
        content_type="application/json; charset=utf-8",
    )


def local(moment: datetime, zone: ZoneInfo) -> str:
    """`YYYY-MM-DD HH:MM:SS` in the account's zone, without naming it."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
