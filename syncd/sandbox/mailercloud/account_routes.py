"""The rest of the account: plan, senders, webforms, and what no sync may call.

Source: mailercloud.md §2 (plan), §3 (senders, ticket), §8 (webforms), §12 (sending).
"""

from typing import Any

from syncd.sandbox.mailercloud.account import ACCOUNT_NAME
from syncd.sandbox.mailercloud.answers import ERROR, MESSAGE, Answer, RefusalError, local
from syncd.sandbox.mailercloud.call import Call, Route
from syncd.sandbox.mailercloud.catalogue import Webform
from syncd.sandbox.mailercloud.paging import paged, text_of

SENDER = {"sender_name": ACCOUNT_NAME, "sender_email": "news@bakery.example.com"}


def plan(call: Call) -> Answer:
    """The check of a key, and the quota (§2)."""
    account = call.account
    used = account.used()
    return Answer(
        {
            "data": {
                "name": ACCOUNT_NAME,
                "email": "ops@bakery.example.com",
                "plan": "Premium",
                "total_contacts": account.quota,
                "used_contacts": used,
                "remaining_contacts": max(0, account.quota - used),
            }
        }
    )


def senders(_call: Call) -> Answer:
    return Answer({"data": [{"id": "sEnDr1", **SENDER, "status": "Active"}], "count": 1})


def webforms(call: Call) -> Answer:
    account, body = call.account, call.body()
    text = text_of(body, "search").lower()
    found = [each for each in account.webforms.values() if text in each.name.lower()]

    def show(form: Webform) -> dict[str, Any]:
        return {
            "id": form.id,
            "name": form.name,
            "type": "Embedded",
            "linked_list": account.lists[form.list_id].name,
            "submission_count": form.submissions,
            "view_count": form.submissions,
            "last_updated": local(form.updated, account.settings.zone),
            "embed_code": f"<div data-form='{form.id}'></div>",
        }

    return paged(body, found, show, account.settings)


def never(_call: Call) -> Answer:
    """Alerts the vendor's staff, or sends real mail (§3, §12)."""
    raise RefusalError(403, "The sandbox never does this")


ROUTES = (
    Route("GET", "/client/plan", plan),
    Route("GET", "/senders", senders),
    Route("POST", "/webform/search", webforms, ERROR),
    Route("POST", "/ticket", never, MESSAGE, forbidden=True),
    Route("POST", "/campaign/save", never, MESSAGE, forbidden=True),
    Route("POST", "/campaign/schedule/{id}", never, MESSAGE, forbidden=True),
)
