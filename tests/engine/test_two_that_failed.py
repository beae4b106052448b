"""Random histories of two platforms that once broke a promise.

`walk` asserts after each cycle, and in the end.
"""

import pytest

from syncd.engine.cycle import Mode
from tests.engine.accidents import Accident
from tests.engine.deed import Deed
from tests.engine.machine import TwoPlatforms
from tests.engine.stories import (
    BOB,
    CY,
    DI,
    EVE,
    at_once,
    begin,
    cycle_with,
    returns,
    somebody,
    walk,
)

pytestmark = pytest.mark.usefixtures("histories_begin")

TAKEN_OVER = "cycle_that_is_taken_over"


def test_what_a_create_has_made_is_known_beside_another_contact_of_that_address() -> None:
    """In GHL Bob gets Di's address, and in Maileon Di another one, while her create is in doubt.

    Looked up by the address there were two, so that neither was taken for ours, and Di was made
    again under her new address.
    """
    walk(
        TwoPlatforms,
        begin(
            Deed("create left", who=4, name="lastName", text=2, address=BOB, other=4),
            Deed("create right", who=3, name="colour", text=1, address=CY, source="other"),
            Deed("create right", who=2, name="phone", text=1, address=DI, other=5),
            duplicates=True,
        ),
        (TAKEN_OVER, {"number": 11, "pair": 0}),
        somebody("move left", who=5, name="phone", text=2, address=DI, other=4),
        somebody("take over right", who=1, name="phone", text=5, other=2),
    )


def test_what_a_create_in_doubt_has_made_and_a_person_has_edited_is_a_stranger() -> None:
    """Bob leaves Maileon before our process has learned of the contact that it made in GHL."""
    walk(
        TwoPlatforms,
        begin(
            Deed("create right", who=1, name="colour", text=2, tag="old", address=CY, other=3),
            settled=True,
            resubscribe="newer",
        ),
        cycle_with(
            2,
            Deed("tag left", who=2, text=3, tag="news", address=EVE, other=4),
            Deed("create right", who=2, name="colour", text=2, address=BOB, other=5),
        ),
        ("something_goes_wrong", {"after": 3, "fault": ("lost_answer", {})}),
        ("cycle_that_dies_in_a_request", {"number": 7}),
        at_once(
            Deed("delete right", who=5, name="city", text=3, other=2),
            Deed("edit left", who=2, name="colour", text=3, address=CY, other=5),
        ),
        (
            "a_field_is_another",
            {"accident": Accident("exchange", "maileon", "colour"), "at_once": Mode.FULL},
        ),
    )


def test_dnd_is_lifted_under_the_address_that_an_index_which_lags_still_shows() -> None:
    """Eve and Ada have come back, and swap their addresses a moment before GHL is asked."""
    walk(
        TwoPlatforms,
        begin(
            Deed("create right", who=1, name="city", text=3, source="other", other=4),
            Deed("create left", who=5, name="phone", text=5, tag="old", address=EVE, other=4),
            automated=["GHL shouts cities", "Maileon capitalises cities"],
            settled=True,
            resubscribe="newer",
            lag_s=2,
        ),
        somebody("opt out right", who=3, text=5, source="complaint", other=5),
        returns(
            Deed("opt out right", text=4, tag="news", address=EVE, source="reply"),
            Deed("lift left", who=2, name="colour", text=1, source="other", other=4),
            Deed("confirm right", who=2, name="lastName", text=4, tag="old", address=EVE),
            Deed("confirm right", who=5, name="city", text=3, address=CY, other=4),
            seconds=40,
        ),
        (
            "cycle_in_which_a_field_becomes_another",
            {"accident": Accident("delete", "maileon", "colour"), "number": 7},
        ),
        at_once(
            Deed("swap left", who=2, text=1, source="other", other=5),
            Deed("edit right", name="lastName", text=6, tag="old", address=EVE, source="reply"),
        ),
        (TAKEN_OVER, {"number": 16, "pair": 0}),
    )
