"""Every call that this connector makes, and a door that lets no other through.

Source: mailercloud.md 2 (transport), 3 (endpoints), 14 (errors), 15 (limits). No limit is
published, and exceeding it can block the account: two requests per second, five in a
burst, two at once; half of that after each refusal.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from syncd.connectors.api import Wire
from syncd.connectors.mailercloud import paths
from syncd.connectors.mailercloud.answers import (
    REFUSALS,
    KeyRefusedError,
    Listing,
    body_of,
    complaint_in,
    complaint_of,
    edge_block,
    is_edge_block,
    is_page,
    judge,
    listing,
)
from syncd.connectors.mailercloud.config import LIMIT, Settings
from syncd.errors import (
    AccountError,
    ConfigError,
    InDoubtError,
    InvariantError,
    RecordError,
    ThrottledError,
    TransientError,
)
from syncd.http.answer import Answer
from syncd.http.client import ApiClient, retry_after_s
from syncd.http.limits import Limiter, Rate

BURST = 5
AT_ONCE = 2
THROTTLED_S = 30.0
LONGEST_THROTTLE_S = 900.0
RECOVERS_AFTER = 200  # answers without a refusal until the rate is doubled again
OPT_OUT = "unsubscribe"  # the only `contact_type` that is ever sent
MOST_PAGES = 1000


class Calls:
    """One account over HTTP."""

    def __init__(self, settings: Settings, wire: Wire) -> None:
        self._list_id = settings.list_id
        self._batch_timeout_s = settings.batch_timeout_s
        self._now = wire.now
        self._own: set[str] = set()
        self._lock = threading.Lock()
        self._full_rate = settings.requests_per_second
        self._slowed, self._quiet = 0, 0
        self._limiter = Limiter.of(wire, _rate(self._full_rate))
        self._http = ApiClient(
            settings.base_url,
            wire=wire,
            limiter=self._limiter,
            headers={
                "Authorization": settings.api_key.get_secret_value(),  # raw, no scheme before it
                "Accept": "application/json",
            },
            judge=judge,
            learn=self._learn,
            forbidden=(paths.FORBIDDEN,),
            timeout_s=settings.timeout_s,
        )

    def close(self) -> None:
        self._http.close()

    # Reading

    def plan(self) -> Mapping[str, Any]:
        answer = self._send("GET", paths.PLAN)
        plan = body_of(answer).get("data")
        if not isinstance(plan, Mapping):
            raise TransientError(f"{answer.label} was answered without a plan")
        return plan

    def lists(self, page: int) -> Listing:
        extra = {"list_type": 1, "search_name": "", "sort_field": "name", "sort_order": "asc"}
        return self._page(paths.LISTS, page, ("list_count", "count"), extra=extra)

    def contacts(self, page: int, search: str = "") -> Listing:
        values = {"list_id": self._list_id}
        counts = ("contact_count", "count", "total")
        return self._page(paths.LISTING, page, counts, values, {"search": search})

    def contact(self, contact_id: str) -> Mapping[str, Any] | None:
        """One contact; None if Mailercloud says that there is none."""
        return self._one(paths.BY_ID, {"contact_id": contact_id})

    def contact_by_email(self, email: str) -> Mapping[str, Any] | None:
        return self._one(paths.BY_EMAIL, {"email": email})

    def properties(self) -> list[Any]:
        return self._every(paths.PROPERTIES, ("property_count", "count", "total"))

    def tags(self) -> list[Any]:
        return self._every(paths.TAGS, ("tag_count", "count", "total"))

    def campaigns(self, since: str, until: str) -> list[Any]:
        extra = {"date_from": since, "date_to": until}
        return self._every(paths.CAMPAIGNS, ("campaign_count", "count", "total"), extra)

    def acted(self, path: str, campaign_id: str, page: int) -> Listing:
        """Who did something with mails of one campaign: the path of that report says what.

        Raises:
            RecordError: the report of this one cannot be read.
        """
        values, body = {"campaign_id": campaign_id}, {"limit": LIMIT, "page": page}
        answer = self._send("POST", path, values, body, accept=REFUSALS)
        if answer.status in REFUSALS and (refused := complaint_in(answer)) is not None:
            raise refused.error({})
        return listing(answer, ("count", "total", "unsub_count"), LIMIT)

    # Writing

    def create(self, row: Mapping[str, Any]) -> Answer:
        """Insert only; a refusal comes back for the caller to read."""
        return self._write("POST", paths.CONTACTS, {**row, "list_id": self._list_id})

    def upsert(self, row: Mapping[str, Any]) -> Answer:
        return self._write("POST", paths.UPSERT, {**row, "list_id": self._list_id})

    def batch(self, rows: Sequence[Mapping[str, Any]]) -> Answer:
        """Never repeated here: the caller counts what was sent."""
        body = {"list_id": self._list_id, "contacts": list(rows)}
        return self._write("POST", paths.BATCH, body, timeout_s=self._batch_timeout_s)

    def update(self, key: str, body: Mapping[str, Any]) -> Answer:
        """Change the contact that has an id, or an address (mailercloud.md 5.4)."""
        if "@" in key:
            return self._write("PUT", paths.BY_EMAIL, body, values={"email": key})
        return self._write("PUT", paths.BY_ID, body, values={"contact_id": key})

    def remove_tags(self, key: str, names: Sequence[str]) -> Answer:
        return self._write("POST", paths.UNTAG, {"id": key, "tag_names": list(names)})

    def create_tag(self, name: str) -> Answer:
        return self._write("POST", paths.TAG, {"name": name})

    def create_property(self, name: str, wire_type: str) -> Answer:
        body = {"name": name, "type": wire_type, "description": "Kept in step by contact sync"}
        return self._write("POST", paths.PROPERTY, body)

    def own(self, contact_id: str) -> None:
        """A probe made this contact, and may remove it again."""
        self._own.add(contact_id)

    def delete_own(self, contact_id: str) -> Answer:
        if contact_id not in self._own:
            raise InvariantError("only a contact that a probe has made is ever deleted")
        return self._write("DELETE", paths.OWN, None, values={"probe_contact_id": contact_id})

    # Underneath

    def _one(self, path: str, values: Mapping[str, str]) -> Mapping[str, Any] | None:
        answer = self._send("GET", path, values, accept=REFUSALS)
        complaint = complaint_in(answer)
        if complaint is not None:
            if answer.status == 404 or complaint.names_contact:
                return None
            raise complaint.error({})
        body = answer.json_object()
        shown = body.get("data", body.get("contact", body))
        if isinstance(shown, list) and len(shown) == 1:
            shown = shown[0]
        if not isinstance(shown, Mapping) or ("id" not in shown and "contact_id" not in shown):
            raise TransientError(f"{answer.label} was answered without a contact")
        return shown

    def _every(
        self, path: str, counts: Sequence[str], extra: Mapping[str, Any] | None = None
    ) -> list[Any]:
        """All rows of a list that is short."""
        rows: list[Any] = []
        last: list[Any] = []
        for page in range(1, MOST_PAGES + 1):
            found = self._page(path, page, counts, None, extra or {"search": ""})
            if page > 1 and found.rows == last:
                break  # the number of the page was ignored
            rows += found.rows
            last = found.rows
            if len(found.rows) < LIMIT:
                break
        return rows

    def _page(
        self,
        path: str,
        page: int,
        counts: Sequence[str],
        values: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Listing:
        body = {"limit": LIMIT, "page": page, **(extra or {})}
        return listing(self._send("POST", path, values, body), counts, LIMIT)

    def _write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        values: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """A write; what it refuses about values comes back for the caller to read.

        Raises:
            InDoubtError: nobody knows what it did.
            AccountError: also when the plan has no room left.
        """
        answer = self._send(method, path, values, body, accept=REFUSALS, timeout_s=timeout_s)
        if is_page(answer):
            raise InDoubtError(f"{answer.label}: somebody else answered {answer.status}")
        if answer.status in REFUSALS and complaint_of(answer).full:
            raise AccountError(
                f"{answer.label}: the plan holds no more contacts ({answer.status})",
                hint="See `syncd check`; make room in Mailercloud, or set quota_reserve.",
            )
        return answer

    def _send(
        self,
        method: str,
        path: str,
        values: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        accept: frozenset[int] = frozenset(),
        timeout_s: float | None = None,
    ) -> Answer:
        _refuse_to_activate(body)
        repeatable = method == "GET" or path in paths.READS | paths.IDEMPOTENT
        try:
            answer = self._http.request(
                method,
                path,
                values,
                json=body,
                accept=accept,
                repeatable=repeatable,
                timeout_s=timeout_s,
            )
            if answer.status in REFUSALS and complaint_of(answer).key:
                judge(answer)
        except KeyRefusedError as cause:
            raise self._explained(cause, path, body or {}) from cause
        return answer

    def _explained(
        self, cause: KeyRefusedError, path: str, body: Mapping[str, Any]
    ) -> AccountError | ConfigError | RecordError:
        """What a 401 means: if the key opens the plan, it is not the key (14)."""
        if path == paths.PLAN:
            return AccountError(
                f"{cause.message}: the API key is wrong or was deleted",
                hint="Make a key in Mailercloud under Account > Integrations > API.",
            )
        try:
            self.plan()
        except AccountError as refused:
            return refused
        if path == paths.LISTING or "list_id" in body:
            return ConfigError(
                f"{cause.message}, though the API key is valid: there is no such list",
                hint="Correct list_id; capital and small letters count.",
            )
        if path in (paths.BY_EMAIL, paths.BY_ID, paths.UNTAG):
            return RecordError(f"{cause.message}, though the API key is valid", code="refused_401")
        return AccountError(f"{cause.message}, though the API key is valid: it may not do this")

    def _learn(self, answer: Answer) -> None:
        """Slow down after a refusal, and recover; an edge block is not tried again."""
        if is_edge_block(answer):
            raise edge_block(answer)
        with self._lock:
            if answer.status != 429:
                self._quiet += 1
                if self._slowed and self._quiet >= RECOVERS_AFTER:
                    self._slowed, self._quiet = self._slowed - 1, 0
                    self._limiter.learn(_rate(self._full_rate / 2**self._slowed), None)
                return
            self._slowed, self._quiet = min(self._slowed + 1, 6), 0
            slowed = self._slowed
        self._limiter.learn(_rate(self._full_rate / 2**slowed), None)
        asked_s = retry_after_s(answer, self._now().timestamp())
        wait_s = min(THROTTLED_S * 2 ** (slowed - 1), LONGEST_THROTTLE_S)
        wait_s = asked_s if asked_s is not None else wait_s
        self._limiter.block(wait_s)
        raise ThrottledError(f"{answer.label}: refused for now (429)", retry_after_s=wait_s)


def _rate(requests_per_second: float) -> Rate:
    return Rate(BURST, interval_s=BURST / requests_per_second, at_once=AT_ONCE)


def _refuse_to_activate(body: Any) -> None:
    """Nothing but an opt-out may ever be said of anybody's status (mailercloud.md 9.3)."""
    if not isinstance(body, Mapping):
        return
    for row in (body, *body.get("contacts", ())):
        if row.get("contact_type", OPT_OUT) != OPT_OUT or "resubscribe" in row:
            raise InvariantError("a status other than an opt-out is never sent")
