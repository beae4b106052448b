"""What belongs to contacts, counted up by contact, on both kinds of store."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.model.derived import (
    LAST_APPOINTMENT_STATUS,
    LAST_NOTE,
    LAST_NOTE_AT,
    NEXT_APPOINTMENT_AT,
    NEXT_TASK_DUE_AT,
    OPEN_TASKS,
)
from syncd.model.link import Observation
from syncd.model.record import Resource
from syncd.model.spec import Activity, ResourceSpec
from syncd.store import activity, observations
from syncd.store.activity import Told

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TASKS = ResourceSpec({}, activity=Activity(done="is done", due="due"))
NOTES = ResourceSpec({}, activity=Activity(at="at", text="text"))
BOOKED = ResourceSpec({}, starts="start", activity=Activity(status="status", off=("off", "no")))
SPECS = {Resource.TASK: TASKS, Resource.NOTE: NOTES, Resource.APPOINTMENT: BOOKED}


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def save(
    store: sa.Engine,
    resource: Resource,
    *those: dict[str, Any],
    parent: str | None = "ada",
    account: str = "crm",
    gone: bool = False,
) -> None:
    """Records with these fields, called by their numbers under their contact."""
    seen = [
        Observation(f"{parent}-{n}", fields, "d", None, None, gone, parent)
        for n, fields in enumerate(those)
    ]
    with store.begin() as db:
        observations.save(db, account, resource, seen)


def told(store: sa.Engine, resource: Resource, *contacts: str, now: datetime = NOW) -> Any:
    with store.connect() as db:
        return activity.told(db, "crm", resource, SPECS[resource], contacts or ["ada"], now)


def test_tasks_are_counted_and_the_next_is_due_after_now(store: sa.Engine) -> None:
    save(
        store,
        Resource.TASK,
        {"is done": False, "due": at(-1)},
        {"is done": False, "due": at(3)},
        {"is done": False, "due": at(2)},
        {"is done": True, "due": at(1)},
        {"is done": None, "due": None},
        {},
    )
    values = {OPEN_TASKS: 5, NEXT_TASK_DUE_AT: at(2)}
    assert told(store, Resource.TASK) == {"ada": Told(values, at(2))}
    later = told(store, Resource.TASK, now=at(2))
    assert later["ada"].values[NEXT_TASK_DUE_AT] == at(3), "what is due now is not to come"
    assert told(store, Resource.TASK, now=at(3))["ada"].passes is None


def test_what_is_gone_or_belongs_to_others_does_not_count(store: sa.Engine) -> None:
    task = {"is done": False, "due": at(1)}
    save(store, Resource.TASK, task, parent="bob")
    save(store, Resource.TASK, task, parent=None)
    save(store, Resource.TASK, task, parent="cy", gone=True)
    save(store, Resource.TASK, task, parent="dan", account="other")
    save(store, Resource.NOTE, {"is done": False}, parent="eve")
    found = told(store, Resource.TASK, "ada", "bob", "cy", "dan", "eve")
    assert found == {"bob": Told({OPEN_TASKS: 1, NEXT_TASK_DUE_AT: at(1)}, at(1))}


def test_of_notes_the_newest_is_told(store: sa.Engine) -> None:
    save(
        store,
        Resource.NOTE,
        {"at": at(-2), "text": "first"},
        {"at": at(-1) + timedelta(microseconds=1), "text": 'the "last"\nof all'},
        {"at": at(-1), "text": "second"},
        {"text": "nobody knows when"},
    )
    newest = at(-1) + timedelta(microseconds=1)
    values = {LAST_NOTE_AT: newest, LAST_NOTE: 'the "last"\nof all'}
    assert told(store, Resource.NOTE) == {"ada": Told(values)}


def test_of_two_notes_of_one_moment_it_is_always_the_same(store: sa.Engine) -> None:
    save(store, Resource.NOTE, *({"at": NOW, "text": text} for text in ("a", "b", "c")))
    assert told(store, Resource.NOTE)["ada"].values[LAST_NOTE] == "c"


@pytest.mark.parametrize(
    ("hours", "next_at", "passes", "status"),
    [
        (0, 3, 1, None),
        (1, 3, 2, "off"),
        (2, 3, 3, "no"),
        (3, None, None, "on"),
        (9, None, None, "on"),
    ],
)
def test_an_appointment_is_to_come_until_it_begins(
    store: sa.Engine, hours: float, next_at: float | None, passes: float | None, status: str | None
) -> None:
    """What nobody comes to is not the next one; but it is the last one, once its time is over."""
    save(
        store,
        Resource.APPOINTMENT,
        {"start": at(1), "status": "off"},
        {"start": at(2), "status": "no"},
        {"start": at(3), "status": "on"},
        {"status": "on"},
    )
    found = told(store, Resource.APPOINTMENT, now=at(hours))
    values = {
        NEXT_APPOINTMENT_AT: at(next_at) if next_at is not None else None,
        LAST_APPOINTMENT_STATUS: status,
    }
    assert found == {"ada": Told(values, at(passes) if passes is not None else None)}


def test_now_is_compared_in_whatever_zone_it_is_told(store: sa.Engine) -> None:
    save(store, Resource.TASK, {"is done": False, "due": at(1)})
    elsewhere = at(0).astimezone(timezone(timedelta(hours=9)))
    assert told(store, Resource.TASK, now=elsewhere)["ada"].passes == at(1)


def test_more_contacts_than_fit_into_one_list(store: sa.Engine) -> None:
    names = [f"c{n:04}" for n in range(1100)]
    for name in names[::100]:
        save(store, Resource.TASK, {"is done": False}, parent=name)
    assert told(store, Resource.TASK, *names).keys() == {*names[::100]}
