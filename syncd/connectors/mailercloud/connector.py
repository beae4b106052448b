"""Mailercloud: JSON over HTTPS, a listing and no list of changes, opt-outs in campaign reports.

Source: mailercloud.md, all of it. What the daemon relies on although no document settles it
stands in assumptions.py, and in docs/connect-mailercloud.md with what follows for users.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from syncd.connectors.api import Wire
from syncd.connectors.mailercloud import check, create, pull, update
from syncd.connectors.mailercloud.account import Account
from syncd.connectors.mailercloud.answers import complaint_of_write, whole
from syncd.connectors.mailercloud.assumptions import ASSUMPTIONS
from syncd.connectors.mailercloud.batches import Delivery
from syncd.connectors.mailercloud.codec import id_of, tag_key
from syncd.connectors.mailercloud.config import Settings
from syncd.connectors.mailercloud.create import Row
from syncd.connectors.mailercloud.engagement import engagement
from syncd.connectors.mailercloud.fields import CUSTOM, FEW, SPEC, TAGS, creation
from syncd.connectors.mailercloud.probe import Probe
from syncd.connectors.mailercloud.values import wire_email
from syncd.errors import (
    AccountError,
    ConfigError,
    InDoubtError,
    InvariantError,
    RecordError,
    StaleError,
)
from syncd.model.costs import Costs
from syncd.model.engagement import EventPage
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.probe import Assumption, Finding
from syncd.model.record import Identity, Page, Record, Resource, Window
from syncd.model.spec import Catalogue, FieldSpec
from syncd.model.values import Value


class Mailercloud:
    """One list of one account."""

    assumptions: ClassVar[Sequence[Assumption]] = ASSUMPTIONS

    def __init__(self, settings: Settings, wire: Wire) -> None:
        contact = replace(
            SPEC.resources[Resource.CONTACT],
            sweep_rate=settings.requests_per_second * settings.scan_share * wire.rate_share,
            inserts_at_most=None if settings.batch_size == 1 else FEW,
            # New ones in batches, changes one by one (5.4, 5.5); an opt-out is looked at.
            costs=Costs(create=1 / settings.batch_size, optout=2.0),
        )
        self.spec = replace(SPEC, resources={Resource.CONTACT: contact})
        self._account = Account(settings, wire)

    def check(self) -> Identity:
        return check.check(self._account)

    def catalogue(self, resource: Resource) -> Catalogue:
        _contact_only(resource)
        known = self._account.properties(fresh=True).catalogue()
        mark = tag_key(self._account.settings.optout_tag)
        return {**known, TAGS: replace(known[TAGS], reserved=(mark,) if mark else ())}

    def create_field(self, resource: Resource, field: FieldSpec) -> None:
        _contact_only(resource)
        label, wire_type = creation(field)
        if self._has_field(label, field):
            return
        refused = None
        try:
            refused = complaint_of_write(self._account.calls.create_property(label, wire_type))
        except InDoubtError as cause:
            if self._has_field(label, field):
                return
            raise AccountError(f"The property {label!r} was not made: {cause.message}") from cause
        if refused is not None and not self._has_field(label, field):
            raise ConfigError(
                f"{refused.label}: Mailercloud does not make the property {label!r}"
                f" ({refused.status})",
                hint="Make it in Mailercloud, or map to another field.",
            )
        self._account.properties(fresh=True)

    def _has_field(self, label: str, wanted: FieldSpec) -> bool:
        """Whether a property of this label exists.

        Raises:
            ConfigError: it holds something else, which nobody can change.
        """
        found = self._account.properties(fresh=True).custom.get(CUSTOM + label)
        if found is None:
            return False
        if found.spec.kind is not wanted.kind or found.spec.read_only:
            raise ConfigError(
                f"Mailercloud has a property {label!r} that holds {found.spec.kind.value}, not"
                f" {wanted.kind.value}",
                hint="A type cannot be changed: choose another name.",
            )
        return True

    def pull(
        self,
        resource: Resource,
        cursor: str | None,
        *,
        fields: frozenset[str],
        full: bool = False,
        window: Window | None = None,
    ) -> Iterator[Page]:
        """The whole list, whatever is asked for: no row says when it was last changed."""
        _contact_only(resource)
        return pull.pull(self._account, cursor, fields=fields, full=full or window is not None)

    def fetch(self, resource: Resource, remote_id: str, *, fields: frozenset[str]) -> Record:
        _contact_only(resource)
        return self._account.look(remote_id, fields, self._account.wanted(fields))

    def find(
        self, resource: Resource, key: str, value: Value, *, fields: frozenset[str]
    ) -> Sequence[Record]:
        _contact_only(resource)
        if key not in self.spec.resources[resource].finds:
            raise InvariantError(f"Mailercloud cannot look up contacts by {key}")
        try:
            email = wire_email(value)
        except RecordError:
            return ()  # what is no address can be nobody's
        known = self._account.wanted(fields)
        ids = [i for row in create.look_up(self._account, email) if (i := id_of(row))]
        found = (self._account.look(remote_id, fields, known) for remote_id in ids)
        return tuple(record for record in found if not record.gone)

    def push(self, resource: Resource, ops: Sequence[Op]) -> Iterator[Receipt]:
        _contact_only(resource)
        creates = [op for op in ops if op.kind is OpKind.CREATE]
        rest = [op for op in ops if op.kind is not OpKind.CREATE]
        for op in sorted(rest, key=lambda op: not _is_urgent(op)):
            yield self._written(op)
        rows: list[Row] = []
        for ready in create.prepared(self._account, creates):
            if isinstance(ready, Receipt):
                yield ready
            else:
                rows.append(ready)
        if len(rows) <= FEW or self._account.settings.batch_size == 1:
            for row in rows:
                yield create.create_one(self._account, row)
        else:
            yield from Delivery(self._account, rows).receipts()

    def _written(self, op: Op) -> Receipt:
        try:
            return self._write(op)
        except (RecordError, StaleError, InDoubtError) as error:
            return Receipt(op.id, error=error)

    def _write(self, op: Op) -> Receipt:
        if op.kind is OpKind.DELETE:
            raise RecordError(
                "Contacts are never deleted in Mailercloud: it is for good, on every list, and"
                " it erases their opt-out",
                code="not_deletable",
            )
        if op.kind is OpKind.SUPPRESS:
            return update.opt_out_address(self._account, op)
        if op.remote_id is None:
            raise InvariantError(f"op {op.id} is to {op.kind.value} nobody")
        return update.update(self._account, op, op.remote_id)

    def room(self, resource: Resource) -> int | None:
        """Contacts that the plan still takes, without the reserve; None if it does not say."""
        _contact_only(resource)
        remaining = whole(self._account.calls.plan().get("remaining_contacts"))
        if remaining is None:
            return None
        return max(remaining - self._account.settings.quota_reserve, 0)

    def engagement(self, name: str, cursor: str | None) -> Iterator[EventPage]:
        return engagement(self._account, name, cursor)

    def probe(self, address: str) -> Iterator[Finding]:
        return Probe(self._account, address).findings()

    def close(self) -> None:
        self._account.calls.close()


def _is_urgent(op: Op) -> bool:
    return op.urgent or "consent" in op.patch


def _contact_only(resource: Resource) -> None:
    if resource is not Resource.CONTACT:
        raise InvariantError(f"Mailercloud has no {resource.value}")
