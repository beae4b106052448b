"""An opt-out that we wrote ourselves has the date of its cause, however a platform shows it.

`walk` asserts after each cycle, and in the end.
"""

import pytest

from tests.engine.accidents import Accident
from tests.engine.deed import Deed
from tests.engine.machine import ThreePlatforms
from tests.engine.stories import BOB, DI, EVE, begin, cycle_with, dies, returns, somebody, walk

pytestmark = pytest.mark.usefixtures("histories_begin")


def test_a_contact_that_maileon_shows_until_it_ends_has_not_opted_out_anew() -> None:
    """We opt Ada out in Maileon and set a tag of hers; its feed shows her once more.

    She is linked with whoever confirms meanwhile, after the opt-out that ours stands for.
    """
    walk(
        ThreePlatforms,
        begin(
            Deed("create left", who=1, name="colour", text=4, address=EVE, source="reply", other=1),
            Deed("create right", who=2, name="phone", text=4, address=EVE, other=5),
            Deed("create left", who=5, text=1, tag="old", source="complaint", other=4),
            automated=["GHL marks whoever is vip", "Maileon takes the mark off"],
            settled=True,
            resubscribe="newer",
        ),
        somebody(
            "take over left", name="phone", text=3, tag="old", address=DI, source="other", other=5
        ),
        (
            "cycle_in_which_a_field_becomes_another",
            {"accident": Accident("make again", "maileon", "colour"), "number": 5},
        ),
        returns(
            Deed("opt out right", who=5, text=6, tag="old", other=2),
            Deed("lift left", who=5, text=4, address=DI, source="complaint"),
            Deed("lift left", who=4, name="phone", text=1, tag="old", address=BOB, other=4),
            Deed("confirm right", who=3, name="city", text=6, address=EVE),
        ),
        cycle_with(8, Deed("untag left", name="colour", text=3, address=BOB, other=2)),
        dies("answered", 2),
    )
