"""Pages of a list: `page_index`, `page_size`, and the headers that describe them.

Source: maileon.md §1.6.
"""

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from syncd.sandbox.maileon.answers import RefusalError
from syncd.sandbox.maileon.call import PAGE_SIZE_MOST, Call

Item = TypeVar("Item")
Headers = tuple[tuple[str, str], ...]


def page_of(call: Call, items: Sequence[Item]) -> tuple[Sequence[Item], Headers]:
    """One page and its headers; a page beyond the last one is empty."""
    index, size = call.number("page_index", 1) or 0, call.number("page_size", 100) or 0
    if index < 1:
        raise RefusalError(400, "page_index must be at least 1")
    if size < 1:
        raise RefusalError(400, "page_size must be at least 1")
    if size > PAGE_SIZE_MOST:
        raise RefusalError(400, f"page_size must not exceed {PAGE_SIZE_MOST}")
    pages = -(-len(items) // size)
    headers = (
        ("X-Pages", str(pages)),
        ("X-Items", str(len(items))),
        ("Link", _links(call, index, pages)),
    )
    return items[(index - 1) * size : index * size], headers


def _links(call: Call, index: int, pages: int) -> str:
    wanted = [("start", 1)]
    if index > 1:
        wanted.append(("prev", index - 1))
    if index < pages:
        wanted.append(("next", index + 1))
    kept = [(k, v) for k, v in call.request.args.items(multi=True) if k != "page_index"]
    base = call.request.base_url
    return ", ".join(
        f'<{base}?{urlencode([*kept, ("page_index", number)])}>; rel="{rel}"'
        for rel, number in wanted
    )
