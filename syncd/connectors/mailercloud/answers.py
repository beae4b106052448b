"""What Mailercloud's answers mean: the status first, then the shape of the body.

Source: mailercloud.md 13 and 14. The text of an error may hold an address, so it is only
searched for words and names of fields, and never repeated.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from syncd.errors import AccountError, InDoubtError, RecordError, TransientError
from syncd.http.answer import Answer
from syncd.http.client import USER_AGENT

# What a platform answers about the values in a request, for the caller to read.
REFUSALS = frozenset({400, 404, 409, 422})
_DONE = frozenset({"id", "contact_id", "message", "data"})
_LONGEST_TEXT = 2_000  # characters of an error that are looked at
_MOST_TEXTS = 200

_EXISTS = re.compile(r"already\s+exist", re.IGNORECASE)
_GONE = re.compile(
    r"contact\b.*\b(not found|not exist|doesn.t exist|deleted)"
    r"|\b(no|invalid|unknown) (such )?contact",
    re.IGNORECASE,
)
_TAG = re.compile(r"\btags?\b.*(not found|not exist|invalid|unknown)", re.IGNORECASE)
_STALE = re.compile(r"\btags?\b|custom|propert|unknown field", re.IGNORECASE)
_FULL = re.compile(
    r"\bquota\b|contacts? limit|limit of contacts|upgrade your plan|plan limit", re.IGNORECASE
)
_KEY = re.compile(
    r"invalid[_ ](api[_ ]?key|token)|api[_ ]key (is )?(invalid|not valid)", re.IGNORECASE
)
_ROW = re.compile(r"(?:contacts?|rows?)[\[. ]*(\d{1,3})\b", re.IGNORECASE)


class KeyRefusedError(AccountError):
    """401: the key is wrong, or the list id is (mailercloud.md 14)."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a request was refused.

    Attributes:
        texts: pairs of a field (or "") and a message, as Mailercloud gave them; may hold
            values of contacts, so they stay in here.
    """

    label: str
    status: int
    texts: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def _all(self) -> str:
        return "\n".join(f"{name} {message}" for name, message in self.texts)

    @property
    def exists(self) -> bool:
        return self.status == 409 or bool(_EXISTS.search(self._all))

    @property
    def names_contact(self) -> bool:
        """Whether it says that there is no such contact."""
        return bool(_GONE.search(self._all))

    @property
    def tag(self) -> bool:
        return bool(_TAG.search(self._all))

    @property
    def outdated(self) -> bool:
        """Whether it may come from tags or properties that somebody removed meanwhile."""
        return bool(_STALE.search(self._all))

    @property
    def full(self) -> bool:
        return bool(_FULL.search(self._all))

    @property
    def key(self) -> bool:
        """Whether it is about the API key."""
        return bool(_KEY.search(self._all))

    def rows(self) -> set[int]:
        """Numbers of rows of a batch that it seems to name, counted from 0."""
        return {int(n) for name, text in self.texts for n in _ROW.findall(f"{name} {text}")}

    def mentions(self, word: str) -> bool:
        """Whether it names a word, e.g. an address, as a whole."""
        return bool(re.search(rf"(?<![\w.+-]){re.escape(word)}(?![\w-])", self._all, re.IGNORECASE))

    def fields(self, names: Mapping[str, str]) -> tuple[str, ...]:
        """Those rule names whose name on the wire it mentions.

        Args:
            names: the wire's names by rule name.
        """
        words = set(re.findall(r"[a-z0-9_]+", self._all.lower()))
        return tuple(sorted(rule for rule, wire in names.items() if wire.lower() in words))

    def error(self, names: Mapping[str, str], code: str = "refused") -> RecordError:
        """The error that parks one contact."""
        return RecordError(
            f"{self.label}: Mailercloud refuses the values ({self.status})",
            code=code,
            fields=self.fields(names),
        )


def judge(answer: Answer) -> None:
    """Raise what a status means, where no caller reads it itself.

    Raises:
        KeyRefusedError: 401. AccountError: 403, an edge block, a wrong address or verb, or
        a refusal: it can only be of the account, as what is sent of contacts is read by whoever
        sends it. TransientError: something else.
    """
    if answer.ok:
        return
    label, status = answer.label, answer.status
    if is_edge_block(answer):
        raise edge_block(answer)
    if status == 401 or (status < 500 and complaint_of(answer).key):
        raise KeyRefusedError(f"{label}: not accepted ({status})")
    if status in (402, 403):
        raise AccountError(
            f"{label}: the plan or the key does not allow this ({status})",
            hint="See in Mailercloud what the plan includes, and whether the key still exists.",
        )
    if is_page(answer):
        raise TransientError(f"{label}: somebody else answered {status} with a web page")
    if status in REFUSALS:
        raise AccountError(
            f"{label}: Mailercloud refuses what was asked for ({status})",
            hint="Check base_url, which ends in /v1, and list_id.",
        )
    if 300 <= status < 500 and status not in (408, 425):
        raise AccountError(
            f"{label}: Mailercloud does not know this call ({status})",
            hint="Check base_url; it ends in /v1.",
        )
    raise TransientError(f"{label}: unexpected answer ({status})")


def is_page(answer: Answer) -> bool:
    return answer.looks_like_html() or answer.media_type == "text/html"


def is_edge_block(answer: Answer) -> bool:
    return answer.status in (403, 503) and is_page(answer)


def edge_block(answer: Answer) -> AccountError:
    return AccountError(
        f"{answer.label}: blocked on the way to Mailercloud ({answer.status}, a web page)",
        hint="An edge block, which says nothing about the key: try from another network, and let"
        f" proxies keep our User-Agent ({USER_AGENT}).",
    )


def body_of(answer: Answer) -> dict[str, Any]:
    """The body of a success.

    Raises:
        TransientError: it is a page, no object, or reports an error all the same.
    """
    body = answer.json_object()
    if body.get("errors") or body.get("error"):
        raise TransientError(f"{answer.label} was answered {answer.status} with an error in it")
    return body


def complaint_in(answer: Answer) -> Complaint | None:
    """What an answer refuses; None if it is a success.

    Raises:
        TransientError: it is a page of somebody else, or cannot be read at all.
    """
    if is_page(answer):
        raise TransientError(f"{answer.label}: somebody else answered {answer.status} with a page")
    if answer.status == 204:
        return None
    if answer.ok:
        body = answer.json_object()
        if not (body.get("errors") or body.get("error")):
            return None
    return complaint_of(answer)


def complaint_of_write(answer: Answer) -> Complaint | None:
    """Like `complaint_in`, for an answer after which a write may have been done.

    Raises:
        InDoubtError: the answer makes no sense, or has no word of success in it (14).
    """
    try:
        refused = complaint_in(answer)
        said = refused is not None or answer.status == 204 or answer.json_object().keys() & _DONE
    except TransientError as cause:
        raise InDoubtError(cause.message) from cause
    if not said:
        raise InDoubtError(f"{answer.label} was answered {answer.status} without saying what")
    return refused


def complaint_of(answer: Answer) -> Complaint:
    """What an error says, by the shapes of mailercloud.md 14 in their order."""
    try:
        body = answer.json()
    except TransientError:
        body = None
    texts: list[tuple[str, str]] = []
    if isinstance(body, Mapping):
        for key in ("errors", "error", "code", "message"):
            texts += _texts(body.get(key))
            if texts:
                break
    cut = [(name[:200], text[:_LONGEST_TEXT]) for name, text in texts[:_MOST_TEXTS]]
    return Complaint(answer.label, answer.status, tuple(cut))


def _texts(said: Any) -> Iterator[tuple[str, str]]:
    match said:
        case str() if said:
            yield "", said
        case list():
            for one in said[:_MOST_TEXTS]:
                if not isinstance(one, list):
                    yield from _texts(one)
        case Mapping() if isinstance(said.get("message"), str):
            name = said.get("field")
            yield (name if isinstance(name, str) else ""), said["message"]
        case Mapping():
            for name, messages in list(said.items())[:_MOST_TEXTS]:
                for message in messages if isinstance(messages, list) else [messages]:
                    if isinstance(message, str):
                        yield str(name), message


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list: its rows as they came, and how many the whole list has."""

    rows: list[Any]
    total: int | None


def listing(answer: Answer, counts: Sequence[str], limit: int) -> Listing:
    """One page.

    Args:
        counts: keys under which the answer may hold the total.
        limit: rows that were asked for.

    Raises:
        TransientError: it is none, or longer than asked.
    """
    body = body_of(answer)
    total = next((n for key in counts if (n := whole(body.get(key))) is not None), None)
    match body.get("data"):
        case list() as rows:
            pass
        case Mapping() as numbered:
            rows = list(numbered.values())
        case None if total is not None:
            rows = []
        case _:
            raise TransientError(f"{answer.label} was answered {answer.status} without a list")
    if len(rows) > limit:
        raise TransientError(f"{answer.label}: {len(rows)} rows, though {limit} were asked for")
    return Listing(rows, total)


def whole(number: Any) -> int | None:
    """A count, which may come as a text; None if it is none."""
    if isinstance(number, int) and not isinstance(number, bool):
        return number if number >= 0 else None
    if isinstance(number, str) and re.fullmatch(r"[0-9]{1,12}", number):
        return int(number)
    return None


def words(rows: Collection[Any], *keys: str) -> list[str]:
    """The texts of some rows, which are texts themselves or hold one under a key."""
    found = (
        row if isinstance(row, str) else next((row[k] for k in keys if k in row), None)
        for row in rows
        if isinstance(row, str | Mapping)
    )
    return [text for text in found if isinstance(text, str) and text.strip()]
