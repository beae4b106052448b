"""The contacts of one location: the truth at once, and the index that lags behind it."""

import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

from syncd.sandbox.ghl.contact import Contact

Key = tuple[int, str]  # (epoch ms, id): the place of a row, and its `searchAfter`
DATES = ("dateAdded", "dateUpdated")


class Holders:
    """Who holds an e-mail address or a phone, the longest holder first."""

    def __init__(self) -> None:
        self._ids: dict[str, list[str]] = {}

    def add(self, keys: Iterable[str], id_: str) -> None:
        for key in keys:
            self._ids.setdefault(key, []).append(id_)

    def remove(self, keys: Iterable[str], id_: str) -> None:
        for key in keys:
            holders = self._ids[key]
            holders.remove(id_)
            if not holders:
                del self._ids[key]

    def of(self, key: str) -> list[str]:
        return self._ids.get(key, [])


class Contacts:
    """Contacts by id, e-mail and phone, as GET by id and every write see them."""

    def __init__(self) -> None:
        self.by_id: dict[str, Contact] = {}
        self.emails = Holders()
        self.phones = Holders()

    def put(self, contact: Contact) -> None:
        old = self.by_id.get(contact.id)
        if old is None or old.plain.get("phone") != contact.plain.get("phone"):
            self.phones.remove(_phones(old), contact.id)
            self.phones.add(_phones(contact), contact.id)
        if old is None or old.emails() != contact.emails():
            self.emails.remove(_emails(old), contact.id)
            self.emails.add(_emails(contact), contact.id)
        self.by_id[contact.id] = contact

    def remove(self, id_: str) -> Contact:
        gone = self.by_id.pop(id_)
        self.phones.remove(_phones(gone), id_)
        self.emails.remove(_emails(gone), id_)
        return gone


class Index(Contacts):
    """What search and list see: each change only when its time has come (section 9).

    Rows are kept sorted by both dates, so the newest are found without sorting.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sorted: dict[str, list[Key]] = {name: [] for name in DATES}
        self.version = 0  # grows with every change that became visible
        self._coming: list[tuple[int, int, str, Contact | None]] = []
        self._seen: dict[str, int] = {}

    def note(self, visible_at: int, revision: int, id_: str, contact: Contact | None) -> None:
        """A change that becomes visible at `visible_at` (epoch ms); None is a deletion."""
        heapq.heappush(self._coming, (visible_at, revision, id_, contact))

    def catch_up(self, now: int) -> None:
        """Let in what is due. An older version never replaces a newer one."""
        while self._coming and self._coming[0][0] <= now:
            _, revision, id_, contact = heapq.heappop(self._coming)
            if self._seen.get(id_, -1) < revision:
                self._seen[id_] = revision
                self._replace(id_, contact)

    def load(self, contacts: list[Contact]) -> None:
        """Many at once, visible at once."""
        for contact in contacts:
            self.put(contact)
            self._seen[contact.id] = contact.revision
        for name, keys in self.sorted.items():
            keys.extend((_date(contact, name), contact.id) for contact in contacts)
            keys.sort()
        self.version += 1

    def between(self, name: str, low: int | None, high: int | None) -> tuple[int, int]:
        """The slice of `sorted[name]` with low <= date <= high; None is open."""
        keys = self.sorted[name]
        start = 0 if low is None else bisect_left(keys, (low, ""))
        end = len(keys) if high is None else bisect_left(keys, (high + 1, ""))
        return start, max(start, end)

    def _replace(self, id_: str, contact: Contact | None) -> None:
        self.version += 1
        old = self.by_id.get(id_)
        for name, keys in self.sorted.items():
            if old is not None:
                del keys[bisect_left(keys, (_date(old, name), id_))]
            if contact is not None:
                insort(keys, (_date(contact, name), id_))
        if contact is not None:
            self.put(contact)
        elif old is not None:
            self.remove(id_)


def place(keys: list[Key], after: Key, *, ascending: bool) -> int:
    """Where to go on in ascending `keys` after the row at `after`, which may be gone."""
    return bisect_right(keys, after) if ascending else bisect_left(keys, after)


def _date(contact: Contact, name: str) -> int:
    return contact.added if name == "dateAdded" else contact.updated


def _phones(contact: Contact | None) -> tuple[str, ...]:
    phone = None if contact is None else contact.plain.get("phone")
    return (phone,) if phone else ()


def _emails(contact: Contact | None) -> list[str]:
    return [] if contact is None else list(dict.fromkeys(contact.emails()))
