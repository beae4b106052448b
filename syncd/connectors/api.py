"""The door by which every connector enters: built-in, profile or third party.

A connector translates, nothing else: no database, no policy, no retry loop, no
other platform. It is used by one pair at a time; `push` may be called from
several threads at once where its Spec says so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Any, Protocol, runtime_checkable

from syncd.connectors.spending import Budget
from syncd.model.engagement import EventPage
from syncd.model.op import Op, Receipt
from syncd.model.probe import Assumption, Finding
from syncd.model.record import Extent, Identity, Page, Record, Resource, Right, Window
from syncd.model.spec import Catalogue, FieldSpec, Spec
from syncd.model.values import Value

Names = Mapping[str, Sequence[str]]  # what people call it, by its id


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Wire:
    """What a connector reaches the world through, so that tests can stand in for it.

    Attributes:
        transport: an httpx transport, or None for the real network.
        rate_share: the part of the platform's permitted rate to use, over 0 up to 1.
        on_request: called for every request that is sent, from any thread.
        budget: what all who send to this account share; None: nobody else sends there, and
            `rate_share` is kept to. It keeps to a share of its own.
    """

    transport: Any = None
    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = monotonic
    sleep: Callable[[float], None] = sleep
    rate_share: float = 1.0
    on_request: Callable[[], None] = lambda: None
    budget: Budget | None = None


@runtime_checkable
class Connector(Protocol):
    """One account of one platform.

    Every method may raise `TransientError` (try again), `ThrottledError` (wait) and
    `AccountError` (stop the account). Texts of errors never hold values of contacts.
    """

    spec: Spec

    def check(self) -> Identity:
        """Who this account is and what the credentials may do; changes nothing.

        Raises:
            AccountError: the credentials are not valid or belong to something else.
        """
        ...

    def catalogue(self, resource: Resource) -> Catalogue:
        """Every field there is now, standard and custom, by the name that rules use.

        A custom field has an `identity`, where the platform gives it an id: another field under
        its name is then known to be another one.

        Raises:
            AccountError: it cannot be read; until it can, only opt-outs travel.
        """
        ...

    def create_field(self, resource: Resource, field: FieldSpec) -> None:
        """Make a custom field; one that exists already with this kind is fine."""
        ...

    def pull(
        self,
        resource: Resource,
        cursor: str | None,
        *,
        fields: frozenset[str],
        full: bool = False,
        window: Window | None = None,
    ) -> Iterator[Page]:
        """Pages of records, with at least the named fields.

        A custom field that is gone is no field that is empty: it raises FieldsChangedError, or
        is left out of the records. Address and consent alone need no catalogue.

        Without `full` and `window`: what changed since the cursor. A cursor of None is
        treated as `full`. Where the Spec is not incremental, this lists everything anew,
        or goes on behind the page that the cursor came with unless that was the last.

        Args:
            full: a sweep: every record there is, from the first page on. When the iterator
                ends without an error the sweep was complete. The last page's cursor is one
                from which an incremental pull misses nothing that happened since the
                sweep began. If `cursor` comes from a page of an unfinished sweep, the
                sweep goes on there; of any other cursor only what it remembers besides a
                place counts, e.g. a measured time zone.
            window: only records created or updated in it; cursor as within a sweep.
        """
        ...

    def fetch(self, resource: Resource, remote_id: str, *, fields: frozenset[str]) -> Record:
        """The record as it is now, read directly and not through an index.

        Returns:
            A record with `gone=True` if the platform says that there is none; its fields
            then hold what is known of the reason, e.g. a revoked consent.
        """
        ...

    def find(
        self, resource: Resource, key: str, value: Value, *, fields: frozenset[str]
    ) -> Sequence[Record]:
        """Every record whose `key` equals `value` as the platform compares it; none is ()."""
        ...

    def push(self, resource: Resource, ops: Sequence[Op]) -> Iterator[Receipt]:
        """Carry out at most `batch_size` ops; exactly one receipt each, in any order.

        What concerns one op is in its receipt (`RecordError`, `StaleError`,
        `DuplicateError`, `OptedOutError`, `InDoubtError`); what concerns the account is raised, and
        then the ops without a receipt were not sent.
        """
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


@runtime_checkable
class Nested(Protocol):
    """A connector with records that belong to contacts.

    `pull` lists those that the platform lists for the whole account; `push` takes them all.
    """

    def children(
        self, resource: Resource, parent_id: str, *, fields: frozenset[str]
    ) -> Sequence[Record]:
        """All the records of one contact, read directly and not through an index.

        Complete, or an error: whoever is not among them is not there, or belongs to another
        contact. Where there is no such contact, there are none.
        """
        ...

    def child(
        self, resource: Resource, remote_id: str, parent_id: str, *, fields: frozenset[str]
    ) -> Record:
        """One record as it is now, read directly; what `fetch` is for contacts.

        Args:
            parent_id: the contact to which it was last known to belong. Where the platform shows
                a record only under its contact, one that is under another by now is gone here.
        """
        ...

    def rights(self, resource: Resource) -> Sequence[Right]:
        """What the credentials must be able to do for this resource, besides `check`'s.

        Asked only where a pair keeps the resource in step; changes nothing.
        """
        ...

    def keep_to(self, resource: Resource, extent: Extent) -> None:
        """List only this part of a resource from now on.

        What lies outside is not shown, and its absence says nothing.
        """
        ...


@runtime_checkable
class Naming(Protocol):
    """A connector with calendars or people, whose ids stand in fields of records."""

    def named(self, resource: Resource, field: str) -> Names:
        """By each id that may stand in a field, the names by which people know it; read anew.

        The first is the one to show. Asked of the fields alone that the Spec says so of.

        Raises:
            AccountError: they cannot be read.
        """
        ...


@runtime_checkable
class Staffed(Protocol):
    """A connector with calendars whose appointments have to take somebody's time."""

    def staffed(self) -> frozenset[str]:
        """The ids of calendars in which none is made without an assignee; read anew.

        Raises:
            AccountError: they cannot be read.
        """
        ...


@runtime_checkable
class Scoped(Protocol):
    """A connector some of whose fields of contacts need rights of their own."""

    def rights_of_fields(self, fields: frozenset[str]) -> Sequence[Right]:
        """What the credentials must be able to do to read these fields, besides `check`'s.

        Asked of the fields alone that a pair reads; changes nothing. Where a right is missing
        its fields are left out of the records, and all else travels.
        """
        ...


@runtime_checkable
class Engaging(Protocol):
    """A connector of a platform that sends mail, and reports what became of it.

    Its Spec says of which derived fields: `engagement` of the contacts.
    """

    def engagement(self, name: str, cursor: str | None) -> Iterator[EventPage]:
        """Pages of the report that a derived field tells of, e.g. `engagement.last_open_at`.

        Read behind a cursor; None: as far back as the platform tells. What it tells late comes
        with a later page, and what it tells twice is told by its identity. People who are not to
        be told by name are left out. No page: it cannot be read for now, and nothing is wrong.

        Raises:
            AccountError: it cannot be read.
        """
        ...


@runtime_checkable
class Bounded(Protocol):
    """A connector whose account holds only so many records."""

    def room(self, resource: Resource) -> int | None:
        """How many more may be created now, the configured reserve left alone; None: no limit.

        Never negative. Read from the platform at every call.
        """
        ...


@runtime_checkable
class Probing(Protocol):
    """A connector that can find out whether what it takes for granted holds.

    Attributes:
        assumptions: all of them, in the order of docs/connect-<platform>.md.
    """

    assumptions: Sequence[Assumption]

    def probe(self, address: str) -> Iterator[Finding]:
        """Try the assumptions on a live account with one throw-away contact.

        Yields one finding per assumption, as soon as it is there. The contact is removed
        in the end, after an error too; what could not be removed is told in a remark.

        Args:
            address: of the contact that is made; nobody may be reading mail there.
        """
        ...


@dataclass(frozen=True, slots=True)
class Plugin:
    """A connector as the registry knows it.

    Attributes:
        settings: a pydantic model of its part of the account's configuration.
        open: makes the connector; must not touch the network.
        allowance: the settings that together say whose allowance an account uses: accounts
            alike in them share one budget. Empty: all settings.
        in_turn: contacts per second whose records may be listed one contact at a time, by
            resource, with these settings and this part of the permitted rate.
    """

    spec: Spec
    settings: type[Any]
    open: Callable[[Any, Wire], Connector]
    settings_help: Mapping[str, str]
    allowance: tuple[str, ...] = ()
    in_turn: Callable[[Any, float], Mapping[Resource, float]] = lambda *_: {}
