"""Notes. Source: ghl.md 4.1.

Known limits: no listing of a whole location, so they are read contact by contact; no time of
a change, so an edit shows by comparison alone; no pages, and no order that is promised.
"""

from collections.abc import Mapping
from typing import Any

from syncd.connectors.ghl.child_codec import to_body
from syncd.connectors.ghl.child_spec import NOTE_FIELDS
from syncd.connectors.ghl.under_contact import UnderContact
from syncd.errors import RecordError
from syncd.model.op import Op


class Notes(UnderContact):
    """The notes of contacts."""

    noun, many, fields = "note", "notes", NOTE_FIELDS

    def _post(self, op: Op, parent_id: str) -> Mapping[str, Any] | None:
        filled = {name: value for name, value in op.patch.items() if value is not None}
        if not filled.get("body"):
            raise RecordError("GHL makes no note without a text", code="no_key", fields=("body",))
        return self._written("POST", self.list_path, parent_id, to_body(filled, self.fields))

    def _put(self, op: Op, remote_id: str, parent_id: str, /) -> Mapping[str, Any] | None:
        body = to_body(op.patch, self.fields)
        return self._written("PUT", self.path, parent_id, body, remote_id)
