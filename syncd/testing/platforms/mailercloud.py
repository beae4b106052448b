"""One list of the emulated Mailercloud."""

from collections.abc import Collection
from typing import ClassVar

from syncd.connectors.mailercloud import CONNECTOR
from syncd.model.values import Fields
from syncd.testing.contract import Clock
from syncd.testing.platforms.sandboxed import SandboxPlatform


class MailercloudPlatform(SandboxPlatform):
    """An account as the documents describe it."""

    plugin = CONNECTOR
    platform = "mailercloud"
    page_size = 100  # which the connector always asks for
    text = "city"
    refused_create: ClassVar[Fields] = {"email": "somebody@refused.example.com"}

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.settings = {
            "api_key": self.info["api_key"],
            "list_id": self.info["list_id"],
            "base_url": self.info["base_url"],
        }

    def create(self, fields: Fields) -> str:
        rest = {name: value for name, value in fields.items() if name != "email"}
        return str(self.act("create", email=fields["email"], fields=rest)["id"])

    def edit(self, remote_id: str, fields: Fields) -> None:
        self.act("edit", id=remote_id, fields=dict(fields))

    def delete(self, remote_id: str) -> None:
        self.act("delete", id=remote_id)

    def existing(self) -> Collection[str]:
        return [str(contact["id"]) for contact in self.dump()]
