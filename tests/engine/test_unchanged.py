"""Whom a sweep passes over, as nothing of them has changed; and whom it must not."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.core.consent import CONSENT
from syncd.engine.context import Cycle
from syncd.engine.cycle import Mode
from syncd.engine.unchanged import unchanged
from syncd.model.record import Record
from syncd.model.side import Both, Side
from syncd.model.values import Consent, Level
from syncd.store import tables as t
from tests.engine.pairs import GHL
from tests.engine.scenes import ADA, BOB, opt_out
from tests.engine.test_index_lag import working
from tests.engine.test_take_in import LATER, RIGHT, SEEN, hide, standing, taken
from tests.engine.world import Build, World

OTHER = replace(SEEN, remote_id="r2", fields={"email": BOB})


@pytest.fixture
def world(made: Build) -> World:
    return made(news=True).news


def passed_over(world: World, *records: Record, form: Any = None) -> set[str]:
    """Those of the records that a sweep would pass over."""
    with working(world) as cycle:
        return unchanged(form(cycle) if form else cycle, RIGHT, records)


def test_who_is_listed_as_before_is_passed_over(world: World) -> None:
    assert passed_over(world, SEEN) == set()
    taken(world, SEEN, sweep=1)
    taken(world, OTHER, sweep=1)
    assert passed_over(world, SEEN, OTHER) == {"r1", "r2"}


def test_who_was_seen_outside_of_a_sweep_is_looked_at_by_the_next(world: World) -> None:
    """An answer to something else may hold more, or less, than a listing shows."""
    taken(world, SEEN)
    assert passed_over(world, SEEN) == set()


@pytest.mark.parametrize(
    "changed",
    [
        {"fields": {"email": ADA, "city": "Chur"}},
        {"fields": {"email": ADA}},
        {"fields": {"email": ADA, "city": "Bern", "name": None}},
        {"version": "v2"},
        {"modified": LATER},
        {"parent_id": "another"},
        {"odd": frozenset({"phone"})},
        {"fields": {"email": ADA, "city": "Bern", CONSENT: Consent(Level.REVOKED)}},
    ],
    ids=str,
)
def test_whoever_is_listed_otherwise_is_looked_at(world: World, changed: dict[str, Any]) -> None:
    taken(world, SEEN, sweep=1)
    assert passed_over(world, replace(SEEN, **changed)) == set()


def test_who_is_known_otherwise_meanwhile_is_looked_at(world: World) -> None:
    """A listing that shows what was before a write of ours, or before a look of another pair."""
    taken(world, SEEN, sweep=1)
    taken(world, replace(SEEN, fields={"city": "Chur"}))
    assert passed_over(world, SEEN) == set()
    taken(world, SEEN)
    assert passed_over(world, SEEN) == {"r1"}


def test_who_was_not_reconciled_as_they_are_known_is_looked_at(world: World) -> None:
    taken(world, SEEN, sweep=1)
    standing(world, digest="of another look")
    assert passed_over(world, SEEN) == set()


@pytest.mark.parametrize(
    "shown",
    [
        {"fields": {**SEEN.fields, CONSENT: Consent(Level.REVOKED)}},
        {"odd": frozenset({"phone"})},
        {"gone": True},
    ],
    ids=str,
)
def test_opt_outs_and_what_cannot_be_read_are_looked_at_each_time(
    world: World, shown: dict[str, Any]
) -> None:
    taken(world, SEEN)
    record = replace(SEEN, **shown)
    for _ in range(2):
        taken(world, record, sweep=1)
    assert passed_over(world, record) == set()


def test_who_opted_out_where_records_do_not_show_it_is_looked_at(world: World) -> None:
    """That a listing shows them once more may mean that somebody made them active again."""
    report = replace(SEEN, fields={**SEEN.fields, CONSENT: Consent(Level.REVOKED)})
    taken(world, report)
    taken(world, replace(SEEN, certain=True), sweep=1)
    assert passed_over(world, SEEN) == set()


def test_whom_a_listing_had_hidden_is_looked_at_when_it_shows_them(world: World) -> None:
    taken(world, SEEN, sweep=1)
    hide(world)
    assert passed_over(world, SEEN) == set()


def test_of_two_rows_of_one_record_none_is_passed_over(world: World) -> None:
    """The last one counts, and the first may be the other."""
    taken(world, SEEN, sweep=1)
    assert passed_over(world, replace(SEEN, version="v2"), SEEN) == set()


def elsewhere(cycle: Cycle) -> Cycle:
    mapping = replace(cycle.stream.mapping, countries=Both("CH", "CH"))
    return replace(cycle, stream=replace(cycle.stream, mapping=mapping))


def other_field(cycle: Cycle) -> Cycle:
    mapping, name = cycle.stream.mapping, "city"
    fields = {**mapping.catalogues.right, name: replace(mapping.spec(RIGHT, name), lower=True)}
    changed = replace(mapping, catalogues=Both(mapping.catalogues.left, fields))
    return replace(cycle, stream=replace(cycle.stream, mapping=changed))


@pytest.mark.parametrize("form", [elsewhere, other_field])
def test_everybody_is_looked_at_when_values_are_read_otherwise(world: World, form: Any) -> None:
    taken(world, SEEN, sweep=1)
    assert passed_over(world, SEEN, form=form) == set()


def test_a_newer_program_looks_at_everybody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may bring values into another form."""
    taken(world, SEEN, sweep=1)
    monkeypatch.setattr("syncd.engine.unchanged.__version__", "999.0")
    assert passed_over(world, SEEN) == set()


def test_a_look_at_everybody_finds_who_has_changed_and_who_is_gone(made: Build) -> None:
    world = made(contacts=30)
    world.cycles()
    world.cycle(Mode.FULL)
    ada, gone = (world.rows(Side.LEFT)[i] for i in sorted(world.rows(Side.LEFT))[:2])
    world.act(GHL, "edit", id=ada.id, fields={"city": "Chur"})
    world.act(GHL, "delete", id=gone.id)
    world.settle()
    world.cycle(Mode.FULL)
    assert world.row(Side.RIGHT, ada.email).fields["city"] == "Chur"
    assert world.standing(Side.LEFT)[gone.id][0] == "gone"


def test_an_opt_out_that_the_ledger_has_lost_is_heard_by_the_next_look_at_everybody(
    made: Build,
) -> None:
    world = made()
    world.act(GHL, "create", fields={"email": ADA})
    world.cycles()
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    world.cycle(Mode.FULL)
    with world.running().store.begin() as db:
        db.execute(t.suppression.delete())
    world.cycle(Mode.FULL)
    with world.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(t.suppression)).scalar_one()
