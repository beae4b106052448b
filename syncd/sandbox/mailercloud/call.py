"""One request after the gate, and the table that finds its handler.

Source: mailercloud.md §2 (only JSON), §3 (endpoint map), §14 (405 for a wrong verb).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug import Request

from syncd.sandbox.core import not_emulated
from syncd.sandbox.incoming import parse
from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.answers import ERRORS, GAP, MESSAGE, Answer, RefusalError
from syncd.sandbox.mailercloud.catalogue import MailingList
from syncd.sandbox.mailercloud.settings import Settings


class Call:
    """What a handler needs to answer."""

    def __init__(self, request: Request, names: dict[str, str], account: Account) -> None:
        self.request = request
        self.names = names  # what stood in the path's placeholders
        self.account = account

    @property
    def settings(self) -> Settings:
        return self.account.settings

    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; an empty one if nothing was.

        Raises:
            RefusalError: 400, it is something else.
        """
        raw = self.request.get_data()
        if not raw:
            return {}
        if self.request.mimetype != "application/json":
            raise RefusalError(400, "Content-Type must be application/json")
        try:
            body = parse(raw)
        except ValueError as exc:
            raise RefusalError(400, "Invalid JSON") from exc
        if not isinstance(body, dict):
            raise RefusalError(400, "Invalid request body")
        return body

    def list_of(self, list_id: object) -> MailingList:
        """The list of that id, byte for byte.

        Raises:
            RefusalError: 401 for an unknown one, also for one of the wrong type (§4.3, §14).
        """
        if list_id is None or list_id == "":
            raise RefusalError(400, "List id is required", "list_id")
        found = self.account.lists.get(list_id) if isinstance(list_id, str) else None
        if found is None:
            status = self.settings.bad_list_status
            raise RefusalError(status, "Unauthorized list id", "list_id", shape=ERRORS)
        return found


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One call.

    Attributes:
        pattern: path with placeholders, as it is counted; `{…+}` at the end also takes
            slashes, since an address in a path may hold one.
        shape: of its errors (§14).
        writes: changes something.
        forbidden: no sync may ever make this call.
    """

    method: str
    pattern: str
    handler: Handler
    shape: str = ERRORS
    writes: bool = False
    forbidden: bool = False


class Routes:
    """Finds the route of a path; literal segments win over placeholders."""

    def __init__(self, routes: Sequence[Route]) -> None:
        ranked = sorted(routes, key=lambda one: one.pattern.count("{"))
        self._routes = [(_regex(one.pattern), one) for one in ranked]

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
        for regex, route in self._routes:
            found = regex.fullmatch(path) if route.method == method else None
            if found is not None:
                return route, found.groupdict()
        return None, {}

    def refusal(self, method: str, path: str) -> RefusalError:
        """405 where another method would be right (§14).

        Of any other path the sandbox cannot know, and says so; nor of a call that is left
        out although the vendor's own tools have it.
        """
        left_out = any(method == one and regex.fullmatch(path) for one, regex in LEFT_OUT)
        if not left_out and any(regex.fullmatch(path) for regex, _ in self._routes):
            return RefusalError(405, "Method Not Allowed", shape=MESSAGE)
        return RefusalError(501, not_emulated(method, path), shape=GAP)


LEFT_OUT = (("DELETE", re.compile(r"/webhooks/[^/]+")),)  # §3: its path is not certain


def _regex(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(pattern).replace(r"\{", "{").replace(r"\}", "}").replace(r"\+", "+")
    escaped = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", escaped)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", escaped), re.DOTALL)
