"""The token endpoints (1.3 to 1.5)."""

from typing import Any

from syncd.sandbox.ghl.answers import Answer, RefusalError, invalid
from syncd.sandbox.ghl.call import NO_ACCESS, Call

CAMEL = {
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "grant_type": "grantType",
    "code": "code",
    "refresh_token": "refreshToken",
    "user_type": "userType",
    "redirect_uri": "redirectUri",
}
CAMEL_ANSWER = {
    "access_token": "accessToken",
    "token_type": "tokenType",
    "expires_in": "expiresIn",
    "refresh_token": "refreshToken",
}


def token(call: Call) -> Answer:
    """POST /oauth/token: a code or a refresh token for a pair of tokens.

    Date-based: form, snake case, no Version header needed. Under v3: form or JSON, camel
    case. The code is checked before the client's credentials (1.3, T1).
    """
    asked = _fields(call)
    now, wallet = call.agency.now(), call.agency.wallet
    for name in ("client_id", "client_secret", "grant_type"):
        if not asked.get(name):
            raise RefusalError(400, f"Missing parameter: {CAMEL[name]}")
    match asked["grant_type"]:
        case "authorization_code":
            answer = wallet.exchange_code(asked.get("code", ""), now)
        case "refresh_token":
            _check_client(call, asked)
            answer = wallet.refresh(asked.get("refresh_token", ""), now)
        case _:
            raise RefusalError(400, "Invalid parameter: grantType")
    return Answer(_cased(call, answer), wrote=True)


def location_token(call: Call) -> Answer:
    """POST /oauth/locationToken: a company token for one of its locations; 201 live (1.5)."""
    form = call.request.form
    company_id, location_id = form.get("companyId"), form.get("locationId")
    if not company_id or not location_id:
        raise invalid("companyId must be a string", "locationId must be a string")
    known = call.agency.locations
    if call.token is None or company_id != call.agency.company_id or location_id not in known:
        raise RefusalError(403, NO_ACCESS)
    answer = call.agency.wallet.for_location(
        location_id, call.agency.now(), call.token.scopes, renewable=call.v3
    )
    return Answer(_cased(call, answer), 201, wrote=True)


def _fields(call: Call) -> dict[str, str]:
    """In snake case; names of the other generation are not understood."""
    sent: dict[str, Any] = dict(call.request.form.items())
    if call.v3 and call.request.mimetype == "application/json":
        sent = call.body()
    names = CAMEL if call.v3 else {name: name for name in CAMEL}
    return {snake: str(sent[wire]) for snake, wire in names.items() if sent.get(wire)}


def _check_client(call: Call, asked: dict[str, str]) -> None:
    wallet = call.agency.wallet
    if (asked["client_id"], asked["client_secret"]) != (wallet.client_id, wallet.client_secret):
        raise RefusalError(
            401,
            "UnAuthorized!",
            {"error": "UnAuthorized!", "error_description": "Invalid client credentials!"},
        )


def _cased(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
    if not call.v3:
        return answer
    return {CAMEL_ANSWER.get(name, name): value for name, value in answer.items()}
