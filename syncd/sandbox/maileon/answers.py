"""What goes out: answers, refusals, and times as Maileon writes them.

Source: maileon.md §1.5 (media types), §1.6 (paging headers), §2.1 (reading rules),
§6.2 (error bodies), §8 row 13 (zone-less local times).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

XML = "application/vnd.maileon.api+xml"
JSON = "application/vnd.maileon.api+json"
PLAIN_JSON = "application/json"
PLAIN_XML = "application/xml"
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # in XML 1.0
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(slots=True)
class Answer:
    """A finished answer; XML bodies are held without their declaration."""

    body: str = ""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    media: str = XML


class RefusalError(Exception):
    """A request that is answered with an error body (maileon.md §6.1, §6.2)."""

    def __init__(self, status: int, message: str, place: tuple[int, int] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.place = place

    def answer(self) -> Answer:
        """An error document; a schema violation also names its line and column."""
        said = escape(ILLEGAL.sub("?", self.message))  # it may repeat what was sent
        if self.place is None:
            return Answer(f"<error><message>{said}</message></error>", self.status)
        line, column = self.place
        return Answer(
            f"<error><validation_error><line>{line}</line><column>{column}</column>"
            f"<message>{said}</message></validation_error></error>",
            self.status,
        )


def escape(text: str) -> str:
    """XML text; a carriage return is kept as a reference, or a parser would drop it."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if "\r" in text:
        text = text.replace("\r", "&#13;")
    return text


def element(name: str, value: object | None) -> str:
    """One element; None shows as the plain, un-namespaced attribute `nil`.

    >>> element("external_id", None)
    '<external_id nil="true"/>'
    """
    if value is None:
        return f'<{name} nil="true"/>'
    return f"<{name}>{escape(str(value))}</{name}>"


def local(moment: datetime, zone: ZoneInfo) -> str:
    """`YYYY-MM-DD HH:MM:SS` in the server's zone, without naming the zone."""
    return moment.astimezone(zone).isoformat(" ", "seconds")[:19]


def from_local(text: str, zone: ZoneInfo) -> datetime:
    """The inverse of `local`; in the hour that comes twice the first one is meant.

    Raises:
        ValueError: not exactly `YYYY-MM-DD HH:MM:SS`.
    """
    if len(text) != 19:
        raise ValueError(text)
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone).astimezone(UTC)
