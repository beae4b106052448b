"""Joining unlinked records by their keys."""

from collections.abc import Sequence
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from syncd.core.match import AMBIGUOUS, DUPLICATE, Join, Matched, match_group, match_second
from syncd.model.link import Member, State
from syncd.model.side import Side

LEFT, RIGHT = Side.LEFT, Side.RIGHT


def member(
    remote_id: str,
    link: int | None = None,
    key: str | None = "ada@example.org",
    second: str | None = None,
) -> Member:
    side = LEFT if remote_id.startswith("l") else RIGHT
    return Member(side, remote_id, key, second, State.WAITING, link_id=link)


def nobody(_: Member) -> bool:
    return False


def everybody(_: Member) -> bool:
    return True


L1, L2, R1, R2 = (member(i) for i in ("l1", "l2", "r1", "r2"))

groups = st.lists(
    st.builds(
        member,
        st.sampled_from(["l1", "l2", "l3", "r1", "r2", "r3"]),
        st.sampled_from([None, None, 1, 2, 3]),
    ),
    max_size=6,
    unique_by=lambda m: m.remote_id,
)
waiting = st.frozensets(st.integers(1, 3))


def test_one_on_each_side_are_one_thing() -> None:
    assert match_group([R1, L1], nobody) == Matched((Join(L1, R1),), (), ())


def test_one_alone_is_alone() -> None:
    assert match_group([L1], nobody) == Matched((), (L1,), ())


def test_two_with_one_key_on_a_side_are_never_joined() -> None:
    assert match_group([L1, R1, R2], nobody) == Matched(
        (), (), ((R1, DUPLICATE), (R2, DUPLICATE), (L1, AMBIGUOUS))
    )


def test_a_newcomer_joins_the_link_that_waits_for_it() -> None:
    waits = member("l1", 7)
    assert match_group([waits, R1], everybody).joins == (Join(waits, R1),)


def test_a_newcomer_beside_a_whole_link_is_parked() -> None:
    linked = [member("l1", 7), member("r1", 7)]
    assert match_group([*linked, R2], nobody) == Matched((), (), ((R2, DUPLICATE),))


def test_a_newcomer_whose_namesake_is_linked_under_another_key_is_parked() -> None:
    assert match_group([member("l1", 7), R1], nobody) == Matched((), (), ((R1, AMBIGUOUS),))


def test_a_newcomer_is_not_given_to_one_of_two_that_are_linked() -> None:
    waits, whole = member("l1", 7), member("l2", 8)
    found = match_group([waits, whole, R1], lambda m: m is waits)
    assert found == Matched((), (), ((R1, AMBIGUOUS),))


def test_two_links_that_wait_for_each_other_are_joined() -> None:
    left, right = member("l1", 7), member("r1", 8)
    assert match_group([left, right], everybody).joins == (Join(left, right),)


def as_sets(found: Matched) -> tuple[set[Join], set[Member], set[tuple[Member, str]]]:
    return set(found.joins), set(found.alone), set(found.parked)


@given(groups, waiting)
def test_the_order_of_records_does_not_matter(
    group: Sequence[Member], lacking: frozenset[int]
) -> None:
    answers = [
        as_sets(match_group(order, lambda m: m.link_id in lacking))
        for order in permutations(group[:4])
    ]
    assert all(answer == answers[0] for answer in answers)


@given(groups, waiting)
def test_every_newcomer_is_joined_alone_or_parked_and_only_one_of_these(
    group: Sequence[Member], lacking: frozenset[int]
) -> None:
    found = match_group(group, lambda m: m.link_id in lacking)
    joined = [m for join in found.joins for m in (join.left, join.right)]
    settled = [*joined, *found.alone, *(m for m, _ in found.parked)]
    assert len(settled) == len(set(settled))
    assert {m for m in group if m.link_id is None} <= set(settled)
    assert len(found.joins) <= 1
    for join in found.joins:
        newcomers = [m for m in group if m.side is join.left.side and m.link_id is None]
        assert len(newcomers) <= 1 or join.left.link_id is not None


@given(groups, waiting)
def test_swapping_the_sides_swaps_the_matches(
    group: Sequence[Member], lacking: frozenset[int]
) -> None:
    def turned(m: Member) -> Member:
        name = m.remote_id.translate(str.maketrans("lr", "rl"))
        return member(name, m.link_id)

    straight = match_group(group, lambda m: m.link_id in lacking)
    swapped = match_group([turned(m) for m in group], lambda m: m.link_id in lacking)
    assert {Join(turned(j.right), turned(j.left)) for j in swapped.joins} == set(straight.joins)
    assert {turned(m) for m in swapped.alone} == set(straight.alone)
    assert {(turned(m), why) for m, why in swapped.parked} == set(straight.parked)


# -- the second key ----------------------------------------------------------------------

ADA_L, ADA_R = (member(i, None, f"{i}@example.org", "+12025550123") for i in ("l1", "r1"))


def test_the_second_key_joins_what_the_first_left_alone() -> None:
    assert match_second([ADA_L, ADA_R], [ADA_L, ADA_R]) == ([Join(ADA_L, ADA_R)], [], [])
    assert match_second([ADA_R, ADA_L], [ADA_R, ADA_L]) == ([Join(ADA_L, ADA_R)], [], [])


def test_the_second_key_joins_a_record_that_has_no_first() -> None:
    keyless = member("r1", None, None, "+12025550123")
    assert match_second([ADA_L], [ADA_L, keyless]) == ([Join(ADA_L, keyless)], [], [])


def test_a_record_that_the_first_key_has_joined_is_not_taken_from_its_partner() -> None:
    """Both would be linked to it, which the store refuses."""
    assert match_second([ADA_L], [ADA_L, ADA_R]) == ([], [], [(ADA_L, AMBIGUOUS)])


def test_a_family_that_shares_a_phone_is_parked() -> None:
    brother = member("l2", None, "bob@example.org", "+12025550123")
    joins, still, parked = match_second([ADA_L, brother, ADA_R], [ADA_L, brother, ADA_R])
    assert (joins, still) == ([], [])
    assert {m for m, _ in parked} == {ADA_L, brother, ADA_R}


def test_a_record_that_is_linked_already_is_not_joined_by_the_second_key() -> None:
    linked = member("r1", 7, "r1@example.org", "+12025550123")
    assert match_second([ADA_L], [ADA_L, linked]) == ([], [], [(ADA_L, AMBIGUOUS)])


def test_without_a_namesake_by_the_second_key_a_record_stays_alone() -> None:
    none = member("l2", None, "l2@example.org", None)
    assert match_second([ADA_L, none], [ADA_L]) == ([], [ADA_L, none], [])
