"""What of a pair's notes and tasks cannot work rests, and contacts go on."""

import json
from pathlib import Path

import pytest

from syncd.core.digest import digest_json
from syncd.errors import ConfigError
from syncd.model.side import Side
from tests.engine.office import office
from tests.engine.scenes import ADA, BOB
from tests.engine.world import Build, World

DUE = "2026-11-05T15:30:00.000Z"
TASKS = {"tasks": {"fields": [{"left": "title", "right": "title"}]}}


def say(world: World, **more: object) -> None:
    """Add to the pair's file, for the next process."""
    path = world.path.parent / "pair.yaml"
    path.write_text(json.dumps({**json.loads(path.read_text()), **more}))
    world.end_process()


def test_opt_outs_travel_though_a_platform_has_nothing_of_what_the_pair_names(
    pair_of: Build,
) -> None:
    """Maileon has no tasks; the pair was approved before somebody wrote them into its file."""
    world = pair_of(ADA)
    say(world, **TASKS)
    world.act("ghl", "dnd", email=ADA, channel="Email")
    world.settle()
    report = world.cycle()
    assert ADA not in world.by_email(Side.RIGHT)
    assert any("has no tasks" in reason for reason in report.reasons)
    assert any("pair.yaml" in reason for reason in report.reasons)


def test_a_new_pair_does_not_begin_with_it(made: Build) -> None:
    world = made()
    say(world, **TASKS)
    world.act("ghl", "create", fields={"email": BOB})
    world.settle()
    with pytest.raises(ConfigError, match="has no tasks"):
        world.cycle()
    assert BOB not in world.by_email(Side.RIGHT)


@pytest.mark.usefixtures("example_mail")
def test_nothing_is_made_without_what_tells_it_from_others(tmp_path: Path) -> None:
    """A title that is too long for the other side; when it is shorter the task travels."""
    place = office(tmp_path)
    place.person(ADA)
    task = place.task(ADA, "x" * 201, dueDate=DUE)
    place.cycles()
    assert place.in_app("tasks", "title") == []
    assert not [asked for asked in place.line.asked if asked.startswith("POST /v1/contacts/")]
    assert place.census()["task", Side.LEFT, "parked", "nothing_to_say"] == 1
    place.act("edit_task", task=task, title="Shorter")
    place.cycles()
    assert place.in_app("tasks", "title") == [(ADA, "Shorter")]


def test_what_a_pair_says_nothing_about_changes_nothing_of_what_was_approved(
    pair_of: Build,
) -> None:
    """Nobody's word is taken back because a new version has more keys."""
    world = pair_of(ADA)
    approved = world.pair().contacts.setup
    say(world, tasks=None, notes=None, appointments=None)
    assert world.pair().contacts.setup == approved
    said = world.running().pair_named(world.name).settings.model_dump(mode="json")
    unsaid = {"every", "jitter", "sweep_every", "tasks", "notes", "appointments"}
    assert approved == digest_json({n: v for n, v in said.items() if n not in unsaid})
