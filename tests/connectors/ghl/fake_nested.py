"""Notes, tasks, appointments, users and calendars of the fake location, by hand from ghl.md."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from syncd.connectors.ghl.connector import Ghl
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Resource
from syncd.model.values import Patch

Shown = dict[str, Any]
Answered = tuple[int, Any]
UNDER = re.compile(r"/contacts/([^/]+)/(notes|tasks|appointments)(?:/([^/]+))?(/completed)?")
EVENT = re.compile(r"/calendars/events/(appointments/)?([^/]+)")
ZONE = ZoneInfo("Europe/Berlin")  # of the fake location


WRITTEN = "2026-11-02T12:00:00.000Z"
TIMES = ("startTime", "endTime", "dateAdded", "dateUpdated")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def zoneless(row: Shown) -> Shown:
    """A row of a contact's list: its times are the location's, without a zone (4.3).

    It has no description, which is what a write calls the notes.
    """
    row = {name: value for name, value in row.items() if name != "description"}
    told = {name: row[name] for name in TIMES if row.get(name)}
    local = {name: at(text).astimezone(ZONE) for name, text in told.items()}
    return {**row, **{name: moment.strftime("%Y-%m-%d %H:%M:%S") for name, moment in local.items()}}


def flat(row: Shown) -> Shown:
    """What a write answers: not wrapped, and without times of its own (4.4)."""
    left_out = {"dateAdded", "dateUpdated", "toNotify", "description"}
    return {name: value for name, value in row.items() if name not in left_out}


@dataclass
class Nested:
    """What belongs to contacts, by id; what it does not know is left to the contacts."""

    notes: dict[str, Shown] = field(default_factory=dict)
    tasks: dict[str, Shown] = field(default_factory=dict)
    appointments: dict[str, Shown] = field(default_factory=dict)
    users: list[Shown] = field(default_factory=list)
    calendars: list[Shown] = field(default_factory=list)
    serves: int = 100  # tasks or users a page, however many are asked for

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
        if path == "/users/search":
            query = dict(request.url.params)
            skip, limit = int(query["skip"]), min(int(query["limit"]), self.serves)
            return 200, {"users": self.users[skip:][:limit], "count": len(self.users)}
        if path == "/users/":
            return 200, {"users": self.users}
        if path == "/calendars/":
            return 200, {"calendars": self.calendars}
        if path == "/calendars/events" and method == "GET":
            return 200, {"events": self._window(dict(request.url.params))}
        if path == "/calendars/events/appointments" and method == "POST":
            made = {**body, "id": f"appointment{len(self.appointments)}"}
            self.appointments[made["id"]] = {**made, "dateAdded": WRITTEN, "dateUpdated": WRITTEN}
            return 200, flat(made)
        if event := EVENT.fullmatch(path):
            return self._event(method, bool(event[1]), event[2], body)
        return None

    def _window(self, query: dict[str, str]) -> list[Shown]:
        """Rows from `startTime` on; `endTime` is applied loosely, here not at all (gotcha 25)."""
        assert int(query["startTime"]) < int(query["endTime"])
        return [
            row
            for row in self.appointments.values()
            if row["calendarId"] == query["calendarId"]
            and at(row["startTime"]).timestamp() * 1000 >= int(query["startTime"])
        ]

    def _event(self, method: str, appointment: bool, one: str, body: Any) -> Answered:
        if method == "DELETE" and appointment:
            return 401, {"statusCode": 401, "message": "Invalid token"}  # no route (4.4)
        if one not in self.appointments:
            return 400, {"statusCode": 400, "message": "The event id is invalid"}
        if method == "GET":
            return 200, {"event": self.appointments[one]}
        if method == "DELETE":
            assert body == {}, "gotcha 23"
            del self.appointments[one]
            return 201, {"succeeded": True}
        self.appointments[one].update({**body, "dateUpdated": WRITTEN})
        return 200, flat(self.appointments[one])

    def _under(
        self, method: str, contact: str, many: str, one: str | None, completed: bool, body: Any
    ) -> Answered:
        kept: dict[str, Shown] = getattr(self, many)
        noun = many.removesuffix("s")
        if one is None and method == "GET":
            key = "events" if many == "appointments" else many
            rows = [row for row in kept.values() if row["contactId"] == contact]
            return 200, {key: [zoneless(row) for row in rows] if key == "events" else rows}
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
