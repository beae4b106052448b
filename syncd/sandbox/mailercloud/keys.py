"""Who may call: the edge, the key, the pace.

Source: mailercloud.md §2 (key, edge), §15 (limits).
"""

import re
from collections import deque
from datetime import datetime, timedelta

from werkzeug import Request

from syncd.sandbox.mailercloud.answers import CODE, CODE_ERRORS, MESSAGE, RefusalError
from syncd.sandbox.mailercloud.settings import Settings

SANDBOX_KEY = "sandbox-mailercloud-key-5c0ffee5"
KEYS_MOST = 10
_ROBOTS = {
    "off": re.compile(r"(?!)"),
    "urllib": re.compile(r"python-urllib/", re.IGNORECASE),
    "all": re.compile(
        r"$|(python-(urllib|requests|httpx)|python/|aiohttp/|urllib3/)", re.IGNORECASE
    ),
}


def is_edge_blocked(request: Request, settings: Settings) -> bool:
    """Does the proxy take the user agent for a robot's (§2)?"""
    agent = request.headers.get("User-Agent", "").strip()
    return _ROBOTS[settings.block_python_agents].match(agent) is not None


class Keyring:
    """The keys of the account: up to ten, without scopes."""

    def __init__(self) -> None:
        self._keys = {SANDBOX_KEY}
        self._made = 0

    def start_over(self) -> None:
        """The key everybody knows works again."""
        self._keys.add(SANDBOX_KEY)

    def make(self) -> str:
        if len(self._keys) >= KEYS_MOST:
            raise ValueError(f"an account has at most {KEYS_MOST} keys")
        self._made += 1
        key = f"sandbox-mailercloud-made-key-{self._made}"
        self._keys.add(key)
        return key

    def revoke(self, key: str) -> None:
        if key not in self._keys:
            raise ValueError("there is no such key")
        self._keys.remove(key)

    def admit(self, header: str | None, settings: Settings) -> None:
        """The raw key and nothing else: `Bearer` and `Basic` are refused (§2).

        Raises:
            RefusalError: 401. The vendor's own plugin takes a body without `errors` for
                success, whatever its status, so a bad key has them unless a switch says no.
        """
        if header not in self._keys:
            shape = CODE_ERRORS if settings.bad_key_has_errors else CODE
            raise RefusalError(401, "Invalid API key", "api_key", shape=shape)


class Pace:
    """So many requests a second from one address; more block it for a while (§15)."""

    def __init__(self) -> None:
        self._recent: dict[str, deque[datetime]] = {}
        self._blocked_until: dict[str, datetime] = {}

    def admit(self, address: str, now: datetime, settings: Settings) -> None:
        """Raises RefusalError: 429."""
        if now < self._blocked_until.get(address, now):
            raise _too_many(settings)
        recent = self._recent.setdefault(address, deque())
        while recent and recent[0] <= now - timedelta(seconds=1):
            recent.popleft()
        if len(recent) >= settings.requests_per_second:
            self._blocked_until[address] = now + timedelta(seconds=settings.limit_block_s)
            raise _too_many(settings)
        recent.append(now)


def _too_many(settings: Settings) -> RefusalError:
    wait = settings.retry_after_s
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return RefusalError(429, "Too Many Requests", shape=MESSAGE, headers=headers)
