"""Lift: what a plan lets in again is written into the ledger, once the run may go on."""

import sqlalchemy as sa

from syncd.engine.context import Cycle
from syncd.store import wake


def settle_lifts(db: sa.Connection, cycle: Cycle) -> None:
    """Let the opt-outs that this run's plans lift count no more, for all pairs of the ledger.

    Before that nothing is sent that rests on it. A crash leaves the links to be done, and
    they are planned again; so does a run that is held.
    """
    for link_id, (lift, addresses) in sorted(cycle.lifts.items()):
        cycle.environment.ledger.lift(
            db, addresses, cycle.stream.relatives, lift.upto, lift.by, cycle.environment.now()
        )
        wake.by_keys(db, sorted(addresses))
        cycle.environment.log.info(
            "opt-out lifted", pair=cycle.stream.pair, link=link_id, by=lift.by
        )
    cycle.lifts.clear()
