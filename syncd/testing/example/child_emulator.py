"""ExampleMail, emulated, with the notes, tasks and appointments of its contacts."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx

from syncd.testing.example.emulator import Emulator, RefusalError, object_of

STATUSES = ("booked", "cancelled", "attended", "missed")
Rule = Callable[[Any], Any]  # the value as it is kept; `...` if it is refused


def _text(longest: int) -> Rule:
    def kept(value: Any) -> Any:
        fits = isinstance(value, str) and len(value) <= longest and value.strip()
        return value.strip() if fits else ...

    return kept


def _flag(value: Any) -> Any:
    return value if isinstance(value, bool) else ...


def _moment(value: Any) -> Any:
    """ISO 8601 with an offset."""
    shape = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    return value if isinstance(value, str) and re.fullmatch(shape, value) else ...


def _status(value: Any) -> Any:
    return value if value in STATUSES else ...


def _or_nothing(rule: Rule) -> Rule:
    return lambda value: None if value in (None, "") else rule(value)


RULES: Mapping[str, Mapping[str, Rule]] = {
    "notes": {"text": _text(5000), "pinned": _flag},
    "tasks": {
        "title": _text(200),
        "description": _or_nothing(_text(2000)),
        "due": _or_nothing(_moment),
        "done": _flag,
        "assignee": _or_nothing(_text(100)),
    },
    "appointments": {
        "start": _moment,
        "end": _or_nothing(_moment),
        "title": _or_nothing(_text(200)),
        "status": _status,
    },
}
NEW: Mapping[str, Mapping[str, Any]] = {
    "notes": {"text": None, "pinned": False},
    "tasks": {"title": None, "description": None, "due": None, "done": False, "assignee": None},
    "appointments": {"start": None, "end": None, "title": None, "status": "booked"},
}
TIMELESS = ("notes",)  # of these nobody is told when they were made or changed


class NestingEmulator(Emulator):
    """One account.

    Attributes:
        children: by kind and id, in the order in which they were made; those deleted hold
            `deleted` and no values.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.children: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in RULES}

    def _carry_out(self, method: str, path: str, request: httpx.Request) -> tuple[int, Any]:
        match method, *path.removeprefix("/").split("/"):
            case "GET", "contacts", contact_id, kind if kind in RULES:
                return 200, {"items": self._of(kind, contact_id)}
            case "POST", "contacts", contact_id, kind if kind in RULES:
                made = self.create_child(kind, contact_id, object_of(request))
                return 201, {kind[:-1]: made}
            case "GET", "tasks":
                return 200, self._changed(self.children["tasks"], request.url.params)
            case "GET", "appointments":
                return 200, self._page(self.children["appointments"], request.url.params)
            case "GET", kind, remote_id if kind in RULES:
                return 200, {kind[:-1]: self._child(kind, remote_id)}
            case "PATCH", kind, remote_id if kind in RULES:
                return 200, {kind[:-1]: self.change_child(kind, remote_id, object_of(request))}
            case "DELETE", kind, remote_id if kind in RULES:
                self.delete_child(kind, remote_id)
                return 200, {}
        return super()._carry_out(method, path, request)

    def _of(self, kind: str, contact_id: str) -> list[dict[str, Any]]:
        self._there(contact_id)
        return [
            one
            for one in self.children[kind].values()
            if one["contact_id"] == contact_id and not one["deleted"]
        ]

    def _page(self, items: dict[str, Any], params: httpx.QueryParams) -> dict[str, Any]:
        """A page of everything there ever was, without what is deleted: no row ever moves."""
        number, limit = int(params.get("page", "1")), int(params.get("limit", "100"))
        rows = list(items.values())[(number - 1) * limit : number * limit]
        alive = [one for one in rows if not one["deleted"]]
        return {"items": alive, "more": number * limit < len(items)}

    def _child(self, kind: str, remote_id: str) -> dict[str, Any]:
        child = self.children[kind].get(remote_id, {"deleted": True})
        if child["deleted"]:
            raise RefusalError(404, f"no_{kind[:-1]}")
        return child

    # What the calls do, and people in the screens

    def create_child(self, kind: str, contact_id: str, body: dict[str, Any]) -> dict[str, Any]:
        self._there(contact_id)
        stored = _stored(kind, {**NEW[kind], **body})
        remote_id = f"{kind[0]}-{len(self.children[kind]) + 1:05}"
        born = {} if kind in TIMELESS else {"created_at": self._now().isoformat()}
        return self._put_child(kind, {**stored, "id": remote_id, "contact_id": contact_id, **born})

    def change_child(self, kind: str, remote_id: str, body: dict[str, Any]) -> dict[str, Any]:
        child = self._child(kind, remote_id)
        if kind == "tasks" and "contact_id" in body:
            self._there(body["contact_id"])
            child = {**child, "contact_id": body["contact_id"]}
            body = {name: value for name, value in body.items() if name != "contact_id"}
        return self._put_child(kind, {**child, **_stored(kind, body)})

    def delete_child(self, kind: str, remote_id: str) -> None:
        child = self._child(kind, remote_id)
        gone = {"id": remote_id, "contact_id": child["contact_id"], "deleted": True}
        self._put_child(kind, gone)

    def delete(self, remote_id: str) -> None:
        """The contact, and all that belongs to it."""
        for kind in RULES:
            for child in self._of(kind, remote_id):
                self.delete_child(kind, child["id"])
        super().delete(remote_id)

    def _put_child(self, kind: str, child: dict[str, Any]) -> dict[str, Any]:
        stamp = {} if kind in TIMELESS else self._stamp()
        self.children[kind][child["id"]] = {"deleted": False, **child, **stamp}
        return self.children[kind][child["id"]]


def _stored(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """The values as they are kept."""
    rules = RULES[kind]
    stored = {name: rules[name](value) if name in rules else ... for name, value in body.items()}
    wrong = [name for name, value in stored.items() if value is ...]
    if wrong:
        raise RefusalError(422, "not accepted", fields=wrong)
    return stored
