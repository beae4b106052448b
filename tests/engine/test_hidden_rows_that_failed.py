"""Random histories of those whom a list hides, that once broke a promise.

`walk` asserts after each cycle, and in the end.
"""

import pytest

from tests.engine.deed import Deed
from tests.engine.machine import ThreePlatforms
from tests.engine.stories import (
    ADA,
    BOB,
    CY,
    CYCLE,
    DI,
    EVE,
    at_once,
    begin,
    clock,
    later,
    returns,
    somebody,
    walk,
)

pytestmark = pytest.mark.usefixtures("histories_begin")


def test_an_opt_out_reaches_a_row_that_bounced_before_any_listing_showed_it() -> None:
    walk(
        ThreePlatforms,
        begin(Deed("create right", address=EVE, who=3)),
        somebody("create news", address=EVE),
        somebody("opt out right", EVE),
        somebody("bounce news", EVE, other=1),
    )


def test_an_opt_out_reaches_a_row_that_we_made_and_that_bounced_before_it_was_listed() -> None:
    walk(
        ThreePlatforms,
        begin(*(Deed("create left", address=a) for a in (ADA, BOB, DI, EVE)), settled=True),
        somebody("bounce news", EVE, other=1),
        somebody("opt out left", EVE),
    )


def test_who_opted_out_of_what_we_made_for_them_is_not_made_again_under_another_address() -> None:
    walk(
        ThreePlatforms,
        begin(*(Deed("create left", address=a) for a in (ADA, BOB, CY, DI)), settled=True),
        somebody("move left", BOB, address=EVE),
        somebody("opt out news", BOB),
    )


def test_an_opt_out_is_told_again_to_a_list_where_the_address_is_new_and_hidden() -> None:
    walk(
        ThreePlatforms,
        begin(Deed("create right", address=EVE, who=3)),
        somebody("opt out right", EVE),
        CYCLE,
        later(4000),
        CYCLE,
        somebody("create news", address=EVE),
        somebody("bounce news", EVE, other=1),
    )


def test_who_was_made_active_again_under_another_address_is_opted_out_again() -> None:
    walk(
        ThreePlatforms,
        begin(Deed("create right", address=BOB, who=4), settled=True),
        somebody("opt out news", BOB),
        CYCLE,
        somebody("back news", BOB),
        somebody("move news", BOB, address=EVE),
    )


def test_who_was_hidden_and_is_listed_again_is_opted_out_again() -> None:
    walk(
        ThreePlatforms,
        begin(Deed("create right", address=BOB, who=4), settled=True),
        somebody("opt out news", BOB),
        CYCLE,
        later(4000),
        CYCLE,
        CYCLE,
        somebody("back news", BOB),
        later(4000),
        CYCLE,
        somebody("move news", BOB, address=EVE),
    )


def test_a_hidden_row_that_is_moved_to_a_new_address_tells_nobody_of_its_opt_out() -> None:
    """No sync could know: see what is not promised."""
    walk(
        ThreePlatforms,
        begin(Deed("create right", address=CY)),
        at_once(Deed("create news", address=BOB), Deed("opt out news", whom=BOB)),
        at_once(Deed("move news", whom=BOB, address=DI), Deed("move right", whom=CY, address=DI)),
    )


def test_who_is_seen_to_have_moved_by_a_direct_look_is_opted_out_once_listed() -> None:
    """What we wrote went to who had the address by then; our clock was days ahead."""
    walk(
        ThreePlatforms,
        begin(Deed("create left", who=1, name="city", text=2, address=CY, other=3), settled=True),
        somebody("create news", who=1, name="city", text=1, address=BOB),
        clock(200_000),
        at_once(Deed("opt out left", who=1), Deed("swap news", who=1, other=4)),
        CYCLE,
    )


def test_an_opt_out_by_a_link_is_one_too_for_whom_we_had_opted_out() -> None:
    """Eve confirms in Maileon; her row in Mailercloud gets Cy's address, and opts out by a link."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", who=4, name="lastName", address=EVE, source="reply", other=3),
            resubscribe="newer",
            automated=["GHL marks whoever is vip", "Maileon takes the mark off"],
        ),
        returns(
            Deed("opt out right", who=3, name="lastName", text=3, address=BOB, other=1),
            Deed("confirm right", name="city", text=5, address=BOB, source="reply", other=5),
        ),
        returns(
            Deed("opt out right", who=5, name="phone", text=4, address=DI, other=4),
            Deed("confirm right", who=2, name="phone", text=5, tag="news", address=CY, other=1),
            Deed("confirm right", who=3, name="colour", tag="old", address=BOB, other=3),
        ),
        at_once(
            Deed(
                "untag left", name="city", text=3, tag="old", address=EVE, source="reply", other=4
            ),
            Deed("move news", who=3, name="colour", text=4, address=CY, other=4),
        ),
        at_once(
            Deed("swap right", who=2, name="lastName", address=DI, other=3),
            Deed("opt out news", name="colour", text=3, tag="news", address=CY, other=3),
        ),
    )


def test_who_leaves_by_a_link_after_a_confirmation_elsewhere_is_out() -> None:
    """We had opted Ada out in Mailercloud already, for her DND in GHL."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", name="lastName", text=5, source="complaint", other=5),
            settled=True,
            resubscribe="newer",
        ),
        returns(
            Deed("opt out left", who=5, name="phone", text=5, tag="old", address=CY),
            Deed("confirm right", who=3, name="city", text=5, address=BOB, other=3),
            seconds=40,
        ),
        somebody("opt out news", who=5, name="colour", text=2, address=EVE, other=3),
    )
