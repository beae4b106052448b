"""What recipients did with mail that they got, and what became of it, as a platform reports it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One mail opened, one link clicked or one mail that came back.

    Attributes:
        remote_id: the contact's id on the platform; None: it is known by `address` alone.
        at: when it happened, aware UTC.
        identity: what tells this event from all others of its contact in its report; the same
            however often it is read.
    """

    at: datetime
    identity: str
    remote_id: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """One answer of a report.

    Attributes:
        cursor: opaque; reading on from it misses nothing behind this page, and may repeat.
        last: the report is read up to now.
    """

    events: Sequence[Event]
    cursor: str
    last: bool = False
