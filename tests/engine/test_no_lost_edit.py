"""No lost edit: each one reaches the other side or is parked; equal ones are agreement."""

import pytest

from syncd.engine.cycle import Mode
from syncd.model.side import SIDES, Side
from syncd.store import conflicts
from syncd.store import tables as t
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD, PAIR
from tests.engine.scenes import ADA
from tests.engine.world import LAG, Build, World, assert_alike


def test_edits_of_different_fields_at_once_all_arrive(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"city": "Basel"})
    world.act(GHL, "tag", email=ADA, tags=["news"])
    world.act(
        MAILEON,
        "edit",
        email=ADA,
        standard_fields={"FIRSTNAME": "Ada"},
        custom_fields={"tags": "old, vip"},
    )
    world.cycles()
    for side in SIDES:
        row = world.row(side, ADA)
        assert (row.fields["city"], row.fields["firstName"]) == ("Basel", "Ada")
        assert row.tags == {"vip", "news", "old"}


def test_equal_edits_on_both_sides_are_agreement_and_no_conflict(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"lastName": "King"})
    world.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "King"})
    writes = world.writes()
    world.cycles()
    assert (world.writes(), world.listed()) == (writes, {})


@pytest.mark.parametrize(
    ("policy", "wins"), [("left", "Left"), ("right", "Right"), ("newest", "Right")]
)
def test_a_field_edited_on_both_sides_goes_to_whom_the_policy_names(
    pair_of: Build, policy: str, wins: str
) -> None:
    rules = [{"left": "city", "right": "CITY", "policy": policy}]
    world = pair_of(ADA, fields=rules)
    world.act(GHL, "edit", email=ADA, fields={"city": "Left"})
    world.wait(90)
    world.act(MAILEON, "edit", email=ADA, standard_fields={"CITY": "Right"})
    world.cycles()
    assert [world.row(side, ADA).fields["city"] for side in SIDES] == [wins, wins]


@pytest.mark.parametrize("take", SIDES)
def test_a_conflict_waits_for_a_person_and_is_carried_out_as_chosen(
    pair_of: Build, take: Side
) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"lastName": "left"})
    world.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "right"})
    writes = world.writes()
    world.cycles()
    assert world.writes() == writes, "a conflict was settled by nobody"
    with world.running().store.begin() as db:
        (parked,) = conflicts.of_pair(db, PAIR)
        assert list(parked.values) == [("left",), ("right",)]
        conflicts.choose(db, parked.id, take)
        db.execute(t.member.update().values(todo=True))
    world.cycles()
    assert [world.row(side, ADA).fields["lastName"] for side in SIDES] == [take.value] * 2
    assert world.listed() == {}


def test_what_waits_for_a_person_is_not_settled_by_later_writes_of_other_fields(
    pair_of: Build,
) -> None:
    """Both gave a name at one moment; what is written since makes neither name the newer one."""
    world = pair_of(ADA)
    world.wait(1 - world.now.microsecond / 1e6)  # Maileon tells whole seconds
    world.act(GHL, "edit", email=ADA, fields={"firstName": "left"})
    world.act(MAILEON, "edit", email=ADA, standard_fields={"FIRSTNAME": "right"})
    world.cycles()
    for edit in ({"city": "Chur"}, {"city": "Bern"}):
        world.act(GHL, "edit", email=ADA, fields=edit)
        world.cycles()
        rows = [world.row(side, ADA) for side in SIDES]
        assert [row.fields["city"] for row in rows] == [edit["city"]] * 2
        assert [row.fields["firstName"] for row in rows] == ["left", "right"]
    world.act(MAILEON, "edit", email=ADA, standard_fields={"FIRSTNAME": "later"})
    world.cycles()
    assert [world.row(side, ADA).fields["firstName"] for side in SIDES] == ["later"] * 2
    assert world.listed() == {}


def test_a_new_edit_of_one_side_asks_a_conflict_anew(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"lastName": "left"})
    world.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "right"})
    world.cycles()
    with world.running().store.begin() as db:
        (parked,) = conflicts.of_pair(db, PAIR)
        conflicts.choose(db, parked.id, Side.LEFT)
    world.act(MAILEON, "edit", email=ADA, standard_fields={"LASTNAME": "later"})
    world.cycles()
    assert world.row(Side.RIGHT, ADA).fields["lastName"] == "later", "the choice was for another"
    with world.reading() as db:
        assert [c.values.right for c in conflicts.of_pair(db, PAIR)] == [("later",)]


def test_an_edit_between_our_read_and_our_write_of_another_field_survives(pair_of: Build) -> None:
    world = pair_of(ADA)
    world.act(GHL, "edit", email=ADA, fields={"city": "Basel"})
    world.settle()
    world.line.rest()
    edit = {"email": ADA, "standard_fields": {"FIRSTNAME": "Ada"}}
    world.line.errands[5] = lambda: world.box.platform(MAILEON).act("edit", edit)
    world.cycle()
    world.cycles()
    for side in SIDES:
        shown = world.row(side, ADA).fields
        assert (shown["city"], shown["firstName"]) == ("Basel", "Ada")


def test_what_a_person_has_there_already_is_not_wiped_after_a_lost_create(made: Build) -> None:
    """The record found after a create in doubt may be a person's, with less in it."""
    world = made()
    world.pair()
    world.configure(GHL, index_lag_s=30.0)
    world.act(MAILEON, "create", email=ADA, standard_fields={"FIRSTNAME": "Ada"})
    world.act(GHL, "create", fields={"email": ADA, "city": "Bern"})
    world.dies_at("answered")
    with pytest.raises(CrashError):
        world.cycle()
    world.cycles()
    for side in SIDES:
        shown = world.row(side, ADA).fields
        assert (shown["firstName"], shown["city"]) == ("Ada", "Bern")


MADE_AGAIN = {GHL: Side.LEFT, MAILEON: Side.RIGHT, MAILERCLOUD: Side.RIGHT}


@pytest.mark.parametrize("seen_gone", [True, False])
@pytest.mark.parametrize("platform", MADE_AGAIN)
def test_who_was_made_again_with_less_takes_nothing_from_the_other_side(
    pair_of: Build, platform: str, seen_gone: bool
) -> None:
    """Nothing was ever agreed with the new record: its empty fields are no edits."""
    world = pair_of(ADA, news=platform == MAILERCLOUD)
    world = world.news if platform == MAILERCLOUD else world
    side = MADE_AGAIN[platform]
    later = 3 * LAG.total_seconds()
    for _ in range(3):
        world.wait(later)
        world.cycle()
    before = world.row(side.other, ADA)
    assert (before.fields["city"], before.tags) == ("Bern", {"vip"})
    world.act(platform, "delete", email=ADA)
    if seen_gone:
        world.wait(later)
        world.cycle(Mode.FULL)
    told = {"fields": {"email": ADA}} if platform == GHL else {"email": ADA}
    world.act(platform, "create", **told)
    for mode in (Mode.FULL, Mode.SYNC, Mode.SYNC):
        world.wait(later)
        world.cycle(mode)
    for one in SIDES:
        row = world.row(one, ADA)
        assert (row.fields["city"], row.tags) == ("Bern", {"vip"})
    assert world.row(side.other, ADA).id == before.id
    assert_alike(world)


POINTS = ("claimed", "answered")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("platform", MADE_AGAIN)
@pytest.mark.parametrize("taken_off", [False, True])
def test_a_tag_that_a_person_changes_while_we_write_one_travels(
    pair_of: Build, platform: str, point: str, taken_off: bool
) -> None:
    """The answer may show their tag beside ours; that is no agreement about it."""
    world = pair_of(ADA, news=platform == MAILERCLOUD)
    world = world.news if platform == MAILERCLOUD else world
    later = 3 * LAG.total_seconds()
    for _ in range(3):
        world.wait(later)
        world.cycle()
    side = MADE_AGAIN[platform]
    retag(world, side.other, {"vip", "news"})
    world.wait(later)
    once: list[str] = []

    def meanwhile(name: str) -> None:
        if name == point and not once:
            once.append(name)
            has = world.row(side, ADA).tags
            retag(world, side, set(has) - {"vip"} if taken_off else {*has, "gold"})

    world.crash = meanwhile
    world.cycle()
    assert once
    world.lives()
    for _ in range(3):
        world.wait(later)
        world.cycle()
    wanted = {"news"} if taken_off else {"vip", "news", "gold"}
    written_whole = platform == MAILEON or (platform == MAILERCLOUD and taken_off)
    if point == "claimed" and written_whole:
        wanted = {"vip", "news"}  # what was changed before our write went out is not promised
    assert [world.row(one, ADA).tags for one in SIDES] == [wanted, wanted]


def retag(world: World, side: Side, tags: set[str]) -> None:
    """Let a person change the tags of Ada to these."""
    platform = world.platform[side]
    if platform == MAILEON:
        text = ", ".join(sorted(tags)) or None
        world.act(MAILEON, "edit", email=ADA, custom_fields={"tags": text})
    elif platform == MAILERCLOUD:
        world.act(MAILERCLOUD, "edit", email=ADA, tags=sorted(tags))
    else:
        has = world.row(side, ADA).tags
        world.act(GHL, "tag", email=ADA, tags=sorted(tags - has))
        world.act(GHL, "untag", email=ADA, tags=sorted(has - tags))
