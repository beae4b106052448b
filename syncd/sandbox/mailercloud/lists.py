"""Lists: search and create.

Source: mailercloud.md §4.
"""

from typing import Any

from syncd.sandbox.mailercloud.answers import ERROR, Answer, RefusalError
from syncd.sandbox.mailercloud.call import Call, Route
from syncd.sandbox.mailercloud.catalogue import LIST_NAME, MailingList
from syncd.sandbox.mailercloud.paging import paged, text_of

_SORTS = ("", "name", "created_date")


def search(call: Call) -> Answer:
    """The filter is `search_name`; `search` filters nothing here (§4.1)."""
    account, settings, body = call.account, call.settings, call.body()
    if body.get("list_type", 1) != 1:
        raise RefusalError(400, "Invalid list_type", "list_type")
    text = text_of(body, "search_name").lower()
    found = [each for each in account.lists.values() if text in each.name.lower()]
    found = ordered(body, found, _SORTS)

    def show(each: MailingList) -> dict[str, Any]:
        return {
            "id": each.id,
            "name": each.name,
            "contact_count": account.index.count(each.id, settings),
            "open_percentage": 0,
        }

    return paged(body, found, show, settings, "list_count")


def create(call: Call) -> Answer:
    """3 to 100 letters, digits, `_ - .` and spaces (§4.2); two lists may share a name."""
    account, body = call.account, call.body()
    name = body.get("name")
    if not isinstance(name, str) or not LIST_NAME.fullmatch(name):
        raise RefusalError(400, "Invalid list name", "name")
    if body.get("list_type", 1) != 1:
        raise RefusalError(400, "Invalid list_type", "list_type")
    most = account.settings.lists_most
    if most is not None and len(account.lists) >= most:
        raise RefusalError(403, "List limit exceeded", "name")
    return Answer({"id": account.add_list(name).id}, 201)


def ordered(body: dict[str, Any], items: list[Any], sorts: tuple[str, ...]) -> list[Any]:
    """By `sort_field`: the name, or as they came; `sort_order` is `asc` or `desc`."""
    by, order = text_of(body, "sort_field"), text_of(body, "sort_order")
    if by not in sorts:
        raise RefusalError(400, "Invalid sort_field", "sort_field")
    if order not in ("", "asc", "desc"):
        raise RefusalError(400, "Invalid sort_order", "sort_order")
    if by == "name":
        items = sorted(items, key=lambda one: one.name.lower())
    return items[::-1] if order == "desc" else items


ROUTES = (
    Route("POST", "/lists/search", search, ERROR),
    Route("POST", "/list", create, writes=True),
)
