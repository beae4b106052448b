"""The client for `/_control`, against a sandbox on a real port."""

import socket
from collections.abc import Iterator

import pytest

from syncd.errors import TransientError
from syncd.sandbox.server import start
from syncd.testing.control import Control


@pytest.fixture(scope="module")
def box() -> Iterator[Control]:
    running = start(contacts=3)
    yield Control(running.url)
    running.stop()


def test_what_a_person_does_is_shown(box: Control) -> None:
    assert box.configure("maileon", unsubscribe_delay_s=0)["unsubscribe_delay_s"] == 0
    box.act("maileon", "create", email="aero@example.org", standard_fields={"CITY": "Ærøskøbing"})
    shown = {c["email"]: c["standard_fields"].get("CITY") for c in box.contacts("maileon")}
    assert shown["aero@example.org"] == "Ærøskøbing"
    assert box.info()["maileon"]["base_url"] == f"{box.url}/maileon/1.0"
    assert box.counters()["writes"] == {}, "people's own deeds are no requests"


def test_what_makes_no_sense_is_refused_and_says_what_is_allowed(box: Control) -> None:
    with pytest.raises(ValueError, match="POST /faults: `kind` must be one of status, lost_answer"):
        box.request("POST", "/faults", {})
    with pytest.raises(ValueError, match="unknown action 'fly'; there are: "):
        box.act("ghl", "fly")
    with pytest.raises(ValueError, match="unknown setting"):
        box.configure("ghl", colour="red")


def test_a_sandbox_that_is_away_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TransientError, match="does not answer"):
        Control(f"http://127.0.0.1:{port}").info()
