"""Random histories of people who opted out and come back, that once broke a promise."""

from pathlib import Path

import pytest

from tests.engine.deed import Deed
from tests.engine.machine import ThreePlatforms, TwoPlatforms
from tests.engine.stories import (
    ADA,
    CYCLE,
    DI,
    EVE,
    begin,
    clock,
    cycle_with,
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
