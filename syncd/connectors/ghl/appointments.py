"""Appointments. Source: ghl.md 4.3 (of a contact), 4.4 (of a calendar), gotchas 23 to 26.

Known limits: no listing of all, only one calendar in one span of time, without pages; the
answer of a write has no times of its own; whether a listing lags is documented nowhere.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from syncd.connectors.ghl.answers import GoneError
from syncd.connectors.ghl.api import Api, Family
from syncd.connectors.ghl.calendars import calendars
from syncd.connectors.ghl.child_codec import (
    UPDATED,
    ReadTime,
    has_offset,
    rows_of,
    rows_of_contact,
    to_body,
    to_child,
)
from syncd.connectors.ghl.child_spec import APPOINTMENT_FIELDS
from syncd.connectors.ghl.children import Children, object_under, written
from syncd.connectors.ghl.location import LocationZone
from syncd.connectors.ghl.values import epoch_ms
from syncd.errors import AccountError, RecordError, StaleError
from syncd.model.op import Op
from syncd.model.record import Page, Record, Window

LIST_PATH = "/contacts/{contact_id}/appointments"
WINDOW_PATH = "/calendars/events"
CREATE_PATH = "/calendars/events/appointments"
PATH = "/calendars/events/appointments/{child_id}"
EVENT_PATH = "/calendars/events/{child_id}"  # for deleting; `PATH` is no route for it (4.4)

CALENDAR, START, END, ADDED, NOTES = "calendarId", "startTime", "endTime", "dateAdded", "notes"
TIMES = frozenset({START, END})
DESCRIPTION = "description"  # what a write calls the notes (4.4)
UNBOUNDED = timedelta(days=3653)  # ten years; a listing needs both of its ends

# Appointments are carried over as people made them, past and off-hours ones too, which the
# rules for free slots would refuse.
AS_IT_IS = {"ignoreFreeSlotValidation": True, "ignoreDateRange": True}


class Appointments(Children):
    """The appointments of contacts, in calendars of the location."""

    noun, fields, starts = "appointment", APPOINTMENT_FIELDS, START
    list_is_whole = False  # whether it shows past ones is documented nowhere (4.3)

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._zone = LocationZone(api)
        self._zone_is_proved = False

    def decode(self, shown: Mapping[str, Any], parent_id: str | None) -> Record | None:
        return _decoded(shown, parent_id, self._zone.read)

    def under(self, parent_id: str) -> Sequence[Record]:
        """All of one contact.

        Raises:
            TransientError: the answer is no whole list.
        """
        try:
            answer = self.api.call("GET", LIST_PATH, {"contact_id": parent_id})
        except GoneError:
            return ()
        rows = rows_of_contact(answer, "events", "appointments")  # both were seen (4.3)
        found = [self._of_contact(row, parent_id) for row in rows if not _is_deleted(row)]
        return [record for record in found if record and record.parent_id == parent_id]

    def _of_contact(self, row: Mapping[str, Any], parent_id: str) -> Record | None:
        """A row of a contact's list, whose times have no zone (4.3).

        That they are in the location's zone is presumed (12.15), and an appointment that were
        read at another hour would be moved on the other side. So it is believed once a direct
        look, which shows an offset, shows the same start; until then, and where the
        location's clock shows the time twice or never, the direct look counts.
        """
        record = self.decode(_without_doubtful(row), parent_id)
        if record is None or record.parent_id != parent_id or _has_offsets(row):
            return record
        if self._zone_is_proved and not record.odd & TIMES:
            return record
        try:
            shown, direct = self._event(record.remote_id, parent_id)
        except (GoneError, RecordError):
            known = {name: value for name, value in record.fields.items() if name not in TIMES}
            return replace(record, fields=known)
        if START in record.fields and has_offset(str(shown.get(START))):
            self._zone_is_proved = direct.fields.get(START) == record.fields[START]
        return direct

    def _look(self, remote_id: str, parent_id: str) -> Record:
        return self._event(remote_id, parent_id)[1]

    def _event(self, remote_id: str, parent_id: str) -> tuple[Mapping[str, Any], Record]:
        """One appointment by its id, as GHL shows it and as a record."""
        answer = self.api.call("GET", PATH, {"child_id": remote_id}, family=Family.CALENDARS)
        shown = object_under(answer, "event")
        if _is_deleted(shown):
            raise GoneError(f"{answer.label} shows one that is deleted")
        record = self.decode(shown, parent_id)
        if record is None or record.remote_id != remote_id:
            raise RecordError(f"{answer.label} was answered with another one", code="other_id")
        return shown, record

    def pull(self, cursor: str | None, window: Window | None, /) -> Iterator[Page]:
        """One page for each calendar of the extent, or of the location, in the order of ids.

        Shown is what starts in the span of time around now; nothing is said of the rest.
        Appointments without a contact are left out: they have no parent.
        """
        chosen = self.extent.only.get(CALENDAR)
        ids = sorted(calendars(self.api) if chosen is None else chosen)
        done = _done(cursor)
        left = [one for one in ids if done is None or one > done]
        if not left:
            yield Page((), "", last=True)
        for calendar_id in left:
            records = [r for r in self._of_calendar(calendar_id) if _lies_in(r, window)]
            last = calendar_id == left[-1]
            yield Page(records, "" if last else json.dumps([self.noun, calendar_id]), last=last)

    def _of_calendar(self, calendar_id: str) -> Iterator[Record]:
        """Its rows; those beyond the span are dropped, which come back too (gotcha 25)."""
        now, extent = self.api.now(), self.extent
        ahead = UNBOUNDED if extent.ahead is None else extent.ahead
        query = {
            "locationId": self.api.location_id,
            CALENDAR: calendar_id,
            START: str(epoch_ms(now - (UNBOUNDED if extent.back is None else extent.back))),
            END: str(epoch_ms(now + ahead) + 1),
        }
        try:
            answer = self.api.call("GET", WINDOW_PATH, family=Family.CALENDARS, query=query)
        except (RecordError, StaleError) as cause:
            raise AccountError(
                f"{cause.message}: the appointments of calendar {calendar_id} cannot be read",
                hint="Look for this calendar in GHL under Calendars.",
            ) from cause
        for row in rows_of(answer, "events"):
            record = _decoded(row, None, self._zone.read, certain=False)
            if record is not None and not _is_deleted(row) and self.is_kept(record):
                yield record

    def _post(self, op: Op, parent_id: str) -> Mapping[str, Any] | None:
        filled = {name: value for name, value in op.patch.items() if value is not None}
        if missing := tuple(name for name in (CALENDAR, START) if not filled.get(name)):
            raise RecordError(
                "GHL makes no appointment without a calendar and a start",
                code="no_key",
                fields=missing,
            )
        place = {"locationId": self.api.location_id, "contactId": parent_id}
        body = {**self._body(filled), **place, **_how(op)}
        return written(self.api.call("POST", CREATE_PATH, family=Family.CALENDARS, body=body))

    def _put(self, op: Op, remote_id: str, _parent_id: str, /) -> Mapping[str, Any] | None:
        return written(self._send("PUT", PATH, remote_id, {**self._body(op.patch), **_how(op)}))

    def _remove(self, remote_id: str, _parent_id: str, /) -> None:
        self._send("DELETE", EVENT_PATH, remote_id, {})  # a body is needed (gotcha 23)

    def _send(self, method: str, path: str, remote_id: str, body: Any) -> Any:
        return self.api.call(
            method,
            path,
            {"child_id": remote_id},
            family=Family.CALENDARS,
            body=body,
            repeatable=True,
        )

    def _body(self, patch: Mapping[str, Any]) -> dict[str, Any]:
        body = to_body(patch, self.fields)
        if NOTES in body:
            body[DESCRIPTION] = body.pop(NOTES)
        return body


def _how(op: Op) -> dict[str, bool]:
    """Nobody is to be told once more of what they know, unless a person wants it.

    Without all three an import sent messages to customers [3p T4 in 4.4].
    """
    return {**AS_IT_IS, "toNotify": op.notify}


def _is_deleted(shown: Mapping[str, Any]) -> bool:
    return shown.get("deleted") is True  # of v3 (4.4)


def _has_offsets(row: Mapping[str, Any]) -> bool:
    times = (row.get(name) for name in TIMES)
    return all(has_offset(at) for at in times if isinstance(at, str) and at)


def _without_doubtful(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A contact's row without what could be another thing than elsewhere: what it calls notes
    need not be what we write, and a version of another zone would hide later changes.
    """
    dates = {name for name in (ADDED, UPDATED) if not has_offset(str(row.get(name)))}
    doubtful = dates if DESCRIPTION in row else dates | {NOTES}
    return {name: value for name, value in row.items() if name not in doubtful}


def _decoded(
    shown: Mapping[str, Any], parent_id: str | None, read_time: ReadTime, *, certain: bool = True
) -> Record | None:
    """As `to_child`. Shown are `notes`, `description` or both, of which we write the latter."""
    if shown.get(DESCRIPTION):
        shown = {**shown, NOTES: shown[DESCRIPTION]}
    return to_child(shown, APPOINTMENT_FIELDS, parent_id, read_time=read_time, certain=certain)


def _lies_in(record: Record, window: Window | None) -> bool:
    """Whether it was created or updated in the window."""
    times = (record.fields.get(name) for name in (ADDED, UPDATED))
    return window is None or any(window.holds(at) for at in times if isinstance(at, datetime))


def _done(cursor: str | None) -> str | None:
    """The calendar behind which a listing goes on."""
    try:
        state = json.loads(cursor or "null")
    except ValueError:
        return None
    match state:
        case ["appointment", str() as calendar_id]:
            return calendar_id
        case _:
            return None
