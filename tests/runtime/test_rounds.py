"""What is listed one contact at a time comes round, as often as `syncd status` says."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.cli.status_of_pair import status_of_pair
from syncd.connectors.registry import installed
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.runtime.stop import Stop
from syncd.runtime.worker import Worker
from syncd.testing.example.connector import CONNECTOR
from tests.engine.office import Office, office

PEOPLE = 12
SHARE = 0.005  # of a day, so that a cycle a minute lists the notes of one contact


@pytest.fixture
def crowded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Twelve people, whose notes are kept in step with ExampleMail."""
    monkeypatch.setitem(installed(), "example_mail", CONNECTOR)  # type: ignore[arg-type]
    place = office(tmp_path)
    root = tmp_path / "syncd.yaml"
    said = root.read_text("utf-8")
    share = f"connector: ghl\n    children_share: {SHARE}"
    root.write_text(said.replace("connector: ghl", share), "utf-8")
    place.write(every="60s", jitter="0s")
    for n in range(PEOPLE):
        place.person(f"n{n}@example.org")
    yield place
    place.running().close()


def test_an_edit_of_a_note_without_an_event_arrives_within_the_round_that_status_names(
    crowded: Office,
) -> None:
    worker = Worker("office", crowded.running(), Stop())
    emails = [f"n{n}@example.org" for n in range(PEOPLE)]
    notes = {email: crowded.note(email, "called") for email in emails}
    for _ in range(3):
        crowded.wait(minutes=5)
        worker.work()
    assert len(crowded.in_app("notes", "text")) == PEOPLE
    around = round_of(crowded)
    assert around == PEOPLE * timedelta(seconds=60)
    for email in (emails[0], emails[-1], emails[5]):
        crowded.act("edit_note", note=notes[email], html="<p>wants more</p>")
        edited = crowded.now
        while (email, "wants more") not in crowded.in_app("notes", "text"):
            crowded.wait(seconds=60)
            worker.work()
            assert crowded.now - edited <= around + timedelta(seconds=60)


def round_of(place: Office) -> timedelta | None:
    status = status_of_pair(place.running(), "office", place.now)
    [notes] = [one for one in status.streams if one.resource is Resource.NOTE]
    assert "each at least every 12 min" in notes.lines(status.accounts, place.now)[0]
    assert notes.content(status.accounts)["round_s"] == {"crm": 720, "app": None}
    return notes.rounds[Side.LEFT]
