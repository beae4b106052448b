"""The platform on which the connector of ExampleMail is tested: the emulator, and people in it."""

from collections.abc import Collection
from typing import ClassVar

import httpx

from syncd.model.values import Fields
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
