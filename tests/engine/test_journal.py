"""What happened is in the journal: once, with whom it came from, and why something was not."""

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa

from syncd.engine.cycle import Mode
from syncd.engine.word import approve
from syncd.model.entry import IN_DOUBT, SEEN, Entry, Kind
from syncd.model.side import Side
from syncd.store import choices, journal
from syncd.store import tables as t
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON, configure
from tests.engine.replay import Replay, entries_after, story
from tests.engine.scenes import ADA, BOB, both_ids, opt_out
from tests.engine.test_crash_anywhere import POINTS
from tests.engine.test_three_platforms import settled
from tests.engine.world import Build, World

Line: TypeAlias = tuple[str, str | None, str]  # what, of which account, by whom


class Diary:
    """The entries that come from now on."""

    def __init__(self, world: World) -> None:
        self.store = world.running().store
        self.upto = 0
        self.entries()

    def entries(self) -> list[Entry]:
        """Those since they were last asked for."""
        with self.store.connect() as db:
            found = entries_after(db, self.upto)
        self.upto = max((noted.number for noted in found), default=self.upto)
        return [noted.entry for noted in found]

    def lines(self) -> list[Line]:
        return [(entry.kind.value, entry.account, entry.actor) for entry in self.entries()]


def test_who_was_there_at_first_is_marked_and_who_comes_later_is_not(made: Build) -> None:
    world = made()
    world.act(GHL, "create", fields={"email": ADA})
    world.settle()
    world.cycle()
    world.act(GHL, "create", fields={"email": BOB, "city": "Bern"})
    world.act(MAILEON, "create", email="cy@example.org", permission=1)
    world.cycles()
    world.cycle(Mode.FULL)
    ids = {one.id: email for side in Side for email, (one,) in world.by_email(side).items()}
    first = story(world.running().store, Kind.APPEARED)
    shown = [(e.account, ids[e.remote_id], e.baseline, dict(e.after)) for e in first]
    assert sorted(shown) == [
        ("crm", ADA, True, {}),
        ("crm", BOB, False, {}),
        ("mail", "cy@example.org", False, {}),
    ]
    created = story(world.running().store, Kind.CREATED)
    assert sorted((e.account, ids[e.remote_id], e.actor) for e in created) == [
        ("crm", "cy@example.org", "syncd"),
        ("mail", ADA, "syncd"),
        ("mail", BOB, "syncd"),
    ]
    assert all(entry.link_id for entry in created)


def test_who_is_on_both_sides_is_told_to_be_one(made: Build) -> None:
    world = made()
    world.act(GHL, "create", fields={"email": ADA})
    world.act(MAILEON, "create", email=ADA, permission=1)
    world.cycles()
    left, _ = both_ids(world, ADA)
    [linked] = story(world.running().store, Kind.LINKED)
    assert (linked.account, linked.remote_id, linked.target) == ("crm", left, "mail")


def test_an_edit_and_its_write_are_told_and_the_echo_is_not(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.cycles()
    left, right = both_ids(world, ADA)
    diary = Diary(world)
    world.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    world.cycles()
    world.cycle(Mode.FULL)
    seen, wrote = diary.entries()
    assert (seen.kind, seen.actor, seen.remote_id) == (Kind.CHANGED, "platform", left)
    assert (seen.before, seen.after) == ({"city": "Bern"}, {"city": "Chur"})
    assert (wrote.kind, wrote.actor, wrote.remote_id) == (Kind.UPDATED, "syncd", right)
    assert (wrote.before, wrote.after) == ({"CITY": "Bern"}, {"CITY": "Chur"})
    assert seen.link_id == wrote.link_id is not None


def test_cycles_in_which_nothing_happens_tell_nothing(pair_of: Build) -> None:
    world = pair_of(ADA, BOB)
    world.cycles()
    diary = Diary(world)
    for n in range(12):
        world.settle()
        world.cycle(Mode.FULL if n % 4 == 3 else Mode.SYNC)
    assert diary.entries() == []


def test_a_conflict_is_told_with_both_values_and_what_comes_of_it(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.cycles()
    diary = Diary(world)
    world.act(GHL, "edit", email=ADA, fields={"lastName": "One"})
    world.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "Two"})
    world.cycles()
    told = diary.entries()
    assert [entry.kind for entry in told] == [Kind.CHANGED, Kind.CHANGED, Kind.CONFLICT]
    assert told[-1].cause == "lastName = LASTNAME"
    assert told[-1].after == {"crm": "One", "mail": "Two"}
    [conflict] = world.conflicts()
    accounts = world.stream().accounts.map(lambda account: account.name)
    with world.running().store.begin() as db:
        choices.settle(db, world.name, accounts, [conflict], Side.RIGHT, "ada@desk", world.now)
    world.cycles()
    assert diary.lines() == [("chosen", "mail", "person:ada@desk"), ("updated", "crm", "syncd")]


def test_a_record_that_is_refused_is_told_with_what_was_wanted(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.cycles()
    diary = Diary(world)
    world.act(MAILEON, "edit", email=ADA, standard_fields={"CITY": "Genf"})
    body = {"statusCode": 422, "message": "phone must be a valid phone number", "traceId": "x"}
    world.fault("status", platform=GHL, method="PUT", times=1, status=422, body=json.dumps(body))
    world.settle()
    world.cycle()
    _, refused, *parked = diary.entries()
    left, _ = both_ids(world, ADA)
    assert (refused.kind, refused.account, refused.remote_id) == (Kind.REFUSED, "crm", left)
    assert (refused.before, refused.after) == ({"city": "Bern"}, {"city": "Genf"})
    assert refused.cause == "bad_phone"
    assert [(one.kind, one.cause) for one in parked] == [(Kind.PARKED, "bad_phone")] * 2
    world.cycles()
    assert diary.entries() == []


def test_a_create_that_is_refused_is_told_of_who_it_was_for(made: Build) -> None:
    world = made()
    world.act(MAILEON, "create", email=ADA, permission=1)
    body = {"statusCode": 422, "message": "email must be an email", "traceId": "x"}
    create = {"platform": GHL, "method": "POST", "path": "^/contacts/?$"}
    world.fault("status", **create, times=1, status=422, body=json.dumps(body))
    world.settle()
    world.cycle()
    [refused] = story(world.running().store, Kind.REFUSED)
    right = world.row(Side.RIGHT, ADA).id
    assert (refused.account, refused.remote_id, refused.target) == ("mail", right, "crm")
    assert refused.after["email"] == ADA


def test_a_value_that_is_refused_is_told_and_nobody_else_with_it(pair_of: Build) -> None:
    world = pair_of(ADA, BOB)
    world.act(GHL, "edit", email=ADA, fields={"phone": "+12025550101"})
    world.cycles()
    diary = Diary(world)
    phone = {"phone": "+12025550101"}
    city = {"CITY": "Basel"}
    world.act(MAILEON, "edit", email=BOB, standard_fields=city, custom_fields=phone)
    world.cycles()
    seen, refused, wrote = diary.entries()
    assert (seen.kind, wrote.kind, wrote.after) == (Kind.CHANGED, Kind.UPDATED, {"city": "Basel"})
    assert (refused.kind, refused.cause) == (Kind.REFUSED, "duplicate_key")
    assert refused.after == {"phone": "+12025550101"}
    assert both_ids(world, ADA)[0] not in repr(refused)


def test_who_waits_for_a_person_is_told_once(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.cycles()
    diary = Diary(world)
    nameless = world.act(GHL, "create", fields={"phone": "+12025550107"})["id"]
    world.cycles()
    with world.running().store.begin() as db:
        db.execute(t.member.update().values(todo=True))
    world.cycles()
    seen, parked = diary.entries()
    assert (seen.kind, seen.remote_id) == (Kind.APPEARED, nameless)
    assert (parked.kind, parked.remote_id, parked.cause) == (Kind.PARKED, nameless, "no_key")


@pytest.mark.parametrize(
    ("delete", "cause", "told"),
    [
        ("keep", "counterpart_deleted", [("gone", "mail"), ("ended", "crm"), ("parked", "crm")]),
        ("delete", "deleted", [("gone", "mail"), ("deleted", "crm"), ("ended", "crm")]),
    ],
)
def test_a_deletion_is_told_and_whether_it_was_carried_on(
    pair_of: Build, delete: str, cause: str, told: Sequence[tuple[str, str]]
) -> None:
    world = pair_of(ADA, delete=delete, guards={"deletes": {"count": 10, "percent": 100}})
    world.cycles()
    diary = Diary(world)
    world.act(MAILEON, "delete", email=ADA)
    for _ in range(3):
        world.settle()
        world.cycle(Mode.FULL)
    entries = diary.entries()
    assert [(e.kind.value, e.account) for e in entries] == told
    [ended] = [entry for entry in entries if entry.kind is Kind.ENDED]
    assert ended.cause == cause


def test_a_release_is_told_with_who_gave_it(made: Build) -> None:
    world = made(baseline="held")
    world.act(GHL, "create", fields={"email": ADA})
    world.settle()
    held = world.cycle()
    approve(world.environment, world.name, by="ada@desk")
    with world.reading() as db:
        told = journal.of_run(db, held.run_id, 100)[-1]
    assert (told.entry.kind, told.entry.actor) == (Kind.RELEASED, "person:ada@desk")


def test_an_opt_out_is_told_as_a_change_and_as_a_write(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.cycles()
    diary = Diary(world)
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    seen, *wrote = diary.entries()
    assert {*seen.after} == {"consent"}
    assert any("consent" in one.after for one in wrote if one.kind is Kind.UPDATED)


def test_an_opt_out_told_by_address_is_told_of_who_opted_out(made: Build) -> None:
    world = made(news=True).news
    world.settle()
    world.cycle()
    world.act(GHL, "create", fields={"email": ADA})
    world.act(GHL, "dnd", email=ADA, channel="Email")
    world.settle()
    world.cycle()
    [told] = story(world.running().store, Kind.SUPPRESSED)
    assert (told.account, told.remote_id) == ("list", None)


def test_a_field_that_is_read_from_now_on_is_no_edit(pair_of: Build) -> None:
    fields = [{"left": "firstName", "right": "FIRSTNAME"}]
    world = pair_of(ADA, fields=fields)
    world.cycles()
    diary = Diary(world)
    city = {"left": "city", "right": "CITY"}
    configure(world.folder, store=world.store, fields=[*fields, city])
    world.end_process()
    world.settle()
    world.cycle(Mode.FULL)
    told = diary.entries()
    assert {entry.kind for entry in told} == {Kind.LEARNED}
    assert ("crm", {}, {"city": "Bern"}) in [(e.account, e.before, e.after) for e in told]


# -- answers that are lost, and processes that die -----------------------------------------


def test_a_write_whose_answer_was_lost_is_no_edit_of_anybody(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.cycles()
    diary = Diary(world)
    world.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    world.settle()
    world.dies_at("answered")
    with pytest.raises(CrashError):
        world.cycle()
    world.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "Moll"})
    world.end_process()
    world.cycles()
    told = [(e.kind, e.account, e.actor, {**e.after}, e.cause) for e in diary.entries()]
    assert told == [
        (Kind.CHANGED, "crm", "platform", {"city": "Chur"}, None),
        (Kind.CHANGED, "mail", "syncd", {"CITY": "Chur"}, IN_DOUBT),
        (Kind.CHANGED, "mail", "platform", {"LASTNAME": "Moll"}, None),
        (Kind.UPDATED, "mail", "syncd", {}, SEEN),
        (Kind.UPDATED, "crm", "syncd", {"lastName": "Moll"}, None),
    ]


@pytest.mark.parametrize("moved", [False, True])
def test_a_create_whose_answer_was_lost_is_nobody_new(made: Build, moved: bool) -> None:
    """Also where somebody has given it another address since: it bears our reference."""
    world = made()
    world.settle()
    world.cycle()
    diary = Diary(world)
    world.act(GHL, "create", fields={"email": ADA})
    world.settle()
    world.dies_at("answered")
    with pytest.raises(CrashError):
        world.cycle()
    if moved:
        world.act(MAILEON, "edit", email=ADA, new_email=BOB)
    world.end_process()
    world.cycles()
    appeared, *rest = diary.entries()
    assert (appeared.kind, appeared.account, appeared.actor) == (Kind.APPEARED, "crm", "platform")
    assert (rest[0].kind, rest[0].actor, rest[0].cause) == (Kind.APPEARED, "syncd", IN_DOUBT)
    assert Kind.CREATED in [entry.kind for entry in rest]
    assert all(entry.actor == "syncd" for entry in rest if entry.kind is Kind.APPEARED)


def test_who_is_made_without_an_answer_that_names_them_is_nobody_new(made: Build) -> None:
    """Mailercloud tells no id of what a batch creates: its listing shows it later."""
    world = made(news=True).news
    settled(world)
    for n in range(12):  # fewer are created one by one
        world.act(GHL, "create", fields={"email": f"n{n}@example.org"})
    settled(world)
    appeared = story(world.running().store, Kind.APPEARED)
    assert {(e.account, e.actor) for e in appeared} == {("crm", "platform"), ("list", "syncd")}
    assert len(story(world.running().store, Kind.CREATED)) == 12
    assert {e.account for e in story(world.running().store, Kind.CREATED)} == {"list"}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("point", POINTS)
def test_a_death_between_any_two_steps_leaves_the_journal_as_true_as_the_rest(
    made: Build, point: str, times: int
) -> None:
    world = made(contacts=8, seed=11)
    world.configure(GHL, allow_duplicates=True)
    world.chunk = 3
    replay = Replay()
    world.dies_at(point, times)
    with pytest.raises(CrashError):
        world.cycle(Mode.FULL)
    replay.check(world.engine)
    world.end_process()
    for _ in range(5):
        world.settle()
        world.cycle()
        replay.check(world.engine)
    assert replay.known


@pytest.mark.parametrize(
    ("number", "table", "told"),
    [(1, "observation", []), (2, "link", [("changed", "crm", "platform")])],
)
def test_what_is_told_and_what_is_told_of_are_stored_together_or_not_at_all(
    pair_of: Build, number: int, table: str, told: Sequence[Line]
) -> None:
    """The process dies once the n-th entry was written: of a look, then of the write."""
    world = pair_of(ADA)
    world.cycles()
    diary, before, left = Diary(world), dump(world, table), number
    world.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    world.settle()
    store = world.running().store

    def die(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        nonlocal left
        left -= statement.startswith("INSERT INTO journal")
        if left == 0:
            raise CrashError

    sa.event.listen(store, "after_cursor_execute", die)
    try:
        with pytest.raises(CrashError):
            world.cycle()
    finally:
        sa.event.remove(store, "after_cursor_execute", die)
    assert (diary.lines(), dump(world, table)) == (told, before)
    world.end_process()
    world.cycles()
    assert Kind.UPDATED in [entry.kind for entry in diary.entries()]


def dump(world: World, table: str) -> str:
    with world.reading() as db:
        return repr(db.execute(sa.select(t.metadata.tables[table])).all())


def test_pairs_that_share_an_account_tell_of_a_change_once(made: Build) -> None:
    world = made(news=True)
    world.act(GHL, "create", fields={"email": ADA, "city": "Bern"})
    settled(world)
    diary = Diary(world)
    world.act(GHL, "edit", email=ADA, fields={"city": "Chur"})
    settled(world)
    told = diary.entries()
    seen = [e for e in told if e.kind is Kind.CHANGED and e.account == "crm"]
    assert [e.after for e in seen] == [{"city": "Chur"}]
    assert {e.account for e in told if e.kind is Kind.UPDATED} == {"mail", "list"}
