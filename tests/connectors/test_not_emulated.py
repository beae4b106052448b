"""A connector that meets a 501, as of a call that the sandbox does not emulate: an error, never
"that contact is gone".
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from syncd.connectors.api import Connector, Wire
from syncd.connectors.ghl import CONNECTOR as GHL
from syncd.connectors.maileon import CONNECTOR as MAILEON
from syncd.connectors.mailercloud import CONNECTOR as MAILERCLOUD
from syncd.errors import StaleError, SyncdError
from syncd.model.op import Op, OpKind
from syncd.model.record import Resource
from syncd.sandbox.core import Fault, not_emulated
from syncd.testing.inprocess import Sandbox, sandbox

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
CONTACT = Resource.CONTACT
ADA = "ada@example.org"
FIELDS = frozenset({"email"})
PLUGINS = {"ghl": GHL, "maileon": MAILEON, "mailercloud": MAILERCLOUD}
CREATED: dict[str, dict[str, Any]] = {
    "ghl": {"fields": {"email": ADA, "city": "Bern"}},
    "maileon": {"email": ADA},
    "mailercloud": {"email": ADA},
}
CITY = {"ghl": "city", "maileon": "CITY", "mailercloud": "city"}


class Harness:
    """One connector whose platform has Ada, and from `break_down` on answers nothing but 501."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.box: Sandbox = sandbox(
            3,
            frozen_at=NOW,
            settings={"ghl": {"index_lag_s": 0.0}, "mailercloud": {"search_lag_s": 0}},
        )
        self.remote_id = str(self.box.platform(name).act("create", CREATED[name])["id"])
        info = self.box.info[name]
        names = {"ghl": ("token", "location_id"), "mailercloud": ("api_key", "list_id")}
        keys = names.get(name, ("api_key",))
        settings = PLUGINS[name].settings(
            base_url=info["base_url"], **{key: info[key] for key in keys}
        )
        slept: list[float] = []
        wire = Wire(
            transport=self.box.transport,
            now=lambda: NOW,
            monotonic=lambda: sum(slept),
            sleep=slept.append,
        )
        self.connector: Connector = PLUGINS[name].open(settings, wire)
        self.connector.check()

    def break_down(self) -> None:
        body = not_emulated("GET", "/contacts/x")
        self.box.world.faults.append(Fault("status", platform=self.name, status=501, body=body))

    def op(self, kind: OpKind) -> Op:
        patch = {} if kind is OpKind.DELETE else {CITY[self.name]: "Basel"}
        return Op(1, CONTACT, kind, self.remote_id, patch, {"email": ADA})


def fetch(harness: Harness) -> None:
    harness.connector.fetch(CONTACT, harness.remote_id, fields=FIELDS)


def find(harness: Harness) -> None:
    if not harness.connector.find(CONTACT, "email", ADA, fields=FIELDS):
        raise StaleError("nobody was found")


def pull(harness: Harness) -> None:
    list(harness.connector.pull(CONTACT, None, fields=FIELDS, full=True))


def check(harness: Harness) -> None:
    harness.connector.check()


def write(kind: OpKind) -> Callable[[Harness], None]:
    def push(harness: Harness) -> None:
        for receipt in harness.connector.push(CONTACT, [harness.op(kind)]):
            if receipt.error is not None:
                raise receipt.error

    push.__name__ = kind.value
    return push


CALLS = (fetch, find, pull, check, write(OpKind.UPDATE), write(OpKind.DELETE))


@pytest.mark.parametrize("name", PLUGINS)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_a_501_is_an_error_and_tells_nothing_of_a_contact(
    name: str, call: Callable[[Harness], None]
) -> None:
    harness = Harness(name)
    if (name, call.__name__) != ("mailercloud", "delete"):  # which it never sends at all
        harness.break_down()
    with pytest.raises(SyncdError) as caught:
        call(harness)
    assert not isinstance(caught.value, StaleError)


@pytest.mark.parametrize("name", ["ghl", "maileon", "mailercloud"])
def test_what_a_connector_asks_of_the_sandbox_is_emulated(name: str) -> None:
    harness = Harness(name)
    for call in (fetch, find, pull, check, write(OpKind.UPDATE)):
        call(harness)
    assert not [
        one for one in harness.box.world.requests if "(no route)" in one or "(unknown)" in one
    ]
