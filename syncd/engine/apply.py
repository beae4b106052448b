"""Apply: send the ready ops of a run, and confirm what the platform answers."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

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

URGENT_FIRST = (True, False)


def apply(cycle: Cycle) -> bool:
    """Send what is ready: opt-outs of both sides first, then everything else.

    Returns:
        False if something was left for later because the run's slice of time was used
        up or a stop was asked for; it is planned again by the next run.

    Raises:
        AccountError: an account cannot be written to; what was sent is confirmed.
    """
    until = cycle.bench.now() + cycle.pair.slice
    ready, written = _ready(cycle), dict.fromkeys(SIDES, 0)
    for urgent in URGENT_FIRST:
        for side in SIDES:
            while sent := _claim(cycle, side, urgent=urgent):
                cycle.bench.crash("claimed")
                _send(cycle, side, sent)
                cycle.bench.crash("confirmed")
                written[side] += len(sent)
                name = cycle.pair.accounts[side].name
                cycle.bench.progress(f"writing {name}", written[side], ready[side])
                if cycle.bench.stopping() or cycle.bench.now() >= until:
                    return False
    cycle.bench.crash("applied")
    return True


def _ready(cycle: Cycle) -> dict[Side, int]:
    """How many ops may be sent per side."""
    ready = dict.fromkeys(SIDES, 0)
    with reading(cycle.bench.store) as db:
        for alike in tallies.tally(db, cycle.run_id):
            if alike.state is OpState.READY:
                ready[alike.side] += alike.count
    return ready


def _claim(cycle: Cycle, side: Side, *, urgent: bool) -> list[Sent]:
    spec = cycle.pair.specs[side]
    limit = spec.batch_size * spec.concurrency
    with cycle.writing() as db:
        now = cycle.bench.now()
        return ops.claim(
            db,
            cycle.lease,
            cycle.pair.resource,
            side,
            limit,
            now,
            cycle.run_id,
            urgent=urgent,
        )


def _send(cycle: Cycle, side: Side, sent: Sequence[Sent]) -> None:
    """Send claimed ops and record every answer in one transaction."""
    refusals = _last_look(cycle, side, sent)
    allowed = [s for s in sent if s.op.id not in refusals]
    outcome = _push(cycle, side, allowed)
    answered = {receipt.op_id for receipt in outcome.receipts}
    unsent = [s.op.id for s in allowed if s.op.id not in answered]
    cycle.bench.crash("answered")
    confirm(cycle, side, sent, [*refusals.values(), *outcome.receipts], unsent)
    if outcome.error is not None and not isinstance(outcome.error, TransientError):
        raise outcome.error


def _last_look(cycle: Cycle, side: Side, sent: Sequence[Sent]) -> dict[int, Receipt]:
    """The guard that every write passes: no address of the ledger becomes mailable.

    Nor is anything sent to a field that is still to be made; nor anything at all by a worker
    that slept since it claimed: who took the pair over may have sent it by now.

    Raises:
        LeaseLostError: another process took the pair over; nothing was sent.
    """
    field = cycle.pair.policy.keys.first[side]
    addresses = {
        key
        for s in sent
        for address in (s.op.patch.get(field), s.op.current.get(field))
        if isinstance(address, str) and (key := identity_key(address)) is not None
    }
    with reading(cycle.bench.store) as db:
        leases.prove(db, cycle.lease)
        suppressed, lifted = cycle.bench.ledger.words(db, addresses, cycle.pair.relatives)
    refusals: dict[int, Receipt] = {}
    for s in sent:
        why = consent.forbids(
            s.op.kind,
            s.op.patch,
            s.op.current,
            address=field,
            suppressed=frozenset(suppressed),
            resubscribe=cycle.pair.policy.resubscribe,
            lifted=frozenset(lifted),
        )
        if not_made := s.op.patch.keys() & cycle.pair.imagined[side]:
            said = f"Not sent: {', '.join(sorted(not_made))} must be created first."
            refusals[s.op.id] = Receipt(s.op.id, error=StaleError(said))
        if why:
            refusals[s.op.id] = Receipt(s.op.id, error=OptedOutError(f"Not sent: {why}."))
    return refusals


@dataclass(slots=True)
class _Outcome:
    receipts: list[Receipt]
    error: SyncdError | None = None


def _push(cycle: Cycle, side: Side, sent: Sequence[Sent]) -> _Outcome:
    """Push ops in batches, as many at once as the connector allows."""
    batches = list(_batches([s.op for s in sent], cycle.pair.specs[side].batch_size))
    if not batches:
        return _Outcome([])
    if len(batches) == 1:
        return _push_batch(cycle, side, batches[0])
    total = _Outcome([])
    with ThreadPoolExecutor(min(len(batches), cycle.pair.specs[side].concurrency)) as pool:
        futures: list[Future[_Outcome]] = [
            pool.submit(_push_batch, cycle, side, batch) for batch in batches
        ]
        for future in futures:
            outcome = future.result()
            total.receipts.extend(outcome.receipts)
            total.error = total.error or outcome.error
    return total


def _push_batch(cycle: Cycle, side: Side, batch: Sequence[Op]) -> _Outcome:
    outcome = _Outcome([])
    try:
        for receipt in cycle.pair.connector(side).push(cycle.pair.resource, batch):
            outcome.receipts.append(receipt)
    except SyncdError as error:
        outcome.error = error
    return outcome


def _batches(all_ops: Sequence[Op], size: int) -> Iterator[Sequence[Op]]:
    for start in range(0, len(all_ops), size):
        yield all_ops[start : start + size]
