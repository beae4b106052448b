"""One request, read by its parameters; and the table that finds its handler.

Source: maileon.md §1.5 (media types), §1.6 (query rules), §6.1 (status codes).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from werkzeug import Request

from syncd.sandbox.core import not_emulated
from syncd.sandbox.maileon.account import Account
from syncd.sandbox.maileon.answers import JSON, PLAIN_JSON, XML, Answer, RefusalError
from syncd.sandbox.maileon.fields import READ_ONLY, STANDARD
from syncd.sandbox.maileon.render import Selection

PAGE_SIZE_MOST = 1000
GONE = frozenset({"/reports/bounces/unique"})  # §8 row 16
_NUMBER = re.compile(r"-?[0-9]{1,18}")


class Call:
    """The parameters of one request; every bad one is refused with 400."""

    def __init__(self, request: Request, names: dict[str, str], account: Account) -> None:
        self.request = request
        self.names = names  # what stood in the path's placeholders
        self.account = account

    @property
    def body(self) -> bytes:
        return self.request.get_data()

    @property
    def is_json(self) -> bool:
        return media_type(self.request.headers.get("Content-Type", "")) in (JSON, PLAIN_JSON)

    @property
    def wants_plain_json(self) -> bool:
        """Asks for it and for no XML; the gate lets it through where the switch says so."""
        accept = self.request.headers.get("Accept", "")
        return _accepts(accept, PLAIN_JSON) and not _accepts(accept, XML)

    def text(self, name: str) -> str | None:
        return self.request.args.get(name)

    def texts(self, name: str) -> list[str]:
        """Repeated keys; the bracket style is not understood (maileon.md §1.6)."""
        return self.request.args.getlist(name)

    def flag(self, name: str, *, default: bool) -> bool:
        match self.text(name):
            case None:
                return default
            case "true":
                return True
            case "false":
                return False
        raise RefusalError(400, f"{name} must be true or false")

    def number(self, name: str, default: int | None = None) -> int | None:
        text = self.text(name)
        if text is None:
            return default
        if not _NUMBER.fullmatch(text):
            raise RefusalError(400, f"{name} must be a number")
        return int(text)

    def permission(self) -> int | None:
        permission = self.number("permission")
        if permission is not None and permission not in range(1, 7):
            raise RefusalError(400, "permission must be between 1 and 6")
        return permission

    def contact_id(self) -> int:
        contact_id = self.number("id")
        if contact_id is None:
            raise RefusalError(400, "the parameter id is missing")
        return contact_id

    def selection(self) -> Selection:
        """The selectors of a read; an unknown field or category is refused (§2.1)."""
        standard, custom = self.texts("standard_field"), self.texts("custom_field")
        categories = self.texts("preference_categories")
        self._check_selected(standard, custom, categories)
        return Selection(tuple(standard), tuple(custom), tuple(categories))

    def _check_selected(
        self, standard: list[str], custom: list[str], categories: list[str]
    ) -> None:
        for name in standard:
            if name not in STANDARD and name not in READ_ONLY:
                raise RefusalError(400, f"unknown standard field: {name}")
        for name in custom:
            if name not in self.account.custom_fields:
                raise RefusalError(400, f"unknown custom field: {name}")
        for name in categories:
            if name not in self.account.categories:
                raise RefusalError(400, f"unknown preference category: {name}")


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One documented call.

    Attributes:
        pattern: path with placeholders, as it is counted.
        takes: media types a body may have; empty for calls that read none.
        gives: media types the answer can have; an Accept that has none of them is a 406.
        any_media: takes and gives whatever is asked (ping).
    """

    method: str
    pattern: str
    handler: Handler
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = (XML,)
    any_media: bool = False


WITH_SLASHES = ("{email}", "{external_id}")


class Routes:
    """Finds the route of a path; literal segments win over placeholders."""

    def __init__(self, routes: Sequence[Route]) -> None:
        ranked = sorted(routes, key=lambda r: [part.startswith("{") for part in _split(r.pattern)])
        self._routes = [(_split(route.pattern), route) for route in ranked]

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
        """The route and what its placeholders stand for; no route if there is none."""
        for segments, parts, route in self._readings(path):
            names = _match(parts, segments) if route.method == method else None
            if names is not None:
                return route, names
        return None, {}

    def refusal(self, method: str, path: str) -> RefusalError:
        """405 where another method would be right (§6.1), 404 where nothing is known to be.

        Of any other path the sandbox cannot know, and says so.
        """
        for segments, parts, _ in self._readings(path):
            if _match(parts, segments) is not None:
                return RefusalError(405, f"{method} is not allowed here")
        if path in GONE:
            return RefusalError(404, f"no such resource: {path}")
        return RefusalError(501, not_emulated(method, path))

    def _readings(self, path: str) -> Iterator[tuple[list[str], list[str], Route]]:
        """The path beside each route: as it is, and only then with slashes inside a name.

        Of those the longest pattern first: as little as can be is part of the name.
        """
        segments = _split(path)
        for parts, route in self._routes:
            yield segments, parts, route
        for parts, route in sorted(self._routes, key=lambda each: -len(each[0])):
            yield _joined(segments, parts), parts, route


def media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def check_media(route: Route, request: Request, body: bytes, *, plain_json: bool) -> None:
    """Refuse an Accept (406) or a body (415) that the call has no words for.

    Args:
        plain_json: `application/json` will do where the vendor's own type does (a switch).
    """
    if route.any_media:
        return
    also = (PLAIN_JSON,) if plain_json and JSON in route.gives else ()
    accept = request.headers.get("Accept", "")
    if accept and not any(_accepts(accept, each) for each in (*route.gives, *also)):
        raise RefusalError(406, f"this resource answers with {', '.join(route.gives)}")
    if route.takes and request.headers.get("Content-Encoding", "identity") != "identity":
        raise RefusalError(415, "encoded bodies are not supported")
    sent = media_type(request.headers.get("Content-Type", ""))
    if route.takes and body and sent not in (*route.takes, *also):
        raise RefusalError(415, f"this resource takes {', '.join(route.takes)}")


def _accepts(accept: str, given: str) -> bool:
    family = given.partition("/")[0] + "/*"
    return any(media_type(each) in (given, family, "*/*") for each in accept.split(","))


def modern(path: str) -> str | None:
    """The path of today that an old client means; None if the path is none of theirs.

    `/contacts/{email}` (Ruby, .NET, PHP before 1.4.0), and a second slash in front (§1.7).
    """
    if path.startswith("//"):
        return modern(path[1:]) or path[1:]
    head, _, rest = path.removeprefix("/contacts/").partition("/")
    if not path.startswith("/contacts/") or "@" not in head:
        return None
    return f"/contacts/email/{head}/{rest}".removesuffix("/")


def _split(path: str) -> list[str]:
    """The segments; one slash at the end is forgiven, as official clients send it (§2.10)."""
    return path.removeprefix("/").removesuffix("/").split("/")


def _joined(segments: list[str], parts: list[str]) -> list[str]:
    """The segments, with what is too many of them made part of a name that may hold slashes.

    Such a name comes encoded, and is decoded before anybody sees the path.
    """
    longer = len(segments) - len(parts)
    wide = next((n for n, part in enumerate(parts) if part in WITH_SLASHES), None)
    if longer <= 0 or wide is None:
        return segments
    rest = wide + longer + 1
    return [*segments[:wide], "/".join(segments[wide:rest]), *segments[rest:]]


def _match(parts: list[str], segments: list[str]) -> dict[str, str] | None:
    """What the placeholders stand for; None if it is another path."""
    if len(segments) != len(parts):
        return None
    names: dict[str, str] = {}
    for part, segment in zip(parts, segments, strict=True):
        if part.startswith("{"):
            if not segment:
                return None
            names[part[1:-1]] = segment
        elif part != segment:
            return None
    return names
