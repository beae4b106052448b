"""What the scenes of the invariants share: a few people, and short ways to speak about them."""

from typing import Any

from syncd.model.side import Side
from tests.engine.pairs import GHL, MAILEON
from tests.engine.world import World

ADA, BOB, CY = "ada@example.org", "bob@example.org", "cy@example.org"


def both_ids(world: World, email: str) -> tuple[str, str]:
    """The ids of somebody who is on both sides once."""
    return world.row(Side.LEFT, email).id, world.row(Side.RIGHT, email).id


def cause(world: World, side: Side, email: str) -> tuple[str, str | None]:
    """The state of somebody's record, and the cause of it where it is not linked."""
    return world.standing(side)[world.row(side, email).id]


def opt_out(world: World, side: Side, email: str, **how: Any) -> None:
    """Opt somebody out of e-mail on one side, as that platform lets people do it."""
    if side is Side.LEFT:
        world.act(GHL, "dnd", email=email, **{"channel": "Email", **how})
    else:
        world.act(MAILEON, "unsubscribe", email=email, **how)
