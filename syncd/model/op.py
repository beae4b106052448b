"""Intended remote writes, and the platform's answers to them."""

from dataclasses import dataclass, field
from enum import StrEnum

from syncd.errors import SyncdError
from syncd.model.record import Record, Resource
from syncd.model.side import Side
from syncd.model.values import Fields, Patch


class OpKind(StrEnum):
    CREATE = "create"  # insert only: "exists already" is an error, never an update
    UPDATE = "update"  # of the fields in the patch and no other
    DELETE = "delete"
    SUPPRESS = "suppress"  # remember the opt-out of an address that has no record here


class OpState(StrEnum):
    HELD = "held"  # planned, not released by the guard
    READY = "ready"
    SENDING = "sending"  # on its way, or in doubt after a crash
    TAKEN = "taken"  # carried out without telling an id, which the next listing shows
    DOUBTED = "doubted"  # nobody can tell yet if it was carried out; it holds nothing up
    DONE = "done"
    DEAD = "dead"  # refused for good; its record is parked
    DROPPED = "dropped"  # thrown away, to be planned again


@dataclass(frozen=True, slots=True)
class Op:
    """One intended remote write.

    Attributes:
        remote_id: the record to write; None for a create and for a suppress.
        patch: wanted values in the target's own field names and stored form; a set is
            given as its `SetDelta` (in a create, the whole set). For a consent only
            `revoked` may be written, unless the pair allows a re-subscription.
        current: what the target showed when the op was planned; empty for a create.
            Holds at least `email` where it is known, for calls addressed by it.
        urgent: an opt-out; goes before everything else.
        parent_id: the contact to which the record belongs on the target's side, or is to belong;
            None for contacts.
        moves: an update that gives the record to that contact, where the Spec says that one can.
        notify: the platform may tell the customer of it; never without a person's word.
    """

    id: int
    resource: Resource
    kind: OpKind
    remote_id: str | None
    patch: Patch
    current: Fields = field(default_factory=dict)
    urgent: bool = False
    attempts: int = 1
    parent_id: str | None = None
    moves: bool = False
    notify: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One update that was carried out, as a later plan looks back on it.

    Attributes:
        wrote: what it did to the shadow of the side on which it wrote.
        ago: how many runs of the pair have begun since the one that it belongs to.
        chosen: names of the rules whose value a person had chosen.
    """

    side: Side
    wrote: Patch
    ago: int = 0
    chosen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's answer to one op.

    Attributes:
        remote_id: of the record that now exists; needed for a create, unless the Spec
            says that ids follow.
        record: the record as the answer *of the write itself* showed it. A separate read
            does not belong here: a person may have edited in between.
        error: why it was not carried out. `InDoubtError` means nobody knows.
    """

    op_id: int
    remote_id: str | None = None
    record: Record | None = None
    error: SyncdError | None = None
