"""A hand-written stand-in for the API, composed from the document and from nothing else.

It answers what a test told it to answer, and remembers what it was asked.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

import httpx

from syncd.connectors.api import Wire
from syncd.connectors.maileon import CONNECTOR
from syncd.connectors.maileon.connector import Maileon
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Resource

KEY = "invented-key-0123"
NOW = datetime(2026, 8, 20, 9, 0, tzinfo=UTC)  # 11:00 in Berlin
LOCAL = "2026-08-20 11:00:00.0"
CONTACT = Resource.CONTACT
BULK = ("POST", "/contacts")
LIST = ("GET", "/contacts")
REPORT = ("GET", "/reports/unsubscriptions")
BY_ID = ("GET", "/contacts/contact")

Answering = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    body: bytes


@dataclass
class Fake:
    """Answers by method and path; the last answer of a route is repeated for ever."""

    now: datetime = NOW
    zone: timedelta = timedelta(hours=2)
    dated: bool = True
    asked: list[Asked] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    _routes: dict[tuple[str, str], list[Answering]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def on(self, route: tuple[str, str], *answers: Answering) -> "Fake":
        self._routes[route] = list(answers)
        return self

    def _answer(self, request: httpx.Request) -> httpx.Response:
        raw = request.url.raw_path.decode().removeprefix("/1.0")
        path, _, query = raw.partition("?")
        path = unquote(path)
        asked = Asked(request.method, path, parse_qs(query), request.content)
        self.asked.append(asked)
        answers = self._routes.get((request.method, path))
        if not answers:
            return httpx.Response(599, text=f"the test says nothing of {request.method} {path}")
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(request)
        headers = dict(answer.headers)
        if self.dated:
            headers["Date"] = format_datetime(self.now, usegmt=True)
        return httpx.Response(answer.status_code, headers=headers, content=answer.content)

    def connector(self, **settings: object) -> Maileon:
        chosen = CONNECTOR.settings(api_key=KEY, requests_per_second=100, **settings)
        wire = Wire(
            transport=httpx.MockTransport(self._answer),
            now=lambda: self.now,
            monotonic=lambda: sum(self.slept),
            sleep=self.slept.append,
        )
        opened = CONNECTOR.open(chosen, wire)
        assert isinstance(opened, Maileon)
        return opened

    def calls(self, method: str, path: str) -> list[Asked]:
        return [a for a in self.asked if (a.method, a.path) == (method, path)]


def fake() -> Fake:
    """With a catalogue of one field per type, and an empty report."""
    types = ("string", "integer", "float", "date", "boolean")
    return (
        Fake()
        .on(("GET", "/contacts/fields/custom"), custom_fields({f"a_{t}": t for t in types}))
        .on(REPORT, entries())
    )


def xml(body: str, status: int = 200, **headers: str) -> httpx.Response:
    headers = {"Content-Type": "application/vnd.maileon.api+xml;charset=utf-8"} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    return httpx.Response(status, headers=headers, content=body.encode())


def error(status: int, message: str = "something") -> httpx.Response:
    return xml(f"<error><message>{escape(message)}</message></error>", status)


def empty(status: int) -> httpx.Response:
    return httpx.Response(status)


def page_of_html(status: int = 200) -> httpx.Response:
    return httpx.Response(
        status,
        headers={"Content-Type": "text/html"},
        content=b"<!DOCTYPE html><html>Sign in</html>",
    )


def contact(
    remote_id: int | str | None,
    email: str | None = None,
    *,
    permission: object = 1,
    external_id: str | None = None,
    created: str = LOCAL,
    updated: str = LOCAL,
    standard: Mapping[str, str | None] | None = None,
    custom: Mapping[str, str] | None = None,
) -> str:
    def one(name: str, value: str | None) -> str:
        shown = '<value nil="true"/>' if value is None else f"<value>{escape(value)}</value>"
        return f"<field><name>{escape(name)}</name>{shown}</field>"

    parts = [
        f"<id>{remote_id}</id>" if remote_id is not None else "",
        f"<email>{escape(email)}</email>" if email else "",
        f"<permission>{permission}</permission>",
        f"<external_id>{external_id}</external_id>" if external_id else '<external_id nil="true"/>',
        f"<created>{created}</created><updated>{updated}</updated>",
        "<standard_fields>" + "".join(one(*f) for f in (standard or {}).items()),
        "</standard_fields><custom_fields>" + "".join(one(*f) for f in (custom or {}).items()),
        "</custom_fields>",
    ]
    return f"<contact>{''.join(parts)}</contact>"


def single(*args: object, **kwargs: object) -> httpx.Response:
    return xml(contact(*args, **kwargs))  # type: ignore[arg-type]


def contacts(
    rows: Iterable[str] = (), *, pages: int | None = None, items: int | None = None
) -> httpx.Response:
    listed = list(rows)
    return xml(
        f"<contacts>{''.join(listed)}</contacts>",
        X_Pages=str(pages if pages is not None else 1),
        X_Items=str(items if items is not None else len(listed)),
    )


def entry(
    remote_id: int | None, email: str | None = None, *, at: str = "2026-08-20 10:30:00"
) -> str:
    shown = f"<email>{email}</email>" if email else ""
    number = "" if remote_id is None else f"<id>{remote_id}</id>"
    return (
        f"<unsubscription><contact>{number}<external_id nil='true'/>{shown}</contact>"
        f"<timestamp>{at}</timestamp><source>link</source></unsubscription>"
    )


def entries(*rows: str, pages: int = 1) -> httpx.Response:
    body = f"<unsubscriptions>{''.join(rows)}</unsubscriptions>"
    return xml(body, X_Pages=str(pages), X_Items=str(len(rows)))


def custom_fields(types: Mapping[str, str]) -> httpx.Response:
    rows = (
        f"<custom_field><name>{escape(n)}</name><type>{t}</type></custom_field>"
        for n, t in types.items()
    )
    return xml(f"<custom_fields>{''.join(rows)}</custom_fields>")


def report(
    new: int = 0,
    existing: int = 0,
    unsubscribed: int = 0,
    *,
    invalid: Iterable[tuple[str, int]] = (),
    success: bool = True,
) -> httpx.Response:
    rows = "".join(
        f'<contact><email>{escape(email)}</email><external_id nil="true"/>'
        f'<error code="{code}"><error_field nil="true"/></error></contact>'
        for email, code in invalid
    )
    count = rows.count("<contact>")
    total = new + existing + unsubscribed + count
    return xml(
        f"<report><success>{str(success).lower()}</success><count_contacts>{total}</count_contacts>"
        f"<count_new_contacts>{new}</count_new_contacts>"
        f"<count_existing_contacts>{existing}</count_existing_contacts>"
        f"<count_unsubscribed_contacts>{unsubscribed}</count_unsubscribed_contacts>"
        f"<count_invalid_contacts>{count}</count_invalid_contacts>"
        f"<invalid_contacts>{rows}</invalid_contacts></report>"
    )


def creating(op_id: int, email: str, /, **patch: object) -> Op:
    return Op(op_id, CONTACT, OpKind.CREATE, None, {"email": email, **patch})  # type: ignore[dict-item]


def updating(op_id: int, remote_id: str, email: str | None = None, /, **patch: object) -> Op:
    current = {"email": email} if email else {}
    return Op(op_id, CONTACT, OpKind.UPDATE, remote_id, patch, current)  # type: ignore[arg-type]


def push(connector: Maileon, *ops: Op) -> dict[int, Receipt]:
    receipts = list(connector.push(CONTACT, ops))
    assert len({r.op_id for r in receipts}) == len(receipts)
    return {receipt.op_id: receipt for receipt in receipts}
