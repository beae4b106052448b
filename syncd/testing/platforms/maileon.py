"""One newsletter account of the emulated Maileon."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from syncd.connectors.maileon import CONNECTOR
from syncd.model.values import Fields, Value
from syncd.testing.contract import Clock
from syncd.testing.platforms.sandboxed import SandboxPlatform


class MaileonPlatform(SandboxPlatform):
    """An account as the documents describe it."""

    plugin = CONNECTOR
    platform = "maileon"
    page_size = 5
    text = "CITY"
    samples: ClassVar[Mapping[str, Sequence[Value]]] = {"LOCALE": ("de_DE", "fr")}
    # Custom fields without a value are not listed (maileon.md 2.1).
    empty_is_absent: ClassVar[Collection[str]] = ("custom.*",)
    refused_create: ClassVar[Fields] = {"email": "no..body@example.org"}
    refused_edit: ClassVar[Fields] = {"email": "no..body@example.org"}

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.settings = {
            "api_key": self.info["api_key"],
            "base_url": self.info["base_url"],
            "page_size": self.page_size,
        }

    def create(self, fields: Fields) -> str:
        made = self.act("create", email=fields["email"], **_arguments(fields))
        return str(made["id"])

    def edit(self, remote_id: str, fields: Fields) -> None:
        self.act("edit", id=int(remote_id), **_arguments(fields))

    def delete(self, remote_id: str) -> None:
        self.act("delete", id=int(remote_id))

    def existing(self) -> Collection[str]:
        return [str(contact["id"]) for contact in self.dump()]


def _arguments(fields: Fields) -> dict[str, Any]:
    return {"standard_fields": {n: v for n, v in fields.items() if n.isupper()}}
