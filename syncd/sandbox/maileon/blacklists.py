"""Blacklists: read, and added to; nothing removes an entry (maileon.md §7.5)."""

from syncd.sandbox.incoming import whole
from syncd.sandbox.maileon.account import GLOBAL_BLACKLISTS, Blacklist
from syncd.sandbox.maileon.answers import XML, Answer, RefusalError, element
from syncd.sandbox.maileon.call import Call, Route
from syncd.sandbox.maileon.drafts import parse_xml


def list_blacklists(call: Call) -> Answer:
    rows = "".join(
        f"<blacklist>{element('id', each.id)}{element('name', each.name)}</blacklist>"
        for each in call.account.blacklists.values()
    )
    return Answer(f"<blacklists>{rows}</blacklists>")


def read_blacklist(call: Call) -> Answer:
    found = _blacklist(call)
    entries = "".join(element("entry", entry) for entry in found.entries)
    return Answer(
        f"<blacklist>{element('id', found.id)}{element('name', found.name)}"
        f"<entries>{entries}</entries></blacklist>"
    )


def add_entries(call: Call) -> Answer:
    """Contacts that an entry names, wildcards allowed, are blocked; 403 for global lists."""
    found = _blacklist(call)
    if found.id in GLOBAL_BLACKLISTS:
        raise RefusalError(403, "the global blacklists cannot be changed")
    root = parse_xml(call.body)
    entries = [each.text or "" for each in root.iterfind("entries/entry")]
    if root.tag != "add_entries_action" or not root.findtext("import_name") or not all(entries):
        raise RefusalError(400, "an add_entries_action needs an import_name and entries")
    call.account.blacklist(found, entries)
    return Answer(status=201)


def _blacklist(call: Call) -> Blacklist:
    name = call.names["blacklist"]
    found = call.account.blacklists.get(whole(name) or 0)
    if found is None:
        raise RefusalError(404, f"no such blacklist: {name}")
    return found


ROUTES = (
    Route("GET", "/blacklists", list_blacklists),
    Route("GET", "/blacklists/{blacklist}", read_blacklist),
    Route("POST", "/blacklists/{blacklist}/actions", add_entries, takes=(XML,)),
)
