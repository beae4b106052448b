"""What stands before every endpoint: the proxy, the token, the budget, the Version header."""

import re

from werkzeug import Request

from syncd.sandbox.ghl.agency import Agency
from syncd.sandbox.ghl.answers import RefusalError
from syncd.sandbox.ghl.limits import Verdict
from syncd.sandbox.ghl.routes import Route
from syncd.sandbox.ghl.settings import Settings
from syncd.sandbox.ghl.tokens import Token

VERSIONS = frozenset({"2021-04-15", "2021-07-28", "2023-02-21", "legacy", "v3"})
PYTHON_AGENTS = re.compile(r"python-(httpx|requests|urllib3?)/|aiohttp/|Python/", re.IGNORECASE)
TOO_MANY = {
    "burst": "Too Many Requests",
    "daily": "Too Many Requests: daily limit reached",
}


def blocked(request: Request, settings: Settings) -> bool:
    """Does the proxy take the user agent for a robot's (section 0, T3; gotcha 19)?"""
    agent = request.headers.get("User-Agent", "")
    match settings.block_python_agents:
        case "off":
            return False
        case "urllib":
            return agent.lower().startswith("python-urllib/")
        case "all_but_sdk" if "GHL-SDK-Version" in request.headers:
            return False
    return PYTHON_AGENTS.match(agent) is not None


def identify(request: Request, agency: Agency) -> Token:
    """The token, or 401 (0.1)."""
    return agency.wallet.check(request.headers.get("Authorization", ""), agency.now())


def spend(agency: Agency, token: Token) -> Verdict:
    """One request off the location's budget; the agency's own tokens share the main one's."""
    location = agency.locations.get(token.location_id or "", agency.main)
    world = agency.world
    return location.budget.spend(agency.settings, limited=world.real_limits, now=world.monotonic())


def too_many(verdict: Verdict) -> RefusalError:
    """429; only the headers tell a burst from an exhausted day (section 2, gotcha 20)."""
    daily = verdict.headers["X-RateLimit-Daily-Remaining"] == "0"
    return RefusalError(429, TOO_MANY["daily" if daily else "burst"])


def check_version(version: str) -> None:
    """Mandatory and known, or 401, which is no matter of the token (section 0)."""
    if not version:
        raise RefusalError(401, "version header was not found.")
    if version not in VERSIONS:
        raise RefusalError(401, "version header is invalid")


def check_scope(route: Route, token: Token) -> None:
    """The class of the token, then its scope; the location comes after both (0.1)."""
    if token.kind not in route.kinds:
        if token.kind == "agency_pit" and "pit" in route.kinds:
            raise RefusalError(401, "Token's user type mismatch!")
        raise RefusalError(401, "This authClass type is not allowed to access this scope.")
    if route.scope is not None and route.scope not in token.scopes:
        raise RefusalError(401, "The token is not authorized for this scope.")
