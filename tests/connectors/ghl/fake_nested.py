"""Notes, tasks, appointments, users and calendars of the fake location, by hand from ghl.md."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import httpx

from syncd.connectors.ghl.connector import Ghl
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Resource
from syncd.model.values import Patch

Shown = dict[str, Any]
Answered = tuple[int, Any]
UNDER = re.compile(r"/contacts/([^/]+)/(notes|tasks|appointments)(?:/([^/]+))?(/completed)?")
EVENT = re.compile(r"/calendars/events/(?:appointments/)?([^/]+)")


@dataclass
class Nested:
    """What belongs to contacts, by id; what it does not know is left to the contacts."""

    notes: dict[str, Shown] = field(default_factory=dict)
    tasks: dict[str, Shown] = field(default_factory=dict)
    appointments: dict[str, Shown] = field(default_factory=dict)
    users: list[Shown] = field(default_factory=list)
    calendars: list[Shown] = field(default_factory=list)
    serves: int = 100  # tasks a page, however many are asked for

    def answer(self, request: httpx.Request, body: Any, contacts: Collection[str]) -> Any:
        path, method = request.url.path, request.method
        if under := UNDER.fullmatch(path):
            contact, many, one, completed = under.groups()
            if contact not in contacts:
                return 400, {"statusCode": 400, "message": f"Contact with id {contact} not found"}
            return self._under(method, contact, many, one, bool(completed), body)
        if re.fullmatch(r"/locations/[^/]+/tasks/search", path):
            listed = list(self.tasks.values())
            size = min(body.get("limit", 25), self.serves)
            return 200, {"tasks": listed[body.get("skip", 0) :][:size]}
        return None

    def _under(
        self, method: str, contact: str, many: str, one: str | None, completed: bool, body: Any
    ) -> Answered:
        kept: dict[str, Shown] = getattr(self, many)
        noun = many.removesuffix("s")
        if one is None and method == "GET":
            key = "events" if many == "appointments" else many
            return 200, {key: [row for row in kept.values() if row["contactId"] == contact]}
        if one is None:
            made = {"id": f"{noun}{len(kept)}", "contactId": contact, **body}
            kept[made["id"]] = made
            return 201, {noun: made}
        if one not in kept or kept[one]["contactId"] != contact:
            return 404, {"statusCode": 404, "message": f"{noun.title()} not found"}
        if method == "DELETE":
            del kept[one]
            return 200, {"succeded": True}  # its own spelling (gotcha 22)
        if method == "PUT":
            assert not completed or body.keys() == {"completed"}
            kept[one].update(body)
        return 200, {noun: kept[one]}


def child_op(
    resource: Resource, kind: OpKind, remote_id: str | None = None, patch: Patch | None = None
) -> Op:
    return Op(7, resource, kind, remote_id, patch or {}, parent_id="c1")


def push_child(ghl: Ghl, one: Op) -> Receipt:
    (receipt,) = ghl.push(one.resource, [one])
    return receipt
