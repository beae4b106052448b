"""One contact: an address of the account, with the lists it is on and its true status.

Source: mailercloud.md §5.1 (one contact per address), §9.1 (values of `contact_type`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

ACTIVE = "active"
TYPES = (ACTIVE, "bounce", "abuse", "unsubscribe", "suppressed")


@dataclass(frozen=True, slots=True)
class Status:
    """What the account knows about the permission to send.

    Attributes:
        contact_type: one of `TYPES`.
        at: when it became so; None for somebody who was always active.
        cause: who or what did it, in words.
    """

    contact_type: str = ACTIVE
    at: datetime | None = None
    cause: str = ""


ALWAYS_ACTIVE = Status()


@dataclass(frozen=True, slots=True)
class Membership:
    """A contact's place on a list: its id there, and a number that grows with every arrival."""

    id: str
    arrival: int


@dataclass(frozen=True, slots=True)
class Contact:
    """A version of a contact; a change makes another one.

    Attributes:
        id: the first id it got, and the only one if ids are shared across lists (§17.2).
        standard: non-empty values by classic name (§6.2).
        custom: non-empty values by property id, as text.
        lists: by list id.
        status: for the whole account.
        left: opt-outs from single lists, where they are list-related (§9.2).
        created, updated: aware UTC.
    """

    id: str
    email: str
    created: datetime
    updated: datetime
    standard: Mapping[str, str] = field(default_factory=dict)
    custom: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    lists: Mapping[str, Membership] = field(default_factory=dict)
    status: Status = ALWAYS_ACTIVE
    left: Mapping[str, Status] = field(default_factory=dict)

    def status_on(self, list_id: str) -> Status:
        """The account's word, or that of the list if the account has none against it."""
        if self.status.contact_type != ACTIVE:
            return self.status
        return self.left.get(list_id, self.status)

    def is_blocked(self) -> bool:
        return self.status.contact_type != ACTIVE or bool(self.left)
