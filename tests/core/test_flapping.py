"""Which writes are echoes of one another, and which are edits."""

from dataclasses import replace
from typing import Any

import pytest

from syncd.core.flapping import QUIET, Parked, is_undone, resume, tame
from syncd.core.merge import merge
from syncd.core.merged import Merged
from syncd.model.op import Move
from syncd.model.rule import Rule
from syncd.model.side import Both, Side
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Fields, SetDelta

from .world import LEFT, RIGHT, SETS, TO_RIGHT, catalogue, mapping, rule

CITY = rule()
AT = mapping(CITY, SETS, left=catalogue(FieldSpec("city")), right=catalogue(FieldSpec("CITY")))
NOW: Both[Fields] = Both({"city": "BERN"}, {"CITY": "Bern"})
SHADOW: Both[Fields] = Both({"city": "Bern"}, {"CITY": "Bern"})


def wrote(side: Side, city: str, **more: object) -> Move:
    return replace(Move(side, {"city" if side is LEFT else "CITY": city}), **more)


def tamed(*history: Move) -> Merged:
    return tame(CITY, merge(CITY, NOW, SHADOW, None, AT), NOW, history, AT)


TO_AND_FRO = (
    wrote(LEFT, "Bern", ago=1),
    wrote(RIGHT, "BERN", ago=2),
    wrote(LEFT, "Bern", ago=3),
    wrote(RIGHT, "BERN", ago=4),
)


def test_what_went_twice_and_came_back_twice_does_not_go_again() -> None:
    stopped = tamed(*TO_AND_FRO)
    assert (stopped.conflict, stopped.flips, stopped.steps) == (True, True, {})
    assert stopped.agreed == NOW  # so that the next edit of either side is one


def test_what_a_person_chose_last_ends_it_without_a_word() -> None:
    chosen = replace(wrote(RIGHT, "BERN"), chosen=frozenset({CITY.name}))
    now: Both[Fields] = Both({"city": "BERN"}, {"CITY": "Bern"})
    shadow: Both[Fields] = Both({"city": "BERN"}, {"CITY": "BERN"})
    wanted = merge(CITY, now, shadow, None, AT)
    settled = tame(CITY, wanted, now, (chosen, *TO_AND_FRO), AT)
    assert (settled.conflict, settled.steps, settled.agreed) == (False, {}, now)


@pytest.mark.parametrize(
    "history",
    [
        (),
        TO_AND_FRO[:3],  # only once before
        (wrote(RIGHT, "Bern", ago=1), *TO_AND_FRO),  # another value was carried meanwhile
        (wrote(LEFT, "Thun", ago=1), *TO_AND_FRO[1:]),  # with different answers
        tuple(replace(move, ago=move.ago + QUIET) for move in TO_AND_FRO),  # long ago
        (*TO_AND_FRO[:2], *(replace(m, ago=m.ago + QUIET) for m in TO_AND_FRO[2:])),
        tuple(Move(m.side, {"zip": "3000"}, m.ago) for m in TO_AND_FRO),  # another field
    ],
)
def test_what_is_not_the_same_time_and_again_travels(history: tuple[Move, ...]) -> None:
    assert tamed(*history).steps.keys() == {RIGHT}
    assert not tamed(*history).conflict


def test_writes_of_other_fields_between_do_not_matter() -> None:
    other = Move(RIGHT, {"zip": "3000"}, 0)
    assert tamed(other, *TO_AND_FRO[:2], other, *TO_AND_FRO[2:], other).flips


def test_one_member_that_flips_does_not_keep_the_others() -> None:
    sets = mapping(
        SETS,
        left=catalogue(FieldSpec("tags", Kind.SET)),
        right=catalogue(FieldSpec("TAGS", Kind.SET)),
    )
    now: Both[Fields] = Both({"tags": frozenset({"x", "y"})}, {"TAGS": None})
    shadow: Both[Fields] = Both({"tags": None}, {"TAGS": None})
    add, remove = SetDelta(frozenset("xz")), SetDelta(remove=frozenset("x"))
    history = [
        Move(side, {"TAGS" if side is RIGHT else "tags": delta}, ago)
        for ago, (side, delta) in enumerate([(LEFT, remove), (RIGHT, add)] * 2, 1)
    ]
    stopped = tame(SETS, merge(SETS, now, shadow, None, sets), now, history, sets)
    assert stopped.flips
    assert stopped.steps[RIGHT].patch == {"TAGS": SetDelta(frozenset("y"))}
    assert stopped.agreed == Both({"tags": frozenset("x")}, {"TAGS": frozenset()})
    assert not is_undone(SETS, RIGHT, "x", history)
    assert is_undone(SETS, LEFT, "x", history)


def test_a_parked_field_stays_parked_until_another_value_is_there() -> None:
    parked = Parked(Both(("BERN",), ("Bern",)))
    still = resume(CITY, merge(CITY, NOW, NOW, None, AT), parked, NOW, NOW, AT)
    assert still is not None
    assert still.flips
    edited: Both[Fields] = Both({"city": "THUN"}, {"CITY": "Bern"})
    wanted = merge(CITY, edited, NOW, None, AT)
    assert resume(CITY, wanted, parked, edited, NOW, AT) is None
    assert wanted.steps.keys() == {RIGHT}


@pytest.mark.parametrize("take", [LEFT, RIGHT])
def test_a_choice_is_written_to_the_other_side(take: Side) -> None:
    parked = Parked(Both(("BERN",), ("Bern",)), take)
    chosen = resume(CITY, merge(CITY, NOW, NOW, None, AT), parked, NOW, NOW, AT)
    assert chosen is not None
    assert (chosen.chosen, chosen.conflict, chosen.steps.keys()) == (True, False, {take.other})


@pytest.mark.parametrize(("gap", "flips"), [(QUIET, True), (QUIET + 1, False)])
@pytest.mark.parametrize("where", range(3))
def test_a_pause_of_just_so_many_runs_ends_nothing(gap: int, flips: bool, where: int) -> None:
    """Before the newest write, or between two of them."""
    pauses = [gap if number == where else 1 for number in range(4)]
    ago = [sum(pauses[: number + 1]) for number in range(4)]
    moves = [replace(move, ago=n) for move, n in zip(TO_AND_FRO, ago, strict=True)]
    assert tamed(*moves).flips is flips


def test_a_pause_after_the_second_time_does_not_matter() -> None:
    long_ago = [replace(move, ago=move.ago + 5 * QUIET) for move in TO_AND_FRO]
    assert tamed(*TO_AND_FRO, *long_ago).flips


def test_what_is_agreed_is_agreed_whatever_was_written_before() -> None:
    same = merge(CITY, SHADOW, SHADOW, None, AT)
    assert tame(CITY, same, SHADOW, TO_AND_FRO, AT) is same
    wanted = merge(CITY, NOW, SHADOW, None, AT)
    assert tame(CITY, wanted, NOW, (), AT) is wanted


@pytest.mark.parametrize("unknown", [LEFT, RIGHT])
def test_a_parked_field_that_cannot_be_seen_stays_parked(unknown: Side) -> None:
    seen: Both[Fields] = Both(*({} if side is unknown else NOW[side] for side in (LEFT, RIGHT)))
    parked = Parked(Both(("BERN",), ("Bern",)), LEFT)
    still = resume(CITY, Merged(agreed=NOW), parked, seen, NOW, AT)
    assert still is not None
    assert (still.conflict, still.flips, still.chosen) == (True, True, False)


@pytest.mark.parametrize("other", [LEFT, RIGHT])
def test_a_parked_field_is_let_go_when_either_side_shows_another_value(other: Side) -> None:
    """Also one that is agreed already, and that nothing has to be written for."""
    values = Both(("Thun",), ("Bern",)) if other is LEFT else Both(("BERN",), ("Thun",))
    quiet = merge(CITY, NOW, NOW, None, AT)
    assert resume(CITY, quiet, Parked(values), NOW, NOW, AT) is None
    assert resume(CITY, quiet, Parked(values, RIGHT), NOW, NOW, AT) is None


def test_a_parked_field_with_something_to_do_or_to_say_is_no_longer_parked() -> None:
    parked = Parked(Both(("BERN",), ("Bern",)))
    for changed in ({"conflict": True}, {"problem": "too_long"}):
        merged = replace(merge(CITY, NOW, NOW, None, AT), **changed)
        assert resume(CITY, merged, parked, NOW, NOW, AT) is None


@pytest.mark.parametrize("take", [None, LEFT, RIGHT])
def test_a_parked_field_that_is_to_be_written_all_the_same_is_no_longer_parked(
    take: Side | None,
) -> None:
    """The sides show what was parked, but the shadows do not, as after a change of the mapping."""
    wanted = merge(CITY, NOW, SHADOW, None, AT)
    assert wanted.steps.keys() == {RIGHT}
    parked = Parked(Both(("BERN",), ("Bern",)), take)
    assert resume(CITY, wanted, parked, NOW, SHADOW, AT) is None


@pytest.mark.parametrize(("take", "written"), [(LEFT, True), (RIGHT, False)])
def test_a_choice_is_not_written_against_the_direction_of_a_line(take: Side, written: bool) -> None:
    line = rule(direction=TO_RIGHT)
    agreed: Both[Fields] = Both({"city > CITY": "BERN"}, {"CITY": "Bern"})
    quiet = merge(line, NOW, agreed, None, AT)
    parked = Parked(Both(("BERN",), ("Bern",)), take)
    after = resume(line, quiet, parked, NOW, agreed, AT)
    assert after is not None
    assert (after.chosen, bool(after.steps)) == (written, written)
    assert not after.conflict


TAGGED = mapping(
    SETS,
    left=catalogue(FieldSpec("tags", Kind.SET)),
    right=catalogue(FieldSpec("TAGS", Kind.SET)),
)


def tags(left: str, right: str) -> Both[Fields]:
    return Both({"tags": frozenset(left)}, {"TAGS": frozenset(right)})


def resumed(now: Both[Fields], shadow: Both[Fields], take: Side | None, line: Rule = SETS) -> Any:
    parked = Parked(Both((frozenset("x"),), (frozenset(),)), take)
    return resume(line, merge(line, now, shadow, None, TAGGED), parked, now, shadow, TAGGED)


def test_parked_members_stay_parked_while_the_others_travel() -> None:
    now = tags("xy", "")
    still = resumed(now, tags("x", ""), None)
    assert (still.conflict, still.flips) == (True, True)
    assert still.steps[RIGHT].patch == {"TAGS": SetDelta(frozenset("y"))}


def test_parked_members_that_both_sides_have_or_lack_are_let_go() -> None:
    for now in (tags("x", "x"), tags("", "")):
        assert resumed(now, now, None) is None
    assert resumed(tags("x", ""), tags("", ""), None) is None  # a new one: an edit


@pytest.mark.parametrize(
    ("take", "delta"), [(LEFT, SetDelta(frozenset("xy"))), (RIGHT, SetDelta(remove=frozenset("x")))]
)
def test_a_choice_of_members_is_written_with_what_else_travels(take: Side, delta: SetDelta) -> None:
    now = tags("xy", "") if take is LEFT else tags("xz", "z")
    chosen = resumed(now, tags("x", "") if take is LEFT else tags("xz", "z"), take)
    target = take.other
    assert (chosen.chosen, chosen.conflict, chosen.steps.keys()) == (True, False, {target})
    assert chosen.steps[target].patch == {"TAGS" if target is RIGHT else "tags": delta}


def test_a_choice_of_members_is_not_written_against_the_direction_of_a_line() -> None:
    line = replace(SETS, direction=TO_RIGHT)
    agreed: Both[Fields] = Both({"tags > TAGS": frozenset("x")}, {"TAGS": frozenset()})
    after = resumed(tags("x", ""), agreed, RIGHT, line)
    assert (after.chosen, after.steps, after.conflict) == (False, {}, False)
