"""A contact with appointments, and what tests ask of them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from syncd.connectors.ghl.spec import SPEC
from syncd.model.op import OpKind
from syncd.model.record import Extent, Page, Record, Resource
from syncd.model.values import Patch

from .fake import LOCATION, FakeGhl
from .fake_nested import child_op, push_child

APPOINTMENT = Resource.APPOINTMENT
CREATE, UPDATE, DELETE = OpKind.CREATE, OpKind.UPDATE, OpKind.DELETE
LIST, POST = "/contacts/c1/appointments", "/calendars/events/appointments"
ONE, EVENT = f"{POST}/a1", "/calendars/events/a1"
LOCATED = f"/locations/{LOCATION}"
START = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
ALL = frozenset(SPEC.resources[APPOINTMENT].fields)
LOST = httpx.ReadTimeout("lost")
HTML = "<!DOCTYPE html><html>blocked</html>"
NEAR = Extent(back=timedelta(days=7), ahead=timedelta(days=7))


def booked(start: datetime = START, **shown: Any) -> FakeGhl:
    """A contact with one appointment in the calendar `cal1`, as 4.4 shows it."""
    fake = FakeGhl()
    fake.put("c1")
    fake.nested.calendars = [{"id": "cal1", "name": "Visits"}, {"id": "cal2", "name": "Calls"}]
    add(fake, "a1", start, **shown)
    return fake


def add(fake: FakeGhl, remote_id: str, start: datetime = START, **shown: Any) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    fake.nested.appointments[remote_id] = {
        "id": remote_id,
        "calendarId": "cal1",
        "locationId": LOCATION,
        "contactId": "c1",
        "title": "Visit",
        "appointmentStatus": "confirmed",
        "assignedUserId": "u1",
        "notes": "Second floor",
        "address": "Example Street 1",
        "startTime": start.astimezone(berlin).isoformat(),
        "endTime": (start + timedelta(hours=1)).astimezone(berlin).isoformat(),
        "dateAdded": "2026-10-01T10:00:00+02:00",
        "dateUpdated": "2026-10-02T10:00:00+02:00",
        **shown,
    }


def pull(fake: FakeGhl, extent: Extent = NEAR, cursor: str | None = None) -> list[Page]:
    ghl = fake.open()
    ghl.keep_to(APPOINTMENT, extent)
    return list(ghl.pull(APPOINTMENT, cursor, fields=ALL, full=True))


def child(fake: FakeGhl) -> Record:
    return fake.open().child(APPOINTMENT, "a1", "c1", fields=ALL)


def children(fake: FakeGhl) -> list[Record]:
    return list(fake.open().children(APPOINTMENT, "c1", fields=ALL))


def push(fake: FakeGhl, kind: OpKind, remote_id: str | None, patch: Patch) -> Any:
    return push_child(fake.open(), child_op(APPOINTMENT, kind, remote_id, patch))


def of_path(path: str, response: dict[str, Any]) -> Any:
    return lambda request: httpx.Response(**response) if request.url.path == path else None


def queries(fake: FakeGhl) -> list[dict[str, str]]:
    asked = (r for r in fake.requests if r.url.path == "/calendars/events")
    return [dict(request.url.params) for request in asked]
