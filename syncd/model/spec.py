"""What a connector can do, as frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from syncd.model.costs import Costs
from syncd.model.record import Resource
from syncd.model.values import Level


class Kind(StrEnum):
    """What a field holds; decides its Python type and how it is compared."""

    TEXT = "text"  # str
    EMAIL = "email"  # str
    PHONE = "phone"  # str, E.164 where it can be
    COUNTRY = "country"  # str, ISO 3166-1 alpha-2 where it can be
    CHOICE = "choice"  # str, one of `choices`
    DATE = "date"  # datetime.date
    DATETIME = "datetime"  # aware datetime
    INTEGER = "integer"  # int
    NUMBER = "number"  # float
    BOOLEAN = "boolean"  # bool
    SET = "set"  # frozenset[str]
    CONSENT = "consent"  # Consent


class Deletions(StrEnum):
    """How a platform shows that a record is gone."""

    SWEEP = "sweep"  # only by absence from a complete listing
    FEED = "feed"  # the change feed says so
    NEVER = "never"


class Listing(StrEnum):
    """How a platform lists the records of a resource."""

    FLAT = "flat"  # all of an account, one after the other
    BY_PARENT = "by_parent"  # those of one contact at a time, and no others


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a resource, and the form in which the platform stores it.

    Attributes:
        name: as rules name it, e.g. `firstName`, `custom.Shoe size`.
        max_length: longest text in characters; longer ones are refused or cut.
        lower: the platform stores it in lower case.
        read_only: shown, but cannot be written.
        fixed: given when the record is created, and never changed afterwards.
        clearable: False if it cannot be emptied once it has a value.
        choices: allowed values of a CHOICE or SET; empty if open.
        reserved: members of a SET that the connector keeps for itself, in lower case and compared
            without case: they never travel in either direction, and are listed where people
            use them.
        free_text: for COUNTRY: the platform keeps any text.
        html: for TEXT: what people write there is HTML; what programs write may be plain text.
        identity: what tells a custom field from another one under its name, such as the
            platform's id of it; None where there is nothing of the kind.
        kept: False if the platform has it, but with values that no field of another platform
            can hold; rules, filters and keys cannot name it, and are told why.
        native: the platform's own word for its type, where that is none of ours.
    """

    name: str
    kind: Kind = Kind.TEXT
    max_length: int | None = None
    lower: bool = False
    read_only: bool = False
    fixed: bool = False
    clearable: bool = True
    choices: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()
    free_text: bool = False
    html: bool = False
    identity: str | None = field(default=None, compare=False)
    kept: bool = True
    native: str = field(default="", compare=False)

    def __hash__(self) -> int:
        return hash(self.name)  # a hash of all fields takes longer than what it saves


Catalogue = Mapping[str, FieldSpec]  # by field name


@dataclass(frozen=True, slots=True)
class ConsentSpec:
    """How a platform holds consent.

    Attributes:
        levels: what its records can show.
        revocable: a write can opt a record out.
        grantable: a write can lift an opt-out again (only ever used where the pair allows it).
        ends_record: opting out makes the record disappear for good.
        suppresses_absent: an address without a record can be marked as opted out.
        readable: False if records do not show their level, so that what was written
            cannot be read back.
        hides: a listing may leave out records that opted out, although they exist.
        addresses: a SET field with further addresses of the same person. A record that opted
            out opted out for each of them; an opt-out of one of them alone is not the record's.
        by_address: an opt-out can be written to an address alone; where nobody bears it,
            that does nothing.
    """

    levels: frozenset[Level] = frozenset(Level)
    revocable: bool = True
    grantable: bool = False
    ends_record: bool = False
    suppresses_absent: bool = False
    readable: bool = True
    hides: bool = False
    addresses: str | None = None
    by_address: bool = False


@dataclass(frozen=True, slots=True)
class Activity:
    """Which fields of what belongs to a contact say what derived fields tell of it.

    Attributes:
        done, due: of tasks: whether one is done, and by when it is to be.
        at, text: of notes: when one was written, and what it says.
        status: of appointments, which start at `ResourceSpec.starts`.
        off: statuses of appointments that do not take place.
    """

    done: str | None = None
    due: str | None = None
    at: str | None = None
    text: str | None = None
    status: str | None = None
    off: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResourceSpec:
    """What a connector can do with one resource.

    Attributes:
        fields: the standard fields; custom ones come from `catalogue()`.
        withheld: other names that the platform's own documents use, and why rules cannot
            have them, or what to name instead.
        custom_prefix: how custom fields are named, before the platform's own name.
        custom_kinds: kinds in which a custom field can be created on request.
        incremental: the listing can start from a cursor; else every pull is a sweep.
        sweep_rate: pages per second that a daemon may spend on such sweeps, on average;
            None if they need not be spread.
        unique_key: field that the platform itself keeps unique, if any.
        finds: fields that `find` can look up.
        reference: field that takes the other side's remote id, if there is a place for it.
        costs: how many requests its writes take, for a forecast.
        batch_size: ops per push call; concurrency: push calls at once.
        inserts_at_most: more creates than these in one push may change a record that exists
            already, if it is not in the listing; None: a create never does.
        page_size: records that a page of a listing tells at most, beside those of the one before.
        index_lag: how long a new record may stay invisible to `find` and `pull`.
        parent: what its records belong to; None for contacts.
        recognised_by: fields by which people tell the records of one parent from one another;
            needed where nothing of them is unique.
        moves: an update can give a record another parent.
        listing: BY_PARENT: `pull` has nothing, and `children` is all there is.
        dated: the platform tells when its records were made or changed, so that `pull` can list
            those of a window. Needed of contacts; what belongs to them counts with its contact
            where it is not.
        ids_follow: a create may be answered without an id; the record is then recognised
            by its key in the next sweep. Only for platforms that keep the key unique.
        starts: of appointments, the field that says when they start.
        calendar, assignee: fields with the id of the calendar that a record is in, without which
            none can be made, and of the person whose time it takes; `Naming` tells their names.
        activity: what derived fields of its contact can be computed from; None: none are.
        engagement: of contacts, the derived fields that the platform's reports tell.
    """

    fields: Catalogue
    custom_prefix: str = "custom."
    custom_kinds: frozenset[Kind] = frozenset()
    creates: bool = True
    updates: bool = True
    deletes: bool = True
    incremental: bool = True
    deletions: Deletions = Deletions.SWEEP
    unique_key: str | None = None
    finds: frozenset[str] = frozenset()
    reference: str | None = None
    consent: ConsentSpec | None = None
    costs: Costs = field(default_factory=Costs)
    batch_size: int = 1
    concurrency: int = 1
    page_size: int = 100
    index_lag: timedelta = timedelta()
    inserts_at_most: int | None = None
    sweep_rate: float | None = None
    ids_follow: bool = False
    parent: Resource | None = None
    recognised_by: tuple[str, ...] = ()
    moves: bool = False
    listing: Listing = Listing.FLAT
    dated: bool = True
    withheld: Mapping[str, str] = field(default_factory=dict)
    starts: str | None = None
    calendar: str | None = None
    assignee: str | None = None
    activity: Activity | None = None
    engagement: frozenset[str] = frozenset()


def in_turn(rate: float, passed: timedelta) -> int:
    """How much of a listing that never ends may be read in so much time, and always something.

    Args:
        rate: pages per second; where it is listed one contact at a time, contacts.
    """
    return max(1, int(rate * passed.total_seconds()))


@dataclass(frozen=True, slots=True)
class Spec:
    """What a connector can do."""

    name: str
    title: str
    resources: Mapping[Resource, ResourceSpec] = field(default_factory=dict)
