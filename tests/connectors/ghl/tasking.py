"""A contact with tasks, and what tests ask of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx

from syncd.connectors.ghl.spec import SPEC
from syncd.model.op import OpKind
from syncd.model.record import Page, Resource

from .fake import LOCATION, FakeGhl

TASK = Resource.TASK
CREATE, UPDATE, DELETE = OpKind.CREATE, OpKind.UPDATE, OpKind.DELETE
SEARCH = f"/locations/{LOCATION}/tasks/search"
LIST, ONE = "/contacts/c1/tasks", "/contacts/c1/tasks/t0000"
DONE = f"{ONE}/completed"
DUE = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
ALL = frozenset(SPEC.resources[TASK].fields)
LOST = httpx.ReadTimeout("lost")
HTML = "<!DOCTYPE html><html>blocked</html>"


def tasked(count: int = 1, **shown: Any) -> FakeGhl:
    """A contact with tasks, as 4.2 shows them."""
    fake = FakeGhl()
    fake.put("c1")
    for n in range(count):
        fake.nested.tasks[f"t{n:04}"] = {
            "id": f"t{n:04}",
            "title": "Call back",
            "body": "about the offer",
            "assignedTo": "u1",
            "dueDate": "2026-12-01T09:00:00.000Z",
            "completed": False,
            "contactId": "c1",
            **shown,
        }
    return fake


def pull(fake: FakeGhl, cursor: str | None = None) -> Iterator[Page]:
    return fake.open().pull(TASK, cursor, fields=ALL, full=True)


def searches(fake: FakeGhl) -> list[Any]:
    calls = zip(fake.log, fake.bodies, strict=True)
    return [body for (_, path), body in calls if path == SEARCH]
