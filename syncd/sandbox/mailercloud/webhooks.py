"""Webhooks: search, detail, create, update, toggle.

Source: mailercloud.md §10.1. A hook becomes active when its receiver has answered the
validation calls (§10.2), which go out after the answer; until then it is inactive.
"""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.answers import ERROR, MESSAGE, Answer, RefusalError, local
from syncd.sandbox.mailercloud.call import Call, Route
from syncd.sandbox.mailercloud.lists import ordered
from syncd.sandbox.mailercloud.outbox import EVENTS, Hook
from syncd.sandbox.mailercloud.paging import paged, text_of

NOT_LOOPBACK = "the sandbox delivers to loopback addresses only: 127.0.0.0/8, ::1, localhost"
URL_CHARS_MOST = 2000


def search(call: Call) -> Answer:
    account, settings, body = call.account, call.settings, call.body()
    text = text_of(body, "search").lower()
    found = [each for each in account.outbox.hooks.values() if text in each.name.lower()]
    found = ordered(body, found, ("", "name", "created_date"))
    return paged(
        body,
        found,
        lambda hook: {**_shown(account, hook), "status": int(hook.active)},
        settings,
        "webhook_count",
        total=len(found),
        max_webhook_limit=settings.webhook_limit,
    )


def detail(call: Call) -> Answer:
    """The same, but `status` is a text here (§10.1)."""
    hook = _found(call)
    status = "Active" if hook.active else "Inactive"
    return Answer({"webhook": {**_shown(call.account, hook), "status": status}})


def create(call: Call) -> Answer:
    """Which of two paths is the real one is unknown (§3); the other one is a 404."""
    account, body = call.account, call.body()
    if not call.request.path.endswith(account.settings.webhook_create_path):
        raise RefusalError(404, "Not Found")
    if len(account.outbox.hooks) >= account.settings.webhook_limit:
        raise RefusalError(403, "Webhook limit exceeded")
    hook = account.outbox.add(_name(body), _url(account, body), _events(body), account.now)
    account.outbox.validate(hook, account.settings.webhook_validation, account.now)
    return Answer({"id": hook.id, "message": "Webhook created successfully"}, 201)


def update(call: Call) -> Answer:
    """Written as `events`, read as `event`; a new URL is validated first (§10.1)."""
    account, body = call.account, call.body()
    hook = _found(call)
    name = _name(body) if "name" in body else hook.name
    url = _url(account, body) if "url" in body else hook.url
    events = _events(body) if "events" in body else hook.events
    moved = url != hook.url
    hook.name, hook.url, hook.events, hook.modified = name, url, events, account.now
    if moved:
        account.outbox.validate(hook, account.settings.webhook_validation, account.now)
    return Answer({"message": "Webhook updated successfully"})


def toggle(call: Call) -> Answer:
    """`status` is the text "1" or "0" (§10.1)."""
    account, status = call.account, call.body().get("status")
    hook = _found(call)
    if status not in ("0", "1"):
        raise RefusalError(400, 'status must be "1" or "0"', "status")
    hook.modified = account.now
    if status == "0":
        account.outbox.switch_off(hook)
    elif not hook.active:
        account.outbox.validate(hook, account.settings.webhook_validation, account.now)
    return Answer({"message": "Webhook status updated successfully"})


def is_loopback(url: str) -> bool:
    """Does it lead to this machine and nowhere else?"""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(account: Account, hook: Hook) -> dict[str, Any]:
    zone = account.settings.zone
    return {
        "id": hook.id,
        "name": hook.name,
        "url": hook.url,
        "event": list(hook.events),
        "created_date": local(hook.created, zone),
        "modified_date": local(hook.modified, zone),
    }


def _found(call: Call) -> Hook:
    found = call.account.outbox.hooks.get(call.names["id"])
    if found is None:
        raise RefusalError(404, "Webhook not found")
    return found


def _name(body: dict[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= 100:
        raise RefusalError(400, "Invalid webhook name", "name")
    return name.strip()


def _url(account: Account, body: dict[str, Any]) -> str:
    """An absolute one; http will do, unless the switch asks for https (§10.1, §10.2)."""
    url = body.get("url")
    schemes = ("https",) if account.settings.webhook_https_only else ("http", "https")
    if not isinstance(url, str) or len(url) > URL_CHARS_MOST or not _is_url(url, schemes):
        raise RefusalError(400, "Invalid webhook url", "url")
    if not is_loopback(url):
        raise RefusalError(400, NOT_LOOPBACK, "url")
    return url


def _is_url(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return (
            url.isascii()
            and url.isprintable()
            and " " not in url
            and parts.scheme in schemes
            and bool(parts.hostname)
            and parts.username is None
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:  # a port or an address in brackets that is none
        return False


def _events(body: dict[str, Any]) -> tuple[str, ...]:
    events = body.get("events")
    if not isinstance(events, list) or not events or any(each not in EVENTS for each in events):
        raise RefusalError(400, f"events must be some of {', '.join(EVENTS)}", "events")
    return tuple(dict.fromkeys(events))


ROUTES = (
    Route("POST", "/webhooks/search", search, ERROR),
    Route("GET", "/webhooks/detail/{id}", detail, MESSAGE),
    Route("POST", "/webhooks", create, MESSAGE, writes=True),
    Route("POST", "/webhook", create, MESSAGE, writes=True),
    Route("PUT", "/webhooks/{id}", update, MESSAGE, writes=True),
    Route("POST", "/webhooks/toggle/{id}", toggle, MESSAGE, writes=True),
)
