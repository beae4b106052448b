"""Tags: search, create, and taking them off a contact.

Source: mailercloud.md §7.
"""

from dataclasses import replace

from syncd.sandbox.mailercloud.answers import ERROR, MESSAGE, Answer, RefusalError
from syncd.sandbox.mailercloud.call import Call, Route
from syncd.sandbox.mailercloud.contacts import found
from syncd.sandbox.mailercloud.paging import paged, text_of


def search(call: Call) -> Answer:
    account, body = call.account, call.body()
    text = text_of(body, "search").lower()
    rows = [each for each in account.tags.values() if text in each.name.lower()]
    return paged(body, rows, lambda tag: {"id": tag.id, "tag_name": tag.name}, account.settings)


def create(call: Call) -> Answer:
    """A name that exists is an error, which clients overlook (§7)."""
    account, name = call.account, call.body().get("name")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= account.settings.tag_chars_most:
        raise RefusalError(400, "Invalid tag name", "name")
    if account.find_tag(name) is not None:
        raise RefusalError(400, "Tag already exist", "name")
    return Answer({"id": account.add_tag(name.strip()).id}, 201)


def remove(call: Call) -> Answer:
    """`id` may be an address (§7); a tag the contact does not have is no error."""
    account, body = call.account, call.body()
    who, tag_names = body.get("id"), body.get("tag_names")
    if not isinstance(who, str) or not who:
        raise RefusalError(400, "id is required", "id")
    if not isinstance(tag_names, list) or not all(isinstance(each, str) for each in tag_names):
        raise RefusalError(400, "tag_names must be a list of names", "tag_names")
    contact = found(call, who, by_email=True)
    gone = [account.find_tag(name) for name in tag_names]
    if not gone or None in gone:
        raise RefusalError(400, "Tag not found", "tag_names")
    dropped = {tag.name for tag in gone if tag is not None}
    account.put(replace(contact, tags=tuple(t for t in contact.tags if t not in dropped)))
    return Answer({"message": "Tag removed successfully"})


ROUTES = (
    Route("POST", "/tags/search", search, ERROR),
    Route("POST", "/tags", create, writes=True),
    Route("POST", "/contact/tag/remove", remove, MESSAGE, writes=True),
)
