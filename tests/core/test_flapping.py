"""Which writes are echoes of one another, and which are edits."""

from dataclasses import replace

import pytest

from syncd.core.flapping import QUIET, Parked, is_undone, resume, tame
from syncd.core.merge import merge
from syncd.core.merged import Merged
from syncd.model.op import Move
from syncd.model.side import Both, Side
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Fields, SetDelta

from .world import LEFT, RIGHT, SETS, catalogue, mapping, rule

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
