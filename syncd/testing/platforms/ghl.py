"""One location of the emulated GoHighLevel."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from syncd.connectors.ghl import CONNECTOR
from syncd.connectors.ghl.child_spec import TASK_PAGE
from syncd.connectors.ghl.spec import FIELDS, TAGS
from syncd.model.record import Resource
from syncd.model.values import Fields, Value
from syncd.sandbox.ghl.platform import Ghl
from syncd.testing.contract import Clock
from syncd.testing.platforms.sandboxed import SandboxPlatform


class GhlPlatform(SandboxPlatform):
    """A location that keeps e-mail addresses unique, as they do by default."""

    plugin = CONNECTOR
    platform = "ghl"
    page_size = 5
    unique_key = "email"
    text = "city"
    samples: ClassVar[Mapping[str, Sequence[Value]]] = {
        "website": ("https://example.org", "https://example.com/a?b=c"),
        "timezone": ("Europe/Berlin", "Asia/Tokyo"),
    }
    # GET by id leaves out what is empty, and of DND the channels that nobody has touched
    # (ghl.md 3.5, 3.10); tags it always shows.
    empty_is_absent: ClassVar[Collection[str]] = {*FIELDS.keys() - {TAGS}, "custom.*"}
    # Appointments come calendar by calendar, and not in pages (ghl.md 4.4).
    child_page_size: ClassVar[Mapping[Resource, int | None]] = {
        Resource.TASK: TASK_PAGE,
        Resource.APPOINTMENT: None,
    }
    refused_create: ClassVar[Fields] = {"phone": "12"}
    refused_edit: ClassVar[Fields] = {"phone": "12"}

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.settings = {
            "token": self.info["token"],
            "location_id": self.info["location_id"],
            "base_url": self.info["base_url"],
            "page_size": self.page_size,
        }
        location = self.emulated(Ghl).agency.main
        self._calendars = list(location.calendars)
        self._users = [user.id for user in location.users]

    def create(self, fields: Fields) -> str:
        return str(self.act("create", fields=dict(fields))["id"])

    def edit(self, remote_id: str, fields: Fields) -> None:
        self.act("edit", id=remote_id, fields=dict(fields))

    def delete(self, remote_id: str) -> None:
        self.act("delete", id=remote_id)

    def existing(self) -> Collection[str]:
        return [str(contact["id"]) for contact in self.dump()]

    # What belongs to contacts

    def child(self, resource: Resource, number: int) -> dict[str, Value]:
        start = self._clock.now().replace(microsecond=0) + timedelta(days=number % 90)
        needed: dict[Resource, dict[str, Value]] = {
            Resource.NOTE: {"body": f"Note {number}"},
            Resource.TASK: {"title": f"Task {number}", "dueDate": start},
            Resource.APPOINTMENT: {
                "title": f"Appointment {number}",
                "calendarId": self._calendars[0],
                "startTime": start,
                "endTime": start + timedelta(minutes=30),
                "assignedUserId": self._users[0],
            },
        }
        return needed[resource]

    def child_samples(self, resource: Resource) -> Mapping[str, Sequence[Value]]:
        start, half_an_hour = self._clock.now().replace(microsecond=0), timedelta(minutes=30)
        starts = [start + timedelta(days=days) for days in (3, 7)]
        samples: dict[Resource, dict[str, Sequence[Value]]] = {
            Resource.NOTE: {"userId": self._users, "color": ("#ff0000", "#00aa00")},
            Resource.TASK: {"assignedTo": self._users},
            Resource.APPOINTMENT: {
                "calendarId": self._calendars,
                "assignedUserId": self._users,
                "startTime": starts,
                "endTime": [start + half_an_hour for start in starts],
            },
        }
        return samples[resource]

    def create_child(self, resource: Resource, parent_id: str, fields: Fields) -> str:
        typed = _typed(resource, fields)
        if resource is Resource.APPOINTMENT:
            typed["calendar"] = typed.pop("calendarId")
        verb = "book" if resource is Resource.APPOINTMENT else "add"
        made = self.act(f"{verb}_{resource.value}", id=parent_id, **typed)
        return str(made[resource.value]["id"])

    def edit_child(self, resource: Resource, remote_id: str, fields: Fields) -> None:
        typed = _typed(resource, fields)
        self.act(f"edit_{resource.value}", **{resource.value: remote_id}, **typed)

    def delete_child(self, resource: Resource, remote_id: str) -> None:
        self.act(f"delete_{resource.value}", **{resource.value: remote_id})

    def existing_children(self, resource: Resource) -> Collection[str]:
        families = self.emulated(Ghl).children().values()
        return [str(one["id"]) for family in families for one in family[f"{resource.value}s"]]


def _typed(resource: Resource, fields: Fields) -> dict[str, Any]:
    """As people's actions take them; `html` is a note's body as it is kept."""
    typed = {n: v.isoformat() if isinstance(v, datetime) else v for n, v in fields.items()}
    if resource is Resource.NOTE:
        typed["html"] = typed.pop("body")
    return typed
