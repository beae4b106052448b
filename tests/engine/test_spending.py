"""For what a cycle spends, what of it is kept, and what the last of a day is for."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bench.at_limits import APP_HOST, GHL_HOST, AtLimits, at_limits
from syncd.connectors.spending import Spend
from syncd.engine.cycle import Mode
from syncd.errors import SpentError
from syncd.model.record import Resource
from syncd.store import spent
from syncd.store import tables as t
from syncd.store.database import reading
from tests.engine.pairs import GHL
from tests.engine.world import Build, World

LIVE, INCREMENTAL, BULK = Spend
ADDRESS = "ada@example.org"


def sent(world: World, account: str, mode: Mode = Mode.SYNC) -> dict[Spend, int]:
    """What one cycle sends to an account."""
    before = used(world, account)
    world.cycle(mode)
    return {s: n - before.get(s, 0) for s, n in used(world, account).items()}


def used(world: World, account: str) -> dict[Spend, int]:
    with reading(world.running().store) as db:
        return dict(spent.of(db, account, world.now).used)


def test_an_opt_out_is_written_as_live_and_what_changed_is_not(pair_of: Build) -> None:
    world = pair_of(ADDRESS, "bob@example.org")
    world.act(GHL, "edit", email="bob@example.org", fields={"firstName": "Bobby"})
    world.settle()
    assert not sent(world, "mail").get(LIVE)
    world.act(GHL, "dnd", email=ADDRESS)
    world.settle()
    live = sent(world, "mail")[LIVE]
    assert live > 0
    assert ADDRESS in world.unsubscribed()


def test_a_sweep_is_bulk_and_what_changed_is_not(pair_of: Build) -> None:
    world = pair_of(ADDRESS)
    world.settle()
    assert not sent(world, "crm").get(BULK)
    assert sent(world, "crm", Mode.FULL)[BULK] > 0


def test_a_process_that_starts_knows_what_was_used_and_what_is_left(pair_of: Build) -> None:
    world = pair_of(ADDRESS)
    before = used(world, "crm")
    told = world.running().budget_of("crm").told
    world.start_process()
    assert used(world, "crm") == before
    app = world.running()
    app.connect("crm")
    assert app.budget_of("crm").told.day_left == told.day_left is not None


# -- the end of a day ---------------------------------------------------------------------------


@pytest.fixture
def scene(tmp_path: Path, example_mail: None) -> AtLimits:
    """A pair in step, whose sweep is due, and a location that has used most of its day."""
    made = at_limits(tmp_path, 10, children=2)
    with (tmp_path / "pairs" / "first.yaml").open("a") as file:
        file.write("sweep_every: 1h\n")
    made.app = made.start()
    made.cycles("first")
    for _ in range(150):
        made.app.connect("crm").check()
    made.box.world.clock.advance(timedelta(hours=2))
    return made


def leave(scene: AtLimits, left: int) -> None:
    """Have GHL permit so many more calls today; the next answer says so."""
    scene.box.platform("ghl").configure({"daily_max": len(scene.arrivals[GHL_HOST]) + left})
    scene.app.connect("crm").fetch(Resource.CONTACT, "nobody", fields=frozenset())


def edit(scene: AtLimits) -> str:
    """Somebody changes a contact of GHL; the address."""
    email = next(str(one["email"]) for one in scene.box.platform("ghl").dump() if one["email"])
    scene.box.platform("ghl").act("edit", {"email": email, "fields": {"firstName": "Adele"}})
    scene.box.world.clock.advance(timedelta(minutes=5))
    return email.lower()


def test_where_bulk_has_to_rest_what_changed_still_travels(scene: AtLimits) -> None:
    email = edit(scene)
    leave(scene, 30)  # of more than 600: a twentieth of them is kept for this
    before = spent_so_far(scene)
    scene.cycle("first")
    after = spent_so_far(scene)
    assert first_name(scene, email) == "Adele"
    assert after[BULK] == before[BULK]
    assert after[INCREMENTAL] > before[INCREMENTAL]
    assert scene.refused == 0


def test_a_spent_day_parks_the_account_until_its_next_one(scene: AtLimits) -> None:
    leave(scene, 4)
    arrived = len(scene.arrivals[GHL_HOST])
    for _ in range(2):
        with pytest.raises(SpentError, match="at the latest until 2026-11-04"):
            scene.cycle("first")
    assert len(scene.arrivals[GHL_HOST]) == arrived
    email = edit(scene)
    scene.box.world.clock.advance(timedelta(days=1))
    scene.cycle("first")
    assert first_name(scene, email) == "Adele"
    assert scene.refused == 0


def first_name(scene: AtLimits, email: str) -> str:
    """Of a contact of ExampleMail."""
    everybody = scene.mails[APP_HOST].contacts.values()
    return next(str(one["first_name"]) for one in everybody if one["email"] == email)


def spent_so_far(scene: AtLimits) -> dict[Spend, int]:
    with reading(scene.app.store) as db:
        return dict(spent.of(db, "crm", scene.now).used)


def test_a_cycle_at_rest_notes_it_in_one_statement_and_the_store_does_not_grow(
    scene: AtLimits,
) -> None:
    scene.cycle("first")
    told: list[str] = []
    sa.event.listen(scene.app.store, "before_cursor_execute", lambda *given: told.append(given[2]))
    for _ in range(2):
        told.clear()
        scene.cycle("first")
        assert sum("INTO spent" in statement for statement in told) == 1
    with reading(scene.app.store) as db:
        rows = db.execute(sa.select(sa.func.count()).select_from(t.spent)).scalar_one()
    assert rows <= 2 * len(Spend)  # of two accounts


def test_opt_outs_that_several_threads_write_are_live(tmp_path: Path, example_mail: None) -> None:
    scene = at_limits(tmp_path, 12, children=0)
    scene.cycles("first")
    mail = scene.mails[APP_HOST]
    for remote_id in list(mail.contacts)[:5]:
        mail.change(remote_id, {"opted_out": True})
    before = spent_so_far(scene)
    scene.app.run_pair("first", scene.app.environment, create_fields=True)
    assert spent_so_far(scene)[LIVE] - before.get(LIVE, 0) == 5 * 2  # a look, and the write
