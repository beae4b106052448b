"""The platform on which the connector of ExampleMail is tested: the emulator, and people in it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx

from syncd.model.record import Resource
from syncd.model.values import Fields, Value
from syncd.testing.contract import Clock, Platform
from syncd.testing.example.child_emulator import NestingEmulator
from syncd.testing.example.connector import CONNECTOR
from syncd.testing.example.emulator import BLOCKED, TOKEN


class ExampleMailPlatform(Platform):
    """A fresh account."""

    plugin = CONNECTOR
    page_size = 5
    text = "first_name"
    refused_create: ClassVar[Fields] = {"email": f"somebody@{BLOCKED}"}
    refused_edit: ClassVar[Fields] = refused_create

    def __init__(self, clock: Clock) -> None:
        self._now = clock.now
        self._emulator = NestingEmulator(clock.now)
        self.transport = httpx.MockTransport(self._emulator.answer)
        self.settings = {
            "token": TOKEN,
            "base_url": "http://example-mail.test/v1",
            "page_size": self.page_size,
        }

    def create(self, fields: Fields) -> str:
        return str(self._emulator.create(dict(fields))["id"])

    def edit(self, remote_id: str, fields: Fields) -> None:
        self._emulator.change(remote_id, dict(fields))

    def delete(self, remote_id: str) -> None:
        self._emulator.delete(remote_id)

    def existing(self) -> Collection[str]:
        contacts = self._emulator.contacts.values()
        return [contact["id"] for contact in contacts if not contact["deleted"]]

    # What belongs to contacts

    def child(self, resource: Resource, number: int) -> dict[str, Value]:
        day = self._now() + timedelta(days=number)
        needed: dict[Resource, dict[str, Value]] = {
            Resource.NOTE: {"text": f"Note {number}"},
            Resource.TASK: {"title": f"Task {number}", "due": day},
            Resource.APPOINTMENT: {"title": f"Appointment {number}", "start": day},
        }
        return needed[resource]

    def create_child(self, resource: Resource, parent_id: str, fields: Fields) -> str:
        made = self._emulator.create_child(f"{resource.value}s", parent_id, _typed(fields))
        return str(made["id"])

    def edit_child(self, resource: Resource, remote_id: str, fields: Fields) -> None:
        self._emulator.change_child(f"{resource.value}s", remote_id, _typed(fields))

    def delete_child(self, resource: Resource, remote_id: str) -> None:
        self._emulator.delete_child(f"{resource.value}s", remote_id)

    def existing_children(self, resource: Resource) -> Collection[str]:
        children = self._emulator.children[f"{resource.value}s"].values()
        return [child["id"] for child in children if not child["deleted"]]


def _typed(fields: Fields) -> dict[str, Any]:
    return {n: v.isoformat() if isinstance(v, datetime) else v for n, v in fields.items()}
