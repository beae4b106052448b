"""Two invented platforms in this process, so that what is measured is the engine alone.

Their answers cost next to nothing: one list of records, in the order in which they changed.
The one takes writes one by one, eight at a time, as GHL does; the other a hundred at once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pydantic import BaseModel

from syncd.connectors.api import Plugin, Wire
from syncd.connectors.registry import installed
from syncd.errors import InvariantError
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Identity, Page, Record, Resource, Window
from syncd.model.spec import Catalogue, ConsentSpec, FieldSpec, Kind, ResourceSpec, Spec
from syncd.model.values import Fields, SetDelta, Value

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("email", "first", "last", "city", "phone", "tags", "consent")
KINDS = {"email": Kind.EMAIL, "phone": Kind.PHONE, "tags": Kind.SET, "consent": Kind.CONSENT}
FIELDS: Catalogue = {name: FieldSpec(name, KINDS.get(name, Kind.TEXT)) for name in NAMES}
PAGE = 100


class Settings(BaseModel):
    """Nothing is configured."""


class Invented:
    """One account: records by id, and the order in which they were last changed."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._shown: dict[str, tuple[int, Fields]] = {}
        self._changed: list[str] = []  # ids; a record's last place is its newest

    def put(self, remote_id: str, fields: Fields) -> None:
        """A person enters or edits a contact."""
        self._changed.append(remote_id)
        self._shown[remote_id] = (len(self._changed), fields)

    def __len__(self) -> int:
        return len(self._shown)

    def check(self) -> Identity:
        return Identity(account_id=self.spec.name, title=self.spec.title, country="US")

    def catalogue(self, resource: Resource) -> Catalogue:
        return FIELDS

    def create_field(self, resource: Resource, field: FieldSpec) -> None:
        raise InvariantError(f"the field {field.name} is there already")

    def pull(
        self,
        resource: Resource,
        cursor: str | None,
        *,
        fields: frozenset[str],
        full: bool = False,
        window: Window | None = None,
    ) -> Iterator[Page]:
        place, newest = 0 if full or cursor is None else int(cursor), len(self._changed)
        while True:
            ids = self._changed[place : place + PAGE]
            there = [
                self._record(i) for n, i in enumerate(ids, place + 1) if self._shown[i][0] == n
            ]
            place += len(ids)
            yield Page(there, str(place), last=place >= newest)
            if place >= newest:
                return

    def fetch(self, resource: Resource, remote_id: str, *, fields: frozenset[str]) -> Record:
        return self._record(remote_id)

    def find(
        self, resource: Resource, key: str, value: Value, *, fields: frozenset[str]
    ) -> Sequence[Record]:
        return [self._record(i) for i, (_, shown) in self._shown.items() if shown[key] == value]

    def push(self, resource: Resource, ops: Sequence[Op]) -> Iterator[Receipt]:
        for op in ops:
            remote_id = op.remote_id or f"{self.spec.name}-new{len(self._changed):07}"
            before: Fields = {} if op.kind is OpKind.CREATE else self._shown[remote_id][1]
            after: dict[str, Value] = {**dict.fromkeys(NAMES), **before}
            for name, value in op.patch.items():
                old = after[name]
                members = old if isinstance(old, frozenset) else frozenset()
                after[name] = value.on(members) if isinstance(value, SetDelta) else value
            self.put(remote_id, after)
            yield Receipt(op.id, remote_id, self._record(remote_id))

    def close(self) -> None:
        """There is nothing to give back."""

    def _record(self, remote_id: str) -> Record:
        number, fields = self._shown[remote_id]
        return Record(remote_id, fields, version=f"{number:09}", modified=WRITTEN)


def install() -> dict[str, Invented]:
    """Two accounts by the name of their connector, as if packages had brought these along."""
    contact = ResourceSpec(
        fields=FIELDS, unique_key="email", finds=frozenset({"email"}), consent=ConsentSpec()
    )
    accounts: dict[str, Invented] = {}
    for name, batch, at_once in (("single", 1, 8), ("bulk", 100, 1)):
        sized = replace(contact, batch_size=batch, concurrency=at_once)
        spec = Spec(name, f"Invented, {name}", {Resource.CONTACT: sized})
        accounts[name] = Invented(spec)
        plugin = Plugin(spec, Settings, _opener(accounts[name]), {})
        installed()[name] = plugin  # type: ignore[index]  # a dict, and kept for this process
    return accounts


def _opener(account: Invented) -> Callable[[Settings, Wire], Invented]:
    def opened(settings: Settings, wire: Wire) -> Invented:
        return account

    return opened
