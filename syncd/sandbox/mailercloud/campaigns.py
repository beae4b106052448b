"""Campaigns that were sent, and who opened, clicked, or opted out by them.

Source: mailercloud.md §12; the shape of the recipients' rows is unknown.
"""

from datetime import date
from typing import Any

from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.account_routes import SENDER
from syncd.sandbox.mailercloud.answers import ERROR, Answer, RefusalError, local
from syncd.sandbox.mailercloud.call import Call, Route
from syncd.sandbox.mailercloud.catalogue import Campaign, Touch
from syncd.sandbox.mailercloud.paging import paged, text_of


def search(call: Call) -> Answer:
    """Those created from one day to another, both included, in the account's zone."""
    account, body = call.account, call.body()
    since, until = _day(body, "date_from"), _day(body, "date_to")
    zone = account.settings.zone
    found = [
        each
        for each in reversed(account.campaigns.values())
        if since <= each.created.astimezone(zone).date().isoformat() <= until
    ]
    return paged(body, found, lambda one: shown(account, one), account.settings)


def read_one(call: Call) -> Answer:
    return Answer({"data": shown(call.account, _found(call))})


def unsubs(call: Call) -> Answer:
    """Opt-outs by a link of this campaign; those made elsewhere never show (§11)."""
    return _recipients(call, _found(call).unsubs)


def opens(call: Call) -> Answer:
    return _recipients(call, _found(call).opens)


def clicks(call: Call) -> Answer:
    return _recipients(call, _found(call).clicks)


def shown(account: Account, campaign: Campaign) -> dict[str, Any]:
    zone = account.settings.zone
    lists = [account.lists[each].name for each in campaign.list_ids if each in account.lists]
    return {
        "id": campaign.id,
        "name": campaign.name,
        "subject": campaign.subject,
        "status": campaign.status,
        "sender": SENDER,
        "report_summary": {
            "sent": campaign.sent,
            "delivered": campaign.sent,
            "opens": len(campaign.opens),
            "clicks": len(campaign.clicks),
            "unsubscribes": len(campaign.unsubs),
        },
        "created_date": local(campaign.created, zone),
        "modified_date": local(campaign.modified, zone),
        "recepiant": {"lists": ",".join(lists)},
    }


def _recipients(call: Call, touches: list[Touch]) -> Answer:
    settings = call.settings

    def show(touch: Touch) -> Any:
        rest = {"name": touch.name, "date": local(touch.at, settings.zone)}
        match settings.campaign_rows:
            case "text":
                return touch.email
            case "nested":
                return {"contact": {"email": touch.email, "name": touch.name}, **rest}
            case name:
                return {name: touch.email, **rest}

    return paged(call.body(), touches, show, settings)


def _found(call: Call) -> Campaign:
    found = call.account.campaigns.get(call.names["id"])
    if found is None:
        raise RefusalError(404, "Campaign not found")
    return found


def _day(body: dict[str, Any], name: str) -> str:
    try:
        return date.fromisoformat(text_of(body, name)).isoformat()
    except ValueError as exc:
        raise RefusalError(400, f"{name} must be a date as YYYY-MM-DD", name) from exc


ROUTES = (
    Route("POST", "/campaign/list", search, ERROR),
    Route("GET", "/campaign/{id}", read_one, ERROR),
    Route("POST", "/campaign/{id}/unsubs", unsubs, ERROR),
    Route("POST", "/campaign/{id}/opens", opens, ERROR),
    Route("POST", "/campaign/{id}/clicks", clicks, ERROR),
)
