"""What Maileon's answers mean: errors by status, lists with their page counts.

Source: maileon.md 1.2, 1.6, 6.1, 6.2. The text of an error answer may hold an address, so
it is only searched for names of fields, and never repeated.
"""

from collections.abc import Collection
from dataclasses import dataclass

from lxml import etree

from syncd.errors import AccountError, RecordError, TransientError
from syncd.http.answer import Answer
from syncd.http.limits import number
from syncd.http.xml import MalformedXmlError, parse

Element = etree._Element


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list.

    Attributes:
        rows: its elements, as they came.
        pages, items: how long the whole list is; None if the answer does not say.
    """

    rows: list[Element]
    pages: int | None
    items: int | None


def judge(answer: Answer) -> None:
    """Raise the error that a status means; for statuses that no caller reads itself."""
    if answer.ok:
        return
    label, status = answer.label, answer.status
    method = label.partition(" ")[0]
    match status:
        case 401:
            raise AccountError(
                "Maileon does not accept this API key: it is mistyped or has expired, or the"
                f" account is blocked ({label} was answered 401)",
                hint="Check the key in Maileon under Settings > API keys (keys end at the start"
                " of their last day), then type `syncd check`.",
            )
        case 403:
            raise AccountError(
                f"Maileon refuses this call: {lacking(method)} ({label} was answered 403)",
                hint=how_to_grant(method),
            )
        case 404 | 405 | 406 | 415 if not _is_page(answer):
            raise AccountError(
                f"Maileon does not know this call ({label} was answered {status})",
                hint="Check the account's `base_url`, which ends in /1.0; then type `syncd check`.",
            )
        case 409:
            raise RecordError(f"{label}: several contacts fit (409)", code="ambiguous")
        case 413:
            raise RecordError(f"{label}: the body is too large (413)", code="too_large")
        case _ if 400 <= status < 500 and not _is_page(answer):
            raise RecordError(f"{label}: Maileon refuses the values ({status})")
    raise TransientError(f"{label}: unexpected answer ({status})")


def lacking(method: str) -> str:
    """Why a key may not do what it was asked to."""
    return f"the API key lacks {method}, or its IP list leaves this host out"


def how_to_grant(method: str) -> str:
    """What to do about it."""
    return (
        f"Grant the key {method}, and check its IP list, in Maileon under Settings > API keys;"
        " then type `syncd check`."
    )


def is_absent(answer: Answer) -> bool:
    """Whether an accepted answer is a 404 of Maileon itself.

    Raises:
        TransientError: the 404 is a page of a proxy, which says nothing about a contact.
    """
    if answer.status != 404:
        return False
    if _is_page(answer):
        raise TransientError(f"{answer.label}: somebody else answered 404 with a web page")
    return True


def _is_page(answer: Answer) -> bool:
    return answer.looks_like_html() or answer.media_type == "text/html"


def root_of(answer: Answer, tag: str) -> Element:
    """The root element, which must have this name.

    Raises:
        TransientError: the answer is no complete XML, or something else.
    """
    root = answer.xml()
    if etree.QName(root).localname != tag:
        raise TransientError(f"{answer.label} was answered {answer.status} without <{tag}>")
    return root


def listing(answer: Answer, tag: str, row: str) -> Listing:
    """One page of `<tag>` with its `<row>` elements.

    Raises:
        TransientError: it is no such page, or it is empty although its headers say
            that it holds something.
    """
    root = root_of(answer, tag)
    rows = list(root.iterfind(row))
    pages, items = number(answer.headers, "X-Pages"), number(answer.headers, "X-Items")
    if not rows and len(root):
        raise TransientError(f"{answer.label} was answered with elements other than <{row}>")
    return Listing(rows, pages, items)


def named_fields(answer: Answer, names: Collection[str]) -> tuple[str, ...]:
    """Those of our field names (without prefix) that an error answer mentions."""
    try:
        text = " ".join(str(part) for part in parse(answer.body).itertext())
    except MalformedXmlError:
        text = answer.text(2000)
    words = set(text.replace("'", " ").replace('"', " ").replace(",", " ").split())
    return tuple(sorted(name for name in names if name.split(".", 1)[-1] in words))
