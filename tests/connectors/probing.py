"""What the tests of every probe against the sandbox share."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from syncd.connectors.api import Connector, Plugin, Probing, Wire
from syncd.model.probe import Finding
from syncd.sandbox.core import Fault
from syncd.testing.inprocess import Sandbox, sandbox

ADDRESS = "syncd-probe@example.org"
DOCS = Path(__file__).parents[2] / "docs"
Switches: TypeAlias = Mapping[str, Any]
# Per assumption: switches with which it holds, and with which it does not.
BothWays: TypeAlias = dict[str, tuple[Switches, Switches]]


class Harness:
    """The sandbox of one platform, whose clock goes on while the connector waits.

    Whoever derives from it opens `connector`.
    """

    connector: Connector

    def __init__(self, plugin: Plugin, now: datetime, contacts: int, switches: Switches) -> None:
        self.plugin = plugin
        self.platform = plugin.spec.name
        self.slept_s = 0.0
        self.box: Sandbox = sandbox(contacts, frozen_at=now, settings={self.platform: switches})
        self.info: dict[str, Any] = self.box.info[self.platform]
        self.before = self.contacts()

    def open(self, transport: httpx.BaseTransport | None = None, **settings: Any) -> None:
        """Probe from now on with a connector of these settings."""
        chosen = self.plugin.settings(base_url=self.info["base_url"], **settings)
        wire = Wire(
            transport=transport or self.box.transport,
            monotonic=lambda: self.slept_s,
            sleep=self._sleep,
        )
        self.connector = self.plugin.open(chosen, wire)

    def _sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        self.box.world.clock.advance(timedelta(seconds=seconds))

    def contacts(self) -> list[dict[str, Any]]:
        return self.box.platform(self.platform).dump()

    def findings(self, address: str = ADDRESS) -> Iterator[Finding]:
        assert isinstance(self.connector, Probing)
        return self.connector.probe(address)

    def probe(self) -> dict[str, Finding]:
        return {finding.assumption.key: finding for finding in self.findings()}

    def holding(self) -> dict[str, bool | None]:
        return {key: finding.holds for key, finding in self.probe().items()}

    def break_down(self, **fault: Any) -> None:
        self.box.world.faults.append(Fault(platform=self.platform, **fault))

    def left_no_trace(self) -> bool:
        return self.contacts() == self.before and not self.box.world.forbidden


class Watching(httpx.BaseTransport):
    """Shows every request before it goes on to the sandbox."""

    def __init__(self, box: Sandbox, watch: Callable[[httpx.Request], None]) -> None:
        self._box = box
        self._watch = watch

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._watch(request)
        return self._box.transport.handle_request(request)


def listed_in(document: str) -> list[tuple[str, str, str]]:
    """Key, text and otherwise of every assumption, as a document lists them."""
    text = (DOCS / document).read_text("utf-8")
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.*?) \| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    return [(key, what, otherwise) for key, what, otherwise, _ in rows]
