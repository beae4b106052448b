"""Random histories of three platforms that once broke a promise.

`walk` asserts after each cycle, and in the end.
"""

import pytest

from tests.engine.deed import Deed
from tests.engine.machine import ThreePlatforms
from tests.engine.stories import ADA, CY, DI, EVE, begin, dies, returns, somebody, walk

pytestmark = pytest.mark.usefixtures("histories_begin")


def test_who_is_deleted_in_one_list_is_deleted_where_they_have_just_confirmed() -> None:
    """So the pairs say: Ada goes from Mailercloud, thereby from the CRM, and so from Maileon."""
    walk(
        ThreePlatforms,
        begin(
            Deed("create right", who=4, name="colour", text=4, address=EVE),
            Deed("create left", who=3, name="city", text=1, tag="old", other=5, address=ADA),
            Deed("create left", who=5, text=1, tag="news", address=CY, other=4),
            Deed("create left", name="city", text=3, tag="news", address=CY, other=1),
            delete="delete",
            duplicates=True,
            resubscribe="newer",
        ),
        ("cycle_that_is_taken_over", {"number": 19, "pair": 0}),
        returns(
            Deed("opt out left", who=3, text=1, address=CY),
            Deed("confirm right", who=5, text=5, address=CY, other=1),
            Deed("lift left", who=2, name="lastName", tag="news", address=DI, other=2),
            seconds=40,
        ),
        dies("match", 2),
        somebody("delete news", who=5, address=CY, source="reply", other=1),
    )
