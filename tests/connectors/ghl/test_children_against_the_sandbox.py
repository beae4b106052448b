"""Notes, tasks and appointments against the sandbox, which somebody else wrote."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncd.connectors.ghl.calendars import calendars
from syncd.connectors.ghl.users import users
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Extent, Record, Resource
from syncd.model.values import Patch
from syncd.testing.inprocess import Sandbox, sandbox

from .test_against_the_sandbox import NOW, opened

ADA, BOB = "ada@example.org", "bob@example.org"
ALL: frozenset[str] = frozenset()
DUE = datetime(2026, 11, 5, 15, 30, tzinfo=UTC)
SWITCHES: list[dict[str, Any]] = [
    {},
    {"missing_child": "400"},
    {"title_and_due_together": True},
    {"contact_appointments_key": "appointments"},
    {"contact_appointments_in_utc": True},
    {"free_slot_flag_is_enough": True},
    {"index_lag_s": 0.0},
]


class World:
    """A location with Ada and Bob, and the connector at work on it."""

    def __init__(self, **switches: Any) -> None:
        self.box: Sandbox = sandbox(frozen_at=NOW, settings={"ghl": switches})
        made = [self.act("create", fields={"email": email}) for email in (ADA, BOB)]
        self.ada, self.bob = (str(one["id"]) for one in made)
        self.ghl = opened(self.box)

    def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        return dict(self.box.platform("ghl").act(action, arguments))

    def push(
        self,
        kind: OpKind,
        resource: Resource,
        remote_id: str | None = None,
        /,
        parent: str = "",
        **patch: Any,
    ) -> Receipt:
        values: Patch = patch
        of = parent or self.ada
        (receipt,) = self.ghl.push(
            resource, [Op(1, resource, kind, remote_id, values, parent_id=of)]
        )
        return receipt

    def made(self, resource: Resource, **patch: Any) -> str:
        receipt = self.push(OpKind.CREATE, resource, **patch)
        assert receipt.error is None
        assert receipt.remote_id is not None
        return receipt.remote_id

    def of(self, resource: Resource, parent: str) -> dict[str, Record]:
        return {r.remote_id: r for r in self.ghl.children(resource, parent, fields=ALL)}

    def listed(self, resource: Resource) -> dict[str, Record]:
        pages = self.ghl.pull(resource, None, fields=ALL, full=True)
        return {r.remote_id: r for page in pages for r in page.records}

    def wait(self, seconds: float) -> None:
        self.box.world.clock.advance(timedelta(seconds=seconds))


@pytest.fixture(params=SWITCHES, ids=str)
def world(request: pytest.FixtureRequest) -> World:
    return World(**request.param)


def test_a_note_is_made_changed_and_gone(world: World) -> None:
    note = world.made(Resource.NOTE, body="Called, no answer")
    assert world.of(Resource.NOTE, world.ada)[note].fields["body"] == "Called, no answer"
    assert world.of(Resource.NOTE, world.bob) == {}
    world.act("edit_note", note=note, text="Called again\nShe will come")
    assert "<" in str(world.of(Resource.NOTE, world.ada)[note].fields["body"])
    assert world.push(OpKind.UPDATE, Resource.NOTE, note, body="Done").error is None
    shown = world.ghl.child(Resource.NOTE, note, world.ada, fields=ALL)
    assert (shown.fields["body"], shown.parent_id, shown.gone) == ("Done", world.ada, False)
    assert world.push(OpKind.DELETE, Resource.NOTE, note).error is None
    assert world.ghl.child(Resource.NOTE, note, world.ada, fields=ALL).gone
    assert world.listed(Resource.NOTE) == {}


def test_a_task_is_made_completed_opened_again_and_found_by_the_search(world: World) -> None:
    task = world.made(Resource.TASK, title="Call", dueDate=DUE, completed=False)
    world.wait(600)
    assert world.listed(Resource.TASK)[task].fields["dueDate"] == DUE
    assert (
        world.push(OpKind.UPDATE, Resource.TASK, task, completed=True, body="twice").error is None
    )
    fields = world.of(Resource.TASK, world.ada)[task].fields
    assert (fields["completed"], fields["body"], fields["title"]) == (True, "twice", "Call")
    world.act("reopen_task", task=task)
    later = DUE + timedelta(days=1)
    assert world.push(OpKind.UPDATE, Resource.TASK, task, dueDate=later).error is None
    shown = world.ghl.child(Resource.TASK, task, world.ada, fields=ALL).fields
    assert (shown["dueDate"], shown["completed"]) == (later, False)
    world.act("delete_task", task=task)
    assert world.ghl.child(Resource.TASK, task, world.ada, fields=ALL).gone


def test_the_search_shows_every_task_once_and_says_where_each_belongs() -> None:
    world = World()
    tasks = {
        world.made(Resource.TASK, parent=parent, title=f"Call {n}", dueDate=DUE, completed=False): (
            parent
        )
        for n in range(120)
        for parent in (world.ada, world.bob)
    }
    world.wait(600)
    assert {i: record.parent_id for i, record in world.listed(Resource.TASK).items()} == tasks


def test_an_appointment_is_booked_moved_and_gone_and_nobody_gets_a_message(world: World) -> None:
    world.ghl.keep_to(Resource.APPOINTMENT, Extent(timedelta(days=90), timedelta(days=365)))
    (calendar, *_) = calendars(world.ghl._api)
    (user, *_) = users(world.ghl._api)
    start = datetime(2026, 11, 4, 3, 15, tzinfo=UTC)  # off hours: people book what they like
    times = {"startTime": start, "endTime": start + timedelta(minutes=30)}
    one = world.made(
        Resource.APPOINTMENT, calendarId=calendar, title="First", assignedUserId=user, **times
    )
    world.wait(600)
    for shown in (world.listed(Resource.APPOINTMENT), world.of(Resource.APPOINTMENT, world.ada)):
        assert shown[one].fields["startTime"] == start
        assert shown[one].parent_id == world.ada
    moved = {name: at + timedelta(hours=1) for name, at in times.items()}
    assert world.push(OpKind.UPDATE, Resource.APPOINTMENT, one, **moved).error is None
    direct = world.ghl.child(Resource.APPOINTMENT, one, world.ada, fields=ALL)
    assert direct.fields["startTime"] == start + timedelta(hours=1)
    world.act("cancel_appointment", appointment=one)
    direct = world.ghl.child(Resource.APPOINTMENT, one, world.ada, fields=ALL)
    assert direct.fields["appointmentStatus"] == "cancelled"
    assert world.push(OpKind.DELETE, Resource.APPOINTMENT, one).error is None
    assert world.ghl.child(Resource.APPOINTMENT, one, world.ada, fields=ALL).gone
    assert not any(world.box.world.messages.values())


def test_whoever_is_merged_away_leaves_what_belonged_to_them_to_the_winner() -> None:
    world = World()
    note = world.made(Resource.NOTE, body="Likes tea", parent=world.bob)
    world.act("merge", id=world.ada, loser=world.bob)
    assert world.of(Resource.NOTE, world.bob) == {}
    assert world.of(Resource.NOTE, world.ada)[note].parent_id == world.ada


def test_the_names_of_users_and_what_the_token_may_do_are_told(world: World) -> None:
    for resource in (Resource.NOTE, Resource.TASK, Resource.APPOINTMENT):
        assert all(right.granted for right in world.ghl.rights(resource))
