"""Who may do what: Private Integration Tokens and OAuth tokens with their scopes (section 1)."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from syncd.sandbox.ghl.answers import RefusalError

LIFE_S = 86_399  # of an access token (1.3)
CODE_LIFE_S = 600  # of an authorization code (1.2)
SCOPES = frozenset(
    {
        "contacts.readonly",
        "contacts.write",
        "locations.readonly",
        "locations/customFields.readonly",
        "locations/customFields.write",
        "locations/tags.readonly",
        "locations/tags.write",
        "locations/tasks.readonly",
        "businesses.readonly",
        "calendars.readonly",
        "calendars/events.readonly",
        "calendars/events.write",
        "users.readonly",
    }
)
KINDS = ("pit", "agency_pit", "location", "company")


@dataclass(frozen=True, slots=True)
class Token:
    """One bearer token.

    Attributes:
        kind: `pit`, `agency_pit`, `location` (OAuth, sub-account), `company` (OAuth, agency).
        location_id: None for the agency's.
        expires: epoch ms; None for Private Integration Tokens.
    """

    value: str
    kind: str
    location_id: str | None
    scopes: frozenset[str]
    expires: int | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code or a refresh token stands for."""

    kind: str
    location_id: str | None
    scopes: frozenset[str]
    expires: int


class Wallet:
    """Every token that was ever given out."""

    def __init__(
        self, dice: random.Random, company_id: str, location_ids: Sequence[str], user_id: str
    ) -> None:
        self._dice = dice
        self._user_id = user_id
        self.company_id = company_id
        self.client_id = f"{dice.getrandbits(96):024x}-{dice.getrandbits(32):08x}"
        self.client_secret = f"{dice.getrandbits(128):032x}"
        self.redirect_uri = "https://syncd.example.org/oauth/callback"
        self.tokens: dict[str, Token] = {}
        self.codes: dict[str, Grant] = {}
        self.refreshes: dict[str, Grant] = {}
        self.pits = {id_: self.mint("pit", id_).value for id_ in location_ids}
        self.agency_pit = self.mint("agency_pit", None).value
        self._first = dict(self.tokens)

    def forget(self) -> None:
        """Only the Private Integration Tokens of the start remain, and they are good again."""
        self.tokens = dict(self._first)
        self.codes.clear()
        self.refreshes.clear()

    def mint(
        self,
        kind: str,
        location_id: str | None,
        scopes: frozenset[str] = SCOPES,
        expires: int | None = None,
    ) -> Token:
        raw = f"{self._dice.getrandbits(128):032x}"
        value = f"pit-{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"
        if kind in ("location", "company"):
            value = f"sbx.{raw}{self._dice.getrandbits(128):032x}"
        token = Token(value, kind, location_id, scopes, expires)
        self.tokens[value] = token
        return token

    def revoke(self, value: str) -> None:
        """From now on it is refused.

        Raises:
            ValueError: there is no such token.
        """
        if value not in self.tokens:
            raise ValueError("no such token")
        self.tokens[value] = replace(self.tokens[value], revoked=True)

    def check(self, authorization: str, now: int) -> Token:
        """The token of a request.

        Raises:
            RefusalError: 401, with the messages of table 0.1.
        """
        value = authorization.removeprefix("Bearer ").strip()
        token = self.tokens.get(value)
        if token is not None and not token.revoked and (token.expires or now + 1) > now:
            return token
        if value.startswith("pit-"):
            raise RefusalError(401, "Invalid Private Integration token")
        if token is None:
            raise RefusalError(401, "Invalid JWT")
        raise RefusalError(401, "Invalid token: access token is invalid")

    def authorize(
        self, kind: str, location_id: str | None, scopes: frozenset[str], now: int
    ) -> str:
        """A person consents; the code that the browser carries to the redirect URI."""
        code = f"{self._dice.getrandbits(160):040x}"
        self.codes[code] = Grant(kind, location_id, scopes, now + CODE_LIFE_S * 1000)
        return code

    def exchange_code(self, code: str, now: int) -> dict[str, Any]:
        """Tokens for a code, once.

        Raises:
            RefusalError: 401 in OAuth's own shape (1.3).
        """
        grant = self.codes.pop(code, None)
        if grant is None or grant.expires <= now:
            raise RefusalError(
                401,
                "UnAuthorized!",
                {"error": "UnAuthorized!", "error_description": "Authorization code not found"},
            )
        return self._pair(grant, now)

    def refresh(self, refresh_token: str, now: int) -> dict[str, Any]:
        """A new pair for a refresh token, once; the old one is void from now on (1.4).

        Raises:
            RefusalError: 400 for one that is unknown, expired or used.
        """
        grant = self.refreshes.pop(refresh_token, None)
        if grant is None or grant.expires <= now:
            raise RefusalError(400, "Invalid grant: refresh token is invalid")
        return self._pair(grant, now)

    def for_location(
        self, location_id: str, now: int, scopes: frozenset[str], *, renewable: bool
    ) -> dict[str, Any]:
        """A location token minted from the company's; only v3 adds a refresh token (1.5)."""
        wider = scopes | {"oauth.readonly", "oauth.write"}
        if renewable:
            return self._pair(Grant("location", location_id, wider, now), now)
        token = self.mint("location", location_id, wider, now + LIFE_S * 1000)
        return {
            "access_token": token.value,
            "token_type": "Bearer",
            "expires_in": LIFE_S,
            "scope": " ".join(sorted(wider)),
            "locationId": location_id,
            "userId": self._user_id,
        }

    def _pair(self, grant: Grant, now: int) -> dict[str, Any]:
        token = self.mint(grant.kind, grant.location_id, grant.scopes, now + LIFE_S * 1000)
        refresh_token = f"{self._dice.getrandbits(256):064x}"
        year_ms = 365 * 86_400_000
        self.refreshes[refresh_token] = replace(grant, expires=now + year_ms)
        answer: dict[str, Any] = {
            "access_token": token.value,
            "token_type": "Bearer",
            "expires_in": LIFE_S,
            "refresh_token": refresh_token,
            "scope": " ".join(sorted(grant.scopes)),
            "userType": "Company" if grant.kind == "company" else "Location",
            "companyId": self.company_id,
            "userId": self._user_id,
            "isBulkInstallation": grant.kind == "company",
        }
        if grant.location_id is not None:
            answer["locationId"] = grant.location_id
        return answer
