"""Release: the guard's verdict over the run's counts, and a person's word against it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from syncd.connectors.api import Bounded
from syncd.core.guard import Doing, judge, loss_name
from syncd.engine.context import Cycle, Stream
from syncd.engine.doings import counts_of, to_come, wanted, with_losses, with_recent
from syncd.engine.lift import settle_lifts
from syncd.engine.word import Terms, terms
from syncd.errors import (
    AccountError,
    PairHeldError,
    StoppedError,
    TransientError,
)
from syncd.model.side import SIDES, Side
from syncd.store import members, ops, runs
from syncd.store.database import reading
from syncd.store.runs import PairFacts, Run


@dataclass(frozen=True, slots=True)
class Released:
    """What the guard decided.

    Attributes:
        counts: wanted writes by `name.kind`; kept: those of them that stay held, or are planned
            once their contacts are created.
        emptied: in how many records a field would be emptied, as a person's word counts it.
        reasons: why the run is held; none lets it go on.
        ready: ops that may be sent now.
        full: accounts without room are among the reasons: that may pass by itself.
        releasable: a person's word would let something go that is held.
        spent: all that there was may go out, and what a person has released with it; the run
            is held all the same, as lines of the mapping rest.
        approved: what the run may do by a person's word, or as the first one of its pair.
    """

    counts: Mapping[str, int]
    kept: Mapping[str, int]
    reasons: tuple[str, ...]
    ready: int
    full: bool = False
    releasable: bool = True
    spent: bool = False
    emptied: Mapping[str, int] = field(default_factory=dict)
    approved: Mapping[str, int] | None = None


def release(
    cycles: Sequence[Cycle], run: Run, held_for: tuple[str, ...] = (), *, send: bool
) -> Released:
    """Judge the run, and let its ops be sent if nothing speaks against it.

    Opt-outs go out all the same unless they are themselves too many, or the pair is new: a
    mistake elsewhere must not keep mail going to people who do not want it. Where an account
    has no room for what would be created there, everything but these creates goes out. Where
    lines of the mapping rest, the run is held for them too, and all that it wants goes out.

    Args:
        cycles: the streams of the run, contacts first.
        held_for: why nothing but opt-outs may go out, whatever the guard says.
        send: False for a plan, which judges and lets nothing out.
    """
    full = {cycle.stream.resource: _full(cycle) for cycle in cycles}
    contacts = cycles[0]
    with contacts.writing() as db:
        doings = {cycle.stream.resource: _doings(db, cycle, run) for cycle in cycles}
        every = [doing for doings_of in doings.values() for doing in doings_of]
        counts = counts_of(every)
        verdicts = [
            judge(doings[cycle.stream.resource], cycle.stream.policy.guards, run.approved)
            for cycle in cycles
        ]
        facts = runs.facts(db, contacts.stream.pair)
        first, approved = facts.approved_at is None, run.approved
        if first and run.approved is None:
            reasons = _first_reasons(contacts.stream, counts)
        else:
            over = tuple(reason for verdict in verdicts for reason in verdict.reasons)
            reasons = _changed_reasons(db, cycles, run, facts) or over
        reasons = (*held_for, *reasons)
        ready = 0
        later = Counter[str]()
        for cycle in cycles[1:] if counts else ():
            later.update(to_come(db, cycle))
        if send and not reasons:
            _note_setup(db, contacts, facts)
            if first:  # what is released once stays so, however often the run is broken off
                approved = run.approved or counts
                runs.update(db, contacts.run_id, approved=approved)
            settle_lifts(db, contacts)
            ready = sum(
                ops.release(db, contacts.run_id, resource, no_creates=sides)
                for resource, sides in full.items()
            )
        elif send and not first and all(verdict.optouts_free for verdict in verdicts):
            ready = ops.release(db, contacts.run_id, contacts.stream.resource, urgent_only=True)
        kept: Mapping[str, int] = counts
        if ready:
            kept = Counter(counts_of(d for c in cycles for d in wanted(db, c))) | later
    why_full = tuple(why for sides in full.values() for why in sides.values())
    resting = tuple(line for cycle in cycles for line in cycle.stream.resting)
    return Released(
        counts,
        kept,
        (*reasons, *why_full, *resting),
        ready,
        full=bool(why_full),
        releasable=bool(reasons),
        approved=approved,
        emptied={loss_name(d.name, one.field): one.emptied for d in every for one in d.losses},
        spent=_is_spent(cycles, run) and send and not (reasons or why_full),
    )


def _doings(db: sa.Connection, cycle: Cycle, run: Run) -> tuple[Doing, ...]:
    return with_recent(db, cycle, run, with_losses(db, cycle, wanted(db, cycle)))


def _is_spent(cycles: Sequence[Cycle], run: Run) -> bool:
    """Whether a run that may send all that it wants leaves nothing for later.

    What a person has released is not spent by a run that carries nothing but opt-outs.
    """
    waits = run.approved is not None and any(cycle.stream.reduced for cycle in cycles)
    return any(cycle.stream.resting for cycle in cycles) and not waits


def _full(cycle: Cycle) -> dict[Side, str]:
    """Sides whose account has no room for what would be created there, and why that holds."""
    bounded = {
        side: one for side in SIDES if isinstance(one := cycle.stream.connector(side), Bounded)
    }
    if not bounded:
        return {}
    with reading(cycle.environment.store) as db:
        planned = {doing.account: doing.creates for doing in wanted(db, cycle)}
    reasons: dict[Side, str] = {}
    for side, connector in bounded.items():
        account = cycle.stream.accounts[side].name
        creates = planned[account]
        if not creates:
            continue
        try:
            room = connector.room(cycle.stream.resource)
        except StoppedError:
            raise
        except (AccountError, TransientError) as error:
            reasons[side] = (
                f"{creates:,} {cycle.stream.noun} would be created on '{account}', and whether it"
                f" has room for them cannot be told; none is created until it can: {error.message}"
            )
            continue
        if room is not None and room < creates:
            reasons[side] = (
                f"{creates:,} {cycle.stream.noun} would be created on '{account}', which has room"
                f" for {room:,}; none is created until there is room. A release does not help: give"
                " the account a larger plan, or narrow the pair's filter."
            )
    return reasons


def _first_reasons(stream: Stream, counts: Mapping[str, int]) -> tuple[str, ...]:
    if stream.policy.baseline_auto or not counts:
        return ()
    return ("This is the first run of the pair, which needs a person's word.",)


def _changed_reasons(
    db: sa.Connection, cycles: Sequence[Cycle], run: Run, facts: PairFacts
) -> tuple[str, ...]:
    """What another mapping or filter does cannot be seen from the size of a run alone."""
    contacts = cycles[0].stream
    if run.approved is not None or facts.setup in (None, contacts.setup):
        return ()
    changed = "The mapping, the filter or a policy was changed since the pair was approved."
    left_out = members.count_filtered(db, contacts.pair, contacts.resource)
    if not left_out:
        return (changed,)
    return (changed, f"Its filter now leaves out {left_out:,} contacts.")


def may_create_fields(db: sa.Connection, pair: str, now: Terms, *, baseline_auto: bool) -> bool:
    """Whether the pair has a person's word, or needs none.

    Args:
        now: the pair as it is; what was said of another mapping or account does not count.
    """
    if any(now.hold_for(run) for run in runs.released(db, pair)):
        return True
    facts = runs.facts(db, pair)
    if facts.approved_at is None:
        return baseline_auto
    return Terms(facts.setup or "", tuple(facts.accounts or now.accounts)) == now


def require_same_accounts(cycle: Cycle) -> None:
    """Read nothing from an account that is not the one the pair was approved with.

    Its records would be taken for changes of the old ones.

    Raises:
        PairHeldError: a credential now leads to another account; the text is the reason alone.
    """
    stream = cycle.stream
    with reading(cycle.environment.store) as db:
        facts = runs.facts(db, stream.pair)
    if facts.accounts is None:
        return
    for side, known in zip(SIDES, facts.accounts, strict=True):
        account = stream.accounts[side]
        if account.account_id != known:
            raise PairHeldError(
                f"The credentials of '{account.name}' now lead to account"
                f" '{account.account_id}'; the pair was approved with '{known}'. Nothing was read"
                " there. Put the old credentials back; or, for another account, write another"
                " account and another pair, with names of their own, into the configuration.",
                releasable=False,
            )


def accept(cycle: Cycle) -> None:
    """Note that the pair was approved as it is set up now."""
    with cycle.writing() as db:
        _note_setup(db, cycle, runs.facts(db, cycle.stream.pair))


def _note_setup(db: sa.Connection, cycle: Cycle, known: PairFacts) -> None:
    now = terms(cycle.stream)
    at = known.approved_at or cycle.environment.now()
    facts = replace(known, approved_at=at, setup=now.setup, accounts=list(now.accounts))
    if facts != known:
        runs.note_facts(db, cycle.stream.pair, facts)
