"""What the store keeps of records: observed, linked, and standing in a pair."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syncd.model.side import Both, Side
from syncd.model.values import Fields


@dataclass(frozen=True, slots=True)
class Observation:
    """What an account last showed under one remote id; fields are in canonical form.

    Attributes:
        hidden: it exists, but the last complete listing did not show it.
    """

    remote_id: str
    fields: Fields
    digest: str
    version: str | None = None
    modified: datetime | None = None
    gone: bool = False
    parent_id: str | None = None
    hidden: bool = False


NO_LINK = 0  # of an op about an address of which no record is known


@dataclass(frozen=True, slots=True)
class Link:
    """Two remote ids that are one thing; one of them is None until it is created.

    Attributes:
        shadow: per side, what it showed when both last agreed, by field; a field that
            never was agreed on is missing. A set is kept as a set on both sides.
        ended: why nothing flows any more; None while it does.
        parent: the link of the contacts to which both belong; None for contacts.
    """

    id: int
    ids: Both[str | None]
    shadow: Both[Fields]
    ended: str | None = None
    parent: int | None = None


class State(StrEnum):
    """Where a record stands; `cause` says why it is parked or filtered out."""

    WAITING = "waiting"  # new, or its counterpart is being created
    LINKED = "linked"
    FILTERED = "filtered"  # the pair's filter or create policy leaves it out
    PARKED = "parked"  # it needs a person, or its counterpart ended; see the cause
    GONE = "gone"  # it no longer exists on its platform


@dataclass(frozen=True, slots=True)
class Member:
    """One record as it stands in one pair.

    Attributes:
        key, second: identity keys in comparable form; None if it has none.
        reference: the other side's id that it bears, where there is a place for it.
        digest: of its observation when it was last reconciled.
        todo: it has to be reconciled.
        parent_id: the contact to which it belongs, on its side; None for contacts.
    """

    side: Side
    remote_id: str
    key: str | None
    second: str | None
    state: State
    cause: str | None = None
    link_id: int | None = None
    digest: str | None = None
    todo: bool = True
    reference: str | None = None
    parent_id: str | None = None
