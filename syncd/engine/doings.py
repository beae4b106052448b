"""What a run wants to do, as the guard judges it: together with what was done before."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from syncd.core.guard import HANDFUL, KINDS, Doing, Loss, Recent
from syncd.engine.context import Cycle, Stream
from syncd.model.op import OpKind, OpState
from syncd.model.side import SIDES, Side
from syncd.store import children, links, observations, tallies, windows
from syncd.store import losses as losses_of
from syncd.store.runs import Run, RunState
from syncd.store.tallies import Tally

_OPTOUTS = "optouts"
_KINDS = {
    OpKind.CREATE: "creates",
    OpKind.UPDATE: "updates",
    OpKind.DELETE: "deletes",
}


def counts_of(doings: Iterable[Doing]) -> dict[str, int]:
    """The same by `name.kind`, as a person's word counts it."""
    counts = {f"{d.name}.{kind}": getattr(d, kind) for d in doings for kind in KINDS}
    return {name: n for name, n in counts.items() if n}


def wanted(db: sa.Connection, cycle: Cycle) -> tuple[Doing, ...]:
    """What the run wants to do on either side, and no guard has let go yet."""
    held = [alike for alike in tallies.tally(db, cycle.run_id) if alike.state is OpState.HELD]
    found = _to_come(db, cycle, held)
    for alike in held:
        if alike.resource is not cycle.stream.resource or alike.routine:
            continue  # of another stream, or nothing that a limit counts
        name = _name(alike.kind, urgent=alike.urgent)
        found[alike.side, name] = found.get((alike.side, name), 0) + alike.count
    linked = _linked(db, cycle, found.values())
    return tuple(
        Doing(
            cycle.stream.accounts[side].name,
            linked,
            creates=found.get((side, "creates"), 0),
            updates=found.get((side, "updates"), 0),
            deletes=found.get((side, "deletes"), 0),
            optouts=found.get((side, "optouts"), 0),
            noun=cycle.stream.noun,
        )
        for side in SIDES
    )


def to_come(db: sa.Connection, cycle: Cycle) -> dict[str, int]:
    """Of what a run wants to do, what follows once its contacts are created, by `name.kind`."""
    held = [alike for alike in tallies.tally(db, cycle.run_id) if alike.state is OpState.HELD]
    found = _to_come(db, cycle, held)
    return counts_of(
        Doing(account.name, 0, creates=found.get((side, "creates"), 0), noun=cycle.stream.noun)
        for side, account in zip(SIDES, cycle.stream.accounts, strict=True)
    )


def _to_come(db: sa.Connection, cycle: Cycle, held: Iterable[Tally]) -> dict[tuple[Side, str], int]:
    """The creates that follow once the contacts are made that this run wants to make."""
    stream = cycle.stream
    if not any(a.resource is stream.parent and a.kind is OpKind.CREATE for a in held):
        return {}
    waiting = children.count_awaiting(db, stream.pair, stream.resource)
    return {(side.other, "creates"): number for side, number in waiting.items()}


def _linked(db: sa.Connection, cycle: Cycle, numbers: Iterable[int]) -> int:
    """How many linked records there are; 0, and not counted, where no share is asked of so few."""
    if max(numbers, default=0) <= HANDFUL:
        return 0
    return links.count_complete(db, cycle.stream.pair, cycle.stream.resource)


def with_losses(db: sa.Connection, cycle: Cycle, doings: tuple[Doing, ...]) -> tuple[Doing, ...]:
    """The same with the fields that would be emptied for so many that a limit may count it."""
    if not any(doing.updates for doing in doings):
        return doings
    stream = cycle.stream
    few = min(HANDFUL, stream.policy.guards.emptied.count)
    losses = {
        key: n for key, n in losses_of.count(db, cycle.run_id, stream.resource).items() if n > few
    }
    return tuple(
        replace(
            doing,
            losses=tuple(
                Loss(
                    name,
                    n,
                    observations.count_with(
                        db, stream.pair, doing.account, stream.resource, side, name
                    ),
                    _source(stream, side, name),
                )
                for (where, name), n in sorted(losses.items())
                if where is side
            ),
        )
        for side, doing in zip(SIDES, doings, strict=True)
    )


def _source(stream: Stream, side: Side, name: str) -> str:
    """What a field of a side follows from, for a person to look at."""
    there = side.other
    names = [
        f"`{other}`"
        for rule in stream.mapping.rules
        if name in rule.fields(side) and rule.direction.reaches(side)
        for other in rule.fields(there)
    ]
    return f"{' or '.join(names)} of '{stream.accounts[there].name}'" if names else ""


def with_recent(
    db: sa.Connection, cycle: Cycle, run: Run, doings: tuple[Doing, ...]
) -> tuple[Doing, ...]:
    """The same with what was carried out within the window of the pair's limits.

    The window ends now. Where a run is held already it ends where that began, as nobody has
    looked, and a run that waits for a person is not to go on because time goes by. Opt-outs
    are the exception: they were sent all the while, and would add up.
    """
    length = cycle.stream.policy.guards.window
    if not length or not counts_of(doings):
        return doings
    recent = _recent(db, cycle, cycle.environment.now() - length)
    if run.state is RunState.HELD:
        held = _recent(db, cycle, run.started_at - length)
        recent = [_but(_OPTOUTS, *both) for both in zip(held, recent, strict=True)]
    return tuple(replace(doing, recent=of) for doing, of in zip(doings, recent, strict=True))


def _recent(db: sa.Connection, cycle: Cycle, after: datetime) -> list[Recent]:
    """What was carried out on either side after a moment, and since a person's last word."""
    begun = windows.begun(db, cycle.stream.pair)
    after = max(begun, after) if begun is not None else after
    did = windows.carried_out(db, cycle.stream.pair, cycle.stream.resource, cycle.run_id, after)
    made = sum(n for (_, kind, _), n in did.earlier.items() if kind is OpKind.CREATE)
    totals = [_of_side(did.total, side) for side in SIDES]
    linked = _linked(db, cycle, [n for total in totals for n in total.values()]) - made + did.ended
    return [
        Recent(linked, earlier=_of_side(did.earlier, side), total=total)
        for side, total in zip(SIDES, totals, strict=True)
    ]


def _but(kind: str, one: Recent, other: Recent) -> Recent:
    """One, and what the other says of a kind."""
    return replace(
        one,
        earlier={**one.earlier, kind: other.earlier.get(kind, 0)},
        total={**one.total, kind: other.total.get(kind, 0)},
    )


def _of_side(deeds: windows.Deeds, side: Side) -> dict[str, int]:
    found: dict[str, int] = {}
    for (where, kind, urgent), n in deeds.items():
        if where is side:
            name = _name(kind, urgent=urgent)
            found[name] = found.get(name, 0) + n
    return found


def _name(kind: OpKind, *, urgent: bool) -> str:
    """Under which limit an op falls."""
    return _OPTOUTS if urgent else _KINDS[kind]
