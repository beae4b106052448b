"""Lists of contacts: all, changed since, counted, by filter, blocked.

Source: maileon.md §2.2, §3.1 (the incremental feed).
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from syncd.sandbox.incoming import whole
from syncd.sandbox.maileon.answers import Answer, RefusalError, from_local
from syncd.sandbox.maileon.call import Call, Route
from syncd.sandbox.maileon.contact import Contact
from syncd.sandbox.maileon.paging import page_of
from syncd.sandbox.maileon.render import blocked_xml, contacts_xml, filtered_xml

# The contact filters every sandbox account has.
FILTERS: dict[int, tuple[str, Callable[[Contact], bool]]] = {
    1: ("all", lambda contact: contact.id > 0),
    2: ("permission given", lambda contact: contact.permission > 1),
    3: ("tracking allowed", lambda contact: contact.tracked),
}


def list_contacts(call: Call) -> Answer:
    account = call.account
    selection = call.selection()
    ids, headers = page_of(call, account.contacts.listed(account.settings.list_order, _after(call)))
    contacts = [each for each in map(account.contacts.get, ids) if each is not None]
    return Answer(contacts_xml(contacts, selection, account.settings.zone), headers=headers)


def count_contacts(call: Call) -> Answer:
    after = _after(call)
    known = call.account.contacts
    count = len(known) if after is None else len(known.listed("id", after))
    return Answer(f"<count>{count}</count>")


def list_filtered(call: Call) -> Answer:
    selection, zone = call.selection(), call.account.settings.zone
    contacts, headers = page_of(call, _filtered(call))
    rows = "".join([filtered_xml(each, selection, zone) for each in contacts])
    return Answer(f"<contacts>{rows}</contacts>", headers=headers)


def count_filtered(call: Call) -> Answer:
    return Answer(f"<count>{len(_filtered(call))}</count>")


def count_filtered_active(call: Call) -> Answer:
    """Of the filter, those that may be mailed."""
    active = [each for each in _filtered(call) if each.permission > 1 and not each.blocking]
    return Answer(f"<count>{len(active)}</count>")


def list_blocked(call: Call) -> Answer:
    selection, zone = call.selection(), call.account.settings.zone
    contacts, headers = page_of(call, [each for each in call.account.contacts if each.blocking])
    rows = "".join([blocked_xml(each, selection, zone) for each in contacts])
    return Answer(f"<contacts>{rows}</contacts>", headers=headers)


def _after(call: Call) -> datetime | None:
    """`updated_after`, strict, zone-less: read in the zone of the settings (§3.1, U1)."""
    text = call.text("updated_after")
    if text is None:
        return None
    try:
        return from_local(text, call.account.settings.feed_zone)
    except ValueError as exc:
        message = "updated_after must have the format YYYY-MM-DD HH:MM:SS"
        raise RefusalError(400, message) from exc


def _filtered(call: Call) -> Sequence[Contact]:
    name = call.names["filter"]
    number = whole(name)
    found = None if number is None else FILTERS.get(number)
    if found is None:
        raise RefusalError(404, f"no such contact filter: {name}")
    return [each for each in call.account.contacts if found[1](each)]


ROUTES = (
    Route("GET", "/contacts", list_contacts),
    Route("GET", "/contacts/count", count_contacts),
    Route("GET", "/contacts/blocked", list_blocked),
    Route("GET", "/contacts/filter/{filter}", list_filtered),
    Route("GET", "/contacts/filter/{filter}/count", count_filtered),
    Route("GET", "/contacts/filter/{filter}/count/active", count_filtered_active),
)
