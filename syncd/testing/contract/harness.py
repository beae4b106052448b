"""A fresh platform with a connector on it, and the few things that every promise does there."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count, islice
from typing import Any, ClassVar

from syncd.connectors.api import Connector, Wire
from syncd.core.canonical import canonical, same
from syncd.errors import RecordError, SyncdError
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Page, Record, Resource, is_usable_id
from syncd.model.spec import Catalogue, FieldSpec, Kind, ResourceSpec
from syncd.model.values import Fields, Patch, Value
from syncd.testing.contract.calling import calling, told
from syncd.testing.contract.clock import Clock
from syncd.testing.contract.line import Line
from syncd.testing.contract.platform import Platform
from syncd.testing.contract.promise import BrokenPromiseError, hold
from syncd.testing.contract.samples import samples_for
from syncd.testing.contract.seen import check_receipts, shown

CONTACT = Resource.CONTACT
MOST_PAGES = 1_000
Look = Callable[[str, Connector | None], Record]  # by remote id, and by another connector


class Harness:
    """One account, made for one promise about one resource: contacts, unless a subclass says so.

    Attributes:
        looks: ways to read one record directly, by the name of the method.
        refusals: how a receipt may tell of `refused_creation`.
    """

    refusals: ClassVar[tuple[type[SyncdError], ...]] = (RecordError,)

    def __init__(self, platform: type[Platform], resource: Resource = CONTACT) -> None:
        self.resource = resource
        self.clock = Clock()
        self.platform = platform(self.clock)
        self.line = Line(self.platform.transport, self.clock)
        self.settings = self._settings()
        self._numbers = count(1)
        self._op_ids = count(101, 7)  # no positions in a batch
        self.connector = self.opened()
        self.spec: ResourceSpec = self.connector.spec.resources[resource]
        with calling("catalogue"):
            self.catalogue: Catalogue = self.connector.catalogue(resource)
        self.made: dict[str, FieldSpec] = {}  # custom fields, as they were asked for
        self.looks: Mapping[str, Look] = {"fetch": self.fetch}
        self._check_stage()

    def _settings(self) -> Any:
        try:
            return self.platform.plugin.settings(**self.platform.settings)
        except ValueError as cause:  # of pydantic
            raise BrokenPromiseError(
                f"`Platform.settings` do not fit the settings model of the Plugin: {cause}"
            ) from cause

    def _check_stage(self) -> None:
        key, text = (self.catalogue.get(name) for name in (self.key, self.text))
        hold(key is not None, f"`Platform.key` is '{self.key}', which the catalogue lacks")
        hold(
            text is not None and text.kind is Kind.TEXT and not text.read_only,
            f"`Platform.text` is '{self.text}', no writable text of the catalogue",
        )

    def opened(self) -> Connector:
        """Another connector of the same account, as after a crash: it remembers nothing."""
        wire = Wire(
            transport=self.line,
            now=self.clock.now,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
        )
        with calling("Plugin.open"):
            return self.platform.plugin.open(self.settings, wire)

    # Fields

    @property
    def names(self) -> frozenset[str]:
        """Every field there is."""
        return frozenset(name for name, spec in self.catalogue.items() if spec.kept)

    @property
    def texts(self) -> list[FieldSpec]:
        """Every text field that can be written to a record which exists."""
        return [
            spec
            for spec in self.catalogue.values()
            if spec.kind is Kind.TEXT and not (spec.read_only or spec.fixed or spec.choices)
            if spec.name != self.key
        ]

    @property
    def key(self) -> str:
        """The field that tells records from one another; empty where there is none."""
        return self.platform.key

    @property
    def text(self) -> str:
        """The field for plain edits."""
        return self.platform.text

    @property
    def page_size(self) -> int:
        return self.platform.page_size

    @property
    def in_pages(self) -> bool:
        """Whether a sweep of many records takes several pages."""
        return True

    @property
    def refused_edit(self) -> Fields:
        return self.platform.refused_edit

    @property
    def empty_is_absent(self) -> Collection[str]:
        return self.platform.empty_is_absent

    @property
    def unique_key(self) -> str | None:
        return self.platform.unique_key or self.spec.unique_key

    def samples(self, number: int) -> dict[str, Value]:
        """The first or second valid value of every field, but for the key and consent."""
        found: dict[str, Value] = {}
        for name, spec in self.catalogue.items():
            values = self._better_samples.get(name, samples_for(self.made.get(name, spec)))
            if not spec.read_only and name != self.key and values:
                found[name] = values[number % len(values)]
        return found

    @property
    def _better_samples(self) -> Mapping[str, Sequence[Value]]:
        return self.platform.samples

    def is_same(self, name: str, shown: Value, wanted: Value) -> bool:
        """Whether a field shows what was written, as the engine would compare it."""
        spec = self.catalogue[name]
        now, then = (canonical(value, spec, country=None).value for value in (shown, wanted))
        return same(now, then, spec)

    def differing(self, shown: Fields, wanted: Fields) -> list[str]:
        """Names of the fields that do not show what was written; a missing one differs too."""
        return [
            name
            for name, value in wanted.items()
            if name not in shown or not self.is_same(name, shown[name], value)
        ]

    # People

    def person(self, **fields: Value) -> dict[str, Value]:
        """Fields of somebody new."""
        return {**self.platform.person(next(self._numbers)), **fields}

    def known_by(self, person: Fields) -> dict[str, Value]:
        """The part of somebody's fields that no plain edit changes."""
        return {self.key: person[self.key]}

    # What people do on the platform

    def create(self, fields: Fields) -> str:
        return self.platform.create(fields)

    def edit(self, remote_id: str, fields: Fields) -> None:
        self.platform.edit(remote_id, fields)

    def delete(self, remote_id: str) -> None:
        self.platform.delete(remote_id)

    def existing(self) -> Collection[str]:
        return self.platform.existing()

    def populate(self, number: int) -> dict[str, dict[str, Value]]:
        """Let people come into being on the platform; their fields by remote id."""
        made: dict[str, dict[str, Value]] = {}
        for _ in range(number):
            fields = self.person(**{self.text: f"Text {len(made)}"})
            made[self.create(fields)] = fields
        self.clock.sleep(60.0)
        self.settle()
        return made

    def settle(self) -> None:
        """Let so much time pass that every index has caught up."""
        self.clock.sleep(self.platform.lag().total_seconds() + 1.0)

    # Calls

    def pages(
        self, cursor: str | None = None, *, full: bool = False, by: Connector | None = None
    ) -> Iterator[Page]:
        """Pages as they come, each checked for its shape."""
        with calling("pull"):
            pulled = self._pulled(by or self.connector, cursor, full=full)
            for number, page in enumerate(pulled, 1):
                hold(isinstance(page, Page), f"`pull` gave a {type(page).__name__}, not a Page")
                hold(
                    isinstance(page.cursor, str) and (page.cursor != "" or page.last),
                    f"page {number} has no cursor; every page needs one to go on from",
                )
                for record in page.records:
                    hold(
                        is_usable_id(record.remote_id) or (record.gone and not record.remote_id),
                        f"page {number} holds a record without a usable `remote_id`",
                    )
                yield page
                hold(number < MOST_PAGES, f"`pull` did not end after {MOST_PAGES:,} pages")

    def _pulled(self, by: Connector, cursor: str | None, *, full: bool) -> Iterator[Page]:
        return by.pull(self.resource, cursor, fields=self.names, full=full)

    def pull(
        self, cursor: str | None = None, *, full: bool = False, by: Connector | None = None
    ) -> list[Page]:
        return list(self.pages(cursor, full=full, by=by))

    def fetch(self, remote_id: str, by: Connector | None = None) -> Record:
        with calling("fetch"):
            return (by or self.connector).fetch(self.resource, remote_id, fields=self.names)

    def find(self, key: str, value: Value, by: Connector | None = None) -> Sequence[Record]:
        with calling("find"):
            return (by or self.connector).find(self.resource, key, value, fields=self.names)

    def op(
        self,
        kind: OpKind,
        patch: Patch,
        remote_id: str | None = None,
        current: Fields | None = None,
    ) -> Op:
        parent_id = self.parent_of(remote_id)
        return Op(
            next(self._op_ids),
            self.resource,
            kind,
            remote_id,
            patch,
            current or {},
            parent_id=parent_id,
        )

    def parent_of(self, remote_id: str | None) -> str | None:  # noqa: ARG002 - of contacts
        """To what a record belongs, or is to belong."""
        return None

    def creation(self, **fields: Value) -> Op:
        """The op that creates somebody new, with the other side's id as the engine gives it."""
        op = self.op(OpKind.CREATE, self.person(**fields))
        if self.spec.reference is None:
            return op
        return replace(op, patch={self.spec.reference: f"other-{op.id}", **op.patch})

    def refused_creation(self, text: str) -> Op:
        """The op that creates somebody whom the platform refuses."""
        return self.creation(**{self.text: text, **self.platform.refused_create})

    def refused(self, kind: OpKind) -> str:
        """What is refused, for whoever looks for the reason that it was not."""
        return f"`Platform.refused_{'create' if kind is OpKind.CREATE else 'edit'}`"

    def change(self, remote_id: str, person: Fields, patch: Patch) -> Op:
        """The op that updates somebody who is known."""
        return self.op(OpKind.UPDATE, patch, remote_id, self.known_by(person))

    def push(self, *ops: Op, by: Connector | None = None) -> dict[int, Receipt]:
        """Receipts by op id, after no more ops per call than the Spec allows."""
        connector, found = by or self.connector, dict[int, Receipt]()
        rest = iter(ops)
        while batch := list(islice(rest, max(self.spec.batch_size, 1))):
            with calling("push"):
                receipts = list(connector.push(self.resource, batch))
            check_receipts(batch, receipts)
            found |= {receipt.op_id: receipt for receipt in receipts}
        return found

    def done(self, op: Op, receipt: Receipt) -> str:
        """The remote id of a record that was written without an error."""
        if receipt.error is not None:
            raise BrokenPromiseError(
                f"an ordinary {op.kind.value} of {', '.join(op.patch)} was answered with"
                f" {told(receipt.error)}; if one of the values is at fault, name better ones in"
                " `Platform.samples` (or `child_samples`)"
            ) from receipt.error
        return self.identified(op, receipt)

    def identified(self, op: Op, receipt: Receipt) -> str:
        """The remote id of a written record; looked up by its key where ids follow."""
        if receipt.remote_id is not None:
            return receipt.remote_id
        hold(
            op.kind is OpKind.CREATE and self.spec.ids_follow,
            f"the receipt of a {op.kind.value} has no `remote_id`, and the Spec does not say"
            " that ids follow",
        )
        self.settle()
        found = self.looked_up(op)
        hold(
            len(found) == 1,
            f"a create was answered without an id, and {len(found)} records have its key after"
            " the index has caught up; there has to be one",
        )
        return found[0]

    def looked_up(self, op: Op) -> list[str]:
        """Ids of the records that a create may have made, as the connector shows them."""
        key = self.key
        value = op.patch[key]
        wanted = value if isinstance(value, str) else ""
        if key in self.spec.finds:
            return [r.remote_id for r in self.find(key, wanted, self.opened()) if not r.gone]
        listed = shown(self.pull(full=True, by=self.opened()))
        return [
            remote_id
            for remote_id, record in listed.items()
            if not record.gone and self.is_same(key, record.fields.get(key), wanted)
        ]
