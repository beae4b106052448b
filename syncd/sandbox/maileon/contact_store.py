"""Every contact of the account, found by id, e-mail, external id and time of change.

The list call must serve 100,000 contacts page by page, so nothing is sorted per
request: orders are kept until something moves in them.
"""

import bisect
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter

from syncd.sandbox.maileon.contact import Contact

Keys = dict[str, tuple[int, ...]]


class Contacts:
    """Contacts with their indexes; fields that are indexed change only through it."""

    def __init__(self, *, fold_case: bool, first_id: int) -> None:
        self._fold_case = fold_case
        self._next_id = first_id
        self._contacts: dict[int, Contact] = {}
        self._by_email: Keys = {}
        self._by_external_id: Keys = {}
        # (updated, id) of every change; an entry is true while the contact still says so.
        self._changes: list[tuple[datetime, int]] = []
        self._changes_sorted = True
        self._members = 0  # counts arrivals and departures
        self._moves = 0  # counts every change of `updated`
        self._orders: dict[object, tuple[tuple[int, int], Sequence[int]]] = {}

    def __len__(self) -> int:
        return len(self._contacts)

    def __iter__(self) -> Iterator[Contact]:
        return iter(self._contacts.values())

    def set_fold_case(self, fold_case: bool) -> None:
        self._fold_case = fold_case
        self._by_email = {}
        for contact in self:
            if contact.email is not None:
                _enter(self._by_email, self.identity(contact.email), contact.id)

    def identity(self, email: str) -> str:
        """The form in which two addresses are compared (maileon.md U9)."""
        return email.lower() if self._fold_case else email

    def new_id(self) -> int:
        """Ids grow and are never used again."""
        self._next_id += 1
        return self._next_id - 1

    def get(self, contact_id: int) -> Contact | None:
        return self._contacts.get(contact_id)

    def with_email(self, email: str) -> list[Contact]:
        return [self._contacts[i] for i in self._by_email.get(self.identity(email), ())]

    def with_external_id(self, external_id: str) -> list[Contact]:
        return [self._contacts[i] for i in self._by_external_id.get(external_id, ())]

    def add(self, contact: Contact) -> None:
        self._contacts[contact.id] = contact
        self._members += 1
        if contact.email is not None:
            _enter(self._by_email, self.identity(contact.email), contact.id)
        if contact.external_id is not None:
            _enter(self._by_external_id, contact.external_id, contact.id)
        self._note_change(contact)

    def remove(self, contact: Contact) -> None:
        del self._contacts[contact.id]
        self._members += 1
        if contact.email is not None:
            _leave(self._by_email, self.identity(contact.email), contact.id)
        if contact.external_id is not None:
            _leave(self._by_external_id, contact.external_id, contact.id)

    def clear(self) -> None:
        for contact in list(self):
            self.remove(contact)

    def set_email(self, contact: Contact, email: str | None) -> None:
        if contact.email is not None:
            _leave(self._by_email, self.identity(contact.email), contact.id)
        contact.email = email
        if email is not None:
            _enter(self._by_email, self.identity(email), contact.id)

    def set_external_id(self, contact: Contact, external_id: str | None) -> None:
        if contact.external_id is not None:
            _leave(self._by_external_id, contact.external_id, contact.id)
        contact.external_id = external_id
        if external_id is not None:
            _enter(self._by_external_id, external_id, contact.id)

    def touch(self, contact: Contact, at: datetime) -> None:
        """Set `updated`; only whole seconds are kept."""
        at = at.replace(microsecond=0)
        if at == contact.updated:
            return
        contact.updated = at
        self._note_change(contact)

    def listed(self, order: str, after: datetime | None) -> Sequence[int]:
        """Ids in the order asked for, of those changed after a moment (strictly).

        Kept until a contact comes, goes or, where it matters, changes.
        """
        by_time = after is not None or order == "updated"
        version = (self._members, self._moves if by_time else 0)
        known = self._orders.get((order, after))
        if known is not None and known[0] == version:
            return known[1]
        ids = self._arrange(order, list(self._contacts) if after is None else self._since(after))
        if len(self._orders) >= 8:
            self._orders.clear()
        self._orders[order, after] = (version, ids)
        return ids

    def _since(self, after: datetime) -> list[int]:
        self._sort_changes()
        start = bisect.bisect_right(self._changes, after, key=itemgetter(0))
        contacts, found = self._contacts, set[int]()
        if 2 * (len(self._changes) - start) > len(contacts):
            return [i for i, contact in contacts.items() if contact.updated > after]
        for at, contact_id in self._changes[start:]:
            contact = contacts.get(contact_id)
            if contact is not None and contact.updated == at:
                found.add(contact_id)
        return sorted(found)

    def _arrange(self, order: str, ids: list[int]) -> list[int]:
        match order:
            case "newest":
                ids.reverse()
            case "updated":
                ids.sort(key=lambda i: (self._contacts[i].updated, i))
            case "shuffled":
                ids.sort(key=lambda i: zlib.crc32(b"%d" % i))
        return ids

    def _note_change(self, contact: Contact) -> None:
        self._moves += 1
        entry = (contact.updated, contact.id)
        if self._changes and entry < self._changes[-1]:
            self._changes_sorted = False
        self._changes.append(entry)
        if len(self._changes) > 4 * len(self._contacts) + 1000:
            self._changes = [(each.updated, each.id) for each in self]
            self._changes_sorted = False

    def _sort_changes(self) -> None:
        if not self._changes_sorted:
            self._changes.sort()
            self._changes_sorted = True


def _enter(index: Keys, key: str, contact_id: int) -> None:
    index[key] = (*index.get(key, ()), contact_id)


def _leave(index: Keys, key: str, contact_id: int) -> None:
    left = tuple(each for each in index[key] if each != contact_id)
    if left:
        index[key] = left
    else:
        del index[key]
