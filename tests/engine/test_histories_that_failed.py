"""Random histories that once broke a promise, shrunk to the deeds that matter.

Each is walked with all that `history.py` checks, so the scene needs no more than its deeds.
"""

import pytest

from syncd.engine.cycle import Mode
from tests.engine.accidents import Accident
from tests.engine.deed import Deed
from tests.engine.machine import ThreePlatforms, TwoPlatforms
from tests.engine.stories import (
    ADA,
    BOB,
    CY,
    CYCLE,
    DI,
    EVE,
    FULL,
    at_once,
    begin,
    clock,
    cycle_with,
    dies,
    later,
    returns,
    somebody,
    walk,
)

pytestmark = pytest.mark.usefixtures("histories_begin")


# -- nobody twice ------------------------------------------------------------------------


def test_what_we_made_is_known_by_our_reference_after_somebody_has_moved_it() -> None:
    walk(
        ThreePlatforms,
        begin(Deed("create left", address=EVE), lag_s=2),
        CYCLE,
        somebody("create left", address=ADA),
        cycle_with(9, Deed("move right", whom=ADA, address=DI)),
    )


def test_what_we_made_and_never_heard_of_is_a_stranger_where_nothing_bears_a_reference() -> None:
    """Nothing tells it from one: see what is not promised."""
    walk(
        ThreePlatforms,
        begin(Deed("create left", address=DI), settled=True),
        somebody("edit news", DI, name="lastName"),
        somebody("create left", address=ADA),
        dies("claimed", 2),
        dies("answered"),
        somebody("move news", ADA, address=BOB),
    )


def test_an_address_from_which_somebody_moved_away_within_the_cycle_is_free() -> None:
    walk(
        TwoPlatforms,
        begin(
            Deed("create left", address=ADA, name="lastName", text=1),
            Deed("create right", address=ADA, text=3),
        ),
        cycle_with(3, Deed("move right", whom=ADA, address=BOB)),
    )


def test_somebody_may_move_what_we_just_made_to_an_address_that_is_taken() -> None:
    walk(
        TwoPlatforms,
        begin(Deed("create left", address=EVE), settled=True, duplicates=True),
        somebody("delete right", EVE),
        CYCLE,
        somebody("create right", address=BOB),
        cycle_with(5, Deed("move left", whom=BOB, address=EVE)),
    )


# -- the cycle goes on -------------------------------------------------------------------


def test_a_look_is_not_disproved_by_a_contact_that_was_just_deleted() -> None:
    walk(
        ThreePlatforms,
        begin(Deed("create left", address=CY), settled=True),
        somebody("create left", address=BOB),
        later(90_000),
        somebody("delete news", CY),
        CYCLE,
        cycle_with(3, Deed("delete news", whom=BOB)),
    )


def test_a_look_is_not_disproved_when_everybody_was_just_deleted() -> None:
    walk(
        ThreePlatforms,
        begin(Deed("create left", address=BOB)),
        cycle_with(3, Deed("create left", address=ADA)),
        later(90_000),
        somebody("delete news", who=0),
        somebody("delete news", who=0),
        ("cycle_that_dies_in_a_request", {"number": 1}),
    )


# -- a clock that was wrong --------------------------------------------------------------


def test_ids_are_not_waited_for_until_the_time_at_which_a_wrong_clock_asked_for_them() -> None:
    people = (Deed("create left", address=a) for a in (BOB, DI, ADA))
    walk(
        ThreePlatforms,
        begin(*people, Deed("create right", address=EVE)),
        clock(7200),
        FULL,
        somebody("opt out news", DI),
    )


def test_nor_is_what_a_death_left_in_doubt() -> None:
    walk(
        TwoPlatforms,
        begin(Deed("create right", address=EVE), lag_s=30),
        somebody("create left", address=CY),
        clock(200_000),
        dies("claimed", 2),
        somebody("opt out right", EVE),
        later(4000),
        dies("claimed", 2),
    )


def test_fields_that_could_not_be_read_once_are_asked_for_again() -> None:
    walk(
        TwoPlatforms,
        begin(Deed("create left", address=CY, who=1, text=3), lag_s=2),
        ("cycle_that_dies_in_a_request", {"number": 7}),
        ("something_goes_wrong", {"after": 4, "fault": ("truncated", {})}),
        later(4000),
        cycle_with(11, Deed("edit left", address=CY)),
    )


# -- no lost edit ------------------------------------------------------------------------


def test_a_tag_taken_off_is_not_lost_as_the_text_that_holds_it_was_changed_meanwhile() -> None:
    walk(
        ThreePlatforms,
        begin(
            Deed("create right", address=DI, name="colour", text=4, who=3),
            Deed("create left", address=DI, name="city", text=6, tag="old"),
        ),
        dies("answered", 2),
        at_once(Deed("retag right", whom=DI, tag="vip"), Deed("untag left", whom=DI, tag="old")),
    )


def test_what_one_pair_writes_without_a_new_time_is_seen_by_the_other_pair() -> None:
    walk(
        ThreePlatforms,
        begin(Deed("create left", address=EVE, text=2), settled=True),
        somebody("retag news", EVE, tag="old"),
        later(4000),
        somebody("retag right", EVE, tag="old"),
        CYCLE,
        cycle_with(2, Deed("retag right", whom=EVE, tag="old")),
    )


def test_a_name_that_a_list_has_cut_before_we_met_it_is_listed() -> None:
    walk(
        ThreePlatforms,
        begin(Deed("create right", address=BOB, name="city", text=6)),
        somebody("create news", address=BOB, text=6),
        somebody("create left", address=BOB, text=6),
    )


# -- a backup is put back ----------------------------------------------------------------


def test_a_member_taken_out_when_a_backup_was_just_put_back_may_come_back() -> None:
    """Nobody knows what was agreed: see what is not promised."""
    walk(
        ThreePlatforms,
        begin(Deed("create right", address=DI, who=1)),
        ("the_store_is_copied", {}),
        somebody("retag right", DI, tag="news"),
        CYCLE,
        ("the_store_is_put_back", {}),
        somebody("retag right", DI, tag="news"),
    )


def test_an_opt_out_that_was_lifted_before_a_backup_is_put_back_was_never_heard_of() -> None:
    """Ada is in GHL alone, and nobody else shows that she ever opted out."""
    walk(
        ThreePlatforms,
        begin(Deed("create left", address=ADA)),
        somebody("create right", address=CY, who=5),
        ("the_store_is_copied", {}),
        returns(Deed("opt out left", who=2, other=2), Deed("confirm right", who=3), seconds=40),
        (
            "something_goes_wrong",
            {"after": 2, "fault": ("status", {"status": 503, "times": 6, "method": "PUT"})},
        ),
        returns(Deed("opt out left", who=5), Deed("lift left", who=2, other=5)),
        ("the_store_is_put_back", {}),
        FULL,
    )


def test_a_further_address_that_is_gone_before_its_opt_out_is_heard_again_tells_nothing() -> None:
    walk(
        TwoPlatforms,
        begin(Deed("create left", who=5, text=6, tag="news", address=EVE, other=2), settled=True),
        returns(Deed("opt out right", other=3), Deed("lift left", who=3), seconds=0),
        FULL,
        ("the_store_is_copied", {}),
        somebody("add address left", who=2, name="phone", tag="old", address=BOB),
        FULL,
        ("the_store_is_put_back", {}),
        at_once(
            Deed("create right", who=3, text=5, tag="news", address=BOB, other=4),
            Deed("remove address left", who=2, name="colour", other=4),
        ),
    )


def test_who_takes_over_on_the_same_machine_has_the_same_wrong_clock() -> None:
    """Hosts whose clocks disagree make two of one: see what is not promised."""
    walk(
        TwoPlatforms,
        begin(
            Deed("create right", who=1, name="lastName", text=5, tag="old", other=5),
            Deed("create left", who=4, name="city", text=5, tag="old", other=3),
            Deed("create left", address=CY, other=5),
            Deed("create right", who=2, text=1, tag="news", address=DI, other=5),
            duplicates=True,
        ),
        clock(7200),
        clock(-7200),
        ("cycle_that_is_taken_over", {"number": 11, "pair": 0}),
    )


def test_what_we_had_carried_to_a_contact_that_was_merged_away_stands_for_its_people() -> None:
    walk(
        TwoPlatforms,
        begin(
            Deed("create right", name="phone", text=4, address=DI, other=2),
            settled=True,
            duplicates=True,
            short_rows=True,
            lag_s=2,
        ),
        at_once(
            Deed("create right", name="colour", text=5, address="Eve@example.org"),
            Deed("edit left", who=1, text=3, address=CY),
        ),
        clock(-7200),
        (
            "cycle_in_which_a_field_becomes_another",
            {"accident": Accident("rename", name="phone"), "number": 2},
        ),
        clock(0),
        cycle_with(
            6, Deed("create left", who=1, name="phone", text=3, tag="old", address=DI, other=2)
        ),
        somebody("merge left", who=2, name="phone", text=5, address=DI, other=1),
    )


def test_an_edit_made_while_a_create_is_in_doubt_beats_what_that_carried() -> None:
    """A list shows new contacts only minutes later: what it shows then is ours, and older."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create right", who=4, name="phone", text=1, tag="old", address=EVE, other=1),
            Deed("create right", who=1, name="phone", text=2, tag="news", address=BOB, other=5),
            Deed("create left", who=5, name="city", other=4),
        ),
        dies("claimed"),
        dies("answered"),
        CYCLE,
        somebody("edit right", who=3, name="phone", text=4, address=BOB),
    )


@pytest.mark.parametrize("number", range(3, 9))
def test_who_was_just_made_and_takes_anothers_address_is_not_taken_for_them(number: int) -> None:
    """Maileon tells no id of whom it makes: they are looked up by their address."""
    walk(
        TwoPlatforms,
        begin(Deed("create right", address=DI)),
        CYCLE,
        cycle_with(2, Deed("create left", address=BOB)),
        cycle_with(number, Deed("swap right", other=1)),
    )


def test_a_text_that_is_too_long_is_not_overwritten_because_of_a_write_of_ours() -> None:
    """It is the newer one and cannot travel; our write of the tags makes the other look newer."""
    walk(
        TwoPlatforms,
        begin(
            Deed("create left", text=6, tag="old"),
            Deed("create right", who=3, text=1, tag="news", other=4),
            resubscribe="newer",
        ),
    )


def test_who_exchanges_addresses_soon_after_our_write_has_each_edit_at_its_own_contact() -> None:
    """GHL merges Ada into Cy. Mailercloud is written to by address: whose is it by now?"""
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", address=ADA, text=3), Deed("create left", address=CY), settled=True
        ),
        somebody("merge left", CY, other=1),
        somebody("swap news", other=1),
    )


def test_a_create_in_doubt_agrees_on_nothing_about_a_field_that_is_gone_by_then() -> None:
    """It is confirmed when the field has been made again, and is empty for everybody."""
    gone = Accident("delete", "maileon", "phone")
    walk(
        ThreePlatforms,
        begin(Deed("create right", name="phone", text=2), Deed("create right", address=CY)),
        ("cycle_that_dies_in_a_request", {"number": 9}),
        clock(200_000),
        ("cycle_in_which_a_field_becomes_another", {"accident": gone, "number": 2}),
    )


def test_a_namesake_without_a_value_takes_none_away_from_the_row_it_gets() -> None:
    """GHL has Eve twice; one of the two, whose name was copied, is merged into Cy."""
    walk(
        TwoPlatforms,
        begin(
            Deed("create left", name="lastName", text=6, address=EVE),
            Deed("create right", name="lastName", text=5, address=CY),
            Deed("create right", address=DI),
            duplicates=True,
            settled=True,
        ),
        somebody("create left", address=EVE, text=3),
        somebody("merge left", CY, other=3),
    )


def test_what_somebody_wrote_of_a_contact_that_came_and_went_within_a_cycle_is_theirs() -> None:
    """Di is made once more in Maileon while a cycle is under way, which still has her opted out and
    carries what she is called there before it ends her contact."""
    walk(
        TwoPlatforms,
        begin(Deed("create right", text=4, address=DI), resubscribe="newer"),
        CYCLE,
        returns(Deed("opt out left", other=1), Deed("lift left", name="phone", text=2, other=5)),
        cycle_with(6, Deed("create right", text=5, address=DI)),
        returns(
            Deed("opt out right", whom=DI, source="reply", other=2),
            Deed("confirm right", address=DI, source="reply", other=3),
            seconds=0,
        ),
    )


def test_what_somebody_wrote_of_a_contact_that_we_moved_and_ended_in_one_cycle_is_theirs() -> None:
    """Ada was made once more in Maileon, and moved in GHL: our cycle gives her the new address,
    under which she has opted out."""
    walk(
        TwoPlatforms,
        begin(
            Deed("create right", who=3, name="phone", text=2),
            Deed("create left", who=2, name="phone", text=4, tag="old", address=BOB),
            settled=True,
            lag_s=30,
            resubscribe="newer",
        ),
        returns(
            Deed("opt out right", who=3, source="complaint", other=2),
            Deed("lift left", who=4, other=5),
            seconds=40,
        ),
        returns(
            Deed("opt out right", who=5, source="complaint", other=4),
            Deed("confirm right", who=1, name="phone", text=1, other=3),
            seconds=0,
        ),
        somebody("create right", who=4, name="phone", text=6, other=1),
        somebody("move left", who=4, address=CY, other=4),
        (
            "a_field_is_another",
            {"accident": Accident("rename back", "maileon", "phone"), "at_once": Mode.SYNC},
        ),
        returns(Deed("opt out left", who=5), Deed("lift left", who=1), seconds=40),
        returns(
            Deed("opt out right", who=1, source="reply", other=3),
            Deed("confirm right", who=2, address=CY, other=3),
            Deed("lift left", who=3),
            seconds=0,
        ),
    )
