"""Random histories of people who opted out and come back, that once broke a promise."""

from pathlib import Path

import pytest

from syncd.engine.cycle import Mode
from syncd.model.side import Side
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

NEWER = {"resubscribe": "newer"}


@pytest.fixture(autouse=True)
def stores(migrated_sqlite: Path) -> None:
    for kind in (TwoPlatforms, ThreePlatforms):
        kind.template, kind.place = migrated_sqlite, staticmethod(dict)


@pytest.mark.parametrize("kind", [TwoPlatforms, ThreePlatforms])
def test_who_opts_out_again_while_our_clock_is_behind_is_not_let_in(
    kind: type[TwoPlatforms],
) -> None:
    """The new opt-out has no date, and by our clock it is older than what was lifted."""
    walk(
        kind,
        begin(Deed("create left", address=ADA), **NEWER),
        returns(Deed("opt out right"), Deed("confirm right"), seconds=0),
        clock(-7200),
        returns(Deed("opt out right"), Deed("confirm right"), Deed("lift left"), seconds=40),
        ("cycle_that_dies_between_two_steps", {"point": "claimed", "times": 1}),
        returns(Deed("opt out left"), Deed("lift left")),
    )


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


def test_who_opts_out_as_a_person_does_so_at_an_address_that_was_just_confirmed() -> None:
    """Their contact has moved to another address in Maileon, and GHL shows a further one."""
    walk(
        TwoPlatforms,
        begin(
            Deed("create left", who=4, name="lastName", text=4, address=BOB, other=5),
            Deed("create right", who=5, name="lastName", text=1, address=CY),
            Deed("create left", who=1, name="phone", text=4, address=CY, other=4),
            settled=True,
            **NEWER,
        ),
        somebody("add address left", who=3, address=BOB, other=2),
        somebody("back right", who=3, address=DI, other=4),
        returns(
            Deed("opt out right", who=4, other=3),
            Deed("confirm right", who=4, text=1, address=BOB, other=4),
            seconds=0,
        ),
        somebody("create left", who=4, address="Eve@example.org", other=5),
        returns(
            Deed("opt out right", who=5, address="Eve@example.org", other=5),
            Deed("confirm right", name="phone", text=6, address="Eve@example.org", other=2),
            seconds=40,
        ),
        somebody("take over right", who=5, text=4, other=4),
        returns(
            Deed("opt out right", who=4, address="Eve@example.org", other=4),
            Deed("lift left", who=2, address=CY, other=2),
            seconds=0,
        ),
    )


def test_who_takes_the_address_of_somebody_let_in_does_not_keep_the_other_mailable() -> None:
    """Ada's address opts out while the write that would rename her in Maileon is refused.

    That parked her, and the news about her address with it.
    """
    walk(
        TwoPlatforms,
        begin(
            Deed("create right", who=4, name="lastName", text=5, tag="old", address=EVE, other=3),
            settled=True,
            delete="unsubscribe",
            **NEWER,
        ),
        returns(Deed("opt out right", who=2, other=1), Deed("lift left", who=1, other=1)),
        CYCLE,
        somebody("create left", who=1, name="colour", text=4),
        CYCLE,
        ("a_person_answers", {"number": 1, "take": Side.LEFT}),
        CYCLE,
        somebody("swap left", who=2, name="colour", other=1),
    )


def test_a_permission_goes_with_a_contact_to_the_address_of_somebody_else() -> None:
    """Nobody can tell that it was given by another one: a person is asked."""
    walk(
        TwoPlatforms,
        begin(
            Deed("create left", address=BOB),
            Deed("create left", address=ADA),
            settled=True,
            delete="unsubscribe",
            **NEWER,
        ),
        returns(Deed("opt out left", whom=BOB), Deed("confirm right", address=BOB), seconds=40),
        somebody("swap right", who=3),
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


def test_a_backup_holds_no_opt_out_that_was_forgotten_and_not_heard_again() -> None:
    """Bob's DND is lifted, a backup without it is put back, and then he confirms."""
    walk(
        TwoPlatforms,
        begin(
            Deed("create left", who=2, name="colour", text=2, tag="old", address=BOB), settled=True
        ),
        CYCLE,
        ("the_store_is_copied", {}),
        returns(
            Deed("opt out left", who=3, name="lastName", text=4, source="reply", other=5),
            Deed("lift left", who=3, name="colour", text=1, tag="news", address=BOB, other=4),
            seconds=0,
        ),
        ("the_store_is_put_back", {}),
        ("the_store_is_copied", {}),
        returns(
            Deed("opt out right", who=1, text=4, address=DI, source="complaint", other=1),
            Deed("lift left", who=3, name="city", text=1, address=BOB, source="reply", other=2),
            Deed("confirm right", who=1, source="reply", other=2),
            seconds=40,
        ),
        ("the_store_is_put_back", {}),
    )


def test_dnd_that_is_set_again_after_a_backup_that_shows_it_is_not_seen_as_set_anew() -> None:
    """Bob has come back, a backup of before we heard of it is put back, and he opts out again."""
    walk(
        TwoPlatforms,
        begin(Deed("create left", who=4, name="colour", text=2, address=BOB, other=1), **NEWER),
        FULL,
        returns(
            Deed("opt out left", who=3, text=5, address=DI, other=2),
            Deed("confirm right", who=4, text=2, other=1),
            Deed("lift left", who=5, text=2, source="reply", other=5),
        ),
        later(40),
        ("the_store_is_copied", {}),
        FULL,
        ("the_store_is_put_back", {}),
        returns(Deed("opt out left", who=1, other=1), Deed("lift left", who=2), seconds=40),
    )


def test_an_opt_out_that_is_lifted_before_we_look_was_never_heard_of() -> None:
    """Bob moves to another address and opts out, both behind our back, and takes it back."""
    walk(
        TwoPlatforms,
        begin(Deed("create left", who=5, name="city", text=4, address=BOB, other=5), settled=True),
        somebody("back left", who=1, tag="old", address=CY, other=3),
        cycle_with(
            3,
            Deed("move left", who=3, address=CY, other=3),
            Deed("opt out left", who=5, name="colour", source="complaint", other=4),
        ),
        later(90_000),
        cycle_with(8, Deed("back left", who=2, address=EVE, other=1)),
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


def test_a_dnd_that_is_lifted_before_anybody_looked_opts_no_added_address_out() -> None:
    """Di confirms in Maileon while her address is added to Ada's contact, and the DND lifted."""
    walk(
        TwoPlatforms,
        begin(Deed("create right", name="phone", text=2, tag="old", address=DI, other=4), **NEWER),
        dies("confirmed", 2),
        somebody("opt out right", text=1, tag="news", address=CY, source="reply", other=2),
        somebody("move left", who=4, name="colour", source="reply", other=1),
        cycle_with(11, Deed("retag right", who=4, name="lastName", tag="old", address=CY, other=4)),
        at_once(
            Deed("tag left", who=1, text=2, address=CY, source="reply"),
            Deed("add address left", who=4, name="phone", text=5, tag="old", address=DI, other=1),
        ),
        at_once(
            Deed("back left", who=5, name="city", text=4, tag="news", address=BOB, other=5),
            Deed("confirm right", text=1, tag="news", address=EVE, source="reply", other=1),
        ),
    )
