"""ExampleMail knows what belongs to contacts, in both styles in which platforms list it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest

from syncd.connectors.api import Nested, Wire
from syncd.errors import ConfigError, InDoubtError, RecordError, StaleError, TransientError
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Extent, Page, Record, Resource, Window
from syncd.testing.contract import Clock
from syncd.testing.contract.clock import START
from syncd.testing.example import ExampleMail, Settings
from syncd.testing.example.child_emulator import NestingEmulator
from syncd.testing.example.emulator import TOKEN

NOTE, TASK, APPOINTMENT = Resource.NOTE, Resource.TASK, Resource.APPOINTMENT
NESTED = (NOTE, TASK, APPOINTMENT)
ALL: frozenset[str] = frozenset()
NEEDED: dict[Resource, dict[str, Any]] = {
    NOTE: {"text": "Rang back"},
    TASK: {"title": "Ring back", "due": START + timedelta(days=1)},
    APPOINTMENT: {"start": START + timedelta(days=2)},
}


@dataclass
class World:
    """An account with Ada and Bob, and the connector at work on it."""

    clock: Clock = field(default_factory=Clock)
    rewrite: Callable[[httpx.Response], httpx.Response] = lambda response: response

    def __post_init__(self) -> None:
        self.emulator = NestingEmulator(self.clock.now)
        self.ada, self.bob = (
            self.emulator.create({"email": f"{name}@example.org"})["id"] for name in ("ada", "bob")
        )
        settings = Settings(token=TOKEN, page_size=2)  # type: ignore[arg-type]
        transport = httpx.MockTransport(lambda request: self.rewrite(self.emulator.answer(request)))
        wire = Wire(transport, self.clock.now, self.clock.monotonic, self.clock.sleep)
        self.mail = ExampleMail(settings, wire)

    def push(
        self, kind: OpKind, resource: Resource, remote_id: str | None, parent: str | None, **to: Any
    ) -> Receipt:
        moves = kind is OpKind.UPDATE and parent != self.ada
        op = Op(1, resource, kind, remote_id, to, parent_id=parent, moves=moves)
        (receipt,) = self.mail.push(resource, [op])
        return receipt

    def made(self, resource: Resource, parent: str | None = None, **more: Any) -> str:
        values = {**NEEDED[resource], **more}
        receipt = self.push(OpKind.CREATE, resource, None, parent or self.ada, **values)
        assert receipt.error is None
        assert receipt.remote_id
        return receipt.remote_id

    def under(self, resource: Resource, parent: str) -> dict[str, Record]:
        return {r.remote_id: r for r in self.mail.children(resource, parent, fields=ALL)}

    def child(self, resource: Resource, remote_id: str) -> Record:
        return self.mail.child(resource, remote_id, self.ada, fields=ALL)

    def pages(self, resource: Resource, cursor: str | None = None, **how: Any) -> list[Page]:
        return list(self.mail.pull(resource, cursor, fields=ALL, **how))


def shown(pages: list[Page]) -> dict[str, Record]:
    return {record.remote_id: record for page in pages for record in page.records}


def test_the_example_is_a_connector_with_children() -> None:
    assert isinstance(World().mail, Nested)


@pytest.mark.parametrize("resource", NESTED)
def test_a_child_is_made_changed_and_removed_under_its_contact(resource: Resource) -> None:
    world = World()
    remote_id = world.made(resource)
    ((_, made),) = world.under(resource, world.ada).items()
    assert {n: made.fields[n] for n in NEEDED[resource]} == NEEDED[resource]
    assert (made.remote_id, made.parent_id) == (remote_id, world.ada)
    assert world.under(resource, world.bob) == {}
    changed = {NOTE: {"pinned": True}, TASK: {"done": True}, APPOINTMENT: {"status": "missed"}}
    patch = changed[resource]
    receipt = world.push(OpKind.UPDATE, resource, remote_id, world.ada, **patch)
    assert receipt.record == world.child(resource, remote_id)
    assert dict(world.child(resource, remote_id).fields) == {**made.fields, **patch}
    assert world.push(OpKind.DELETE, resource, remote_id, world.ada).error is None
    assert world.child(resource, remote_id).gone
    assert world.under(resource, world.ada) == {}
    again = world.push(OpKind.DELETE, resource, remote_id, world.ada)
    assert isinstance(again.error, StaleError)


@pytest.mark.parametrize("resource", NESTED)
@pytest.mark.parametrize("parent", ["nobody", None])
def test_a_child_of_no_contact_is_refused(resource: Resource, parent: str | None) -> None:
    world = World()
    receipt = world.push(OpKind.CREATE, resource, None, parent, **NEEDED[resource])
    assert isinstance(receipt.error, RecordError)
    assert receipt.error.code == "no_parent"
    assert not any(world.emulator.children.values())
    assert world.under(resource, "nobody") == {}


@pytest.mark.parametrize("resource", NESTED)
def test_children_go_with_their_contact(resource: Resource) -> None:
    world = World()
    lost, kept = world.made(resource), world.made(resource, world.bob)
    world.emulator.delete(world.ada)
    assert world.child(resource, lost).gone
    assert world.under(resource, world.ada) == {}
    assert set(world.under(resource, world.bob)) == {kept}


def test_tasks_are_listed_by_what_changed_and_deletions_too() -> None:
    world = World()
    made = [world.made(TASK, title=f"Task {n}") for n in range(5)]
    sweep = world.pages(TASK)
    assert [len(page.records) for page in sweep] == [2, 2, 1]
    assert world.pages(TASK, sweep[-1].cursor)[0].records == []
    world.emulator.delete_child("tasks", made[1])
    world.emulator.change_child("tasks", made[3], {"title": "Anew"})
    changed = shown(world.pages(TASK, sweep[-1].cursor))
    assert {i: r.gone for i, r in changed.items()} == {made[1]: True, made[3]: False}
    assert {r.parent_id for r in changed.values()} == {world.ada}
    world.emulator.delete(world.ada)
    gone = shown(world.pages(TASK, sweep[-1].cursor))
    assert {i for i, r in gone.items() if r.gone} == set(made)


def test_appointments_are_listed_anew_and_a_deleted_one_moves_no_other_to_a_page_read() -> None:
    world = World()
    made = [world.made(APPOINTMENT) for _ in range(5)]
    first = next(world.mail.pull(APPOINTMENT, None, fields=ALL, full=True))
    world.emulator.delete_child("appointments", made[0])
    rest = world.pages(APPOINTMENT, first.cursor, full=True)
    assert set(shown([first, *rest])) == set(made)
    assert [page.last for page in (first, *rest)] == [False, False, True]
    assert set(shown(world.pages(APPOINTMENT, rest[-1].cursor))) == set(made[1:])


@pytest.mark.parametrize("resource", [TASK, APPOINTMENT])
def test_a_window_holds_what_was_made_or_changed_in_it(resource: Resource) -> None:
    world = World()
    old, edited, moment = (world.made(resource) for _ in range(3))
    world.clock.sleep(3600.0)
    since = world.clock.now()
    new = world.made(resource)
    for remote_id, hours in ((edited, 0.5), (moment, 1.0)):
        world.clock.sleep(hours * 3600.0)
        world.emulator.change_child(f"{resource.value}s", remote_id, {"title": "Anew"})
    window = Window(since, since + timedelta(hours=1))
    for known in (None, world.pages(resource)[-1].cursor):  # a place behind all of them
        assert set(shown(world.pages(resource, known, window=window))) == {new, edited}
    assert old not in shown(world.pages(resource, window=Window(since, world.clock.now())))


def test_notes_are_listed_by_contact_only() -> None:
    world = World()
    world.made(NOTE)
    assert world.pages(NOTE, full=True) == []


def test_a_task_moves_to_another_contact_and_an_appointment_does_not() -> None:
    world = World()
    task, appointment = world.made(TASK), world.made(APPOINTMENT)
    moved = world.push(OpKind.UPDATE, TASK, task, world.bob, title="For Bob")
    assert moved.record is not None
    assert moved.record.parent_id == world.bob
    assert set(world.under(TASK, world.bob)) == {task}
    assert world.under(TASK, world.ada) == {}
    assert world.child(TASK, task).parent_id == world.bob  # whoever had it before
    world.push(OpKind.UPDATE, TASK, task, world.ada, title="Still for Bob")
    assert world.child(TASK, task).parent_id == world.bob  # only an op that says so moves it
    world.push(OpKind.UPDATE, TASK, task, world.bob, title="For Bob")
    world.push(OpKind.UPDATE, APPOINTMENT, appointment, world.bob, title="Still Ada's")
    assert set(world.under(APPOINTMENT, world.ada)) == {appointment}
    nobody = world.push(OpKind.UPDATE, TASK, task, "nobody", title="For nobody")
    assert isinstance(nobody.error, RecordError)
    assert nobody.error.code == "no_parent"
    assert world.child(TASK, task).fields["title"] == "For Bob"


def test_appointments_are_kept_to_an_extent() -> None:
    world = World()
    days = {n: world.made(APPOINTMENT, start=START + timedelta(days=n)) for n in (-9, -1, 1, 9)}
    cancelled = world.made(APPOINTMENT, status="cancelled")
    day = timedelta(days=3)
    only = {"status": frozenset({"booked"})}
    world.mail.keep_to(APPOINTMENT, Extent(back=day, ahead=day, only=only))
    for found in (world.under(APPOINTMENT, world.ada), shown(world.pages(APPOINTMENT))):
        assert set(found) == {days[-1], days[1]}
    world.mail.keep_to(APPOINTMENT, Extent())
    assert set(world.under(APPOINTMENT, world.ada)) == {*days.values(), cancelled}


def test_what_is_gone_is_told_whatever_the_extent() -> None:
    world = World()
    task = world.made(TASK, title="Ring back")
    cursor = world.pages(TASK)[-1].cursor
    world.mail.keep_to(TASK, Extent(only={"title": frozenset({"Ring back"})}))
    world.emulator.delete_child("tasks", task)
    assert shown(world.pages(TASK, cursor))[task].gone


def test_a_create_leaves_out_what_is_empty() -> None:
    world = World()
    made = world.child(NOTE, world.made(NOTE, pinned=None))
    assert made.fields == {"text": "Rang back", "pinned": False}


@pytest.mark.parametrize("kind", [OpKind.UPDATE, OpKind.DELETE])
def test_a_change_whose_answer_is_lost_is_sent_again(kind: OpKind) -> None:
    world = World()
    note = world.made(NOTE)
    answers = iter([httpx.Response(504)])
    world.rewrite = lambda response: next(answers, response)
    receipt = world.push(
        kind, NOTE, note, world.ada, **{} if kind is OpKind.DELETE else {"text": "x"}
    )
    assert receipt.error is None or isinstance(receipt.error, StaleError)
    assert next(answers, None) is None
    assert world.child(NOTE, note).gone == (kind is OpKind.DELETE)


def test_an_op_that_is_none_of_the_three_is_refused() -> None:
    world = World()
    receipt = world.push(OpKind.SUPPRESS, NOTE, None, world.ada)
    assert isinstance(receipt.error, RecordError)
    assert receipt.error.code == "unsupported"


def _emptied(response: httpx.Response) -> httpx.Response:
    return httpx.Response(response.status_code, json={})


@pytest.mark.parametrize("resource", NESTED)
def test_an_answer_without_what_it_should_hold_is_no_evidence(resource: Resource) -> None:
    world = World()
    remote_id = world.made(resource)
    world.rewrite = _emptied
    for call in (world.under, world.child):
        with pytest.raises(TransientError):
            call(resource, remote_id)
    if resource is not NOTE:
        with pytest.raises(TransientError):
            world.pages(resource)
    lost = world.push(OpKind.CREATE, resource, None, world.ada, **NEEDED[resource])
    assert isinstance(lost.error, InDoubtError)


@pytest.mark.parametrize("resource", NESTED)
def test_a_list_that_shows_another_contacts_is_refused(resource: Resource) -> None:
    world = World()
    world.made(resource)
    world.rewrite = lambda response: httpx.Response(
        response.status_code, text=response.text.replace(world.ada, world.bob)
    )
    with pytest.raises(TransientError):
        world.under(resource, world.ada)


def _without(name: str) -> Callable[[httpx.Response], httpx.Response]:
    def rewrite(response: httpx.Response) -> httpx.Response:
        text = response.text.replace(f'"{name}"', '"other"')
        return httpx.Response(response.status_code, text=text)

    return rewrite


@pytest.mark.parametrize("name", ["contact_id", "more", "items", "id"])
@pytest.mark.parametrize("resource", [TASK, APPOINTMENT])
def test_a_page_that_lacks_something_is_no_page(resource: Resource, name: str) -> None:
    world = World()
    world.made(resource)
    world.rewrite = _without(name)
    with pytest.raises(TransientError):
        world.pages(resource)


def test_the_answer_about_another_record_is_refused() -> None:
    world = World()
    one, other = world.made(NOTE), world.made(NOTE)
    world.rewrite = lambda response: httpx.Response(200, text=response.text.replace(one, other))
    with pytest.raises(TransientError, match="another note"):
        world.child(NOTE, one)


def test_what_is_done_with_contacts_only_is_no_answer_about_children() -> None:
    mail = World().mail
    with pytest.raises(ConfigError, match="contacts only"):
        mail.fetch(TASK, "t-00001", fields=ALL)
    with pytest.raises(ConfigError, match="contacts only"):
        mail.find(TASK, "title", "Ring back", fields=ALL)


@pytest.mark.parametrize(
    ("resource", "name"), [(NOTE, "text"), (NOTE, "pinned"), (TASK, "done"), (APPOINTMENT, "start")]
)
def test_what_cannot_be_emptied_is_not_even_sent(resource: Resource, name: str) -> None:
    world = World()
    receipt = world.push(OpKind.UPDATE, resource, world.made(resource), world.ada, **{name: None})
    assert isinstance(receipt.error, RecordError)
    assert (receipt.error.code, receipt.error.fields) == ("bad_value", (name,))


@pytest.mark.parametrize(
    ("resource", "name", "value"),
    [
        (NOTE, "text", None),
        (NOTE, "text", " \x00 "),
        (NOTE, "pinned", "yes"),
        (TASK, "due", "soon"),
        (TASK, "title", "x" * 201),
        (APPOINTMENT, "start", None),
        (APPOINTMENT, "status", "perhaps"),
    ],
)
def test_what_a_field_cannot_hold_is_refused(resource: Resource, name: str, value: Any) -> None:
    world = World()
    remote_id = world.made(resource)
    before = world.child(resource, remote_id)
    receipt = world.push(OpKind.UPDATE, resource, remote_id, world.ada, **{name: value})
    assert isinstance(receipt.error, RecordError)
    assert receipt.error.fields == (name,)
    assert world.child(resource, remote_id) == before


def test_what_is_no_value_of_its_field_is_named_and_left_out() -> None:
    world = World()
    remote_id = world.made(TASK)
    odd = {"due": "soon", "done": "no", "title": 7, "assignee": ""}
    world.emulator.children["tasks"][remote_id] |= odd
    record = world.child(TASK, remote_id)
    assert record.odd == {"due", "done", "title"}
    assert record.fields == {"description": None, "assignee": None}
