"""Maileon as a platform of the sandbox: admits, finds the handler, dresses the answer."""

import random
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from werkzeug import Request, Response

from syncd.sandbox.core import Person, Platform, World
from syncd.sandbox.maileon import (
    blacklists,
    bulk,
    custom_fields,
    delete_contact,
    find_contacts,
    list_contacts,
    preferences,
    reports,
    status,
    unsubscribe,
    user_actions,
    write_contact,
)
from syncd.sandbox.maileon.account import Account
from syncd.sandbox.maileon.answers import DECLARATION, PLAIN_XML, XML, Answer, RefusalError
from syncd.sandbox.maileon.call import Call, Route, Routes, check_media, modern
from syncd.sandbox.maileon.contact import Contact
from syncd.sandbox.maileon.keys import METHODS, SANDBOX_KEY, Keyring
from syncd.sandbox.maileon.seeding import seed

_ROUTES: tuple[Route, ...] = (
    *list_contacts.ROUTES,
    *find_contacts.ROUTES,
    *bulk.ROUTES,
    *write_contact.ROUTES,
    *unsubscribe.ROUTES,
    *delete_contact.ROUTES,
    *custom_fields.ROUTES,
    *preferences.ROUTES,
    *blacklists.ROUTES,
    *reports.ROUTES,
    *status.ROUTES,
)


class Maileon(Platform):
    name = "maileon"
    prefix = "/maileon/1.0"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.account = Account(world)
        self.keys = Keyring()
        self._routes = Routes(_ROUTES)
        self._start_over()

    def handle(self, request: Request, path: str) -> Response:
        self.account.settle()
        method, settings = request.method, self.account.settings
        today = modern(path)
        if today is not None and settings.old_paths == "work":
            path, today = today, None
        route, names = self._routes.find(method, path)
        pattern = route.pattern if route else "(unknown)"
        try:
            if route is None and today is not None and settings.old_paths == "missing":
                raise RefusalError(404, f"no such resource: {path}")
            if route is None:
                raise self._routes.refusal(method, path)
            self._admit(request)
            check_media(route, request, request.get_data(), plain_json=settings.plain_json)
            answer = route.handler(Call(request, names, self.account))
        except RefusalError as refusal:
            answer = refusal.answer()
        self.world.requests[f"{self.name} {method} {pattern}"] += 1
        if answer.status == 429:
            self.world.refusals[self.name] += 1
        if answer.status < 300 and method != "GET" and pattern != "/ping":
            self.world.writes[self.name] += 1
        return self._dress(answer)

    def info(self, origin: str) -> dict[str, Any]:
        return {
            "base_url": f"{origin}{self.prefix}",
            "api_key": SANDBOX_KEY,
            "account_id": self.account.settings.account_id,
            "filters": {str(i): name for i, (name, _) in list_contacts.FILTERS.items()},
        }

    def reset(self) -> None:
        self.account.empty()
        self.keys.account_blocked = False
        self._start_over()

    def seed(self, people: Sequence[Person]) -> None:
        seed(self.account, people)

    def dump(self) -> list[dict[str, Any]]:
        """Contacts only, by id; opt-outs and markers are told by the action `opt_outs`."""
        self.account.settle()
        return [_shown(contact) for contact in self.account.contacts]

    def act(self, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.account.settle()
        return user_actions.act(self.account, self.keys, action, arguments)

    def configure(self, settings: dict[str, Any]) -> dict[str, Any]:
        self.account.configure(self.account.settings.changed(settings))
        return self.account.settings.shown()

    def _start_over(self) -> None:
        self._quirks = random.Random(self.world.seed)
        self._recent: deque[datetime] = deque()

    def _admit(self, request: Request) -> None:
        """Key, its privilege, `Expect`, and the rate limit if one is set (§1.2, §1.5, §6.3)."""
        now, settings = self.world.clock.now(), self.account.settings
        header, address = request.headers.get("Authorization"), request.remote_addr
        key = self.keys.admit(header, address, now, settings)
        if request.method in METHODS and request.method not in key.methods:
            raise RefusalError(403, f"the API key lacks the privilege for {request.method}")
        if request.headers.get("Expect"):
            raise RefusalError(417, "Expect is not supported")
        if settings.requests_per_second is not None:
            while self._recent and self._recent[0] <= now - timedelta(seconds=1):
                self._recent.popleft()
            if len(self._recent) >= settings.requests_per_second:
                raise RefusalError(429, "too many requests")
            self._recent.append(now)

    def _dress(self, answer: Answer) -> Response:
        """Headers and, now and then, the quirks of §2.1 and §8 row 22.

        A body may lack its declaration, and may then begin with a newline: before a
        declaration it would be no XML, and XQueue's own client hands the body to its parser
        as it is. That client compares the whole content type, and knows a charset on
        `application/xml` only. The draws come from the sandbox's seed, so a run repeats them.
        """
        settings = self.account.settings
        newline, bare, charset = (self._quirks.random() < settings.quirk_share for _ in range(3))
        body = answer.body
        if body and answer.media in (XML, PLAIN_XML):
            body = (("\n" if newline else "") if bare else DECLARATION) + body
        may_tell = answer.media == PLAIN_XML or settings.charset_everywhere
        media = f"{answer.media};charset=utf-8" if charset and may_tell else answer.media
        response = Response(body, status=answer.status)
        if body:
            response.headers["Content-Type"] = media
        else:
            response.headers.remove("Content-Type")
        response.headers.extend(answer.headers)
        return response


def _shown(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "email": contact.email,
        "permission": contact.permission,
        "external_id": contact.external_id,
        "created": contact.created.isoformat(),
        "updated": contact.updated.isoformat(),
        "standard_fields": dict(contact.standard),
        "custom_fields": dict(contact.custom),
        "preferences": [
            {"category": category, "name": name, "value": each.value, "source": each.source}
            for (category, name), each in contact.preferences.items()
        ],
        "blocked": contact.blocking.reason if contact.blocking else None,
        "state": "leaving" if contact.leaves_at else "active",
    }
