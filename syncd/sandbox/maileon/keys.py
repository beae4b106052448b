"""API keys: who may call, with which HTTP methods, until when.

Source: maileon.md §1.2, §8 rows 24, 25, 36.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import date, datetime

from syncd.sandbox.maileon.answers import RefusalError
from syncd.sandbox.maileon.settings import Settings

METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})
SANDBOX_KEY = "sandbox-maileon-key-7301"


@dataclass(frozen=True, slots=True)
class Key:
    """An API key; `expires` is the day at whose *start* it stops to work."""

    secret: str
    methods: frozenset[str] = METHODS
    expires: date | None = None
    addresses: frozenset[str] = frozenset()  # empty: from everywhere

    def __post_init__(self) -> None:
        if not 12 <= len(self.secret) <= 265:
            raise ValueError("a key has 12 to 265 characters")
        if not self.methods <= METHODS:
            raise ValueError(f"methods are some of {', '.join(sorted(METHODS))}")


class Keyring:
    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self.account_blocked = False
        self.add(Key(SANDBOX_KEY))

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: Key) -> None:
        self._keys[key.secret] = key

    def admit(
        self, header: str | None, address: str | None, now: datetime, settings: Settings
    ) -> Key:
        """The key of a request.

        Accepts base64 of the bare key, as documented, and of `key:` as ordinary basic
        authentication sends it.

        Raises:
            RefusalError: 401 when the key is missing, unknown or expired, or the account
                is blocked.
        """
        key = self._keys.get(_secret(header))
        if key is None:
            raise RefusalError(401, "the API key is missing or invalid")
        if key.expires is not None and now.astimezone(settings.zone).date() >= key.expires:
            raise RefusalError(401, "the API key has expired")
        if self.account_blocked:
            raise RefusalError(401, "the newsletter account is blocked")
        if key.addresses and address not in key.addresses:
            raise RefusalError(settings.ip_refused_status, "this address may not use the API key")
        return key


def _secret(header: str | None) -> str:
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        plain = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return plain.removesuffix(":")
