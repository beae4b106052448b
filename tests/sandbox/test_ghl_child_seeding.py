"""Invented notes, tasks and appointments (docs/sandbox.md): asked for, and the same by seed."""

import httpx

from syncd.sandbox.ghl import Ghl
from syncd.testing.inprocess import Sandbox, sandbox

from .ghl_client import NOW


def ghl(box: Sandbox) -> Ghl:
    platform = box.platform("ghl")
    assert isinstance(platform, Ghl)
    return platform


def test_nobody_has_any_unless_they_are_asked_for_and_the_people_stay_the_same() -> None:
    bare, full = sandbox(20, frozen_at=NOW), sandbox(20, frozen_at=NOW, children=3)
    assert ghl(bare).children() == {}
    assert ghl(bare).dump() == ghl(full).dump()
    later = {"fields": {"email": "ada@example.org"}}
    assert ghl(bare).act("create", later) == ghl(full).act("create", later)
    assert bare.platform("maileon").dump() == full.platform("maileon").dump()


def test_the_same_seed_invents_the_same_within_its_bounds() -> None:
    first, again, other = (
        ghl(sandbox(20, seed=seed, frozen_at=NOW, children=3)) for seed in (7, 7, 8)
    )
    assert first.children() == again.children() != other.children()
    families = first.children().values()
    for kind in ("notes", "tasks", "appointments"):
        sizes = {len(family[kind]) for family in families}
        assert max(sizes) == 3
        assert min(sizes) == 0
    bodies = [note["body"] for family in families for note in family["notes"]]
    assert {body.startswith("<p>") for body in bodies} == {True, False}
    tasks = [task for family in families for task in family["tasks"]]
    assert {task["completed"] for task in tasks} == {True, False}
    now = NOW.isoformat()
    assert all(task["dueDate"] < now for task in tasks if task["completed"])
    booked = [one for family in families for one in family["appointments"]]
    assert {one["startTime"] < now for one in booked} == {True, False}


def test_all_that_was_invented_is_found_at_once_and_only_the_bare_get_more() -> None:
    box = sandbox(30, frozen_at=NOW, children=1)
    before = ghl(box).children()
    assert len(before) < 30
    http = httpx.Client(transport=box.transport, base_url="http://sandbox.test")
    for more in ({"contacts": 0}, {"contacts": 9}):
        held = ghl(box).children()
        assert http.post("/_control/seed", json={**more, "children": 1}).status_code == 200
        after = ghl(box).children()
        assert {who: after[who] for who in held} == held
        assert len(after) > len(held)
    info = box.info["ghl"]
    found = http.post(
        f"{info['base_url']}/locations/{info['location_id']}/tasks/search",
        json={"limit": 500},
        headers={
            "Authorization": f"Bearer {info['token']}",
            "Version": "2021-07-28",
            "User-Agent": "sandbox-tests/1",
        },
    ).json()["tasks"]
    held = [task for family in after.values() for task in family["tasks"]]
    assert sorted(one["id"] for one in found) == sorted(one["id"] for one in held)
    assert http.post("/_control/reset", json={"contacts": 30, "children": 1}).status_code == 200
    assert ghl(box).children() == before
    refused = http.post("/_control/seed", json={"contacts": 1, "children": 101})
    assert (refused.status_code, "100 at most" in refused.json()["error"]) == (400, True)
    http.post("/_control/reset", json={"contacts": 10})
    assert ghl(box).children() == {}
    assert box.platform("maileon").invent_children(3) == 0
