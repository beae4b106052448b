"""A plain client for the tests of the Maileon emulator: bytes out, parsed XML back."""

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
from lxml import etree
from werkzeug import Request

from syncd.sandbox.core import World
from syncd.sandbox.maileon import Maileon

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NOW = datetime(2026, 11, 20, 11, 30, 15, tzinfo=UTC)  # 12:30:15 in Berlin
XML = "application/vnd.maileon.api+xml"
JSON = "application/vnd.maileon.api+json"
SAFE_FLAGS = {
    "permission": "1",
    "sync_mode": "1",
    "ignore_invalid_contacts": "true",
    "override_permission": "false",
    "reimport_unsubscribed_contacts": "false",
}


class Api:
    """One sandbox with an empty Maileon account whose clock stands at `NOW`."""

    def __init__(self, **settings: Any) -> None:
        self.world = World()
        self.world.clock.freeze(NOW)
        self.maileon = Maileon(self.world)
        self.maileon.configure(settings)
        info = self.maileon.info("http://sandbox.test")
        self._http = httpx.Client(
            transport=httpx.WSGITransport(app=self._serve), base_url=info["base_url"]
        )
        self.key: str = info["api_key"]

    def _serve(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        # httpx hands the path over as text; WSGI wants its bytes as latin-1 (PEP 3333).
        environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
        request = Request(environ)
        path = request.path.removeprefix(self.maileon.prefix)
        return self.maileon.handle(request, path)(environ, start_response)

    def call(
        self,
        method: str,
        path: str,
        query: Any = None,
        body: str | bytes | None = None,
        **headers: str,
    ) -> httpx.Response:
        """One request with the documented headers; `headers` replace them, "" leaves one out."""
        wanted = {
            "Authorization": "Basic " + base64.b64encode(self.key.encode()).decode(),
            "Accept": XML,
            "Content-Type": XML,
        }
        wanted |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body.encode() if isinstance(body, str) else body
        return self._http.request(
            method,
            path,
            params=query,
            content=content,
            headers={name: value for name, value in wanted.items() if value},
        )

    def get(self, path: str, query: Any = None, **headers: str) -> httpx.Response:
        return self.call("GET", path, query, **headers)

    def put(self, path: str, query: Any = None, body: str = "<contact/>", **headers: str) -> Any:
        return self.call("PUT", path, query, body, **headers)

    def post(self, path: str, query: Any = None, body: str = "<contact/>", **headers: str) -> Any:
        return self.call("POST", path, query, body, **headers)

    def bulk(self, *contacts: str, **flags: str) -> etree._Element:
        """The report of a bulk call with safe flags, but for those given."""
        answer = self.post("/contacts", SAFE_FLAGS | flags, many(*contacts))
        assert answer.status_code == 200, answer.text
        return tree(answer)

    def person(self, action: str, **arguments: Any) -> dict[str, Any]:
        return self.maileon.act(action, arguments)

    def create(self, email: str, permission: int = 4, **rest: Any) -> int:
        made = self.person("create", email=email, permission=permission, **rest)
        contact_id: int = made["id"]
        return contact_id

    def stored(self, contact_id: int) -> dict[str, Any]:
        return next(each for each in self.maileon.dump() if each["id"] == contact_id)

    def emails(self) -> list[str]:
        return [each["email"] for each in self.maileon.dump()]

    def later(self, **span: float) -> None:
        self.world.clock.advance(timedelta(**span))


def tree(answer: httpx.Response) -> etree._Element:
    """The root of an answer; leading blanks are dropped, as every client must."""
    return etree.fromstring(answer.content.strip())


def texts(answer: httpx.Response, path: str) -> list[str | None]:
    return [each.text for each in tree(answer).iterfind(path)]


def message(answer: httpx.Response) -> str:
    return tree(answer).findtext(".//message") or ""


def contact(email: str | None = None, external_id: str | None = None, **fields: str) -> str:
    """A contact's XML; upper-case names are standard fields, the others custom."""
    standard = "".join(field(k, v) for k, v in fields.items() if k.isupper())
    custom = "".join(field(k, v) for k, v in fields.items() if not k.isupper())
    return (
        "<contact>"
        + (f"<email>{email}</email>" if email is not None else "")
        + (f"<external_id>{external_id}</external_id>" if external_id is not None else "")
        + (f"<standard_fields>{standard}</standard_fields>" if standard else "")
        + (f"<custom_fields>{custom}</custom_fields>" if custom else "")
        + "</contact>"
    )


def field(name: str, value: str) -> str:
    return f"<field><name>{name}</name><value>{value}</value></field>"


def many(*contacts: str) -> str:
    return f"<contacts>{''.join(contacts)}</contacts>"
