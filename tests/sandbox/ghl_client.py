"""A plain client for the tests of the GHL emulator, and a sandbox whose clock stands still."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from syncd.sandbox.ghl import Ghl
from syncd.testing.inprocess import sandbox

NOW = datetime(2026, 11, 20, 11, 30, 15, 250_000, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


class Api:
    """One sandbox, empty unless `contacts` says otherwise. Search shows writes at once."""

    def __init__(self, contacts: int = 0, limits: str = "off", **settings: Any) -> None:
        ghl = {"index_lag_s": 0.0, **settings}
        self.box = sandbox(contacts, limits=limits, frozen_at=NOW, settings={"ghl": ghl})
        self.info = self.box.info["ghl"]
        self.location = self.info["location_id"]
        self.http = httpx.Client(
            transport=self.box.transport,
            base_url=self.info["base_url"],
            headers={
                "Authorization": f"Bearer {self.info['token']}",
                "Version": "2021-07-28",
                "User-Agent": "sandbox-tests/1",
            },
        )

    @property
    def ghl(self) -> Ghl:
        platform = self.box.platform("ghl")
        assert isinstance(platform, Ghl)
        return platform

    def send(self, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
        """`body` as JSON, on DELETE too."""
        content = {} if body is None else {"json": body}
        return self.http.request(method, path, params=params, **content)

    def create(self, **fields: Any) -> str:
        """The id of a new contact."""
        answer = self.send("POST", "/contacts/", {"locationId": self.location, **fields})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["contact"]["id"])

    def get(self, contact_id: str) -> dict[str, Any]:
        answer = self.send("GET", f"/contacts/{contact_id}")
        assert answer.status_code == 200, answer.text
        contact: dict[str, Any] = answer.json()["contact"]
        return contact

    def put(self, contact_id: str, /, **fields: Any) -> httpx.Response:
        return self.send("PUT", f"/contacts/{contact_id}", fields)

    def upsert(self, **fields: Any) -> httpx.Response:
        return self.send("POST", "/contacts/upsert", {"locationId": self.location, **fields})

    def search(self, **body: Any) -> httpx.Response:
        whole = {"locationId": self.location, "pageLimit": 100, **body}
        return self.send("POST", "/contacts/search", whole)

    def rows(self, **body: Any) -> list[dict[str, Any]]:
        answer = self.search(**body)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["contacts"]
        return rows

    def found(self, name: str, operator: str, value: Any) -> list[str]:
        """First names, as typed, of those that one filter finds."""
        leaf = {"field": name, "operator": operator, "value": value}
        return sorted(row["firstNameRaw"] for row in self.rows(filters=[leaf]))

    def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        return self.ghl.act(action, arguments)

    def field(self, name: str, data_type: str, options: Sequence[str] = ()) -> str:
        """The id of a new custom field."""
        made = self.act("create_custom_field", name=name, data_type=data_type, options=options)
        return str(made["id"])

    def later(self, seconds: float) -> None:
        self.box.world.clock.advance(timedelta(seconds=seconds))


def lines(answer: httpx.Response, status: int = 422) -> list[str]:
    """The violations of a 422 body, whose shape is checked too (table 0.1)."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["statusCode"] == status
    assert body["traceId"]
    messages: list[str] = (
        body["message"] if isinstance(body["message"], list) else [body["message"]]
    )
    return messages


def three(**settings: Any) -> Api:
    """Ann, Bob and Cy, created a second apart."""
    api = Api(**settings)
    for name, city in (("Ann", "Berlin"), ("Bob", "Bern"), ("Cy", "Bergamo")):
        api.create(firstName=name, email=f"{name}@example.org", city=city, tags=[name, "All"])
        api.later(1)
    return api
