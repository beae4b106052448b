"""What the search shows: contacts as they were a while ago, in an order of its own.

Source: mailercloud.md §5.7, §11 rule 7 (order unknown, rows shift), §17.2 (lag).
"""

import heapq
from datetime import datetime, timedelta

from syncd.sandbox.mailercloud.contact import ACTIVE, Contact
from syncd.sandbox.mailercloud.settings import Settings


class Index:
    """Versions of contacts, shown when their time has come.

    Lists are sorted once and kept until something in the index moves, so that a scan of
    a large list stays cheap.
    """

    def __init__(self) -> None:
        self._shown: dict[str, Contact] = {}
        # When written, a count that keeps the order of equal times, and the version.
        self._waiting: list[tuple[datetime, int, str, Contact | None]] = []
        self._count = 0
        self._kept: dict[tuple[str, str, bool], list[Contact]] = {}

    def enter(self, at: datetime, contact_id: str, contact: Contact | None) -> None:
        """A new version, or None: the contact is gone."""
        self._count += 1
        heapq.heappush(self._waiting, (at, self._count, contact_id, contact))

    def settle(self, now: datetime, lag_s: float) -> None:
        """Show what was written `lag_s` ago or earlier."""
        ripe = now - timedelta(seconds=lag_s)
        if not self._waiting or self._waiting[0][0] > ripe:
            return
        while self._waiting and self._waiting[0][0] <= ripe:
            _, _, contact_id, contact = heapq.heappop(self._waiting)
            if contact is None:
                self._shown.pop(contact_id, None)
            else:
                self._shown[contact_id] = contact
        self._kept.clear()

    def members(self, list_id: str, settings: Settings, *, blocked: bool = True) -> list[Contact]:
        """Everybody on a list, with or without the blocked, in the order of the search."""
        key = (list_id, settings.search_order, blocked)
        if key not in self._kept:
            self._kept[key] = self._sorted(list_id, settings.search_order, blocked=blocked)
        return self._kept[key]

    def rows(self, list_id: str, text: str, settings: Settings) -> list[Contact]:
        """Those of a list that the search returns for a text."""
        found = self.members(list_id, settings, blocked=settings.search_lists_blocked)
        text = text.strip().lower()
        if not text or settings.search_matches == "ignored":
            return found
        return [each for each in found if _matches(each, text, settings.search_matches)]

    def count(self, list_id: str, settings: Settings) -> int:
        """How many a list has, as far as they are counted."""
        blocked = settings.search_lists_blocked or settings.count_includes_blocked
        return len(self.members(list_id, settings, blocked=blocked))

    def _sorted(self, list_id: str, order: str, *, blocked: bool) -> list[Contact]:
        found = [
            each
            for each in self._shown.values()
            if list_id in each.lists and (blocked or each.status_on(list_id).contact_type == ACTIVE)
        ]
        if order == "updated":
            found.sort(key=lambda one: (one.updated, one.lists[list_id].arrival), reverse=True)
        else:
            found.sort(key=lambda one: one.lists[list_id].arrival, reverse=order == "newest")
        return found


def _matches(contact: Contact, text: str, how: str) -> bool:
    email = contact.email.lower()
    match how:
        case "exact":
            return email == text
        case "prefix":
            return email.startswith(text)
        case _:
            names = (contact.standard.get("name", ""), contact.standard.get("last_name", ""))
            return any(text in each.lower() for each in (email, *names))
