"""Maileon: XML over HTTPS, a list of changes, opt-outs in a report, bulk writes.

Source: maileon.md (XQueue REST API 1.0), all of it. What the daemon relies on although it is
nowhere documented stands in docs/connect-maileon.md, by the numbers U1 to U28.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from syncd.connectors.api import Wire
from syncd.connectors.maileon import check, create, optouts, update
from syncd.connectors.maileon.account import Account
from syncd.connectors.maileon.assumptions import ASSUMPTIONS
from syncd.connectors.maileon.codec import Element, Selection, to_record, wire_email
from syncd.connectors.maileon.config import Settings
from syncd.connectors.maileon.engagement import engagement
from syncd.connectors.maileon.fields import FIELDS, KINDS, SPEC, TYPES, costs, custom_name
from syncd.connectors.maileon.probe import Probe
from syncd.connectors.maileon.pull import pull
from syncd.errors import (
    AccountError,
    ConfigError,
    InDoubtError,
    InvariantError,
    RecordError,
    StaleError,
    TransientError,
)
from syncd.http import xml
from syncd.model.engagement import EventPage
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.probe import Assumption, Finding
from syncd.model.record import Identity, Page, Record, Resource, Window
from syncd.model.spec import Catalogue, FieldSpec
from syncd.model.values import Value


class Maileon:
    """One newsletter account."""

    assumptions: ClassVar[Sequence[Assumption]] = ASSUMPTIONS

    def __init__(self, settings: Settings, wire: Wire) -> None:
        contact = replace(
            SPEC.resources[Resource.CONTACT],
            batch_size=settings.batch_size,
            costs=costs(settings),
        )
        self.spec = replace(SPEC, resources={Resource.CONTACT: contact})
        self._account = Account(settings, wire)

    def check(self) -> Identity:
        return check.check(self._account)

    def catalogue(self, resource: Resource) -> Catalogue:
        _contact_only(resource)
        return {**FIELDS, **self._account.custom(fresh=True)}

    def create_field(self, resource: Resource, field: FieldSpec) -> None:
        _contact_only(resource)
        name = custom_name(field)
        calls = self._account.calls
        existing = calls.custom_fields().get(name)
        if existing is not None and KINDS.get(existing.lower()) is not field.kind:
            raise ConfigError(
                f"Maileon has a custom field {name!r} of type {existing}, not {TYPES[field.kind]}",
                hint="A type cannot be changed: choose another name.",
            )
        self._account.forget_custom()
        if existing is not None:
            return
        try:
            calls.create_field(name, TYPES[field.kind])
        except (InDoubtError, RecordError) as cause:
            if name not in calls.custom_fields():
                raise AccountError(
                    f"The custom field {name!r} could not be created: {cause.message}"
                ) from cause

    def pull(
        self,
        resource: Resource,
        cursor: str | None,
        *,
        fields: frozenset[str],
        full: bool = False,
        window: Window | None = None,
    ) -> Iterator[Page]:
        _contact_only(resource)
        return pull(self._account, cursor, fields=fields, full=full, window=window)

    def fetch(self, resource: Resource, remote_id: str, *, fields: frozenset[str]) -> Record:
        _contact_only(resource)
        wanted = self._account.selection(fields)
        contact = self._account.calls.contact(remote_id, wanted)
        if contact is None:
            calls, clock = self._account.calls, self._account.clock
            return optouts.reason_for_absence(calls, clock, remote_id)
        record = to_record(contact, wanted, self._account.clock)
        if record is None or record.remote_id != remote_id:
            raise TransientError("GET /contacts/contact was answered with another contact")
        return record

    def find(
        self, resource: Resource, key: str, value: Value, *, fields: frozenset[str]
    ) -> Sequence[Record]:
        _contact_only(resource)
        if key not in self.spec.resources[resource].finds:
            raise InvariantError(f"Maileon cannot look up contacts by {key}")
        legal = xml.legal(value) if isinstance(value, str) else ""
        if not legal.strip(". "):
            return ()  # nothing that could stand in a path is left of it
        wanted = self._account.selection(fields)
        try:
            contacts = self._look_up(key, legal, wanted)
        except RecordError:
            return ()  # what Maileon takes for no address can be nobody's
        records = (to_record(contact, wanted, self._account.clock) for contact in contacts)
        return tuple(record for record in records if record is not None)

    def _look_up(self, key: str, value: str, wanted: Selection) -> list[Element]:
        if key == "external_id":
            return self._account.calls.by_external_id(value, wanted)
        contact = self._account.calls.by_email(wire_email(value), wanted)
        return [] if contact is None else [contact]

    def push(self, resource: Resource, ops: Sequence[Op]) -> Iterator[Receipt]:
        _contact_only(resource)
        creates = [op for op in ops if op.kind is OpKind.CREATE]
        rest = [op for op in ops if op.kind is not OpKind.CREATE]
        updates = [op for op in rest if op.kind is OpKind.UPDATE and update.fits_bulk(op)]
        if not self._account.settings.bulk_updates or len(updates) < update.BULK_FROM:
            updates = []
        bulked = {op.id for op in updates}
        lone = [op for op in rest if op.id not in bulked]
        for op in sorted(lone, key=lambda op: not _is_urgent(op)):
            yield self._written(op)
        if creates:
            yield from create.create(self._account, creates)
        if updates:
            yield from update.update_many(self._account, updates)

    def _written(self, op: Op) -> Receipt:
        try:
            return self._write(op)
        except (RecordError, StaleError, TransientError) as error:
            return Receipt(op.id, error=error)

    def _write(self, op: Op) -> Receipt:
        if op.kind is OpKind.SUPPRESS:
            return optouts.suppress(self._account, op)
        if op.remote_id is None:
            raise InvariantError(f"op {op.id} is to {op.kind.value} nobody")
        if op.kind is OpKind.DELETE:
            self._account.calls.delete(op.remote_id)
            return Receipt(op.id, remote_id=op.remote_id)
        if optouts.revokes(op):
            return optouts.opt_out(self._account, op, op.remote_id)
        return update.update(self._account, op, op.remote_id)

    def engagement(self, name: str, cursor: str | None) -> Iterator[EventPage]:
        return engagement(self._account, name, cursor)

    def probe(self, address: str) -> Iterator[Finding]:
        return Probe(self._account, address).findings()

    def close(self) -> None:
        self._account.calls.close()


def _is_urgent(op: Op) -> bool:
    return op.urgent or op.kind is OpKind.SUPPRESS or "consent" in op.patch


def _contact_only(resource: Resource) -> None:
    if resource is not Resource.CONTACT:
        raise InvariantError(f"Maileon has no {resource.value}")
