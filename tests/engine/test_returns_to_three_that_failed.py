"""Random histories of people who come back, with three platforms, that once broke a promise.

`walk` asserts after each cycle, and in the end.
"""

import pytest

from syncd.engine.cycle import Mode
from syncd.model.side import Side
from tests.engine.accidents import Accident
from tests.engine.deed import Deed
from tests.engine.machine import ThreePlatforms
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
    returns,
    somebody,
    walk,
)

pytestmark = pytest.mark.usefixtures("histories_begin")

NEWER = {"resubscribe": "newer"}


def test_who_opts_out_under_a_new_address_is_out_although_the_old_one_was_let_in() -> None:
    """The contact in GHL still shows the old address, whose opt-out was lifted."""
    walk(
        ThreePlatforms,
        begin(Deed("create left", address=ADA), Deed("create right", address=ADA), **NEWER),
        returns(Deed("opt out right"), Deed("confirm right"), Deed("lift left"), seconds=0),
        CYCLE,
        somebody("move right", address=DI),
        returns(Deed("opt out right"), Deed("lift left"), seconds=0),
    )


def test_a_lifting_that_is_undone_before_any_pair_looks_is_seen_by_none() -> None:
    """One pair carries an opt-out to GHL, and the other has seen it there as well."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", address=DI), Deed("create left", address=EVE), settled=True, **NEWER
        ),
        cycle_with(1, Deed("swap news", who=5)),
        returns(Deed("opt out left", who=3), Deed("lift left"), seconds=40),
        returns(
            Deed("opt out left", who=5),
            Deed("confirm right", who=1),
            Deed("lift left", who=2),
            seconds=40,
        ),
        returns(Deed("opt out left"), Deed("lift left", who=3)),
    )


def test_no_pair_carries_an_older_opt_out_to_who_was_let_in_under_their_own_address() -> None:
    """Two pairs undid each other for ever: a list that keeps an old address, and the others."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create right", name="lastName", text=2, address=BOB, other=4),
            Deed("create right", who=3, name="city", address="Eve@example.org", other=1),
            lag_s=2,
            **NEWER,
        ),
        returns(Deed("opt out right", who=3, other=4), Deed("lift left", who=3, other=1)),
        somebody("create right", who=3, name="colour", text=4, address=DI, other=1),
        returns(Deed("opt out left", who=5, other=3), Deed("lift left", who=2, other=3)),
        somebody("take over left", name="phone", text=5, address=CY, other=1),
        somebody("delete right", who=5, address=BOB, other=2),
        somebody("create left", who=4, name="phone", text=1, tag="old", address=DI, other=2),
        returns(
            Deed("opt out right", who=2),
            Deed("lift left", who=2, other=5),
            Deed("confirm right", who=4, text=2, address=CY, other=1),
            seconds=0,
        ),
    )


def test_an_answer_is_for_the_address_though_another_contact_with_it_is_still_out() -> None:
    """Ada comes back, a person says; GHL has her twice, and the DND of one is not ours to lift."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", address=ADA),
            Deed("create left", who=1, address=ADA),
            duplicates=True,
            **NEWER,
        ),
        returns(Deed("opt out left", who=3, other=1), Deed("lift left"), seconds=0),
        CYCLE,
        ("a_person_answers", {"number": 2, "take": Side.LEFT}),
    )


def test_who_confirms_while_a_cycle_runs_that_has_forgotten_them_is_let_in() -> None:
    """A backup is put back that knows nothing of Cy: her opt-out is told with her return."""
    walk(
        ThreePlatforms,
        begin(Deed("create right", who=3, name="colour", text=6, address=CY), **NEWER),
        ("the_store_is_copied", {}),
        returns(
            Deed("opt out right", who=1, address=CY, other=1),
            Deed("confirm right", who=2, name="phone", text=3, source="other", other=4),
        ),
        cycle_with(
            11,
            Deed("create right", who=4, text=4, address=CY, source="other", other=1),
            Deed("opt out right", who=4, name="colour", text=4, address=BOB, source="reply"),
        ),
        ("the_store_is_put_back", {}),
        cycle_with(3, Deed("confirm right", who=1, name="colour", text=4, address=BOB, other=3)),
    )


def test_who_is_moved_where_no_listing_shows_them_does_not_opt_out_under_the_new_address() -> None:
    """Bob's address was let in again in Maileon, and Ada, whom the list hides, is moved to it."""
    who = Deed("create right", who=2, name="colour", text=1, tag="old", other=5)
    deleted = Accident("delete", "maileon", "colour")
    walk(
        ThreePlatforms,
        begin(who, **NEWER),
        ("a_field_is_another", {"accident": deleted, "at_once": Mode.SYNC}),
        somebody("add address left", who=2, name="phone", text=1, tag="news", address=BOB, other=5),
        somebody("opt out news", who=1, name="colour", text=5, tag="old", address=EVE, other=2),
        FULL,
        at_once(
            Deed("back right", who=1, name="city", text=1, tag="news", address=BOB, other=5),
            Deed("move news", name="phone", text=1, address=BOB, source="other", other=1),
        ),
    )


def test_an_address_that_we_give_to_a_contact_with_dnd_has_not_opted_out_by_that() -> None:
    """GHL's contact of Ada was moved to Bob's address and has his DND; our write moves it back.

    She has confirmed an opt-in meanwhile, and what GHL shows of her from then on is our doing.
    """
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", who=4, name="lastName", text=5, tag="old", address=BOB, other=2),
            Deed("create left", name="lastName", tag="news", address=BOB, other=1),
            Deed("create right", who=2, name="phone", text=5, tag="news", source="complaint"),
            duplicates=True,
            lag_s=2,
            **NEWER,
        ),
        returns(
            Deed("opt out left", name="phone", text=3, address=BOB, other=2),
            Deed("confirm right", who=4, name="colour", text=4, tag="news", address=BOB),
        ),
        ("cycle_that_is_taken_over", {"number": 11, "pair": 0}),
        at_once(
            Deed("swap left", who=4, text=5, tag="news", source="other", other=2),
            Deed("move left", who=4, name="lastName", text=2, tag="old", address=BOB, other=5),
        ),
        cycle_with(3, Deed("edit news", who=1, name="colour", tag="old", address=CY, other=4)),
        cycle_with(1, Deed("opt out right", who=5, name="city", text=2, source="other", other=1)),
        returns(
            Deed("opt out right", who=3, text=1, tag="old", other=2),
            Deed("confirm right", who=1, text=4, address=BOB, other=4),
            seconds=40,
        ),
    )


def test_an_opt_out_of_ours_in_doubt_bears_the_date_of_our_write() -> None:
    """The process dies when Maileon has unsubscribed Bob; Cy has confirmed just before that."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", who=5, name="lastName", tag="old", source="complaint"),
            Deed("create left", who=5, text=5, address=EVE, source="other", other=1),
            Deed("create right", who=4, name="colour", address=BOB, source="other", other=5),
            **NEWER,
        ),
        returns(
            Deed("opt out left", who=1, name="colour", text=4, tag="old", address=BOB, other=4),
            Deed("lift left", who=1, text=4, tag="news", address=EVE, source="complaint"),
            seconds=40,
        ),
        somebody("take over right", who=4, name="lastName", text=3, address=CY, other=5),
        cycle_with(12, Deed("edit news", who=4, name="colour", text=1, address=EVE, other=4)),
        returns(
            Deed("opt out right", name="phone", text=2, tag="news", source="reply", other=5),
            Deed("confirm right", who=3, name="city", text=1, address=DI, other=2),
            seconds=40,
        ),
        dies("answered"),
        somebody("lift left", who=1, name="phone", text=1, address=CY, other=5),
    )


def test_who_is_given_an_address_in_a_list_leaves_as_a_person_under_the_other_one() -> None:
    """Bob left in GHL after Cy confirmed; then a person swaps their addresses in the list."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create right", who=2, tag="old", address=CY),
            Deed("create left", who=3, tag="news", address=BOB, other=2),
            Deed("create left", who=5, address=CY, other=3),
            **NEWER,
        ),
        returns(
            Deed("opt out left", address=CY, other=2),
            Deed("confirm right", who=5, address=DI, other=1),
        ),
        CYCLE,
        ("a_person_answers", {"number": 3, "take": Side.RIGHT}),
        returns(
            Deed("opt out left", who=5, address=CY, other=5),
            Deed("confirm right", other=4),
            seconds=0,
        ),
        somebody("swap news", address=CY, other=1),
    )


def test_who_left_twice_by_links_of_one_campaign_is_told_once() -> None:
    """Cy leaves in both lists, confirms in Maileon, and leaves by the same campaign once more."""
    walk(
        ThreePlatforms,
        begin(Deed("create left", who=2, text=6, address=CY, other=1), **NEWER),
        returns(Deed("opt out right", who=2), Deed("lift left", who=3, other=4), seconds=0),
        at_once(
            Deed("create left", name="phone", text=6, tag="news"),
            Deed("opt out news", who=2, address=CY, other=3),
        ),
        returns(
            Deed("opt out right", who=1, source="complaint", other=4),
            Deed("confirm right", who=4, other=2),
            seconds=0,
        ),
        somebody("opt out news", who=4),
    )


def test_who_is_moved_to_an_address_takes_their_own_opt_out_there() -> None:
    """Bob leaves in GHL after Di confirmed; then a person gives him Di's address."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create right", who=1, name="colour", text=1, tag="news", address=BOB, other=4),
            Deed("create right", tag="news", address=DI, source="complaint", other=3),
            Deed("create right", who=1, name="lastName", tag="news", source="other"),
            duplicates=True,
            **NEWER,
        ),
        cycle_with(12, Deed("untag left", name="lastName", text=3, address=EVE, other=1)),
        returns(
            Deed("opt out right", who=1, address=DI, source="complaint", other=3),
            Deed("confirm right", who=3, address=DI, other=1),
        ),
        returns(
            Deed("opt out left", who=2, address=EVE, source="complaint", other=1),
            Deed("lift left", who=3, name="phone", address=EVE, source="other", other=3),
            seconds=0,
        ),
        cycle_with(4, Deed("move left", who=5, address=DI, source="other", other=4)),
    )


def test_who_leaves_under_an_address_that_was_just_taken_over_takes_others_along() -> None:
    """Ada's contact, with Eve as a further address, is given that of Cy, whose own is out."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", who=4, name="phone", text=4, tag="old", other=5),
            Deed("create right", who=4, text=2, address=CY),
            **NEWER,
        ),
        somebody("add address left", who=2, text=5, address=EVE, other=5),
        somebody("create right", who=1, address=EVE, other=4),
        returns(
            Deed("opt out left", who=2, tag="old", other=3),
            Deed("confirm right", who=2, name="colour", text=4, address=EVE, other=4),
        ),
        returns(
            Deed("opt out left", who=1, name="phone", tag="old", other=1),
            Deed("lift left", who=3, text=3, other=4),
            Deed("lift left", who=5, name="phone", text=2, address=CY, other=5),
            seconds=0,
        ),
        somebody("take over left", who=5, text=3, address=BOB),
    )


def test_who_a_deleted_counterpart_was_known_as_opts_out_and_a_fresh_confirmation_ends() -> None:
    """Maileon opts out Bob, whose address a deleted contact of Mailercloud had after Cy's."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", who=2, text=3, tag="old", address=CY, other=4),
            Deed("create left", who=1, name="city", text=3, address=BOB),
            **NEWER,
        ),
        returns(
            Deed("opt out right", who=1, text=4, source="complaint", other=5),
            Deed("confirm right", who=1, text=6, address=BOB),
            seconds=40,
        ),
        somebody("swap left", who=5, name="city", source="other", other=2),
        returns(
            Deed("opt out right", who=1, text=3, address=DI, other=2),
            Deed("confirm right", name="phone", text=2, address=DI, source="reply", other=4),
            Deed("confirm right", who=1, text=2, tag="old", address=CY),
        ),
        returns(
            Deed("opt out right", who=4, name="city", text=6, address=BOB, other=3),
            Deed("lift left", who=2, text=5, source="reply", other=2),
            seconds=40,
        ),
    )


def test_dnd_of_one_of_two_seems_older_than_a_confirmation_while_our_clock_is_behind() -> None:
    """GHL has Ada twice; how moments compare while our clock is wrong is not promised."""
    renamed = Accident("rename back", "maileon", "phone")
    walk(
        ThreePlatforms,
        begin(
            Deed("create right", who=2, name="phone", text=3, address=EVE, source="reply"),
            Deed("create right", who=3, name="city", text=3, tag="news", other=5),
            Deed("create left", who=1, name="city", source="complaint", other=4),
            duplicates=True,
            lag_s=2,
            **NEWER,
        ),
        clock(-7200),
        ("a_field_is_another", {"accident": renamed, "at_once": Mode.FULL}),
        returns(
            Deed("opt out left", who=3, name="colour", text=3, address=EVE, other=2),
            Deed("confirm right", who=1, name="lastName", text=4, address=BOB, other=2),
            seconds=40,
        ),
    )


def test_dnd_that_is_gone_with_its_contact_before_anybody_looked_was_of_nobody() -> None:
    """A contact of the CRM that has got Eve's address, as a further one, has DND for a moment.

    Eve had opted out and come back, and Mailercloud still shows the opt-out of before.
    """
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", who=4, text=3, tag="old", address=EVE, other=5),
            Deed("create left", who=4, name="phone", text=6, address=DI, other=1),
            Deed("create right", name="city", tag="news", address=EVE, other=1),
            settled=True,
            **NEWER,
        ),
        returns(
            Deed("opt out right", who=4, address=CY, other=5),
            Deed("lift left", who=2, text=6, address=BOB, source="other", other=2),
        ),
        at_once(
            Deed("adopt address left", who=3, name="city", text=4, address=BOB, other=2),
            Deed("create left", who=3, name="city", text=1, source="reply", other=3),
        ),
        returns(
            Deed("opt out right", who=3, name="phone", text=5, address=DI, source="other", other=5),
            Deed("confirm right", who=4, name="city", text=4, address=EVE, other=2),
            seconds=0,
        ),
        somebody("delete left", who=3, name="city", text=1, address=EVE, other=2),
        somebody("opt out left", who=1, name="colour", text=5, address=CY, source="other", other=4),
        somebody("delete left", who=3, text=6, tag="old", address=CY, source="other", other=4),
    )


def test_who_was_let_in_and_leaves_by_a_platform_that_nobody_read_yet_is_let_in_elsewhere() -> None:
    """Eve leaves by Mailercloud, while in Maileon Cy takes over the address that was let in."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", text=1, address=CY),
            Deed("create right", text=5, address=EVE),
            **NEWER,
        ),
        returns(Deed("opt out right", whom=EVE), Deed("confirm right", whom=EVE), seconds=0),
        CYCLE,
        ("a_person_answers", {"number": 1, "take": Side.RIGHT}),
        CYCLE,
        somebody("opt out news", EVE),
        somebody("move right", EVE, address=BOB),
        somebody("move right", CY, address=EVE),
    )


def test_who_gets_a_further_address_after_leaving_leaves_under_that_one_too() -> None:
    """Ada has come back to Maileon; in GHL, Di gets her address too, and has left Mailercloud."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create right", name="city", text=2, address=DI),
            Deed("create left", address=ADA),
            settled=True,
            **NEWER,
        ),
        returns(Deed("opt out right", whom=ADA), Deed("confirm right", whom=ADA)),
        somebody("opt out news", DI),
        somebody("add address left", DI, address=ADA),
    )


def test_dnd_that_may_look_unchanged_opts_out_every_address_of_its_person() -> None:
    """GHL has Eve twice; one of the two has got Di's address too, who confirms in Maileon.

    The other gets DND anew, and the cycle that saw it lifted was one in which a field was gone.
    """
    gone = Accident("delete", "maileon", "colour")
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", who=4, tag="old", address=EVE, other=2),
            Deed("create left", who=3, text=3, address=EVE),
            Deed("create left", who=3, address=DI, other=4),
            duplicates=True,
            **NEWER,
        ),
        returns(Deed("opt out left", who=1), Deed("lift left")),
        somebody("merge left", who=4, other=3),
        returns(
            Deed("opt out right"),
            Deed("confirm right", who=2),
            Deed("lift left", who=2),
            seconds=40,
        ),
        ("a_field_is_another", {"accident": gone, "at_once": Mode.SYNC}),
        returns(Deed("opt out left", who=1), Deed("confirm right", who=1), seconds=0),
    )


def test_who_leaves_by_a_link_leaves_when_it_is_heard_under_every_address_of_theirs() -> None:
    """In Mailercloud Eve's row has Cy's address, and leaves; before that is heard, Eve confirms."""
    walk(
        ThreePlatforms,
        begin(Deed("create right", address=EVE), settled=True, **NEWER),
        returns(Deed("opt out left"), Deed("lift left")),
        somebody("move news", address=CY),
        somebody("opt out news"),
        cycle_with(4, Deed("confirm right", address=EVE)),
    )


def test_an_opt_out_that_was_replaced_is_none_either_once_the_opt_in_has_ended() -> None:
    """Bob leaves and confirms, our store is put back to before, and his contact is deleted: the
    report of Maileon tells of the opt-out, and nothing of the opt-in any more."""
    bob = Deed("create right", name="phone", text=2, address=BOB)
    walk(
        ThreePlatforms,
        begin(bob, settled=True, delete="delete", **NEWER),
        ("the_store_is_copied", {}),
        returns(
            Deed("opt out right", source="reply", other=4),
            Deed("confirm right", source="reply", other=4),
            seconds=0,
        ),
        ("the_store_is_put_back", {}),
        at_once(Deed("bounce news", other=5), Deed("delete left", other=1)),
    )
