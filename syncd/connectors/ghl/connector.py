"""GoHighLevel: contacts of one location and what belongs to them, JSON over HTTPS.

Source: ghl.md, evidence up to October 2026. Known limits: the change feed is a search index
that lags by seconds to minutes; nothing tells of deletions; no conditional write exists;
one write is one call, within 100 calls per 10 s and 200,000 per day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import ClassVar

from syncd.connectors.api import Names, Wire
from syncd.connectors.ghl import feed, search
from syncd.connectors.ghl.api import Api
from syncd.connectors.ghl.appointments import Appointments
from syncd.connectors.ghl.assumptions import ASSUMPTIONS
from syncd.connectors.ghl.calendars import calendars, with_a_team
from syncd.connectors.ghl.child_spec import in_turn
from syncd.connectors.ghl.children import Children
from syncd.connectors.ghl.config import GhlSettings
from syncd.connectors.ghl.fields import LocationFields
from syncd.connectors.ghl.inspect import inspect
from syncd.connectors.ghl.notes import Notes
from syncd.connectors.ghl.probe import Probe
from syncd.connectors.ghl.reader import Reader
from syncd.connectors.ghl.rights import rights, rights_of_fields
from syncd.connectors.ghl.spec import SPEC
from syncd.connectors.ghl.tasks import Tasks
from syncd.connectors.ghl.users import users
from syncd.connectors.ghl.writer import Writer
from syncd.errors import ConfigError, InDoubtError, RecordError, StaleError
from syncd.model.op import Op, Receipt
from syncd.model.probe import Assumption, Finding
from syncd.model.record import Extent, Identity, Page, Record, Resource, Right, Window
from syncd.model.spec import Catalogue, FieldSpec
from syncd.model.values import Value

ADDED, UPDATED = "dateAdded", "dateUpdated"


class Ghl:
    """One location of GoHighLevel."""

    assumptions: ClassVar[Sequence[Assumption]] = ASSUMPTIONS

    def __init__(self, settings: GhlSettings, wire: Wire) -> None:
        share = settings.children_share * wire.rate_share
        self.spec = replace(SPEC, resources={**SPEC.resources, **in_turn(share)})
        self._page_size = settings.page_size
        self._lag_ms = settings.index_lag_s * 1000
        self._api = Api(settings, wire)
        self._fields = LocationFields(self._api)
        self._reader = Reader(self._api, self._fields, SPEC.resources[Resource.CONTACT].concurrency)
        self._writer = Writer(self._api, self._fields, self._reader)
        self._nested: Mapping[Resource, Children] = {
            Resource.NOTE: Notes(self._api),
            Resource.TASK: Tasks(self._api),
            Resource.APPOINTMENT: Appointments(self._api),
        }

    def close(self) -> None:
        self._api.close()

    def check(self) -> Identity:
        """The location, and what the token may do as far as reading shows it."""
        return inspect(self._api, self._fields)

    def catalogue(self, resource: Resource) -> Catalogue:
        """Standard and custom fields, read anew; only contacts have custom ones."""
        if resource in self._nested:
            return SPEC.resources[resource].fields
        _only_contacts(resource)
        return self._fields.refresh().catalogue()

    def create_field(self, resource: Resource, field: FieldSpec) -> None:
        """Make a custom field; fine if one that can take its values exists."""
        _only_contacts(resource)
        self._fields.create(field)

    def fetch(
        self,
        resource: Resource,
        remote_id: str,
        *,
        fields: frozenset[str],
    ) -> Record:
        """The contact now, with every field there is."""
        _only_contacts(resource)
        return self._reader.by_id(remote_id, fields)

    def find(
        self,
        resource: Resource,
        key: str,
        value: Value,
        *,
        fields: frozenset[str],
    ) -> Sequence[Record]:
        """Contacts by `email`, `phone` or `id`, each read directly."""
        _only_contacts(resource)
        if key == "id" and isinstance(value, str):
            record = self._reader.by_id(value, fields)
            return () if record.gone else (record,)
        return self._reader.by_key(key, value, fields)

    def push(self, resource: Resource, ops: Sequence[Op]) -> Iterator[Receipt]:
        """Carry out the ops one by one."""
        writer = self._writer if resource is Resource.CONTACT else self._children(resource)
        for op in ops:
            try:
                yield writer.write(op)
            except (RecordError, StaleError, InDoubtError) as cause:
                yield Receipt(op.id, op.remote_id, error=cause)

    def pull(
        self,
        resource: Resource,
        cursor: str | None,
        *,
        fields: frozenset[str],
        full: bool = False,
        window: Window | None = None,
    ) -> Iterator[Page]:
        """Contacts: changed since the cursor, all of them, or those of a window.

        Of the others all that GHL lists for the whole location, which is no note.
        """
        if resource is not Resource.CONTACT:
            return self._children(resource).pull(cursor, window)
        place = feed.read(cursor)
        if window is not None:
            return self._window(place, window, fields)
        match place:
            case feed.FeedCursor() if not full:
                return self._changes(place, fields)
            case feed.SweepCursor():
                return self._sweep(place, fields)
            case _:
                return self._sweep(feed.SweepCursor(), fields)

    def children(
        self,
        resource: Resource,
        parent_id: str,
        *,
        fields: frozenset[str],  # noqa: ARG002 - GHL shows all of them anyway
    ) -> Sequence[Record]:
        """All of one contact, with every field there is."""
        return self._children(resource).children(parent_id)

    def child(
        self,
        resource: Resource,
        remote_id: str,
        parent_id: str,
        *,
        fields: frozenset[str],  # noqa: ARG002 - GHL shows all of them anyway
    ) -> Record:
        """One of them now, with every field there is."""
        return self._children(resource).child(remote_id, parent_id)

    def keep_to(self, resource: Resource, extent: Extent) -> None:
        """List only these; `back` and `ahead` bound appointments alone."""
        self._children(resource).extent = extent

    def named(self, resource: Resource, field: str) -> Names:
        """Calendars of the location by their names; users by theirs, and by their addresses."""
        spec = SPEC.resources[resource]
        known = calendars(self._api) if field == spec.calendar else users(self._api)
        return {remote_id: one.names for remote_id, one in known.items()}

    def staffed(self) -> frozenset[str]:
        """Calendars with a team."""
        return with_a_team(self._api)

    def rights(self, resource: Resource) -> Sequence[Right]:
        """Scopes that the token has or lacks for one of these, as far as reading shows it."""
        self._children(resource)
        return tuple(rights(self._api, resource))

    def rights_of_fields(self, fields: frozenset[str]) -> Sequence[Right]:
        """Scopes that some fields of contacts need, as far as reading shows it."""
        return tuple(rights_of_fields(self._api, fields))

    def _children(self, resource: Resource) -> Children:
        if resource not in self._nested:
            raise ConfigError(
                f"The GHL connector has no {resource.value} that belongs to a contact"
            )
        return self._nested[resource]

    def _sweep(self, place: feed.SweepCursor, fields: frozenset[str]) -> Iterator[Page]:
        """Every contact by the time it was added; resumable after any page."""
        for found in search.walk(self._api, self._page_size, sort=ADDED, after=place.after):
            started = found.now_ms if place.started_ms is None else place.started_ms
            place = feed.SweepCursor(found.after, started)
            after = place if found.after is not None else feed.after_sweep(started, self._lag_ms)
            page = self._page(found, fields, after)
            yield page
            self._reader.remember(page.records)

    def _window(
        self, place: feed.Cursor | None, window: Window, fields: frozenset[str]
    ) -> Iterator[Page]:
        """Contacts added or updated in a window; goes on if the cursor is of this window."""
        since, until = search.bounds(window)
        here = feed.WindowCursor(since, until)
        if isinstance(place, feed.WindowCursor) and replace(place, after=None) == here:
            here = place
        inside = {"gte": since, "lt": until}
        either = search.either(search.between(ADDED, **inside), search.between(UPDATED, **inside))
        for found in search.walk(
            self._api, self._page_size, sort=ADDED, filters=[either], after=here.after
        ):
            here = replace(here, after=found.after or found.last)
            page = self._page(found, fields, here)
            yield page
            self._reader.remember(page.records)

    def _changes(self, place: feed.FeedCursor, fields: frozenset[str]) -> Iterator[Page]:
        """The fresh pass, then as many pages of the settle pass, at least one."""
        before, pages, now_ms = place, 0, place.settled_ms
        fresh = [search.between(UPDATED, gte=place.newest_ms)]
        for found in search.walk(
            self._api, self._page_size, sort=UPDATED, filters=fresh, after=place.fresh_after
        ):
            pages, now_ms = pages + 1, found.now_ms
            place = feed.passed(place, found.rows, found.after)
            rows = feed.unseen(before, found.rows)
            records = self._reader.complete(rows, fields)
            yield Page(records, feed.write(place), found.total)
            self._reader.remember(records)
        upto = feed.to_settle(place, now_ms, self._lag_ms)
        if upto is None:
            return
        settling = [search.between(UPDATED, gte=place.settled_ms, lte=upto)]
        walk = search.walk(
            self._api, self._page_size, sort=UPDATED, filters=settling, after=place.settle_after
        )
        for found in islice(walk, pages):
            place = feed.settled(place, found.rows, found.after, upto)
            records = self._reader.complete(found.rows, fields, again=True)
            yield Page(records, feed.write(place))
            self._reader.remember(records)

    def probe(self, address: str) -> Iterator[Finding]:
        """Try the assumptions with one contact that is made for it, and removed."""
        lag_s = self._lag_ms / 1000
        probe = Probe(self._api, self._reader, address, lag_s=lag_s, page_size=self._page_size)
        return probe.findings()

    def _page(self, found: search.Found, fields: frozenset[str], after: feed.Cursor) -> Page:
        return Page(self._reader.complete(found.rows, fields), feed.write(after), found.total)


def _only_contacts(resource: Resource) -> None:
    if resource is not Resource.CONTACT:
        raise ConfigError(f"GHL does this with contacts only, and not with a {resource.value}")
