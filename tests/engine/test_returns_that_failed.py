"""Random histories of people who opted out and come back, that once broke a promise.

`walk` asserts after each cycle, and in the end.
"""

import pytest

from syncd.model.side import Side
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

NEWER = {"resubscribe": "newer"}


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


def test_an_opt_out_that_reaches_a_further_address_is_as_old_as_its_cause() -> None:
    """Eve left before Cy confirmed, and her contact was given Cy's address in between."""
    walk(
        TwoPlatforms,
        begin(
            Deed("create right", text=5, address=EVE), settled=True, delete="unsubscribe", **NEWER
        ),
        somebody("opt out right", EVE),
        somebody("add address left", EVE, address=CY),
        somebody("back right", address=CY),
    )


def test_an_opt_out_is_as_old_as_its_cause_where_the_other_side_alone_shows_who_left() -> None:
    """In Maileon, the contact that GHL has as Ada takes over the address that Eve left under."""
    walk(
        TwoPlatforms,
        begin(
            Deed("create right", address=EVE),
            Deed("create left", address=ADA),
            settled=True,
            delete="unsubscribe",
            **NEWER,
        ),
        somebody("opt out right", EVE),
        somebody("move right", ADA, address=EVE),
        somebody("add address left", ADA, address=CY),
        somebody("back right", address=CY),
    )


def test_dnd_that_is_lifted_and_set_again_since_a_backup_is_that_of_the_backup() -> None:
    """Bob confirms, is let in again and leaves once more; then our store is that of before."""
    walk(
        TwoPlatforms,
        begin(Deed("create left", address=BOB), settled=True, **NEWER),
        returns(Deed("opt out right", whom=BOB)),
        ("the_store_is_copied", {}),
        somebody("confirm right", address=BOB),
        CYCLE,
        somebody("lift left", BOB),
        CYCLE,
        somebody("opt out left", BOB),
        ("the_store_is_put_back", {}),
    )


def test_an_address_that_who_left_is_given_unseen_is_out_whatever_it_confirms_meanwhile() -> None:
    """GHL does not date it, and so it happens when it is heard, three seconds too late for Cy."""
    walk(
        TwoPlatforms,
        begin(
            Deed("create left", address=BOB), Deed("create left", address=CY), settled=True, **NEWER
        ),
        returns(Deed("opt out left", whom=CY)),
        returns(Deed("opt out right", whom=BOB), Deed("confirm right", address=BOB)),
        somebody("add address left", BOB, address=CY),
        later(3),
        somebody("confirm right", address=CY),
    )
