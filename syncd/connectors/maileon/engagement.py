"""Mails opened, links clicked and mails that came back, from the reports of a newsletter account.

Source: maileon.md 3.3 (reports), 2.11 and 7.6 (anonymity). Whoever has not permitted to be
tracked is shown without a name: of them nothing is told, whatever else their rows show. Rows
have local times without a zone, so that nothing is read before the zone is known (U1).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC

from syncd.connectors.maileon import feed
from syncd.connectors.maileon.account import Account
from syncd.connectors.maileon.clock import ServerClock
from syncd.connectors.maileon.codec import Element, shown_time, text_of
from syncd.connectors.maileon.feed import State
from syncd.model.derived import BOUNCES, LAST_CLICK_AT, LAST_OPEN_AT
from syncd.model.engagement import Event, EventPage
from syncd.model.record import is_usable_id

REPORTS = {LAST_OPEN_AT: "opens", LAST_CLICK_AT: "clicks", BOUNCES: "bounces"}
_TELLING = ("mailing_id", "timestamp", "type", "status_code", "msg_id", "link_id")


def engagement(account: Account, name: str, cursor: str | None) -> Iterator[EventPage]:
    """Pages of one report, from ten minutes before the last one that was read to its end."""
    if account.clock.zone is None:
        return
    kind, state, done = REPORTS[name], feed.load(cursor) if cursor else State(), False
    if not state.to_ms:
        state = _window(account, state)
    while not done:
        query = {"from_date": state.from_ms, "to_date": state.to_ms}
        listing = account.calls.events(kind, state.page, query)
        most = state.page + 1 if len(listing.rows) >= account.calls.page_size else state.page
        pages = listing.pages if listing.pages is not None else most
        state, done = feed.turned(state, pages, listing.items)
        if done:
            state = replace(feed.listed(state, None), reported_ms=state.to_ms, from_ms=0, to_ms=0)
        yield EventPage(list(_events(listing.rows, account.clock)), state.dump(), last=done)


def _window(account: Account, state: State) -> State:
    """Everything up to now that is not read, and a little more, as rows may come late."""
    start = max(state.reported_ms - feed.REPORT_OVERLAP_MS, 0)
    end = int(account.calls.server_now.astimezone(UTC).timestamp() * 1000) + 1000
    return feed.listed(replace(state, from_ms=start, to_ms=end), None)


def _events(rows: Iterable[Element], clock: ServerClock) -> Iterator[Event]:
    for row in rows:
        contact = row.find("contact")
        if contact is None or _is_anonymous(contact):
            continue
        remote_id = text_of(contact, "id") or ""
        at = clock.latest(shown_time(text_of(row, "timestamp")))
        if is_usable_id(remote_id) and at is not None:
            identity = "|".join(text_of(row, name) or "" for name in _TELLING)
            yield Event(at, identity, remote_id)


def _is_anonymous(contact: Element) -> bool:
    """By its attribute, its element, or that it shows no address (2.1, 2.11)."""
    said = (contact.get("anonymous"), text_of(contact, "anonymous"))
    return "true" in said or not text_of(contact, "email")
