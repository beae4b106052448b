"""Short ways to write a history down: what `make histories` prints, as a scene."""

from typing import Any

from syncd.engine.cycle import Mode
from tests.engine.deed import Deed
from tests.engine.machine import Machine, retell
from tests.engine.walk import Step

ADA, BOB, CY, DI, EVE = (f"{name}@example.org" for name in ("ada", "bob", "cy", "di", "eve"))


def begin(*first: Deed, settled: bool = False, **settings: Any) -> Step:
    """A new world with these people in it; `settled`: the first cycles are over."""
    plain = {
        "delete": "keep",
        "duplicates": False,
        "short_rows": False,
        "lag_s": 0,
        "also_422": False,
        "bumps": False,
        "resubscribe": "never",
        "automated": [],
    }
    return "begin", {**plain, "settled": settled, "first": list(first), **settings}


def somebody(kind: str, whom: str = "", **what: Any) -> Step:
    return "somebody", {"deed": Deed(kind, whom=whom, **what)}


def at_once(one: Deed, other: Deed) -> Step:
    return "both_at_once", {"one": one, "other": other}


def cycle_with(number: int, *those: Deed) -> Step:
    """A cycle in which people do this when the n-th request is sent."""
    return "cycle_with_somebody_in_it", {"number": number, "those": list(those)}


def dies(point: str, times: int = 1) -> Step:
    return "cycle_that_dies_between_two_steps", {"point": point, "times": times}


def later(seconds: int) -> Step:
    return "time_passes", {"seconds": seconds}


CYCLE: Step = ("cycle", {"mode": Mode.SYNC})
FULL: Step = ("cycle", {"mode": Mode.FULL})


def walk(kind: type[Machine], *story: Step) -> None:
    retell(kind, story)


def returns(leaves: Deed, *those: Deed, seconds: int = 90_000) -> Step:
    """Somebody opts out, we hear of it, and after so long they come back."""
    given = {"leaves": leaves, "returns": list(those), "seconds": seconds}
    return "somebody_leaves_and_returns", given


def clock(seconds: int) -> Step:
    return "our_clock_jumps", {"seconds": seconds}
