"""Notes, tasks and appointments of ExampleMail, each of which belongs to a contact.

Source: the reference of an API that is invented, "Notes", "Tasks" and "Appointments", read
2026-11-02. Known limits: notes are listed by contact alone, and show no times; the list of all
appointments tells no changes; a task can be given to another contact, the others cannot.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from syncd.errors import InDoubtError, RecordError, StaleError, TransientError
from syncd.http.answer import Answer
from syncd.http.client import ApiClient
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Extent, Page, Record, Resource, Window
from syncd.model.spec import (
    Activity,
    Catalogue,
    Deletions,
    FieldSpec,
    Kind,
    Listing,
    ResourceSpec,
)
from syncd.testing.example.child_codec import to_body, to_child
from syncd.testing.example.codec import missing
from syncd.testing.example.pager import Pager

STATUSES = ("booked", "cancelled", "attended", "missed")


def _by_name(*fields: FieldSpec) -> Catalogue:
    return {field.name: field for field in fields}


CHILDREN: Mapping[Resource, ResourceSpec] = {
    Resource.NOTE: ResourceSpec(
        fields=_by_name(
            FieldSpec("text", max_length=5000, clearable=False),
            FieldSpec("pinned", Kind.BOOLEAN, clearable=False),
        ),
        incremental=False,
        parent=Resource.CONTACT,
        recognised_by=("text",),
        listing=Listing.BY_PARENT,
        dated=False,
    ),
    Resource.TASK: ResourceSpec(
        fields=_by_name(
            FieldSpec("title", max_length=200, clearable=False),
            FieldSpec("description", max_length=2000),
            FieldSpec("due", Kind.DATETIME),
            FieldSpec("done", Kind.BOOLEAN, clearable=False),
            FieldSpec("assignee", max_length=100),
        ),
        incremental=True,
        deletions=Deletions.FEED,
        parent=Resource.CONTACT,
        recognised_by=("title", "due"),
        moves=True,
        activity=Activity(done="done", due="due"),
    ),
    Resource.APPOINTMENT: ResourceSpec(
        fields=_by_name(
            FieldSpec("start", Kind.DATETIME, clearable=False),
            FieldSpec("end", Kind.DATETIME),
            FieldSpec("title", max_length=200),
            FieldSpec("status", Kind.CHOICE, choices=STATUSES, clearable=False),
        ),
        incremental=False,
        parent=Resource.CONTACT,
        recognised_by=("start",),
        starts="start",
        activity=Activity(status="status", off=("cancelled", "missed")),
    ),
}


class NoContactError(StaleError):
    """There is no such contact."""


class Children:
    """One resource of them; lists are kept to `extent`."""

    def __init__(
        self, resource: Resource, http: ApiClient, page_size: int, now: Callable[[], datetime]
    ) -> None:
        self.extent = Extent()
        self._noun, self._spec = resource.value, CHILDREN[resource]
        self._under, self._path = f"/contacts/{{id}}/{self._noun}s", f"/{self._noun}s"
        self._http = http
        self._page_size = page_size
        self._now = now

    def pull(self, cursor: str | None, window: Window | None, *, full: bool) -> Iterator[Page]:
        """Pages of those that ExampleMail lists for the whole account: no notes."""
        if self._spec.listing is Listing.BY_PARENT:
            return
        read = partial(to_child, fields=self._spec.fields)
        pager = Pager(self._http, self._path, read, self._page_size, window)
        changes = self._spec.incremental
        for page in pager.changes(cursor, full=full) if changes else pager.everything(cursor):
            yield replace(page, records=[one for one in page.records if self._is_kept(one)])

    def of(self, parent_id: str) -> Sequence[Record]:
        """All of one contact; none where there is no such contact."""
        try:
            answer = self._http.request("GET", self._under, {"id": parent_id})
        except NoContactError:
            return ()
        shown = answer.json_object().get("items")
        if not isinstance(shown, list):
            raise missing(answer, "items")
        records = [to_child(item, answer, self._spec.fields, parent_id) for item in shown]
        if any(record.parent_id != parent_id for record in records):
            raise missing(answer, "records of this contact alone")
        return [record for record in records if self._is_kept(record)]

    def fetch(self, remote_id: str, parent_id: str) -> Record:
        """One of them now, under whichever contact it is."""
        try:
            answer = self._http.request("GET", self._path + "/{id}", {"id": remote_id})
        except StaleError:
            return Record(remote_id, {}, gone=True, parent_id=parent_id)
        record = self._shown(answer, parent_id)
        if record.remote_id != remote_id:
            raise TransientError(f"{answer.label} was answered with another {self._noun}")
        return record

    def write(self, op: Op) -> Receipt:
        """Carry out one op; an update that moves a task gives it to the contact of the op.

        Raises:
            RecordError: of the code `no_parent`: there is no such contact.
        """
        if op.parent_id is None:
            raise RecordError(f"a {self._noun} belongs to a contact", code="no_parent")
        try:
            answer = self._send(op, op.parent_id)
        except NoContactError as cause:
            raise RecordError(cause.message, code="no_parent") from cause
        if op.kind is OpKind.DELETE:
            return Receipt(op.id, op.remote_id)
        try:
            record = self._shown(answer, op.parent_id)
        except TransientError as cause:  # it was taken, and we cannot read what became of it
            raise InDoubtError(cause.message) from cause
        return Receipt(op.id, record.remote_id, record)

    def _send(self, op: Op, parent_id: str) -> Answer:
        match op.kind, op.remote_id:
            case OpKind.CREATE, _:
                given = {name: value for name, value in op.patch.items() if value is not None}
                body = to_body(given, self._spec.fields)
                return self._http.request("POST", self._under, {"id": parent_id}, json=body)
            case OpKind.UPDATE, str() as remote_id:
                body = to_body(op.patch, self._spec.fields)
                body |= {"contact_id": parent_id} if op.moves else {}
                return self._again("PATCH", remote_id, body)
            case OpKind.DELETE, str() as remote_id:
                return self._again("DELETE", remote_id)
        raise RecordError(f"ExampleMail cannot carry out a {op.kind.value}", code="unsupported")

    def _again(self, method: str, remote_id: str, body: Any = None) -> Answer:
        """Send what may be sent twice."""
        path, values = self._path + "/{id}", {"id": remote_id}
        return self._http.request(method, path, values, json=body, repeatable=True)

    def _shown(self, answer: Answer, parent_id: str) -> Record:
        shown = answer.json_object().get(self._noun)
        return to_child(shown, answer, self._spec.fields, parent_id)

    def _is_kept(self, record: Record) -> bool:
        return self.extent.holds(record.fields, self._spec.starts, self._now())
