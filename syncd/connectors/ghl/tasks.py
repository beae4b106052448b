"""Tasks. Source: ghl.md 4.2.

Known limits: no times of a change, and no event for one; the search over all of them is an
index that lags, so its rows are not certain, and a direct look goes by the contact.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from syncd.connectors.ghl import task_search
from syncd.connectors.ghl.child_codec import to_body, to_child
from syncd.connectors.ghl.child_spec import TASK_FIELDS, TASK_PAGE
from syncd.connectors.ghl.children import half_done
from syncd.connectors.ghl.under_contact import UnderContact
from syncd.errors import AccountError, ConfigError, InDoubtError, RecordError, TransientError
from syncd.model.op import Op
from syncd.model.record import Page, Window
from syncd.model.values import Patch, SetDelta, Value

TITLE, DUE, COMPLETED = "title", "dueDate", "completed"


class Tasks(UnderContact):
    """The tasks of contacts."""

    noun, many, fields = "task", "tasks", TASK_FIELDS

    def pull(self, cursor: str | None, window: Window | None, /) -> Iterator[Page]:
        """Every task that the search shows; goes on behind a page that was not the last.

        Tasks without a contact are left out: they have no parent. What is promised of rows
        that move meanwhile stands at `task_search.walk`.

        Raises:
            ConfigError: of a window: no task shows when it was made or changed.
        """
        if window is not None:
            raise ConfigError("GHL's tasks show no times, so a window of them cannot be listed")
        return self._pages(task_search.read(cursor))

    def _pages(self, place: task_search.Place) -> Iterator[Page]:
        for rows, after in task_search.walk(self.api, TASK_PAGE, place):
            found = (to_child(row, self.fields, None, certain=False) for row in rows)
            records = [record for record in found if record and self.is_kept(record)]
            yield Page(records, task_search.write(after), last=after is None)

    def _post(self, op: Op, parent_id: str) -> Mapping[str, Any] | None:
        filled = {name: value for name, value in op.patch.items() if value is not None}
        if missing := tuple(name for name in (TITLE, DUE) if not filled.get(name)):
            raise RecordError(
                "GHL makes no task without a title and a due date", code="no_key", fields=missing
            )
        body = to_body({COMPLETED: False, **filled}, self.fields)
        return self._written("POST", self.list_path, parent_id, body)

    def _put(self, op: Op, remote_id: str, parent_id: str, /) -> Mapping[str, Any] | None:
        """The fields, then whether it is completed, which has a call of its own.

        That comes last, so that what begins with a completed task sees its last state. Where
        it fails, the fields are written already: nobody may take the op for not carried out.
        """
        to_body(op.patch, self.fields)  # nothing is sent where half of it cannot be
        plain = {name: value for name, value in op.patch.items() if name != COMPLETED}
        shown: dict[str, Any] = {}
        if plain:
            shown.update(self._put_fields(plain, remote_id, parent_id) or {})
        if COMPLETED not in op.patch:
            return shown or None
        shown.pop(COMPLETED, None)  # as it was before
        try:
            shown.update(self._complete(op.patch[COMPLETED], remote_id, parent_id) or {})
        except InDoubtError:
            raise
        except RecordError as refused:
            rest = "; the rest of the change was written" if plain else ""
            raise RecordError(
                f"{refused.message}{rest}", code=refused.code, fields=(COMPLETED,)
            ) from refused
        except (TransientError, AccountError) as cause:
            if not plain:
                raise
            raise half_done("a part of the task", cause) from cause
        return shown or None

    def _put_fields(self, plain: Patch, remote_id: str, parent_id: str) -> Mapping[str, Any] | None:
        """Send what changed, and the title and the due date always: they go together.

        One integrator needed both [3p T38], though the schema does not. What did not change
        is read right before, so that it is sent as it is.
        """
        whole = dict(plain)
        if not {TITLE, DUE} <= plain.keys():
            now = self._look(remote_id, parent_id).fields
            whole = {**{name: now[name] for name in (TITLE, DUE) if now.get(name)}, **plain}
        return self._written("PUT", self.path, parent_id, to_body(whole, self.fields), remote_id)

    def _complete(
        self, completed: Value | SetDelta, remote_id: str, parent_id: str
    ) -> Mapping[str, Any] | None:
        body = to_body({COMPLETED: completed}, self.fields)
        return self._written("PUT", f"{self.path}/completed", parent_id, body, remote_id)
