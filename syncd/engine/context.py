"""What every step of a cycle works with, and the only ways to write into the store.

A worker that has lost its lease must write nothing more. So whoever works on a pair opens a
transaction with `writing`, which proves the lease before anything else.
"""

from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingType
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from syncd.connectors.api import Connector, Nested, utc_now
from syncd.connectors.spending import Spend
from syncd.core.child import ChildPlanner
from syncd.core.plan import Planner
from syncd.core.translate import Mapping
from syncd.model.op import Op, OpKind
from syncd.model.plan import Draft, Lift
from syncd.model.policy import PairPolicy
from syncd.model.record import Extent, Record, Resource
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import ResourceSpec
from syncd.model.values import Fields
from syncd.store import database, leases, retention
from syncd.store.inquiries import Place
from syncd.store.leases import Lease
from syncd.store.suppressions import Ledger


@dataclass(frozen=True, slots=True)
class Account:
    """One configured connector, opened.

    Attributes:
        account_id: the platform's own id of the account, as it was last checked.
    """

    name: str
    connector: Connector
    account_id: str


@dataclass(frozen=True, slots=True)
class Stream:
    """One resource of a pair, opened and compiled: what goes through the line by itself.

    Attributes:
        pair: the name of the pair.
        fields: per side, the fields to read: its own, and those of others that read the account.
        own: per side, those of them that this pair needs itself.
        imagined: per side, fields that are taken as if they were there and empty: they are
            made when a person has approved the pair as it is set up now.
        generations: per side, which of the fields of one name each custom field is.
        looked_at: per side, fields that the filter and the keys look at.
        reads: per side, digest of the fields to read, and of those that would be; empty if it
            follows from `fields`.
        resting: why lines of the mapping rest, or all of it; the next cycle looks again.
        reduced: nothing but opt-outs travels.
        relatives: names of all accounts whose opt-outs count here: those of every pair
            that is connected with this one.
        hiding: pairs and sides, of all that are connected with this one, whose listings may
            hide who opted out, and to which an opt-out can be told by address.
        sharing: per side, the other pairs of its account, with their sides of it.
        told: per side, those of them that take in what this one reads.
        registered: per side, whether this one takes in what they read, with all its fields.
        fresh_for: for so long what another pair has read of an account need not be read again.
        setup: digest of mapping and filter; a change holds the next run.
        sweep_every: how often a full listing looks for what no feed tells.
        sweep_pages: per side, how many pages of a listing without end one cycle may read;
            None reads all of them.
        slice: how long one run may go on sending before it looks for opt-outs again.
        turns: per side that lists by parent, of how many contacts in turn one cycle may read,
            beside those to which something has happened; None: of those whose turn it is by
            `sweep_every`.
        extents: per side, the part of the resource that takes part; what is known to lie outside
            of it is neither looked for nor missed.
        children: resources that are read too and belong to the records of this one, each with
            the sides that list them by one record at a time.
        derived: per side, the derived fields of contacts that any pair of its account names.
        only: the one side that is read, for derived fields; nothing of it is kept in step.
    """

    pair: str
    accounts: Both[Account]
    mapping: Mapping
    policy: PairPolicy
    specs: Both[ResourceSpec]
    fields: Both[frozenset[str]]
    relatives: tuple[str, ...]
    setup: str
    resource: Resource = Resource.CONTACT
    hiding: tuple[Place, ...] = ()
    sharing: Both[tuple[Place, ...]] = field(default_factory=lambda: Both((), ()))
    own: Both[frozenset[str]] = field(default_factory=lambda: Both(frozenset(), frozenset()))
    told: Both[tuple[Place, ...]] = field(default_factory=lambda: Both((), ()))
    registered: Both[bool] = field(default_factory=lambda: Both(False, False))
    fresh_for: timedelta = timedelta()
    sweep_every: timedelta = timedelta(hours=24)
    sweep_pages: Both[int | None] = field(default_factory=lambda: Both(None, None))
    slice: timedelta = timedelta(seconds=60)
    chunk: int = 500
    imagined: Both[frozenset[str]] = field(default_factory=lambda: Both(frozenset(), frozenset()))
    generations: Both[MappingType[str, int]] = field(default_factory=lambda: Both({}, {}))
    looked_at: Both[frozenset[str]] = field(default_factory=lambda: Both(frozenset(), frozenset()))
    reads: Both[str] = field(default_factory=lambda: Both("", ""))
    resting: tuple[str, ...] = ()
    reduced: bool = False
    turns: Both[int | None] = field(default_factory=lambda: Both(None, None))
    children: MappingType[Resource, frozenset[Side]] = field(default_factory=dict)
    extents: Both[Extent] = field(default_factory=lambda: Both(Extent(), Extent()))
    derived: Both[frozenset[str]] = field(default_factory=lambda: Both(frozenset(), frozenset()))
    only: Side | None = None
    planner: Planner | ChildPlanner = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kind = Planner if self.parent is None else ChildPlanner
        planner = kind(self.mapping, self.policy, self.specs)
        object.__setattr__(self, "planner", planner)

    @property
    def parent(self) -> Resource | None:
        """What its records belong to."""
        return self.specs.left.parent

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides that are read."""
        return SIDES if self.only is None else (self.only,)

    @property
    def noun(self) -> str:
        """What its records are called, for messages."""
        return f"{self.resource.value}s"

    def needed(self, side: Side) -> frozenset[str]:
        """Fields without which no record can be made."""
        if self.parent is None:
            return frozenset({self.policy.keys.first[side]})
        return frozenset(self.specs[side].recognised_by)

    def observed(self, side: Side, record: Record) -> Fields:
        """The fields of a record that this pair reads, in canonical form."""
        wanted = self.fields[side]
        return self.mapping.observed(
            side, {name: value for name, value in record.fields.items() if name in wanted}
        )

    def awaits_id(self, side: Side, op: Op | Draft) -> bool:
        """Whether an op may be carried out without telling an id, which the listing shows."""
        return op.kind is OpKind.CREATE and self.specs[side].ids_follow

    def connector(self, side: Side) -> Connector:
        return self.accounts[side].connector

    def nested(self, side: Side) -> Nested:
        """The connector of records that belong to others."""
        connector = self.connector(side)
        assert isinstance(connector, Nested)  # noqa: S101 - `opening` sees to it
        return connector


@dataclass(frozen=True, slots=True)
class Pair:
    """Two accounts kept in step: their streams, contacts first.

    Attributes:
        looks: what is read of one side alone, for derived fields of its contacts.
    """

    name: str
    streams: tuple[Stream, ...]
    looks: tuple[Stream, ...] = ()

    @property
    def contacts(self) -> Stream:
        return self.streams[0]


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Environment:
    """The surroundings of a cycle.

    Attributes:
        stopping: asked between steps; True ends the run at the next safe place.
        crash: called with the name of a place that a kill could hit; tests raise there.
        journal_kept: how long entries of the journal are kept.
        rests: whether an account's day holds nothing more for a class of work.
        note_spent: writes down what was sent since the last time, to be kept with a checkpoint.
    """

    store: sa.Engine
    ledger: Ledger
    now: Callable[[], datetime] = utc_now
    stopping: Callable[[], bool] = _never
    crash: Callable[[str], None] = field(default=lambda _: None)
    progress: Callable[[str, int, int | None], None] = field(default=lambda *_: None)
    journal_kept: timedelta = retention.KEPT
    rests: Callable[[str, Spend], bool] = field(default=lambda *_: False)
    note_spent: Callable[[sa.Connection], None] = field(default=lambda _: None)

    @property
    def log(self) -> structlog.stdlib.BoundLogger:
        logger: structlog.stdlib.BoundLogger = structlog.get_logger("syncd")
        return logger

    @contextmanager
    def writing(self, lease: Lease) -> Iterator[sa.Connection]:
        """A transaction for whoever works on a pair; it proves the lease, and prolongs it.

        The proof locks: PostgreSQL the lease's row, SQLite the whole store. Nobody can take
        the pair over before the transaction has ended, however long it takes.

        Raises:
            LeaseLostError: another process took the pair over; nothing is written.
        """
        with database.begin(self.store) as db:
            leases.hold(db, lease, self.now())
            yield db

    @contextmanager
    def hearing(self) -> Iterator[sa.Connection]:
        """A transaction that takes down a person's word, which is good whoever works."""
        with database.begin(self.store) as db:
            yield db


@dataclass(frozen=True, slots=True)
class Cycle:
    """One stream of a run under way, its surroundings, and the right to write.

    Attributes:
        targets: sides on which this run writes; an opt-out is written on any.
        thorough: everything is looked at again, and every opt-out is told again.
        lifts: by link, what its plan lifts of the addresses' opt-outs, not yet in the ledger.
    """

    stream: Stream
    environment: Environment
    lease: Lease
    run_id: int
    targets: frozenset[Side] = frozenset(SIDES)
    thorough: bool = False
    lifts: dict[int, tuple[Lift, frozenset[str]]] = field(default_factory=dict)

    def bulk_rests(self, side: Side) -> bool:
        """Whether what may wait has to wait for the platform's next day."""
        return self.environment.rests(self.stream.accounts[side].name, Spend.BULK)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction of this run; see `Environment.writing`."""
        with self.environment.writing(self.lease) as db:
            yield db


@contextmanager
def leased(pair: str, environment: Environment) -> Iterator[Lease]:
    """The right to write for a pair, for as long as the body runs.

    Raises:
        BusyError: another process works on the pair.
    """
    with database.begin(environment.store) as db:
        lease = leases.take(db, pair, leases.this_holder(), environment.now())
    try:
        yield lease
    finally:
        with database.begin(environment.store) as db:
            leases.give_back(db, lease, environment.now())
