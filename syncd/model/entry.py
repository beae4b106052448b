"""Entries of the journal: what was seen, what was written, and why something was not."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from syncd.model.record import Resource
from syncd.model.values import Fields, Patch

PLATFORM, SYNCD = "platform", "syncd"  # who did something, beside `person:NAME`
CONTACT_OF = "$contact"  # where an entry names the contact to which a record belongs
IN_DOUBT = "in_doubt"  # cause of a change that shows what we may have written ourselves
SEEN = "seen"  # cause of a write that a look had shown before its answer was known


class Kind(StrEnum):
    """What an entry tells.

    Of what an account showed: an entry is the whole difference to what was known of it.
    """

    APPEARED = "appeared"  # seen for the first time
    LEARNED = "learned"  # fields that were not read before, and nothing else
    CHANGED = "changed"
    MOVED = "moved"  # it belongs to another contact
    GONE = "gone"
    RETURNED = "returned"  # it was gone
    # what we wrote, as the account shows it since
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    SUPPRESSED = "suppressed"  # an opt-out was told by address
    # why something is not written, or waits
    REFUSED = "refused"
    PARKED = "parked"
    CONFLICT = "conflict"  # of the rule that `cause` names; `after` is what each account shows
    CHOSEN = "chosen"  # a person has settled one: `after` is what is right
    RELEASED = "released"  # a person has let a run go on
    LINKED = "linked"
    ENDED = "ended"  # nothing flows through the link any more


SHOWN = frozenset({Kind.APPEARED, Kind.LEARNED, Kind.CHANGED, Kind.MOVED, Kind.GONE, Kind.RETURNED})
WRITTEN = frozenset({Kind.CREATED, Kind.UPDATED, Kind.DELETED, Kind.SUPPRESSED})


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact about a record of an account, or about a run.

    Attributes:
        actor: `platform`, `syncd`, or `person:NAME`.
        account: of the record; None for what is about a run.
        target: the account that was or is to be written, where that is not the record's own.
        before, after: of the fields that differ, and no others; one that was not known before
            is missing in `before`. Of what appeared or was created the observation holds them,
            as later entries hold what was before these.
        cause: a code, or the name of a rule.
        baseline: part of a first full listing: it may be there since long ago.
    """

    kind: Kind
    actor: str
    account: str | None = None
    resource: Resource | None = None
    remote_id: str | None = None
    link_id: int | None = None
    target: str | None = None
    before: Fields = field(default_factory=dict)
    after: Patch = field(default_factory=dict)
    cause: str | None = None
    baseline: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry as it stands in the journal.

    Attributes:
        number: later ones have higher numbers, and none is given twice.
        pair: whose work it was to notice it.
    """

    number: int
    at: datetime
    pair: str
    run_id: int | None
    entry: Entry


def person(name: str | None) -> str:
    """The actor that stands for a person."""
    return f"person:{name}" if name else "person"
