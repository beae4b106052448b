"""Release: the guard's verdict over the run's counts, and a person's word against it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa

from syncd.core.guard import KINDS, Doing, judge
from syncd.engine.context import Bench, Cycle, Pair
from syncd.errors import ConfigError, PairHeldError
from syncd.model.op import OpKind, OpState
from syncd.model.side import SIDES, Side
from syncd.store import leases, links, ops, runs
from syncd.store.database import reading
from syncd.store.runs import Run, RunState


@dataclass(frozen=True, slots=True)
class Released:
    """What the guard decided.

    Attributes:
        counts: wanted writes by `account.kind`.
        reasons: why the run is held; none lets it go on.
        ready: ops that may be sent now.
    """

    counts: Mapping[str, int]
    reasons: tuple[str, ...]
    ready: int


_KINDS = {
    OpKind.CREATE: "creates",
    OpKind.UPDATE: "updates",
    OpKind.DELETE: "deletes",
    OpKind.SUPPRESS: "optouts",
}


def release(cycle: Cycle, run: Run, *, send: bool) -> Released:
    """Judge the run, and let its ops be sent if nothing speaks against it.

    Where only other limits are exceeded, opt-outs go out all the same: a mistake
    elsewhere must not keep mail going to people who do not want it.

    Args:
        send: False for a plan, which judges and lets nothing out.
    """
    with cycle.bench.store.begin() as db:
        leases.hold(db, cycle.lease, cycle.bench.now())
        doings = _doings(db, cycle)
        counts = {f"{d.account}.{kind}": getattr(d, kind) for d in doings for kind in KINDS}
        counts = {name: n for name, n in counts.items() if n}
        setup_reasons = _setup_reasons(db, cycle, run) if counts else ()
        verdict = judge(doings, cycle.pair.policy.guards, run.approved)
        first = _is_first(db, cycle.pair)
        reasons = setup_reasons if setup_reasons or first else verdict.reasons
        ready = 0
        if send and not reasons:
            _note_setup(db, cycle)
            if first:  # what is released once stays so, however often the run is broken off
                runs.update(db, cycle.run_id, approved=run.approved or counts)
            ready = ops.release(db, cycle.run_id)
        elif send and not setup_reasons and verdict.optouts_free:
            ready = ops.release(db, cycle.run_id, urgent_only=True)
    return Released(counts, tuple(reasons), ready)


def _doings(db: sa.Connection, cycle: Cycle) -> tuple[Doing, ...]:
    linked = links.count_complete(db, cycle.pair.name, cycle.pair.resource)
    wanted: dict[tuple[Side, str], int] = {}
    for alike in ops.tally(db, cycle.run_id):
        if alike.state is not OpState.HELD or alike.routine:
            continue  # an earlier part of this run, or nothing that a limit counts
        name = "optouts" if alike.urgent else _KINDS[alike.kind]
        wanted[alike.side, name] = wanted.get((alike.side, name), 0) + alike.count
    return tuple(
        Doing(
            account=cycle.pair.accounts[side].name,
            linked=linked,
            **{kind: wanted.get((side, kind), 0) for kind in KINDS},
        )
        for side in SIDES
    )


def _is_first(db: sa.Connection, pair: Pair) -> bool:
    return runs.facts(db, pair.name).approved_at is None


def _setup_reasons(db: sa.Connection, cycle: Cycle, run: Run) -> tuple[str, ...]:
    """Reasons that lie in the pair itself and not in the size of the run."""
    pair, facts = cycle.pair, runs.facts(db, cycle.pair.name)
    if run.approved is not None:
        return ()
    if facts.approved_at is None:
        if pair.policy.baseline_auto:
            return ()
        return ("This is the first run of the pair, which needs a person's word.",)
    if facts.setup is not None and facts.setup != pair.setup:
        return ("The mapping or the filter was changed since the pair was approved.",)
    return ()


def require_same_accounts(cycle: Cycle, run: Run) -> None:
    """Read nothing from an account that is not the one the pair was approved with.

    Its records would be taken for changes of the old ones.

    Raises:
        PairHeldError: a credential now leads to another account, and nobody released that;
            the text is the reason alone.
    """
    pair = cycle.pair
    with reading(cycle.bench.store) as db:
        facts = runs.facts(db, pair.name)
    if facts.accounts is None or run.approved is not None:
        return
    for side, known in zip(SIDES, facts.accounts, strict=True):
        account = pair.accounts[side]
        if account.account_id != known:
            raise PairHeldError(
                f"The credentials of '{account.name}' now lead to account"
                f" '{account.account_id}'; the pair was approved with '{known}'. For another"
                " account, use another name in the configuration."
            )


def account_ids(pair: Pair) -> list[str]:
    """The platforms' own ids of both accounts."""
    return [account.account_id for account in pair.accounts]


def accept(cycle: Cycle) -> None:
    """Note that the pair was approved as it is set up now."""
    with cycle.bench.store.begin() as db:
        leases.hold(db, cycle.lease, cycle.bench.now())
        _note_setup(db, cycle)


def _note_setup(db: sa.Connection, cycle: Cycle) -> None:
    facts = runs.facts(db, cycle.pair.name)
    runs.note_facts(
        db,
        cycle.pair.name,
        replace(
            facts,
            approved_at=facts.approved_at or cycle.bench.now(),
            setup=cycle.pair.setup,
            accounts=account_ids(cycle.pair),
        ),
    )


def approve(bench: Bench, pair: str, run_id: int | None = None) -> Run:
    """Note a person's word on the held run of a pair; the next cycle sends it.

    The word covers what the run wanted when it was last planned. If the next plan wants
    more, by more than the limits themselves, it is held again.

    Raises:
        ConfigError: no run of this pair is held, or it is another one.
    """
    with bench.store.begin() as db:
        held = runs.held(db, pair)
        if held is None:
            raise ConfigError(f"No run of pair '{pair}' is held. Nothing was released.")
        if run_id is not None and held.id != run_id:
            raise ConfigError(
                f"Run {run_id} of pair '{pair}' is not held any more; run {held.id} is."
                " Nothing was released.",
                hint=f"Look with `syncd plan {pair}`, then type"
                f" `syncd release {pair} --run {held.id}`.",
            )
        runs.update(db, held.id, approved=dict(held.counts))
    return replace(held, approved=dict(held.counts))


def held_message(pair: str, run: Run) -> str:
    """What happened, what was not done, and what to type next."""
    reasons = " ".join(run.reasons)
    kept = "Nothing was sent." if run.state is RunState.HELD else ""
    return (
        f"Pair '{pair}' is held: {reasons} {kept}  Look with `syncd plan {pair}`; then type"
        f" `syncd release {pair} --run {run.id}`, or repair the source and wait for the"
        " next cycle."
    )
