"""Mailercloud as a platform of the sandbox: admits, finds the handler, shapes the answer."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_plus

from werkzeug import Request, Response

from syncd.sandbox.core import Person, Platform, World
from syncd.sandbox.mailercloud import (
    account_routes,
    batch,
    campaigns,
    contacts,
    lists,
    properties,
    render,
    search,
    tags,
    user_actions,
    webhooks,
)
from syncd.sandbox.mailercloud.account import ACCOUNT_NAME, Account
from syncd.sandbox.mailercloud.answers import (
    EDGE_PAGE,
    ERRORS,
    ERRORS_OBJECT,
    RefusalError,
    as_response,
)
from syncd.sandbox.mailercloud.call import Call, Route, Routes
from syncd.sandbox.mailercloud.catalogue import MAIN_LIST_ID, SECOND_LIST_ID
from syncd.sandbox.mailercloud.delivery import Deliverer
from syncd.sandbox.mailercloud.keys import SANDBOX_KEY, Keyring, Pace, is_edge_blocked
from syncd.sandbox.mailercloud.outbox import Delivery
from syncd.sandbox.mailercloud.payloads import Announcer
from syncd.sandbox.mailercloud.screens import Screens
from syncd.sandbox.mailercloud.seeding import seed

_ROUTES: tuple[Route, ...] = (
    *account_routes.ROUTES,
    *lists.ROUTES,
    *contacts.ROUTES,
    *batch.ROUTES,
    *search.ROUTES,
    *properties.ROUTES,
    *tags.ROUTES,
    *webhooks.ROUTES,
    *campaigns.ROUTES,
)


class Mailercloud(Platform):
    """One account; `deliverer.sender` is what carries webhooks, for a test to replace."""

    name = "mailercloud"
    prefix = "/mailercloud/v1"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.account = Account(world)
        self.keys = Keyring()
        self.deliverer = Deliverer(world, self.account)
        self._routes = Routes(_ROUTES)
        self._start_over()

    def handle(self, request: Request, path: str) -> Response:
        self.account.settle()
        method, path = request.method, _as_sent(request, path, self.prefix)
        route, names = self._routes.find(method, path)
        pattern = route.pattern.replace("+}", "}") if route else "(no route)"
        self.world.requests[f"{self.name} {method} {pattern}"] += 1
        if route is not None and route.forbidden:
            self.world.forbidden.append(f"{method} {path}")
        if is_edge_blocked(request, self.account.settings):
            return Response(EDGE_PAGE, 403, mimetype="text/html")
        try:
            answer = self._answer(request, path, route, names)
        except RefusalError as refusal:
            return self._refused(refusal, route.shape if route else ERRORS)
        if route is not None and route.writes:
            self.world.writes[self.name] += 1
        self._look_after_hooks()
        return as_response(answer.status, answer.body, {})

    def info(self, origin: str) -> dict[str, Any]:
        return {
            "base_url": f"{origin}{self.prefix}",
            "api_key": SANDBOX_KEY,
            "list_id": MAIN_LIST_ID,
            "second_list_id": SECOND_LIST_ID,
            "account": ACCOUNT_NAME,
        }

    def reset(self) -> None:
        self.account.empty()
        self.keys.start_over()
        self._start_over()

    def seed(self, people: Sequence[Person]) -> None:
        seed(self.account, people)

    def dump(self) -> list[dict[str, Any]]:
        """The main list's contacts as they truly are, status included, without any lag."""
        return [
            render.whole(self.account, contact, MAIN_LIST_ID)
            for contact in self.account.contacts.values()
            if MAIN_LIST_ID in contact.lists
        ]

    def act(self, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.account.settle()
        if action in user_actions.ACTIONS:
            result = user_actions.ACTIONS[action](self._announcer, arguments)
        elif action in self.screens.actions:
            result = self.screens.actions[action](arguments)
        else:
            known = ", ".join([*user_actions.ACTIONS, *self.screens.actions])
            raise ValueError(f"Mailercloud has no action {action!r}; it has {known}")
        self._look_after_hooks()
        return result

    def configure(self, settings: dict[str, Any]) -> dict[str, Any]:
        self.account.configure(self.account.settings.changed(settings))
        return self.account.settings.shown()

    def deliver(self) -> list[Delivery]:
        """Send the webhooks that are due by the sandbox clock; what was attempted."""
        return self.deliverer.deliver()

    def _start_over(self) -> None:
        self._pace = Pace()
        self._announcer = Announcer(self.account)
        self.screens = Screens(self._announcer, self.keys, self.deliverer)

    def _answer(
        self, request: Request, path: str, route: Route | None, names: dict[str, str]
    ) -> Any:
        """Pace, then key, if there is such a call at all."""
        if route is None:
            raise self._routes.refusal(request.method, path)
        if self.world.real_limits:
            address = request.remote_addr or ""
            self._pace.admit(address, self.world.clock.now(), self.account.settings)
        self.keys.admit(request.headers.get("Authorization"), self.account.settings)
        return route.handler(Call(request, names, self.account))

    def _refused(self, refusal: RefusalError, shape: str) -> Response:
        """Validation may be another status, even 200 where an `errors` key tells it (§14)."""
        status = refusal.status
        if status == 429:
            self.world.refusals[self.name] += 1
        wanted = self.account.settings.validation_status
        in_errors = (refusal.shape or shape) in (ERRORS, ERRORS_OBJECT)
        if status == 400 and (wanted != 200 or in_errors):
            status = wanted
        return as_response(status, refusal.body(shape), refusal.headers)

    def _look_after_hooks(self) -> None:
        if self.world.served and self.account.outbox.hooks:
            self.deliverer.start()


def _as_sent(request: Request, path: str, prefix: str) -> str:
    """An unencoded `+` in a path is a blank (§17.1); only a server knows how it was sent."""
    raw = str(request.environ.get("REQUEST_URI", "")).partition("?")[0]
    return unquote_plus(raw).removeprefix(prefix) if "+" in raw else path
