"""Random histories, other ones with every commit: see `machine.py`.

The seed is the commit's, and is printed; `SYNCD_SEED` sets another. `make histories` walks
as many as one likes.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from tests.engine.children_machine import Children
from tests.engine.histories import of_steps
from tests.engine.machine import Machine, ThreePlatforms, TwoPlatforms
from tests.engine.world import LAG
from tests.seeds import SEED

STEPS = 18


def walk(kind: type[Machine], count: int, part: int) -> None:
    assert timedelta(minutes=2) < LAG
    run_state_machine_as_test(seed(f"{SEED} {part}")(kind), settings=of_steps(STEPS, count))


@pytest.mark.parametrize("part", range(16))
def test_whatever_happens_both_sides_come_to_rest_and_nobody_is_harmed(
    migrated_sqlite: Path, part: int
) -> None:
    TwoPlatforms.template, TwoPlatforms.place = migrated_sqlite, staticmethod(dict)
    walk(TwoPlatforms, 15, part)


@pytest.mark.parametrize("kind_of_store", ["postgresql"])
@pytest.mark.parametrize("part", [16, 17])
def test_whatever_happens_they_do_so_on_postgresql_too(
    migrated_sqlite: Path, new_store: Callable[[], dict[str, str]], part: int
) -> None:
    TwoPlatforms.template, TwoPlatforms.place = migrated_sqlite, staticmethod(new_store)
    walk(TwoPlatforms, 15, part)


@pytest.mark.parametrize("part", range(12))
def test_whatever_happens_all_three_platforms_come_to_rest_and_nobody_is_harmed(
    migrated_sqlite: Path, part: int
) -> None:
    ThreePlatforms.template, ThreePlatforms.place = migrated_sqlite, staticmethod(dict)
    walk(ThreePlatforms, 10, part)


@pytest.mark.parametrize("part", range(4))
def test_whatever_happens_to_notes_and_tasks_both_sides_come_to_rest_alike(part: int) -> None:
    settings = of_steps(STEPS, 12)
    run_state_machine_as_test(seed(f"{SEED} children {part}")(Children), settings=settings)
