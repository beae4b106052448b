"""The commands tell of notes and tasks which they are, and whose."""

from collections.abc import Iterator

import pytest

from syncd.connectors.registry import installed
from syncd.sandbox.server import start
from syncd.testing.control import Control
from syncd.testing.example.connector import CONNECTOR
from tests.cli.conftest import Place
from tests.cli.office import Workplace, emulator, served, write_pair

ADA = "ada@example.org"
DUE = "2026-11-05T15:30:00.000Z"
TOO_LONG = "x" * 250  # for a title in ExampleMail


@pytest.fixture
def box() -> Iterator[Control]:
    """Nobody is there yet."""
    running = start(contacts=0, limits="off")
    control = Control(running.url)
    control.configure("ghl", index_lag_s=0.0)
    yield control
    running.stop()


@pytest.fixture
def workplace(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    monkeypatch.setitem(installed(), "example_mail", CONNECTOR)  # type: ignore[arg-type]
    app = emulator()
    with served(app) as base:
        write_pair(place, base, policy="manual")
        yield Workplace(place, app)


@pytest.fixture
def in_step(workplace: Workplace) -> Workplace:
    """Ada with a task and a note, on both sides."""
    workplace.person(ADA, firstName="Ada")
    workplace.note(ADA, "<p>called, and wants</p><p>to hear from us again in spring</p>")
    workplace.task(ADA, "Send the offer", dueDate=DUE)
    workplace.place.approve("office")
    return workplace


def one_line(text: str) -> str:
    return " ".join(text.split())


def clash(workplace: Workplace) -> None:
    """Both sides change the title of the task."""
    child = workplace.place.json("explain", ADA)["contacts"][0]["children"]["tasks"]["newest"][0]
    workplace.act("edit_task", task=child["sides"]["left"]["remote_id"], title="Send it on Friday")
    there = child["sides"]["right"]["remote_id"]
    workplace.app.change_child("tasks", there, {"title": "Send it on Monday"})
    assert workplace.place.type("sync").exit_code == 3


def test_a_contact_is_explained_with_what_belongs_to_it(
    in_step: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    (ada,) = in_step.place.json("explain", ADA)["contacts"]
    (task,) = ada["children"]["tasks"]["newest"]
    assert task["known_as"] == "Send the offer"
    assert {side["account"]: side["state"] for side in task["sides"].values()} == {
        "crm": "linked",
        "app": "linked",
    }
    assert task["sides"]["right"]["remote_id"] in in_step.app.children["tasks"]
    assert task["last_write"]["kind"] == "create"
    (note,) = ada["children"]["notes"]["newest"]
    assert note["known_as"] == "called, and wants to hear from us again in spring"
    shown = in_step.place.type("explain", ADA).stdout
    assert "called, and wants to hear from us" in shown
    assert "in spring" not in shown
    assert task["sides"]["left"]["remote_id"] in shown
    assert "create on app: title, due, done" in one_line(shown)


def test_who_has_no_notes_is_said_to_have_none(workplace: Workplace) -> None:
    workplace.person(ADA, firstName="Ada")
    workplace.place.approve("office")
    shown = workplace.place.type("explain", ADA).stdout
    assert "Tasks: none" in shown
    assert "Notes: none" in shown


def test_of_many_notes_the_newest_are_listed(workplace: Workplace) -> None:
    workplace.person(ADA, firstName="Ada")
    for number in range(23):
        workplace.note(ADA, f"call {number}")
    workplace.place.approve("office")
    (ada,) = workplace.place.json("explain", ADA)["contacts"]
    notes = ada["children"]["notes"]
    assert (notes["count"], len(notes["newest"])) == (23, 20)
    assert "and 3 more" in workplace.place.type("explain", ADA).stdout


def test_what_was_changed_last_comes_first(in_step: Workplace) -> None:
    (first,) = in_step.app.children["tasks"]
    in_step.task(ADA, "Call again", dueDate=DUE)
    assert in_step.place.type("sync").exit_code == 0
    in_step.app.change_child("tasks", first, {"done": True})
    assert in_step.place.type("sync").exit_code == 0
    tasks = in_step.place.json("explain", ADA)["contacts"][0]["children"]["tasks"]["newest"]
    assert [task["known_as"] for task in tasks] == ["Send the offer", "Call again"]


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_task_is_explained_by_its_id_on_either_side(in_step: Workplace, side: str) -> None:
    (ada,) = in_step.place.json("explain", ADA)["contacts"]
    task_id = ada["children"]["tasks"]["newest"][0]["sides"][side]["remote_id"]
    answer = in_step.place.json("explain", task_id)
    assert answer["contacts"] == []
    (task,) = answer["records"]
    assert {rule["rule"]: rule["why"] for rule in task["rules"]} == {
        "title = title": "agreed",
        "body = description": "agreed",
        "dueDate = due": "agreed",
        "completed = done": "agreed",
    }
    contact = {"remote_id": ada["sides"][side]["remote_id"], "address": ADA}
    assert task["sides"][side]["contact"] == contact
    shown = in_step.place.type("explain", task_id).stdout
    assert "task: Send the offer" in shown
    assert f"contact: {ADA} (crm: {ada['sides']['left']['remote_id']}, app: " in shown


def test_an_id_that_nobody_has_seen_is_no_task_either(in_step: Workplace) -> None:
    said = in_step.place.type("explain", "t-99999")
    assert said.exit_code == 2
    assert "No pair has seen this contact, or anything of a contact" in said.output


def test_tasks_that_rest_are_not_said_to_be_none(in_step: Workplace) -> None:
    (ada,) = in_step.place.json("explain", ADA)["contacts"]
    (task,) = ada["children"]["tasks"]["newest"]
    path = in_step.place.folder / "pairs" / "office.yaml"
    two_into_one = path.read_text("utf-8").replace("right: description", "right: title")
    path.write_text(two_into_one, "utf-8")
    (ada,) = in_step.place.json("explain", ADA)["contacts"]
    assert ada["children"]["tasks"] == {"count": None, "newest": []}
    assert ada["children"]["notes"]["count"] == 1
    assert "Tasks: not known, as `tasks:`" in in_step.place.type("explain", ADA).stdout
    said = in_step.place.type("explain", task["sides"]["left"]["remote_id"])
    assert said.exit_code == 2
    assert "Pair 'office' has a task with this id, but its `tasks:` rest" in said.output


def test_what_cannot_travel_is_told_with_the_task_that_has_it(workplace: Workplace) -> None:
    ada = workplace.person(ADA, firstName="Ada")
    task = workplace.task(ADA, TOO_LONG, dueDate=DUE)
    workplace.place.approve("office")
    said = one_line(workplace.place.type("status").stdout)
    assert "cannot travel: task: title = title: 1 value, longer than" in said
    (problem,) = workplace.place.json("status")["pairs"][0]["problems"]
    assert (problem["resource"], problem["rule"]) == ("task", "title = title")
    (listed,) = workplace.place.json("explain", ada)["contacts"][0]["children"]["tasks"]["newest"]
    assert listed["cannot_travel"] == {"title = title": "too_long"}
    (told,) = workplace.place.json("explain", task)["records"]
    why = {rule["rule"]: rule["why"] for rule in told["rules"]}
    assert why["title = title"].startswith("cannot travel: longer than")


def test_a_parked_task_is_tried_again(workplace: Workplace) -> None:
    workplace.person(ADA, firstName="Ada")
    task = workplace.task(ADA, TOO_LONG, dueDate=DUE)
    workplace.place.approve("office")
    told = workplace.place.json("retry", "office")
    assert (told["records"], told["resources"]) == (1, {"tasks": 1})
    said = workplace.place.type("retry", "office").stdout
    assert "tries 1 parked record (1 task) again" in one_line(said)
    assert "the next cycle looks at it again" in workplace.place.type("explain", task).stdout


def test_a_conflict_says_of_what_it_is_and_whose(in_step: Workplace) -> None:
    clash(in_step)
    (ada,) = in_step.place.json("explain", ADA)["contacts"]
    (task,) = ada["children"]["tasks"]["newest"]
    ids = {
        whose: {side["account"]: side["remote_id"] for side in one["sides"].values()}
        for whose, one in (("task", task), ("contact", ada))
    }
    (conflict,) = in_step.place.json("conflicts", "list")["conflicts"]
    assert (conflict["of"], conflict["rule"]) == ("task", "title = title")
    assert (conflict["records"], conflict["contact"]) == (ids["task"], ids["contact"])
    assert task["conflicts"] == {"title = title": conflict["id"]}
    listed = in_step.place.type("conflicts", "list").stdout
    assert f"crm: {ids['contact']['crm']}" in listed
    number = str(conflict["id"])
    shown = in_step.place.type("conflicts", "show", number).stdout
    assert "task: title = title: both sides changed" in shown
    assert ids["contact"]["app"] in shown
    assert in_step.place.json("conflicts", "show", number)["of"] == "task"


def test_a_conflict_of_a_contact_is_of_the_contact(in_step: Workplace) -> None:
    (there,) = in_step.app.contacts
    in_step.act("edit", email=ADA, fields={"firstName": "Ada L."})
    in_step.app.change(there, {"first_name": "Ada M."})
    assert in_step.place.type("sync").exit_code == 3
    (conflict,) = in_step.place.json("conflicts", "list")["conflicts"]
    assert conflict["of"] == "contact"
    assert conflict["records"] == conflict["contact"]
    shown = in_step.place.type("conflicts", "show", str(conflict["id"])).stdout
    assert shown.startswith("firstName = first_name: both sides changed")


def test_the_conflict_of_a_task_is_settled_by_a_person(in_step: Workplace) -> None:
    clash(in_step)
    (conflict,) = in_step.place.json("conflicts", "list")["conflicts"]
    resolved = in_step.place.type("conflicts", "resolve", str(conflict["id"]), "--take", "right")
    assert resolved.exit_code == 0
    synced = in_step.place.json("sync")["pairs"][0]
    assert synced["children"] == {"tasks": {"crm": {"updated": 1}, "app": {}}}
    assert "updated" not in synced["sides"]["crm"]
    (task,) = in_step.place.json("explain", ADA)["contacts"][0]["children"]["tasks"]["newest"]
    assert task["known_as"] == "Send it on Monday"
    assert in_step.place.type("conflicts", "list").stdout.startswith("No field waits")


def test_a_plan_names_the_contact_of_a_task(in_step: Workplace) -> None:
    (there,) = in_step.app.contacts
    in_step.task(ADA, "Call again", dueDate=DUE)
    (write,) = in_step.place.json("plan", "office")["writes"]
    assert (write["resource"], write["kind"], write["contact"]) == ("task", "create", there)
    assert f"of contact {there}" in in_step.place.type("plan", "office").stdout


def test_what_a_sync_wrote_is_counted_apart(in_step: Workplace) -> None:
    in_step.task(ADA, "Call again", dueDate=DUE)
    synced = in_step.place.type("sync").stdout
    (row,) = (line for line in synced.splitlines() if "app tasks" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")][3:] == ["1", "·", "·", "·"]


def test_its_history_is_told_with_that_of_its_contact_and_erased_with_it(
    in_step: Workplace,
) -> None:
    place = in_step.place
    told = place.json("history", ADA)["entries"]
    kinds = {(one["resource"], one["kind"]) for one in told}
    assert kinds >= {("contact", "appeared"), ("note", "appeared"), ("note", "created")}
    [note, *_] = [e["remote_id"] for e in told if (e["resource"], e["account"]) == ("note", "crm")]
    of_it = place.json("history", note)["entries"]
    assert {one["resource"] for one in of_it} == {"note"}
    assert {one["account"] for one in of_it} == {"crm", "app"}
    [contact] = place.json("explain", ADA)["contacts"]
    assert {"note", "task"} & {one["resource"] for one in contact["history"]}
    assert place.json("history", ADA, "--erase", "--yes") == {"erased": len(told)}
    assert place.json("history", note)["entries"] == []


def test_a_backfill_brings_over_what_is_named(workplace: Workplace) -> None:
    place = workplace.place
    workplace.person(ADA, firstName="Ada")
    workplace.task(ADA, "Send the offer", dueDate=DUE)
    workplace.note(ADA, "called")
    window = ("backfill", "office", "--since", "2020-01-01", "--resources", "contacts,tasks")
    held = place.type(*window)
    assert held.exit_code == 7
    assert "syncd release office --run 1" in held.stdout
    assert place.type("release", "office").exit_code == 0
    report = place.json("backfill", "office", "--resume", "1")
    assert report["state"] == "done"
    assert {name: part["created"] for name, part in report["resources"].items()} == {
        "contacts": 1,
        "tasks": 1,
    }
    assert (report["created"], report["in_the_window"]) == (2, 2)
    assert len(workplace.app.children["tasks"]) == 1
    assert not workplace.app.children["notes"]
    dry = place.type(*window[:4], "--resources", "notes", "--dry-run").stdout
    assert "It would write 1 create of notes on app. Nothing was sent." in one_line(dry)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("contacts,tsks", "There is no resource `tsks`. Type `--resources contacts,tasks,notes`"),
        ("appointments", "Pair 'office' keeps no appointments in step, so that none can"),
        (" , ", "`--resources` names nothing."),
    ],
)
def test_a_backfill_of_what_is_not_kept_in_step_says_what_to_type(
    workplace: Workplace, typed: str, said: str
) -> None:
    window = ("backfill", "office", "--since", "2020-01-01")
    refused = workplace.place.type(*window, "--resources", typed)
    assert refused.exit_code == 2
    assert said in one_line(refused.output)
    assert "--resources contacts,tasks,notes" in one_line(refused.output)


def test_a_backfill_goes_on_with_what_it_was_begun_with(workplace: Workplace) -> None:
    refused = workplace.place.type("backfill", "office", "--resume", "1", "--resources", "tasks")
    assert refused.exit_code == 2
    assert "Leave `--resources` out" in one_line(refused.output)
