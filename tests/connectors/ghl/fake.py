"""A location of GHL in a page of code, composed by hand from ghl.md; and a clock that obeys.

It is no emulator: it knows just the calls and the traps that a test here needs.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx

from syncd.connectors.api import Wire
from syncd.connectors.ghl import CONNECTOR
from syncd.connectors.ghl.connector import Ghl
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Page, Record, Resource
from syncd.model.values import Patch

from .fake_nested import Nested

LOCATION = "loc1"
TOKEN = "pit-first"
NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
CONTACT = Resource.CONTACT
DUPLICATE = "This location does not allow duplicated contacts."


class Clock:
    """Time passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return self.passed_s

    def sleep(self, seconds: float) -> None:
        self.passed_s += seconds


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


Answered = tuple[int, Any]
Meddle = Callable[[httpx.Request], httpx.Response | None]


@dataclass
class FakeGhl:
    """Contacts by id; `hidden` ids are not in the search index yet.

    `meddle` sees every request first: what it returns is the answer, what it raises is lost.
    `after` does the same once the request has been carried out.
    """

    clock: Clock = field(default_factory=Clock)
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    custom: list[dict[str, Any]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    log: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    meddle: Meddle = lambda _: None
    after: Meddle = lambda _: None
    replaces_dnd: bool = False
    bare_rows: bool = False
    left_out: frozenset[str] = frozenset()  # what no row shows
    nested: Nested = field(default_factory=Nested)

    def put(self, remote_id: str, at: datetime = NOW, **shown: Any) -> dict[str, Any]:
        contact = {
            "id": remote_id,
            "locationId": LOCATION,
            "firstName": None,
            "lastName": None,
            "email": None,
            "phone": None,
            "tags": [],
            "customFields": [],
            "dnd": False,
            "dndSettings": {},
            "dateAdded": iso(at),
            "dateUpdated": iso(at),
            **shown,
        }
        self.contacts[remote_id] = contact
        return contact

    def open(self, **settings: Any) -> Ghl:
        parsed = CONNECTOR.settings(
            **{
                "token": TOKEN,
                "location_id": LOCATION,
                "base_url": "http://ghl.test",
                **settings,
            }
        )
        wire = Wire(
            transport=httpx.MockTransport(self.handle),
            now=self.clock.now,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
        )
        return Ghl(parsed, wire)

    def calls(self, *, since: int = 0) -> list[tuple[str, str]]:
        return self.log[since:]

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.log.append((request.method, request.url.path))
        self.requests.append(request)
        body = json.loads(request.content) if request.content else None
        self.bodies.append(body)
        response = self.meddle(request)
        if response is None:
            status, shown = self._answer(request, body)
            response = self.after(request) or httpx.Response(status, json=shown)
        response.headers.update({"Date": format_datetime(self.clock.now(), usegmt=True)})
        response.headers.update(self.headers)
        return response

    def _answer(self, request: httpx.Request, body: Any) -> Answered:
        path, method = request.url.path, request.method
        told = self.nested.answer(request, body, self.contacts)
        if told is not None:
            return told
        if path == "/contacts/search" and method == "POST":
            return 200, self._search(body)
        if path == "/contacts/search/duplicate":
            return 200, {"contact": self._duplicate(dict(request.url.params))}
        if path == f"/locations/{LOCATION}":
            settings = {"allowDuplicateContact": False}
            shown = {"id": LOCATION, "name": "Example", "country": "DE", "settings": settings}
            shown["companyId"] = "agency1"
            return 200, {"location": {**shown, "timezone": "Europe/Berlin"}}
        if path == f"/locations/{LOCATION}/customFields":
            if method == "GET":
                return 200, {"customFields": self.custom}
            made = {"id": f"cf{len(self.custom)}", "picklistOptions": body.get("options"), **body}
            self.custom.append(made)
            return 201, {"customField": made}
        if path == "/contacts/" and method == "POST":
            return self._create(body)
        found = re.fullmatch(r"/contacts/([^/]+)(/tags)?", path)
        assert found, path
        contact = self.contacts.get(found[1])
        if contact is None:
            return 400, {"statusCode": 400, "message": f"Contact with id {found[1]} not found"}
        if found[2]:
            tags = {tag.lower() for tag in body["tags"]}
            now = set(contact["tags"]) | tags if method == "POST" else set(contact["tags"]) - tags
            contact["tags"] = sorted(now)
            return (201 if method == "POST" else 200), {"tags": contact["tags"]}
        if method == "DELETE":
            del self.contacts[found[1]]
            return 200, {"succeded": True}
        if method == "PUT":
            self._update(contact, body)
            return 200, {"succeded": True, "contact": contact}
        return 200, {"contact": contact}

    def _create(self, body: dict[str, Any]) -> Answered:
        for key in ("email", "phone"):
            for contact in self.contacts.values():
                if body.get(key) and same(contact[key], body[key]):
                    meta = {"contactId": contact["id"], "matchingField": key}
                    return 400, {"statusCode": 400, "message": DUPLICATE, "meta": meta}
        contact = self.put(f"new{len(self.contacts)}", at=self.clock.now())
        self._update(contact, body)
        return 201, {"contact": contact}

    def _update(self, contact: dict[str, Any], body: dict[str, Any]) -> None:
        change = dict(body)
        values = {item["id"]: item for item in contact["customFields"]}
        for item in change.pop("customFields", []):
            values[item["id"]] = {"id": item["id"], "value": item["field_value"]}
        contact["customFields"] = [i for i in values.values() if i["value"] not in ("", [])]
        dnd = change.pop("dndSettings", {})
        kept = {} if self.replaces_dnd and dnd else contact["dndSettings"]
        contact["dndSettings"] = {**kept, **dnd}
        contact.update(change)
        contact["dateUpdated"] = iso(self.clock.now())

    def _duplicate(self, query: dict[str, str]) -> Any:
        for contact in self.contacts.values():
            if contact["id"] not in self.hidden and (
                same(contact["email"], query.get("email"))
                or same(contact["phone"], query.get("number"))
            ):
                return contact
        return None

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        sort = body.get("sort", [{"field": "dateAdded"}])[0]["field"]
        rows = [
            (ms(contact[sort]), contact["id"], contact)
            for contact in self.contacts.values()
            if contact["id"] not in self.hidden
            and all(holds(contact, one) for one in body.get("filters", []))
        ]
        rows.sort(key=lambda row: row[:2])
        total = len(rows)
        if "searchAfter" in body:
            rows = [row for row in rows if row[:2] > tuple(body["searchAfter"])]
        shown = [self._row(contact, at) for at, _, contact in rows[: body["pageLimit"]]]
        return {"contacts": shown, "total": total}

    def _row(self, contact: dict[str, Any], at: int) -> dict[str, Any]:
        names = {name: (contact[name] or "").lower() or None for name in ("firstName", "lastName")}
        raw = {f"{name}Raw": contact[name] for name in names}
        row = {**contact, **names, **raw, "searchAfter": [at, contact["id"]]}
        if self.bare_rows:
            del row["firstNameRaw"], row["dndSettings"]
        return {name: value for name, value in row.items() if name not in self.left_out}


def same(shown: Any, wanted: Any) -> bool:
    return bool(shown) and bool(wanted) and str(shown).lower() == str(wanted).lower()


def holds(contact: dict[str, Any], one: dict[str, Any]) -> bool:
    if "group" in one:
        return any(holds(contact, each) for each in one["filters"])
    if one["operator"] == "eq":
        return same(contact[one["field"]], one["value"])
    assert one["operator"] == "range"
    assert all(type(bound) is int for bound in one["value"].values())
    at = ms(contact[one["field"]])
    tests = {
        "gte": lambda bound: at >= bound,
        "lte": lambda bound: at <= bound,
        "lt": lambda bound: at < bound,
    }
    return all(tests[name](bound) for name, bound in one["value"].items())


FIELDS = frozenset({"firstName", "lastName", "email", "phone", "tags", "consent"})


def op(kind: OpKind, remote_id: str | None = None, patch: Patch | None = None) -> Op:
    return Op(7, CONTACT, kind, remote_id, patch or {})


def push(ghl: Ghl, one: Op) -> Receipt:
    (receipt,) = ghl.push(CONTACT, [one])
    return receipt


def pull(ghl: Ghl, cursor: str | None, **how: Any) -> Iterator[Page]:
    return ghl.pull(CONTACT, cursor, fields=FIELDS, **how)


def ids(pages: list[Page]) -> list[str]:
    return [record.remote_id for page in pages for record in page.records]


def records(pages: list[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def once(method: str, path: str, *answers: httpx.Response | Exception) -> Meddle:
    """The first calls of one kind are answered so; an exception loses the answer."""
    left = list(answers)

    def meddle(request: httpx.Request) -> httpx.Response | None:
        if (request.method, request.url.path) != (method, path) or not left:
            return None
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return meddle


def refusal(status: int, message: Any) -> httpx.Response:
    return httpx.Response(status, json={"statusCode": status, "message": message})


def last_body(fake: FakeGhl, method: str) -> Any:
    return [body for (m, _), body in zip(fake.log, fake.bodies, strict=True) if m == method][-1]
