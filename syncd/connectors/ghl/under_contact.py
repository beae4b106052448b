"""Records that are reached through their contact: notes and tasks. Source: ghl.md 4.1, 4.2."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from syncd.connectors.ghl.answers import GoneError
from syncd.connectors.ghl.child_codec import rows_of_contact
from syncd.connectors.ghl.children import Children, object_under, written
from syncd.errors import RecordError
from syncd.http.answer import Answer
from syncd.model.record import Record


class UnderContact(Children):
    """`/contacts/{id}/<many>` lists them, and `…/{id}` is one. Neither list is in pages."""

    many: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.list_path = f"/contacts/{{contact_id}}/{cls.many}"
        cls.path = f"{cls.list_path}/{{child_id}}"

    list_path: ClassVar[str]
    path: ClassVar[str]

    def under(self, parent_id: str) -> Sequence[Record]:
        try:
            answer = self.api.call("GET", self.list_path, {"contact_id": parent_id})
        except GoneError:
            return ()
        rows = rows_of_contact(answer, self.many)
        found = (self.decode(row, parent_id) for row in rows)
        return [record for record in found if record and record.parent_id == parent_id]

    def _look(self, remote_id: str, parent_id: str) -> Record:
        answer = self.api.call("GET", self.path, _places(remote_id, parent_id))
        shown = object_under(answer, self.noun)
        record = self.decode(shown, parent_id)
        if record is None or record.remote_id != remote_id:
            raise RecordError(f"{answer.label} was answered with another one", code="other_id")
        if record.parent_id != parent_id:
            raise GoneError(f"{answer.label} shows one of another contact")
        return record

    def _written(
        self, method: str, path: str, parent_id: str, body: Any, remote_id: str = ""
    ) -> Mapping[str, Any] | None:
        """Send a write; a create is never sent twice."""
        answer = self._send(method, path, parent_id, body, remote_id)
        shown = written(answer).get(self.noun)
        return shown if isinstance(shown, Mapping) else None

    def _send(
        self, method: str, path: str, parent_id: str, body: Any, remote_id: str = ""
    ) -> Answer:
        places = _places(remote_id, parent_id)
        return self.api.call(method, path, places, body=body, repeatable=method != "POST")

    def _remove(self, remote_id: str, parent_id: str, /) -> None:
        self._send("DELETE", self.path, parent_id, None, remote_id)


def _places(remote_id: str, parent_id: str) -> Mapping[str, str]:
    return {"contact_id": parent_id, "child_id": remote_id}
