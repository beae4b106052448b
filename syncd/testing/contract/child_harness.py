"""The harness for a resource that belongs to contacts: what promises do there differs little."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from syncd.connectors.api import Connector, Nested
from syncd.errors import RecordError, StaleError
from syncd.model.op import Op, OpKind
from syncd.model.record import Page, Record, Resource
from syncd.model.spec import FieldSpec, Kind, Listing
from syncd.model.values import Fields, Value
from syncd.testing.contract.calling import calling
from syncd.testing.contract.harness import Harness
from syncd.testing.contract.platform import Platform
from syncd.testing.contract.promise import BrokenPromiseError, hold
from syncd.testing.contract.seen import some


class ChildHarness(Harness):
    """One account with three contacts: two that have children, and one that is deleted.

    Attributes:
        one, other: the contacts to which children belong, in turn.
        nobody: the id of the contact that is not there any more.
    """

    # Of a contact that is not there: its child is parked, or planned again.
    refusals = (RecordError, StaleError)

    def __init__(self, platform: type[Platform], resource: Resource) -> None:
        self._needed: Fields = {}
        self._parents: dict[str, str] = {}
        super().__init__(platform, resource)
        self.looks = {"child": self.fetch, "children": self.among_its_siblings}
        self.one, self.other, self.nobody = (self._contact() for _ in range(3))
        self.platform.delete(self.nobody)
        self.settle()

    def _check_stage(self) -> None:
        self.nested(self.connector)
        self._needed = self.platform.child(self.resource, 0)
        unknown = self._needed.keys() - self.catalogue.keys()
        hold(
            not unknown, f"`Platform.child` names fields that the catalogue lacks: {some(unknown)}"
        )
        hold(self.text != "", "`Platform.child` gives no writable text, for plain edits")

    def _contact(self) -> str:
        return self.platform.create(self.platform.person(next(self._numbers)))

    def nested(self, connector: Connector) -> Nested:
        """The connector, as what reads children."""
        if not isinstance(connector, Nested):
            raise BrokenPromiseError(
                f"The Spec offers {self.resource.value}s, and the connector lacks a method of"
                " `Nested`: `children`, `child`, `rights`, `keep_to`"
            )
        return connector

    # Fields

    @property
    def key(self) -> str:
        return ""

    @property
    def text(self) -> str:
        texts = (n for n in self._needed if self.catalogue[n].kind is Kind.TEXT)
        return next((n for n in texts if isinstance(self._needed[n], str)), "")

    @property
    def page_size(self) -> int:
        return self.platform.child_page_size.get(self.resource, self.platform.page_size) or 3

    @property
    def in_pages(self) -> bool:
        size = self.platform.child_page_size.get(self.resource, self.platform.page_size)
        return self.spec.listing is Listing.FLAT and size is not None

    @property
    def refused_edit(self) -> Fields:
        return {}

    @property
    def empty_is_absent(self) -> Collection[str]:
        own = f"{self.resource.value}."
        named = self.platform.empty_is_absent
        return [name.removeprefix(own) for name in named if name.startswith(own)]

    @property
    def unique_key(self) -> str | None:
        return self.spec.unique_key

    @property
    def _better_samples(self) -> Mapping[str, Sequence[Value]]:
        return self.platform.child_samples(self.resource)

    @property
    def texts(self) -> list[FieldSpec]:
        return [spec for spec in super().texts if spec.name not in self._better_samples]

    # Children

    def person(self, **fields: Value) -> dict[str, Value]:
        return {**self.platform.child(self.resource, next(self._numbers)), **fields}

    def known_by(self, person: Fields) -> dict[str, Value]:  # noqa: ARG002 - nothing is unique
        return {}

    def create(self, fields: Fields) -> str:
        parent_id = (self.one, self.other)[len(self._parents) % 2]
        return self.create_under(parent_id, fields)

    def create_under(self, parent_id: str, fields: Fields) -> str:
        remote_id = self.platform.create_child(self.resource, parent_id, fields)
        self._parents[remote_id] = parent_id
        return remote_id

    def edit(self, remote_id: str, fields: Fields) -> None:
        self.platform.edit_child(self.resource, remote_id, fields)

    def delete(self, remote_id: str) -> None:
        self.platform.delete_child(self.resource, remote_id)

    def existing(self) -> Collection[str]:
        return self.platform.existing_children(self.resource)

    def parent_of(self, remote_id: str | None) -> str:
        """Its contact; `one` for what a connector made."""
        return self._parents.get(remote_id or "", self.one)

    def refused_creation(self, text: str) -> Op:
        """The op that creates one for a contact that is not there."""
        return replace(self.creation(**{self.text: text}), parent_id=self.nobody)

    def refused(self, kind: OpKind) -> str:
        return f"the {kind.value} of a child of a contact that was deleted"

    # Calls

    def fetch(self, remote_id: str, by: Connector | None = None) -> Record:
        connector = self.nested(by or self.connector)
        parent_id = self.parent_of(remote_id)
        with calling("child"):
            return connector.child(self.resource, remote_id, parent_id, fields=self.names)

    def of(self, parent_id: str, by: Connector | None = None) -> dict[str, Record]:
        """The children of one contact by their ids, each checked to be of that contact."""
        connector = self.nested(by or self.connector)
        with calling("children"):
            found = connector.children(self.resource, parent_id, fields=self.names)
        hold(
            all(record.parent_id == parent_id for record in found),
            "`children` of a contact shows a record with another `parent_id`, or with none",
        )
        return {record.remote_id: record for record in found}

    def among_its_siblings(self, remote_id: str, by: Connector | None = None) -> Record:
        """One as the list of its contact shows it, where absence means that it is gone."""
        found = self.of(self.parent_of(remote_id), by)
        return found.get(remote_id, Record(remote_id, {}, gone=True))

    def looked_up(self, op: Op) -> list[str]:
        """All of the contact, as nothing of them is unique."""
        return list(self.of(op.parent_id or "", self.opened()))

    def _pulled(self, by: Connector, cursor: str | None, *, full: bool) -> Iterator[Page]:
        """What is listed by contact only counts as one page of both."""
        if self.spec.listing is Listing.FLAT:
            yield from super()._pulled(by, cursor, full=full)
            return
        records = [r for parent in (self.one, self.other) for r in self.of(parent, by).values()]
        yield Page(records, "", last=True)
