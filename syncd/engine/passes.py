"""Passes: plan, ask the guard and send; and once more for what follows from what was sent."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from syncd.engine.apply import apply
from syncd.engine.context import Cycle
from syncd.engine.reconcile import reconcile
from syncd.engine.release import Released, release
from syncd.store.runs import Run

PASSES = 3  # of plan, guard and apply within one run
READS = "What belongs to contacts is read first."


def carry_opt_outs(contacts: Cycle, run: Run, *, send: bool) -> Counter[str]:
    """Plan contacts, and send their opt-outs at once: what belongs to them may take long to read.

    Returns:
        What was let go, by `name.kind`.
    """
    reconcile(contacts)
    if not send:
        return Counter()
    released = release([contacts], run, (READS,), send=True)
    if released.ready:
        apply(contacts)
    return Counter(released.counts) - Counter(released.kept)


def settle(
    cycles: Sequence[Cycle],
    run: Run,
    reasons: tuple[str, ...],
    *,
    send: bool,
    begun: Counter[str],
) -> tuple[Released, bool]:
    """Plan, ask the guard and send, for all streams of a run; parents before children.

    A created record has an id that its counterpart is to know, and what belongs to it waits for
    that, so a second pass finds something where the first one wrote; the third finds nothing.

    Args:
        reasons: why nothing but opt-outs may go out, whatever the guard says.
        begun: what of the run was let go before, by `name.kind`.

    Returns:
        What the guard decided, over all passes; and whether nothing was left for later.
    """
    wanted = begun
    finished = True
    for _ in range(PASSES):
        for cycle in cycles:
            reconcile(cycle)
        released = release(cycles, run, reasons, send=send)
        run = replace(run, approved=released.approved)
        total = wanted + Counter(released.counts)
        if not released.ready:
            break
        finished = all(apply(cycle) for cycle in cycles)
        if not finished:
            break
        wanted = total - Counter(released.kept)  # which the next pass counts again
    return replace(released, counts=total), finished
