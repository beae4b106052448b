"""What belongs to contacts (section 4), and where one location keeps it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from syncd.sandbox.ghl.contact import iso


@dataclass(frozen=True, slots=True)
class Child:
    """One version of a record below a contact; a change makes a new one.

    Attributes:
        contact_id: None for a task that belongs to nobody (4.2, T39).
    """

    id: str
    contact_id: str | None


@dataclass(frozen=True, slots=True)
class Note(Child):
    """A note; the platform keeps no time of its last change (4.1).

    Attributes:
        body: HTML if a person wrote it, else what a program sent.
        added: epoch milliseconds.
    """

    body: str
    added: int
    user_id: str | None = None
    title: str | None = None
    color: str | None = None
    pinned: bool = False

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "body": self.body,
            "userId": self.user_id,
            "dateAdded": iso(self.added),
            "contactId": self.contact_id,
            "title": self.title,
            "color": self.color,
            "pinned": self.pinned,
        }


@dataclass(frozen=True, slots=True)
class Task(Child):
    """A task; the platform shows no time but that at which it is due (4.2).

    Attributes:
        due: epoch milliseconds.
    """

    title: str
    due: int
    completed: bool = False
    body: str | None = None
    assigned_to: str | None = None

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "body": self.body,
            "assignedTo": self.assigned_to,
            "dueDate": iso(self.due),
            "completed": self.completed,
            "contactId": self.contact_id,
        }


@dataclass(frozen=True, slots=True)
class Appointment(Child):
    """A booking in a calendar (4.3, 4.4).

    Attributes:
        start, end, added, updated: epoch milliseconds.
        assigned: the user whose time it takes.
        booked_by, source: a user on the screens, or a program.
    """

    calendar_id: str
    start: int
    end: int
    title: str | None
    added: int
    updated: int
    status: str = "confirmed"
    assigned: str | None = None
    description: str | None = None
    address: str | None = None
    meeting: str | None = None
    booked_by: str | None = None
    source: str = "third_party"


ChildT = TypeVar("ChildT", bound=Child)


class Children(Generic[ChildT]):
    """Records of one kind by id and by contact, the newest first."""

    def __init__(self) -> None:
        self.by_id: dict[str, ChildT] = {}
        self._ids: dict[str | None, dict[str, None]] = {}  # by contact, in order of arrival

    def __iter__(self) -> Iterator[ChildT]:
        return iter(self.by_id.values())

    def put(self, child: ChildT) -> None:
        old = self.by_id.get(child.id)
        if old is not None and old.contact_id != child.contact_id:
            self.remove(child.id)
        self.by_id[child.id] = child
        self._ids.setdefault(child.contact_id, {})[child.id] = None

    def remove(self, id_: str) -> ChildT:
        gone = self.by_id.pop(id_)
        siblings = self._ids[gone.contact_id]
        del siblings[id_]
        if not siblings:
            del self._ids[gone.contact_id]
        return gone

    def of(self, contact_id: str | None) -> list[ChildT]:
        return [self.by_id[id_] for id_ in reversed(self._ids.get(contact_id, {}))]

    def handed_over(self, loser: str, winner: str) -> list[ChildT]:
        """What has just gone from one contact to another, ids and all, the oldest first."""
        moved = [replace(child, contact_id=winner) for child in reversed(self.of(loser))]
        for child in moved:
            self.put(child)
        return moved
