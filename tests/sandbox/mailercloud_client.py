"""A plain client for the tests of the Mailercloud emulator, and a sandbox whose clock stands."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from syncd.sandbox.mailercloud import Mailercloud
from syncd.testing.inprocess import sandbox

NOW = datetime(2026, 11, 20, 11, 30, 15, tzinfo=UTC)  # 17:00:15 in the account's zone
ADA = "ada@example.org"
HOOK = "http://127.0.0.1:9/hooks/secret"


class Api:
    """One sandbox, empty unless `contacts` says otherwise. The search shows writes at once."""

    def __init__(self, contacts: int = 0, limits: str = "off", **settings: Any) -> None:
        switches = {"search_lag_s": 0, **settings}
        self.box = sandbox(
            contacts, limits=limits, frozen_at=NOW, settings={"mailercloud": switches}
        )
        self.info = self.box.info["mailercloud"]
        self.main: str = self.info["list_id"]
        self.second: str = self.info["second_list_id"]
        self.http = httpx.Client(
            transport=self.box.transport,
            base_url=self.info["base_url"],
            headers={"Authorization": self.info["api_key"], "User-Agent": "sandbox-tests/1"},
        )

    @property
    def platform(self) -> Mailercloud:
        platform = self.box.platform("mailercloud")
        assert isinstance(platform, Mailercloud)
        return platform

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        content = {} if body is None else {"json": body}
        return self.http.request(method, path, headers=headers, **content)

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.send("POST", path, body)

    def upsert(self, email: str = ADA, **fields: Any) -> httpx.Response:
        return self.post("/contacts/upsert", **{"email": email, "list_id": self.main, **fields})

    def create(self, email: str = ADA, **fields: Any) -> httpx.Response:
        return self.post("/contacts", **{"email": email, "list_id": self.main, **fields})

    def put(self, who: str = ADA, **fields: Any) -> httpx.Response:
        return self.send("PUT", f"/contacts/{quote(who, safe='')}", fields)

    def get(self, who: str) -> httpx.Response:
        return self.send("GET", f"/contacts/{quote(who, safe='')}")

    def batch(self, *rows: Any, list_id: Any = None) -> httpx.Response:
        return self.post("/contacts/batch", list_id=list_id or self.main, contacts=list(rows))

    def search(self, list_id: str = "", **body: Any) -> httpx.Response:
        return self.post(f"/contact/search/{list_id or self.main}", **page(**body))

    def rows(self, list_id: str = "", **body: Any) -> list[dict[str, Any]]:
        answer = self.search(list_id, **body)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json().get("data", [])
        return rows

    def row(self, email: str = ADA, list_id: str = "") -> dict[str, Any]:
        return next(one for one in self.rows(list_id) if one["email"] == email)

    def id_of(self, email: str = ADA) -> str:
        return str(self.stored(email)["id"])

    def stored(self, email: str = ADA) -> dict[str, Any]:
        """The truth about somebody on the main list."""
        return next(one for one in self.platform.dump() if one["email"] == email)

    def emails(self) -> list[str]:
        return [one["email"] for one in self.platform.dump()]

    def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        return self.platform.act(action, arguments)

    def person(self, email: str = ADA, **arguments: Any) -> str:
        """The id of somebody whom a person typed in."""
        return str(self.act("create", email=email, **arguments)["id"])

    def property(self, name: str, kind: str = "text") -> str:
        return str(self.act("create_property", name=name, type=kind)["id"])

    def later(self, **span: float) -> None:
        self.box.world.clock.advance(timedelta(**span))


class Receiver:
    """Stands in for the deliverer's HTTP: answers with `status`, and remembers."""

    def __init__(self, api: Api) -> None:
        self.status: int | None = 200
        self.got: list[tuple[str, Mapping[str, str], str]] = []
        api.platform.deliverer.sender = self

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: str) -> int | None:
        self.got.append((method, headers, body))
        return self.status


def page(**body: Any) -> dict[str, Any]:
    return {"limit": 100, "page": 1, **body}


def refused(answer: httpx.Response, status: int = 400) -> str:
    """The message of an error in whichever shape, with its field in front if it has one."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    errors = body.get("errors", body.get("error"))
    if isinstance(errors, list):
        return f"{errors[0]['field']}: {errors[0]['message']}"
    return str(errors["message"] if errors else body["message"])
