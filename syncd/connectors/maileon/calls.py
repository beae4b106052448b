"""Every call that this connector makes, and a door that lets no other through.

Source: maileon.md 1 (transport), 2.2 to 2.8 (contacts), 3.3 (reports), 7.2 (marker).
No rate is documented (6.3); one writer and a few requests per second are well received.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lxml import etree

from syncd.connectors.api import Wire
from syncd.connectors.maileon.answers import (
    Listing,
    is_absent,
    judge,
    listing,
    named_fields,
    root_of,
)
from syncd.connectors.maileon.codec import Element, Selection, text_of
from syncd.connectors.maileon.config import Settings
from syncd.errors import (
    AccountError,
    FieldsChangedError,
    InDoubtError,
    InvariantError,
    RecordError,
    TransientError,
)
from syncd.http.answer import Answer
from syncd.http.client import ApiClient
from syncd.http.limits import Limiter, Rate
from syncd.http.xml import serialise

XML = "application/vnd.maileon.api+xml"
JSON = "application/vnd.maileon.api+json"
_NOT_FOUND = frozenset({404})
UNKNOWN = frozenset({400, 404, 405, 406, 415, 501})  # what a probe's odd call may be answered
# What a bulk call may answer as a whole about the rows in it.
BULK_REFUSALS = frozenset({400, 413, 500})

# The whole of what may be sent. Above all not: the single-contact POST (it can bring back
# somebody who opted out), DELETE of a marker or of all contacts, emptying a field for
# everybody, filter lists (they hide addresses), transactions (maileon.md 7.3, 8).
ALLOWED = (
    "(GET|POST|PUT|DELETE) /ping",
    "GET /account/info",
    "GET /contacts",
    "GET /contacts/contact",
    "GET /contacts/email/{email}",
    "GET /contacts/{email}",
    "GET /contacts/emails/{email}",
    "GET /contacts/externalid/{external_id}",
    "GET /contacts/email/{email}/unsubscription",
    "GET /reports/unsubscriptions",
    "GET /reports/opens",
    "GET /reports/clicks",
    "GET /reports/bounces",
    "GET /contacts/fields/custom",
    "POST /contacts/fields/custom/{name}",
    "POST /contacts",
    "PUT /contacts/contact",
    "PUT /contacts/email/{email}",
    "PUT /contacts/email/{email}/unsubscription",
    "DELETE /contacts/contact",
    "DELETE /contacts/contact/unsubscribe",
)
_METHODS, *_CALLS = ALLOWED
FORBIDDEN = f"^(?!({_METHODS}|{'|'.join(map(re.escape, _CALLS))})$)"

# Parameters that may never leave with another value, or at all (maileon.md 7.4).
_FIXED = {"override_permission": "false", "reimport_unsubscribed_contacts": "false"}
_NEVER = frozenset({"doi", "doiplus", "doimailing", "triggerdoi", "authorized"})

_SINGULAR = {"opens": "open", "clicks": "click", "bounces": "bounce"}

Query = Mapping[str, str | int | Sequence[str]]


class Calls:
    """One newsletter account over HTTP.

    Attributes:
        page_size: rows per page of a list.
        server_now: the server's own time, from the newest `Date` header.
    """

    def __init__(self, settings: Settings, wire: Wire) -> None:
        self.page_size = settings.page_size
        self._bulk_timeout_s = settings.bulk_timeout_s
        self._now: Callable[[], datetime] = wire.now
        self._sleep = wire.sleep
        self._dated: datetime | None = None
        rate = Rate(max(1, int(settings.requests_per_second * 10)), interval_s=10.0)
        if settings.requests_per_second < 1:
            rate = Rate(1, interval_s=1 / settings.requests_per_second)
        self._http = ApiClient(
            settings.base_url,
            wire=wire,
            limiter=Limiter.of(wire, rate),
            headers={
                "Authorization": settings.authorization,
                "Accept": XML,
                "Content-Type": XML,
            },
            judge=judge,
            learn=self._learn,
            forbidden=(FORBIDDEN,),
            timeout_s=settings.timeout_s,
        )

    def close(self) -> None:
        self._http.close()

    def pause(self, seconds: float) -> None:
        """Wait before a write is repeated."""
        self._sleep(seconds)

    @property
    def server_now(self) -> datetime:
        return self._dated or self._now()

    def _learn(self, answer: Answer) -> None:
        try:
            dated = parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            dated = None
        self._dated = dated.astimezone(UTC) if dated and dated.tzinfo else self._now()

    # Reading

    def contacts(
        self, page: int, wanted: Selection, *, updated_after: str | None = None
    ) -> Listing:
        """One page of the list, of those updated after a time in the server's own zone."""
        query: dict[str, Any] = {"page_index": page, "page_size": self.page_size, **wanted.query}
        if updated_after is not None:
            query["updated_after"] = updated_after
        return listing(self._list("/contacts", query), "contacts", "contact")

    def contact(self, remote_id: str, wanted: Selection) -> Element | None:
        query: Query = {"id": remote_id, "ignore_checksum": "true", **wanted.query}
        return self._single("/contacts/contact", {}, query)

    def by_email(self, email: str, wanted: Selection) -> Element | None:
        return self._single("/contacts/email/{email}", {"email": email}, wanted.query)

    def all_by_email(self, email: str) -> list[Element]:
        return self._several("/contacts/emails/{email}", {"email": email}, {})

    def by_external_id(self, external_id: str, wanted: Selection) -> list[Element]:
        values = {"external_id": external_id}
        return self._several("/contacts/externalid/{external_id}", values, wanted.query)

    def is_marked(self, email: str) -> bool:
        """Whether Maileon remembers that this address was unsubscribed."""
        path = "/contacts/email/{email}/unsubscription"
        return not is_absent(self._send("GET", path, {"email": email}, accept=_NOT_FOUND))

    def unsubscriptions(self, page: int, query: Query) -> Listing:
        """One page of the report; `from_date` and `to_date` are epoch milliseconds."""
        asked = {
            "page_index": page,
            "page_size": self.page_size,
            "exclude_anonymous": "false",
            **query,
        }
        answer = self._list("/reports/unsubscriptions", asked)
        return listing(answer, "unsubscriptions", "unsubscription")

    def events(self, kind: str, page: int, query: Query) -> Listing:
        """One page of a report of `opens`, `clicks` or `bounces`; dates as in `unsubscriptions`."""
        asked = {"page_index": page, "page_size": self.page_size, **query}
        return listing(self._list(f"/reports/{kind}", asked), kind, _SINGULAR[kind])

    def custom_fields(self) -> dict[str, str]:
        """Type by name."""
        root = root_of(self._list("/contacts/fields/custom"), "custom_fields")
        pairs = ((text_of(f, "name"), text_of(f, "type")) for f in root.iterfind("custom_field"))
        return {name: kind or "" for name, kind in pairs if name}

    def account(self) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        return self._of_account("GET", "/account/info", headers=headers).json_object()

    def ping(self, method: str) -> Answer:
        """Probe one HTTP method; 403 means that the key lacks it."""
        content = b"ping" if method in {"POST", "PUT"} else None
        return self._of_account(
            method, "/ping", content=content, accept=frozenset({403}), repeatable=True
        )

    # Writing

    def synchronise(self, flags: Query, body: bytes) -> Answer:
        """The bulk call; a status in `BULK_REFUSALS` comes back for the caller to read."""
        return self._send(
            "POST",
            "/contacts",
            query=flags,
            content=body,
            accept=BULK_REFUSALS,
            timeout_s=self._bulk_timeout_s,
        )

    def update(self, remote_id: str, contact: Element, names: frozenset[str]) -> bool:
        """Write fields of one contact; without `permission` it is neutral to consent.

        Returns:
            False if there is no such contact.

        Raises:
            RecordError: refused, with those of the names that the answer mentions.
        """
        query = {"id": remote_id, "ignore_checksum": "true"}
        answer = self._send(
            "PUT",
            "/contacts/contact",
            query=query,
            content=serialise(contact),
            accept=frozenset({400, 404}),
            repeatable=True,
        )
        if answer.status == 400:
            fields = named_fields(answer, names)
            raise RecordError(f"{answer.label}: Maileon refuses the values (400)", fields=fields)
        return not is_absent(answer)

    def change_email(self, old: str, contact: Element) -> bool:
        """The documented way to a new address; never repeated blindly (maileon.md 6.4).

        Returns:
            False if nobody has the old address.
        """
        path, values = "/contacts/email/{email}", {"email": old}
        body = serialise(contact)
        return not is_absent(self._send("PUT", path, values, content=body, accept=_NOT_FOUND))

    def unsubscribe(self, remote_id: str, reason: str) -> bool:
        """False if there is no such contact. It stays readable for some seconds (2.6)."""
        query = {"id": remote_id, "reason": reason}
        path = "/contacts/contact/unsubscribe"
        answer = self._send("DELETE", path, query=query, accept=_NOT_FOUND, repeatable=True)
        return not is_absent(answer)

    def mark(self, email: str) -> None:
        """Remember that this address must not be imported; does not unsubscribe anybody."""
        path = "/contacts/email/{email}/unsubscription"
        self._send("PUT", path, {"email": email}, repeatable=True)

    def delete(self, remote_id: str) -> bool:
        """False if there is no such contact."""
        query = {"id": remote_id}
        answer = self._send(
            "DELETE", "/contacts/contact", query=query, accept=_NOT_FOUND, repeatable=True
        )
        return not is_absent(answer)

    def create_field(self, name: str, wire_type: str) -> None:
        self._send("POST", "/contacts/fields/custom/{name}", {"name": name}, {"type": wire_type})

    # For a probe, about a contact of its own: the status alone

    def read_unchecked(self, remote_id: str) -> int:
        """A read by id that says nothing of its checksum."""
        accept = frozenset({400})
        return self._send("GET", "/contacts/contact", query={"id": remote_id}, accept=accept).status

    def update_unnamed(self, contact: Element) -> int:
        """A change by id without one; only the address in the body says whom it means."""
        return self._send(
            "PUT",
            "/contacts/contact",
            query={"ignore_checksum": "true"},
            content=serialise(contact),
            accept=UNKNOWN,
            repeatable=True,
        ).status

    def read_by_old_path(self, email: str) -> int:
        return self._send("GET", "/contacts/{email}", {"email": email}, accept=UNKNOWN).status

    def update_in_plain_json(self, email: str, fields: Mapping[str, str]) -> int:
        """A change in Maileon's own JSON that asks for an answer in everybody's."""
        return self._send(
            "PUT",
            "/contacts/email/{email}",
            {"email": email},
            content=json.dumps({"standard_fields": fields}).encode(),
            headers={"Accept": "application/json", "Content-Type": JSON},
            accept=UNKNOWN,
            repeatable=True,
        ).status

    # Underneath

    def _single(self, path: str, values: Mapping[str, str], query: Query) -> Element | None:
        answer = self._send("GET", path, values, query, accept=_NOT_FOUND)
        return None if is_absent(answer) else root_of(answer, "contact")

    def _several(self, path: str, values: Mapping[str, str], query: Query) -> list[Element]:
        answer = self._send("GET", path, values, query, accept=_NOT_FOUND)
        if is_absent(answer):
            return []
        return listing(answer, "contacts", "contact").rows

    def _list(self, path: str, query: Query | None = None) -> Answer:
        own = (query or {}).get("custom_field")
        names = tuple(own) if isinstance(own, list) else (str(own),) if own else ()
        hint = "See with `syncd check` whether every mapped field exists."
        return self._of_account("GET", path, fields=names, hint=hint, query=query)

    def _of_account(
        self,
        method: str,
        path: str,
        *,
        fields: tuple[str, ...] = (),
        hint: str = "",
        **options: Any,
    ) -> Answer:
        """What is asked about no contact in particular: a refusal concerns the account.

        Raises:
            FieldsChangedError: it names custom fields, one of which may be gone.
        """
        try:
            return self._send(method, path, **options)
        except RecordError as cause:
            if fields:  # one that is gone is refused so
                raise FieldsChangedError(cause.message, fields=fields, hint=hint) from cause
            raise AccountError(cause.message, hint=hint) from cause

    def _send(
        self,
        method: str,
        path: str,
        values: Mapping[str, str] | None = None,
        query: Query | None = None,
        **options: Any,
    ) -> Answer:
        for name, value in (query or {}).items():
            if name in _NEVER or _FIXED.get(name, value) != value:
                raise InvariantError(f"{method} {path} with {name}={value} is never sent")
        if "permission" in (query or {}) and (method, path) != ("POST", "/contacts"):
            raise InvariantError(f"{method} {path} with a permission is never sent")
        answer = self._http.request(method, path, values, query=query, **options)
        if answer.ok and answer.looks_like_html():
            kind = TransientError if method == "GET" else InDoubtError
            raise kind(f"{answer.label}: somebody else answered {answer.status} with a web page")
        return answer


def rows_of(rows: list[Element]) -> bytes:
    """The body of a bulk call."""
    root = etree.Element("contacts")
    root.extend(rows)
    return serialise(root)
