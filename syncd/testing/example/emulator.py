"""ExampleMail, emulated: what the real one is known to do, its limits and oddities included.

It shares no code with the connector, so that it cannot agree with its mistakes.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import httpx

TOKEN = "example-mail-invented-token-0c1f"
ADDRESS = re.compile(r"[^@\s]+@[a-z0-9-]+(\.[a-z0-9-]+)+")
BLOCKED = "blocked.example.org"
CALLS, INTERVAL_S = 100, 10.0
CUT, LONGEST = 64, 500  # characters of a first name, and of a note
NEW: dict[str, Any] = {
    "first_name": None,
    "note": None,
    "points": None,
    "birthday": None,
    "labels": [],
    "opted_out": False,
}


class RefusalError(Exception):
    """Any answer but a success."""

    def __init__(self, status: int, error: str, **more: Any) -> None:
        super().__init__(error)
        self.status, self.body = status, {"error": error, **more}


class Emulator:
    """One account.

    Attributes:
        contacts: by id, in the names of the API; those deleted hold `deleted` and no values.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.contacts: dict[str, dict[str, Any]] = {}
        self._now = now
        self._changes = 0
        self._calls: list[float] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer one request; `httpx.MockTransport` takes this as it is."""
        try:
            self._admit(request)
            path = unquote(request.url.raw_path.decode().partition("?")[0])
            status, body = self._carry_out(request.method, path.removeprefix("/v1"), request)
        except RefusalError as refusal:
            wait = {"Retry-After": str(int(INTERVAL_S))} if refusal.status == 429 else {}
            return httpx.Response(refusal.status, json=refusal.body, headers=wait)
        return httpx.Response(status, json=body)

    def _admit(self, request: httpx.Request) -> None:
        now_s = self._now().timestamp()
        self._calls = [at_s for at_s in self._calls if at_s > now_s - INTERVAL_S]
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise RefusalError(401, "bad_token")
        if len(self._calls) >= CALLS:
            raise RefusalError(429, "too_many_calls")
        self._calls.append(now_s)

    def _carry_out(self, method: str, path: str, request: httpx.Request) -> tuple[int, Any]:
        _, _, remote_id = path.removeprefix("/").partition("/")
        match method, path:
            case "GET", "/account":
                return 200, {"id": "account-1", "title": "Invented & Sons"}
            case "GET", "/contacts" if "email" in request.url.params:
                return 200, {"items": self._with_address(request.url.params["email"])}
            case "GET", "/contacts":
                return 200, self._changed(self.contacts, request.url.params)
            case "POST", "/contacts":
                return 201, {"contact": self.create(object_of(request))}
            case "GET", _ if remote_id:
                return 200, {"contact": self._there(remote_id)}
            case "PATCH", _ if remote_id:
                return 200, {"contact": self.change(remote_id, object_of(request))}
            case "DELETE", _ if remote_id:
                self.delete(remote_id)
                return 200, {}
        raise RefusalError(404, "no_such_call")

    def _changed(
        self, stored: dict[str, dict[str, Any]], params: httpx.QueryParams
    ) -> dict[str, Any]:
        """Records behind a sequence number, in the order of their last change."""
        after, limit = int(params.get("after", "0")), int(params.get("limit", "100"))
        behind = [one for one in stored.values() if one["sequence"] > after]
        items = sorted(behind, key=lambda one: int(one["sequence"]))[:limit]
        last = items[-1]["sequence"] if items else after
        return {"items": items, "next": str(last), "more": len(behind) > limit}

    def _with_address(self, email: str) -> list[dict[str, Any]]:
        wanted = email.strip().lower()
        return [one for one in self.contacts.values() if one.get("email") == wanted]

    def _there(self, remote_id: str) -> dict[str, Any]:
        contact = self.contacts.get(remote_id, {"deleted": True})
        if contact["deleted"]:
            raise RefusalError(404, "no_contact")
        return contact

    # What the calls do, and people in the screens

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        stored = self._stored({"email": None, **body}, NEW)
        if known := self._with_address(stored["email"]):
            raise RefusalError(409, "exists", id=known[0]["id"])
        remote_id = f"pb-{len(self.contacts) + 1:05}"
        return self._put({**NEW, **stored, "id": remote_id, "created_at": self._now().isoformat()})

    def change(self, remote_id: str, body: dict[str, Any]) -> dict[str, Any]:
        contact = self._there(remote_id)
        stored = self._stored(body, contact)
        known = self._with_address(stored.get("email", ""))
        if any(one["id"] != remote_id for one in known):
            raise RefusalError(422, f"{stored['email']} belongs to somebody else", fields=["email"])
        return self._put({**contact, **stored})

    def delete(self, remote_id: str) -> None:
        self._there(remote_id)
        self._put({"id": remote_id, "deleted": True})

    def _put(self, contact: dict[str, Any]) -> dict[str, Any]:
        self.contacts[contact["id"]] = {"deleted": False, **contact, **self._stamp()}
        return self.contacts[contact["id"]]

    def _stamp(self) -> dict[str, Any]:
        self._changes += 1
        return {"sequence": self._changes, "changed_at": self._now().isoformat()}

    def _stored(self, body: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        """The values as they are kept."""
        stored = {name: _kept(name, value, before) for name, value in body.items()}
        wrong = [name for name, value in stored.items() if value is ...]
        if wrong:
            raise RefusalError(422, f"not accepted: {json.dumps(body)}", fields=wrong)
        return stored


def object_of(request: httpx.Request) -> dict[str, Any]:
    """The body of a request."""
    body = json.loads(request.content)
    if not isinstance(body, dict):
        raise RefusalError(422, "no object")
    return body


def _kept(name: str, value: Any, before: dict[str, Any]) -> Any:
    """One value as it is kept; `...` if it is refused."""
    match name, value:
        case "email", str():
            email = value.strip().lower()
            fits = len(email) <= 200 and ADDRESS.fullmatch(email)
            return email if fits and not email.endswith(BLOCKED) else ...
        case "first_name", str() | None:
            return (value or "").strip()[:CUT].strip() or None
        case "note", str() | None if len(value or "") <= LONGEST:
            return (value or "").strip() or None
        case "points", int() | None if not isinstance(value, bool):
            return value
        case "birthday", str() | None if value is None or re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return value
        case "labels", list():
            return _labels(value)
        case "labels", {"add": [*add], "remove": [*remove]}:
            return [one for one in _labels([*before["labels"], *add]) if one not in _labels(remove)]
        case "opted_out", bool():
            return value
    return ...


def _labels(names: list[Any]) -> list[str]:
    return sorted({str(name).strip().lower() for name in names} - {""})
