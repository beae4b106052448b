"""A hand-written stand-in for the API, composed from the document and from nothing else.

It keeps contacts, tags and properties in memory, remembers what it was asked, and can be
told to answer a route in any other way.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import httpx

from syncd.connectors.api import Wire
from syncd.connectors.mailercloud import CONNECTOR
from syncd.connectors.mailercloud.connector import Mailercloud
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Page, Resource

KEY = "invented-key-0123"
LIST = "QrStUv"
NOW = datetime(2026, 8, 20, 9, 0, tzinfo=UTC)
CONTACT = Resource.CONTACT
OWNER = "ops@example.com"

PLAN = ("GET", "/client/plan")
LISTS = ("POST", "/lists/search")
LISTING = ("POST", f"/contact/search/{LIST}")
CREATE = ("POST", "/contacts")
UPSERT = ("POST", "/contacts/upsert")
BATCH = ("POST", "/contacts/batch")
TAGS = ("POST", "/tags/search")
NEW_TAG = ("POST", "/tags")
UNTAG = ("POST", "/contact/tag/remove")
PROPERTIES = ("POST", "/contact/property/search")
NEW_PROPERTY = ("POST", "/contact/property")
CAMPAIGNS = ("POST", "/campaign/list")

CLASSIC = ("email", "name", "middle_name", "last_name", "phone", "city", "state", "country", "zip")
CLASSIC += ("organization", "job_title", "department", "industry", "salary", "lead_source")

Answering = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@dataclass
class Asked:
    method: str
    path: str
    raw_path: str
    body: Any
    headers: httpx.Headers


def ok(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


def refused(message: str, status: int = 400, name: str = "") -> httpx.Response:
    return ok({"errors": [{"field": name, "message": message}]}, status)


def html(status: int = 200) -> httpx.Response:
    body = b"<!DOCTYPE html><html>Attention Required</html>"
    return httpx.Response(status, headers={"Content-Type": "text/html"}, content=body)


@dataclass
class Fake:
    """One account with one list.

    Attributes:
        elsewhere: addresses that the account knows outside the list.
        is_bad: rows that the platform alone knows to be bad.
        atomic: whether a batch with a bad row is refused as a whole, or just skips it.
        shows_status: whether contacts show `contact_type`.
        hides: keys that rows of the listing leave out.
    """

    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    tags: list[str] = field(default_factory=lambda: ["crm"])
    properties: list[dict[str, Any]] = field(default_factory=list)
    campaigns: list[dict[str, Any]] = field(default_factory=list)
    unsubs: dict[str, list[Any]] = field(default_factory=dict)
    is_bad: Callable[[dict[str, Any]], bool] = lambda _: False
    atomic: bool = True
    shows_status: bool = False
    enforces_opt_outs: bool = True
    unions_tags: bool = True
    hides: frozenset[str] = frozenset()
    extra_count: int = 0
    now: datetime = NOW
    asked: list[Asked] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    _scripts: dict[tuple[str, str], list[Answering | None]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def __post_init__(self) -> None:
        self.properties = self.properties or [
            *(prop(f"std{i}", key, key, "Text", default=1) for i, key in enumerate(CLASSIC)),
            prop("pRoP1", "Tier", "tier", "Text"),
            prop("pRoP2", "Points", "points", "Number"),
            prop("pRoP3", "Since", "since", "Date"),
            prop("pRoP4", "Story", "story", "Textarea"),
        ]

    # For tests

    def on(self, route: tuple[str, str], *answers: Answering | None) -> "Fake":
        """Answer a route so; None stands for the ordinary answer, and the last one stays."""
        self._scripts[route] = list(answers)
        return self

    def add(self, email: str, remote_id: str | None = None, **fields: Any) -> str:
        remote_id = remote_id or f"cOn{len(self.contacts):05}"
        self.contacts[remote_id] = {"id": remote_id, "email": email, "tags": [], **fields}
        return remote_id

    def connector(self, **settings: object) -> Mailercloud:
        chosen = CONNECTOR.settings(**{"api_key": KEY, "list_id": LIST, **settings})
        wire = Wire(
            transport=httpx.MockTransport(self._answer),
            now=lambda: self.now,
            monotonic=lambda: sum(self.slept),
            sleep=self.slept.append,
        )
        opened = CONNECTOR.open(chosen, wire)
        assert isinstance(opened, Mailercloud)
        return opened

    def calls(self, route: tuple[str, str]) -> list[Asked]:
        return [a for a in self.asked if (a.method, a.path) == route]

    def counted(self) -> Counter[str]:
        return Counter(f"{a.method} {a.path}" for a in self.asked)

    # The platform

    def _answer(self, request: httpx.Request) -> httpx.Response:
        raw = request.url.raw_path.decode().removeprefix("/v1")
        body = json.loads(request.content) if request.content else None
        asked = Asked(request.method, unquote(raw), raw, body, request.headers)
        self.asked.append(asked)
        script = self._scripts.get((asked.method, asked.path), [])
        answer = (script.pop(0) if len(script) > 1 else script[0]) if script else None
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return answer(request)
        if answer is not None:
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )
        if request.headers.get("authorization") != KEY:
            return refused("invalid api key", 401)
        return self._served(asked)

    def _served(self, asked: Asked) -> httpx.Response:
        match (asked.method, *[unquote(p) for p in asked.raw_path.split("/")[1:]]):
            case ("GET", "client", "plan"):
                plan = {"name": "Ada", "email": OWNER, "plan": "Premium", "total_contacts": 25000}
                left = 25000 - len(self.contacts)
                return ok({"data": {**plan, "remaining_contacts": left}})
            case ("POST", "lists", "search"):
                rows = [{"id": LIST.lower(), "name": "other"}, {"id": LIST, "name": "CRM mirror"}]
                return ok({"data": rows, "list_count": 2})
            case ("POST", "contact", "search", list_id):
                return self._listing(list_id, asked.body)
            case ("POST", "contact", "property", "search"):
                return self._rows(self.properties, asked.body)
            case ("POST", "contact", "property"):
                new_id = f"pRoP{len(self.properties)}"
                name, kind = asked.body["name"], asked.body["type"].capitalize()
                self.properties.append(prop(new_id, name, name.lower(), kind))
                return ok({"id": new_id})
            case ("POST", "tags", "search"):
                rows = [{"id": f"t{i}", "tag_name": t} for i, t in enumerate(self.tags)]
                return self._rows(rows, asked.body)
            case ("POST", "tags"):
                if asked.body["name"].lower() in {t.lower() for t in self.tags}:
                    return refused("Tag already exists")
                self.tags.append(asked.body["name"])
                return ok({"id": f"t{len(self.tags)}"})
            case ("POST", "contact", "tag", "remove"):
                contact = self._found(asked.body["id"])
                gone = set(asked.body["tag_names"])
                if contact is None:
                    return refused("Contact not found", 404)
                contact["tags"] = [t for t in contact["tags"] if t not in gone]
                return ok({"message": "removed"})
            case ("POST", "contacts"):
                return self._create(asked.body)
            case ("POST", "contacts", "upsert"):
                return self._upsert(asked.body)
            case ("POST", "contacts", "batch"):
                return self._batch(asked.body)
            case ("GET", "contacts", key):
                contact = self._found(key)
                return ok({"data": self._shown(contact)}) if contact else _absent()
            case ("PUT", "contacts", key):
                return self._put(key, asked.body)
            case ("DELETE", "contacts", key):
                return ok({"message": "ok"}) if self.contacts.pop(key, None) else _absent()
            case ("POST", "campaign", "list"):
                return self._rows(self.campaigns, asked.body)
            case ("POST", "campaign", campaign_id, "unsubs"):
                return self._rows(self.unsubs.get(campaign_id, []), asked.body)
        return ok({"message": "no such route"}, 404)

    def _rows(self, rows: list[Any], body: Any, **more: Any) -> httpx.Response:
        start = (body["page"] - 1) * body["limit"]
        return ok({"data": rows[start : start + body["limit"]], **more})

    def _listing(self, list_id: str, body: Any) -> httpx.Response:
        if list_id != LIST:
            return refused("unauthorized", 401)
        found = [c for c in self.contacts.values() if body["search"] in c["email"]]
        rows = [{k: v for k, v in self._shown(c).items() if k not in self.hides} for c in found]
        return self._rows(rows, body, contact_count=len(rows) + self.extra_count)

    def _shown(self, contact: dict[str, Any]) -> dict[str, Any]:
        kept = {k: v for k, v in contact.items() if k != "contact_type"}
        if self.shows_status:
            kept["contact_type"] = contact.get("contact_type", "active")
        return kept

    def _found(self, key: str) -> dict[str, Any] | None:
        by_email = (c for c in self.contacts.values() if c["email"] == key.lower())
        return self.contacts.get(key) or next(by_email, None)

    def _fault(self, row: dict[str, Any]) -> httpx.Response | None:
        if "@" not in row.get("email", "@"):
            return refused("not a valid address", name="email")
        if set(row.get("tags", ())) - set(self.tags):
            return refused("Tag not found")
        own = {p["id"] for p in self.properties}
        if row.get("custom_fields", {}).keys() - own:
            return refused("custom field not found")
        return refused("value is not accepted", name="city") if self.is_bad(row) else None

    def _create(self, row: Any) -> httpx.Response:
        if row["list_id"] != LIST:
            return refused("unauthorized", 401)
        if row["email"] in self.elsewhere or self._found(row["email"]):
            return refused("Email already exist", name="email")
        if fault := self._fault(row):
            return fault
        return ok({"id": self._insert(row)}, 201)

    def _insert(self, row: dict[str, Any]) -> str:
        fields = {k: v for k, v in row.items() if k not in ("list_id", "email")}
        return self.add(row["email"].lower(), **fields)

    def _upsert(self, row: Any) -> httpx.Response:
        if fault := self._fault(row):
            return fault
        return ok(self._written(row))

    def _written(self, row: dict[str, Any]) -> dict[str, str]:
        present = self._found(row["email"])
        if present is None:
            return {"contact_id": self._insert(row), "status": "created"}
        self._change(present, {k: v for k, v in row.items() if k not in ("email", "list_id")})
        return {"contact_id": present["id"], "status": "updated"}

    def _batch(self, body: Any) -> httpx.Response:
        rows = body["contacts"]
        assert len(rows) <= 49
        faults = [self._fault(row) for row in rows]
        if self.atomic and any(faults):
            return ok({"errors": {"message": "some contacts are not valid"}}, 400)
        counts = Counter(
            "skipped" if fault else self._written(row)["status"].replace("created", "inserted")
            for row, fault in zip(rows, faults, strict=True)
        )
        names = ("inserted", "updated", "skipped")
        return ok({"data": {"submitted": len(rows), **{n: counts[n] for n in names}}})

    def _put(self, key: str, body: Any) -> httpx.Response:
        assert not body.keys() & {"email", "list_id"}
        contact = self._found(key)
        if contact is None:
            return _absent()
        if fault := self._fault(body):
            return fault
        self._change(contact, body)
        return ok({"message": "updated"})

    def _change(self, contact: dict[str, Any], body: dict[str, Any]) -> None:
        change = dict(body)
        if not self.enforces_opt_outs:
            change.pop("contact_type", None)
        custom = {**contact.get("custom_fields", {}), **change.pop("custom_fields", {})}
        tags = change.pop("tags", None)
        if tags is not None:
            kept = contact["tags"] if self.unions_tags else []
            contact["tags"] = list(dict.fromkeys([*kept, *tags]))
        contact.update(change)
        if custom:
            contact["custom_fields"] = custom


def _absent() -> httpx.Response:
    return ok({"message": "Contact not found"}, 404)


def prop(remote_id: str, label: str, key: str, kind: str, *, default: object = 0) -> dict[str, Any]:
    names = {"id": remote_id, "field_name": label, "field_value": key}
    return {**names, "field_type": kind, "is_default": default}


def creating(op_id: int, email: str, /, **patch: object) -> Op:
    return Op(op_id, CONTACT, OpKind.CREATE, None, {"email": email, **patch})  # type: ignore[dict-item]


def updating(
    op_id: int, remote_id: str, current: dict[str, Any] | None = None, /, **patch: object
) -> Op:
    return Op(op_id, CONTACT, OpKind.UPDATE, remote_id, patch, current or {})  # type: ignore[arg-type]


def push(connector: Mailercloud, *ops: Op) -> dict[int, Receipt]:
    receipts = list(connector.push(CONTACT, ops))
    assert len({r.op_id for r in receipts}) == len(receipts)
    return {receipt.op_id: receipt for receipt in receipts}


def everything(pages: Iterable[Page]) -> list[str]:
    """The ids of the records of some pages, without opt-outs of the report."""
    return [r.remote_id for page in pages for r in page.records if r.remote_id]
