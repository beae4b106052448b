"""Apply: send the ready ops of a run, and confirm what the platform answers."""

from collections.abc import Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syncd.connectors.spending import Spend, carried, for_so_many, spending
from syncd.core import consent
from syncd.core.normalise import identity_key
from syncd.engine.confirm import confirm
from syncd.engine.context import Cycle
from syncd.errors import OptedOutError, StaleError, SyncdError, TransientError
from syncd.model.op import Op, OpState, Receipt
from syncd.model.side import SIDES, Side
from syncd.store import leases, ops, tallies
from syncd.store.database import reading
from syncd.store.ops import Sent
from syncd.store.upsert import chunks

URGENT_FIRST = (True, False)
CLAIM_SIZE = 64  # ops of one claim: so many are in doubt at most after a kill
# A claim that takes longer is broken off, so that the lease is prolonged long before it expires.
LONGEST = timedelta(seconds=30)


def apply(cycle: Cycle) -> bool:
    """Send what is ready: opt-outs of both sides first, then everything else.

    Returns:
        False if something was left for later because the run's slice of time was used
        up or a stop was asked for; it is planned again by the next run.

    Raises:
        AccountError: an account cannot be written to; what was sent is confirmed.
    """
    until = cycle.environment.now() + cycle.stream.slice
    ready, written = _ready(cycle), dict.fromkeys(SIDES, 0)
    most = max(cycle.stream.specs[side].concurrency for side in SIDES)
    with ThreadPoolExecutor(most, thread_name_prefix="push") as pool:
        for urgent in URGENT_FIRST:
            for side in SIDES:
                spend = Spend.LIVE if urgent else for_so_many(ready[side])
                while sent := _claim(cycle, side, urgent=urgent):
                    cycle.environment.crash("claimed")
                    with spending(spend):
                        written[side] += _send(cycle, pool, side, sent, until)
                    cycle.environment.crash("confirmed")
                    name = cycle.stream.accounts[side].name
                    cycle.environment.progress(f"writing {name}", written[side], ready[side])
                    if _is_over(cycle, until):
                        return False
    cycle.environment.crash("applied")
    return True


def _is_over(cycle: Cycle, until: datetime) -> bool:
    return cycle.environment.stopping() or cycle.environment.now() >= until


def _ready(cycle: Cycle) -> dict[Side, int]:
    """How many ops may be sent per side."""
    ready = dict.fromkeys(SIDES, 0)
    with reading(cycle.environment.store) as db:
        for alike in tallies.tally(db, cycle.run_id):
            if alike.state is OpState.READY and alike.resource is cycle.stream.resource:
                ready[alike.side] += alike.count
    return ready


def _claim(cycle: Cycle, side: Side, *, urgent: bool) -> list[Sent]:
    spec = cycle.stream.specs[side]
    at_once = spec.batch_size * spec.concurrency
    limit = at_once * max(1, CLAIM_SIZE // at_once)
    with cycle.writing() as db:
        now = cycle.environment.now()
        return ops.claim(
            db,
            cycle.lease,
            cycle.stream.resource,
            side,
            limit,
            now,
            cycle.run_id,
            urgent=urgent,
        )


def _send(
    cycle: Cycle, pool: ThreadPoolExecutor, side: Side, sent: Sequence[Sent], until: datetime
) -> int:
    """Send claimed ops and record every answer in one transaction; how many were dealt with.

    What there was no time for may be claimed again.
    """
    until = min(until, cycle.environment.now() + LONGEST)
    spec = cycle.stream.specs[side]
    push = _Push(cycle, pool, side)
    half = max(1, spec.concurrency // 2)
    for some in chunks(sent, spec.batch_size * half):
        push.make_room(spec.concurrency - half)  # so that nothing waits between look and call
        if push.error is not None or (push.begun and _is_over(cycle, until)):
            break
        push.refusals.update(_last_look(cycle, side, some))
        notify = cycle.stream.policy.notify
        push.send([replace(s.op, notify=notify) for s in some if s.op.id not in push.refusals])
    receipts = [*push.finish(), *push.refusals.values()]
    answered = {receipt.op_id for receipt in receipts}
    cycle.environment.crash("answered")
    later = [s.op.id for s in sent if s.op.id not in push.begun | answered]
    confirm(cycle, side, sent, receipts, push.begun - answered, later)
    if push.error is not None and not isinstance(push.error, TransientError):
        raise push.error
    return len(receipts)


def _last_look(cycle: Cycle, side: Side, sent: Sequence[Sent]) -> dict[int, Receipt]:
    """The guard that every write passes: no address of the ledger becomes mailable.

    Nor is anything sent to a field that is still to be made; nor anything at all by a worker
    that slept since it claimed: who took the pair over may have sent it by now.

    Raises:
        LeaseLostError: another process took the pair over; nothing was sent.
    """
    field = cycle.stream.policy.keys.first[side]
    addresses = {
        key
        for s in sent
        for address in (s.op.patch.get(field), s.op.current.get(field))
        if isinstance(address, str) and (key := identity_key(address)) is not None
    }
    with reading(cycle.environment.store) as db:
        leases.prove(db, cycle.lease)
        suppressed, lifted = cycle.environment.ledger.words(db, addresses, cycle.stream.relatives)
    refusals: dict[int, Receipt] = {}
    for s in sent:
        why = consent.forbids(
            s.op.kind,
            s.op.patch,
            s.op.current,
            address=field,
            suppressed=frozenset(suppressed),
            resubscribe=cycle.stream.policy.resubscribe,
            lifted=frozenset(lifted),
        )
        if not_made := s.op.patch.keys() & cycle.stream.imagined[side]:
            said = f"Not sent: {', '.join(sorted(not_made))} must be created first."
            refusals[s.op.id] = Receipt(s.op.id, error=StaleError(said))
        if why:
            refusals[s.op.id] = Receipt(s.op.id, error=OptedOutError(f"Not sent: {why}."))
    return refusals


class _Push:
    """Batches of one claim under way, as many at once as the connector allows.

    Attributes:
        refusals: ops that were not sent, by id, and why.
        error: what ended the first batch that was broken off.
        begun: ops whose batch was begun.
    """

    def __init__(self, cycle: Cycle, pool: ThreadPoolExecutor, side: Side) -> None:
        self.cycle, self.pool, self.side = cycle, pool, side
        self.refusals: dict[int, Receipt] = {}
        self.error: SyncdError | None = None
        self.begun: set[int] = set()
        self._receipts: list[Receipt] = []
        self._under_way: set[Future[_Outcome]] = set()

    def send(self, some: Sequence[Op]) -> None:
        """Have ops sent in batches, at once."""
        spec = self.cycle.stream.specs[self.side]
        for batch in chunks(some, spec.batch_size):
            self.begun.update(op.id for op in batch)
            if spec.concurrency == 1 or (len(some) <= spec.batch_size and not self._under_way):
                self._take(_push_batch(self.cycle, self.side, batch))
                continue
            task = self.pool.submit(carried(_push_batch), self.cycle, self.side, batch)
            self._under_way.add(task)

    def make_room(self, most: int) -> None:
        """Wait until at most so many batches are under way."""
        while len(self._under_way) > most:
            self._wait(FIRST_COMPLETED)

    def finish(self) -> list[Receipt]:
        """Wait for all that is under way; every answer of the claim."""
        self._wait(ALL_COMPLETED)
        return self._receipts

    def _wait(self, until: str) -> None:
        done, self._under_way = wait(self._under_way, return_when=until)
        for task in done:
            self._take(task.result())

    def _take(self, outcome: "_Outcome") -> None:
        self._receipts.extend(outcome.receipts)
        self.error = self.error or outcome.error


@dataclass(slots=True)
class _Outcome:
    receipts: list[Receipt]
    error: SyncdError | None = None


def _push_batch(cycle: Cycle, side: Side, batch: Sequence[Op]) -> _Outcome:
    outcome = _Outcome([])
    try:
        for receipt in cycle.stream.connector(side).push(cycle.stream.resource, batch):
            outcome.receipts.append(receipt)
    except SyncdError as error:
        outcome.error = error
    return outcome
