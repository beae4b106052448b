"""Calls to one location: tokens, versions, and the two budgets.

Source: ghl.md 0 (headers), 1.6 (rotation), 2 (limits), 0.1 (a 401 that is none).
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from syncd.connectors.api import Wire
from syncd.connectors.ghl.answers import TokenRefusedError, judge, server_time
from syncd.connectors.ghl.config import GhlSettings
from syncd.http.answer import Answer
from syncd.http.client import ApiClient, Query
from syncd.http.limits import Limiter, Rate, number

START_RATE = Rate(100, 10.0)  # until the first answer's headers say otherwise
PAUSE_AFTER_401_S = 2.0
_LONE = re.compile("[\ud800-\udfff]")

# Upserts join people who share a phone and swallow second keys (3.7); they are never sent. An
# appointment is deleted as an event: its own path is no route, and answers 401 as if the token
# were at fault (4.4).
FORBIDDEN = (
    r"^POST /contacts/upsert",
    r"^PUT /locations",
    r"^DELETE /locations",
    r"^DELETE /calendars/events/appointments",
)


class Family(StrEnum):
    """Calls that share one value of the Version header."""

    CONTACTS = "contacts"
    LOCATIONS = "locations"
    CALENDARS = "calendars"
    USERS = "users"


class Api:
    """The calls of one account; safe to use from several threads."""

    def __init__(self, settings: GhlSettings, wire: Wire) -> None:
        self.location_id = settings.location_id
        self.monotonic: Callable[[], float] = wire.monotonic
        self.now = wire.now
        self._ahead = timedelta()  # GHL's clock against ours
        self._versions = {
            Family.CONTACTS: settings.versions.contacts,
            Family.LOCATIONS: settings.versions.locations,
            Family.CALENDARS: settings.versions.calendars,
            Family.USERS: settings.versions.users,
        }
        self._sleep = wire.sleep
        secrets = (settings.token, settings.second_token)
        self._tokens = [token.get_secret_value() for token in secrets if token]
        self._active = 0
        self._lock = threading.Lock()
        self._limiter = Limiter.of(wire, START_RATE, reserve=settings.daily_reserve)
        self._client = ApiClient(
            settings.base_url,
            wire=wire,
            limiter=self._limiter,
            headers={"Accept": "application/json"},
            judge=judge,
            learn=self._learn,
            forbidden=FORBIDDEN,
        )

    def close(self) -> None:
        self._client.close()

    def pause(self, seconds: float) -> None:
        """Wait, as for the search to catch up."""
        if seconds:
            self._sleep(seconds)

    def server_now(self) -> datetime:
        """The time by GHL's clock, as far as its last `Date` header told (whole seconds)."""
        return self.now() + self._ahead

    @property
    def v3(self) -> bool:
        """Whether contacts are written in the spelling of v3 (ghl.md 8)."""
        return self._versions[Family.CONTACTS] == "v3"

    def call(
        self,
        method: str,
        path: str,
        values: Mapping[str, str] | None = None,
        *,
        family: Family = Family.CONTACTS,
        query: Query | None = None,
        body: Any = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """Send one request; a refused token gets one more try, or the other token's.

        Raises:
            AccountError: stop; `SpentError` when the day's budget is spent.
            whatever `judge` and `ApiClient.request` raise.
        """
        content = None if body is None else encode(body)

        def send(token: str) -> Answer:
            headers = {"Authorization": f"Bearer {token}", "Version": self._versions[family]}
            if content is not None:
                headers["Content-Type"] = "application/json"
            return self._client.request(
                method,
                path,
                values,
                query=query,
                content=content,
                headers=headers,
                repeatable=repeatable,
            )

        used = self._active
        try:
            return send(self._tokens[used])
        except TokenRefusedError:
            return send(self._tokens[self._after_refusal(used)])

    def _after_refusal(self, refused: int) -> int:
        """The token to try next; waits a little where there is only the one."""
        with self._lock:
            if self._active == refused and len(self._tokens) > 1:
                self._active = (refused + 1) % len(self._tokens)
            chosen = self._active
        if chosen == refused:
            self._sleep(PAUSE_AFTER_401_S)
        return chosen

    def _learn(self, answer: Answer) -> None:
        """Take the permitted rate from the headers, up and down (ghl.md 2)."""
        headers = answer.headers
        at = server_time(answer)
        if at is not None:
            self._ahead = at - self.now()
        left_today = number(headers, "x-ratelimit-daily-remaining")
        self._limiter.learn_day(number(headers, "x-ratelimit-limit-daily"), left_today)
        permitted = number(headers, "x-ratelimit-max")
        interval_ms = number(headers, "x-ratelimit-interval-milliseconds")
        rate = START_RATE
        if permitted and permitted > 0 and interval_ms and interval_ms > 0:
            rate = Rate(permitted, interval_ms / 1000)
            self._limiter.learn(rate, number(headers, "x-ratelimit-remaining"))
        if answer.status != 429:
            return
        if left_today == 0:
            raise self._limiter.spent()
        if not headers.get("retry-after"):
            self._limiter.block(rate.interval_s)


def encode(body: Any) -> bytes:
    """JSON as bytes; a lone surrogate is left out: UTF-8 and `core.canonical` have none."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _LONE.sub("", text).encode()
