"""What the people who run a pair have decided."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Fields

Predicate = Callable[[Fields], bool]


class Deleted(StrEnum):
    """What happens to a record whose counterpart was deleted."""

    KEEP = "keep"
    UNSUBSCRIBE = "unsubscribe"
    DELETE = "delete"


class OnLeave(StrEnum):
    """What happens to the counterpart of a record that left the filter."""

    KEEP = "keep"
    UNTAG = "untag"


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of one kind a run may do without asking.

    Attributes:
        count: absolute; percent: of the linked records, where it is more than a handful.
    """

    count: int
    percent: float


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits of one run, per side, and of all runs of a window of time.

    Attributes:
        window: over how much time the limits hold too; zero: each run is judged by itself.
        emptied: in how many records one field may be emptied; the share is of those that
            have a value in it.
    """

    creates: Limit = Limit(1000, 25.0)
    updates: Limit = Limit(2000, 50.0)
    deletes: Limit = Limit(50, 5.0)
    optouts: Limit = Limit(200, 10.0)
    emptied: Limit = Limit(2000, 10.0)
    window: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Keys:
    """The fields by which records are recognised: left name, right name."""

    first: Both[str] = field(default_factory=lambda: Both("email", "email"))
    second: Both[str] | None = None


NO_KEYS = Keys(Both("", ""))  # no field is called so


@dataclass(frozen=True, slots=True)
class PairPolicy:
    """How one pair is kept in step.

    Attributes:
        create: sides on which missing records may be created.
        filter: which records of a side take part; None takes all.
        untag: tags to take off the counterpart of a record that left the filter.
        resubscribe: a newer, dated opt-in may lift an opt-out. Off by default.
        lifts_alone: so say all pairs that share the ledger; else a person is asked each time.
        baseline_auto: the first run needs no approval.
        given: per side, what a record gets that we make, beside what the mapping says: the id of
            a calendar. Nothing of it is looked at again.
        since, until: records that start earlier, or later, get no counterpart; None for what has
            no start.
        notify: a platform may tell customers of what we write.
    """

    keys: Keys = field(default_factory=Keys)
    create: frozenset[Side] = frozenset(SIDES)
    deleted: Deleted = Deleted.KEEP
    filter: Both[Predicate | None] = field(default_factory=lambda: Both(None, None))
    on_leave: OnLeave = OnLeave.KEEP
    untag: frozenset[str] = frozenset()
    resubscribe: bool = False
    lifts_alone: bool = True
    guards: Guards = Guards()
    baseline_auto: bool = False
    given: Both[Fields] = field(default_factory=lambda: Both({}, {}))
    since: datetime | None = None
    until: datetime | None = None
    notify: bool = False
