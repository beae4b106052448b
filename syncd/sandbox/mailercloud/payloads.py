"""The body of a delivery: flat, and spelt in several ways.

Source: mailercloud.md §10.3.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.answers import local
from syncd.sandbox.mailercloud.catalogue import Campaign

DISPLAY = {
    "send": "Campaign Sent",
    "open": "Opened",
    "click": "Clicked",
    "fail": "Campaign Failed",
    "spam": "Spam",
    "unsubscribe": "Unsubscribed",
    "bounce": "Bounced",
}
EMAILS_MOST = 1000  # recipients in one `send`


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to name the things of a payload."""

    event: str
    email: str
    campaign_id: str
    campaign_name: str
    epoch: str | None
    url: str


SPELLINGS = {
    "first": Spelling("event", "email", "campaign_id", "campaign_name", "ts_event", "URL"),
    "second": Spelling("event_type", "recipient_email", "camp_id", "campaign name", "ts", "url"),
    "third": Spelling("type", "recipient", "campaign_id", "campaign_name", None, "click_url"),
}
_KEYS, _NAMES, _SHAPES = ("first", "second", "third"), ("short", "display"), ("string", "number")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one or several addresses.

    Attributes:
        list_ids: of the lists concerned; shown for an opt-out only.
        reason: of a fail, bounce or complaint.
    """

    kind: str
    emails: tuple[str, ...]
    at: datetime
    campaign: Campaign | None = None
    list_ids: tuple[str, ...] = ()
    reason: str = ""
    url: str = ""


@dataclass(slots=True)
class Announcer:
    """Tells the hooks; under `mixed` the spellings take turns."""

    account: Account
    _told: int = 0

    def tell(self, event: Event) -> None:
        account = self.account
        for hook in account.outbox.listening(event.kind):
            for start in range(0, len(event.emails), EMAILS_MOST):
                some = event.emails[start : start + EMAILS_MOST]
                account.outbox.tell(hook, event.kind, self._body(event, some), account.now)

    def _body(self, event: Event, emails: Sequence[str]) -> str:
        settings, turn = self.account.settings, self._told
        self._told += 1
        spelling = SPELLINGS[_turn(settings.webhook_keys, _KEYS, turn)]
        display = _turn(settings.webhook_event_names, _NAMES, turn) == "display"
        body: dict[str, Any] = {
            spelling.event: DISPLAY[event.kind] if display else event.kind,
            "date_event": local(event.at, settings.zone),
        }
        if event.kind == "send":
            body["emails"] = list(emails)
        else:
            body[spelling.email] = emails[0]
        if spelling.epoch is not None:
            body[spelling.epoch] = int(event.at.timestamp())
        if event.campaign is not None:
            body[spelling.campaign_id] = event.campaign.id
            body[spelling.campaign_name] = event.campaign.name
        if event.reason:
            body["reason"] = event.reason
        if event.url:
            body[spelling.url] = event.url
        if event.kind == "unsubscribe":
            body["list_id"] = self._list_ids(event.list_ids, settings.webhook_list_id, turn)
        return json.dumps(body, ensure_ascii=False)

    def _list_ids(self, list_ids: tuple[str, ...], shape: str, turn: int) -> Any:
        """A string, a number or an array (§9.2); the number is no id of the API."""
        match _turn(shape, (*_SHAPES, "array"), turn):
            case "string":
                return ",".join(list_ids)
            case "number":
                known = [self.account.lists[each].number for each in list_ids]
                return known[0] if known else 0
            case _:
                return list(list_ids)


def _turn(setting: str, choices: Sequence[str], turn: int) -> str:
    return choices[turn % len(choices)] if setting == "mixed" else setting
