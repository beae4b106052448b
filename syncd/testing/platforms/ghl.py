"""One location of the emulated GoHighLevel."""

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

from syncd.connectors.ghl import CONNECTOR
from syncd.connectors.ghl.spec import FIELDS, TAGS
from syncd.model.values import Fields, Value
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

    def create(self, fields: Fields) -> str:
        return str(self.act("create", fields=dict(fields))["id"])

    def edit(self, remote_id: str, fields: Fields) -> None:
        self.act("edit", id=remote_id, fields=dict(fields))

    def delete(self, remote_id: str) -> None:
        self.act("delete", id=remote_id)

    def existing(self) -> Collection[str]:
        return [str(contact["id"]) for contact in self.dump()]
