"""Records that belong to a contact: what reading and writing them has in common.

Source: ghl.md 4, 9 (per-contact reads) and 11 (what a lost or refused answer means).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from syncd.connectors.ghl.answers import GoneError
from syncd.connectors.ghl.api import Api
from syncd.connectors.ghl.child_codec import could_be, shows, to_child
from syncd.errors import AccountError, InDoubtError, RecordError, SyncdError, TransientError
from syncd.http.answer import Answer
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Extent, Page, Record, Window
from syncd.model.spec import Catalogue


class Children(ABC):
    """One kind of them; may be called by several threads."""

    noun: ClassVar[str]
    fields: ClassVar[Catalogue]
    starts: ClassVar[str | None] = None
    list_is_whole: ClassVar[bool] = True  # the list of a contact is known to leave out none

    def __init__(self, api: Api) -> None:
        self.api = api
        self.extent = Extent()

    @abstractmethod
    def under(self, parent_id: str) -> Sequence[Record]:
        """All of one contact; none if GHL says that there is no such contact.

        Raises:
            TransientError: the answer is no whole list.
        """

    @abstractmethod
    def _look(self, remote_id: str, parent_id: str) -> Record:
        """One of them; GoneError if it is not there, or not under this contact."""

    @abstractmethod
    def _post(self, op: Op, parent_id: str) -> Mapping[str, Any] | None:
        """Create it once; the record that the answer shows, if it shows any."""

    @abstractmethod
    def _put(self, op: Op, remote_id: str, parent_id: str, /) -> Mapping[str, Any] | None:
        """Change it; the record that the answer shows, if it shows any."""

    @abstractmethod
    def _remove(self, remote_id: str, parent_id: str, /) -> None: ...

    def decode(self, shown: Mapping[str, Any], parent_id: str) -> Record | None:
        """As `to_child`, of what is no row of an index."""
        return to_child(shown, self.fields, parent_id)

    def pull(self, _cursor: str | None, _window: Window | None, /) -> Iterator[Page]:
        """What GHL lists for the whole location; nothing where it lists by contact only."""
        return iter(())

    def children(self, parent_id: str) -> Sequence[Record]:
        """All of one contact that lie within the extent."""
        return [record for record in self.under(parent_id) if self.is_kept(record)]

    def is_kept(self, record: Record) -> bool:
        """Whether it lies within the extent."""
        return self.extent.holds(record.fields, self.starts, self.api.now())

    def child(self, remote_id: str, parent_id: str) -> Record:
        """One of them now. "Gone" is believed once the list of the contact says so too.

        What GHL says of one that is gone is hardly documented (0.1, 4.4), so where the list of
        a contact is whole it decides whatever the refusal says (11: gone after a re-check). A
        record that is under another contact now is gone here.

        Raises:
            TransientError: the two contradict one another.
            RecordError: GHL refuses to show one that is there.
        """
        try:
            return self._look(remote_id, parent_id)
        except (GoneError, RecordError) as cause:
            if isinstance(cause, RecordError) and not self.list_is_whole:
                raise
            listed = any(record.remote_id == remote_id for record in self.under(parent_id))
            if not listed:
                return Record(remote_id, {}, gone=True, parent_id=parent_id)
            if isinstance(cause, RecordError):
                raise
            raise TransientError(f"{cause.message}, but the list of its contact has it") from cause

    def write(self, op: Op) -> Receipt:
        """Carry out one op.

        Raises:
            RecordError, StaleError, InDoubtError: they concern this op.
            AccountError, ThrottledError, TransientError: it was not carried out.
        """
        if not op.parent_id:
            raise RecordError(f"a {self.noun} needs a contact", code="no_parent")
        match op.kind, op.remote_id:
            case OpKind.CREATE, _:
                return self._create(op, op.parent_id)
            case OpKind.UPDATE, str() as remote_id:
                return self._update(op, remote_id, op.parent_id)
            case OpKind.DELETE, str() as remote_id:
                return self._delete(op, remote_id, op.parent_id)
            case _:
                raise RecordError(f"GHL cannot carry out a {op.kind.value}", code="unsupported")

    def _create(self, op: Op, parent_id: str) -> Receipt:
        """Insert once. GHL has no idempotency key (4.4), so a lost answer stays in doubt."""
        try:
            shown = self._post(op, parent_id)
        except RecordError as refused:
            self._raise_if_made(op, parent_id, refused)
            raise
        record = self._shown(shown, None, parent_id)
        if record is None:
            raise InDoubtError(f"the create of a {self.noun} was answered without one")
        return Receipt(op.id, record.remote_id, record)

    def _raise_if_made(self, op: Op, parent_id: str, refused: RecordError) -> None:
        """A create that was refused was seen to have been carried out (gotcha 9, 11).

        Raises:
            InDoubtError: one like it is there, or nobody can see whether it is.
        """
        if refused.code not in ANSWERED:
            return
        try:
            alike = any(could_be(record, _filled(op)) for record in self.under(parent_id))
        except (TransientError, RecordError, AccountError) as cause:
            raise InDoubtError(f"{refused.message}; looking for it failed too") from cause
        if alike:
            raise InDoubtError(f"{refused.message}; a {self.noun} like it is there") from refused

    def _update(self, op: Op, remote_id: str, parent_id: str) -> Receipt:
        try:
            shown = self._put(op, remote_id, parent_id)
            record = self._shown(shown, remote_id, parent_id)
        except InDoubtError as lost:
            if self._is_applied(op, remote_id, parent_id):
                return Receipt(op.id, remote_id)
            raise InDoubtError(f"{lost.message}; it was not seen to be applied") from lost
        return Receipt(op.id, remote_id, record)

    def _is_applied(self, op: Op, remote_id: str, parent_id: str) -> bool:
        try:
            now = self.child(remote_id, parent_id)
        except (TransientError, RecordError, AccountError):
            return False  # also of the account: the op was sent, and needs its receipt
        if now.gone:
            raise GoneError(f"the {self.noun} is gone")
        return shows(now, op.patch)

    def _delete(self, op: Op, remote_id: str, parent_id: str) -> Receipt:
        try:
            self._remove(remote_id, parent_id)
        except GoneError as cause:
            if not self.child(remote_id, parent_id).gone:
                raise TransientError(f"{cause.message}, but it is still there") from cause
        return Receipt(op.id, remote_id)

    def _shown(
        self, shown: Mapping[str, Any] | None, remote_id: str | None, parent_id: str
    ) -> Record | None:
        """The record as the answer of a write shows it.

        Raises:
            InDoubtError: it is another one, or another contact's.
        """
        record = self.decode(shown, parent_id) if shown is not None else None
        if record is None:
            return None
        if record.parent_id != parent_id or remote_id not in (None, record.remote_id):
            raise InDoubtError(f"the write of a {self.noun} was answered with another one")
        return record


ANSWERED = frozenset({"invalid", "refused"})  # what `answers` calls a refusal by GHL itself


def _filled(op: Op) -> dict[str, Any]:
    return {name: value for name, value in op.patch.items() if value is not None}


def object_under(answer: Answer, key: str) -> Mapping[str, Any]:
    """What a read shows under a key.

    Raises:
        TransientError: there is nothing, or it is no object.
    """
    shown = answer.json_object().get(key)
    if not isinstance(shown, Mapping):
        raise TransientError(f"{answer.label} was answered without a {key}")
    return shown


def written(answer: Answer) -> Mapping[str, Any]:
    """What the answer of a write shows.

    Raises:
        InDoubtError: it is not GHL's, as when a proxy wrote it.
    """
    try:
        return answer.json_object()
    except TransientError as cause:
        raise InDoubtError(f"{cause.message}, so it may or may not be carried out") from cause


def half_done(first: str, cause: SyncdError) -> InDoubtError:
    """The second of two requests was not carried out, the first was."""
    return InDoubtError(f"{first} was written, and the rest was not: {cause.message}")
