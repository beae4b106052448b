"""A connector whose errors say which account they are about, and what was not done."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Event

from syncd.connectors.api import (
    Bounded,
    Connector,
    Engaging,
    Names,
    Naming,
    Nested,
    Probing,
    Scoped,
    Staffed,
)
from syncd.errors import AccountError, FieldsChangedError, StoppedError, SyncdError, TransientError
from syncd.model.derived import DERIVED, offered, with_derived
from syncd.model.engagement import EventPage
from syncd.model.op import Op, Receipt
from syncd.model.probe import Finding
from syncd.model.record import Identity, Page, Record, Resource, Right, Window
from syncd.model.spec import Catalogue, FieldSpec
from syncd.model.values import Value


class Named:
    """A connector under the name that its account has in the configuration.

    It passes everything on, and everything back. Only what stops the account or is to be
    tried again says in its text whose account it is. Contacts have the derived fields that it
    can feed; the connector itself is never asked for one.

    Args:
        where: `file:line` of the account, for what a person has to mend there.
        wrote: set with the first write, of this account or another one that shares it.
    """

    def __init__(self, inner: Connector, name: str, where: str, wrote: Event) -> None:
        self.spec = with_derived(inner.spec)
        self._inner = inner
        self._name = name
        self._where = where
        self._wrote = wrote
        if isinstance(inner, Bounded):  # set here, as only what is there makes a connector so
            self.room = partial(self._room, inner)
        if isinstance(inner, Nested):
            self.children = partial(self._children, inner)
            self.child = partial(self._child, inner)
            self.rights = partial(self._rights, inner)
            self.keep_to = inner.keep_to
        if isinstance(inner, Scoped):
            self.rights_of_fields = partial(self._rights_of_fields, inner)
        if isinstance(inner, Staffed):
            self.staffed = partial(self._staffed, inner)
        if isinstance(inner, Naming):
            self.named = partial(self._names, inner)
        if isinstance(inner, Engaging):
            self.engagement = partial(self._engagement, inner)
        if isinstance(inner, Probing):
            self.assumptions = inner.assumptions
            self.probe = partial(self._probe, inner)

    def check(self) -> Identity:
        with self._told():
            return self._inner.check()

    def catalogue(self, resource: Resource) -> Catalogue:
        more = offered(self._inner.spec.resources) if resource is Resource.CONTACT else {}
        with self._told():
            return {**self._inner.catalogue(resource), **more}

    def create_field(self, resource: Resource, field: FieldSpec) -> None:
        self._wrote.set()
        with self._told():
            self._inner.create_field(resource, field)

    def pull(
        self,
        resource: Resource,
        cursor: str | None,
        *,
        fields: frozenset[str],
        full: bool = False,
        window: Window | None = None,
    ) -> Iterator[Page]:
        own = fields - DERIVED
        with self._told():
            yield from self._inner.pull(resource, cursor, fields=own, full=full, window=window)

    def fetch(self, resource: Resource, remote_id: str, *, fields: frozenset[str]) -> Record:
        with self._told():
            return self._inner.fetch(resource, remote_id, fields=fields - DERIVED)

    def find(
        self, resource: Resource, key: str, value: Value, *, fields: frozenset[str]
    ) -> Sequence[Record]:
        with self._told():
            return self._inner.find(resource, key, value, fields=fields - DERIVED)

    def push(self, resource: Resource, ops: Sequence[Op]) -> Iterator[Receipt]:
        self._wrote.set()
        with self._told():
            yield from self._inner.push(resource, ops)

    def close(self) -> None:
        self._inner.close()

    def _children(
        self, inner: Nested, resource: Resource, parent_id: str, *, fields: frozenset[str]
    ) -> Sequence[Record]:
        with self._told():
            return inner.children(resource, parent_id, fields=fields)

    def _child(
        self,
        inner: Nested,
        resource: Resource,
        remote_id: str,
        parent_id: str,
        *,
        fields: frozenset[str],
    ) -> Record:
        with self._told():
            return inner.child(resource, remote_id, parent_id, fields=fields)

    def _rights(self, inner: Nested, resource: Resource) -> Sequence[Right]:
        with self._told():
            return inner.rights(resource)

    def _rights_of_fields(self, inner: Scoped, fields: frozenset[str]) -> Sequence[Right]:
        with self._told():
            return inner.rights_of_fields(fields)

    def _staffed(self, inner: Staffed) -> frozenset[str]:
        with self._told():
            return inner.staffed()

    def _names(self, inner: Naming, resource: Resource, field: str) -> Names:
        with self._told():
            return inner.named(resource, field)

    def _engagement(self, inner: Engaging, name: str, cursor: str | None) -> Iterator[EventPage]:
        with self._told():
            yield from inner.engagement(name, cursor)

    def _room(self, inner: Bounded, resource: Resource) -> int | None:
        with self._told():
            return inner.room(resource)

    def _probe(self, inner: Probing, address: str) -> Iterator[Finding]:
        self._wrote.set()
        with self._told():
            yield from inner.probe(address)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Put the account's name before the text; the class of an error stays what it is."""
        try:
            yield
        except StoppedError:
            raise  # a person's wish, and not about any account
        except AccountError as error:
            if isinstance(error, FieldsChangedError):
                error.account = self._name
            unsent = "" if self._wrote.is_set() or "othing was" in error.message else _UNSENT
            where = f"Account '{self._name}' ({self._where})"
            _say(error, f"{where}: {_sentence(error.message)}{unsent}")
            raise
        except TransientError as error:
            _say(error, f"Account '{self._name}': {_sentence(error.message)}")
            raise


_UNSENT = " Nothing was sent."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _say(error: SyncdError, message: str) -> None:
    error.message = message
    error.args = (message,)
