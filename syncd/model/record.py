"""One thing as one platform shows it now, and pages of such things."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from syncd.model.values import Fields

LONGEST_ID = 255  # characters, which the store has room for


def is_usable_id(text: str) -> bool:
    """Whether a platform's id can be kept and referred to: not too long, and printable."""
    return 0 < len(text) <= LONGEST_ID and text.isprintable()


class Resource(StrEnum):
    """A kind of record; all but the contact have a contact as parent."""

    CONTACT = "contact"
    NOTE = "note"
    TASK = "task"
    APPOINTMENT = "appointment"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing as one platform shows it now.

    Attributes:
        remote_id: the platform's id of it; opaque, never parsed.
        fields: the fields that the platform showed; a missing one is unknown, None is empty.
        version: a text that sorts after every earlier state of the same record
            (a modification time in ISO form); None where the platform has none.
        modified: when the platform says that it last changed, aware UTC, if it says so.
        certain: False when it comes from an index that may lag behind the truth. Such a
            record never overrides what is known unless its version is newer.
        gone: the platform says that it no longer exists; `fields` may still tell why. With
            an empty `remote_id`: an address that opted out under an id that is not known.
        parent_id: the remote id of the contact it belongs to.
        odd: fields that hold something which is no value of theirs. They are in `fields` no
            more than those that are not shown, but must not be passed over in silence.
    """

    remote_id: str
    fields: Fields
    version: str | None = None
    modified: datetime | None = None
    certain: bool = True
    gone: bool = False
    parent_id: str | None = None
    odd: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a list call.

    Attributes:
        cursor: opaque; a pull that starts from it goes on after this page. A repeated
            page is harmless, a skipped one is not, so it may overlap but never jump.
        total: how many records the whole listing has, where the platform says so.
        last: no page follows. Needed of a listing that is read a few pages at a time, which
            else begins anew without ever having come to its end.
    """

    records: Sequence[Record]
    cursor: str
    total: int | None = None
    last: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Created or updated from `since` (inclusive) to `until` (exclusive), aware UTC."""

    since: datetime
    until: datetime

    def holds(self, moment: datetime | None) -> bool:
        return moment is not None and self.since <= moment < self.until


@dataclass(frozen=True, slots=True)
class Extent:
    """The part of a resource that is kept in step.

    Attributes:
        back, ahead: appointments that start no longer ago, and no later from now; None for what
            has no such bounds.
        only: values that a field must have one of, by name; e.g. the ids of two calendars.
    """

    back: timedelta | None = None
    ahead: timedelta | None = None
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def holds(self, fields: Fields, starts: str | None, now: datetime) -> bool:
        """Whether a record lies within it; what it does not show says nothing.

        Args:
            starts: the field with the start, if there is one.
        """
        start = fields.get(starts) if starts else None
        if isinstance(start, datetime):
            too_old = self.back is not None and start < now - self.back
            too_late = self.ahead is not None and start > now + self.ahead
            if too_old or too_late:
                return False
        return all(fields[name] in these for name, these in self.only.items() if name in fields)


@dataclass(frozen=True, slots=True)
class Right:
    """One thing the credentials must be able to do, and whether they can."""

    name: str
    granted: bool
    remark: str = ""
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an account turned out to be.

    Attributes:
        account_id: pinned at the first check; a different one later holds the pair.
        country: ISO 3166-1 alpha-2, for phones without a country code.
        time_zone: IANA name, for times without a zone.
    """

    account_id: str
    title: str
    country: str | None = None
    time_zone: str | None = None
    rights: Sequence[Right] = field(default=())
    remarks: Sequence[str] = field(default=())
