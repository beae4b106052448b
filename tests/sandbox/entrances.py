"""Every entrance of the sandbox that takes a body, and bodies that make no sense to any."""

import json
from dataclasses import dataclass
from typing import Any

import httpx

from syncd.sandbox.core import Platform
from syncd.sandbox.ghl.routes import ROUTES as GHL_ROUTES
from syncd.sandbox.maileon.platform import _ROUTES as MAILEON_ROUTES
from syncd.sandbox.mailercloud.platform import _ROUTES as MAILERCLOUD_ROUTES
from syncd.testing.inprocess import Sandbox, sandbox

from .ghl_client import NOW

ADA = "ada@example.org"
DEEP = 3_000
VND = "application/vnd.maileon.api+json"


@dataclass(frozen=True)
class Entrance:
    """One call that may have a body."""

    platform: str
    method: str
    path: str
    media: str = "application/json"
    kind: str = ""  # another header that it needs

    def __str__(self) -> str:
        return f"{self.platform}-{self.method}-{self.path}-{self.kind}".replace("/", ".")


class Place:
    """One sandbox with a known contact on every platform."""

    def __init__(self) -> None:
        self.box: Sandbox = sandbox(frozen_at=NOW, settings={"ghl": {"index_lag_s": 0.0}})
        ghl, mailercloud = self.box.platform("ghl"), self.box.platform("mailercloud")
        maileon = self.box.platform("maileon")
        info = self.box.info
        self.ids = {
            "{contactId}": ghl.act("create", {"fields": {"email": ADA}})["id"],
            "{locationId}": info["ghl"]["location_id"],
            "{type}": "add",
            "{who+}": ADA,
            "{list_id}": info["mailercloud"]["list_id"],
            "{email}": ADA,
            "{external_id}": "x-1",
            "{category}": "Topics",
            "{blacklist}": "3",
            "{filter}": "1",
        }
        who = {"id": self.ids["{contactId}"]}
        below = {
            "notes": ghl.act("add_note", {**who, "text": "x"})["note"]["id"],
            "tasks": ghl.act("add_task", {**who, "title": "x"})["task"]["id"],
        }
        booked = ghl.act("book_appointment", {**who, "startTime": "2026-12-01T10:00:00"})
        self.ids["{eventId}"] = booked["appointment"]["id"]
        self.children = {f"/{kind}/{{id}}": f"/{kind}/{id_}" for kind, id_ in below.items()}
        mailercloud.act("create", {"email": ADA, "list": info["mailercloud"]["list_id"]})
        maileon.act("create", {"email": ADA, "external_id": "x-1"})
        maileon.act("create_preference", {"category": "Topics", "name": "monthly"})
        self.location = info["ghl"]["location_id"]
        key = info["maileon"]["api_key"].encode()
        self.headers: dict[str, dict[str, str]] = {
            "ghl": {"Authorization": f"Bearer {info['ghl']['token']}", "Version": "2021-07-28"},
            "maileon": {"Accept": "*/*"},
            "mailercloud": {"Authorization": info["mailercloud"]["api_key"]},
            "_control": {},
        }
        self.http = httpx.Client(
            transport=self.box.transport, headers={"User-Agent": "sandbox-tests/1"}
        )
        self.basic = httpx.BasicAuth(key, b"")

    def send(self, to: Entrance, body: bytes) -> httpx.Response:
        prefix = "" if to.platform == "_control" else self.box.platform(to.platform).prefix
        path = to.path
        for name, value in (self.children | self.ids).items():
            path = path.replace(name, value)
        headers = {**self.headers[to.platform], "Content-Type": to.media}
        if to.kind:
            headers["Version"] = to.kind
        return self.http.request(
            to.method,
            f"http://sandbox.test{prefix}{path}",
            content=body,
            headers=headers,
            auth=self.basic if to.platform == "maileon" else None,
        )

    def still_answers(self) -> None:
        """Nothing that was taken in breaks what goes out."""
        for name in ("ghl", "maileon", "mailercloud"):
            platform: Platform = self.box.platform(name)
            json.dumps([platform.dump(), platform.children()], ensure_ascii=False).encode()
            shown = self.http.get(f"http://sandbox.test/_control/{name}/contacts")
            assert shown.status_code == 200
        search = {"locationId": self.location, "pageLimit": 100}
        found = self.send(Entrance("ghl", "POST", "/contacts/search"), json.dumps(search).encode())
        assert found.status_code == 200
        listed = self.send(Entrance("mailercloud", "POST", "/contact/search/{list_id}"), b"{}")
        assert listed.status_code == 200
        assert self.send(Entrance("maileon", "GET", "/contacts"), b"").status_code == 200


WRITES = ("POST", "PUT", "PATCH", "DELETE")
ENTRANCES = [
    *(Entrance("ghl", one.method, one.template) for one in GHL_ROUTES if one.method in WRITES),
    *(
        Entrance("ghl", "POST", one, kind="v3")
        for one in ("/oauth/token", "/oauth/location-token", "/contacts/", "/contacts/upsert")
    ),
    *(
        Entrance("maileon", one.method, one.pattern, media)
        for one in MAILEON_ROUTES
        if one.method in WRITES
        for media in (one.takes or ("application/json",))
    ),
    *(
        Entrance("mailercloud", one.method, one.pattern)
        for one in MAILERCLOUD_ROUTES
        if one.method in WRITES
    ),
    *(
        Entrance("_control", "POST", f"/_control{path}")
        for path in ("/reset", "/seed", "/faults", "/later", "/clock")
    ),
    *(
        Entrance("_control", "POST", f"/_control/{name}/{what}")
        for name in ("ghl", "maileon", "mailercloud")
        for what in ("settings", "act")
    ),
]
RAW = {
    "null": b"null",
    "list": b"[]",
    "empty text": b'""',
    "zero": b"0",
    "list of objects": b"[{}]",
    "nothing": b"",
    "broken": b'{"email": ',
    "no UTF-8": b'{"email": "\xff\xfe"}',
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"x":' * DEEP + b"1" + b"}" * DEEP,
    "deep value": b'{"email":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "nearly too deep": b'{"name":' + b"[" * 900 + b"]" * 900 + b"}",
    "open for ever": b"[" * 100_000,
    "half a character": b'{"email": "\\ud800", "name": "\\udfff", "\\ud800": 1}',
    "huge whole": b'{"limit": ' + b"9" * 5_000 + b"}",
    "huge": b'{"name": 1e999, "page": -1e999, "limit": 1e308, "type": ' + b"9" * 4_000 + b"}",
    "no numbers": b'{"name": NaN, "page": Infinity, "limit": -Infinity}',
}
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**30,
    10**400,
    1.5,
    1e308,
    "",
    " ",
    "x" * 400,
    "²",
    "9" * 5_000,
    "\x00",
    "1e999",
    "nan",
    "Ä\u202e😀",
    "2026-02-31",
    "999999999-01-01",
    ADA,
    [],
    [[]],
    [None],
    [{}],
    [{"id": ""}],
    ["a", 1],
    {},
    {"": None},
    {"id": {}, "status": []},
    {"gte": 1e308, "lt": "9" * 30},
)
