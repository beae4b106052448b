"""`/ping` for four methods and `/account/info` (maileon.md §1.3, §1.4)."""

import json
from datetime import UTC, datetime

from syncd.sandbox.maileon.answers import PLAIN_JSON, PLAIN_XML, Answer, element
from syncd.sandbox.maileon.call import Call, Route, media_type

# A summer day, so that the offset of the default zone shows as +0200.
FOUNDED = datetime(2024, 7, 1, 8, 30, tzinfo=UTC)


def ping(_call: Call) -> Answer:
    """Getting here proves the key and its privilege for the method."""
    return Answer()


def account_info(call: Call) -> Answer:
    """The only answer that names a zone: `created` carries an offset (§1.4)."""
    settings = call.account.settings
    created = FOUNDED.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M:%S%z")
    facts = {
        "id": settings.account_id,
        "customer_account_id": 410,
        "customer_account_name": "Example Customer",
        "created": created,
        "locale": "en_US",
        "mailing_domain": "mail.example.org",
        "name": "Sandbox newsletter",
        "login_domain": "login.example.org",
        "type": settings.account_type,
    }
    accepted = [media_type(each) for each in call.request.headers.get("Accept", "").split(",")]
    if PLAIN_XML in accepted and PLAIN_JSON not in accepted:
        shown = "".join(element(name, value) for name, value in facts.items())
        return Answer(f"<account>{shown}</account>", media=PLAIN_XML)
    return Answer(json.dumps(facts), media=PLAIN_JSON)


ROUTES = (
    *(Route(m, "/ping", ping, any_media=True) for m in ("GET", "POST", "PUT", "DELETE")),
    Route("GET", "/account/info", account_info, gives=(PLAIN_JSON, PLAIN_XML)),
)
